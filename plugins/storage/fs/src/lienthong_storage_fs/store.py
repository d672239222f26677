"""The blob store in a folder."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from lienthong.errors import (
    Closed,
    DataCorrupt,
    HashMismatch,
    InvalidValue,
    NotFound,
    StoreFailed,
)
from lienthong.spi.medium import reporting, syncing
from lienthong.spi.storage import BlobStore, Staging
from lienthong_storage_fs.files import (
    read_all,
    remove_leftover,
    sync_folder,
    write_all,
)
from lienthong_storage_fs.layout import Layout
from lienthong_storage_fs.publishing import Publisher
from lienthong_storage_fs.staging import FSStaging

WRITERS: Final = 16
"""Small files of a batch that are written and synced at the same time."""


class FSBlobStore(BlobStore):
    """Keeps each content in a file named by its SHA-256; may be shared between threads.

    Exactly one process may have the folder open.
    """

    def __init__(self, root: Path) -> None:
        """Open or create the folder, clearing away what a killed process left.

        Raises:
            DataDirectoryInUse: another opener has it.
            DiskFull: there is no space for the folders.
            StoreFailed: the operating system refuses.
        """
        with reporting("opening the blob folder"):
            self._layout = Layout(root.resolve())
        self._publisher = Publisher(self._layout)
        self._lock = threading.Lock()
        self._open_keys: set[str] = set()
        self._made = 0
        self._closed = False
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="blob-writer")

    def _check_open(self) -> None:
        if self._closed:
            raise Closed(what="the blob store")

    def stage(self, key: str) -> Staging:
        self._check_open()
        path = self._layout.staged(key)
        with self._lock:
            if key in self._open_keys:
                raise StoreFailed(reason=f"the upload {key} is open already")
            self._open_keys.add(key)
        try:
            return FSStaging(path, self._publisher, lambda: self._release(key))
        except BaseException:
            self._release(key)
            raise

    def _release(self, key: str) -> None:
        with self._lock:
            self._open_keys.discard(key)

    def put(self, contents: Sequence[tuple[bytes, bytes]]) -> None:
        self._check_open()
        for sha256, content in contents:
            found = hashlib.sha256(content).digest()
            if found != sha256:
                raise HashMismatch(what="a content", found=found.hex(), expected=sha256.hex())
        new = {sha256: content for sha256, content in contents if not self._has(sha256, content)}
        with ExitStack() as leftovers:
            self._publisher.publish(self._write_all(new, leftovers))

    def _write_all(
        self, contents: Mapping[bytes, bytes], leftovers: ExitStack
    ) -> dict[bytes, Path]:
        """Write a batch's files side by side: the file system then syncs several at once."""
        paths = {sha256: self._tmp_path() for sha256 in contents}
        for path in paths.values():
            leftovers.callback(remove_leftover, path)
        writing = [
            self._writers.submit(self._write_tmp, paths[sha256], content)
            for sha256, content in contents.items()
        ]
        # All have ended before any leftover is removed.
        wait(writing)
        for written in writing:
            written.result()
        return paths

    def _tmp_path(self) -> Path:
        with self._lock:
            self._made += 1
            return self._layout.tmp / str(self._made)

    def _has(self, sha256: bytes, content: bytes) -> bool:
        return self.size(sha256) == len(content)

    def _write_tmp(self, path: Path, content: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with reporting("writing a content"):
            descriptor = os.open(path, flags, 0o600)
            try:
                write_all(descriptor, content)
                with syncing("syncing a content"):
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def size(self, sha256: bytes) -> int | None:
        self._check_open()
        path = self._layout.content(sha256)
        try:
            with reporting("looking for a content"):
                size = path.stat().st_size
        except StoreFailed as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        # Asked after the name was found: before, a rename could still come in between.
        return size if self._publisher.is_visible(sha256) else None

    def read(self, sha256: bytes, offset: int = 0, length: int | None = None) -> bytes:
        if offset < 0 or (length is not None and length < 0):
            raise InvalidValue(field="piece", found=(offset, length), expected="not negative")
        size = self.size(sha256)
        if size is None:
            raise NotFound(what=f"the content {sha256.hex()}")
        wanted = size - offset if length is None else min(length, size - offset)
        piece = self._read(sha256, offset, wanted)
        if offset == 0 and wanted == size and hashlib.sha256(piece).digest() != sha256:
            raise DataCorrupt(what=f"the content {sha256.hex()}")
        return piece

    def _read(self, sha256: bytes, offset: int, length: int) -> bytes:
        with reporting("reading a content"):
            try:
                descriptor = os.open(self._layout.content(sha256), os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                raise NotFound(what=f"the content {sha256.hex()}") from None
            try:
                return read_all(descriptor, offset, length)
            finally:
                os.close(descriptor)

    def contents(self) -> Iterator[bytes]:
        self._check_open()
        with reporting("listing contents"):
            yield from filter(self._publisher.is_visible, self._layout.stored())

    def delete(self, sha256: bytes) -> None:
        self._check_open()
        path = self._layout.content(sha256)
        with reporting("deleting a content"):
            try:
                path.unlink()
            except FileNotFoundError:
                return
            sync_folder(path.parent)

    def staged(self) -> Iterator[str]:
        self._check_open()
        with reporting("listing uploads"):
            return iter([path.name for path in self._layout.uploads()])

    def drop_staging(self, *, idle_seconds: float) -> int:
        self._check_open()
        now = time.time()
        dropped = 0
        with self._lock, reporting("dropping uploads"):
            for path in self._layout.uploads():
                if path.name in self._open_keys or now - path.stat().st_mtime < idle_seconds:
                    continue
                path.unlink()
                dropped += 1
        return dropped

    def free_bytes(self) -> int:
        volume = os.statvfs(self._layout.contents)
        return volume.f_bavail * volume.f_frsize

    def close(self) -> None:
        """Give the folder back; uploads that are still open can only be suspended."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._writers.shutdown()
                self._layout.release(clean=self._publisher.is_clean)
