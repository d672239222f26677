"""What makes the time rules quick must change nothing that they say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from attrs import asdict, evolve, fields
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from lienthong.errors import InvalidValue, NaiveTime, OutsideCalendar
from lienthong.model.time import VIETNAM, check_aware
from lienthong.rules import deadlines
from lienthong.rules.calendar import OfficeHours, Session, WorkCalendar
from lienthong.rules.moments import FIRST, Deadline, Moment, elapsed
from sdk.tests.rules.conftest import make_calendar

CALENDAR = make_calendar()
SERVICE = evolve(
    CALENDAR,
    hours=(
        *CALENDAR.hours,
        OfficeHours(sessions=[Session(time(7, 30), time(11, 30))], weekdays=[5]),
    ),
)
"""The office also receives on Saturday mornings."""

BEGIN = datetime(2025, 1, 1, tzinfo=VIETNAM)
NOON = datetime(2026, 11, 11, 12, tzinfo=VIETNAM)
HOURS = timedelta(hours=2)
EVERY_RULE: tuple[Callable[[datetime], Moment], ...] = (
    lambda instant: deadlines.received_at(instant, CALENDAR),
    lambda instant: deadlines.send_by(instant, CALENDAR),
    lambda instant: deadlines.issue_by(instant, CALENDAR),
    lambda instant: deadlines.forward_by(instant, CALENDAR),
    lambda instant: deadlines.forward_urgent_by(instant, HOURS, CALENDAR),
    lambda instant: deadlines.add_working_days(instant.date(), 3, CALENDAR),
)
UNCERTAIN = datetime(2026, 11, 23, 17, 5, tzinfo=VIETNAM)


def is_as_if_made_openly(found: Moment) -> bool:
    """Whether a value is the one that its class would have made, with every field."""
    openly = type(found)(**asdict(found))
    names = [one.name for one in fields(type(found))]
    return (
        sorted(vars(found)) == sorted(names)
        and found == openly
        and hash(found) == hash(openly)
        and repr(found) == repr(openly)
        and [type(vars(found)[name]) for name in names]
        == [type(vars(openly)[name]) for name in names]
    )


@pytest.mark.parametrize("rule", EVERY_RULE)
@pytest.mark.parametrize("instant", [NOON, UNCERTAIN])
def test_what_rules_find_is_an_ordinary_value(
    rule: Callable[[datetime], Moment], instant: datetime
) -> None:
    found = rule(instant)
    assert is_as_if_made_openly(found)
    assert found.provisional is (instant is UNCERTAIN)
    with pytest.raises(FrozenInstanceError):
        found.at = instant  # type: ignore[misc]
    assert evolve(found, rule="T0").rule == "T0"


def test_a_field_that_a_rule_forgets_is_noticed() -> None:
    found = deadlines.send_by(NOON, CALENDAR)
    assert isinstance(found, Deadline)
    del vars(found)["provisional"]
    with pytest.raises(AttributeError, match="provisional"):
        is_as_if_made_openly(found)


@given(
    st.datetimes(datetime(1901, 1, 2), datetime(2200, 1, 1)),  # noqa: DTZ001 - given a zone
    st.sampled_from([VIETNAM, UTC, timezone(-timedelta(hours=11))]),
    st.sampled_from([0, 1]),
)
def test_time_passed_is_what_the_zones_say(plain: datetime, zone: timezone, fold: int) -> None:
    instant = plain.replace(tzinfo=zone, fold=fold)
    assert elapsed(instant) == instant.astimezone(UTC) - FIRST


def test_time_passed_knows_the_offsets_of_former_times() -> None:
    for instant in (
        datetime(1950, 3, 1, 8, tzinfo=VIETNAM),
        datetime(1960, 1, 1, tzinfo=VIETNAM),
        datetime(1975, 6, 12, 23, 59, 59, tzinfo=VIETNAM),
        datetime(1975, 12, 31, 23, 59, 59, 999_999, tzinfo=VIETNAM),
        datetime(1976, 1, 1, tzinfo=VIETNAM),
    ):
        assert elapsed(instant) == instant.astimezone(UTC) - FIRST
    for beyond in (datetime(1899, 12, 30, tzinfo=UTC), datetime(9999, 1, 2, tzinfo=UTC)):
        with pytest.raises(InvalidValue, match="1900 to 9998"):
            elapsed(beyond)


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(9998, 12, 31, 23)),  # noqa: DTZ001 - given a zone
    st.sampled_from([VIETNAM, UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))]),
)
def test_every_instant_that_the_model_takes_is_one_here(plain: datetime, zone: timezone) -> None:
    instant = plain.replace(tzinfo=zone)
    check_aware(instant, field="at")
    assert elapsed(instant) == instant - FIRST


instants = st.integers(0, 3 * 365 * 86_400 - 1).map(
    lambda second: BEGIN + timedelta(seconds=second, microseconds=second % 7)
)


def worked_by_hand(start: datetime, end: datetime, calendar: WorkCalendar) -> timedelta:
    """Session by session, in local time."""
    total, day = timedelta(), start.astimezone(VIETNAM).date()
    while day <= end.astimezone(VIETNAM).date():
        midnight = datetime.combine(day, time(), VIETNAM)
        for span in calendar.sessions(day):
            begins, ends = (midnight + timedelta(seconds=second) for second in span)
            total += max(timedelta(), min(end, ends) - max(start, begins))
        day += timedelta(days=1)
    return total


@given(instants, instants, st.sampled_from([CALENDAR, SERVICE]))
def test_office_time_is_that_of_each_session(
    one: datetime, other: datetime, calendar: WorkCalendar
) -> None:
    start, end = sorted((one, other))
    assert calendar.worked(start, end) == worked_by_hand(start, end, calendar)
    assert calendar.worked(end, start) == timedelta()


@given(instants.filter(lambda value: value.year < 2027), st.integers(1, 6000))
def test_office_time_is_the_inverse_of_adding_it(start: datetime, minutes: int) -> None:
    amount = timedelta(minutes=minutes)
    for calendar in (CALENDAR, SERVICE):
        assert calendar.worked(start, deadlines.add_working_time(start, amount, calendar)) == amount


def test_office_time_that_takes_the_swap_for_a_weekend_is_noticed() -> None:
    plain = evolve(
        CALENDAR,
        exceptions=[one for one in CALENDAR.exceptions if one.day != date(2026, 8, 22)],
    )
    start, end = (datetime(2026, 8, day, 12, tzinfo=VIETNAM) for day in (21, 25))
    assert plain.worked(start, end) != worked_by_hand(start, end, CALENDAR)


def test_office_time_needs_a_zone_and_a_calendar() -> None:
    with pytest.raises(NaiveTime):
        CALENDAR.worked(datetime(2026, 1, 5), NOON)  # noqa: DTZ001 - on purpose
    for outside in (datetime(2024, 12, 31, 23, tzinfo=VIETNAM), NOON.replace(year=2028)):
        with pytest.raises(OutsideCalendar, match="2025-2027"):
            CALENDAR.worked(NOON, outside)
        with pytest.raises(OutsideCalendar, match="2025-2027"):
            CALENDAR.worked(outside, NOON)
