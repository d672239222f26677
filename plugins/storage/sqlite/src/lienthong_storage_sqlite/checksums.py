"""Checksums of rows, as they are stored: other ways to compute them would damage every store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from lienthong.errors import DataCorrupt


def crc_of_entry(columns: Sequence[Any]) -> int:
    """CRC-32 of the columns of a journal entry."""
    index, leaf, size, recorded, subject, package, parties, proof, entry, envelope = columns
    words = f"{index} {size} {recorded} {parties}".encode()
    return crc32(envelope, crc32(entry, crc32(b"".join((words, leaf, subject, package, proof)))))


def crc_of(*columns: object) -> int:
    """CRC-32 of plain integers, texts and octets with their types; a test holds its value."""
    return crc32(ascii(columns).encode())


def without_crc(row: Sequence[Any], what: str) -> tuple[Any, ...]:
    """The columns before the checksum (``crc_of``), which is the last one.

    Raises:
        DataCorrupt: they are not what was stored.
    """
    *columns, crc = row
    if crc_of(*columns) != crc:
        raise DataCorrupt(what=what)
    return tuple(columns)


def crc_of_stored(*arguments: Any) -> int:
    """The checksum of columns that are there already, whose texts come as octets.

    Args:
        arguments: the columns, and before them a text with a sign for each: "t" for a text.

    Returns:
        The checksum; 0 where a text cannot be read: its row is refused whenever it is looked at,
        and the others are not.
    """
    kinds, *columns = arguments
    typed = zip(kinds, columns, strict=True)
    try:
        return crc_of(*(one.decode() if kind == "t" else one for kind, one in typed))
    except (AttributeError, UnicodeDecodeError):
        return 0
