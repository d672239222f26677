"""The files of a package as verifiers read them, from the node's own store."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO, Final, cast

from lienthong.model.package import FileEntry
from lienthong.spi.storage import BlobStore, ReadView
from lienthong_node.contents import PIECE, pieces, small_content

MAX_BYTES: Final = 128 * 1024 * 1024
"""Of one file; no verifier looks at larger ones."""


class StoredFile(io.RawIOBase):
    """A file of the blob store, read piece by piece."""

    def __init__(self, blobs: BlobStore, sha256: bytes, size: int) -> None:
        """Read a file that is known to be stored."""
        self._blobs, self._sha256, self._size, self._at = blobs, sha256, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, target: Any) -> int:
        wanted = min(len(target), max(self._size - self._at, 0))
        data = self._blobs.read(self._sha256, self._at, wanted) if wanted else b""
        target[: len(data)] = data
        self._at += len(data)
        return len(data)


def small_files(view: ReadView, files: Iterable[FileEntry]) -> dict[str, bytes]:
    """The files that lie with the records, by name.

    Raises:
        DataCorrupt: one is another one.
    """
    found = {file.name: small_content(view, file.sha256.bytes) for file in files}
    return {name: content for name, content in found.items() if content is not None}


def open_files(
    blobs: BlobStore, files: Iterable[FileEntry], small: Mapping[str, bytes]
) -> dict[str, BinaryIO]:
    """The files by name, each checked against its hash; those that are too large are left out.

    Args:
        blobs: where those lie that are not small.
        files: of a package.
        small: the contents of the others, checked.

    Raises:
        DataCorrupt: one is missing, or another one.
    """
    found: dict[str, BinaryIO] = {}
    for file in files:
        if file.name in small:
            found[file.name] = io.BytesIO(small[file.name])
        elif file.size <= MAX_BYTES:
            for _ in pieces(blobs, file.sha256.bytes, 0, file.size):
                pass
            stored = StoredFile(blobs, file.sha256.bytes, file.size)
            found[file.name] = cast("BinaryIO", io.BufferedReader(stored, PIECE))
    return found
