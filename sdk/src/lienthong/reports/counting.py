"""From facts to counts: what one row adds, for whom and on which day.

A tally is a sum, so that days, organisations and parts of a journal are added in any order with the
same result. A row that still waits for something adds something else once its deadline is over;
``next_turn`` says when that is, and until then nothing has to be counted again.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple, TypeAlias

from lienthong.model.deadline import DeadlineKind
from lienthong.model.ids import OrganId
from lienthong.model.time import VIETNAM
from lienthong.model.words import IssueForm, Urgency
from lienthong.reports.facts import CheckFacts, DeliveryFacts, DocumentFacts, RequestKind
from lienthong.reports.tasks import open_tasks

_MINUTE: Final = timedelta(minutes=1)
_INSTANT: Final = timedelta(microseconds=1)


class Measure(enum.Enum):
    """What is counted; the detail of a key says which one, where a report lists them."""

    SENT_INSIDE = "SENT_INSIDE"
    SENT_OUTSIDE = "SENT_OUTSIDE"
    RECEIVED_INSIDE = "RECEIVED_INSIDE"
    RECEIVED_OUTSIDE = "RECEIVED_OUTSIDE"
    ISSUED = "ISSUED"
    E_ONLY = "E_ONLY"
    OVERRIDDEN = "OVERRIDDEN"
    """Detail: number of the document."""

    SIGNATURES_CHECKED = "SIGNATURES_CHECKED"
    SIGNER_VALID = "SIGNER_VALID"
    AGENCY_VALID = "AGENCY_VALID"
    BOTH_VALID = "BOTH_VALID"
    REPLIES = "REPLIES"
    REPLIES_LINKED = "REPLIES_LINKED"
    SEND_DUE = "SEND_DUE"
    SEND_IN_TIME = "SEND_IN_TIME"
    SEND_SAME_DAY = "SEND_SAME_DAY"
    SEND_BY_DECREE = "SEND_BY_DECREE"
    SEND_URGENT_DUE = "SEND_URGENT_DUE"
    SEND_URGENT_IN_TIME = "SEND_URGENT_IN_TIME"
    SEND_UNKNOWN = "SEND_UNKNOWN"
    """Sent, and nothing tells when it was signed."""

    NOTICE_SAME_DAY = "NOTICE_SAME_DAY"
    FORWARD_DUE = "FORWARD_DUE"
    FORWARD_IN_TIME = "FORWARD_IN_TIME"
    FORWARD_URGENT_DUE = "FORWARD_URGENT_DUE"
    FORWARD_URGENT_IN_TIME = "FORWARD_URGENT_IN_TIME"
    FORWARD_OVERDUE = "FORWARD_OVERDUE"
    """Detail: the delivery that still waits."""

    SETTLE_DUE = "SETTLE_DUE"
    SETTLE_IN_TIME = "SETTLE_IN_TIME"
    SETTLE_OVERDUE = "SETTLE_OVERDUE"
    """Detail: the delivery that is still open."""

    SETTLED = "SETTLED"
    SETTLED_MINUTES = "SETTLED_MINUTES"
    REFUSED = "REFUSED"
    """Detail: the reason."""

    REFUSED_FROM = "REFUSED_FROM"
    """Detail: the sender."""

    REFUSED_AFTER = "REFUSED_AFTER"
    """Detail: minutes from entry to refusal."""

    RECALLS = "RECALLS"
    TAKE_BACKS = "TAKE_BACKS"
    UPDATES = "UPDATES"
    REPLACEMENTS = "REPLACEMENTS"
    RECALL_CONFIRMED_AFTER = "RECALL_CONFIRMED_AFTER"
    """Detail: minutes from notice to answer."""

    RECALL_UNCONFIRMED = "RECALL_UNCONFIRMED"
    """Detail: the delivery; counted for the sender, who has to know."""

    RECALL_OPEN = "RECALL_OPEN"
    """Detail: the delivery; counted for the recipient, whose duty it is."""

    RECALL_OVERDUE = "RECALL_OVERDUE"
    """Detail: the delivery whose recall its recipient should have confirmed by now."""

    NOT_NOTICED = "NOT_NOTICED"
    """Detail: the delivery whose recipient has not told that it has it."""

    NOT_TAKEN = "NOT_TAKEN"
    """Detail: the delivery that its recipient neither accepted nor refused."""

    STATUS_KNOWN = "STATUS_KNOWN"
    STATE = "STATE"
    """Detail: where a delivery that was sent stands."""

    REPLY_OVERDUE = "REPLY_OVERDUE"
    """Detail: the delivery whose reply is overdue."""

    CHECKS = "CHECKS"
    """Detail: the day."""

    CHECKS_MISSED = "CHECKS_MISSED"
    """Detail: the day; told by the axis of whose duty it was."""


ITEMS: Final = frozenset(
    {
        Measure.FORWARD_OVERDUE,
        Measure.SETTLE_OVERDUE,
        Measure.RECALL_UNCONFIRMED,
        Measure.RECALL_OPEN,
        Measure.RECALL_OVERDUE,
        Measure.NOT_NOTICED,
        Measure.NOT_TAKEN,
        Measure.REPLY_OVERDUE,
    }
)
"""Measures whose detail names a delivery, ``package/recipient``: what still has to be done."""

OVERDUE: Final = {
    DeadlineKind.NOTICED: Measure.NOT_NOTICED,
    DeadlineKind.TAKEN: Measure.NOT_TAKEN,
    DeadlineKind.FORWARDED: Measure.FORWARD_OVERDUE,
    DeadlineKind.SETTLED: Measure.SETTLE_OVERDUE,
    DeadlineKind.REPLIED: Measure.REPLY_OVERDUE,
    DeadlineKind.RECALL_CONFIRMED: Measure.RECALL_OVERDUE,
}
"""How a task counts whose deadline is over, for the recipient that has to do it."""


class Key(NamedTuple):
    """What a count is of."""

    organ: OrganId
    day: date
    """Vietnamese day of the base event: it decides the period."""

    measure: Measure
    detail: str = ""


Tally: TypeAlias = Counter[Key]

_REQUESTED: Final = {
    RequestKind.RECALL: Measure.RECALLS,
    RequestKind.TAKE_BACK: Measure.TAKE_BACKS,
    RequestKind.UPDATE: Measure.UPDATES,
    RequestKind.REPLACE: Measure.REPLACEMENTS,
}


def count_delivery(facts: DeliveryFacts, as_of: datetime) -> Iterator[tuple[Key, int]]:
    """What a delivery adds, for its sender and its recipient, as things stand at *as_of*."""
    yield from _sending(facts, as_of)
    yield from _receiving(facts)
    yield from _forwarding(facts, as_of)
    yield from _settling(facts, as_of)
    yield from _refusing(facts)
    yield from _requesting(facts)
    for kind, due in open_tasks(facts):
        if as_of > due:
            yield _deadline(facts.recipient, due)(OVERDUE[kind], facts.name)


def count_document(facts: DocumentFacts) -> Iterator[tuple[Key, int]]:
    """What an issued document adds for its sender: nothing when it is sent again."""
    if facts.resent:
        return
    count = _counter(facts.sender, facts.issued_at)
    yield count(Measure.ISSUED)
    if facts.issue_form is IssueForm.E_ONLY:
        yield count(Measure.E_ONLY)
    if facts.overridden:
        yield count(Measure.OVERRIDDEN, facts.number)
    if facts.signer_valid is not None and facts.agency_valid is not None:
        yield count(Measure.SIGNATURES_CHECKED)
        if facts.signer_valid:
            yield count(Measure.SIGNER_VALID)
        if facts.agency_valid:
            yield count(Measure.AGENCY_VALID)
        if facts.signer_valid and facts.agency_valid:
            yield count(Measure.BOTH_VALID)
    if facts.is_reply or facts.links_request:
        yield count(Measure.REPLIES)
    if facts.links_request:
        yield count(Measure.REPLIES_LINKED)


def count_check(facts: CheckFacts) -> Iterator[tuple[Key, int]]:
    """What a check of the interconnection adds."""
    day = _day(facts.checked_at)
    measure = Measure.CHECKS_MISSED if facts.missed else Measure.CHECKS
    yield Key(facts.organ_id, day, measure, day.isoformat()), 1


def tally(
    deliveries: Iterable[DeliveryFacts] = (),
    documents: Iterable[DocumentFacts] = (),
    checks: Iterable[CheckFacts] = (),
    *,
    as_of: datetime,
) -> Tally:
    """The sum of what rows add."""
    found: Tally = Counter()
    for delivery in deliveries:
        add(found, count_delivery(delivery, as_of))
    for document in documents:
        add(found, count_document(document))
    for check in checks:
        add(found, count_check(check))
    return found


def add(found: Tally, counts: Iterable[tuple[Key, int]], sign: int = 1) -> None:
    """Add counts, or with -1 take them out again; what has become zero is gone."""
    for key, amount in counts:
        left = found[key] + sign * amount
        if left:
            found[key] = left
        else:
            del found[key]


def next_turn(facts: DeliveryFacts, as_of: datetime) -> datetime | None:
    """The deadline after which the delivery will count otherwise though nothing happens to it."""
    return min((due for due in _open_deadlines(facts) if due >= as_of), default=None)


def _open_deadlines(facts: DeliveryFacts) -> Iterator[datetime]:
    if facts.send_by is not None and facts.sent_at is None:
        yield facts.send_by
    for _, due in open_tasks(facts):
        yield due


def _sending(facts: DeliveryFacts, as_of: datetime) -> Iterator[tuple[Key, int]]:
    if facts.sent_at is not None:
        count = _counter(facts.sender, facts.sent_at)
        yield count(Measure.SENT_OUTSIDE if facts.outside else Measure.SENT_INSIDE)
        yield count(Measure.STATE, facts.state.name)
        if facts.noticed_at is not None:
            yield count(Measure.STATUS_KNOWN)
        if facts.send_by is None:
            yield count(Measure.SEND_UNKNOWN)
    if facts.send_by is not None and (facts.sent_at is not None or as_of > facts.send_by):
        yield from _send_deadlines(facts, facts.send_by)


def _send_deadlines(facts: DeliveryFacts, due: datetime) -> Iterator[tuple[Key, int]]:
    """What was not sent when its deadline was over counts as late."""
    count, sent_at = _deadline(facts.sender, due), facts.sent_at
    is_urgent = facts.urgency is not Urgency.THUONG
    yield count(Measure.SEND_URGENT_DUE if is_urgent else Measure.SEND_DUE)
    if sent_at is None:
        return
    if sent_at <= due:
        yield count(Measure.SEND_URGENT_IN_TIME if is_urgent else Measure.SEND_IN_TIME)
    if is_urgent:
        return
    if facts.signed_at is not None and _day(sent_at) == _day(facts.signed_at):
        yield count(Measure.SEND_SAME_DAY)
    if facts.send_by_decree is not None and sent_at <= facts.send_by_decree:
        yield count(Measure.SEND_BY_DECREE)


def _receiving(facts: DeliveryFacts) -> Iterator[tuple[Key, int]]:
    if facts.received_at is None:
        return
    count = _counter(facts.recipient, facts.received_at)
    yield count(Measure.RECEIVED_OUTSIDE if facts.outside else Measure.RECEIVED_INSIDE)
    if facts.noticed_at is not None and _day(facts.noticed_at) <= _day(facts.received_at):
        yield count(Measure.NOTICE_SAME_DAY)


def _forwarding(facts: DeliveryFacts, as_of: datetime) -> Iterator[tuple[Key, int]]:
    if facts.forward_by is None:
        return
    count = _deadline(facts.recipient, facts.forward_by)
    if facts.forwarded_at is None:
        was_never_taken = facts.withdrawn_at is not None and facts.accepted_at is None
        if was_never_taken or not _is_missed(facts, facts.forward_by, as_of):
            return
    is_urgent = facts.urgency is not Urgency.THUONG
    yield count(Measure.FORWARD_URGENT_DUE if is_urgent else Measure.FORWARD_DUE)
    if facts.forwarded_at is not None and facts.forwarded_at <= facts.forward_by:
        yield count(Measure.FORWARD_URGENT_IN_TIME if is_urgent else Measure.FORWARD_IN_TIME)


def _settling(facts: DeliveryFacts, as_of: datetime) -> Iterator[tuple[Key, int]]:
    if facts.due_at is not None and facts.accepted_at is not None:
        yield from _settle_deadline(facts, facts.due_at, as_of)
    if facts.completed_at is not None and facts.worked_minutes is not None:
        count = _counter(facts.recipient, facts.completed_at)
        yield count(Measure.SETTLED)
        key, _ = count(Measure.SETTLED_MINUTES)
        yield key, facts.worked_minutes


def _settle_deadline(
    facts: DeliveryFacts, due: datetime, as_of: datetime
) -> Iterator[tuple[Key, int]]:
    count = _deadline(facts.recipient, due)
    if facts.completed_at is not None:
        yield count(Measure.SETTLE_DUE)
        if facts.completed_at <= due:
            yield count(Measure.SETTLE_IN_TIME)
    elif _is_missed(facts, due, as_of):
        yield count(Measure.SETTLE_DUE)


def _is_missed(facts: DeliveryFacts, due: datetime, as_of: datetime) -> bool:
    """A deadline that was over before the document was withdrawn stays missed."""
    return (facts.withdrawn_at or as_of) > due


def _refusing(facts: DeliveryFacts) -> Iterator[tuple[Key, int]]:
    if facts.refused_at is None:
        return
    count = _counter(facts.recipient, facts.refused_at)
    yield count(Measure.REFUSED, facts.refusal.name if facts.refusal else "OTHER")
    yield count(Measure.REFUSED_FROM, facts.sender.value)
    if facts.entered_at is not None:
        yield count(Measure.REFUSED_AFTER, _minutes(facts.entered_at, facts.refused_at))


def _requesting(facts: DeliveryFacts) -> Iterator[tuple[Key, int]]:
    for request in facts.requests:
        count = _counter(facts.sender, request.asked_at)
        yield count(_REQUESTED[request.kind])
        if request.kind is not RequestKind.RECALL:
            continue
        if request.answered_at is not None:
            minutes = _minutes(request.asked_at, request.answered_at)
            if not request.refused:
                yield count(Measure.RECALL_CONFIRMED_AFTER, minutes)
        else:
            yield count(Measure.RECALL_UNCONFIRMED, facts.name)
            yield _counter(facts.recipient, request.asked_at)(Measure.RECALL_OPEN, facts.name)


def _counter(organ: OrganId, at: datetime) -> Callable[..., tuple[Key, int]]:
    day = _day(at)

    def count(measure: Measure, detail: str = "") -> tuple[Key, int]:
        return Key(organ, day, measure, detail), 1

    return count


def _deadline(organ: OrganId, due: datetime) -> Callable[..., tuple[Key, int]]:
    """Counts on the last day in time: 24:00 is the end of a day, not the start of the next."""
    return _counter(organ, due - _INSTANT)


def _minutes(start: datetime, end: datetime) -> str:
    """Whole minutes; clocks that disagree make none negative (T13)."""
    return str(max(0, (end - start) // _MINUTE))


def _day(at: datetime) -> date:
    return at.astimezone(VIETNAM).date()
