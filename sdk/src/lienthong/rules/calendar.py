"""Working days and office hours of an organisation (regulations §8).

A calendar is a value: what applied on a day is read from it, never from a clock. Days and hours are
Vietnamese local time; Vietnam has no summer time.
"""

from __future__ import annotations

import enum
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

from attrs import Attribute, field, frozen

from lienthong.errors import CalendarContradiction
from lienthong.model.checks import a, as_tuple, many, maybe, refuse, shown, text, whole
from lienthong.model.periods import check_period, covers
from lienthong.rules.moments import FIRST, elapsed
from lienthong.rules.worktime import PlainDay, Span, WorkTime, laid_out, outside

WORKDAYS: Final = (0, 1, 2, 3, 4)
"""Monday to Friday, as ``date.weekday`` counts (QĐ 188/1999/QĐ-TTg)."""

FIRST_YEAR: Final = 1976
"""Of calendars: until June 1975 a part of the country had another time."""

_DAY_SECONDS: Final = 86_400
_YEAR: Final = tuple(
    (month, day) for month in range(1, 13) for day in range(1, monthrange(2024, month)[1] + 1)
)
"""Months and days of a leap year."""

_FARTHEST: Final = timedelta(days=366)
"""How far a swapped day may lie from the day off for which it makes up."""


class DayStatus(enum.Enum):
    """How certain an exception is."""

    OFFICIAL = "OFFICIAL"
    """Published by a competent authority."""

    PROVISIONAL = "PROVISIONAL"
    """Expected or computed; deadlines that touch it say so."""

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return "chính thức" if self is DayStatus.OFFICIAL else "tạm tính"


@frozen
class Session:
    """An uninterrupted stretch of office hours, half open: at its end it is over."""

    start: time = field(validator=a(time))
    end: time = field(validator=a(time))
    """00:00 is the midnight that ends the day, 24:00."""

    @property
    def span(self) -> Span:
        return Span(_seconds(self.start), _seconds(self.end) or _DAY_SECONDS)

    def __attrs_post_init__(self) -> None:
        for name, value in (("start", self.start), ("end", self.end)):
            if value.tzinfo is not None or value.second or value.microsecond:
                expected = "a local time in whole minutes, without a zone"
                raise refuse(self, name, found=value.isoformat(), expected=expected)
        if self.span.start >= self.span.end:
            raise refuse(self, "end", found=self.end, expected=f"a time after {self.start}")

    def __str__(self) -> str:
        """``13:00-17:00``, or until ``24:00``."""
        end = f"{self.end:%H:%M}" if self.end != time(0) else "24:00"
        return f"{self.start:%H:%M}-{end}"


def _day_of_year(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Validator: accept None, or month and day of a day that leap years have."""
    if value is not None and value not in _YEAR:
        expected = "month and day, as (4, 16)"
        raise refuse(instance, attribute.name, found=shown(value), expected=expected)


@frozen(kw_only=True)
class OfficeHours:
    """Sessions of a day, and the days that have them."""

    sessions: tuple[Session, ...] = field(
        converter=as_tuple, validator=many(Session, least=1, most=8)
    )
    weekdays: tuple[int, ...] = field(default=WORKDAYS, converter=as_tuple)
    """As ``date.weekday`` counts: 0 is Monday. Hours on a Saturday are a service: documents are
    received then, but it is no working day."""

    valid_from: date | None = field(default=None, validator=maybe(date))
    valid_to: date | None = field(default=None, validator=maybe(date))
    """First day on which they do not hold any more."""

    season_from: tuple[int, int] | None = field(default=None, validator=_day_of_year)
    """Month and day on which the season begins each year, e.g. ``(4, 16)``; None for all year."""

    season_to: tuple[int, int] | None = field(default=None, validator=_day_of_year)
    """Month and day of its last day; before ``season_from`` for a season over the new year."""

    @weekdays.validator
    def _check_weekdays(self, _attribute: Attribute[Any], value: tuple[int, ...]) -> None:
        if not value or any(type(day) is not int or not 0 <= day <= 6 for day in value):  # noqa: PLR2004 - a week
            raise refuse(self, "weekdays", found=value, expected="numbers from 0 to 6")
        if len(set(value)) < len(value):
            raise refuse(self, "weekdays", found="a day twice", expected="each day once")

    def __attrs_post_init__(self) -> None:
        for before, after in pairwise(sorted(session.span for session in self.sessions)):
            if after.start < before.end:
                told = ", ".join(map(str, self.sessions))
                raise refuse(self, "sessions", found=told, expected="no overlap")
        if (self.season_from is None) != (self.season_to is None):
            raise refuse(self, "season_to", found="one end", expected="both ends or none")
        check_period(self, self.valid_from, self.valid_to)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        return tuple(sorted(session.span for session in self.sessions))

    def hold_on(self, day: date) -> bool:
        """Whether they hold at that time of that year, whatever the day of the week."""
        if not covers(self.valid_from, self.valid_to, day):
            return False
        if self.season_from is None or self.season_to is None:
            return True
        place = (day.month, day.day)
        if self.season_from <= self.season_to:
            return self.season_from <= place <= self.season_to
        return place >= self.season_from or place <= self.season_to


@frozen(kw_only=True)
class DayException:
    """A day that is not what its day of the week says: a holiday, or a swapped working day."""

    day: date = field(validator=a(date))
    is_working: bool = field(validator=a(bool))
    name: str = field(validator=text(200, required=True))
    """What people call it, in Vietnamese: ``Giỗ Tổ Hùng Vương``."""

    basis: str = field(validator=text(300, required=True))
    """The text that orders it, e.g. ``12729/VPCP-KGVX``."""

    status: DayStatus = field(default=DayStatus.OFFICIAL, validator=a(DayStatus))
    replaces: str = field(default="", validator=text(600))
    """Name and basis of the general exception that an organisation's own one stands in for."""

    stands_for: date | None = field(default=None, validator=maybe(date))
    """The day off for which a swapped working day makes up: it has the hours of that day of the
    week, as they are at its own time of the year. A Saturday or Sunday without one has Monday's."""

    def __attrs_post_init__(self) -> None:
        if self.stands_for is None:
            return
        if not self.is_working or self.stands_for.weekday() not in WORKDAYS:
            expected = "a day from Monday to Friday, for a working day"
            raise refuse(self, "stands_for", found=self.stands_for.isoformat(), expected=expected)


@frozen(kw_only=True)
class WorkCalendar:
    """Working days and hours of the years *first_year* to *last_year*.

    Raises:
        CalendarContradiction: two exceptions concern one day, or a working day has no hours, or
            two kinds of hours, or a swapped day makes up for no day off, or not alone.
    """

    version: str = field(validator=text(100, required=True))
    """Names this state of the calendar in deadlines and reports."""

    first_year: int = field(validator=whole(FIRST_YEAR, 9000))
    last_year: int = field(validator=whole(FIRST_YEAR, 9000))
    hours: tuple[OfficeHours, ...] = field(
        converter=as_tuple, validator=many(OfficeHours, least=1, most=100)
    )
    exceptions: tuple[DayException, ...] = field(
        default=(), converter=as_tuple, validator=many(DayException, most=20_000)
    )
    official_until: date | None = field(default=None, validator=maybe(date))
    """Last day for which the plan of days off was published; None when all of it was."""

    worktime: WorkTime = field(init=False, repr=False, eq=False)
    """Its days and sessions laid out, for the time rules."""

    def __attrs_post_init__(self) -> None:
        if self.last_year < self.first_year:
            expected = f"{self.first_year} or later"
            raise refuse(self, "last_year", found=self.last_year, expected=expected)
        exceptions = self._by_day()
        self._check_swaps(exceptions)
        days = [self._plain_day(day, exceptions.get(day)) for day in self._days()]
        object.__setattr__(self, "worktime", laid_out(self.version, days))

    def is_working(self, day: date) -> bool:
        """Whether a day counts as a working day; a Saturday with a service does not.

        Raises:
            OutsideCalendar: the day lies outside the calendar.
        """
        return self.worktime.on(day).is_working

    def sessions(self, day: date) -> tuple[Span, ...]:
        """Office hours of a day, those of a service included. Raises OutsideCalendar."""
        return self.worktime.on(day).spans

    def next_working_day(self, day: date) -> date:
        """The first working day after *day*.

        Raises:
            OutsideCalendar: *day* or that day lies outside the calendar.
        """
        return self.worktime.next_working(self.worktime.on(day)).day

    def is_provisional(self, first: date, last: date) -> bool:
        """Whether a day from *first* to *last*, both included, is not certain yet.

        Raises:
            OutsideCalendar: one of them lies outside the calendar.
        """
        return self.worktime.on(first).next_uncertain <= self.worktime.on(last).number

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """Office time between two instants; none unless *end* is the later one (T9).

        Raises:
            NaiveTime: an instant has no time zone.
            OutsideCalendar: one of them lies outside the calendar.
        """
        return max(timedelta(), self._worked_until(end) - self._worked_until(start))

    def _worked_until(self, instant: datetime) -> timedelta:
        passed = elapsed(instant)
        return self.worktime.at(passed).worked_until(FIRST + passed)

    def _days(self) -> Iterator[date]:
        first, end = date(self.first_year, 1, 1), date(self.last_year + 1, 1, 1)
        return map(date.fromordinal, range(first.toordinal(), end.toordinal()))

    def _by_day(self) -> dict[date, DayException]:
        found: dict[date, DayException] = {}
        for exception in self.exceptions:
            if not self.first_year <= exception.day.year <= self.last_year:
                raise outside(exception.day, self.version, self.first_year, self.last_year)
            if exception.day in found:
                raise self._contradiction(exception.day, "two exceptions concern it")
            found[exception.day] = exception
        return found

    def _check_swaps(self, exceptions: Mapping[date, DayException]) -> None:
        """Refuse a swapped day for no day off, or for one for which another makes up, too."""
        made_up: dict[date, date] = {}
        for day, exception in exceptions.items():
            off = exception.stands_for
            if off is None:
                continue
            if abs(off - day) > _FARTHEST:
                raise self._contradiction(day, f"it stands for {off}, more than a year away")
            if not self._may_be_off(off, exceptions.get(off)):
                raise self._contradiction(day, f"it stands for {off}, which is no day off")
            if off in made_up:
                raise self._contradiction(day, f"it stands for {off}, as {made_up[off]} does")
            made_up[off] = day

    def _may_be_off(self, day: date, exception: DayException | None) -> bool:
        """A day off, be it that an organisation works then all the same; or of another year."""
        if exception is None:
            return not self.first_year <= day.year <= self.last_year
        return not exception.is_working or bool(exception.replaces)

    def _plain_day(self, day: date, exception: DayException | None) -> PlainDay:
        return PlainDay(
            day=day,
            spans=self._spans(day, exception),
            is_working=_is_workday(day, exception),
            is_uncertain=self._is_uncertain(day, exception),
        )

    def _spans(self, day: date, exception: DayException | None) -> tuple[Span, ...]:
        if exception is not None and not exception.is_working:
            return ()
        holding = [hours for hours in self.hours if hours.hold_on(day)]
        weekday = day.weekday()
        if exception is not None and exception.stands_for is not None:
            weekday = exception.stands_for.weekday()
        elif exception is not None and weekday not in WORKDAYS:
            weekday = WORKDAYS[0]
        own = [hours for hours in holding if weekday in hours.weekdays]
        if len(own) > 1:
            raise self._contradiction(day, "two kinds of office hours hold")
        if not own and (exception is not None or day.weekday() in WORKDAYS):
            raise self._contradiction(day, "it is a working day without office hours")
        return own[0].spans if own else ()

    def _is_uncertain(self, day: date, exception: DayException | None) -> bool:
        if exception is not None:
            return exception.status is DayStatus.PROVISIONAL
        return self.official_until is not None and day > self.official_until

    def _contradiction(self, day: date, reason: str) -> CalendarContradiction:
        return CalendarContradiction(calendar=self.version, day=day.isoformat(), reason=reason)


def _is_workday(day: date, exception: DayException | None) -> bool:
    return day.weekday() in WORKDAYS if exception is None else exception.is_working


def _seconds(value: time) -> int:
    return value.hour * 3600 + value.minute * 60
