"""For tests: an SQLite VFS that stands between the store and the operating system.

``SQLiteRecordStore(path, vfs=WatchedVFS().name)`` uses it; call ``unregister()`` afterwards.
"""

# ruff: noqa: N802, FBT001 - the names and arguments are apsw's

from __future__ import annotations

from itertools import count
from typing import ClassVar

import apsw


class WatchedVFS(apsw.VFS):
    """Passes everything on to the default VFS; ``on`` sees each call first and may raise."""

    _numbers: ClassVar = count(1)

    syncs = True
    """Whether a sync reaches the operating system."""

    def __init__(self) -> None:
        self.name = f"lienthong-watched-{next(self._numbers)}"
        super().__init__(self.name, "")

    def on(
        self, call: str, path: str, file: WatchedFile | None, data: bytes = b"", offset: int = 0
    ) -> None:
        """Hook, called before each call.

        Args:
            call: "open", "create", "read", "write", "truncate", "sync", "close" or "delete".
            path: of the file.
            file: the descriptor, except for a deletion.
            data: what is written.
            offset: where it is read or written, or the new length, in bytes; for a deletion 1
                when the folder is synced with it.
        """

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:
        return WatchedFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self.on("delete", filename, None, offset=int(syncdir))
        super().xDelete(filename, syncdir)


class WatchedFile(apsw.VFSFile):
    """One open descriptor of a ``WatchedVFS``."""

    _numbers: ClassVar = count(1)

    def __init__(
        self, vfs: WatchedVFS, name: apsw.URIFilename | str | None, flags: list[int]
    ) -> None:
        self.vfs = vfs
        self.number = next(self._numbers)
        self.path = name.filename() if isinstance(name, apsw.URIFilename) else name or ""
        creates = flags[0] & apsw.SQLITE_OPEN_CREATE
        vfs.on("create" if creates else "open", self.path, self)
        super().__init__("", name, flags)

    def xRead(self, amount: int, offset: int) -> bytes:
        self.vfs.on("read", self.path, self, offset=offset)
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:
        self.vfs.on("write", self.path, self, data, offset)
        super().xWrite(data, offset)

    def write_part(self, data: bytes, offset: int) -> None:
        """Write without asking: what a short write leaves."""
        super().xWrite(data, offset)

    def xClose(self) -> None:
        self.vfs.on("close", self.path, self)
        super().xClose()

    def xTruncate(self, size: int) -> None:
        self.vfs.on("truncate", self.path, self, offset=size)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self.vfs.on("sync", self.path, self)
        if self.vfs.syncs:
            super().xSync(flags)
