from __future__ import annotations

from datetime import UTC, date, time
from typing import Any

import pytest

from lienthong.errors import (
    CalendarContradiction,
    InvalidValue,
    MissingField,
    OutsideCalendar,
)
from lienthong.rules.calendar import DayException, OfficeHours, Session, Span, WorkCalendar
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
        (OfficeHours, {"sessions": [MORNING, Session(time(11), time(12))]}, "sessions"),
        (OfficeHours, {"sessions": [MORNING], "weekdays": [7]}, "weekdays"),
        (OfficeHours, {"sessions": [MORNING], "weekdays": []}, "weekdays"),
        (OfficeHours, {"sessions": [MORNING], "season_from": (4, 16)}, "season_to"),
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
