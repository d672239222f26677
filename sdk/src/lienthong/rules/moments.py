"""Instants and days in Vietnam, and what the time rules find."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from attrs import frozen

from lienthong.errors import InvalidValue
from lienthong.model.checks import shown
from lienthong.model.time import FIRST_YEAR, LAST_YEAR, VIETNAM, check_aware

_FIRST_THERE: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - in Vietnam, as ``FIRST``
FIRST: Final = _FIRST_THERE.replace(tzinfo=timezone(timedelta(hours=7))).astimezone(UTC)
"""The midnight from which time is counted here, with the offset of today."""

FIRST_DAY: Final = date(1970, 1, 1).toordinal()
"""Its day."""

_LAST_CHANGE: Final = datetime(1976, 1, 1, tzinfo=UTC) - FIRST
"""Vietnam has had +07:00 at all times since then."""

_DAY: Final = timedelta(days=1)
_LEAST: Final = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) - FIRST - _DAY
_MOST: Final = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - FIRST + _DAY
"""Every instant that the model takes; in another zone its year begins or ends that much earlier."""


@frozen(kw_only=True, slots=False)
class Moment:
    """When something legally happened.

    It has no slots, so that the rules can fill it quickly: see ``deadlines``.
    """

    at: datetime
    """UTC."""

    rule: str
    """Number of the rule, ``T2``."""

    clause: str
    calendar_version: str = ""
    provisional: bool = False
    """A day that it depends on is not certain yet; it is to be computed again."""


@frozen(kw_only=True, slots=False)
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
        if instant.tzinfo is VIETNAM:
            # To ask the zone for an offset that is known takes longer than most rules.
            passed = datetime.combine(instant, instant.time()) - _FIRST_THERE
            if _LAST_CHANGE < passed < _MOST:
                return passed
        passed = instant - FIRST
    except (AttributeError, TypeError):
        check_aware(instant, field="instant")
        raise
    if not _LEAST < passed < _MOST:
        expected = f"an instant of {FIRST_YEAR} to {LAST_YEAR}"
        raise InvalidValue(field="instant", found=instant.isoformat(), expected=expected)
    return passed


def day_of(passed: timedelta) -> date:
    """The day in Vietnam, so long after ``FIRST``, by the offset of today.

    Before 1976, of which no calendar is, a part of the country had another one.
    """
    return date.fromordinal(FIRST_DAY + passed.days)


def instant_of(day: date, second: int) -> datetime:
    """A second of a day in Vietnam; UTC."""
    return FIRST + timedelta(day.toordinal() - FIRST_DAY, second)


def later(passed: timedelta, amount: timedelta) -> timedelta:
    """Time since ``FIRST``, so much later.

    Raises:
        InvalidValue: no instant is that late.
    """
    if not amount < _MOST - passed:
        expected = f"a time that ends before {LAST_YEAR + 1}"
        raise InvalidValue(field="amount", found=str(amount), expected=expected)
    return passed + amount


def check_day(day: object) -> None:
    """Refuse anything but a plain day: an instant is one day here and another one elsewhere.

    Raises:
        InvalidValue: it is none.
    """
    if type(day) is not date:
        raise InvalidValue(field="day", found=shown(day), expected="a day, without a time")


def end_of(day: date) -> datetime:
    """24:00 of a day in Vietnam; UTC.

    Raises:
        InvalidValue: it is no day, or out of range.
    """
    check_day(day)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        expected = f"a day of {FIRST_YEAR} to {LAST_YEAR}"
        raise InvalidValue(field="day", found=day.isoformat(), expected=expected)
    return instant_of(day + _DAY, 0)
