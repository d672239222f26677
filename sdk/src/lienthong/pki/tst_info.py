"""The content of a time-stamp token (RFC 3161 2.4.2), read strictly."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from lienthong.pki import der

TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"

UNSAID_ACCURACY: Final = timedelta(seconds=1)
"""Of an authority that says none: EN 319 421 asks every one for a second or better."""

MAX_ACCURACY: Final = timedelta(minutes=1)
"""Beyond it a time bounds nothing that a deadline asks for."""

MAX_NUMBER_BITS: Final = 160
_MAX_FRACTION: Final = 999


@frozen(kw_only=True)
class TSTInfo:
    """What a token says, before anything of it is proven."""

    policy: str
    algorithm: bytes
    """AlgorithmIdentifier of the digest that was stamped, DER."""

    imprint: bytes = field(repr=bytes.hex)
    serial: int
    gen_time: datetime
    accuracy: timedelta
    nonce: int | None
    authority: bytes | None
    """The authority's GeneralName, DER."""


def read_tst_info(data: bytes, *, what: str) -> TSTInfo:
    """Read a TSTInfo.

    Args:
        data: its DER form.
        what: names the token in an error.

    Raises:
        Malformed: its form is another one or not DER, a number is negative or absurd, or an
            extension is critical: none is known.
    """
    outer = der.Reader(data, what=what)
    body = outer.enter(der.SEQUENCE)
    outer.end()
    if body.integer() != 1:
        body.refuse("a TSTInfo of another version than 1")
    policy = body.oid()
    imprint = body.enter(der.SEQUENCE)
    algorithm, digest = imprint.read(der.SEQUENCE).encoded, imprint.octets()
    imprint.end()
    found = TSTInfo(
        policy=policy,
        algorithm=algorithm,
        imprint=digest,
        serial=_number(body),
        gen_time=body.time(),
        accuracy=_accuracy(body),
        nonce=_after_ordering(body),
        authority=_authority(body),
    )
    _check_extensions(body)
    body.end()
    return found


def _number(reader: der.Reader) -> int:
    value = reader.integer()
    if value < 0 or value.bit_length() > MAX_NUMBER_BITS:
        reader.refuse("a number that is negative or has more than 20 bytes")
    return value


def _accuracy(reader: der.Reader) -> timedelta:
    if reader.tag != der.SEQUENCE:
        return UNSAID_ACCURACY
    parts = reader.enter(der.SEQUENCE)
    seconds = parts.integer() if parts.tag == der.INTEGER else 0
    milliseconds = _fraction(parts, 0)
    microseconds = _fraction(parts, 1)
    parts.end()
    if not 0 <= seconds <= MAX_ACCURACY.total_seconds():
        reader.refuse("an accuracy that is negative or above a minute")
    found = timedelta(seconds=seconds, milliseconds=milliseconds, microseconds=microseconds)
    if not found or found > MAX_ACCURACY:
        reader.refuse("an accuracy of nothing, or above a minute")
    return found


def _fraction(parts: der.Reader, number: int) -> int:
    tag = der.context(number, constructed=False)
    if parts.tag != tag:
        return 0
    value = parts.integer(tag)
    if not 1 <= value <= _MAX_FRACTION:
        parts.refuse("a fraction of a second outside 1 to 999")
    return value


def _after_ordering(reader: der.Reader) -> int | None:
    """The nonce. That an authority orders its tokens is of no use here; DER leaves FALSE out."""
    if reader.tag == der.BOOLEAN and not reader.boolean():
        reader.refuse("a default value that is written down")
    return _number(reader) if reader.tag == der.INTEGER else None


def _authority(reader: der.Reader) -> bytes | None:
    if reader.tag != der.context(0):
        return None
    name = reader.enter(der.context(0))
    found = name.read_any().encoded
    name.end()
    return found


def _check_extensions(reader: der.Reader) -> None:
    if reader.tag != der.context(1):
        return
    extensions = reader.enter(der.context(1))
    seen: set[str] = set()
    while extensions.tag is not None:
        one = extensions.enter(der.SEQUENCE)
        name = one.oid()
        if one.tag == der.BOOLEAN:
            one.boolean()
            one.refuse(f"the critical extension {name}, which is not understood")
        one.octets()
        one.end()
        if name in seen:
            reader.refuse(f"the extension {name} twice")
        seen.add(name)
    if not seen:
        reader.refuse("an empty list of extensions")
