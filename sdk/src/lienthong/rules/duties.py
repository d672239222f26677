"""What a rule set asks of the sender and the recipients of one document: paper, and deadlines.

Puts a document, a rule set and a calendar together; the rules themselves are ``paper`` and
``deadlines``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from attrs import evolve, field, frozen

from lienthong.model.checks import a, as_tuple, many
from lienthong.model.document import Document
from lienthong.model.ids import OrganId
from lienthong.model.time import vietnam_date
from lienthong.model.words import AttachmentKind, Urgency
from lienthong.rules import deadlines, paper
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.moments import Deadline, Moment
from lienthong.rules.ruleset import RuleSet


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

    An urgent one within the rule set's time: in working time from when it counts as received, or
    from when a clerk on duty has accepted it, whichever ends first; or in elapsed time from when it
    entered.

    Args:
        urgency: of the document.
        entered_at: when it entered the recipient's system.
        rules: of the recipient's province.
        calendar: of the recipient.
        accepted_at: when somebody accepted it; None while nobody has.

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
    if accepted_at is None:
        return found
    early = deadlines.forward_urgent_by(accepted_at, within, calendar, in_office_hours=False)
    return min(found, early, key=lambda deadline: deadline.at)


def received_at(entered_at: datetime, rules: RuleSet, calendar: WorkCalendar) -> Moment:
    """When what entered at an instant counts as received (T2). Raises as ``forwarding``."""
    outside = rules.office.lunch_is_outside
    return deadlines.received_at(entered_at, calendar, lunch_is_outside=outside)


def _receiving(
    document: Document, entered_at: datetime, rules: RuleSet, calendar: WorkCalendar
) -> Iterator[Due]:
    received = received_at(entered_at, rules, calendar)
    day, settings = vietnam_date(received.at), rules.receiving
    notice = deadlines.receipt_notice_by(received.at)
    yield Due(name="received", moment=received)
    yield Due(name="receipt_notice", moment=_after(received, notice))
    refused = _working_days(day, settings.refuse_working_days, calendar) or notice
    refused = evolve(refused, clause="QĐ 52/2019 Đ8.1a")
    yield Due(name="refused", moment=_after(received, refused))
    forwarded = forwarding(document.urgency, entered_at, rules, calendar)
    yield Due(name="forwarded", moment=forwarded)
    settled = _settled(document.urgency, entered_at, received, rules, calendar)
    if document.due_date is not None:
        yield Due(name="replied", moment=deadlines.due_on(document.due_date))
    elif settled is not None:
        yield Due(name="settled", moment=evolve(settled, clause="NĐ 30/2020 Đ24.2"))


def _settled(
    urgency: Urgency,
    entered_at: datetime,
    received: Moment,
    rules: RuleSet,
    calendar: WorkCalendar,
) -> Deadline | None:
    """By when a document without a date of its own is settled; None where nobody says."""
    settings = rules.receiving
    within = settings.urgent_settle_within.of(urgency)
    if within is None:
        day = vietnam_date(received.at)
        found = _working_days(day, settings.settle_working_days, calendar)
        return None if found is None else _after(received, found)
    in_office_hours = settings.urgent_in_office_hours
    start = received.at if in_office_hours else entered_at
    found = deadlines.forward_urgent_by(start, within, calendar, in_office_hours=in_office_hours)
    return evolve(_after(received, found) if in_office_hours else found, rule="T9")


def _after(received: Moment, found: Deadline) -> Deadline:
    """A deadline that begins with a receipt is no more certain than the receipt."""
    return evolve(
        found,
        provisional=found.provisional or received.provisional,
        calendar_version=found.calendar_version or received.calendar_version,
    )


def _working_days(day: date, count: int, calendar: WorkCalendar) -> Deadline | None:
    return deadlines.add_working_days(day, count, calendar) if count else None
