"""When a document counts as sent and received, and by when it must be sent on and handled.

Pure functions over instants, days and a work calendar (regulations §13c; QĐ 52/2019 Đ10, QĐ 28/2018
Đ6.2, NĐ 30/2020 Đ21, BLDS 2015 Đ147-148). Instants come in with any offset and go out in UTC; days
are Vietnam's. The calendar is that of whoever must act: the sender's for sending, the recipient's
for receiving.
"""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, timedelta
from typing import Final

from lienthong.errors import InvalidValue
from lienthong.model.checks import shown
from lienthong.model.time import FIRST_YEAR, LAST_YEAR, check_aware
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.moments import FIRST, Deadline, Moment, day_of, elapsed, end_of, later
from lienthong.rules.worktime import Stretch, WorkDay, WorkTime

_DAY: Final = timedelta(days=1)
MAX_DAYS: Final = 3650
"""Days that one rule may count."""

_NOTHING: Final = timedelta()
_MOST: Final = MAX_DAYS * _DAY
_new: Final = object.__new__

REPORT_DAY: Final = 15
REPORT_MONTHS: Final = (3, 6, 9, 12)


class SentBasis(enum.Enum):
    """Which instant counts as the sending of a delivered document (T1)."""

    ISSUED = "ISSUED"
    """When the clerk issued it, once its delivery is acknowledged."""

    ACK = "ACK"
    """When its delivery was acknowledged."""


class OnDayOff(enum.Enum):
    """What becomes of a report's day that is no working day (T11)."""

    NEXT = "NEXT"
    """The next working day (BLDS 2015 Đ148.5)."""

    PREVIOUS = "PREVIOUS"
    EXACT = "EXACT"


def sent_at(
    issued_at: datetime, acknowledged_at: datetime | None, basis: SentBasis = SentBasis.ISSUED
) -> Moment | None:
    """When a document counts as sent; None until its delivery is acknowledged (T1).

    Args:
        issued_at: when the sender's clerk issued it.
        acknowledged_at: when its delivery was acknowledged; None where all tries failed.
        basis: what the province has decided.

    Raises:
        NaiveTime: an instant has no time zone.
    """
    check_aware(issued_at, field="issued_at")
    if acknowledged_at is None:
        return None
    check_aware(acknowledged_at, field="acknowledged_at")
    at = issued_at if basis is SentBasis.ISSUED else acknowledged_at
    return Moment(at=at.astimezone(UTC), rule="T1", clause="QĐ 52/2019 Đ10.1")


def is_skewed(earlier: datetime, later: datetime, max_skew: timedelta) -> bool:
    """Whether two clocks contradict each other: what came later is told to have come before (T13).

    Both instants are kept as they are; the order is that of the axis's receipts, and no report
    counts a negative time (QĐ 52/2019 Đ10.3).

    Args:
        earlier: of what happened first, such as the sending, by the one clock.
        later: of what followed, such as the arrival, by the other.
        max_skew: difference up to which nobody is told.

    Raises:
        NaiveTime: an instant has no time zone.
        InvalidValue: the difference is negative.
    """
    check_aware(earlier, field="earlier")
    check_aware(later, field="later")
    _check_amount(max_skew)
    return earlier - later > max_skew


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
    worktime, passed = calendar.worktime, elapsed(entered_at)
    first = day = worktime.at(passed)
    at, sessions = FIRST + passed, day.sessions
    if sessions and not lunch_is_outside:
        sessions = (Stretch(sessions[0].start, sessions[-1].end),)
    time = at - day.midnight
    for start, end in sessions:
        if time < end:
            at = at if time >= start else day.midnight + start
            break
    else:
        day = worktime.next_open(day)
        at = day.midnight + day.sessions[0].start
    return _moment(worktime, first, day, at, "T2", "QĐ 52/2019 Đ10.2")


def send_by(signed_at: datetime, calendar: WorkCalendar) -> Deadline:
    """By when a signed document must be sent: on its day, at latest the next working morning (T3).

    Raises:
        NaiveTime: the instant has no time zone.
        OutsideCalendar: the calendar does not cover the day, or the next working day.
    """
    worktime = calendar.worktime
    first = worktime.at(elapsed(signed_at))
    day = worktime.next_working(first)
    return _deadline(worktime, first, day, day.morning_end, "T3", "QĐ 28/2018 Đ6.2")


def send_target(signed_at: datetime) -> Deadline:
    """Until when sending a signed document is on its own day (T3; QĐ 28/2018 Đ6.2)."""
    day = day_of(elapsed(signed_at))
    return Deadline(at=end_of(day), day=day, rule="T3", clause="QĐ 28/2018 Đ6.2")


def issue_by(signed_at: datetime, calendar: WorkCalendar) -> Deadline:
    """By when NĐ 30 wants a signed document to be issued: the next working day (T3; Đ18.1).

    A day that no text says more of ends at 24:00 (BLDS 2015 Đ148.6), not with office hours.
    QĐ 28 is stricter for electronic documents, see ``send_by``; both are reported.

    Raises:
        NaiveTime: the instant has no time zone.
        OutsideCalendar: the calendar does not cover the day, or the next working day.
    """
    worktime = calendar.worktime
    first = worktime.at(elapsed(signed_at))
    day = worktime.next_working(first)
    at = end_of(day.day)
    return _deadline(worktime, first, day, at, "T3", "NĐ 30/2020 Đ18.1")


def send_urgent_by(signed_at: datetime, within: timedelta) -> Deadline:
    """By when an urgent document must be sent: at once, whatever the hour (T4; QĐ 28/2018 Đ6.2).

    Args:
        signed_at: when it was signed.
        within: what "at once" means for its urgency, in elapsed time.

    Raises:
        NaiveTime: the instant has no time zone.
        InvalidValue: the time is negative, or ends when no year is.
    """
    _check_amount(within)
    since = later(elapsed(signed_at), within)
    return Deadline(at=FIRST + since, day=day_of(since), rule="T4", clause="QĐ 28/2018 Đ6.2")


def receipt_notice_by(received: datetime) -> Deadline:
    """By when the sender must be told of the receipt: the same day (T5; NĐ 30/2020 Đ21.2c)."""
    day = day_of(elapsed(received))
    return Deadline(at=end_of(day), day=day, rule="T5", clause="NĐ 30/2020 Đ21.2c")


def forward_by(received: datetime, calendar: WorkCalendar) -> Deadline:
    """By when a received document must be sent on: the end of the next working day (T6).

    Raises:
        NaiveTime: the instant has no time zone.
        OutsideCalendar: the calendar does not cover the day, or the next working day.
    """
    worktime = calendar.worktime
    first = worktime.at(elapsed(received))
    day = worktime.next_working(first)
    return _deadline(worktime, first, day, day.evening, "T6", "QĐ 52/2019 Đ5.2b")


def forward_urgent_by(
    received: datetime, within: timedelta, calendar: WorkCalendar, *, in_office_hours: bool = True
) -> Deadline:
    """By when an urgent document must be sent on: so much time after receipt (T6, T9).

    Args:
        received: when it counts as received, or when it entered where office hours do not matter.
        within: what "at once" means for its urgency.
        calendar: of the recipient.
        in_office_hours: working time counts; otherwise elapsed time.

    Raises:
        NaiveTime: the instant has no time zone.
        InvalidValue: the time is negative, or ends when no year is.
        OutsideCalendar: the calendar does not cover all of it.
    """
    _check_amount(within)
    if not in_office_hours:
        since = later(elapsed(received), within)
        return Deadline(at=FIRST + since, day=day_of(since), rule="T6", clause="QĐ 28/2018 Đ6.2")
    worktime, passed = calendar.worktime, elapsed(received)
    first = worktime.at(passed)
    day, at = _worked(worktime, first, FIRST + passed, within)
    return _deadline(worktime, first, day, at, "T6", "QĐ 28/2018 Đ6.2")


def add_working_days(day: date, count: int, calendar: WorkCalendar) -> Deadline:
    """The end of the *count*-th working day after *day*, which itself does not count (T7).

    Raises:
        InvalidValue: the count is not from 1 to 3650.
        OutsideCalendar: the calendar does not cover all of it.
    """
    _check_count(count)
    worktime = calendar.worktime
    first = last = worktime.on(day)
    for _ in range(count):
        last = worktime.next_working(last)
    clause = "BLDS 2015 Đ147.2, Đ148.6"
    return _deadline(worktime, first, last, last.evening, "T7", clause)


def add_days(day: date, count: int, calendar: WorkCalendar) -> Deadline:
    """The end, 24:00, of the *count*-th day after *day*; on a day off the next working day (T8).

    Raises:
        InvalidValue: the count is not from 1 to 3650.
        OutsideCalendar: the calendar does not cover the day, or the last one.
    """
    _check_count(count)
    calendar.sessions(day)
    last = day + count * _DAY
    if not calendar.is_working(last):
        last = calendar.next_working_day(last)
    return Deadline(
        at=end_of(last),
        day=last,
        rule="T8",
        clause="BLDS 2015 Đ148.5",
        calendar_version=calendar.version,
        provisional=calendar.is_provisional(day + count * _DAY, last),
    )


def due_on(day: date) -> Deadline:
    """The end, 24:00, of a day that somebody has set (BLDS 2015 Đ148.6; NĐ 30/2020 Đ24.2)."""
    return Deadline(at=end_of(day), day=day, rule="T7", clause="NĐ 30/2020 Đ24.2")


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
    worktime, passed = calendar.worktime, elapsed(start)
    at = FIRST + passed
    return _worked(worktime, worktime.at(passed), at, amount)[1] if amount else at


def report_day(
    year: int, month: int, calendar: WorkCalendar, on_day_off: OnDayOff = OnDayOff.NEXT
) -> Deadline:
    """The day of a quarterly report: the 15th of the quarter's last month (T11; QĐ 52/2019 Đ13.4).

    Raises:
        InvalidValue: the month ends no quarter, or there is no such year.
        OutsideCalendar: the calendar does not cover the day.
    """
    if type(month) is not int or month not in REPORT_MONTHS:
        raise InvalidValue(field="month", found=shown(month), expected="3, 6, 9 or 12")
    if type(year) is not int or not FIRST_YEAR <= year <= LAST_YEAR:
        expected = f"{FIRST_YEAR} to {LAST_YEAR}"
        raise InvalidValue(field="year", found=shown(year), expected=expected)
    first = last = date(year, month, REPORT_DAY)
    if not calendar.is_working(first) and on_day_off is OnDayOff.NEXT:
        last = calendar.next_working_day(first)
    while on_day_off is OnDayOff.PREVIOUS and not calendar.is_working(last):
        last -= _DAY
    return Deadline(
        at=end_of(last),
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


def _worked(
    worktime: WorkTime, day: WorkDay, at: datetime, amount: timedelta
) -> tuple[WorkDay, datetime]:
    """Day and instant at which so much office time has passed since *at*, which is on *day*."""
    if not amount:
        return day, at
    time = at - day.midnight
    while True:
        for start, end in day.sessions:
            if time < end:
                done = time + amount if time > start else start + amount
                if done <= end:
                    return day, day.midnight + done
                amount = done - end
        day, time = worktime.next_open(day), _NOTHING


def _moment(
    worktime: WorkTime, first: WorkDay, day: WorkDay, at: datetime, rule: str, clause: str
) -> Moment:
    """A moment of one day that depends on all of them from *first* on.

    The same as ``Moment(…)``. That would set the fields of a frozen value one by one through
    ``object``, which takes longer than to find them; and there is nothing in it to check.
    """
    made = _new(Moment)
    fields = made.__dict__
    fields["at"] = at
    fields["rule"] = rule
    fields["clause"] = clause
    fields["calendar_version"] = worktime.calendar
    fields["provisional"] = first.next_uncertain <= day.number
    return made


def _deadline(
    worktime: WorkTime, first: WorkDay, day: WorkDay, at: datetime, rule: str, clause: str
) -> Deadline:
    """Likewise a deadline."""
    made = _new(Deadline)
    fields = made.__dict__
    fields["at"] = at
    fields["day"] = day.day
    fields["rule"] = rule
    fields["clause"] = clause
    fields["calendar_version"] = worktime.calendar
    fields["provisional"] = first.next_uncertain <= day.number
    return made


def _check_count(count: int) -> None:
    if type(count) is not int or not 1 <= count <= MAX_DAYS:
        raise InvalidValue(field="count", found=shown(count), expected=f"1 to {MAX_DAYS}")


def _check_amount(amount: object) -> None:
    if not isinstance(amount, timedelta) or not _NOTHING <= amount <= _MOST:
        expected = f"a time of 0 to {MAX_DAYS} days"
        raise InvalidValue(field="amount", found=shown(amount), expected=expected)
