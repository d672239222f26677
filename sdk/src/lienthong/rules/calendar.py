"""Working days and office hours of an organisation (regulations §8).

A calendar is a value: what applied on a day is read from it, never from a clock. Days and hours are
Vietnamese local time; Vietnam has no summer time.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import date, time, timedelta
from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple

from attrs import Attribute, field, frozen

from lienthong.errors import CalendarContradiction, OutsideCalendar
from lienthong.model.checks import a, as_tuple, many, maybe, refuse, text, whole

WORKDAYS: Final = (0, 1, 2, 3, 4)
"""Monday to Friday, as ``date.weekday`` counts (QĐ 188/1999/QĐ-TTg)."""

_DAY: Final = timedelta(days=1)


class Span(NamedTuple):
    """A session as seconds of its day: from *start* up to, not including, *end*."""

    start: int
    end: int


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

    @property
    def span(self) -> Span:
        return Span(_seconds(self.start), _seconds(self.end))

    def __attrs_post_init__(self) -> None:
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            raise refuse(self, "start", found=self.start, expected="local time without a zone")
        if self.start >= self.end:
            raise refuse(self, "end", found=self.end, expected=f"a time after {self.start}")


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

    season_from: tuple[int, int] | None = None
    """Month and day on which the season begins each year, e.g. ``(4, 16)``; None for all year."""

    season_to: tuple[int, int] | None = None
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
                told = ", ".join(f"{one.start:%H:%M}-{one.end:%H:%M}" for one in self.sessions)
                raise refuse(self, "sessions", found=told, expected="no overlap")
        if (self.season_from is None) != (self.season_to is None):
            raise refuse(self, "season_to", found="one end", expected="both ends or none")

    @property
    def spans(self) -> tuple[Span, ...]:
        return tuple(sorted(session.span for session in self.sessions))

    def hold_on(self, day: date) -> bool:
        """Whether they hold at that time of that year, whatever the day of the week."""
        if self.valid_from is not None and day < self.valid_from:
            return False
        if self.valid_to is not None and day >= self.valid_to:
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


@frozen(kw_only=True)
class WorkCalendar:
    """Working days and hours of the years *first_year* to *last_year*.

    Raises:
        CalendarContradiction: two exceptions concern one day, or a working day has no hours, or
            two kinds of hours.
    """

    version: str = field(validator=text(100, required=True))
    """Names this state of the calendar in deadlines and reports."""

    first_year: int = field(validator=whole(1975, 9000))
    last_year: int = field(validator=whole(1975, 9000))
    hours: tuple[OfficeHours, ...] = field(
        converter=as_tuple, validator=many(OfficeHours, least=1, most=100)
    )
    exceptions: tuple[DayException, ...] = field(
        default=(), converter=as_tuple, validator=many(DayException, most=20_000)
    )
    official_until: date | None = field(default=None, validator=maybe(date))
    """Last day for which the plan of days off was published; None when all of it was."""

    _base: int = field(init=False, repr=False, eq=False)
    """Ordinal of the first day."""

    _spans: tuple[tuple[Span, ...], ...] = field(init=False, repr=False, eq=False)
    """Sessions of every day from the first on; none where nobody works."""

    _working: tuple[bool, ...] = field(init=False, repr=False, eq=False)
    """Whether each day is a working day; one with a service alone is none."""

    _next: tuple[int, ...] = field(init=False, repr=False, eq=False)
    """Position of the first working day after each day; past the end where there is none."""

    _next_open: tuple[int, ...] = field(init=False, repr=False, eq=False)
    """The same of the first day with office hours, be they a service."""

    _uncertain: tuple[int, ...] = field(init=False, repr=False, eq=False)
    """How many provisional days there are up to each day."""

    def __attrs_post_init__(self) -> None:
        if self.last_year < self.first_year:
            expected = f"{self.first_year} or later"
            raise refuse(self, "last_year", found=self.last_year, expected=expected)
        object.__setattr__(self, "_base", date(self.first_year, 1, 1).toordinal())
        exceptions = self._by_day()
        spans = tuple(self._day(day, exceptions.get(day)) for day in self._days())
        working = tuple(_is_workday(day, exceptions.get(day)) for day in self._days())
        uncertain = (self._is_uncertain(day, exceptions.get(day)) for day in self._days())
        object.__setattr__(self, "_spans", spans)
        object.__setattr__(self, "_working", working)
        object.__setattr__(self, "_next", _following(working))
        object.__setattr__(self, "_next_open", _following(tuple(map(bool, spans))))
        object.__setattr__(self, "_uncertain", tuple(accumulate(uncertain)))

    def is_working(self, day: date) -> bool:
        """Whether a day counts as a working day; a Saturday with a service does not.

        Raises:
            OutsideCalendar: the day lies outside the calendar.
        """
        return self._working[self._position(day)]

    def sessions(self, day: date) -> tuple[Span, ...]:
        """Office hours of a day, those of a service included. Raises OutsideCalendar."""
        return self._spans[self._position(day)]

    def next_working_day(self, day: date) -> date:
        """The first working day after *day*.

        Raises:
            OutsideCalendar: *day* or that day lies outside the calendar.
        """
        return self._later(self._next[self._position(day)])

    def next_open_day(self, day: date) -> date:
        """The first day after *day* that has office hours, be they a service.

        Raises:
            OutsideCalendar: *day* or that day lies outside the calendar.
        """
        return self._later(self._next_open[self._position(day)])

    def is_provisional(self, first: date, last: date) -> bool:
        """Whether a day from *first* to *last*, both included, is not certain yet.

        Raises:
            OutsideCalendar: one of them lies outside the calendar.
        """
        before = self._position(first)
        counted = self._uncertain[before - 1] if before else 0
        return self._uncertain[self._position(last)] > counted

    def _later(self, position: int) -> date:
        if position == len(self._spans):
            raise self._outside(date(self.last_year, 12, 31) + _DAY)
        return date.fromordinal(self._base + position)

    def _position(self, day: date) -> int:
        position = day.toordinal() - self._base
        if not 0 <= position < len(self._spans):
            raise self._outside(day)
        return position

    def _outside(self, day: date) -> OutsideCalendar:
        covers = f"{self.first_year}-{self.last_year}"
        return OutsideCalendar(day=day.isoformat(), calendar=self.version, covers=covers)

    def _days(self) -> Iterator[date]:
        last = date(self.last_year, 12, 31).toordinal()
        return map(date.fromordinal, range(self._base, last + 1))

    def _by_day(self) -> dict[date, DayException]:
        found: dict[date, DayException] = {}
        for exception in self.exceptions:
            if not self.first_year <= exception.day.year <= self.last_year:
                raise self._outside(exception.day)
            if exception.day in found:
                raise self._contradiction(exception.day, "two exceptions concern it")
            found[exception.day] = exception
        return found

    def _day(self, day: date, exception: DayException | None) -> tuple[Span, ...]:
        if exception is not None and not exception.is_working:
            return ()
        holding = [hours for hours in self.hours if hours.hold_on(day)]
        # A swapped Saturday has the hours of the days that it stands for.
        is_swapped = exception is not None and day.weekday() not in WORKDAYS
        weekday = WORKDAYS[0] if is_swapped else day.weekday()
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


def _following(marks: tuple[bool, ...]) -> tuple[int, ...]:
    """For each day the position of the first marked one after it."""
    found, after = [0] * len(marks), len(marks)
    for position in range(len(marks) - 1, -1, -1):
        found[position] = after
        after = position if marks[position] else after
    return tuple(found)


def _is_workday(day: date, exception: DayException | None) -> bool:
    return day.weekday() in WORKDAYS if exception is None else exception.is_working


def session_at(spans: tuple[Span, ...], second: int) -> Span | None:
    """The session that a second of the day lies in, or the next one of that day."""
    for span in spans:
        if second < span.end:
            return span
    return None


def _seconds(value: time) -> int:
    return value.hour * 3600 + value.minute * 60 + value.second
