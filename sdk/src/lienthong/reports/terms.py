"""By when something must be done with a delivery: the deadlines that facts carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from attrs import field, frozen

from lienthong.errors import OutsideCalendar
from lienthong.model.document import Document
from lienthong.model.ids import OrganId
from lienthong.model.time import FIRST_YEAR, LAST_YEAR, VIETNAM, vietnam_date
from lienthong.model.words import Urgency
from lienthong.reports.facts import DeliveryFacts
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.deadlines import add_working_days, add_working_time, send_by, send_urgent_by

_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)


@frozen(kw_only=True)
class Terms:
    """What the regulations leave to a province: by when and by which calendar."""

    calendar_of: Callable[[OrganId], WorkCalendar]
    is_outside: Callable[[OrganId, OrganId, date], bool]
    """Whether sender and recipient belong to different provinces on a day in Vietnam."""

    own: frozenset[OrganId] = frozenset()
    """Whose deliveries are followed; empty for all. A vendor's feed says nothing of what other
    recipients of a package do with it."""

    urgent_send: Mapping[Urgency, timedelta] = field(factory=dict)
    """Elapsed time; an urgency without one has the deadline of an ordinary document."""

    urgent_forward: Mapping[Urgency, timedelta] = field(factory=dict)
    """Likewise."""

    urgent_settle: Mapping[Urgency, timedelta] = field(factory=dict)
    """For what names no day; likewise."""

    urgent_in_office_hours: bool = True
    """Time to pass on and to settle what is urgent is working time, not elapsed time."""

    take_within: timedelta | None = None
    """Working time after which a delivery counts as not taken; None for never."""

    settle_within: int | None = None
    """Working days to settle what names no day; None for no deadline."""

    recall_within: int | None = None
    """Working days to carry out a recall and confirm it, 0 for the same day; None for no limit."""

    lunch_is_outside: bool = True
    sent_when_issued: bool = True
    """T1: the time of issue counts once there is an acknowledgement, not that of it."""


def send_deadlines(
    sender: OrganId, document: Document, recorded_at: datetime, terms: Terms
) -> tuple[datetime | None, datetime | None]:
    """T3 or T4, and that of NĐ 30; none where no credible time of signing is known."""
    signed_at = document.signed_at
    if signed_at is None or signed_at > recorded_at:
        return None, None
    within = terms.urgent_send.get(document.urgency)
    if within is not None:
        return send_urgent_by(signed_at, within).at, None
    try:
        calendar = terms.calendar_of(sender)
        decree = add_working_days(vietnam_date(signed_at), 1, calendar)
        return send_by(signed_at, calendar).at, decree.at
    except OutsideCalendar:
        return None, None


def take_by(recipient: OrganId, recorded_at: datetime, terms: Terms) -> datetime | None:
    """From when on nobody having taken it up is worth telling."""
    if terms.take_within is None:
        return None
    try:
        return add_working_time(recorded_at, terms.take_within, terms.calendar_of(recipient))
    except OutsideCalendar:
        return None


def recall_by(recipient: OrganId, at: datetime, terms: Terms) -> datetime | None:
    """By when a recall is to be carried out and confirmed (QĐ 52/2019 Đ8.3)."""
    if terms.recall_within is None:
        return None
    day = vietnam_date(at)
    if not terms.recall_within:
        return end_of(day)
    try:
        return add_working_days(day, terms.recall_within, terms.calendar_of(recipient)).at
    except OutsideCalendar:
        return None


def settle_by(facts: DeliveryFacts, received: datetime, terms: Terms) -> datetime | None:
    """By when to settle what names no day."""
    calendar, within = terms.calendar_of(facts.recipient), terms.urgent_settle.get(facts.urgency)
    try:
        if within is not None:
            return urgent_by(received, within, calendar, terms)
        if terms.settle_within is not None:
            return add_working_days(vietnam_date(received), terms.settle_within, calendar).at
    except OutsideCalendar:
        return None
    return None


def urgent_by(start: datetime, within: timedelta, calendar: WorkCalendar, terms: Terms) -> datetime:
    """So much working time after *start*, or elapsed time (T6, T9). Raises OutsideCalendar."""
    if terms.urgent_in_office_hours:
        return add_working_time(start, within, calendar)
    return start + within


def worked_minutes(facts: DeliveryFacts, end: datetime, terms: Terms) -> int | None:
    """Office time from receipt to *end* (T9)."""
    if facts.received_at is None:
        return None
    start, total = facts.received_at.astimezone(VIETNAM), timedelta()
    local = end.astimezone(VIETNAM)
    try:
        calendar, day = terms.calendar_of(facts.recipient), start.date()
        while day <= local.date():
            midnight = datetime.combine(day, time(0), VIETNAM)
            for span in calendar.sessions(day):
                begin = max(start, midnight + timedelta(seconds=span.start))
                total += max(
                    timedelta(), min(local, midnight + timedelta(seconds=span.end)) - begin
                )
            day += _DAY
    except OutsideCalendar:
        return None
    return total // _MINUTE


def end_of(day: date | None) -> datetime | None:
    """24:00 of a day in Vietnam (BLDS 2015 Đ148.6); none of a day that no instant can express."""
    if day is None or not FIRST_YEAR < day.year < LAST_YEAR:
        return None
    return datetime.combine(day + _DAY, time(0), VIETNAM)
