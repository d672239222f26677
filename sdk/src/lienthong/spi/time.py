"""The contract of time sources: who says what time it is, and how sure that is."""

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
