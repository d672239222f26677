"""Exports for calendar programs: read back by a second, strict reader of RFC 5545."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.errors import InvalidValue, NaiveTime
from lienthong.plugins.calendars import find_calendar
from lienthong.rules.calendar import DayException, DayStatus
from lienthong.rules.calendar_table import CalendarTable
from lienthong.rules.icalendar import dump_icalendar

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def events(text: str) -> list[dict[str, str]]:
    """The events of a calendar, as another program would read them."""
    assert text.endswith("\r\n")
    lines: list[str] = []
    for raw in text.removesuffix("\r\n").split("\r\n"):
        assert len(raw.encode()) <= 75
        assert "\n" not in raw
        if raw.startswith(" "):
            lines[-1] += raw[1:]
        else:
            lines.append(raw)
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    found: list[dict[str, str]] = []
    for line in lines:
        if line == "BEGIN:VEVENT":
            found.append({})
        elif found and line not in {"END:VEVENT", "END:VCALENDAR"}:
            name, _, value = line.partition(":")
            found[-1][name] = unescaped(value)
    return found


def unescaped(value: str) -> str:
    read, signs = "", iter(value)
    for sign in signs:
        assert sign not in ",;", "must have been escaped"
        read += {"n": "\n"}.get(follower := next(signs), follower) if sign == "\\" else sign
    return read


def table(*exceptions: DayException) -> CalendarTable:
    return CalendarTable(name="h53", first_year=2026, last_year=2027, exceptions=exceptions)


def test_days_are_whole_days_with_their_status() -> None:
    found = {event["UID"]: event for event in events(dump("vietnam", 2026))}
    swapped = found["20260110.vietnam@lienthong"]
    assert swapped["DTSTART;VALUE=DATE"] == "20260110"
    assert swapped["DTEND;VALUE=DATE"] == "20260111"
    assert (swapped["STATUS"], swapped["TRANSP"]) == ("CONFIRMED", "OPAQUE")
    assert "12729/VPCP-KGVX" in swapped["DESCRIPTION"]
    unsure = found["20261124.vietnam@lienthong"]
    assert (unsure["STATUS"], unsure["TRANSP"]) == ("TENTATIVE", "TRANSPARENT")
    assert unsure["DTSTAMP"] == "20261122T080000Z"


def dump(name: str, *years: int, made_at: datetime = NOW) -> str:
    return dump_icalendar(find_calendar(name), years, made_at=made_at)


def test_each_exception_of_the_years_is_there_once() -> None:
    days = [event["DTSTART;VALUE=DATE"] for event in events(dump("vietnam", 2027, 2026, 2027))]
    expected = [item.day for item in find_calendar("vietnam").exceptions if item.day.year > 2025]
    assert days == [f"{day:%Y%m%d}" for day in expected]


def test_uids_stay_when_it_is_exported_again() -> None:
    later = dump("vietnam", 2026, made_at=NOW + timedelta(days=9))
    assert [event["UID"] for event in events(later)] == [
        event["UID"] for event in events(dump("vietnam", 2026))
    ]
    assert later != dump("vietnam", 2026)


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=200)
)
def test_any_name_comes_back(name: str) -> None:
    if name.isspace():
        return
    day = DayException(day=date(2026, 1, 2), is_working=False, name=name, basis="a,b;c\\n")
    [event] = events(dump_icalendar(table(day), [2026], made_at=NOW))
    assert event["SUMMARY"] == name
    assert "a,b;c\\n" in event["DESCRIPTION"]
    assert event["STATUS"] == ("CONFIRMED" if day.status is DayStatus.OFFICIAL else "TENTATIVE")


def test_years_that_are_not_there_and_naive_times_are_refused() -> None:
    with pytest.raises(InvalidValue, match="2018 to 2027"):
        dump("vietnam", 2028)
    with pytest.raises(InvalidValue, match="at least one"):
        dump("vietnam")
    with pytest.raises(NaiveTime):
        dump("vietnam", 2026, made_at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("old", "new"), [("\r\n ", ""), ("\\,", ","), ("END:VCALENDAR\r\n", ""), ("\r\n", "\n")]
)
def test_a_broken_export_would_be_found(old: str, new: str) -> None:
    """The reader above refuses what a calendar program would."""
    day = DayException(day=date(2026, 1, 2), is_working=False, name="Nghỉ, " * 20, basis="b")
    text = dump_icalendar(table(day), [2026], made_at=NOW)
    events(text)
    with pytest.raises(AssertionError):
        events(text.replace(old, new))
