"""Checks of the interconnection of data: which are due, and which were missed (QĐ 52/2019 Đ12.6).

Every instant of a day belongs to one check time: to the nearest one, as halfway between two of them
the next one begins. What is checked then counts for that time and for no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from attrs import frozen

from lienthong.errors import OutsideCalendar
from lienthong.model.time import VIETNAM
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.sections.reports import CheckDays, Reports


@frozen(kw_only=True)
class DueCheck:
    """A check that is due; instants are aware."""

    at: datetime
    """The check time."""

    start: datetime
    end: datetime
    """From when, and until before when, a check counts for it."""

    def is_made_by(self, checked_at: datetime) -> bool:
        """Whether a check at that instant counts for it."""
        return self.start <= checked_at < self.end


def checks_due_on(
    day: date, settings: Reports, calendar: WorkCalendar | None
) -> tuple[DueCheck, ...]:
    """The checks that are due on a day in Vietnam, in order.

    Args:
        day: which day.
        settings: check times, and whether they hold on days off, too.
        calendar: tells the working days; where it is None or does not know the day, no check is due
            unless every day has one.
    """
    if settings.check_days is CheckDays.WORKING_DAYS and not _is_working(day, calendar):
        return ()
    times = [_at(day, moment) for moment in sorted(settings.check_times)]
    midnight = time()
    bounds = [
        _at(day, midnight),
        *(before + (after - before) / 2 for before, after in pairwise(times)),
        _at(day + timedelta(days=1), midnight),
    ]
    windows = zip(times, pairwise(bounds), strict=False)
    return tuple(DueCheck(at=at, start=start, end=end) for at, (start, end) in windows)


def missed(
    due: Iterable[DueCheck], made: Sequence[datetime], until: datetime
) -> Iterator[DueCheck]:
    """The checks whose time is over at *until* and that nobody made.

    Args:
        due: what was due.
        made: when checks were made, in any order.
        until: as of when.
    """
    for one in due:
        if one.end <= until and not any(map(one.is_made_by, made)):
            yield one


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, VIETNAM)


def _is_working(day: date, calendar: WorkCalendar | None) -> bool:
    try:
        return calendar is not None and calendar.is_working(day)
    except OutsideCalendar:
        return False
