"""When a document counts as sent and received, and by when it must be sent on and handled.

Pure functions over instants, days and a work calendar (regulations §13c; QĐ 52/2019 Đ10, QĐ 28/2018
Đ6.2, NĐ 30/2020 Đ21, BLDS 2015 Đ147-148). Instants come in with any offset and go out in UTC; days
are Vietnam's. The calendar is that of whoever must act: the sender's for sending, the recipient's
for receiving.
"""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from attrs import frozen

from lienthong.errors import InvalidValue
from lienthong.model.time import check_aware
from lienthong.rules.calendar import Span, WorkCalendar, session_at

_DAY: Final = timedelta(days=1)
_ZONE: Final = timezone(timedelta(hours=7))
"""Calendars begin after the last change of Vietnam's offset, and a fixed one is quick."""

_FIRST: Final = datetime(1970, 1, 1, tzinfo=_ZONE).astimezone(UTC)
_FIRST_DAY: Final = date(1970, 1, 1).toordinal()
MAX_DAYS: Final = 3650
"""Days that one rule may count."""

REPORT_DAY: Final = 15
REPORT_MONTHS: Final = (3, 6, 9, 12)


@frozen(kw_only=True)
class Moment:
    """When something legally happened."""

    at: datetime
    """UTC."""

    rule: str
    """Number of the rule, ``T2``."""

    clause: str
    calendar_version: str = ""
    provisional: bool = False
    """A day that it depends on is not certain yet; it is to be computed again."""


@frozen(kw_only=True)
class Deadline(Moment):
    """By when something must be done: *at* is the last instant that is in time."""

    day: date
    """The day in Vietnam on which it ends."""


class OnDayOff(enum.Enum):
    """What becomes of a report's day that is no working day (T11)."""

    NEXT = "NEXT"
    """The next working day (BLDS 2015 Đ148.5)."""

    PREVIOUS = "PREVIOUS"
    EXACT = "EXACT"


def received_at(
    entered_at: datetime, calendar: WorkCalendar, *, lunch_is_outside: bool = True
) -> Moment:
    """When a document counts as received (T2; QĐ 52/2019 Đ10.2).

    Inside office hours at once, otherwise when the next session begins.

    Args:
        entered_at: when it entered the recipient's system.
        calendar: of the recipient.
        lunch_is_outside: the break between two sessions is outside office hours, as the text says.

    Raises:
        NaiveTime: the instant has no time zone.
        OutsideCalendar: the calendar does not cover the day, or the next working day.
    """
    local = _local(entered_at)
    day, second = local.date(), _second(local)
    spans = calendar.sessions(day)
    if spans and not lunch_is_outside:
        spans = (Span(spans[0].start, spans[-1].end),)
    span = session_at(spans, second)
    if span is not None and second >= span.start:
        at = entered_at.astimezone(UTC)
    elif span is not None:
        at = _instant(day, span.start)
    else:
        day = calendar.next_working_day(day)
        at = _instant(day, calendar.sessions(day)[0].start)
    return Moment(
        at=at,
        rule="T2",
        clause="QĐ 52/2019 Đ10.2",
        calendar_version=calendar.version,
        provisional=calendar.is_provisional(local.date(), day),
    )


def send_by(signed_at: datetime, calendar: WorkCalendar) -> Deadline:
    """By when a signed document must be sent: on its day, at latest the next working morning (T3).

    Raises:
        NaiveTime: the instant has no time zone.
        OutsideCalendar: the calendar does not cover the day, or the next working day.
    """
    first = _local(signed_at).date()
    day = calendar.next_working_day(first)
    end = calendar.sessions(day)[0].end
    return _deadline(calendar, first, day, end, "T3", "QĐ 28/2018 Đ6.2")


def send_target(signed_at: datetime) -> Deadline:
    """Until when sending a signed document is on its own day (T3; QĐ 28/2018 Đ6.2)."""
    day = _local(signed_at).date()
    return Deadline(at=_end_of(day), day=day, rule="T3", clause="QĐ 28/2018 Đ6.2")


def send_urgent_by(signed_at: datetime, within: timedelta) -> Deadline:
    """By when an urgent document must be sent: at once, whatever the hour (T4; QĐ 28/2018 Đ6.2).

    Args:
        signed_at: when it was signed.
        within: what "at once" means for its urgency, in elapsed time.

    Raises:
        NaiveTime: the instant has no time zone.
        InvalidValue: the time is negative.
    """
    _check_amount(within)
    at = _local(signed_at) + within
    return Deadline(at=at.astimezone(UTC), day=at.date(), rule="T4", clause="QĐ 28/2018 Đ6.2")


def receipt_notice_by(received: datetime) -> Deadline:
    """By when the sender must be told that it was received: the same day (T5; NĐ 30/2020 Đ21.2)."""
    day = _local(received).date()
    return Deadline(at=_end_of(day), day=day, rule="T5", clause="NĐ 30/2020 Đ21.2")


def forward_by(received: datetime, calendar: WorkCalendar) -> Deadline:
    """By when a received document must be sent on: the end of the next working day (T6).

    Raises:
        NaiveTime: the instant has no time zone.
        OutsideCalendar: the calendar does not cover the day, or the next working day.
    """
    first = _local(received).date()
    day = calendar.next_working_day(first)
    end = calendar.sessions(day)[-1].end
    return _deadline(calendar, first, day, end, "T6", "QĐ 52/2019 Đ5.2b")


def forward_urgent_by(received: datetime, within: timedelta, calendar: WorkCalendar) -> Deadline:
    """By when an urgent document must be sent on: so much working time after receipt (T6, T9).

    Raises:
        NaiveTime: the instant has no time zone.
        InvalidValue: the time is negative.
        OutsideCalendar: the calendar does not cover all of it.
    """
    at = add_working_time(received, within, calendar)
    local, first = at.astimezone(_ZONE), _local(received).date()
    return Deadline(
        at=at,
        day=local.date(),
        rule="T6",
        clause="QĐ 28/2018 Đ6.2",
        calendar_version=calendar.version,
        provisional=calendar.is_provisional(first, local.date()),
    )


def add_working_days(day: date, count: int, calendar: WorkCalendar) -> Deadline:
    """The end of the *count*-th working day after *day*, which itself does not count (T7).

    Raises:
        InvalidValue: the count is not from 1 to 3650.
        OutsideCalendar: the calendar does not cover all of it.
    """
    _check_count(count)
    last = day
    for _ in range(count):
        last = calendar.next_working_day(last)
    end = calendar.sessions(last)[-1].end
    return _deadline(calendar, day, last, end, "T7", "BLDS 2015 Đ147.2, Đ148.6")


def add_days(day: date, count: int, calendar: WorkCalendar) -> Deadline:
    """The end, 24:00, of the *count*-th day after *day*; on a day off the next working day (T8).

    Raises:
        InvalidValue: the count is not from 1 to 3650.
        OutsideCalendar: the calendar does not cover the last day.
    """
    _check_count(count)
    last = day + count * _DAY
    if not calendar.is_working(last):
        last = calendar.next_working_day(last)
    return Deadline(
        at=_end_of(last),
        day=last,
        rule="T8",
        clause="BLDS 2015 Đ148.5",
        calendar_version=calendar.version,
        provisional=calendar.is_provisional(day + count * _DAY, last),
    )


def add_working_time(start: datetime, amount: timedelta, calendar: WorkCalendar) -> datetime:
    """The instant at which so much office time has passed since *start* (T9); UTC.

    Time outside office hours does not count. What ends with a session ends there, not when the
    next one begins.

    Raises:
        NaiveTime: the instant has no time zone.
        InvalidValue: the amount is negative.
        OutsideCalendar: the calendar does not cover all of it.
    """
    _check_amount(amount)
    local = _local(start)
    if not amount:
        return start.astimezone(UTC)
    day = local.date()
    since = timedelta(seconds=_second(local), microseconds=local.microsecond)
    while True:
        for span in calendar.sessions(day):
            begin, end = max(since, timedelta(seconds=span.start)), timedelta(seconds=span.end)
            if begin >= end:
                continue
            if amount <= end - begin:
                return _instant(day, 0) + begin + amount
            amount -= end - begin
        day, since = calendar.next_working_day(day), timedelta()


def report_day(
    year: int, month: int, calendar: WorkCalendar, on_day_off: OnDayOff = OnDayOff.NEXT
) -> Deadline:
    """The day of a quarterly report: the 15th of the quarter's last month (T11; QĐ 52/2019 Đ13.4).

    Raises:
        InvalidValue: the month ends no quarter.
        OutsideCalendar: the calendar does not cover the day.
    """
    if month not in REPORT_MONTHS:
        raise InvalidValue(field="month", found=month, expected="3, 6, 9 or 12")
    first = last = date(year, month, REPORT_DAY)
    if not calendar.is_working(first) and on_day_off is OnDayOff.NEXT:
        last = calendar.next_working_day(first)
    while on_day_off is OnDayOff.PREVIOUS and not calendar.is_working(last):
        last -= _DAY
    return Deadline(
        at=_end_of(last),
        day=last,
        rule="T11",
        clause="QĐ 52/2019 Đ13.4",
        calendar_version=calendar.version,
        provisional=calendar.is_provisional(min(first, last), max(first, last)),
    )


def renewed(known: Deadline, fresh: Deadline, now: datetime) -> Deadline:
    """A deadline after its calendar changed: one that has passed never moves (T12).

    Args:
        known: as it was computed before.
        fresh: the same, computed with the new calendar.
        now: the present instant.

    Raises:
        NaiveTime: the instant has no time zone.
    """
    check_aware(now, field="now")
    return known if known.at <= now else fresh


def _deadline(
    calendar: WorkCalendar, first: date, day: date, end: int, rule: str, clause: str
) -> Deadline:
    return Deadline(
        at=_instant(day, end),
        day=day,
        rule=rule,
        clause=clause,
        calendar_version=calendar.version,
        provisional=calendar.is_provisional(first, day),
    )


def _local(instant: datetime) -> datetime:
    check_aware(instant, field="instant")
    return instant.astimezone(_ZONE)


def _second(local: datetime) -> int:
    return local.hour * 3600 + local.minute * 60 + local.second


def _instant(day: date, second: int) -> datetime:
    return _FIRST + timedelta(day.toordinal() - _FIRST_DAY, second)


def _end_of(day: date) -> datetime:
    return _instant(day + _DAY, 0)


def _check_count(count: int) -> None:
    if type(count) is not int or not 1 <= count <= MAX_DAYS:
        raise InvalidValue(field="count", found=count, expected=f"1 to {MAX_DAYS}")


def _check_amount(amount: timedelta) -> None:
    if amount < timedelta():
        raise InvalidValue(field="amount", found=amount, expected="no negative time")
