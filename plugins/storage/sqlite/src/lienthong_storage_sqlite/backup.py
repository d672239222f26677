"""A consistent copy of a database in use."""

from __future__ import annotations

import os
from pathlib import Path

import apsw

from lienthong.errors import DataCorrupt, InvalidValue
from lienthong_storage_sqlite.faults import translate
from lienthong_storage_sqlite.folder import sync_folder


def copy_database(source: apsw.Connection, target: Path) -> None:
    """Copy the snapshot that *source* holds to a new file, durable when it returns.

    Raises:
        InvalidValue: the target exists, or its folder does not.
        DiskFull: there is no space for it.
        DataCorrupt: the copy does not pass SQLite's check.
    """
    try:
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        expected = "a file that does not exist, in a folder that does"
        raise InvalidValue(field="backup target", found=str(target), expected=expected) from error
    try:
        _copy(source, str(target))
    except BaseException:
        for name in (target, Path(f"{target}-journal"), Path(f"{target}-wal")):
            name.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def _copy(source: apsw.Connection, target: str) -> None:
    copy = apsw.Connection(target, flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        copy.pragma("synchronous", "full")
        with copy.backup("main", source, "main") as step:
            step.step(-1)
        # Without this the copy would need its own log beside it before the first look.
        copy.pragma("journal_mode", "delete")
        if copy.pragma("quick_check") != "ok":
            raise DataCorrupt(what=f"the backup {target}")
    except apsw.Error as error:
        raise translate(error, copy.system_errno) from error
    finally:
        copy.close(force=True)
