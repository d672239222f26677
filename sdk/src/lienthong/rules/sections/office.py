"""When an agency works: office hours (giờ hành chính) and days."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from datetime import date, time
from itertools import combinations
from typing import Any, Final

from attrs import Attribute, evolve, field, frozen

from lienthong.codec.toml_values import plain_text, word
from lienthong.errors import InvalidValue
from lienthong.model.checks import a, as_tuple, many, refuse, shown
from lienthong.model.ids import OrganId
from lienthong.rules.calendar import DayStatus, OfficeHours, Session
from lienthong.rules.forms import (
    DAY,
    FLAG,
    ORGAN,
    Form,
    in_order,
    listed,
    read_time,
    values_form,
    word_form,
)
from lienthong.rules.settings import setting

MOST_KINDS: Final = 50
"""Different hours that one rule set may name: a calendar is laid out for each."""

_SEASON: Final = re.compile(r"([0-9]{2})-([0-9]{2})")
_MIDNIGHT: Final = "24:00"
_LEAP_YEAR: Final = date(2024, 1, 1)
_CYCLE: Final = 28 * 365 + 7
"""Days after which every day of the year has been every day of the week."""


class Weekday(enum.Enum):
    """Days of the week as ``date.weekday`` counts."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6


@frozen(kw_only=True)
class OwnHours:
    """An organisation with hours of its own."""

    organisation: OrganId = field(validator=a(OrganId))
    hours: tuple[OfficeHours, ...] = field(
        converter=as_tuple, validator=many(OfficeHours, least=1, most=100)
    )


class CultureDay(enum.Enum):
    """What 24 November, the Day of Vietnamese Culture, is."""

    UNDECIDED = "UNDECIDED"
    """Counted as a day off; deadlines that touch it are provisional."""

    OFF = "OFF"
    WORKING = "WORKING"


class CalendarEditor(enum.Enum):
    """Who may enter days that are not what their day of the week says."""

    OPERATOR = "OPERATOR"
    """The operator of the axis alone."""

    ORGANISATION = "ORGANISATION"
    """The operator, and each organisation for itself."""


def _read_session(value: object, key: str) -> Session:
    start, _, end = plain_text(value, key).partition("-")
    start, end = start.strip(), end.strip()
    try:
        until = time(0) if end == _MIDNIGHT else read_time(end, key)
        if until == time(0) and end != _MIDNIGHT:
            raise InvalidValue(field=key, found=end, expected=_MIDNIGHT)
        return Session(read_time(start, key), until)
    except InvalidValue as error:
        expected = "two times of a day such as 07:30-11:30 or 13:00-24:00, the earlier one first"
        raise InvalidValue(field=key, found=shown(value), expected=expected) from error


def _read_weekday(value: object, key: str) -> int:
    found: Weekday = word(Weekday)(value, key)
    return found.value


def _read_season(value: object, key: str) -> tuple[int, int]:
    found = _SEASON.fullmatch(plain_text(value, key))
    try:
        assert found is not None  # noqa: S101 - told below
        day = _LEAP_YEAR.replace(month=int(found[1]), day=int(found[2]))
    except (AssertionError, ValueError) as error:
        expected = "a day of the year as MM-DD"
        raise InvalidValue(field=key, found=shown(value), expected=expected) from error
    return day.month, day.day


def _any(instance: object, attribute: Attribute[Any], value: object) -> None:
    """The class itself checks it."""


_SEASON_END: Final = Form(
    words="a day of the year as MM-DD",
    read=_read_season,
    plain=lambda value: f"{value[0]:02}-{value[1]:02}",
    check=_any,
)
_HOURS_ROW: Final = {
    "sessions": Form(
        words='a list such as ["07:30-11:30", "13:00-17:00"]',
        read=in_order(listed(_read_session), lambda session: session.span),
        plain=lambda value: [str(one) for one in sorted(value, key=lambda session: session.span)],
        check=_any,
    ),
    "weekdays": Form(
        words="a list of " + " | ".join(day.name for day in Weekday),
        read=in_order(listed(_read_weekday)),
        plain=lambda value: [Weekday(day).name for day in sorted(value)],
        check=_any,
    ),
    "valid_from": DAY,
    "valid_to": DAY,
    "season_from": _SEASON_END,
    "season_to": _SEASON_END,
}
_HOURS: Final = values_form(
    OfficeHours,
    "tables with sessions, weekdays, valid_from, valid_to, season_from, season_to",
    _HOURS_ROW,
    least=1,
)
_OWN_HOURS: Final = values_form(
    OwnHours,
    "tables with organisation and hours (as office.hours)",
    {"organisation": ORGAN, "hours": _HOURS},
)
USUAL: Final = OfficeHours(
    sessions=(Session(time(7, 30), time(11, 30)), Session(time(13), time(17)))
)
"""40 hours in five days (QĐ 188/1999/QĐ-TTg)."""


@frozen(kw_only=True)
class Office:
    """Office hours (giờ hành chính)."""

    hours: tuple[OfficeHours, ...] = setting(
        1,
        _HOURS,
        default=(USUAL,),
        clause="QĐ 188/1999/QĐ-TTg; QĐ 52/2019 Đ10.2",
        en="office sessions, by day of the week, season and date range; hours on a Saturday are a "
        "service: documents are received then, but it is no working day",
        vi="giờ hành chính theo thứ trong tuần, mùa và khoảng ngày; giờ thứ Bảy là giờ phục vụ: "
        "văn bản được tiếp nhận nhưng không tính là ngày làm việc",
    )
    own_hours: tuple[OwnHours, ...] = setting(
        1,
        _OWN_HOURS,
        default=(),
        clause="QĐ 188/1999/QĐ-TTg",
        en="organisations with office hours of their own",
        vi="cơ quan có giờ hành chính riêng",
    )
    lunch_is_outside: bool = setting(
        2,
        FLAG,
        default=True,
        clause="QĐ 52/2019 Đ10.2",
        en="the break between two sessions is outside office hours",
        vi="giờ nghỉ giữa hai buổi là ngoài giờ hành chính",
    )

    def __attrs_post_init__(self) -> None:
        _check_hours(self, "hours", self.hours)
        for own in self.own_hours:
            _check_hours(self, "own_hours", own.hours)
        kinds = len({own.hours for own in self.own_hours})
        if kinds > MOST_KINDS:
            expected = f"at most {MOST_KINDS}: organisations may share them"
            raise refuse(self, "own_hours", found=f"{kinds} kinds of hours", expected=expected)
        named = [own.organisation for own in self.own_hours]
        twice = next((one for one in named if named.count(one) > 1), None)
        if twice is not None:
            raise refuse(self, "own_hours", found=f"{twice} twice", expected="each only once")

    def hours_of(self, organisation: OrganId) -> tuple[OfficeHours, ...]:
        """The hours of one organisation: its own, or everybody's."""
        own = (one.hours for one in self.own_hours if one.organisation == organisation)
        return next(own, self.hours)


@frozen(kw_only=True)
class CalendarRules:
    """Working days (lịch làm việc)."""

    editor: CalendarEditor = setting(
        3,
        word_form(CalendarEditor),
        default=CalendarEditor.OPERATOR,
        clause="BLLĐ 2019 Đ112.3; QĐ 188/1999/QĐ-TTg",
        en="who may enter days off and swapped days",
        vi="ai được nhập ngày nghỉ và ngày làm việc hoán đổi",
    )
    entered_as: DayStatus = setting(
        3,
        word_form(DayStatus),
        default=DayStatus.PROVISIONAL,
        clause="BLLĐ 2019 Đ112.3",
        en="status of an entered day until somebody says that it was published",
        vi="trạng thái của ngày mới nhập khi chưa xác nhận đã công bố",
    )
    culture_day: CultureDay = setting(
        4,
        word_form(CultureDay),
        default=CultureDay.UNDECIDED,
        clause="NQ 80-NQ/TW; NQ 30/NQ-CP",
        en="what 24 November is",
        vi="ngày 24/11 (Ngày Văn hóa Việt Nam) là ngày gì",
    )


def _check_hours(instance: object, name: str, hours: Sequence[OfficeHours]) -> None:
    """Refuse hours that never hold, and two kinds of hours that hold on the same day."""
    for one in hours:
        if one.valid_from and one.valid_to and one.valid_to <= one.valid_from:
            expected = f"valid_to after {one.valid_from.isoformat()}"
            raise refuse(instance, name, found=one.valid_to.isoformat(), expected=expected)
    for one, other in combinations(hours, 2):
        day = _common_day(one, other)
        if day is not None:
            found = f"two kinds of hours on {day.isoformat()}"
            raise refuse(instance, name, found=found, expected="one for each day")


def _common_day(one: OfficeHours, other: OfficeHours) -> date | None:
    """The first day on which both hold; None where there is none."""
    if not _meet(one, other):
        return None
    starts = [hours.valid_from for hours in (one, other) if hours.valid_from is not None]
    ends = [hours.valid_to for hours in (one, other) if hours.valid_to is not None]
    last = min([*ends, date.max]).toordinal()
    first = max(starts or [_LEAP_YEAR]).toordinal()
    if ends and not starts:
        first = max(last - _CYCLE, 1)
    days = map(date.fromordinal, range(first, min(first + _CYCLE, last)))
    return next((day for day in days if _holds(one, day) and _holds(other, day)), None)


def _meet(one: OfficeHours, other: OfficeHours) -> bool:
    """Whether they share a day of the week and a day of the year, whatever their validity."""
    always = [evolve(hours, valid_from=None, valid_to=None) for hours in (one, other)]
    first = _LEAP_YEAR.toordinal()
    year = map(date.fromordinal, range(first, first + 366))
    shared = any(all(hours.hold_on(day) for hours in always) for day in year)
    return shared and not {*one.weekdays}.isdisjoint(other.weekdays)


def _holds(hours: OfficeHours, day: date) -> bool:
    return day.weekday() in hours.weekdays and hours.hold_on(day)
