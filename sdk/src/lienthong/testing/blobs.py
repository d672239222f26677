"""A blob store in memory: slow, obviously right, and failing on command."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from attrs import Factory, define

from lienthong.errors import (
    Closed,
    DataCorrupt,
    DataDirectoryInUse,
    DiskFull,
    HashMismatch,
    InvalidValue,
    NotFound,
    SizeMismatch,
    StoreFailed,
)
from lienthong.spi.storage import BlobStore, Staging

_KEY = re.compile(r"[0-9a-f-]{1,128}")


@define
class MemoryUpload:
    """What is staged under one key."""

    content: bytes = b""
    touched: float = 0.0
    """Seconds on the store's clock."""

    is_open: bool = False


@define(eq=False)
class BlobMedium:
    """The "disk" under a memory store: hand it to the next store to reopen."""

    contents: dict[bytes, bytes] = Factory(dict)
    uploads: dict[str, MemoryUpload] = Factory(dict)
    capacity: int = 1 << 40
    """Bytes that fit, staged ones included."""

    in_use: bool = False

    def used(self) -> int:
        """Bytes that are taken."""
        staged = sum(len(upload.content) for upload in self.uploads.values())
        return staged + sum(map(len, self.contents.values()))


class MemoryStaging(Staging):
    """An upload in progress; used by one thread at a time."""

    def __init__(self, store: MemoryBlobStore, key: str) -> None:
        self._store = store
        self._key = key
        self._upload = store.medium.uploads.setdefault(key, MemoryUpload())
        self._upload.is_open = True
        self._upload.touched = store.now()
        self._ended = False
        self.offset = len(self._upload.content)

    def _check_open(self) -> None:
        if self._ended:
            raise Closed(what="the upload")

    def write(self, chunk: bytes) -> None:
        self._check_open()
        self._store.reserve(len(chunk))
        self._upload.content += chunk
        self._upload.touched = self._store.now()
        self.offset = len(self._upload.content)

    def suspend(self) -> None:
        self._check_open()
        self._ended = True
        self._upload.is_open = False

    def publish(self, sha256: bytes, size: int) -> None:
        self._check_open()
        self._ended = True
        self._upload.is_open = False
        self._store.check_fault()
        del self._store.medium.uploads[self._key]
        content = self._upload.content
        if len(content) != size:
            raise SizeMismatch(what="the upload", found=len(content), expected=size)
        _check_hash("the upload", sha256, content)
        self._store.medium.contents[sha256] = content


class MemoryBlobStore(BlobStore):
    """Keeps contents in memory; may be shared between threads."""

    def __init__(
        self, medium: BlobMedium | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Open the store on a medium of its own, or on one that an earlier store has left.

        Args:
            medium: the "disk".
            now: seconds on any steady clock.

        Raises:
            DataDirectoryInUse: another store has the medium open.
        """
        self.medium = medium or BlobMedium()
        if self.medium.in_use:
            raise DataDirectoryInUse(path="memory")
        self.medium.in_use = True
        for upload in self.medium.uploads.values():
            upload.is_open = False
        self.now = now
        self._lock = threading.RLock()
        self._closed = False
        self._faults: deque[Exception] = deque()

    def fail_next(self, error: Exception) -> None:
        """Let the next write, publication or put that has no fault yet fail with *error*."""
        self._faults.append(error)

    def check_fault(self) -> None:
        """Raise the next scripted error, if there is one."""
        if self._faults:
            raise self._faults.popleft()

    def reserve(self, count: int) -> None:
        """Take space.

        Raises:
            DiskFull: there is not so much.
        """
        self.check_fault()
        if self.medium.used() + count > self.medium.capacity:
            raise DiskFull

    def _check_open(self) -> None:
        if self._closed:
            raise Closed(what="the blob store")

    def stage(self, key: str) -> Staging:
        self._check_open()
        if not _KEY.fullmatch(key):
            raise InvalidValue(field="upload key", found=repr(key), expected="[0-9a-f-]{1,128}")
        with self._lock:
            upload = self.medium.uploads.get(key)
            if upload is not None and upload.is_open:
                raise StoreFailed(reason=f"the upload {key} is open already")
            return MemoryStaging(self, key)

    def put(self, contents: Sequence[tuple[bytes, bytes]]) -> None:
        self._check_open()
        for sha256, content in contents:
            _check_hash("a content", sha256, content)
        with self._lock:
            self.reserve(sum(len(content) for _, content in contents))
            self.medium.contents.update(contents)

    def size(self, sha256: bytes) -> int | None:
        self._check_open()
        content = self.medium.contents.get(sha256)
        return None if content is None else len(content)

    def read(self, sha256: bytes, offset: int = 0, length: int | None = None) -> bytes:
        if offset < 0 or (length is not None and length < 0):
            raise InvalidValue(field="piece", found=(offset, length), expected="not negative")
        self._check_open()
        content = self.medium.contents.get(sha256)
        if content is None:
            raise NotFound(what=f"the content {sha256.hex()}")
        piece = content[offset:] if length is None else content[offset : offset + length]
        whole = len(piece) == len(content)
        if whole and hashlib.sha256(piece).digest() != sha256:
            raise DataCorrupt(what=f"the content {sha256.hex()}")
        return piece

    def contents(self) -> Iterator[bytes]:
        self._check_open()
        yield from sorted(self.medium.contents)

    def delete(self, sha256: bytes) -> None:
        self._check_open()
        self.medium.contents.pop(sha256, None)

    def staged(self) -> Iterator[str]:
        self._check_open()
        with self._lock:
            return iter(tuple(self.medium.uploads))

    def drop_staging(self, *, idle_seconds: float) -> int:
        self._check_open()
        with self._lock:
            oldest = self.now() - idle_seconds
            uploads = self.medium.uploads
            idle = [k for k, u in uploads.items() if not u.is_open and u.touched <= oldest]
            for key in idle:
                del uploads[key]
        return len(idle)

    def free_bytes(self) -> int:
        return self.medium.capacity - self.medium.used()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self.medium.in_use = False


def _check_hash(what: str, sha256: bytes, content: bytes) -> None:
    found = hashlib.sha256(content).digest()
    if found != sha256:
        raise HashMismatch(what=what, found=found.hex(), expected=sha256.hex())
