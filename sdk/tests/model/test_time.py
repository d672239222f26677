"""Instants: aware, in UTC, shown in Vietnamese time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given

from lienthong.errors import InvalidValue, MissingField, NaiveTime, NoSuchDay
from lienthong.model import time
from lienthong.model.time import (
    VIETNAM,
    as_utc,
    check_aware,
    format_vietnam,
    from_us,
    parse_date,
    parse_instant,
    to_us,
    vietnam_date,
)
from lienthong.testing.strategies import instants
from lienthong.testing.values import a_manifest


class _Undecided(tzinfo):
    def utcoffset(self, _moment: datetime | None) -> None:
        return None

    def dst(self, _moment: datetime | None) -> None:
        return None

    def tzname(self, _moment: datetime | None) -> str:
        return "?"


NAIVE = datetime(2026, 1, 5, 8, 30)  # noqa: DTZ001
UNDECIDED = datetime(2026, 1, 5, 8, 30, tzinfo=_Undecided())


@pytest.mark.parametrize("moment", [NAIVE, UNDECIDED])
def test_naive_instants_are_refused_everywhere(moment: datetime) -> None:
    for call in (to_us, format_vietnam, vietnam_date):
        with pytest.raises(NaiveTime):
            call(moment)
    with pytest.raises(NaiveTime) as caught:
        a_manifest(created_at=moment)
    assert caught.value.facts["field"] == "Manifest.created_at"
    assert caught.value.facts["found"] == "2026-01-05T08:30:00"
    assert caught.value.facts["clause"] == "QĐ 52/2019 Đ10.3"


@pytest.mark.parametrize("value", ["2026-01-05", 1767576600, date(2026, 1, 5)])
def test_what_is_no_instant_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValue):
        a_manifest(created_at=value)
    with pytest.raises(InvalidValue):
        check_aware(value, field="x")


def test_a_missing_instant_is_named() -> None:
    with pytest.raises(MissingField, match=r"Manifest\.created_at"):
        a_manifest(created_at=None)


@pytest.mark.parametrize("year", [1, 1899, 9999])
def test_years_that_zones_cannot_express_are_refused(year: int) -> None:
    moment = datetime(year, 1, 1, tzinfo=timezone(timedelta(hours=7)))
    with pytest.raises(InvalidValue, match="a year from 1900 to 9998"):
        a_manifest(created_at=moment)


def test_instants_are_kept_in_utc() -> None:
    moment = datetime(2026, 1, 5, 8, 30, tzinfo=VIETNAM)
    kept = a_manifest(created_at=moment).created_at
    assert kept == moment
    assert kept.tzinfo is UTC


def test_an_hour_that_a_zone_repeats_is_kept_apart() -> None:
    new_york = ZoneInfo("America/New_York")
    first = datetime(2025, 11, 2, 1, 30, tzinfo=new_york)
    second = first.replace(fold=1)
    assert as_utc(second) - as_utc(first) == timedelta(hours=1)


def test_vietnamese_time_is_seven_hours_ahead() -> None:
    assert format_vietnam(datetime(2026, 1, 5, 17, 0, 1, 999, tzinfo=UTC)) == (
        "2026-01-06T00:00:01+07:00"
    )
    assert vietnam_date(datetime(2026, 1, 5, 17, tzinfo=UTC)) == date(2026, 1, 6)
    assert vietnam_date(datetime(2026, 1, 5, 16, 59, tzinfo=UTC)) == date(2026, 1, 5)


@pytest.mark.parametrize(
    "moment",
    [
        # Until 1975 a part of the country was an hour ahead, earlier for a while two.
        datetime(1975, 6, 12, 16, 30, tzinfo=UTC),
        datetime(1945, 3, 14, 15, 30, tzinfo=UTC),
        datetime(1975, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(1976, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 5, 17, tzinfo=UTC),
        datetime(2026, 1, 6, 4, tzinfo=timezone(timedelta(hours=11))),
        datetime(9998, 12, 31, 23, 59, tzinfo=UTC),
    ],
)
def test_the_day_is_that_of_the_zone(moment: datetime) -> None:
    assert vietnam_date(moment) == moment.astimezone(VIETNAM).date()


@given(instants())
def test_the_day_of_any_instant_is_that_of_the_zone(moment: datetime) -> None:
    assert vietnam_date(moment) == moment.astimezone(VIETNAM).date()


def test_vietnamese_time_without_zone_data(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> ZoneInfo:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr(time, "ZoneInfo", missing)
    assert time._vietnam().utcoffset(None) == timedelta(hours=7)


def test_microseconds_of_known_instants() -> None:
    assert to_us(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert to_us(datetime(1970, 1, 1, 7, 0, 0, 1, tzinfo=VIETNAM)) <= 1
    assert to_us(datetime(2026, 1, 5, tzinfo=UTC)) == 1_767_571_200_000_000
    assert from_us(-1) == datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


@pytest.mark.parametrize("value", [10**18, -(10**18), 1.5, "0", None, True])
def test_refuses_other_microseconds(value: Any) -> None:
    with pytest.raises(InvalidValue):
        from_us(value)


@given(instants())
def test_microseconds_round_trip(moment: datetime) -> None:
    assert from_us(to_us(moment)) == moment


@pytest.mark.parametrize(
    "text", ["", "20260105", "2026-W01-1", "2026-1-5", "05/01/2026", "2026-01-05 ", "٢٠٢٦-٠١-٠٥"]
)
def test_refuses_other_dates(text: str) -> None:
    with pytest.raises(InvalidValue, match="YYYY-MM-DD"):
        parse_date(text, field="x")


@pytest.mark.parametrize("text", ["2026-02-29", "2026-04-31", "2026-13-01", "0000-01-01"])
def test_days_that_do_not_exist_are_named(text: str) -> None:
    with pytest.raises(NoSuchDay, match=f"x is {text}: there is no such day"):
        parse_date(text, field="x")
    with pytest.raises(NoSuchDay, match=f"x is {text}"):
        parse_instant(f"{text}T08:00:00", field="x")


@pytest.mark.parametrize(
    "text", ["2026-11-13T16:59:00", "2026-11-13 16:59", "2026-11-13T16:59:00.5"]
)
def test_an_instant_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(NaiveTime) as caught:
        parse_instant(text, field="x")
    assert "+07:00" in caught.value.next_step("vi")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-13",
        "13/11/2026 16:59:00",
        "2026-11-13T25:00:00Z",
        "2026-11-13T16:59:60Z",
        "2026-11-13T16:59:00+25:00",
        "2026-11-13T16:59:00+0700",
        "2026-11-13T16:59:00 Asia/Ho_Chi_Minh",
        "2026/11/13 16:59:00+07:00",
        "2026/11/13T16:59:00",
        "2026/11/13 16:59",
        "2026-11-13T16:59:00Z\n",
        "x2026/11/13 16:59:00",
        "1899-12-31T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_refuses_other_instants(text: str) -> None:
    with pytest.raises(InvalidValue, match="x is"):
        parse_instant(text, field="x")


def test_reads_instants() -> None:
    expected = datetime(2026, 11, 13, 9, 59, tzinfo=UTC)
    for text in (
        "2026-11-13T16:59:00+07:00",
        "2026-11-13T09:59:00Z",
        "2026-11-13 09:59Z",
        "2026-11-12T23:59:00.000-10:00",
        "2026/11/13 16:59:00",
    ):
        assert parse_instant(text, field="x") == expected


@given(instants())
def test_any_instant_is_read_as_it_was_written(moment: datetime) -> None:
    assert parse_instant(moment.isoformat(), field="x") == moment


def test_reads_a_date() -> None:
    assert parse_date("2024-02-29", field="x") == date(2024, 2, 29)
