"""Opening connections: the one that writes, and those that only read."""

from __future__ import annotations

from typing import Final

import apsw

from lienthong.errors import StoreFailed
from lienthong_storage_sqlite.schema import check_known, migrations

BUSY_MS: Final = 10_000
_STATEMENTS: Final = 200
_FULL: Final = 2
_WAL_LIMIT_BYTES: Final = 64 * 1024 * 1024


def open_writer(database: str, vfs: str | None) -> apsw.Connection:
    """Open the connection that writes and checkpoints; exactly one may exist a file.

    Raises:
        StoreFailed: SQLite does not take a setting that durability rests on.
        ConfigInvalid: the file belongs to another application or to a newer version.
        apsw.Error: the file cannot be opened.
    """
    flags = apsw.SQLITE_OPEN_READWRITE
    connection = apsw.Connection(database, flags=flags, vfs=vfs, statementcachesize=_STATEMENTS)
    try:
        _harden(connection)
        # Before the first change: a file that is not ours stays as it is.
        check_known(connection, database, newest=len(migrations()))
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        connection.pragma("foreign_keys", 1)
        connection.pragma("journal_size_limit", _WAL_LIMIT_BYTES)
        connection.pragma("cache_size", -32_000)
        # Checkpoints are started by the store, after the commit, with its errors under control.
        connection.wal_autocheckpoint(0)
        _check(connection, "journal_mode", "wal")
        _check(connection, "synchronous", _FULL)
        _check(connection, "foreign_keys", 1)
    except BaseException:
        discard(connection)
        raise
    return connection


def open_reader(database: str, vfs: str | None) -> apsw.Connection:
    """Open a connection that can neither write nor checkpoint.

    Raises:
        apsw.Error: the file cannot be opened.
    """
    flags = apsw.SQLITE_OPEN_READONLY
    connection = apsw.Connection(database, flags=flags, vfs=vfs, statementcachesize=_STATEMENTS)
    try:
        _harden(connection)
        connection.pragma("query_only", 1)
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        # Two checkpointing connections meet the WAL-reset defect of older SQLite versions.
        connection.wal_autocheckpoint(0)
    except BaseException:
        connection.close(force=True)
        raise
    return connection


def discard(connection: apsw.Connection) -> None:
    """Close a connection that met an I/O error, without touching the files again.

    A checkpoint on closing would sync a descriptor whose sync has failed, and could copy frames
    that never reached the medium.
    """
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.close(force=True)


def _harden(connection: apsw.Connection) -> None:
    connection.set_busy_timeout(BUSY_MS)
    connection.pragma("trusted_schema", 0)
    connection.pragma("cell_size_check", 1)
    # Sorting must work when the medium is full.
    connection.pragma("temp_store", "memory")
    # Where plans may depend on values, SQLite makes them anew whenever values are bound, and that
    # takes longer than our queries themselves.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)


def _check(connection: apsw.Connection, name: str, expected: object) -> None:
    found = connection.pragma(name)
    if found != expected:
        raise StoreFailed(reason=f"SQLite has {name} = {found}, needed is {expected}")
