"""The space that a signature leaves out of what it signs: nothing but the signature may be there.

A PDF signature covers two ranges of bytes; between them lies ``<hex>``, the value of /Contents.
Whatever else is in that hole is signed by nobody (universal signature forgery, signature wrapping,
data hidden in the padding).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from attrs import frozen

from lienthong.errors import Malformed

_HEX: Final = re.compile(rb"[0-9A-Fa-f]*")
_SEQUENCE: Final = 0x30
_LONG: Final = 0x80
_RANGES: Final = 4


@frozen(kw_only=True)
class Hole:
    """What lies between the signed ranges of bytes."""

    start: int
    """Offset of ``<``."""

    end: int
    """Offset behind ``>``."""

    covered: int
    """Offset behind the last signed byte."""

    message: bytes
    """The CMS message, without padding."""

    oddity: str
    """What is unusual in how it is written; empty for the plain form."""


def read_hole(data: bytes, byte_range: Sequence[object]) -> Hole:
    """The hole that a /ByteRange leaves in a file.

    Raises:
        Malformed: the ranges do not leave exactly one hexadecimal string, or it holds something
            beside one CMS message and zeros.
    """
    start, end, covered = _ranges(byte_range, len(data))
    hole = data[start:end]
    if not (hole.startswith(b"<") and hole.endswith(b">")):
        raise _refused("it is no hexadecimal string")
    digits = hole[1:-1]
    if len(digits) % 2 or not _HEX.fullmatch(digits):
        raise _refused("it holds other signs than hexadecimal digits")
    value = bytes.fromhex(digits.decode("ascii"))
    length = message_length(value)
    if value[length:].strip(b"\0"):
        raise _refused("its padding is not zero")
    mixed = digits != digits.lower() and digits != digits.upper()
    return Hole(
        start=start,
        end=end,
        covered=covered,
        message=value[:length],
        oddity="upper and lower case are mixed" if mixed else "",
    )


def _ranges(byte_range: Sequence[object], size: int) -> tuple[int, int, int]:
    if len(byte_range) != _RANGES or not all(isinstance(one, int) for one in byte_range):
        raise _refused("the byte range is not four numbers")
    first, length, second, rest = (int(str(one)) for one in byte_range)
    start, covered = first + length, second + rest
    if covered > size:
        raise _refused(f"the file is cut off: {covered} bytes were signed, {size} are there")
    if first != 0 or not 0 < start < second < covered:
        raise _refused("the byte range does not begin at 0, or its parts are out of order")
    return start, second, covered


def message_length(value: bytes) -> int:
    """Bytes of the first ASN.1 value of definite length.

    Raises:
        Malformed: it is no sequence, or longer than what is there.
    """
    if len(value) < 2 or value[0] != _SEQUENCE or value[1] == _LONG:  # noqa: PLR2004
        raise _refused("it is no CMS message of definite length")
    count = value[1] - _LONG if value[1] > _LONG else 0
    length = int.from_bytes(value[2 : 2 + count]) if count else value[1]
    total = 2 + count + length
    if total > len(value):
        raise _refused("the CMS message is cut off")
    return total


def _refused(reason: str) -> Malformed:
    return Malformed(what="the space of a signature", reason=reason)
