from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.errors import InvalidValue
from lienthong.reports.period import Period, PeriodKind


@pytest.mark.parametrize("text", ["", "2026-13", "2026-Q5", "2026-H3", "26-Q1", "2026-9", "Q3"])
def test_refuses_what_is_no_period(text: str) -> None:
    with pytest.raises(InvalidValue):
        Period.parse(text)


@pytest.mark.parametrize("year", [1900, 1974, 9001])
def test_a_year_that_is_refused_is_named_itself(year: int) -> None:
    expected = rf"is {year}, expected a whole number from 1975 to 9000"
    with pytest.raises(InvalidValue, match=expected):
        Period.parse(f"{year:04}")


@pytest.mark.parametrize("cut_off_day", [None, 14])
@pytest.mark.parametrize("text", ["1975", "1975-01", "1975-Q1", "9000", "9000-12"])
def test_the_first_and_the_last_year_have_a_first_day(text: str, cut_off_day: int | None) -> None:
    period = Period.parse(text, cut_off_day)
    assert period.first < period.end


@pytest.mark.parametrize("cut_off_day", [0, 29, -1])
def test_refuses_a_cut_off_that_not_every_month_has(cut_off_day: int) -> None:
    with pytest.raises(InvalidValue):
        Period.parse("2026-Q1", cut_off_day)


def test_refuses_a_quarter_that_no_year_has() -> None:
    with pytest.raises(InvalidValue):
        Period(kind=PeriodKind.QUARTER, year=2026, number=5)


@pytest.mark.parametrize(
    ("text", "cut_off_day", "first", "end"),
    [
        ("2026-09", None, "2026-09-01", "2026-10-01"),
        ("2026-12", None, "2026-12-01", "2027-01-01"),
        ("2026-Q3", None, "2026-07-01", "2026-10-01"),
        ("2026-Q3", 14, "2026-06-15", "2026-09-15"),
        ("2026-Q1", 14, "2025-12-15", "2026-03-15"),
        ("2026-H1", 14, "2025-12-15", "2026-06-15"),
        ("2026-02", 28, "2026-01-29", "2026-03-01"),
        ("2026-01", 28, "2025-12-29", "2026-01-29"),
        ("2026-12", 14, "2026-11-15", "2026-12-15"),
        ("2026", 14, "2025-12-15", "2026-12-15"),
        ("2026", None, "2026-01-01", "2027-01-01"),
    ],
)
def test_a_period_begins_where_the_one_before_ends(
    text: str, cut_off_day: int | None, first: str, end: str
) -> None:
    period = Period.parse(text, cut_off_day)
    assert (period.first.isoformat(), period.end.isoformat()) == (first, end)
    assert str(period) == text
    assert period.first in period
    assert period.end not in period


@given(
    st.sampled_from(PeriodKind),
    st.dates(date(1990, 1, 1), date(2080, 1, 1)),
    st.none() | st.just(14),
)
def test_every_day_lies_in_one_period_of_a_kind(
    kind: PeriodKind, day: date, cut_off_day: int | None
) -> None:
    before = Period.ended_before(day, kind, cut_off_day)
    assert before.end <= day
    following = Period.ended_before(before.end + timedelta(days=400), kind, cut_off_day)
    while following.first > before.end:
        following = following.previous
    assert following.first == before.end
    assert day in following
    assert len(list(following.days())) == (following.end - following.first).days


def test_days_stop_where_they_are_told() -> None:
    assert list(Period.parse("2026-09").days(date(2026, 9, 2)))[-1] == date(2026, 9, 2)


def test_names_are_vietnamese() -> None:
    names = [Period.parse(text).label_vi for text in ("2026-09", "2026-Q3", "2026-H2", "2026")]
    assert names == ["tháng 09 năm 2026", "quý III năm 2026", "6 tháng cuối năm 2026", "năm 2026"]
