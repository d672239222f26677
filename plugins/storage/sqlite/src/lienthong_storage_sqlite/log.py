"""The log beside the database, before SQLite reads it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from lienthong.spi.medium import reporting
from lienthong_storage_sqlite.folder import sync_folder

_PIECE: Final = 1024 * 1024


def renew_log(database: Path) -> None:
    """Make every byte of the log that can be read durable, by copying it to a new file.

    What was written and never synced, or by a sync that failed, can be read until the power goes;
    a later sync of the same file would succeed without writing it. SQLite would take it for
    durable, move it into the database and be left after a power cut with a database that is newer
    than its log. No connection may write meanwhile.

    Raises:
        DiskFull: there is no space for the copy.
        StoreFailed: it could not be made durable; the log is as it was.
    """
    log, copy = Path(f"{database}-wal"), Path(f"{database}-wal-new")
    with reporting("renewing the log"):
        copy.unlink(missing_ok=True)
        if not log.exists() or log.stat().st_size == 0:
            return
        try:
            _copy(log, copy)
        except OSError:
            # On a full medium what was copied would take the last of its room.
            copy.unlink(missing_ok=True)
            raise
        copy.replace(log)
        sync_folder(log.parent)


def _copy(log: Path, copy: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(copy, flags, 0o600)
    try:
        with log.open("rb") as source:
            while rest := source.read(_PIECE):
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
