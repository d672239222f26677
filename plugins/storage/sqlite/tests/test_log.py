"""The log is made durable by copying it, before SQLite trusts it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lienthong.errors import DiskFull, StoreFailed
from lienthong.spi.records import Head
from lienthong.testing.samples import journal_row
from lienthong_storage_sqlite.log import renew_log
from lienthong_storage_sqlite.store import SQLiteRecordStore

Opener = Callable[[], SQLiteRecordStore]


def append(store: SQLiteRecordStore) -> None:
    with store.write() as transaction:
        size = transaction.head().size
        transaction.add_journal([journal_row(size)])
        transaction.set_head(Head(size=size + 1))


def fail(store: SQLiteRecordStore) -> None:
    """As after a failed sync."""
    assert store._writer is not None
    store._drop_writer(store._writer)


def test_nothing_is_done_where_there_is_no_log(database: Path) -> None:
    database.parent.mkdir()
    renew_log(database)
    Path(f"{database}-wal").touch()
    renew_log(database)
    assert [path.name for path in database.parent.iterdir()] == ["node.db-wal"]


def test_log_is_a_new_file_with_the_same_bytes_after_a_failure(
    store: SQLiteRecordStore, database: Path
) -> None:
    append(store)
    log = Path(f"{database}-wal")
    inode, content = log.stat().st_ino, log.read_bytes()
    Path(f"{database}-wal-new").write_bytes(b"left by a power cut")
    fail(store)
    append(store)
    assert log.stat().st_ino != inode
    assert not Path(f"{database}-wal-new").exists()
    assert content
    store.check()


@pytest.mark.parametrize(("code", "expected"), [(errno.EIO, StoreFailed), (errno.ENOSPC, DiskFull)])
@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_log_stays_as_it_is_when_it_cannot_be_renewed(
    store: SQLiteRecordStore,
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    code: int,
    expected: type[Exception],
) -> None:
    def broken(*args: object) -> int:
        raise OSError(code, os.strerror(code))

    append(store)
    log = Path(f"{database}-wal")
    content = log.read_bytes()
    fail(store)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, broken)
        with pytest.raises(expected):
            append(store)
    assert log.read_bytes() == content
    append(store)
    store.check()


def test_reader_that_was_lent_meanwhile_is_not_used_again(store: SQLiteRecordStore) -> None:
    """It has the old log open, in which later commits do not arrive."""
    append(store)
    fail(store)
    with store.read() as view:
        assert view.head().size == 1
        append(store)
        assert view.head().size == 1
        append(store)
    with store.read() as view:
        assert view.head().size == 3
        assert len(view.journal(0, 10)) == 3
    store.check()
