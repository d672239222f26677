"""What SQLite's errors mean for the record-store contract."""

from __future__ import annotations

from typing import Final

import apsw

from lienthong.errors import DataCorrupt, DiskFull, LienthongError, StoreFailed
from lienthong.spi.medium import NO_SPACE

_SYNC: Final = frozenset({apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC})


def translate(error: apsw.Error, system_errno: int) -> LienthongError:
    """Give the contract's error for one of SQLite's.

    Args:
        error: what SQLite raised.
        system_errno: ``errno`` of the failed system call, or 0.
    """
    if isinstance(error, apsw.FullError):
        return DiskFull()
    if is_no_space(error, system_errno):
        return DiskFull()
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return DataCorrupt(what=f"SQLite file: {error}")
    return StoreFailed(reason=str(error))


def is_no_space(error: apsw.Error, system_errno: int) -> bool:
    """Say whether an I/O error only means that the medium is full.

    A failed sync never counts: what it covered may be lost even when space returns.
    """
    return (
        isinstance(error, apsw.IOError)
        and getattr(error, "extendedresult", 0) not in _SYNC
        and system_errno in NO_SPACE
    )


def is_suspect(error: apsw.Error, system_errno: int) -> bool:
    """Say whether the connection must not be used again after this error."""
    if is_no_space(error, system_errno):
        return False
    return isinstance(error, apsw.IOError | apsw.CorruptError | apsw.NotADBError)
