"""The rules of time against a slow second reading of them, minute by minute and day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lienthong.errors import InvalidValue
from lienthong.model.time import VIETNAM
from lienthong.rules.calendar import OfficeHours, Session, WorkCalendar
from lienthong.rules.deadlines import (
    add_working_time,
    forward_by,
    forward_urgent_by,
    issue_by,
    receipt_notice_by,
    received_at,
    send_by,
    send_target,
    send_urgent_by,
)
from sdk.tests.rules.conftest import local, make_calendar, told

CALENDAR = make_calendar()
MINUTE = timedelta(minutes=1)


def is_open(minute: datetime, calendar: WorkCalendar) -> bool:
    at = minute.astimezone(VIETNAM)
    second = at.hour * 3600 + at.minute * 60 + at.second
    return any(start <= second < end for start, end in calendar.sessions(at.date()))


def slow_received(entered: datetime, calendar: WorkCalendar) -> datetime:
    at = entered
    while not is_open(at, calendar):
        at = at.replace(second=0, microsecond=0) + MINUTE
    return at


def slow_forward(received: datetime, calendar: WorkCalendar) -> datetime:
    day = received.astimezone(VIETNAM).date() + timedelta(days=1)
    while not calendar.is_working(day):
        day += timedelta(days=1)
    at = datetime(day.year, day.month, day.day, 23, 59, tzinfo=VIETNAM)
    while not is_open(at - MINUTE, calendar):
        at -= MINUTE
    return at


def slow_working_time(start: datetime, minutes: int, calendar: WorkCalendar) -> datetime:
    at, left = start, minutes
    while left:
        left -= is_open(at, calendar)
        at += MINUTE
    return at


instants = st.integers(0, 92_700_000).map(
    lambda second: datetime(2025, 1, 1, tzinfo=VIETNAM) + timedelta(seconds=second, microseconds=7)
)
minutes = instants.map(lambda value: value.replace(second=0, microsecond=0))


@given(instants)
def test_receipt_agrees_with_stepping_through_minutes(entered: datetime) -> None:
    assert received_at(entered, CALENDAR).at == slow_received(entered, CALENDAR)


@given(minutes)
def test_forwarding_agrees_with_stepping_through_minutes(received: datetime) -> None:
    assert forward_by(received, CALENDAR).at == slow_forward(received, CALENDAR)


@given(minutes, st.integers(1, 1500))
def test_working_time_agrees_with_stepping_through_minutes(start: datetime, amount: int) -> None:
    found = add_working_time(start, timedelta(minutes=amount), CALENDAR)
    assert found == slow_working_time(start, amount, CALENDAR)


@given(instants, instants)
def test_rules_keep_the_order_of_events(one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))
    for rule in (received_at, send_by, forward_by):
        assert rule(earlier, CALENDAR).at <= rule(later, CALENDAR).at


@given(instants)
def test_what_was_received_is_received(entered: datetime) -> None:
    once = received_at(entered, CALENDAR).at
    assert once >= entered
    assert is_open(once, CALENDAR)
    assert received_at(once, CALENDAR).at == once


@given(instants, st.integers(-11, 12))
def test_the_zone_of_the_input_does_not_matter(entered: datetime, hours: int) -> None:
    elsewhere = entered.astimezone(timezone(timedelta(hours=hours)))
    for rule in (received_at, send_by, forward_by):
        assert rule(elsewhere, CALENDAR) == rule(entered, CALENDAR)
    assert received_at(elsewhere, CALENDAR).at.tzinfo is UTC


@pytest.mark.parametrize(
    "instant",
    [
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=12))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, tzinfo=UTC),
        "2026-11-13",
        date(2026, 11, 13),
    ],
)
def test_what_is_no_instant_of_our_time_is_refused(instant: Any) -> None:
    hours = timedelta(hours=2)
    for rule in (received_at, send_by, forward_by, issue_by):
        with pytest.raises(InvalidValue):
            rule(instant, CALENDAR)
    with pytest.raises(InvalidValue):
        send_urgent_by(instant, hours)
    with pytest.raises(InvalidValue):
        forward_urgent_by(instant, hours, CALENDAR)
    with pytest.raises(InvalidValue):
        add_working_time(instant, hours, CALENDAR)
    for rule_of_day in (send_target, receipt_notice_by):
        with pytest.raises(InvalidValue):
            rule_of_day(instant)


SERVICE = evolve(
    CALENDAR,
    hours=(
        *CALENDAR.hours,
        OfficeHours(sessions=[Session(time(7, 30), time(11, 30))], weekdays=[5]),
    ),
)
"""The office also receives on Saturday mornings."""


@pytest.mark.parametrize(
    ("entered", "received"),
    [
        ("13/11/2026 18:00", "14/11/2026 07:30"),
        ("14/11/2026 06:00", "14/11/2026 07:30"),
        ("14/11/2026 09:00", "14/11/2026 09:00"),
        ("14/11/2026 11:30", "16/11/2026 07:30"),
    ],
)
def test_a_service_receives_what_came_before_it(entered: str, received: str) -> None:
    assert told(received_at(local(entered), SERVICE).at) == received


@given(instants, instants)
def test_rules_keep_the_order_of_events_with_a_service(one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))
    hour = timedelta(hours=1)
    assert received_at(earlier, SERVICE).at <= received_at(later, SERVICE).at
    due = [forward_urgent_by(instant, hour, SERVICE).at for instant in (earlier, later)]
    assert due == sorted(due)
