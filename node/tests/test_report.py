"""Status reports: who may make them, what they change, what is late, repeated or refused."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from attrs import evolve

from lienthong.errors import (
    ClockSkew,
    ConflictingReport,
    GuardFailed,
    IdReused,
    InvalidMove,
    InvalidValue,
    LienthongError,
    NotFound,
    SenderMismatch,
    WrongAudience,
)
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.document import DocumentReference
from lienthong.model.ids import OrganId, StatementId
from lienthong.model.journal import StatementRecord
from lienthong.model.report import CheckSummary, RegisterEntry, Statement
from lienthong_node.core.decision import Accepted, Repeated
from node.tests.support import (
    B_NEW_CODE,
    BODY,
    NOBODY,
    NOW,
    OFFICE,
    TODAY,
    A,
    B,
    C,
    World,
    document,
    package_id,
    recall,
    report,
    statement,
    submit,
    update,
)


def refused(world: World, value: Statement, *, by: str | None = None) -> LienthongError:
    """The error; nothing may have been kept."""
    before = world.store.medium.records.copy()
    with pytest.raises(LienthongError) as caught:
        world.decide(report(value, by=by))
    assert world.store.medium.records == before
    return caught.value


def test_a_whole_life_moves_the_delivery_step_by_step() -> None:
    world = World()
    package = world.send(B, C)
    indexes = []
    for event, state in (
        (DeliveryEvent.ARRIVE, DeliveryState.ARRIVED),
        (DeliveryEvent.ACCEPT, DeliveryState.ACCEPTED),
        (DeliveryEvent.FORWARD, DeliveryState.FORWARDED),
        (DeliveryEvent.START, DeliveryState.IN_PROGRESS),
        (DeliveryEvent.COMPLETE, DeliveryState.COMPLETED),
        (DeliveryEvent.REOPEN, DeliveryState.IN_PROGRESS),
    ):
        decision = world.say(event, package)
        assert world.state(package) is state
        assert decision.parties == (A, B)
        indexes.append(world.delivery(package).updated_index)
    assert all(before < after for before, after in pairwise(indexes))
    assert world.state(package, C) is DeliveryState.SENT


class TestWhoMayReport:
    def test_nobody_reports_in_the_name_of_another(self) -> None:
        world = World()
        package = world.send()
        error = refused(world, statement(DeliveryEvent.ARRIVE, package), by=C)
        assert isinstance(error, SenderMismatch)

    @pytest.mark.parametrize("recipient", [B, C, NOBODY])
    def test_who_is_no_party_is_told_that_there_is_no_such_package(self, recipient: str) -> None:
        """The very words that a package that does not exist gets."""
        world = World()
        package, nothing = world.send(B), package_id()
        event, reporter = DeliveryEvent.ARRIVE, OrganId(C)
        found = refused(world, statement(event, package, recipient=recipient, reporter=reporter))
        missing = refused(world, statement(event, nothing, recipient=recipient, reporter=reporter))
        assert isinstance(found, NotFound)
        assert str(found) == str(missing).replace(str(nothing), str(package))

    def test_a_report_that_exists_is_hidden_from_who_is_no_party(self) -> None:
        world = World()
        package = world.send(B)
        first = statement(DeliveryEvent.ARRIVE, package)
        world.decide(report(first))
        foreign = evolve(first, reporter=OrganId(C), recipient=OrganId(C))
        assert isinstance(refused(world, foreign), NotFound)

    def test_the_sender_does_not_report_what_the_recipient_did(self) -> None:
        world = World()
        package = world.send()
        error = refused(world, statement(DeliveryEvent.ARRIVE, package, reporter=OrganId(A)))
        assert isinstance(error, InvalidMove)
        assert error.facts["actor"] == "SENDER"
        assert "QĐ 52/2019" in str(error.facts["clause"])

    def test_the_recipient_does_not_take_back(self) -> None:
        world = World()
        package = world.send()
        error = refused(world, statement(DeliveryEvent.REQUEST_TAKE_BACK, package))
        assert isinstance(error, InvalidMove)

    def test_a_contact_point_reports_for_its_body(self) -> None:
        world = World()
        package = world.send(BODY)
        value = statement(DeliveryEvent.ARRIVE, package, recipient=BODY)
        decision = world.decide(report(value, by=OFFICE))
        assert isinstance(decision, Accepted)
        assert decision.parties == (A, BODY, OFFICE)

    def test_a_contact_point_reports_in_the_name_of_the_body_not_in_its_own(self) -> None:
        world = World()
        package = world.send(BODY)
        value = statement(DeliveryEvent.ARRIVE, package, recipient=BODY, reporter=OrganId(OFFICE))
        assert isinstance(refused(world, value), NotFound)

    def test_any_code_of_the_recipient_names_its_delivery(self) -> None:
        world = World()
        package = world.send(B)
        value = statement(DeliveryEvent.ARRIVE, package, recipient=B_NEW_CODE)
        assert isinstance(world.decide(report(value, by=B)), Accepted)
        assert world.state(package) is DeliveryState.ARRIVED


class TestBeforeTheMachine:
    def test_refuses_what_is_meant_for_another_axis(self) -> None:
        world = World()
        value = statement(DeliveryEvent.ARRIVE, world.send(), audience="other.axis")
        assert isinstance(refused(world, value), WrongAudience)

    @pytest.mark.parametrize("off", [timedelta(hours=1), -timedelta(days=8)])
    def test_refuses_what_a_wrong_clock_made(self, off: timedelta) -> None:
        world = World()
        value = statement(DeliveryEvent.ARRIVE, world.send(), created_at=NOW + off)
        assert isinstance(refused(world, value), ClockSkew)

    def test_refuses_a_register_of_tomorrow(self) -> None:
        world = World()
        package = world.send()
        world.say(DeliveryEvent.ARRIVE, package)
        entry = RegisterEntry(number=1, date=TODAY + timedelta(days=1))
        value = statement(DeliveryEvent.ACCEPT, package, register=entry)
        found = refused(world, value)
        assert isinstance(found, InvalidValue)
        assert found.facts["field"] == "Statement.register.date"
        world.say(DeliveryEvent.ACCEPT, package)

    def test_the_same_id_with_the_same_bytes_is_the_same_report(self) -> None:
        world = World()
        value = statement(DeliveryEvent.ARRIVE, world.send())
        world.decide(report(value))
        assert world.decide(report(value)) == Repeated(index=1)

    def test_the_same_id_with_other_bytes_is_refused(self) -> None:
        world = World()
        value = statement(DeliveryEvent.ARRIVE, world.send())
        world.decide(report(value))
        assert isinstance(refused(world, evolve(value, note="khác")), IdReused)


class TestMachine:
    def test_no_work_before_acceptance(self) -> None:
        world = World()
        package = world.send()
        world.say(DeliveryEvent.ARRIVE, package)
        error = refused(world, statement(DeliveryEvent.FORWARD, package))
        assert isinstance(error, InvalidMove)
        assert error.facts["clause"] == "NĐ 30/2020 Đ22.1"

    def test_acceptance_needs_a_check_that_passed(self) -> None:
        world = World()
        package = world.send()
        world.say(DeliveryEvent.ARRIVE, package)
        failed = CheckSummary(complete=True, intact=False, authentic=True, checked_at=NOW)
        error = refused(world, statement(DeliveryEvent.ACCEPT, package, check=failed))
        assert isinstance(error, GuardFailed)

    def test_completion_needs_a_unit_that_leads_named_here_or_before(self) -> None:
        world = World()
        package = world.send()
        for event in (DeliveryEvent.ARRIVE, DeliveryEvent.ACCEPT, DeliveryEvent.START):
            world.say(event, package)
        assert isinstance(refused(world, statement(DeliveryEvent.COMPLETE, package)), GuardFailed)
        other = world.send()
        world.bring_to(DeliveryState.COMPLETED, other)
        assert world.delivery(other).has_lead

    def test_completion_needs_the_reply_that_was_asked_for(self) -> None:
        world = World()
        asking = document(reply_requested=True, due_date=TODAY)
        package = world.send(document=asking)
        world.bring_to(DeliveryState.IN_PROGRESS, package)
        assert isinstance(refused(world, statement(DeliveryEvent.COMPLETE, package)), GuardFailed)
        reply = DocumentReference(organ_id=OrganId(B), number=document().number, issued_date=TODAY)
        world.say(DeliveryEvent.COMPLETE, package, reply=reply)
        assert world.state(package) is DeliveryState.COMPLETED

    def test_a_report_made_anew_changes_nothing_and_is_recorded(self) -> None:
        """After a crash the same is said again, under another id and time."""
        world = World()
        package = world.send()
        world.bring_to(DeliveryState.ACCEPTED, package)
        before = world.delivery(package)
        decision = world.say(DeliveryEvent.ACCEPT, package, created_at=NOW + timedelta(minutes=1))
        body = decision.body
        assert isinstance(body, StatementRecord)
        assert not body.effects
        assert world.delivery(package) == before

    def test_another_register_number_contradicts_the_first(self) -> None:
        world = World()
        package = world.send()
        world.bring_to(DeliveryState.ACCEPTED, package)
        other = RegisterEntry(number=126, date=TODAY)
        error = refused(world, statement(DeliveryEvent.ACCEPT, package, register=other))
        assert isinstance(error, ConflictingReport)

    def test_a_late_report_is_recorded_without_effect(self) -> None:
        world = World()
        package = world.send()
        world.decide(submit(recall(package)))
        decision = world.say(DeliveryEvent.ARRIVE, package)
        assert isinstance(decision.body, StatementRecord)
        assert not decision.body.effects
        assert world.state(package) is DeliveryState.RECALLED


class TestTakeBack:
    def test_the_recipient_agrees(self) -> None:
        world = World()
        package = world.send()
        world.ask_back(package)
        world.say(DeliveryEvent.AGREE_TAKE_BACK, package)
        assert world.state(package) is DeliveryState.TAKEN_BACK

    @pytest.mark.parametrize("state", [None, DeliveryState.ARRIVED])
    def test_a_refusal_puts_the_delivery_back_where_it_was(
        self, state: DeliveryState | None
    ) -> None:
        world = World()
        package = world.send()
        if state is not None:
            world.bring_to(state, package)
        world.ask_back(package)
        world.say(DeliveryEvent.REFUSE_TAKE_BACK, package)
        assert world.state(package) is (state or DeliveryState.SENT)
        assert world.delivery(package).resume_state == ""

    def test_an_acceptance_that_crosses_the_request_wins(self) -> None:
        """D16: the recipient had accepted before it saw the request."""
        world = World()
        package = world.send()
        world.say(DeliveryEvent.ARRIVE, package)
        world.ask_back(package)
        world.say(DeliveryEvent.ACCEPT, package)
        assert world.state(package) is DeliveryState.ACCEPTED
        assert world.delivery(package).resume_state == ""
        late = world.say(DeliveryEvent.REFUSE_TAKE_BACK, package)
        assert isinstance(late.body, StatementRecord)
        assert not late.body.effects

    def test_what_was_accepted_is_not_taken_back(self) -> None:
        world = World()
        package = world.send()
        world.bring_to(DeliveryState.ACCEPTED, package)
        value = statement(DeliveryEvent.REQUEST_TAKE_BACK, package, reporter=OrganId(A))
        error = refused(world, value)
        assert isinstance(error, InvalidMove)
        assert error.facts["clause"] == "QĐ 52/2019 Đ8.3; edXML 16"

    def test_one_recipient_is_asked_and_the_others_go_on(self) -> None:
        world = World()
        package = world.send(B, C)
        world.ask_back(package, C)
        assert world.state(package, B) is DeliveryState.SENT
        assert world.state(package, C) is DeliveryState.TAKE_BACK_PENDING


class TestAnswersToRequests:
    def test_a_confirmed_recall_is_final(self) -> None:
        world = World()
        package = world.send()
        world.bring_to(DeliveryState.IN_PROGRESS, package)
        world.decide(submit(recall(package)))
        world.say(DeliveryEvent.CONFIRM_RECALL, package)
        assert world.state(package) is DeliveryState.RECALLED
        error = refused(world, statement(DeliveryEvent.COMPLETE, package))
        assert isinstance(error, InvalidMove)

    def test_a_rejected_recall_puts_the_delivery_back(self) -> None:
        world = World()
        package = world.send()
        world.bring_to(DeliveryState.IN_PROGRESS, package)
        world.decide(submit(recall(package)))
        world.say(DeliveryEvent.REJECT_RECALL, package)
        row = world.delivery(package)
        assert (row.state, row.resume_state) == (DeliveryState.IN_PROGRESS.value, "")
        assert row.pending_package_id == b""

    def test_work_that_crosses_a_recall_moves_what_it_goes_back_to(self) -> None:
        world = World()
        package = world.send()
        world.bring_to(DeliveryState.FORWARDED, package)
        world.decide(submit(value := recall(package)))
        world.say(DeliveryEvent.START, package)
        row = world.delivery(package)
        assert row.state == DeliveryState.RECALL_PENDING.value
        assert row.pending_package_id == value.package_id.bytes
        world.say(DeliveryEvent.REJECT_RECALL, package)
        assert world.state(package) is DeliveryState.IN_PROGRESS

    @pytest.mark.parametrize("answer", [DeliveryEvent.APPLY_UPDATE, DeliveryEvent.REFUSE_UPDATE])
    def test_an_answer_to_an_update_puts_the_delivery_back(self, answer: DeliveryEvent) -> None:
        world = World()
        package = world.send()
        world.bring_to(DeliveryState.ACCEPTED, package)
        world.decide(submit(update(package)))
        world.say(answer, package)
        assert world.state(package) is DeliveryState.ACCEPTED

    def test_an_acceptance_while_an_update_waits_is_kept(self) -> None:
        world = World()
        package = world.send()
        world.say(DeliveryEvent.ARRIVE, package)
        world.decide(submit(update(package)))
        world.say(DeliveryEvent.ACCEPT, package)
        assert world.state(package) is DeliveryState.UPDATE_PENDING
        world.say(DeliveryEvent.APPLY_UPDATE, package)
        assert world.state(package) is DeliveryState.ACCEPTED

    @pytest.mark.parametrize(
        "event",
        [
            DeliveryEvent.AGREE_TAKE_BACK,
            DeliveryEvent.CONFIRM_RECALL,
            DeliveryEvent.REJECT_RECALL,
            DeliveryEvent.APPLY_UPDATE,
            DeliveryEvent.REFUSE_UPDATE,
        ],
    )
    def test_nothing_is_answered_that_nobody_asked(self, event: DeliveryEvent) -> None:
        world = World()
        package = world.send()
        world.say(DeliveryEvent.ARRIVE, package)
        assert isinstance(refused(world, statement(event, package)), InvalidMove)


def test_a_new_id_for_the_same_content_makes_an_entry_of_its_own() -> None:
    world = World()
    package = world.send()
    first = statement(DeliveryEvent.ARRIVE, package)
    again = evolve(first, statement_id=StatementId.new(NOW, b"another id"))
    world.decide(report(first))
    decision = world.decide(report(again))
    assert isinstance(decision, Accepted)
    assert decision.statement is not None
    assert decision.statement.index == 2
