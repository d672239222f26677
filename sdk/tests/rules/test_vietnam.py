"""The shipped calendar of Vietnam against what was published, day by day."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve

from lienthong.model.time import VIETNAM
from lienthong.plugins.calendars import find_calendar
from lienthong.rules.calendar import DayStatus
from lienthong.rules.calendar_table import CalendarTable, work_calendar
from lienthong.rules.deadlines import forward_by, received_at
from sdk.tests.rules.conftest import DAYS_OFF, SWAPPED, USUAL
from sdk.tests.rules.worked_cases import RECEIVED

ROOT = Path(__file__).parents[3]
TET = {
    2018: ("2018-02-14", "2018-02-20"),
    2019: ("2019-02-04", "2019-02-08"),
    2020: ("2020-01-23", "2020-01-29"),
    2021: ("2021-02-10", "2021-02-16"),
    2022: ("2022-01-31", "2022-02-04"),
    2023: ("2023-01-20", "2023-01-26"),
    2024: ("2024-02-08", "2024-02-14"),
    2025: ("2025-01-27", "2025-01-31"),
    2026: ("2026-02-16", "2026-02-20"),
    2027: ("2027-02-04", "2027-02-10"),
}
"""First and last day of Tết that is no usual working day."""

SWAPS = {
    "2018-12-31": "2019-01-05",
    "2019-04-29": "2019-05-04",
    "2024-04-29": "2024-05-04",
    "2025-05-02": "2025-04-26",
    "2026-01-02": "2026-01-10",
    "2026-08-31": "2026-08-22",
}
HUNG_KINGS = (
    "2018-04-25 2019-04-15 2020-04-02 2021-04-21 2022-04-11 2024-04-18 2025-04-07 2026-04-27"
)


@pytest.fixture(scope="module")
def vietnam() -> CalendarTable:
    return find_calendar("vietnam")


def working_days(table: CalendarTable) -> dict[date, bool]:
    calendar = work_calendar(table, [USUAL])
    first = date(table.first_year, 1, 1)
    count = (date(table.last_year, 12, 31) - first).days + 1
    days = (first + timedelta(days=place) for place in range(count))
    return {day: calendar.is_working(day) for day in days}


def differences(table: CalendarTable, published: Mapping[date, bool]) -> list[date]:
    """Days on which the table disagrees with what was published, or the week where nothing was."""
    found = working_days(table)
    return [
        day for day, working in found.items() if working != published.get(day, day.weekday() < 5)
    ]


@pytest.mark.parametrize("year", TET)
def test_tet_is_off_from_the_first_to_the_last_day(vietnam: CalendarTable, year: int) -> None:
    first, last = map(date.fromisoformat, TET[year])
    calendar = work_calendar(vietnam, [USUAL])
    day = first
    while day <= last:
        assert not calendar.is_working(day), day
        day += timedelta(days=1)
    assert calendar.is_working(first - timedelta(days=3 if first.weekday() == 0 else 1))
    assert calendar.next_working_day(last) - last <= timedelta(days=3)


@pytest.mark.parametrize(("day_off", "working"), SWAPS.items())
def test_swapped_days(vietnam: CalendarTable, day_off: str, working: str) -> None:
    known = {str(item.day): item for item in vietnam.exceptions}
    assert not known[day_off].is_working
    assert known[working].is_working
    assert known[day_off].basis == known[working].basis
    assert date.fromisoformat(working).weekday() == 5


def test_nothing_else_is_swapped(vietnam: CalendarTable) -> None:
    assert [str(item.day) for item in vietnam.exceptions if item.is_working] == list(SWAPS.values())
    stand_for = {
        str(item.stands_for): str(item.day) for item in vietnam.exceptions if item.stands_for
    }
    assert stand_for == SWAPS


@pytest.mark.parametrize("day", HUNG_KINGS.split())
def test_the_day_of_the_hung_kings(vietnam: CalendarTable, day: str) -> None:
    [found] = [item for item in vietnam.exceptions if str(item.day) == day]
    assert "Giỗ Tổ" in found.name
    assert not found.is_working


@pytest.mark.parametrize("year", DAYS_OFF)
def test_weekdays_off_of_recent_years(vietnam: CalendarTable, year: int) -> None:
    expected = {f"{year}-{day}" for day in DAYS_OFF[year].split()}
    expected |= {f"{year}-11-24"} if year > 2025 else set()
    found = {str(item.day) for item in vietnam.of_year(year) if item.day.weekday() < 5}
    assert found == expected
    worked = {str(item.day) for item in vietnam.of_year(year) if item.is_working}
    assert worked == {day for day in SWAPPED if day.startswith(str(year))}


def test_what_was_not_published_is_provisional(vietnam: CalendarTable) -> None:
    expected = {item.day for item in vietnam.exceptions if item.day.year == 2027}
    expected.add(date(2026, 11, 24))
    provisional = {item.day for item in vietnam.exceptions if item.status is DayStatus.PROVISIONAL}
    assert provisional == expected
    calendar = work_calendar(vietnam, [USUAL])
    for day, certain in (("2026-11-24", False), ("2026-11-25", True), ("2027-06-01", False)):
        at = date.fromisoformat(day)
        assert calendar.is_provisional(at, at) is not certain


def test_every_day_has_its_legal_basis(vietnam: CalendarTable) -> None:
    for item in vietnam.exceptions:
        law = "BLLĐ 2012 Đ115" if item.day.year < 2021 else "BLLĐ 2019 Đ11"
        assert law in item.basis or "VPCP-KGVX" in item.basis, item
        assert "Đ112.1" not in item.basis or item.day.year > 2020


def test_agrees_with_the_published_days_of_ten_years(vietnam: CalendarTable) -> None:
    shared = Path(os.environ.get("LIENTHONG_SHARED", ROOT.parent / "shared"))
    file = shared / "data" / "worktime" / "vn_workcal.json"
    if not file.is_file():
        pytest.skip("the shared calendar is not here")
    rows = json.loads(file.read_text("utf-8"))["exceptions"]
    published = {date.fromisoformat(row["date"]): row["working"] for row in rows}
    assert differences(vietnam, published) == []
    assert (vietnam.first_year, vietnam.last_year) == (2018, 2027)
    statuses = {item.day: item.status for item in vietnam.exceptions}
    for row in rows:
        certain = statuses[date.fromisoformat(row["date"])] is DayStatus.OFFICIAL
        assert certain == (row["status"] == "official"), row


@pytest.mark.parametrize("day", ["2026-01-02", "2026-01-10", "2018-02-20", "2027-05-03"])
def test_a_day_left_out_would_be_found(vietnam: CalendarTable, day: str) -> None:
    """The comparison above can fail: it names exactly the day that is wrong."""
    published = {item.day: item.is_working for item in vietnam.exceptions}
    wrong = date.fromisoformat(day)
    less = without(vietnam, wrong)
    assert differences(vietnam, published) == []
    assert differences(less, published) == [wrong]
    [item] = [item for item in vietnam.exceptions if item.day == wrong]
    turned = evolve(item, is_working=not item.is_working, stands_for=None)
    assert differences(evolve(less, exceptions=[*less.exceptions, turned]), published) == [wrong]


def wrong_cases(table: CalendarTable) -> list[int]:
    """Worked cases that do not come out with this calendar."""
    calendar = work_calendar(table, [USUAL])
    wrong = []
    for case, entered, received, forward in RECEIVED:
        found = received_at(local(entered), calendar).at
        if found != local(received) or forward_by(found, calendar).at != local(forward):
            wrong.append(case)
    return wrong


def local(text: str) -> datetime:
    form = "%d/%m/%Y %H:%M:%S" if text.count(":") == 2 else "%d/%m/%Y %H:%M"
    return datetime.strptime(text, form).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("day", "cases"),
    [
        ("2025-05-02", [41]),
        ("2026-01-02", [17]),
        ("2026-02-20", [10, 12]),
        ("2026-04-30", [31]),
        ("2026-08-22", [13]),
        ("2026-08-31", [15]),
    ],
)
def test_the_worked_cases_find_a_day_left_out(
    vietnam: CalendarTable, day: str, cases: list[int]
) -> None:
    assert wrong_cases(vietnam) == []
    assert wrong_cases(without(vietnam, date.fromisoformat(day))) == cases


def without(table: CalendarTable, day: date) -> CalendarTable:
    """A table that does not know a day, nor that another one makes up for it."""
    kept = [
        evolve(item, stands_for=None) if item.stands_for == day else item
        for item in table.exceptions
        if item.day != day
    ]
    return evolve(table, exceptions=kept)
