"""The worked cases of the regulations, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from lienthong.errors import InvalidValue, NaiveTime, OutsideCalendar
from lienthong.model.time import vietnam_date
from lienthong.rules.deadlines import (
    OnDayOff,
    SentBasis,
    add_days,
    add_working_days,
    add_working_time,
    due_on,
    forward_by,
    forward_urgent_by,
    is_skewed,
    issue_by,
    receipt_notice_by,
    received_at,
    renewed,
    report_day,
    send_by,
    send_target,
    send_urgent_by,
    sent_at,
)
from sdk.tests.rules.conftest import local, make_calendar, told
from sdk.tests.rules.worked_cases import (
    ISSUED_AND_ACKNOWLEDGED,
    OTHER_ZONES,
    RECEIVED,
    REPORTS,
    SENT,
    SKEWED,
    WORKING_DAYS,
)

CALENDAR = make_calendar()
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(("case", "entered", "received", "forward"), RECEIVED)
def test_received_and_forwarded(case: int, entered: str, received: str, forward: str) -> None:
    found = received_at(local(entered), CALENDAR)
    assert (case, told(found.at)) == (case, received)
    due = forward_by(found.at, CALENDAR)
    assert (case, told(due.at)) == (case, forward)
    assert (found.clause, due.clause) == ("QĐ 52/2019 Đ10.2", "QĐ 52/2019 Đ5.2b")
    assert not found.provisional
    assert found.calendar_version == due.calendar_version == "h53-2026"


@pytest.mark.parametrize(("case", "text", "expected"), OTHER_ZONES)
def test_other_zones(case: int, text: str, expected: str) -> None:
    assert (case, told(received_at(datetime.fromisoformat(text), CALENDAR).at)) == (case, expected)


@pytest.mark.parametrize(("case", "signed", "deadline", "decree_30"), SENT)
def test_sending(case: int, signed: str, deadline: str, decree_30: str) -> None:
    found = send_by(local(signed), CALENDAR)
    later = issue_by(local(signed), CALENDAR)
    assert (case, told(later.at), later.clause) == (case, decree_30, "NĐ 30/2020 Đ18.1")
    assert (case, told(found.at), found.clause) == (case, deadline, "QĐ 28/2018 Đ6.2")
    target = send_target(local(signed))
    assert target.day == local(signed).date()
    assert told(target.at) == told(local(signed).replace(hour=0, minute=0) + timedelta(days=1))


@pytest.mark.parametrize(
    ("case", "issued", "acknowledged", "basis", "sent"), ISSUED_AND_ACKNOWLEDGED
)
def test_sent(
    case: int, issued: str, acknowledged: str | None, basis: str, sent: str | None
) -> None:
    known = local(acknowledged) if acknowledged else None
    found = sent_at(local(issued), known, SentBasis[basis])
    assert (case, told(found.at) if found else None) == (case, sent)
    assert found is None or (found.rule, found.clause) == ("T1", "QĐ 52/2019 Đ10.1")


@pytest.mark.parametrize(("case", "sent", "entered", "seconds", "skewed"), SKEWED)
def test_skew_of_clocks(case: int, sent: str, entered: str, seconds: int, skewed: bool) -> None:
    found = is_skewed(local(sent), local(entered), timedelta(seconds=seconds))
    assert (case, found) == (case, skewed)


def test_sending_and_skew_refuse_naive_instants() -> None:
    naive, aware = datetime(2026, 11, 13, 8), local("13/11/2026 08:00")  # noqa: DTZ001 - on purpose
    for pair in ((naive, aware), (aware, naive)):
        with pytest.raises(NaiveTime):
            sent_at(*pair)
        with pytest.raises(NaiveTime):
            is_skewed(*pair, timedelta())
    with pytest.raises(InvalidValue):
        is_skewed(aware, aware, timedelta(seconds=-1))


def test_case_20_is_on_time_up_to_the_end_of_the_morning() -> None:
    deadline = send_by(local("13/11/2026 16:50"), CALENDAR).at
    on_time = [local(f"16/11/2026 {hour}") <= deadline for hour in ("10:00", "11:29:59", "11:31")]
    assert on_time == [True, True, False]
    assert local("16/11/2026 11:31") <= issue_by(local("13/11/2026 16:50"), CALENDAR).at


def test_case_24_an_urgent_document_at_night() -> None:
    found = send_urgent_by(local("14/11/2026 22:15"), timedelta(minutes=30))
    assert told(found.at) == "14/11/2026 22:45"
    received = received_at(local("14/11/2026 22:16"), CALENDAR).at
    assert told(received) == "16/11/2026 07:30"
    due = forward_urgent_by(received, timedelta(minutes=60), CALENDAR)
    assert told(due.at) == "16/11/2026 08:30"
    elapsed = forward_urgent_by(
        local("14/11/2026 22:16"), timedelta(minutes=60), CALENDAR, in_office_hours=False
    )
    assert (told(elapsed.at), elapsed.provisional) == ("14/11/2026 23:16", False)


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


def test_case_30_the_year_begins_in_vietnam() -> None:
    begins = datetime.fromisoformat("2026-12-31T17:00:00Z")
    years = [vietnam_date(begins - timedelta(seconds=1)).year, vietnam_date(begins).year]
    assert years == [2026, 2027]


def test_case_33_an_undecided_day_makes_it_provisional() -> None:
    entered = local("23/11/2026 17:05")
    undecided = received_at(entered, CALENDAR)
    assert undecided.provisional
    for is_off, expected in ((True, "25/11/2026 07:30"), (False, "24/11/2026 07:30")):
        found = received_at(entered, make_calendar(culture_day=is_off))
        assert (told(found.at), found.provisional) == (expected, False)


def test_case_34_working_days_over_tet() -> None:
    for case, day, count, expected in WORKING_DAYS:
        found = add_working_days(date.fromisoformat(day), count, CALENDAR)
        assert (case, str(found.day)) == (case, expected)
    assert told(add_working_days(date(2026, 2, 12), 3, CALENDAR).at) == "24/02/2026 17:00"


def test_case_36_quarterly_reports() -> None:
    for case, year, month, expected in REPORTS:
        assert (case, str(report_day(year, month, CALENDAR).day)) == (case, expected)
    assert report_day(2026, 3, CALENDAR, OnDayOff.PREVIOUS).day == date(2026, 3, 13)
    assert report_day(2026, 3, CALENDAR, OnDayOff.EXACT).day == date(2026, 3, 15)
    with pytest.raises(InvalidValue, match="month"):
        report_day(2026, 4, CALENDAR)
    for year in (0, 10_000):
        with pytest.raises(InvalidValue, match="year"):
            report_day(year, 3, CALENDAR)


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
        lambda: forward_urgent_by(
            local("13/11/2026 08:00"), -MINUTE, CALENDAR, in_office_hours=False
        ),
        lambda: add_working_time(local("13/11/2026 08:00"), -MINUTE, CALENDAR),
    ):
        with pytest.raises(InvalidValue, match="amount"):
            rule()


NO_DAYS: list[Any] = [
    datetime(2026, 2, 12, 20, tzinfo=UTC),
    datetime(2026, 2, 12),  # noqa: DTZ001 - on purpose
    "2026-02-12",
    None,
]


@pytest.mark.parametrize("given", NO_DAYS)
def test_what_is_no_plain_day_is_refused(given: Any) -> None:
    """20:00 in UTC is the next day in Vietnam: an instant names no day."""
    for rule in (
        lambda: add_working_days(given, 1, CALENDAR),
        lambda: add_days(given, 1, CALENDAR),
        lambda: due_on(given),
        lambda: CALENDAR.is_working(given),
        lambda: CALENDAR.next_working_day(given),
        lambda: CALENDAR.sessions(given),
        lambda: CALENDAR.is_provisional(given, date(2026, 2, 12)),
    ):
        with pytest.raises(InvalidValue, match="day"):
            rule()


def test_what_is_no_amount_or_year_is_refused() -> None:
    at: datetime = local("13/11/2026 08:00")
    wrong: Any
    for wrong in (None, 5, "5"):
        for amount_rule in (
            lambda given: is_skewed(at, at, given),
            lambda given: send_urgent_by(at, given),
            lambda given: add_working_time(at, given, CALENDAR),
        ):
            with pytest.raises(InvalidValue, match="amount"):
                amount_rule(wrong)
    for wrong in (None, "3", 3.0, True):
        with pytest.raises(InvalidValue, match="year"):
            report_day(wrong, 3, CALENDAR)
        with pytest.raises(InvalidValue, match="month"):
            report_day(2026, wrong, CALENDAR)


def test_a_time_that_ends_after_the_last_year_is_refused() -> None:
    late, long = datetime(9997, 12, 31, tzinfo=UTC), timedelta(days=3650)
    with pytest.raises(InvalidValue, match="amount"):
        send_urgent_by(late, long)
    with pytest.raises(InvalidValue, match="amount"):
        forward_urgent_by(late, long, CALENDAR, in_office_hours=False)
    assert send_urgent_by(late, timedelta(hours=1)).day == late.date()


def test_days_outside_the_calendar_are_refused() -> None:
    for text in ("31/12/2024 08:00", "01/01/2028 08:00"):
        with pytest.raises(OutsideCalendar, match="2025-2027"):
            received_at(local(text), CALENDAR)
    with pytest.raises(OutsideCalendar):
        forward_by(local("31/12/2027 08:00"), CALENDAR)
    with pytest.raises(OutsideCalendar):
        add_working_days(date(2027, 12, 1), 60, CALENDAR)
    for rule in (add_days, add_working_days):
        with pytest.raises(OutsideCalendar):
            rule(date.max, 1, CALENDAR)
