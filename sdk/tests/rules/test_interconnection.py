"""When checks of the interconnection are due, and which of them nobody made (QĐ 52/2019 Đ12.6)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.model.time import VIETNAM
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.interconnection import DueCheck, checks_due_on, missed
from lienthong.rules.sections.reports import CheckDays, Reports

MONDAY = date(2026, 11, 16)
SATURDAY = date(2026, 11, 14)
TWICE = Reports()
MINUTES = st.builds(time, st.integers(0, 23), st.integers(0, 59))


def at(text: str, day: date = MONDAY) -> datetime:
    return datetime.combine(day, time.fromisoformat(text), VIETNAM)


def left(calendar: WorkCalendar, until: str, *made: str, day: date = MONDAY) -> list[str]:
    """Check times of a day that were missed, when checks were made at these times."""
    due = checks_due_on(day, TWICE, calendar)
    found = missed(due, [at(one, day) for one in made], at(until, day))
    return [f"{one.at:%H:%M}" for one in found]


def test_nobody_checks_on_a_day_off(calendar: WorkCalendar) -> None:
    for day in (SATURDAY, date(2026, 8, 31)):
        assert checks_due_on(day, TWICE, calendar) == ()
        every = Reports(check_days=CheckDays.EVERY_DAY)
        assert len(checks_due_on(day, every, calendar)) == 2


def test_a_swapped_saturday_is_a_working_day(calendar: WorkCalendar) -> None:
    assert [one.at for one in checks_due_on(date(2026, 8, 22), TWICE, calendar)] == [
        at("08:00", date(2026, 8, 22)),
        at("14:00", date(2026, 8, 22)),
    ]


@pytest.mark.parametrize("day", [date(1990, 1, 2), date(2099, 1, 2)])
def test_without_a_calendar_of_the_year_no_check_is_missed(
    calendar: WorkCalendar, day: date
) -> None:
    assert checks_due_on(day, TWICE, calendar) == checks_due_on(day, TWICE, None) == ()
    assert checks_due_on(day, Reports(check_days=CheckDays.EVERY_DAY), None)


def test_without_check_times_nothing_is_due(calendar: WorkCalendar) -> None:
    assert checks_due_on(MONDAY, Reports(check_times=()), calendar) == ()


@pytest.mark.parametrize(
    ("until", "made", "expected"),
    [
        ("10:59", (), []),
        ("11:00", (), ["08:00"]),
        ("11:00", ("07:45",), []),
        ("11:00", ("10:59:59",), []),
        ("11:00", ("11:00",), ["08:00"]),
        ("23:59", ("11:00",), ["08:00"]),
        ("23:59", ("13:15",), ["08:00"]),
        ("23:59", (), ["08:00"]),
    ],
)
def test_a_check_is_missed_when_its_time_is_over(
    calendar: WorkCalendar, until: str, made: tuple[str, ...], expected: list[str]
) -> None:
    assert left(calendar, until, *made) == expected


def test_the_last_check_of_a_day_is_missed_at_its_end(calendar: WorkCalendar) -> None:
    due, midnight = checks_due_on(MONDAY, TWICE, calendar), at("00:00", date(2026, 11, 17))
    assert [one.at for one in missed(due, [at("07:45")], midnight)] == [at("14:00")]
    assert list(missed(due, [at("07:45"), at("23:59")], midnight)) == []


def test_two_checks_before_noon_are_no_check_after_it(calendar: WorkCalendar) -> None:
    due, midnight = checks_due_on(MONDAY, TWICE, calendar), at("00:00", date(2026, 11, 17))
    found = missed(due, [at("07:45"), at("08:05"), at("10:00")], midnight)
    assert [one.at for one in found] == [at("14:00")]


def owners_of(due: tuple[DueCheck, ...], instant: datetime) -> int:
    """For how many check times one check counts."""
    return sum(one.is_made_by(instant) for one in due)


@given(
    st.lists(MINUTES, min_size=1, max_size=24, unique=True),
    st.timedeltas(timedelta(), timedelta(days=1) - timedelta(microseconds=1)),
)
def test_a_check_counts_for_exactly_one_check_time(times: list[time], since: timedelta) -> None:
    settings = Reports(check_times=tuple(times), check_days=CheckDays.EVERY_DAY)
    due = checks_due_on(MONDAY, settings, None)
    assert owners_of(due, at("00:00") + since) == 1
    assert all(one.start <= one.at < one.end for one in due)
    for day in (MONDAY - timedelta(days=1), MONDAY + timedelta(days=1)):
        assert owners_of(due, at("00:00", day) + since) == 0


@pytest.mark.planted("a check counts for two check times")
def test_a_check_that_counts_twice_is_found(calendar: WorkCalendar) -> None:
    first, second = checks_due_on(MONDAY, TWICE, calendar)
    overlapping = (first, DueCheck(at=second.at, start=first.start, end=second.end))
    assert owners_of((first, second), at("09:00")) == 1
    assert owners_of(overlapping, at("09:00")) == 2
