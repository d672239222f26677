"""How a file goes to a worker and a report comes back: counted pieces of bytes, nothing executable.

A worker reads hostile files; what it answers is therefore read as strictly as anything from
outside. Pickles would let a worker that was taken over run code in the program that asked.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO, Final

from lienthong.errors import Malformed

_COUNT: Final = struct.Struct(">I")
_LENGTH: Final = struct.Struct(">Q")
MAX_PIECES: Final = 8000
MAX_BYTES: Final = 1 << 30


def write_frames(target: BinaryIO, pieces: Sequence[bytes]) -> None:
    """Write *pieces* as one message."""
    target.write(_COUNT.pack(len(pieces)))
    for piece in pieces:
        target.write(_LENGTH.pack(len(piece)))
        target.write(piece)
    target.flush()


def read_frames(source: BinaryIO, *, most: int = MAX_BYTES) -> list[bytes] | None:
    """The pieces of the next message; None at the end.

    Raises:
        Malformed: it is cut off, or larger than *most* bytes.
    """
    head = source.read(_COUNT.size)
    if not head:
        return None
    (count,) = _COUNT.unpack(_whole(head, _COUNT.size))
    if count > MAX_PIECES:
        raise Malformed(what="a message between processes", reason=f"it has {count} pieces")
    pieces, left = [], most
    for _ in range(count):
        (length,) = _LENGTH.unpack(_whole(source.read(_LENGTH.size), _LENGTH.size))
        left -= length
        if left < 0:
            raise Malformed(what="a message between processes", reason="it is too large")
        pieces.append(_whole(source.read(length), length))
    return pieces


def _whole(data: bytes, length: int) -> bytes:
    if len(data) != length:
        raise Malformed(what="a message between processes", reason="it is cut off")
    return data
