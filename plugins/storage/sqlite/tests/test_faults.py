"""What happens when the medium fails."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import apsw
import pytest

from lienthong.errors import DataCorrupt, DiskFull, LienthongError, StoreFailed
from lienthong.spi.records import Head, JournalRow
from lienthong.testing.samples import SENDER, journal_row
from lienthong_storage_sqlite.store import SQLiteRecordStore
from lienthong_storage_sqlite.testing import WatchedFile, WatchedVFS

Opener = Callable[[], SQLiteRecordStore]


class FaultVFS(WatchedVFS):
    """Passes everything on, except the calls that a test wants to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: dict[tuple[str, str], int] = {}
        """(call, end of the file name) -> SQLite's result code; each strikes once."""
        self.struck: list[tuple[str, str]] = []

    def on(
        self, call: str, path: str, file: WatchedFile | None, data: bytes = b"", offset: int = 0
    ) -> None:
        for (wanted, end), code in list(self.faults.items()):
            if wanted == call and path.endswith(end):
                del self.faults[wanted, end]
                self.struck.append((wanted, end))
                raise apsw.exception_for(code)


@pytest.fixture
def faults() -> Iterator[FaultVFS]:
    vfs = FaultVFS()
    yield vfs
    vfs.unregister()


@pytest.fixture
def faulty_store(faults: FaultVFS, database: Path) -> Iterator[SQLiteRecordStore]:
    store = SQLiteRecordStore(database, vfs=faults.name)
    yield store
    store.close()


def append(store: SQLiteRecordStore, count: int = 1, envelope: bytes = b"") -> None:
    with store.write() as transaction:
        size = transaction.head().size
        entries = [journal_row(i, envelope=envelope) for i in range(size, size + count)]
        transaction.add_journal(entries)
        transaction.set_head(Head(size=size + count))


def size(store: SQLiteRecordStore) -> int:
    with store.read() as view:
        assert len(view.journal(0, 1_000_000)) == view.head().size
        return view.head().size


def test_refuses_to_acknowledge_what_was_not_synced(
    faulty_store: SQLiteRecordStore, faults: FaultVFS
) -> None:
    append(faulty_store)
    faults.faults["sync", "-wal"] = apsw.SQLITE_IOERR_FSYNC
    with pytest.raises(StoreFailed):
        append(faulty_store)
    assert faults.struck == [("sync", "-wal")]


def test_verifies_itself_after_a_failed_sync_and_goes_on(
    faulty_store: SQLiteRecordStore, faults: FaultVFS
) -> None:
    append(faulty_store)
    faults.faults["sync", "-wal"] = apsw.SQLITE_IOERR_FSYNC
    with pytest.raises(StoreFailed):
        append(faulty_store)
    before = size(faulty_store)
    append(faulty_store)
    assert size(faulty_store) == before + 1
    faulty_store.check()


def test_goes_on_after_a_failed_sync_while_somebody_reads(
    faulty_store: SQLiteRecordStore, faults: FaultVFS
) -> None:
    """A backup looks at one state for long; writing need not wait for its end."""
    append(faulty_store)
    with faulty_store.read() as view:
        assert view.head().size == 1
        append(faulty_store)
        faults.faults["sync", "-wal"] = apsw.SQLITE_IOERR_FSYNC
        with pytest.raises(StoreFailed):
            append(faulty_store)
        before = size(faulty_store)
        append(faulty_store)
        assert size(faulty_store) == before + 1
        assert view.head().size == 1


def test_never_syncs_the_same_descriptor_again(
    faulty_store: SQLiteRecordStore, faults: FaultVFS, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(faulty_store)
    faults.faults["sync", "-wal"] = apsw.SQLITE_IOERR_FSYNC
    with pytest.raises(StoreFailed):
        append(faulty_store)
    assert faulty_store._writer is None


def test_damage_is_found_before_the_next_write(open_store: Opener, database: Path) -> None:
    store = open_store()
    append(store, 200, b"e" * 900)
    store.close()
    with database.open("r+b") as file:
        file.seek(-40 * 4096, os.SEEK_END)
        file.write(b"\xff" * 64)
    store = open_store()
    store._drop_writer(store._sound_writer())
    for _ in range(2):
        with pytest.raises(DataCorrupt):
            append(store)


def test_full_medium_refuses_writes_serves_reads_and_recovers(
    faulty_store: SQLiteRecordStore, faults: FaultVFS
) -> None:
    append(faulty_store, 5)
    for _ in range(3):
        faults.faults["write", "-wal"] = apsw.SQLITE_FULL
        with pytest.raises(DiskFull):
            append(faulty_store)
        assert size(faulty_store) == 5
    append(faulty_store)
    assert size(faulty_store) == 6
    faulty_store.check()


def test_full_medium_in_the_middle_of_a_block_dooms_it(
    faulty_store: SQLiteRecordStore, faults: FaultVFS
) -> None:
    connection = faulty_store._sound_writer()
    connection.pragma("max_page_count", connection.pragma("page_count") + 2)
    with pytest.raises(DiskFull):  # noqa: PT012, SIM117 - what is swallowed inside is the point
        with faulty_store.write() as transaction:
            transaction.set_head(Head(size=20))
            with suppress(DiskFull):
                transaction.add_journal([journal_row(i, envelope=b"e" * 9000) for i in range(20)])
    connection.pragma("max_page_count", 1_000_000)
    assert size(faulty_store) == 0
    append(faulty_store)
    faulty_store.check()


def test_failed_checkpoint_does_not_unsay_the_commit(
    faulty_store: SQLiteRecordStore, faults: FaultVFS
) -> None:
    faults.faults["sync", "node.db"] = apsw.SQLITE_IOERR_FSYNC
    append(faulty_store, 4_000, b"e" * 5_000)
    assert faults.struck == [("sync", "node.db")]
    assert size(faulty_store) == 4_000
    append(faulty_store)
    faulty_store.check()


def test_row_that_cannot_be_stored_undoes_the_block(store: SQLiteRecordStore) -> None:
    append(store)
    with pytest.raises(LienthongError), store.write() as transaction:
        transaction.add_journal([journal_row(1), journal_row(2, proof=(b"short",))])
    assert size(store) == 1
    append(store)


def test_finds_a_changed_bit_in_an_entry(open_store: Opener, database: Path) -> None:
    store = open_store()
    append(store, 3, b"needle-needle-needle")
    store.close()
    content = database.read_bytes()
    at = content.index(b"needle-needle-needle")
    database.write_bytes(content[:at] + b"N" + content[at + 1 :])
    store = open_store()
    with pytest.raises(DataCorrupt, match="journal entry"), store.read() as view:
        view.feed(SENDER, 0, 10)
    with pytest.raises(DataCorrupt):
        store.check()


def test_every_flipped_bit_is_found_or_harmless(open_store: Opener, database: Path) -> None:
    store = open_store()
    append(store, 60, b"e" * 300)
    with store.read() as view:
        expected = list(view.journal(0, 100))
    store.close()
    sound = database.read_bytes()
    chance = random.Random(20260302)
    for _ in range(150):
        at, bit = chance.randrange(len(sound)), 1 << chance.randrange(8)
        database.write_bytes(sound[:at] + bytes([sound[at] ^ bit]) + sound[at + 1 :])
        assert found_or_harmless(open_store, expected)


def found_or_harmless(open_store: Opener, expected: list[JournalRow]) -> bool:
    try:
        store = open_store()
    except LienthongError:
        return True
    try:
        with store.read() as view:
            read = list(view.journal(0, 100))
        if read == expected:
            return True
        store.check()
    except LienthongError:
        return True
    finally:
        store.close()
    return False


def test_refuses_a_head_that_lost_entries(open_store: Opener, database: Path) -> None:
    store = open_store()
    append(store, 3)
    store.close()
    connection = apsw.Connection(str(database))
    connection.execute("UPDATE head SET size = 2")
    connection.close()
    with pytest.raises(DataCorrupt, match="counts 2"):
        open_store()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs privileges")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_survives_a_disk_that_really_fills_up(small_disk: Path) -> None:
    store = SQLiteRecordStore(small_disk / "node.db")
    ballast = small_disk / "ballast"
    acknowledged = 0
    for _ in range(5):
        ballast.write_bytes(bytes(max(0, store.free_bytes() - 200_000)))
        acknowledged += fill(store)
        assert size(store) == acknowledged
        ballast.unlink()
        append(store)
        acknowledged += 1
    store.check()
    store.close()


def fill(store: SQLiteRecordStore) -> int:
    for acknowledged in range(1_000):
        try:
            append(store, 1, b"e" * 2_000)
        except DiskFull:
            return acknowledged
    raise AssertionError("the disk never fills up")


def test_killed_process_loses_nothing_that_it_acknowledged(
    open_store: Opener, database: Path
) -> None:
    script = """
import sys
from pathlib import Path
from lienthong.spi.records import Head, JournalRow
from lienthong.testing.samples import journal_row
from lienthong_storage_sqlite.store import SQLiteRecordStore
store = SQLiteRecordStore(Path(sys.argv[1]))
while True:
    with store.write() as transaction:
        size = transaction.head().size
        transaction.add_journal([journal_row(size), journal_row(size + 1)])
        transaction.set_head(Head(size=size + 2))
    print(size + 2, flush=True)
"""
    acknowledged = 0
    for lines in (1, 3, 10, 40, 17):
        command = [sys.executable, "-c", script, str(database)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(lines):
                acknowledged = int(process.stdout.readline())
            process.kill()
            rest = process.stdout.read().split()
        acknowledged = max([acknowledged, *map(int, rest[:-1])])
        store = open_store()
        assert size(store) >= acknowledged
        assert size(store) % 2 == 0
        store.check()
        store.close()
