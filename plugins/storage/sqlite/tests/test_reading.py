"""Snapshots, the log's growth, and copies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import apsw
import pytest

from lienthong.errors import InvalidValue
from lienthong.spi.records import Head
from lienthong.testing.samples import delivery_row, journal_row
from lienthong_storage_sqlite.store import SQLiteRecordStore

Opener = Callable[[], SQLiteRecordStore]


def append(store: SQLiteRecordStore, count: int, envelope: bytes = b"") -> None:
    with store.write() as transaction:
        size = transaction.head().size
        entries = [journal_row(i, envelope=envelope) for i in range(size, size + count)]
        transaction.add_journal(entries)
        transaction.set_head(Head(size=size + count))


def wal_bytes(database: Path) -> int:
    return Path(f"{database}-wal").stat().st_size


def test_readers_that_always_overlap_do_not_let_the_log_grow_for_ever(
    store: SQLiteRecordStore, database: Path
) -> None:
    stop = threading.Event()
    started = threading.Event()

    def read() -> None:
        """Open each look before the one before is closed, so that there is always one."""
        with ExitStack() as before:
            before.enter_context(store.read())
            started.set()
            while not stop.wait(0.01):
                look = store.read()
                look.__enter__()
                before.close()
                before.push(look)

    reader = threading.Thread(target=read)
    reader.start()
    assert started.wait(10)
    try:
        for _ in range(40):
            append(store, 100, b"e" * 30_000)  # some 130 MB through the log in all
        assert wal_bytes(database) < 80 * 1024 * 1024
    finally:
        stop.set()
        reader.join()


def test_a_look_held_for_long_does_not_stop_every_commit(
    store: SQLiteRecordStore, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a backup's: commits try to start the log anew now and then only."""
    waits: list[int] = []
    checkpoint = SQLiteRecordStore._checkpoint

    def counting(self: SQLiteRecordStore, connection: apsw.Connection) -> None:
        before = self._restart_at
        checkpoint(self, connection)
        if self._restart_at > before:
            waits.append(self._wal_pages)

    monkeypatch.setattr(SQLiteRecordStore, "_checkpoint", counting)
    monkeypatch.setattr("lienthong_storage_sqlite.store._RESTART_WAIT_MS", 1)
    with store.read():
        for _ in range(30):
            append(store, 100, b"e" * 30_000)  # some 800 pages each
        assert len(waits) in range(2, 6)
    grown = wal_bytes(database)
    append(store, 1)
    append(store, 1)
    assert wal_bytes(database) <= grown
    assert store._wal_pages < 4_000


def test_many_readers_at_once_see_the_same(store: SQLiteRecordStore) -> None:
    append(store, 3)
    views = [store.read() for _ in range(20)]
    looks = [view.__enter__() for view in views]
    append(store, 3)
    assert {look.head().size for look in looks} == {3}
    for view in views:
        view.__exit__(None, None, None)


def test_backup_is_taken_while_a_write_is_open(store: SQLiteRecordStore, tmp_path: Path) -> None:
    append(store, 3)
    with store.write() as transaction:
        transaction.add_journal([journal_row(3)])
        transaction.set_head(Head(size=4))
        store.backup(tmp_path / "copy.db")
    copy = SQLiteRecordStore(tmp_path / "copy.db")
    with copy.read() as view:
        assert view.head().size == 3
    copy.check()
    copy.close()


def test_backups_under_load_are_all_consistent(store: SQLiteRecordStore, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            append(store, 3)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(10):
            store.backup(tmp_path / f"{number}.db")
    finally:
        stop.set()
        writer.join()
    for number in range(10):
        copy = SQLiteRecordStore(tmp_path / f"{number}.db")
        copy.check()
        with copy.read() as view:
            assert view.head().size % 3 == 0
        copy.close()


def test_backup_never_overwrites(store: SQLiteRecordStore, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_bytes(b"precious")
    with pytest.raises(InvalidValue):
        store.backup(target)
    assert target.read_bytes() == b"precious"


def test_backup_that_fails_leaves_nothing(store: SQLiteRecordStore, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue):
        store.backup(tmp_path / "absent" / "copy.db")
    assert not (tmp_path / "absent").exists()


def test_backup_is_one_file(store: SQLiteRecordStore, tmp_path: Path) -> None:
    append(store, 3)
    folder = tmp_path / "copies"
    folder.mkdir()
    store.backup(folder / "copy.db")
    assert [path.name for path in folder.iterdir()] == ["copy.db"]


def test_rare_state_is_found_without_walking_through_the_others(store: SQLiteRecordStore) -> None:
    common = [delivery_row(i, state="COMPLETED") for i in range(5_000)]
    with store.write() as transaction:
        transaction.put_deliveries([*common, delivery_row(1, state="ARRIVED", updated_index=1)])
        writer = store._sound_writer()
        before = writer.status(apsw.SQLITE_DBSTATUS_CACHE_HIT)[0]
        page = transaction.list_deliveries(
            delivery_row(0).recipient, incoming=True, states=("ARRIVED",), before=None, limit=50
        )
        touched = writer.status(apsw.SQLITE_DBSTATUS_CACHE_HIT)[0] - before
    assert [row.state for row in page] == ["ARRIVED"]
    assert touched < 30


def test_reader_connections_are_reused(open_store: Opener) -> None:
    store = open_store()
    for _ in range(50):
        with store.read() as view:
            view.head()
    assert len(store._readers._idle) == 1
