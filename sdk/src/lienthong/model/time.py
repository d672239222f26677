"""Instants: always aware, kept in UTC, shown in Vietnamese time (QĐ 52/2019 Đ10.3)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import Attribute

from lienthong.errors import InvalidValue, MissingField, NaiveTime, NoSuchDay
from lienthong.model.checks import path_of, shown


def _vietnam() -> tzinfo:
    try:
        return ZoneInfo("Asia/Ho_Chi_Minh")
    except ZoneInfoNotFoundError:
        # A machine without zone data; Vietnam has had +07:00 without summer time since 1975.
        return timezone(timedelta(hours=7), "+07")


VIETNAM: Final = _vietnam()
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9998
"""Years between which every zone can express an instant."""

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AN_INSTANT: Final = "an instant such as 2026-11-13T16:59:00+07:00"
_EDXML: Final = re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2})")
_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]"
    r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_MICROSECOND: Final = timedelta(microseconds=1)
_FIRST_US: Final = (datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND
_END_US: Final = (datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - EPOCH) // _MICROSECOND
_AHEAD: Final = timedelta(hours=7)
_AHEAD_SINCE: Final = datetime(1976, 1, 1, tzinfo=UTC)
"""Vietnam has had +07:00 at all times since then."""

_AHEAD_UNTIL: Final = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)


def _is_instant(value: object) -> bool:
    return isinstance(value, datetime)


def as_utc(value: datetime) -> datetime:
    """Move an aware instant to UTC; anything else is left for ``aware`` to refuse."""
    if not _is_instant(value) or value.tzinfo is UTC:
        return value
    if value.utcoffset() is None or not FIRST_YEAR < value.year < LAST_YEAR:
        return value
    return value.astimezone(UTC)


def maybe_utc(value: datetime | None) -> datetime | None:
    """``as_utc`` for an optional field."""
    return None if value is None else as_utc(value)


def aware(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Validator: accept an aware instant.

    Raises:
        NaiveTime: it has no time zone.
        InvalidValue: it is no instant, or out of the range that can be expressed.
        MissingField: it is None.
    """
    if type(value) is datetime and value.tzinfo is UTC and FIRST_YEAR <= value.year <= LAST_YEAR:
        return
    path = path_of(instance, attribute)
    if value is None:
        raise MissingField(field=path, clause="QĐ 52/2019 Đ10.3")
    check_aware(value, field=path)


def maybe_aware(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Validator: accept None or an aware instant."""
    if value is not None:
        aware(instance, attribute, value)


def check_aware(value: object, *, field: str) -> None:
    """Refuse anything but an aware instant of a year that every zone can express.

    Raises:
        NaiveTime: it has no time zone.
        InvalidValue: it is no instant, or out of range.
    """
    if not isinstance(value, datetime):
        raise InvalidValue(field=field, found=shown(value), expected="an instant")
    if value.utcoffset() is None:
        raise NaiveTime(field=field, found=value.isoformat(), clause="QĐ 52/2019 Đ10.3")
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        expected = f"a year from {FIRST_YEAR} to {LAST_YEAR}"
        raise InvalidValue(field=field, found=value.isoformat(), expected=expected)


def to_us(instant: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z.

    Raises:
        NaiveTime: the instant has no time zone.
    """
    if instant.tzinfo is not UTC:
        check_aware(instant, field="instant")
    return (instant - EPOCH) // _MICROSECOND


def from_us(microseconds: int) -> datetime:
    """The instant, in UTC.

    Raises:
        InvalidValue: it is out of the range that can be expressed.
    """
    if type(microseconds) is not int or not _FIRST_US <= microseconds < _END_US:
        expected = f"microseconds of a year from {FIRST_YEAR} to {LAST_YEAR}"
        raise InvalidValue(field="instant", found=shown(microseconds), expected=expected)
    return EPOCH + timedelta(microseconds=microseconds)


def format_vietnam(instant: datetime) -> str:
    """ISO 8601 in Vietnamese time to the second: ``2026-11-22T08:15:00+07:00``.

    Raises:
        NaiveTime: the instant has no time zone.
    """
    check_aware(instant, field="instant")
    return instant.astimezone(VIETNAM).isoformat(timespec="seconds")


def vietnam_date(instant: datetime) -> date:
    """The calendar day in Vietnam.

    Raises:
        NaiveTime: the instant has no time zone.
    """
    is_utc = type(instant) is datetime and instant.tzinfo is UTC
    if is_utc and _AHEAD_SINCE <= instant < _AHEAD_UNTIL:
        # Asked of every package and report several times; the zone itself takes thrice as long.
        return (instant + _AHEAD).date()
    check_aware(instant, field="instant")
    return instant.astimezone(VIETNAM).date()


def parse_instant(text: str, *, field: str) -> datetime:
    """Read an instant (T0): ISO 8601 with an offset or ``Z``, or as edXML writes it.

    edXML's ``2026/11/13 16:59:00`` has no room for an offset and is Vietnamese time.

    Raises:
        NaiveTime: it has no offset; which zone was meant cannot be told.
        NoSuchDay: its day does not exist.
        InvalidValue: it is written otherwise, or its year is out of range.
    """
    found = _INSTANT.fullmatch(_EDXML.sub(r"\1-\2-\3T\4+07:00", text))
    if found is None:
        raise InvalidValue(field=field, found=shown(text), expected=_AN_INSTANT)
    parse_date(found[1], field=field)
    if found[2] is None:
        raise NaiveTime(field=field, found=text, clause="QĐ 52/2019 Đ10.3")
    try:
        at = datetime.fromisoformat(found[0])
    except ValueError as error:
        raise InvalidValue(field=field, found=shown(text), expected=_AN_INSTANT) from error
    check_aware(at, field=field)
    return at


def parse_date(value: str, *, field: str) -> date:
    """Read ``YYYY-MM-DD``.

    Raises:
        InvalidValue: it is written otherwise.
        NoSuchDay: there is no such day, as 29/02 of most years.
    """
    if not _DATE.fullmatch(value):
        raise InvalidValue(field=field, found=shown(value), expected="a date as YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise NoSuchDay(field=field, found=value) from error
