"""An upload in progress, kept in one file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from lienthong.errors import Closed, HashMismatch, SizeMismatch
from lienthong.spi.medium import reporting, syncing
from lienthong.spi.storage import Staging
from lienthong_storage_fs.files import read_all, write_all
from lienthong_storage_fs.publishing import Publisher

_PIECE: Final = 1024 * 1024


class FSStaging(Staging):
    """Appends to one staging file; used by one thread at a time."""

    def __init__(self, path: Path, publisher: Publisher, release: Callable[[], None]) -> None:
        """Open the file, reading what is staged already.

        Args:
            path: the staging file.
            publisher: gives the finished file its name.
            release: called once, when the upload is closed.

        Raises:
            DiskFull: the medium is full.
            StoreFailed: the file cannot be opened.
        """
        self._path = path
        self._publisher = publisher
        self._release = release
        self._hash = hashlib.sha256()
        self.offset = 0
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with reporting("opening an upload"):
            self._descriptor = os.open(path, flags, 0o600)
            try:
                self._resume()
            except BaseException:
                os.close(self._descriptor)
                raise

    def _resume(self) -> None:
        """Hash the staged prefix and go on after it."""
        while piece := read_all(self._descriptor, self.offset, _PIECE):
            self._hash.update(piece)
            self.offset += len(piece)
        os.lseek(self._descriptor, self.offset, os.SEEK_SET)

    def _open(self) -> int:
        if self._descriptor < 0:
            raise Closed(what="the upload")
        return self._descriptor

    def write(self, chunk: bytes) -> None:
        descriptor = self._open()
        with reporting("writing an upload"):
            try:
                write_all(descriptor, chunk)
            except OSError:
                # A part of the chunk may have been written; the offset says what counts.
                os.ftruncate(descriptor, self.offset)
                os.lseek(descriptor, self.offset, os.SEEK_SET)
                raise
        self._hash.update(chunk)
        self.offset += len(chunk)

    def suspend(self) -> None:
        descriptor = self._open()
        try:
            with syncing("syncing an upload"):
                os.fsync(descriptor)
        except BaseException:
            self._drop()
            raise
        self._close()

    def publish(self, sha256: bytes, size: int) -> None:
        descriptor = self._open()
        found = self._hash.digest()
        if self.offset != size:
            self._drop()
            raise SizeMismatch(what="the upload", found=self.offset, expected=size)
        if found != sha256:
            self._drop()
            raise HashMismatch(what="the upload", found=found.hex(), expected=sha256.hex())
        try:
            with syncing("syncing an upload"):
                os.fsync(descriptor)
        except BaseException:
            # Its bytes may be lost although a later sync would succeed.
            self._drop()
            raise
        try:
            self._publisher.publish({sha256: self._path})
        finally:
            self._close()

    def _drop(self) -> None:
        try:
            with reporting("dropping an upload"):
                # Emptied first: whatever happens then, nobody goes on from these bytes.
                os.ftruncate(self._open(), 0)
                self._path.unlink(missing_ok=True)
        finally:
            self._close()

    def _close(self) -> None:
        os.close(self._descriptor)
        self._descriptor = -1
        self._release()
