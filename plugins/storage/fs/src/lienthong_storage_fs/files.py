"""Single steps on files, with the contract's errors."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte at the descriptor's position, however short the single writes are."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def read_all(descriptor: int, offset: int, length: int) -> bytes:
    """Read *length* bytes from *offset* on, fewer only at the end of the file."""
    pieces: list[bytes] = []
    while length > 0:
        piece = os.pread(descriptor, length, offset)
        if not piece:
            break
        pieces.append(piece)
        offset += len(piece)
        length -= len(piece)
    return b"".join(pieces)


def remove_leftover(path: Path) -> None:
    """Remove a temporary file, if it is there and can be; the next opener removes the others."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


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
