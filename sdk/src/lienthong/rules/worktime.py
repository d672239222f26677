"""The days of a calendar laid out one after another, so that time rules only look them up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Final, NamedTuple

from attrs import frozen

from lienthong.errors import OutsideCalendar
from lienthong.rules.moments import FIRST_DAY, check_day, day_of, instant_of

_DAY: Final = timedelta(days=1)


class Span(NamedTuple):
    """A session as seconds of its day: from *start* up to, not including, *end*."""

    start: int
    end: int


class Stretch(NamedTuple):
    """A span as time since midnight."""

    start: timedelta
    end: timedelta


class PlainDay(NamedTuple):
    """What a calendar says of a day by itself."""

    day: date
    spans: tuple[Span, ...]
    """Its sessions in order, those of a service included; a working day has at least one."""

    is_working: bool
    is_uncertain: bool


@frozen(kw_only=True, eq=False)
class WorkDay:
    """A day with all that time rules ask about it.

    Days are numbered from the first one of their calendar.
    """

    number: int
    day: date
    midnight: datetime
    """When it begins, in UTC."""

    is_working: bool
    spans: tuple[Span, ...]
    sessions: tuple[Stretch, ...]
    """The spans, quicker to add to instants."""

    next_working: int
    """Number of the first working day after it; past the end where there is none."""

    next_open: int
    """The same of the first day with sessions, be they a service."""

    next_uncertain: int
    """The same of the first uncertain day, itself included."""

    worked_before: timedelta
    """Office time of all days before it."""

    @property
    def morning_end(self) -> datetime:
        """When the first session of a day that has some is over; UTC."""
        return self.midnight + self.sessions[0].end

    @property
    def evening(self) -> datetime:
        """When the last session of a day that has some is over; UTC."""
        return self.midnight + self.sessions[-1].end

    def worked_until(self, instant: datetime) -> timedelta:
        """Office time from the first day of the calendar up to an instant of this one, in UTC."""
        passed = instant - self.midnight
        spent = (min(end, passed) - start for start, end in self.sessions if start < passed)
        return sum(spent, self.worked_before)


@frozen(kw_only=True, eq=False)
class WorkTime:
    """A calendar's days; made by ``laid_out``."""

    calendar: str
    """Version of the calendar."""

    first_day: int
    """Days from ``FIRST`` to the first one."""

    days: tuple[WorkDay, ...]

    def on(self, day: date) -> WorkDay:
        """What is laid out for a day.

        Raises:
            InvalidValue: it is no plain day, such as an instant.
            OutsideCalendar: it lies outside the calendar.
        """
        check_day(day)
        return self.at(timedelta(day.toordinal() - FIRST_DAY))

    def at(self, passed: timedelta) -> WorkDay:
        """The same for the day of an instant, so long after ``FIRST``. Raises as ``on``."""
        number = passed.days - self.first_day
        if 0 <= number < len(self.days):
            return self.days[number]
        raise self._outside(day_of(passed))

    def next_working(self, day: WorkDay) -> WorkDay:
        """The first working day after one. Raises OutsideCalendar."""
        return self._numbered(day.next_working)

    def next_open(self, day: WorkDay) -> WorkDay:
        """The first day with sessions after one, be they a service. Raises OutsideCalendar."""
        return self._numbered(day.next_open)

    def _numbered(self, number: int) -> WorkDay:
        if number == len(self.days):
            raise self._outside(self.days[-1].day + _DAY)
        return self.days[number]

    def _outside(self, day: date) -> OutsideCalendar:
        return outside(day, self.calendar, self.days[0].day.year, self.days[-1].day.year)


def outside(day: date, calendar: str, first_year: int, last_year: int) -> OutsideCalendar:
    """The refusal of a day that a calendar does not cover."""
    covers = f"{first_year}-{last_year}"
    return OutsideCalendar(day=day.isoformat(), calendar=calendar, covers=covers)


def laid_out(calendar: str, days: Sequence[PlainDay]) -> WorkTime:
    """The days of a calendar, each following the one before it."""
    stretches = {spans: tuple(map(_stretch, spans)) for spans in {day.spans for day in days}}
    lengths = {
        spans: sum((end - start for start, end in sessions), timedelta())
        for spans, sessions in stretches.items()
    }
    working = _following([day.is_working for day in days])
    opened = _following([bool(day.spans) for day in days])
    uncertain = _following([day.is_uncertain for day in days])
    worked = accumulate((lengths[day.spans] for day in days), initial=timedelta())
    made = (
        WorkDay(
            number=number,
            day=day.day,
            midnight=instant_of(day.day, 0),
            is_working=day.is_working,
            spans=day.spans,
            sessions=stretches[day.spans],
            next_working=working[number],
            next_open=opened[number],
            next_uncertain=number if day.is_uncertain else uncertain[number],
            worked_before=before,
        )
        for (number, day), before in zip(enumerate(days), worked, strict=False)
    )
    first_day = days[0].day.toordinal() - FIRST_DAY
    return WorkTime(calendar=calendar, first_day=first_day, days=tuple(made))


def _stretch(span: Span) -> Stretch:
    return Stretch(timedelta(0, span.start), timedelta(0, span.end))


def _following(marks: Sequence[bool]) -> tuple[int, ...]:
    """For each day the number of the first marked one after it; past the end if none is."""
    found, after = [0] * len(marks), len(marks)
    for number in reversed(range(len(marks))):
        found[number] = after
        after = number if marks[number] else after
    return tuple(found)
