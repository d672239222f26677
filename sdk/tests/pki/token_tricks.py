"""Ways to write DER as only BER allows it."""

from __future__ import annotations

from lienthong.pki import der


def header(encoded: bytes) -> int:
    """How many bytes stand before the content."""
    return 2 if encoded[1] < 0x80 else 2 + (encoded[1] & 0x7F)


def endless(encoded: bytes) -> bytes:
    """The indefinite length."""
    return encoded[:1] + b"\x80" + encoded[header(encoded) :] + b"\0\0"


def long_winded(encoded: bytes) -> bytes:
    """A length with a byte too many."""
    content = encoded[header(encoded) :]
    return encoded[:1] + b"\x84" + len(content).to_bytes(4) + content


def in_pieces(encoded: bytes) -> bytes:
    """A string made of strings."""
    return der.element(encoded[0] | 0x20, encoded)


def padded(encoded: bytes) -> bytes:
    """A number with a byte too many."""
    sign = b"\xff" if encoded[2] & 0x80 else b"\0"
    return der.element(encoded[0], sign, encoded[header(encoded) :])


def high_tag(encoded: bytes) -> bytes:
    """The tag in the form of tags above 30."""
    return bytes((encoded[0] | 0x1F, encoded[0] & 0x1F)) + encoded[1:]


def followed(encoded: bytes) -> bytes:
    """Bytes behind the end."""
    return encoded + b"\0\0"


def bytes_inside(encoded: bytes) -> bytes:
    """Another element at the end of the content."""
    return der.element(encoded[0], encoded[header(encoded) :], der.element(der.NULL))


def cut(encoded: bytes) -> bytes:
    return encoded[:-1]


def doubled(encoded: bytes) -> bytes:
    return encoded + encoded


def two_members(encoded: bytes) -> bytes:
    """The member of a SET twice."""
    content = encoded[header(encoded) :]
    return der.element(encoded[0], content, content)


def unsorted(members: bytes) -> bytes:
    """Members in an order that no SET has."""
    found = der.Reader(members, what="members").elements()
    return b"".join(sorted((one.encoded for one in found), reverse=True))


def swollen(encoded: bytes) -> bytes:
    """A number, or a name's arc, of more digits than Python writes."""
    return der.element(encoded[0], b"\x2a" + b"\xff" * 3000 + b"\x01")
