"""Where things lie in a blob folder, and the lock on it.

``sha256/ab/abcd…`` are the contents, ``staging/<key>`` the uploads in progress, ``tmp/`` what a
batch writes before it is named, ``lock`` says who uses the folder.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from lienthong.errors import DataDirectoryInUse, InvalidValue
from lienthong_storage_fs.files import sync_above, sync_folder

_KEY: Final = re.compile(r"[0-9a-f-]{1,128}")
_HASH_NAME: Final = re.compile(r"[0-9a-f]{64}")
_HASH: Final = 32
_OPEN: Final = b"open\n"


class Layout:
    """A blob folder that one opener holds; paths are built from validated names only."""

    def __init__(self, root: Path) -> None:
        """Take the lock, making the folders where they are missing.

        Raises:
            DataDirectoryInUse: another opener holds it, in this process or another.
            OSError: a folder cannot be made.
        """
        self._root = root
        self.contents = root / "sha256"
        self.staging = root / "staging"
        self.tmp = root / "tmp"
        self._lock = -1
        self._known: set[Path] = set()
        for folder in (self.contents, self.staging, self.tmp):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._recover()
        except BaseException:
            self.release()
            raise

    def _take_lock(self) -> None:
        lock = os.open(self._root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise DataDirectoryInUse(path=str(self._root)) from None
        self._lock = lock

    def _recover(self) -> None:
        """Clear away what a killed process left behind."""
        for leftover in self.tmp.iterdir():
            leftover.unlink()
        if os.pread(self._lock, len(_OPEN), 0) == _OPEN:
            # A name that the killed process had given but not yet synced is visible now; it must
            # be durable before anybody is told that it is there.
            os.sync()
        os.pwrite(self._lock, _OPEN, 0)
        sync_folder(self._root)
        sync_above(self._root)

    def release(self, *, clean: bool = False) -> None:
        """Give the lock back; *clean* when every name was synced."""
        if self._lock < 0:
            return
        if clean:
            # Where that fails the next opener syncs everything, as after a kill.
            with suppress(OSError):
                os.ftruncate(self._lock, 0)
        os.close(self._lock)
        self._lock = -1

    def content(self, sha256: bytes) -> Path:
        """Path of a content.

        Raises:
            InvalidValue: that is no SHA-256.
        """
        if len(sha256) != _HASH:
            raise InvalidValue(field="sha256", found=f"{len(sha256)} bytes", expected="32 bytes")
        name = sha256.hex()
        return self.contents / name[:2] / name

    def staged(self, key: str) -> Path:
        """Path of an upload in progress.

        Raises:
            InvalidValue: the key is not one that the node makes.
        """
        if not _KEY.fullmatch(key):
            raise InvalidValue(field="upload key", found=repr(key), expected="[0-9a-f-]{1,128}")
        return self.staging / key

    def make_folders(self, folders: Iterable[Path]) -> set[Path]:
        """Make the folders that contents lie in; returns the parents that need a sync."""
        grown: set[Path] = set()
        for folder in set(folders) - self._known:
            folder.mkdir(mode=0o700, exist_ok=True)
            # Also when another thread has just made it: its sync may still be to come.
            grown.add(folder.parent)
        return grown

    def note_folders(self, folders: Iterable[Path]) -> None:
        """Remember folders whose own names are durable."""
        self._known.update(folders)

    def stored(self) -> Iterator[bytes]:
        """Hashes of the contents that have a name; other files are passed over."""
        for folder in sorted(self.contents.iterdir()):
            for name in sorted(path.name for path in folder.iterdir()):
                if _HASH_NAME.fullmatch(name) and name[:2] == folder.name:
                    yield bytes.fromhex(name)

    def uploads(self) -> list[Path]:
        """Paths of all uploads in progress."""
        return [path for path in self.staging.iterdir() if _KEY.fullmatch(path.name)]
