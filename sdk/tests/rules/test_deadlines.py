"""The worked cases of the regulations, and the same rules against a slow second reading of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.errors import InvalidValue, NaiveTime, OutsideCalendar
from lienthong.model.time import VIETNAM
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.deadlines import (
    OnDayOff,
    add_days,
    add_working_days,
    add_working_time,
    forward_by,
    forward_urgent_by,
    receipt_notice_by,
    received_at,
    renewed,
    report_day,
    send_by,
    send_target,
    send_urgent_by,
)
from sdk.tests.rules.conftest import make_calendar

CALENDAR = make_calendar()
MINUTE = timedelta(minutes=1)


def local(text: str) -> datetime:
    """``13/11/2026 16:59`` in Vietnam, with seconds where given."""
    form = "%d/%m/%Y %H:%M:%S" if text.count(":") == 2 else "%d/%m/%Y %H:%M"
    return datetime.strptime(text, form).replace(tzinfo=VIETNAM)


def told(instant: datetime) -> str:
    return instant.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S").removesuffix(":00")


@pytest.mark.parametrize(
    ("case", "entered", "received", "forward"),
    [
        (1, "13/11/2026 16:59", "13/11/2026 16:59", "16/11/2026 17:00"),
        (2, "13/11/2026 17:00", "16/11/2026 07:30", "17/11/2026 17:00"),
        (3, "14/11/2026 09:00", "16/11/2026 07:30", "17/11/2026 17:00"),
        (4, "15/11/2026 23:59:59", "16/11/2026 07:30", "17/11/2026 17:00"),
        (5, "11/11/2026 11:29:59", "11/11/2026 11:29:59", "12/11/2026 17:00"),
        (6, "11/11/2026 11:30", "11/11/2026 13:00", "12/11/2026 17:00"),
        (7, "11/11/2026 06:50", "11/11/2026 07:30", "12/11/2026 17:00"),
        (8, "11/11/2026 23:59:59", "12/11/2026 07:30", "13/11/2026 17:00"),
        (9, "12/11/2026 00:00", "12/11/2026 07:30", "13/11/2026 17:00"),
        (10, "13/02/2026 16:30", "13/02/2026 16:30", "23/02/2026 17:00"),
        (12, "14/02/2026 08:00", "23/02/2026 07:30", "24/02/2026 17:00"),
        (13, "22/08/2026 09:00", "22/08/2026 09:00", "24/08/2026 17:00"),
        (15, "31/08/2026 09:00", "03/09/2026 07:30", "04/09/2026 17:00"),
        (17, "02/01/2026 09:00", "05/01/2026 07:30", "06/01/2026 17:00"),
        (31, "29/04/2026 17:10", "04/05/2026 07:30", "05/05/2026 17:00"),
        (37, "13/11/2026 17:01", "16/11/2026 07:30", "17/11/2026 17:00"),
        (41, "29/04/2025 20:00", "05/05/2025 07:30", "06/05/2025 17:00"),
    ],
)
def test_received_and_forwarded(case: int, entered: str, received: str, forward: str) -> None:
    found = received_at(local(entered), CALENDAR)
    assert (case, told(found.at)) == (case, received)
    due = forward_by(found.at, CALENDAR)
    assert (case, told(due.at)) == (case, forward)
    assert (found.clause, due.clause) == ("QĐ 52/2019 Đ10.2", "QĐ 52/2019 Đ5.2b")
    assert not found.provisional
    assert found.calendar_version == due.calendar_version == "h53-2026"


@pytest.mark.parametrize(
    ("case", "text", "expected"),
    [
        (25, "2026-11-13T09:59:00+00:00", "13/11/2026 16:59"),
        (26, "2026-11-13T10:00:00+00:00", "16/11/2026 07:30"),
    ],
)
def test_other_zones(case: int, text: str, expected: str) -> None:
    assert (case, told(received_at(datetime.fromisoformat(text), CALENDAR).at)) == (case, expected)


@pytest.mark.parametrize(
    ("case", "signed", "deadline"),
    [
        (19, "11/11/2026 08:00", "12/11/2026 11:30"),
        (20, "13/11/2026 16:50", "16/11/2026 11:30"),
        (21, "14/11/2026 10:00", "16/11/2026 11:30"),
        (23, "13/02/2026 16:00", "23/02/2026 11:30"),
    ],
)
def test_sending(case: int, signed: str, deadline: str) -> None:
    found = send_by(local(signed), CALENDAR)
    assert (case, told(found.at), found.clause) == (case, deadline, "QĐ 28/2018 Đ6.2")
    target = send_target(local(signed))
    assert target.day == local(signed).date()
    assert told(target.at) == told(local(signed).replace(hour=0, minute=0) + timedelta(days=1))


def test_case_20_is_on_time_up_to_the_end_of_the_morning() -> None:
    deadline = send_by(local("13/11/2026 16:50"), CALENDAR).at
    on_time = [local(f"16/11/2026 {hour}") <= deadline for hour in ("10:00", "11:29:59", "11:31")]
    assert on_time == [True, True, False]
    assert local("16/11/2026 11:31") <= forward_by(local("13/11/2026 16:50"), CALENDAR).at


def test_case_24_an_urgent_document_at_night() -> None:
    found = send_urgent_by(local("14/11/2026 22:15"), timedelta(minutes=30))
    assert told(found.at) == "14/11/2026 22:45"
    received = received_at(local("14/11/2026 22:16"), CALENDAR).at
    assert told(received) == "16/11/2026 07:30"
    due = forward_urgent_by(received, timedelta(minutes=60), CALENDAR)
    assert told(due.at) == "16/11/2026 08:30"


def test_case_29_a_naive_instant_is_refused() -> None:
    naive = datetime.fromisoformat("2026-11-13T16:59:00")
    for rule in (
        lambda: received_at(naive, CALENDAR),
        lambda: send_by(naive, CALENDAR),
        lambda: send_target(naive),
        lambda: send_urgent_by(naive, MINUTE),
        lambda: forward_by(naive, CALENDAR),
        lambda: receipt_notice_by(naive),
        lambda: add_working_time(naive, MINUTE, CALENDAR),
    ):
        with pytest.raises(NaiveTime):
            rule()


def test_case_33_an_undecided_day_makes_it_provisional() -> None:
    entered = local("23/11/2026 17:05")
    undecided = received_at(entered, CALENDAR)
    assert undecided.provisional
    for is_off, expected in ((True, "25/11/2026 07:30"), (False, "24/11/2026 07:30")):
        found = received_at(entered, make_calendar(culture_day=is_off))
        assert (told(found.at), found.provisional) == (expected, False)


def test_case_34_working_days_over_tet() -> None:
    days = [add_working_days(date(2026, 2, 12), count, CALENDAR).day for count in (1, 2, 3)]
    assert days == [date(2026, 2, 13), date(2026, 2, 23), date(2026, 2, 24)]
    assert told(add_working_days(date(2026, 2, 12), 3, CALENDAR).at) == "24/02/2026 17:00"


def test_case_36_quarterly_reports() -> None:
    days = [report_day(2026, month, CALENDAR).day for month in (3, 6, 9, 12)]
    assert days == [date(2026, 3, 16), date(2026, 6, 15), date(2026, 9, 15), date(2026, 12, 15)]
    assert report_day(2026, 3, CALENDAR, OnDayOff.PREVIOUS).day == date(2026, 3, 13)
    assert report_day(2026, 3, CALENDAR, OnDayOff.EXACT).day == date(2026, 3, 15)
    with pytest.raises(InvalidValue, match="month"):
        report_day(2026, 4, CALENDAR)


def test_days_end_at_midnight_and_move_off_days_off() -> None:
    assert told(add_days(date(2026, 11, 13), 3, CALENDAR).at) == "17/11/2026 00:00"
    moved = add_days(date(2026, 2, 13), 1, CALENDAR)
    assert (moved.day, told(moved.at)) == (date(2026, 2, 23), "24/02/2026 00:00")
    assert told(receipt_notice_by(local("13/11/2026 16:59")).at) == "14/11/2026 00:00"


def test_lunch_may_count_as_office_hours() -> None:
    noon = local("11/11/2026 12:00")
    assert told(received_at(noon, CALENDAR).at) == "11/11/2026 13:00"
    assert received_at(noon, CALENDAR, lunch_is_outside=False).at == noon


def test_a_deadline_that_has_passed_does_not_move() -> None:
    known = send_by(local("23/11/2026 08:00"), CALENDAR)
    fresh = send_by(local("23/11/2026 08:00"), make_calendar(culture_day=False, version="new"))
    assert told(known.at) == "25/11/2026 11:30"
    assert told(fresh.at) == "24/11/2026 11:30"
    assert renewed(known, fresh, local("23/11/2026 09:00")) is fresh
    assert renewed(known, fresh, known.at) is known
    with pytest.raises(NaiveTime):
        renewed(known, fresh, datetime(2026, 11, 23))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("amount", [0, -1, 3651, True])
def test_counts_that_make_no_sense_are_refused(amount: int) -> None:
    with pytest.raises(InvalidValue, match="count"):
        add_working_days(date(2026, 1, 5), amount, CALENDAR)
    with pytest.raises(InvalidValue, match="count"):
        add_days(date(2026, 1, 5), amount, CALENDAR)


def test_negative_time_is_refused() -> None:
    for rule in (
        lambda: send_urgent_by(local("13/11/2026 08:00"), -MINUTE),
        lambda: add_working_time(local("13/11/2026 08:00"), -MINUTE, CALENDAR),
    ):
        with pytest.raises(InvalidValue, match="amount"):
            rule()


def test_days_outside_the_calendar_are_refused() -> None:
    for text in ("31/12/2024 08:00", "01/01/2028 08:00"):
        with pytest.raises(OutsideCalendar, match="2025-2027"):
            received_at(local(text), CALENDAR)
    with pytest.raises(OutsideCalendar):
        forward_by(local("31/12/2027 08:00"), CALENDAR)
    with pytest.raises(OutsideCalendar):
        add_working_days(date(2027, 12, 1), 60, CALENDAR)


# A second reading of the rules, minute by minute and day by day.


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
