"""Packets of NTP version 4 (RFC 5905 7.3), as a client needs them; no extensions, no keys.

The client's own time is not sent: its transmit timestamp is a random cookie, which the answer has
to repeat. Whoever does not see the question cannot answer it, and nobody learns the client's clock.
"""

from __future__ import annotations

import struct
from typing import Final

from attrs import frozen

from lienthong.model.checks import shown

SIZE: Final = 48
COOKIE_BYTES: Final = 8
MAX_DISTANCE: Final = 1.5
"""Seconds; a server whose own uncertainty is larger is of no use (RFC 5905 11.2.3)."""

_QUESTION: Final = 0b00_100_011  # no warning, version 4, client
_VERSION: Final = 4
_SERVER: Final = 4
_UNSYNCHRONISED: Final = 3
_MAX_STRATUM: Final = 15
_FORM: Final = struct.Struct(">BBbbII4sQ8sQQ")
_SHORT: Final = 2.0**16
_LONG: Final = 2.0**32
_ERA: Final = 1 << 64
_HALF: Final = 1 << 63
_1970: Final = 2_208_988_800
"""Seconds from 1900, where NTP begins to count."""


class Rejected(Exception):
    """An answer that says nothing about the time; the text says why. Stays within this plugin."""


class NotOurs(Rejected):
    """The packet answers another question, or none: anybody can have sent it."""


class SentAway(Rejected):
    """The server wants to be asked no more (kiss of death, RFC 5905 7.4)."""


@frozen(kw_only=True)
class Answer:
    """What a server says about the time, checked for form and sense."""

    received: float
    """Seconds since 1970 by the server's clock, when the question came."""

    sent: float
    """Seconds since 1970 by the server's clock, when the answer went."""

    distance: float
    """Seconds by which the server itself may be wrong: half its way to the source, and drift."""


def question(cookie: bytes) -> bytes:
    """The packet that asks for the time; *cookie* is random, 8 bytes."""
    return bytes((_QUESTION,)) + bytes(SIZE - 1 - COOKIE_BYTES) + cookie


def read_answer(packet: bytes, cookie: bytes) -> Answer:
    """Read the answer to the question with *cookie*.

    Raises:
        NotOurs: the cookie is another one, or there is no place for it.
        SentAway: the server sends the client away.
        Rejected: its form is wrong, or the server does not know the time itself.
    """
    if len(packet) != SIZE:
        raise NotOurs(f"{len(packet)} bytes instead of {SIZE}")
    (first, stratum, _, precision, delay, dispersion, name, _, origin, received, sent) = (
        _FORM.unpack(packet)
    )
    if origin != cookie:
        raise NotOurs("the answer belongs to another question")
    leap, version, mode = first >> 6, first >> 3 & 7, first & 7
    if (version, mode) != (_VERSION, _SERVER):
        raise Rejected(f"version {version}, mode {mode}")
    if stratum == 0:
        raise SentAway(f"sent away ({shown(name.rstrip(bytes(1)).decode('latin-1'))})")
    if leap == _UNSYNCHRONISED or stratum > _MAX_STRATUM:
        raise Rejected("the server does not know the time")
    if not received or not sent or (sent - received) % _ERA >= _HALF:
        raise Rejected("it was sent before the question came")
    distance = delay / _SHORT / 2 + dispersion / _SHORT + 2.0**precision
    if distance > MAX_DISTANCE:
        raise Rejected(f"the server itself may be {distance:.1f} s wrong")
    return Answer(received=_unix(received), sent=_unix(sent), distance=distance)


def _unix(timestamp: int) -> float:
    """Seconds since 1970; small numbers are of the era that begins in February 2036."""
    return (timestamp if timestamp >= _HALF else timestamp + _ERA) / _LONG - _1970
