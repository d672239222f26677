"""What single entries change, unhappy ones first."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import (
    Effect,
    PackageRecord,
    StatementRecord,
)
from lienthong.model.package import PackageKind
from lienthong.model.report import Assignment, Reason
from lienthong.model.time import vietnam_date
from lienthong.model.words import Urgency
from lienthong.reports.counting import Key, Measure, count_delivery, next_turn
from lienthong.reports.facts import DeliveryFacts, RequestKind
from lienthong.reports.projection import Changes
from lienthong.rules.deadlines import SentBasis
from sdk.tests.reports.book import NOW, RULES, Book, terms, with_receiving
from sdk.tests.reports.cast import FINANCE, JUSTICE, UBND, sample_document, sample_manifest
from sdk.tests.reports.generated import (
    EMPTY,
    Entry,
    Life,
    acceptance,
    statement_entry,
)

# A Wednesday, 08:00 in Vietnam.
AT = datetime(2026, 11, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHANCE = random.Random(1)
_S = DeliveryState
_E = DeliveryEvent


def package(kind: PackageKind = PackageKind.NEW, at: datetime = AT, **fields: Any) -> Entry:
    """UBND sends to FINANCE."""
    target, number = fields.pop("target", None), fields.pop("number", 1)
    document = sample_document(UBND, number, **fields)
    more: dict[str, Any] = {"kind": kind, "target": target} if target else {}
    if target:
        more |= {"reason": "nhầm"} | ({} if kind is PackageKind.REPLACE else {"files": []})
    package_id = PackageId.new(at, CHANCE.randbytes(10))
    manifest = sample_manifest(package_id, UBND, [FINANCE], document, created_at=at, **more)
    begun = kind in {PackageKind.NEW, PackageKind.REPLACE}
    record = PackageRecord(
        package_id=package_id,
        kind=kind,
        sender=UBND,
        recipients=[FINANCE],
        payload_sha256=EMPTY,
        envelope_sha256=EMPTY,
        target=target,
        effects=[Effect(package_id=package_id, recipient=FINANCE, to_state=_S.SENT)] * begun,
    )
    return Entry(at, record, manifest)


def life_of(sent: Entry, recipient: OrganId) -> Life:
    """What is known of one delivery before anybody reports."""
    return Life(
        package_id=sent.record.package_id,
        sender=UBND,
        recipient=recipient,
        urgency=Urgency.THUONG,
        signed=None,
        sent=AT,
        recorded=AT,
        due=None,
        wants_reply=False,
    )


def say(
    book: Book,
    sent: Entry,
    event: DeliveryEvent,
    state: DeliveryState | None,
    at: datetime = AT + HOUR,
    *,
    recorded: datetime | None = None,
    **fields: Any,
) -> DeliveryFacts:
    life = life_of(sent, FINANCE)
    entry = statement_entry(life, event, _S.SENT, state, at, recorded or at, CHANCE, **fields)
    book.take(entry)
    return facts_of(book, sent)


def facts_of(book: Book, sent: Entry) -> DeliveryFacts:
    found = book.delivery(sent.record.package_id, FINANCE)
    assert found is not None
    return found


def measures(facts: DeliveryFacts, as_of: datetime = NOW) -> dict[Measure, list[Key]]:
    found: dict[Measure, list[Key]] = {}
    for key, _ in count_delivery(facts, as_of):
        found.setdefault(key.measure, []).append(key)
    return found


def accepted(**fields: Any) -> tuple[Book, Entry]:
    sent = package(**fields)
    book = Book.of([sent])
    say(book, sent, _E.ARRIVE, _S.ARRIVED)
    say(book, sent, _E.ACCEPT, _S.ACCEPTED, AT + 2 * HOUR, **acceptance(1, AT))
    return book, sent


def test_a_report_about_an_unknown_package_changes_nothing() -> None:
    book, sent = Book(), package()
    say_to = Book.of([sent])
    say(say_to, sent, _E.ARRIVE, _S.ARRIVED)
    life_entry = statement_entry(
        life_of(sent, JUSTICE),
        _E.ARRIVE,
        _S.SENT,
        _S.ARRIVED,
        AT,
        AT,
        CHANCE,
    )
    changes = book.take(life_entry)
    assert changes == Changes()


def test_a_recall_of_what_is_not_known_changes_nothing() -> None:
    book = Book()
    recall = package(PackageKind.RECALL, target=package().record.package_id)
    assert book.take(recall).deliveries == ()


def test_a_time_of_signing_after_the_sending_is_not_believed() -> None:
    book = Book.of([sent := package(signed_at=AT + HOUR)])
    assert facts_of(book, sent).send_by is None


def test_a_day_outside_the_calendar_has_no_deadline() -> None:
    book = Book.of([sent := package(signed_at=datetime(2019, 3, 1, tzinfo=UTC))])
    assert facts_of(book, sent).send_by is None
    late = datetime(2028, 3, 1, 1, tzinfo=UTC)
    book = Book.of([sent := package(at=late)])
    found = say(book, sent, _E.ARRIVE, _S.ARRIVED, late)
    assert found.received_at == late
    assert (found.forward_by, found.take_by) == (None, None)


@pytest.mark.parametrize("shift", [-timedelta(days=2), timedelta(days=2)])
def test_no_clock_makes_a_time_negative(shift: timedelta) -> None:
    """What the reporter signed counts only within what the axis saw (T13)."""
    book = Book.of([sent := package()])
    entry = AT + HOUR
    found = say(book, sent, _E.ARRIVE, _S.ARRIVED, entry + shift, recorded=entry)
    assert found.entered_at is not None
    assert AT <= found.entered_at <= entry
    assert found.noticed_at == entry


def test_a_late_report_changes_nothing() -> None:
    book, sent = accepted()
    before = facts_of(book, sent)
    assert say(book, sent, _E.ARRIVE, None, AT + 3 * HOUR) == before


@pytest.mark.parametrize(
    ("event", "state", "fields"),
    [
        (_E.ACCEPT, _S.ACCEPTED, acceptance(1, AT)),
        (_E.REFUSE, _S.REFUSED, {"reason": Reason(text="không nhận")}),
    ],
)
def test_an_answer_stands_for_the_arrival(
    event: DeliveryEvent, state: DeliveryState, fields: dict[str, Any]
) -> None:
    """On Friday at closing time: received on Monday, though the notice went out on Friday."""
    friday = datetime(2026, 11, 13, 10, tzinfo=UTC)
    book = Book.of([sent := package()])
    found = say(book, sent, event, state, friday, **fields)
    assert (found.entered_at, found.noticed_at) == (friday, friday)
    assert found.received_at == datetime(2026, 11, 16, 0, 30, tzinfo=UTC)
    assert found.forward_by == datetime(2026, 11, 17, 10, tzinfo=UTC)
    assert say(book, sent, _E.ARRIVE, None, friday + HOUR) == found


def test_the_worked_cases_reach_the_facts() -> None:
    """Entered on Friday at closing time: received on Monday, to be passed on by Tuesday."""
    friday = datetime(2026, 11, 13, 10, tzinfo=UTC)
    book = Book.of([sent := package(signed_at=AT, issued_at=AT)])
    found = say(book, sent, _E.ARRIVE, _S.ARRIVED, friday)
    assert found.received_at == datetime(2026, 11, 16, 0, 30, tzinfo=UTC)
    assert found.forward_by == datetime(2026, 11, 17, 10, tzinfo=UTC)
    assert found.send_by == datetime(2026, 11, 12, 4, 30, tzinfo=UTC)


def test_sent_is_when_it_was_issued_or_acknowledged() -> None:
    sent = package(issued_at=AT - HOUR)
    assert facts_of(Book.of([sent]), sent).sent_at == AT - HOUR
    rules = evolve(RULES, sending=evolve(RULES.sending, sent_basis=SentBasis.ACK))
    assert facts_of(Book.of([sent], terms(rules)), sent).sent_at == AT


def test_a_recall_before_acceptance_needs_no_answer() -> None:
    book = Book.of([sent := package()])
    book.take(package(PackageKind.RECALL, AT + HOUR, target=sent.record.package_id))
    found = facts_of(book, sent)
    assert found.state is _S.RECALLED
    assert found.requests[0].answered_at == found.withdrawn_at == AT + HOUR


@pytest.mark.parametrize(
    ("days", "due"),
    [
        (0, datetime(2026, 11, 11, 17, tzinfo=UTC)),
        (1, datetime(2026, 11, 12, 10, tzinfo=UTC)),
    ],
)
def test_a_recall_has_a_day_by_which_it_is_confirmed(days: int, due: datetime) -> None:
    book, sent = accepted()
    recall = package(PackageKind.RECALL, AT + 3 * HOUR, target=sent.record.package_id)
    flow = evolve(RULES.flow, recall_confirm_working_days=days)
    book.take(recall, terms(evolve(RULES, flow=flow)))
    assert facts_of(book, sent).recall_by == due


def test_a_recall_that_is_rejected_is_answered_and_work_goes_on() -> None:
    book, sent = accepted()
    book.take(package(PackageKind.RECALL, AT + 3 * HOUR, target=sent.record.package_id))
    pending = facts_of(book, sent)
    assert pending.state is _S.RECALL_PENDING
    assert pending.withdrawn_at == AT + 3 * HOUR
    assert pending.requests[0].answered_at is None
    reason = Reason(text="không phải của cơ quan ban hành")
    found = say(book, sent, _E.REJECT_RECALL, _S.ACCEPTED, AT + 4 * HOUR, reason=reason)
    assert found.withdrawn_at is None
    assert found.requests[0].answered_at == AT + 4 * HOUR
    assert Measure.RECALL_CONFIRMED_AFTER not in measures(found), "the answer was no"


def test_a_recall_is_overdue_once_its_day_is_over() -> None:
    """Not from the request on, and only for whoever has to confirm it."""
    book, sent = accepted()
    book.take(package(PackageKind.RECALL, AT + 3 * HOUR, target=sent.record.package_id))
    open_yet = facts_of(book, sent)
    due = open_yet.recall_by
    assert due is not None
    assert {Measure.RECALL_OPEN, Measure.RECALL_UNCONFIRMED} <= measures(open_yet, due).keys()
    assert Measure.RECALL_OVERDUE not in measures(open_yet, due)
    assert next_turn(open_yet, due) == due
    late = measures(open_yet, due + HOUR)
    day = vietnam_date(due)
    expected = Key(FINANCE, day, Measure.RECALL_OVERDUE, open_yet.name)
    assert late[Measure.RECALL_OVERDUE] == [expected]
    confirmed = say(book, sent, _E.CONFIRM_RECALL, _S.RECALLED, due + HOUR)
    assert Measure.RECALL_OVERDUE not in measures(confirmed, due + 2 * HOUR)
    assert Measure.RECALL_CONFIRMED_AFTER in measures(confirmed)


def test_what_is_recalled_before_it_is_accepted_has_a_line_without_a_number() -> None:
    """Of the day of its arrival (D20); one that has not arrived has none."""
    sent = package()
    recall = package(PackageKind.RECALL, AT + 3 * HOUR, target=sent.record.package_id)
    gone = facts_of(Book.of([sent, recall]), sent)
    assert (gone.register_day, gone.is_recalled_untaken) == (None, False)
    book = Book.of([sent])
    arrived = say(book, sent, _E.ARRIVE, _S.ARRIVED)
    assert arrived.register_day is None
    book.take(recall)
    found = facts_of(book, sent)
    assert found.state is _S.RECALLED
    assert (found.register_day, found.register_number) == (vietnam_date(AT), None)
    book, sent = accepted()
    assert not facts_of(book, sent).is_recalled_untaken


def test_an_update_is_asked_and_answered() -> None:
    book, sent = accepted()
    book.take(package(PackageKind.UPDATE, AT + 3 * HOUR, target=sent.record.package_id))
    assert facts_of(book, sent).state is _S.UPDATE_PENDING
    found = say(book, sent, _E.APPLY_UPDATE, _S.ACCEPTED, AT + 4 * HOUR)
    assert found.requests[0].kind is RequestKind.UPDATE
    assert found.requests[0].answered_at == AT + 4 * HOUR


def test_a_replacement_is_answered_when_the_new_one_is_accepted() -> None:
    book, old = accepted()
    new = package(PackageKind.REPLACE, AT + 3 * HOUR, target=old.record.package_id)
    book.take(new)
    assert facts_of(book, old).state is _S.ACCEPTED
    assert facts_of(book, old).requests[0].answered_at is None
    say(book, new, _E.ARRIVE, _S.ARRIVED, AT + 4 * HOUR)
    at = AT + 5 * HOUR
    entry = statement_entry(
        life_of(new, FINANCE),
        _E.ACCEPT,
        _S.ARRIVED,
        _S.ACCEPTED,
        at,
        at,
        CHANCE,
        **acceptance(2, AT),
    )
    assert isinstance(entry.record, StatementRecord)
    replaced = Effect(
        package_id=old.record.package_id,
        recipient=FINANCE,
        from_state=_S.ACCEPTED,
        to_state=_S.REPLACED,
    )
    record = evolve(entry.record, effects=(*entry.record.effects, replaced))
    book.take(Entry(at, record, entry.content))
    assert facts_of(book, old).state is _S.REPLACED
    assert facts_of(book, old).requests[0].answered_at == at
    assert facts_of(book, new).accepted_at == at


def test_an_acceptance_answers_the_take_back_that_it_crossed() -> None:
    book = Book.of([sent := package()])
    say(
        book,
        sent,
        _E.REQUEST_TAKE_BACK,
        _S.TAKE_BACK_PENDING,
        reporter=UBND,
        reason=Reason(text="nhầm"),
    )
    found = say(book, sent, _E.ACCEPT, _S.ACCEPTED, AT + 2 * HOUR, **acceptance(1, AT))
    assert found.entered_at == AT + 2 * HOUR, "the first that the recipient said"
    assert found.requests[0].answered_at == AT + 2 * HOUR


def test_what_is_reopened_is_not_completed() -> None:
    book, sent = accepted()
    done = say(book, sent, _E.COMPLETE, _S.COMPLETED, AT + 3 * HOUR, information_only=True)
    assert done.completed_at == done.forwarded_at == AT + 3 * HOUR
    assert done.worked_minutes == 120
    reason = Reason(text="bổ sung")
    found = say(book, sent, _E.REOPEN, _S.IN_PROGRESS, AT + 4 * HOUR, reason=reason)
    assert (found.completed_at, found.worked_minutes) == (None, None)


def test_the_day_of_the_unit_that_leads_counts() -> None:
    book, sent = accepted(due_date=date(2026, 11, 30))
    lead = Assignment(unit="Phòng Ngân sách", due_date=date(2026, 11, 20))
    found = say(book, sent, _E.FORWARD, _S.FORWARDED, AT + 3 * HOUR, assignments=[lead])
    assert found.unit == "Phòng Ngân sách"
    assert found.due_at == datetime(2026, 11, 20, 17, tzinfo=UTC), "24:00 in Vietnam"


def test_days_to_settle_hold_where_no_day_is_named() -> None:
    sent = package()
    book, used = Book(), terms(with_receiving(settle_working_days=3))
    book.take(sent, used)
    say(book, sent, _E.ARRIVE, _S.ARRIVED)
    entry = statement_entry(
        life_of(sent, FINANCE),
        _E.ACCEPT,
        _S.ARRIVED,
        _S.ACCEPTED,
        AT + 2 * HOUR,
        AT + 2 * HOUR,
        CHANCE,
        **acceptance(1, AT),
    )
    book.take(entry, used)
    assert facts_of(book, sent).due_at == datetime(2026, 11, 16, 10, tzinfo=UTC)


def test_what_a_recipient_calls_its_reply_is_one() -> None:
    """It does not name the request, and so lowers the share of linked replies."""
    book, sent = accepted(due_date=date(2026, 11, 30), reply_requested=True)
    reply = package(at=AT + 2 * HOUR, number=2)
    book.take(reply)
    document = reply.content.document  # type: ignore[union-attr]  # a package's content
    lead = [Assignment(unit="Phòng Tổng hợp")]
    say(book, sent, _E.FORWARD, _S.FORWARDED, AT + 3 * HOUR, assignments=lead)
    found = say(book, sent, _E.COMPLETE, _S.COMPLETED, AT + 4 * HOUR, reply=document.reference)
    assert found.reply == str(document.number)
    assert book.documents[reply.record.package_id].is_reply
    assert not book.documents[reply.record.package_id].links_request
