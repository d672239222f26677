"""The folder that holds the database: one process, on a local file system."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

from lienthong.errors import ConfigInvalid, DataCorrupt, DataDirectoryInUse
from lienthong.spi.medium import reporting

_REMOTE: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "fuse.sshfs"}
    | {"fuse.glusterfs", "glusterfs", "ocfs2", "gfs2"}
)
_OURS: Final = b"record store "
_BEGUN: Final = _OURS + b"begun\n"
_IN_USE: Final = _OURS + b"created\n"


class DataFolder:
    """The lock on a database file, held until ``close()``; not to be shared between processes."""

    def __init__(self, database: Path) -> None:
        """Take the lock, making folder and database file where they are missing.

        Raises:
            DataDirectoryInUse: another opener holds it, in this process or another.
            ConfigInvalid: the folder is on a network file system.
            DataCorrupt: the database was there once and is now missing or empty.
            DiskFull: there is no space for the files.
            StoreFailed: the operating system refuses.
        """
        self._database = database
        self._lock = -1
        with reporting("opening the folder of the database"):
            database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            check_local(database.parent)
            try:
                self._take()
                self._ensure_file()
            except BaseException:
                self.close()
                raise

    def _take(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._lock = os.open(f"{self._database}.lock", flags, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataDirectoryInUse(path=str(self._database.parent)) from None

    def _ensure_file(self) -> None:
        if self._database.exists() and self._database.stat().st_size > 0:
            return
        if os.pread(self._lock, len(_IN_USE), 0) == _IN_USE:
            # Starting a new journal here would fork the log that was already acknowledged.
            raise DataCorrupt(what=f"{self._database} was created before and is now empty")
        os.pwrite(self._lock, _BEGUN, 0)
        os.close(os.open(self._database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    @property
    def is_ours(self) -> bool:
        """Whether a record store has made the files, and not another application."""
        return os.pread(self._lock, len(_OURS), 0) == _OURS

    def note_created(self) -> None:
        """Remember durably that the database exists.

        Raises:
            DiskFull: there is no space for that.
            StoreFailed: the operating system refuses.
        """
        with reporting("syncing the folder of the database"):
            if os.pread(self._lock, len(_IN_USE), 0) != _IN_USE:
                sync_above(self._database.parent)
                os.pwrite(self._lock, _IN_USE, 0)
                os.fsync(self._lock)
            sync_folder(self._database.parent)

    def close(self) -> None:
        """Give the lock back; repeating it is no error."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_above(folder: Path) -> None:
    """Make the names of a folder, and of those above that may be as new, durable.

    A folder that this process may not change was there before it.
    """
    for parent in folder.parents:
        if not os.access(parent, os.R_OK | os.W_OK):
            break
        sync_folder(parent)


def check_local(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> None:
    """Refuse network file systems, whose locks and syncs SQLite cannot rely on.

    Where the system does not list its mounts, nothing is refused.

    Raises:
        ConfigInvalid: the folder is on one.
    """
    kind = _file_system(folder.resolve(), mounts)
    if kind in _REMOTE:
        raise ConfigInvalid(
            file=str(folder), key="file system", found=kind, expected="a local file system"
        )


def _file_system(folder: Path, mounts: Path) -> str:
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        fields, _, rest = line.partition(" - ")
        point = Path(fields.split()[4].replace("\\040", " "))
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), rest.split()[0]
    return kind
