from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from attrs import evolve

from lienthong.errors import (
    CalendarContradiction,
    InvalidValue,
    MissingField,
    OutsideCalendar,
)
from lienthong.rules.calendar import DayException, OfficeHours, Session, WorkCalendar
from lienthong.rules.deadlines import forward_by, received_at
from lienthong.rules.worktime import Span
from sdk.tests.rules.conftest import AFTERNOON, MORNING, USUAL, make_calendar


def made(**changes: Any) -> WorkCalendar:
    values: dict[str, Any] = {"version": "v1", "first_year": 2026, "last_year": 2026}
    return WorkCalendar(**values | {"hours": [USUAL]} | changes)


def off(day: str, *, is_working: bool = False) -> DayException:
    return DayException(day=date.fromisoformat(day), is_working=is_working, name="n", basis="basis")


def test_weekends_are_off_and_exceptions_decide(calendar: WorkCalendar) -> None:
    working = {
        "2026-11-13": True,
        "2026-11-14": False,
        "2026-08-22": True,
        "2026-08-31": False,
        "2026-01-10": True,
    }
    assert {day: calendar.is_working(date.fromisoformat(day)) for day in working} == working
    assert calendar.next_working_day(date(2026, 2, 13)) == date(2026, 2, 23)


def test_a_swapped_day_has_whole_hours_beside_a_service() -> None:
    service = OfficeHours(sessions=[MORNING], weekdays=[5])
    calendar = made(hours=[USUAL, service], exceptions=[off("2026-08-22", is_working=True)])
    assert calendar.sessions(date(2026, 8, 22)) == USUAL.spans
    assert calendar.sessions(date(2026, 8, 29)) == service.spans


def test_a_swapped_day_has_the_hours_of_the_days_it_stands_for(calendar: WorkCalendar) -> None:
    assert calendar.sessions(date(2026, 8, 22)) == calendar.sessions(date(2026, 8, 24))
    assert calendar.sessions(date(2026, 8, 31)) == ()


FRIDAY = OfficeHours(sessions=[MORNING], weekdays=[4])
OTHERS = OfficeHours(sessions=[MORNING, AFTERNOON], weekdays=[0, 1, 2, 3])
SWAP = evolve(off("2026-01-10", is_working=True), stands_for=date(2026, 1, 2))


def hours_of_a_swap(swap: DayException) -> tuple[Span, ...]:
    """Of 10/01/2026, a Saturday, where Fridays end at noon."""
    days = [swap, off("2026-01-02"), off("2026-01-05")]
    return made(hours=[FRIDAY, OTHERS], exceptions=days).sessions(date(2026, 1, 10))


def test_a_swapped_day_ends_when_the_day_it_stands_for_would() -> None:
    assert hours_of_a_swap(SWAP) == FRIDAY.spans
    assert hours_of_a_swap(evolve(SWAP, stands_for=date(2026, 1, 5))) == OTHERS.spans
    assert hours_of_a_swap(evolve(SWAP, stands_for=None)) == OTHERS.spans


def test_a_swapped_day_with_the_hours_of_another_is_noticed() -> None:
    assert hours_of_a_swap(evolve(SWAP, stands_for=None)) != FRIDAY.spans


def test_a_swapped_day_has_the_hours_of_its_own_season() -> None:
    """A day off in summer, made up for when the office already keeps winter hours."""
    summer = OfficeHours(sessions=[MORNING], season_from=(4, 16), season_to=(10, 15))
    winter = OfficeHours(sessions=[AFTERNOON], season_from=(10, 16), season_to=(4, 15))
    swap = evolve(off("2026-10-17", is_working=True), stands_for=date(2026, 10, 15))
    calendar = made(hours=[summer, winter], exceptions=[swap, off("2026-10-15")])
    assert calendar.sessions(date(2026, 10, 17)) == winter.spans


NEXT_SWAP = evolve(SWAP, day=date(2026, 1, 17))


@pytest.mark.parametrize(
    ("exceptions", "day", "reason"),
    [
        ([SWAP], "2026-01-10", "2026-01-02, which is no day off"),
        ([SWAP, off("2026-01-02", is_working=True)], "2026-01-10", "no day off"),
        ([evolve(SWAP, stands_for=date(2062, 1, 2))], "2026-01-10", "more than a year away"),
        ([evolve(SWAP, stands_for=date(1926, 1, 1))], "2026-01-10", "more than a year away"),
        ([off("2026-01-02"), SWAP, NEXT_SWAP], "2026-01-17", "2026-01-02, as 2026-01-10 does"),
    ],
)
def test_a_swapped_day_makes_up_for_one_day_off_alone(
    exceptions: list[DayException], day: str, reason: str
) -> None:
    with pytest.raises(CalendarContradiction, match=reason) as caught:
        made(exceptions=exceptions)
    assert caught.value.facts["day"] == day


def test_a_day_off_may_be_worked_all_the_same_or_lie_in_another_year() -> None:
    """By an organisation's own table; or in a year that the calendar does not have."""
    own = evolve(off("2026-01-02", is_working=True), replaces="n (basis)")
    assert made(exceptions=[SWAP, own]).is_working(date(2026, 1, 10))
    other_year = evolve(SWAP, stands_for=date(2025, 12, 31))
    assert made(exceptions=[other_year]).is_working(date(2026, 1, 10))


def test_a_desk_round_the_clock_has_no_hole() -> None:
    """24:00 is the midnight that ends the day (QĐ 28/2018 Đ6.2)."""
    always = OfficeHours(sessions=[Session(time(0), time(0))], weekdays=range(7))
    calendar = made(hours=[always])
    for text in ("2026-01-03T23:59:59.999999+07:00", "2026-01-04T00:00:00+07:00"):
        at = datetime.fromisoformat(text)
        assert received_at(at, calendar).at == at
    evening = Session(time(13), time(0))
    assert (str(evening), evening.span) == ("13:00-24:00", Span(13 * 3600, 24 * 3600))
    late = made(hours=[OfficeHours(sessions=[evening])])
    due = forward_by(datetime.fromisoformat("2026-01-05T23:30:00+07:00"), late)
    assert (due.at.isoformat(), due.day) == ("2026-01-06T17:00:00+00:00", date(2026, 1, 6))
    assert late.worked(datetime.fromisoformat("2026-01-05T23:00:00+07:00"), due.at) == (
        timedelta(hours=12)
    )


@pytest.mark.parametrize(
    ("is_working", "stands_for"), [(False, date(2026, 1, 2)), (True, date(2026, 1, 3))]
)
def test_only_a_working_day_stands_for_another(is_working: bool, stands_for: date) -> None:
    with pytest.raises(InvalidValue, match=r"DayException\.stands_for"):
        evolve(off("2026-01-10", is_working=is_working), stands_for=stands_for)


def test_seasons_ranges_and_saturday_service() -> None:
    summer = OfficeHours(
        sessions=[Session(time(7), time(11)), AFTERNOON], season_from=(4, 16), season_to=(10, 15)
    )
    winter = OfficeHours(sessions=[MORNING, AFTERNOON], season_from=(10, 16), season_to=(4, 15))
    service = OfficeHours(sessions=[MORNING], weekdays=[5], valid_from=date(2026, 7, 1))
    calendar = made(hours=[summer, winter, service])
    assert calendar.sessions(date(2026, 7, 6))[0] == Span(7 * 3600, 11 * 3600)
    assert calendar.sessions(date(2026, 12, 28))[0].start == 7 * 3600 + 1800
    assert calendar.sessions(date(2026, 1, 5))[0].start == 7 * 3600 + 1800
    assert not calendar.is_working(date(2026, 6, 27))
    assert calendar.sessions(date(2026, 7, 4)) == (Span(27_000, 41_400),)
    assert not calendar.is_working(date(2026, 7, 4))
    assert calendar.next_working_day(date(2026, 7, 3)) == date(2026, 7, 6)
    until = made(
        hours=[
            OfficeHours(sessions=[MORNING], valid_to=date(2026, 7, 1)),
            OfficeHours(sessions=[AFTERNOON], valid_from=date(2026, 7, 1)),
        ]
    )
    assert until.sessions(date(2026, 6, 30)) == (MORNING.span,)
    assert until.sessions(date(2026, 7, 1)) == (AFTERNOON.span,)


@pytest.mark.parametrize(
    ("changes", "day", "reason"),
    [
        ({"exceptions": [off("2026-05-01"), off("2026-05-01")]}, "2026-05-01", "two exceptions"),
        ({"hours": [USUAL, USUAL]}, "2026-01-01", "two kinds"),
        (
            {"hours": [OfficeHours(sessions=[MORNING], valid_from=date(2026, 1, 6))]},
            "2026-01-01",
            "without office hours",
        ),
        (
            {
                "hours": [OfficeHours(sessions=[MORNING], weekdays=(1, 2, 3, 4))],
                "exceptions": [off("2026-01-05")],
            },
            "2026-01-12",
            "without office hours",
        ),
    ],
)
def test_contradictions_are_named(changes: dict[str, Any], day: str, reason: str) -> None:
    with pytest.raises(CalendarContradiction, match=reason) as caught:
        made(**changes)
    assert caught.value.facts["day"] == day


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        (Session, {"start": time(8), "end": time(8)}, "end"),
        (Session, {"start": time(8, tzinfo=UTC), "end": time(9)}, "start"),
        (Session, {"start": "08:00", "end": time(9)}, "start"),
        (Session, {"start": time(7, 30), "end": time(7, 30, 0, 5)}, "end"),
        (Session, {"start": time(7, 30, 1), "end": time(11)}, "start"),
        (OfficeHours, {"sessions": [MORNING, Session(time(11), time(12))]}, "sessions"),
        (OfficeHours, {"sessions": [MORNING], "weekdays": [7]}, "weekdays"),
        (OfficeHours, {"sessions": [MORNING], "weekdays": []}, "weekdays"),
        (OfficeHours, {"sessions": [MORNING], "season_from": (4, 16)}, "season_to"),
        *(
            (OfficeHours, {"sessions": [MORNING], "season_from": wrong, "season_to": (5, 1)}, name)
            for name, wrong in (
                ("season_from", (13, 1)),
                ("season_from", (2, 30)),
                ("season_from", (4,)),
                ("season_from", ("a", "b")),
                ("season_from", "ab"),
                ("season_from", [4, 16]),
            )
        ),
        (
            OfficeHours,
            {"sessions": [MORNING], "season_from": (4, 16), "season_to": (13, 45)},
            "season_to",
        ),
        (
            OfficeHours,
            {
                "sessions": [MORNING],
                "valid_from": date(2026, 5, 1),
                "valid_to": date(2026, 1, 1),
            },
            "valid_to",
        ),
        (WorkCalendar, {"version": "v", "first_year": 1975, "last_year": 2026}, "first_year"),
        (
            DayException,
            {"day": "2026-01-01", "is_working": False, "name": "n", "basis": "b"},
            "day",
        ),
        (WorkCalendar, {"version": "v", "first_year": 2026, "last_year": 2025}, "last_year"),
    ],
)
def test_values_that_make_no_sense_are_refused(
    kind: type, values: dict[str, Any], field: str
) -> None:
    if kind is WorkCalendar:
        values |= {"hours": [USUAL]}
    with pytest.raises(InvalidValue, match=rf"{kind.__name__}\.{field}"):
        kind(**values)


def test_what_is_required_is_missed() -> None:
    with pytest.raises(MissingField, match="sessions"):
        OfficeHours(sessions=[])
    with pytest.raises(MissingField, match="basis"):
        DayException(day=date(2026, 1, 1), is_working=False, name="n", basis="")


def test_days_outside_are_refused(calendar: WorkCalendar) -> None:
    for day in (date(2024, 12, 31), date(2028, 1, 1)):
        for ask in (calendar.is_working, calendar.sessions, calendar.next_working_day):
            with pytest.raises(OutsideCalendar, match="h53-2026"):
                ask(day)
    with pytest.raises(OutsideCalendar):
        calendar.next_working_day(date(2027, 12, 31))
    with pytest.raises(OutsideCalendar):
        made(exceptions=[off("2027-01-01")])


def test_what_is_not_certain_says_so(calendar: WorkCalendar) -> None:
    day = date(2026, 11, 24)
    assert calendar.is_provisional(day, day)
    assert calendar.is_provisional(date(2026, 11, 1), date(2026, 11, 30))
    assert not calendar.is_provisional(date(2026, 11, 25), date(2026, 12, 31))
    assert calendar.is_provisional(date(2026, 12, 31), date(2027, 1, 2))
    assert not calendar.is_provisional(date(2025, 1, 1), date(2026, 11, 23))
    assert not make_calendar(culture_day=True).is_provisional(day, day)
