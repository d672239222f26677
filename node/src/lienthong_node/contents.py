"""Reading stored files: small ones lie with the records, large ones in the blob store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from lienthong.errors import DataCorrupt, NotFound
from lienthong.spi.storage import BlobStore, ReadView

PIECE: Final = 1024 * 1024
"""Bytes read from the blob store at once."""


def small_content(view: ReadView, sha256: bytes) -> bytes | None:
    """A file that is kept with the records, or None.

    Raises:
        DataCorrupt: it does not have its hash.
    """
    content = view.content(sha256)
    if content is not None and hashlib.sha256(content).digest() != sha256:
        raise DataCorrupt(what=f"the file {sha256.hex()}")
    return content


def read_content(view: ReadView, blobs: BlobStore, sha256: bytes) -> bytes:
    """A whole file that is known to be small.

    Raises:
        DataCorrupt: it is missing or does not have its hash.
    """
    content = small_content(view, sha256)
    if content is not None:
        return content
    try:
        return blobs.read(sha256)
    except NotFound:
        raise DataCorrupt(what=f"the file {sha256.hex()} is missing") from None


def check_content(view: ReadView, blobs: BlobStore, sha256: bytes, size: int) -> None:
    """Read a whole file, in pieces, and check its size and hash.

    Raises:
        DataCorrupt: it is missing, or another one.
    """
    small = small_content(view, sha256)
    if small is not None:
        found = len(small)
    else:
        found = blobs.size(sha256) or 0
        for _ in pieces(blobs, sha256, 0, found):
            pass
    if found != size:
        raise DataCorrupt(what=f"the file {sha256.hex()}: it has {found} bytes, not {size}")


def pieces(blobs: BlobStore, sha256: bytes, offset: int, size: int) -> Iterator[bytes]:
    """A stored file from *offset* on, in pieces of at most 1 MiB; the ones before it are empty.

    Everything is hashed, and the last piece is held back until the hash is right: nobody gets a
    whole file that is not the one that was stored.

    Raises:
        DataCorrupt: it is missing or does not have its hash.
    """
    digest, held = hashlib.sha256(), b""
    for start in range(0, size, PIECE):
        try:
            piece = blobs.read(sha256, start, PIECE)
        except NotFound:
            raise DataCorrupt(what=f"the file {sha256.hex()} is missing") from None
        digest.update(piece)
        if start:
            yield held
        held = piece[max(offset - start, 0) :]
    if digest.digest() != sha256:
        raise DataCorrupt(what=f"the file {sha256.hex()}")
    yield held


def digest_content(
    view: ReadView, blobs: BlobStore, sha256: bytes, size: int, algorithm: str
) -> bytes:
    """Another digest of a stored file, which is checked by its SHA-256 meanwhile.

    Args:
        view: of the records, for small files.
        blobs: for large ones.
        sha256: which file.
        size: in bytes.
        algorithm: ``SHA-256``, ``SHA-384`` or ``SHA-512``.

    Raises:
        DataCorrupt: it is missing or does not have its hash.
    """
    digest = hashlib.new(algorithm.replace("-", ""))
    small = small_content(view, sha256)
    for piece in pieces(blobs, sha256, 0, size) if small is None else (small,):
        digest.update(piece)
    return digest.digest()
