"""Signatures that stand in a file although its form does not name them.

Whoever takes the form out of the catalog by an update makes a signed document look like one that
nobody has signed; the signature's bytes are still there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_RANGES: Final = re.compile(
    rb"/ByteRange[\s\0]*\[[\s\0]*0[\s\0]+(\d{1,10})[\s\0]+(\d{1,10})[\s\0]+(\d{1,10})[\s\0]*\]"
)


def count_unnamed(data: bytes, named: Iterable[tuple[int, int]]) -> int:
    """How many holes for signatures the file has beside those that are known.

    Args:
        data: of the file.
        named: offsets of ``<`` and behind ``>`` of the holes whose signatures the form names.
    """
    found = {(int(one[1]), int(one[2])) for one in _RANGES.finditer(data)}
    return sum(_is_hole(data, *one) for one in found - set(named))


def _is_hole(data: bytes, start: int, end: int) -> bool:
    # A text that speaks of signatures is none.
    return start < end and data[start : start + 1] == b"<" and data[end - 1 : end] == b">"
