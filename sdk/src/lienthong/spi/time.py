"""The contract of time sources: who says what time it is, how sure that is, and who proves it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from math import isfinite
from typing import Any, Final

from attrs import Attribute, field, frozen

from lienthong.model.checks import refuse, text
from lienthong.model.time import as_utc, aware

MAX_SOURCE: Final = 200


def _seconds(instance: object, attribute: Attribute[Any], value: object) -> None:
    if type(value) is not float or not isfinite(value) or value < 0:
        raise refuse(instance, attribute.name, found=value, expected="0 or more seconds")


@frozen(kw_only=True)
class TimeReading:
    """One answer of a time source."""

    instant: datetime = field(converter=as_utc, validator=aware)
    """The best estimate, in UTC."""

    uncertainty: float = field(validator=_seconds)
    """Seconds: the true time lies within ``instant`` plus or minus this."""

    source: str = field(validator=text(MAX_SOURCE, required=True))
    """Which clock, server or authority answered, as an operator would name it."""


class TimeSource(ABC):
    """Something that knows the time.

    May be called from several threads at once.
    """

    @abstractmethod
    def now(self) -> TimeReading:
        """Read the time once, without caching.

        Raises:
            ConnectionFailed: the source cannot be reached.
            DeadlineExceeded: it did not answer in time.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of connections; a second call does nothing."""


class TimeStamper(TimeSource):
    """A time source that also proves the time of a digest: a time-stamp authority (RFC 3161)."""

    @abstractmethod
    def stamp(self, digest: bytes, algorithm: str = "SHA-256") -> bytes:
        """A fresh token over *digest*, DER, that the plugin has verified.

        Args:
            digest: what is stamped; the bytes behind it never leave the program.
            algorithm: made the digest: ``SHA-256``, ``SHA-384`` or ``SHA-512``.

        Raises:
            ConnectionFailed: no authority can be reached.
            DeadlineExceeded: none answered in time.
            TimestampRefused: the authority gives no token.
            TimestampInvalid: what it gave proves nothing; so do the other errors of
                ``lienthong.pki.timestamp.verify_token``.
            AlgorithmUnsupported: the algorithm is another one.
        """
