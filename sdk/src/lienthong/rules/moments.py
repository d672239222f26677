"""Instants and days in Vietnam, and what the time rules find."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from attrs import frozen

from lienthong.errors import InvalidValue
from lienthong.model.time import FIRST_YEAR, LAST_YEAR, check_aware

_ZONE: Final = timezone(timedelta(hours=7))
"""Calendars begin after the last change of Vietnam's offset, and a fixed one is quick."""

FIRST: Final = datetime(1970, 1, 1, tzinfo=_ZONE).astimezone(UTC)
"""The midnight from which time is counted here."""

_FIRST_DAY: Final = date(1970, 1, 1).toordinal()
_LEAST: Final = datetime(FIRST_YEAR + 1, 1, 1, tzinfo=UTC) - FIRST
_MOST: Final = datetime(LAST_YEAR, 1, 1, tzinfo=UTC) - FIRST
_DAY: Final = timedelta(days=1)


@frozen(kw_only=True)
class Moment:
    """When something legally happened."""

    at: datetime
    """UTC."""

    rule: str
    """Number of the rule, ``T2``."""

    clause: str
    calendar_version: str = ""
    provisional: bool = False
    """A day that it depends on is not certain yet; it is to be computed again."""


@frozen(kw_only=True)
class Deadline(Moment):
    """By when something must be done: *at* is the last instant that is in time."""

    day: date
    """The day in Vietnam on which it ends."""


def elapsed(instant: datetime) -> timedelta:
    """Time since ``FIRST``: whole days of Vietnam, and the time of the day.

    Raises:
        NaiveTime: the instant has no time zone.
        InvalidValue: it is no instant, or out of range.
    """
    try:
        passed = instant - FIRST
    except TypeError:
        check_aware(instant, field="instant")
        raise
    if not _LEAST < passed < _MOST:
        expected = f"an instant after {FIRST_YEAR} and before {LAST_YEAR}"
        raise InvalidValue(field="instant", found=instant.isoformat(), expected=expected)
    return passed


def day_of(passed: timedelta) -> date:
    """The day in Vietnam, so long after ``FIRST``."""
    return date.fromordinal(_FIRST_DAY + passed.days)


def instant_of(day: date, second: int) -> datetime:
    """A second of a day in Vietnam; UTC."""
    return FIRST + timedelta(day.toordinal() - _FIRST_DAY, second)


def end_of(day: date) -> datetime:
    """24:00 of a day in Vietnam; UTC.

    Raises:
        InvalidValue: the day is out of range.
    """
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        expected = f"a day of {FIRST_YEAR} to {LAST_YEAR}"
        raise InvalidValue(field="day", found=day.isoformat(), expected=expected)
    return instant_of(day + _DAY, 0)
