"""ASN.1 in its distinguished form (X.690 DER): read strictly, written plainly.

Whatever BER allows beside the one DER form is refused: indefinite and padded lengths, constructed
strings, padded integers, other booleans than 00 and FF, unsorted sets, times with trailing zeros.
What is signed can therefore be written in one way only, and two readers cannot disagree about it.
Only the types are here that time-stamps need; a tag is the identifier octet as it is written.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, NoReturn

from attrs import frozen

from lienthong.errors import Malformed

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_IDENTIFIER: Final = 0x06
UTF8_STRING: Final = 0x0C
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31

_CONSTRUCTED: Final = 0x20
_HIGH_TAG: Final = 0x1F
_LONG_LENGTH: Final = 0x80
_MAX_LENGTH_OCTETS: Final = 4
_BYTE: Final = 0x100
_MORE: Final = 0x80
_SEVEN_BITS: Final = 0x7F
_ARC: Final = 40
_ARCS: Final = 2
_MAX_UNUSED_BITS: Final = 7
_MAX_OCTETS: Final = 128
"""Of a number, an object identifier or named bits; nobody needs a third of it, and reading or
showing them costs more than in proportion."""

_TIME: Final = re.compile(rb"(\d{14})(?:\.(\d{0,8}[1-9]))?Z")


def context(number: int, *, constructed: bool = True) -> int:
    """The tag ``[number]`` of a context, 0 to 30."""
    return 0x80 | (_CONSTRUCTED if constructed else 0) | number


@frozen
class Element:
    """One value with its tag, as it was written."""

    tag: int
    content: bytes
    encoded: bytes
    """Tag, length and content."""


class Reader:
    """Reads elements one after another; every surprise is a ``Malformed`` that names *what*."""

    def __init__(self, data: bytes, *, what: str) -> None:
        self._data = data
        self._at = 0
        self.what = what
        """Names what is read in an error."""

    @property
    def tag(self) -> int | None:
        """The tag of the next element, or None at the end."""
        return self._data[self._at] if self._at < len(self._data) else None

    def read(self, tag: int) -> Element:
        """The next element, which must have this tag.

        Raises:
            Malformed: it has another one, there is none, or its form is not DER.
        """
        if self.tag != tag:
            found = "nothing" if self.tag is None else f"tag {self.tag:02x}"
            self.refuse(f"{found} where tag {tag:02x} is expected")
        return self.read_any()

    def read_any(self) -> Element:
        """The next element, of any kind.

        Raises:
            Malformed: there is none, or its form is not DER.
        """
        start = self._at
        tag = self._take(1)[0]
        if tag & _HIGH_TAG == _HIGH_TAG:
            self.refuse("a tag above 30")
        content = self._take(self._length())
        return Element(tag, content, self._data[start : self._at])

    def optional(self, tag: int) -> Element | None:
        """The next element if it has this tag, else None. Raises as ``read_any``."""
        return self.read_any() if self.tag == tag else None

    def enter(self, tag: int) -> Reader:
        """A reader of what the next element, with this tag, holds. Raises as ``read``."""
        return Reader(self.read(tag).content, what=self.what)

    def elements(self) -> list[Element]:
        """All elements that are left. Raises as ``read_any``."""
        found = []
        while self.tag is not None:
            found.append(self.read_any())
        return found

    def set_of(self, tag: int) -> list[Element]:
        """The members of the next element, a SET OF, in the order of their encodings (X.690 11.6).

        Raises:
            Malformed: they stand otherwise, one is there twice, or the form is not DER.
        """
        members = self.enter(tag).elements()
        if any(first.encoded >= second.encoded for first, second in pairwise(members)):
            self.refuse("a set that is not in order")
        return members

    def end(self) -> None:
        """Check that nothing is left.

        Raises:
            Malformed: something is.
        """
        if self.tag is not None:
            self.refuse(f"{len(self._data) - self._at} bytes too many")

    def integer(self, tag: int = INTEGER) -> int:
        """The next element as a number.

        Raises:
            Malformed: it is none, is padded, or has more than 128 bytes.
        """
        content = self._short(tag)
        if not content:
            self.refuse("an empty integer")
        if len(content) > 1 and int.from_bytes(content[:2], "big", signed=True) >> 7 in (0, -1):
            self.refuse("a padded integer")
        return int.from_bytes(content, "big", signed=True)

    def boolean(self) -> bool:
        """The next element as a truth value. Raises ``Malformed`` where it is none."""
        content = self.read(BOOLEAN).content
        if content not in (b"\x00", b"\xff"):
            self.refuse(f"the boolean {content.hex()}")
        return content == b"\xff"

    def octets(self) -> bytes:
        """The next element, an OCTET STRING. Raises as ``read``."""
        return self.read(OCTET_STRING).content

    def bits(self) -> frozenset[int]:
        """The numbers of the bits that are set in the next element, a named BIT STRING.

        Raises:
            Malformed: it is none, ends in bits that are not set (X.690 11.2), or is too long.
        """
        content = self._short(BIT_STRING)
        unused = content[0] if content else _MAX_UNUSED_BITS + 1
        if unused > _MAX_UNUSED_BITS or (len(content) == 1 and unused):
            self.refuse("a bit string without a proper beginning")
        value = int.from_bytes(content[1:], "big")
        padded = len(content) > 1 and not value >> unused & 1
        if padded or value & ((1 << unused) - 1):
            self.refuse("a bit string with a padded end")
        length = 8 * (len(content) - 1)
        return frozenset(bit for bit in range(length) if value >> (length - 1 - bit) & 1)

    def oid(self) -> str:
        """The next element, an OBJECT IDENTIFIER, in dotted form.

        Raises:
            Malformed: it is none or too long, or an arc is padded or cut off.
        """
        content = self._short(OBJECT_IDENTIFIER)
        arcs = [0]
        begins = True
        for octet in content:
            if begins and octet == _MORE:
                self.refuse("an object identifier with a padded arc")
            arcs[-1] = arcs[-1] << 7 | octet & _SEVEN_BITS
            begins = octet < _MORE
            if begins:
                arcs.append(0)
        if not content or not begins:
            self.refuse("an object identifier that is cut off")
        first = min(arcs[0] // _ARC, _ARCS)
        return ".".join(map(str, [first, arcs[0] - first * _ARC, *arcs[1:-1]]))

    def time(self) -> datetime:
        """The next element, a GeneralizedTime, in UTC, cut to microseconds (RFC 3161 2.4.2).

        Raises:
            Malformed: it is none, has a zone, no seconds or trailing zeros, or names no instant.
        """
        content = self.read(GENERALIZED_TIME).content
        form = _TIME.fullmatch(content)
        if form is None:
            self.refuse("a time in another form than YYYYMMDDhhmmss[.f]Z")
        try:
            whole = datetime.strptime(form[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            self.refuse("a time that no clock shows")
        return whole.replace(microsecond=int((form[2] or b"")[:6].ljust(6, b"0")))

    def refuse(self, reason: str) -> NoReturn:
        """Raise the ``Malformed`` of what is read."""
        raise Malformed(what=self.what, reason=reason)

    def _short(self, tag: int) -> bytes:
        content = self.read(tag).content
        if len(content) > _MAX_OCTETS:
            self.refuse(f"tag {tag:02x} with {len(content)} bytes, at most {_MAX_OCTETS}")
        return content

    def _length(self) -> int:
        first = self._take(1)[0]
        if first < _LONG_LENGTH:
            return first
        count = first & ~_LONG_LENGTH
        if not 0 < count <= _MAX_LENGTH_OCTETS:
            self.refuse("an indefinite length" if count == 0 else "a length beyond 4 GiB")
        length = int.from_bytes(self._take(count), "big")
        if length < _LONG_LENGTH or length < _BYTE ** (count - 1):
            self.refuse("a padded length")
        return length

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            self.refuse("it is cut off")
        self._at += count
        return taken


def element(tag: int, *contents: bytes) -> bytes:
    """Write one element with these contents."""
    content = b"".join(contents)
    size = len(content)
    if size < _LONG_LENGTH:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG_LENGTH | len(length))) + length + content


def sequence(*contents: bytes) -> bytes:
    """Write a SEQUENCE of elements."""
    return element(SEQUENCE, *contents)


def integer(value: int, tag: int = INTEGER) -> bytes:
    """Write a number."""
    bits = (value if value >= 0 else ~value).bit_length()
    return element(tag, value.to_bytes(bits // 8 + 1, "big", signed=True))


def boolean(*, value: bool) -> bytes:
    """Write a truth value."""
    return element(BOOLEAN, b"\xff" if value else b"\x00")


def octets(value: bytes) -> bytes:
    """Write an OCTET STRING."""
    return element(OCTET_STRING, value)


def oid(dotted: str) -> bytes:
    """Write an OBJECT IDENTIFIER from its dotted form."""
    first, second, *rest = map(int, dotted.split("."))
    return element(OBJECT_IDENTIFIER, *map(_base128, [first * _ARC + second, *rest]))


def time(instant: datetime) -> bytes:
    """Write an aware instant as GeneralizedTime."""
    at = instant.astimezone(UTC)
    fraction = f".{at.microsecond:06}".rstrip("0") if at.microsecond else ""
    return element(GENERALIZED_TIME, f"{at:%Y%m%d%H%M%S}{fraction}Z".encode())


def _base128(arc: int) -> bytes:
    groups = [arc & _SEVEN_BITS]
    while arc := arc >> 7:
        groups.append(arc & _SEVEN_BITS | _MORE)
    return bytes(reversed(groups))
