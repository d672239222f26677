"""What a rule set asks of the sender and the recipients of one document: paper, and deadlines.

Puts a document, a rule set and a calendar together; the rules themselves are ``paper`` and
``deadlines``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Final

from attrs import evolve, field, frozen

from lienthong.errors import OutsideCalendar
from lienthong.model.checks import a, as_tuple, many, maybe
from lienthong.model.document import Document
from lienthong.model.ids import OrganId
from lienthong.model.time import vietnam_date
from lienthong.model.words import AttachmentKind, Urgency
from lienthong.rules import deadlines, paper
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.moments import Deadline, Moment, elapsed, instant_of
from lienthong.rules.ruleset import RuleSet

_SETTLED: Final = "NĐ 30/2020 Đ24.2"
_DAY: Final = timedelta(days=1)
_TICK: Final = timedelta(microseconds=1)


@frozen(kw_only=True)
class Sent:
    """What paper depends on beside the document's own data, the same for every recipient."""

    attachments: tuple[AttachmentKind, ...] = field(
        default=(), converter=as_tuple, validator=many(AttachmentKind, most=100)
    )
    signed_by_both: bool = field(default=True, validator=a(bool))
    """The competent person and the agency have signed validly (NĐ 30/2020 Đ5.1)."""

    is_submission: bool = field(default=False, validator=a(bool))
    for_appraisal: bool = field(default=False, validator=a(bool))
    override: paper.Override | None = field(default=None, validator=maybe(paper.Override))
    """What a leader has decided otherwise."""


@frozen(kw_only=True)
class Due:
    """One instant of a document's life under the rules."""

    name: str
    """``sent_same_day``, ``sent``, ``sent_decree_30``, ``received``, ``receipt_notice``,
    ``refused``, ``forwarded``, ``settled`` or ``replied``."""

    moment: Moment


def paper_for(
    document: Document, recipient: OrganId | None, rules: RuleSet, sent: Sent
) -> paper.PaperDecision:
    """In which form a recipient gets the document, with every reason (QĐ 52/2019 Đ6).

    Args:
        document: what is sent.
        recipient: to whom; None for one about whom the rule set says nothing.
        rules: of the sender's province.
        sent: what goes along.

    Raises:
        MissingField: it is not validly signed by both: a leader must decide.
        InvalidValue: a leader has decided what he may not.
    """
    not_ready = rules.directory.not_ready
    facts = paper.Facts(
        kind=document.kind,
        body=rules.paper.bodies.of(recipient) if recipient else paper.RecipientBody.OTHER,
        sender_ready=document.issuer_code not in not_ready,
        recipient_ready=recipient not in not_ready,
        is_submission=sent.is_submission,
        for_appraisal=sent.for_appraisal,
        attachments=sent.attachments,
        signed_by_both=sent.signed_by_both,
        parallel_kinds=rules.paper.parallel_kinds,
        paper_attachments=rules.paper.paper_attachments,
        override=sent.override,
        override_allowed=rules.paper.override_allowed,
    )
    return paper.decide(facts)


def sending_deadlines(
    urgency: Urgency, signed_at: datetime, rules: RuleSet, calendar: WorkCalendar
) -> Sequence[Due]:
    """By when a document must be sent that was signed at *signed_at* (T3, T4).

    Args:
        urgency: of the document.
        signed_at: by the competent person.
        rules: of the sender's province.
        calendar: of the sender.

    Raises:
        NaiveTime: the instant has no time zone.
        OutsideCalendar: the calendar does not cover the days.
    """
    within = rules.sending.urgent_within.of(urgency)
    if within is not None:
        return (Due(name="sent", moment=deadlines.send_urgent_by(signed_at, within)),)
    return (
        Due(name="sent_same_day", moment=deadlines.send_target(signed_at)),
        Due(name="sent", moment=deadlines.send_by(signed_at, calendar)),
        Due(name="sent_decree_30", moment=deadlines.issue_by(signed_at, calendar)),
    )


def receiving_deadlines(
    document: Document, entered_at: datetime, rules: RuleSet, calendar: WorkCalendar
) -> Sequence[Due]:
    """When a document counts as received, and by when its recipient must act (T2, T5-T8).

    Args:
        document: what arrived.
        entered_at: when it entered the recipient's system.
        rules: of the recipient's province.
        calendar: of the recipient.

    Raises:
        NaiveTime: the instant has no time zone.
        OutsideCalendar: the calendar does not cover the days.
    """
    return tuple(_receiving(document, entered_at, rules, calendar))


def forwarding(
    urgency: Urgency,
    entered_at: datetime,
    rules: RuleSet,
    calendar: WorkCalendar,
    *,
    accepted_at: datetime | None = None,
) -> Deadline:
    """By when a recipient must send a document on (T6).

    An urgent one within the rule set's time: in working time from when it counts as received; in
    elapsed time from when a clerk on duty has accepted it before that, where this ends sooner; or,
    where office hours do not matter, in elapsed time from when it entered.

    Args:
        urgency: of the document.
        entered_at: when it entered the recipient's system.
        rules: of the recipient's province.
        calendar: of the recipient.
        accepted_at: when somebody accepted it; None while nobody has. Only before it counts as
            received does it change anything.

    Raises:
        NaiveTime: the instant has no time zone.
        OutsideCalendar: the calendar does not cover the days.
    """
    received = received_at(entered_at, rules, calendar)
    receiving = rules.receiving
    within = receiving.urgent_forward_within.of(urgency)
    if within is None:
        return _after(received, deadlines.forward_by(received.at, calendar))
    if not receiving.urgent_in_office_hours:
        return deadlines.forward_urgent_by(entered_at, within, calendar, in_office_hours=False)
    found = _after(received, deadlines.forward_urgent_by(received.at, within, calendar))
    if accepted_at is None or elapsed(accepted_at) >= elapsed(received.at):
        return found
    since = max(accepted_at, entered_at)
    early = deadlines.forward_urgent_by(since, within, calendar, in_office_hours=False)
    return min(found, early, key=lambda deadline: deadline.at)


def noticing(entered_at: datetime, rules: RuleSet, calendar: WorkCalendar) -> Deadline:
    """By when a recipient must tell the sender that it has it: the day of receipt (T5).

    Args:
        entered_at: when it entered the recipient's system, or the axis handed it over.
        rules: of the recipient's province.
        calendar: of the recipient.

    Raises:
        NaiveTime: the instant has no time zone.
        OutsideCalendar: the calendar does not cover the days.
    """
    received = received_at(entered_at, rules, calendar)
    return _after(received, deadlines.receipt_notice_by(received.at))


def taking(entered_at: datetime, rules: RuleSet, calendar: WorkCalendar) -> Deadline:
    """By when a recipient must accept or refuse, before it counts as not taken.

    Args:
        entered_at: when the axis handed it over.
        rules: of the recipient's province.
        calendar: of the recipient.

    Raises:
        NaiveTime: the instant has no time zone.
        OutsideCalendar: the calendar does not cover the days.
    """
    found = deadlines.forward_urgent_by(entered_at, rules.receiving.escalate_after, calendar)
    return evolve(found, rule="T9", clause="QĐ 52/2019 Đ9.2d")


def settling(
    urgency: Urgency, entered_at: datetime, rules: RuleSet, calendar: WorkCalendar
) -> Deadline | None:
    """By when a recipient must handle what names no day (NĐ 30/2020 Đ24.2); None: nobody says.

    Args:
        urgency: of the document.
        entered_at: when it entered the recipient's system.
        rules: of the recipient's province.
        calendar: of the recipient.

    Raises:
        NaiveTime: the instant has no time zone.
        OutsideCalendar: the calendar does not cover the days.
    """
    received, settings = received_at(entered_at, rules, calendar), rules.receiving
    within = settings.urgent_settle_within.of(urgency)
    if within is None:
        found = _working_days(vietnam_date(received.at), settings.settle_working_days, calendar)
        if found is None:
            return None
        return evolve(_after(received, found), clause=_SETTLED)
    if not settings.urgent_in_office_hours:
        found = deadlines.forward_urgent_by(entered_at, within, calendar, in_office_hours=False)
        return evolve(found, rule="T9", clause=_SETTLED)
    found = deadlines.forward_urgent_by(received.at, within, calendar)
    return evolve(_after(received, found), rule="T9", clause=_SETTLED)


def confirming_recall(asked_at: datetime, rules: RuleSet, calendar: WorkCalendar) -> Deadline:
    """By when a recipient must cancel a recalled document and report it (QĐ 52/2019 Đ8.3).

    On the day on which the recall counts as received (T2), or so many working days after it.

    Args:
        asked_at: when it was recalled.
        rules: of the recipient's province.
        calendar: of the recipient.

    Raises:
        NaiveTime: the instant has no time zone.
        OutsideCalendar: the calendar does not cover the days.
    """
    received = received_at(asked_at, rules, calendar)
    day, count = vietnam_date(received.at), rules.flow.recall_confirm_working_days
    found = _working_days(day, count, calendar) or deadlines.due_on(day)
    return evolve(_after(received, found), clause="QĐ 52/2019 Đ8.3")


def at_risk_from(since: datetime, due: datetime, calendar: WorkCalendar) -> datetime:
    """From when on those who must act are warned that a deadline comes near.

    From half the time, but not before office hours begin on the last working day that is in time:
    what is urgent warns at half time, what is ordinary on the morning of its last day.

    Args:
        since: from when the time counts.
        due: the last instant in time.
        calendar: of who must act; where it does not know the day, half the time counts alone.
    """
    half = since + max(due - since, timedelta()) / 2
    with suppress(OutsideCalendar):
        return min(max(half, _last_morning(due, calendar)), due)
    return min(half, due)


def received_at(entered_at: datetime, rules: RuleSet, calendar: WorkCalendar) -> Moment:
    """When what entered at an instant counts as received (T2). Raises as ``forwarding``."""
    outside = rules.office.lunch_is_outside
    return deadlines.received_at(entered_at, calendar, lunch_is_outside=outside)


def _receiving(
    document: Document, entered_at: datetime, rules: RuleSet, calendar: WorkCalendar
) -> Iterator[Due]:
    received = received_at(entered_at, rules, calendar)
    day, settings = vietnam_date(received.at), rules.receiving
    notice = noticing(entered_at, rules, calendar)
    yield Due(name="received", moment=received)
    yield Due(name="receipt_notice", moment=notice)
    refused = _working_days(day, settings.refuse_working_days, calendar) or notice
    refused = evolve(refused, clause="QĐ 52/2019 Đ8.1a")
    yield Due(name="refused", moment=_after(received, refused))
    forwarded = forwarding(document.urgency, entered_at, rules, calendar)
    yield Due(name="forwarded", moment=forwarded)
    if document.due_date is not None:
        yield Due(name="replied", moment=deadlines.due_on(document.due_date))
        return
    settled = settling(document.urgency, entered_at, rules, calendar)
    if settled is not None:
        yield Due(name="settled", moment=settled)


def _last_morning(due: datetime, calendar: WorkCalendar) -> datetime:
    """When office hours begin on the last working day that begins before an instant."""
    day = vietnam_date(due - _TICK)
    while True:
        if calendar.is_working(day):
            start = instant_of(day, calendar.sessions(day)[0].start)
            if start < due:
                return start
        day -= _DAY


def _after(received: Moment, found: Deadline) -> Deadline:
    """A deadline that begins with a receipt is no more certain than the receipt."""
    return evolve(
        found,
        provisional=found.provisional or received.provisional,
        calendar_version=found.calendar_version or received.calendar_version,
    )


def _working_days(day: date, count: int, calendar: WorkCalendar) -> Deadline | None:
    return deadlines.add_working_days(day, count, calendar) if count else None
