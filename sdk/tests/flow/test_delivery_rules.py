"""Conditions one by one, repeated and late reports, races, and what the texts forbid."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from lienthong.errors import ConflictingReport, GuardFailed, InvalidMove, InvalidValue
from lienthong.flow.delivery import (
    BANS,
    MOVES,
    OWNERS,
    PENDING,
    TABLE,
    Actor,
    Context,
    Outcome,
    Step,
    step,
)
from lienthong.flow.machine import Table
from lienthong.model.delivery import DeliveryEvent as E
from lienthong.model.delivery import DeliveryState as S
from lienthong.model.signing import MANIFEST_TYPE, Envelope, Signature, SignatureAlgorithm

SENDER, RECIPIENT, AXIS = Actor.SENDER, Actor.RECIPIENT, Actor.AXIS


def by(actor: Actor, **facts: Any) -> Context:
    return Context(actor=actor, **facts)


def play(*events: tuple[E, Context]) -> list[Step]:
    """Run (event, context) pairs from nothing; returns every step."""
    state: S | None = None
    steps: list[Step] = []
    for event, given in events:
        resume = steps[-1].resume_state if steps else None
        found = step(state, event, attrs.evolve(given, resume_state=resume))
        steps.append(found)
        state = found.state
    return steps


ISSUE = (E.ISSUE, by(SENDER))
SENT = (ISSUE, (E.TRANSMIT_OK, by(AXIS)))
ARRIVED = (*SENT, (E.ARRIVE, by(RECIPIENT)))
ACCEPT = (E.ACCEPT, by(RECIPIENT, checked=True, register_number=12))
ACCEPTED = (*ARRIVED, ACCEPT)
FORWARD = (E.FORWARD, by(RECIPIENT, lead_count=1))
START = (E.START, by(RECIPIENT, has_lead=True))
COMPLETE = (E.COMPLETE, by(RECIPIENT, has_lead=True))
COMPLETED = (*ACCEPTED, FORWARD, START, COMPLETE)


class TestConditions:
    """Each fails alone, and its twin passes."""

    @pytest.mark.parametrize("state", [S.SENT, S.ARRIVED, S.TAKE_BACK_PENDING])
    def test_acceptance_needs_a_stored_check(self, state: S) -> None:
        with pytest.raises(GuardFailed) as caught:
            step(state, E.ACCEPT, by(RECIPIENT, checked=False, register_number=1))
        assert caught.value.facts["guard"] == "CHECKED"
        assert caught.value.facts["clause"] == "QĐ 52/2019 Đ8.1a"

    @pytest.mark.parametrize("number", [None, 0, -1])
    @pytest.mark.parametrize("state", [S.SENT, S.ARRIVED, S.TAKE_BACK_PENDING])
    def test_acceptance_needs_a_register_number(self, state: S, number: int | None) -> None:
        with pytest.raises(GuardFailed) as caught:
            step(state, E.ACCEPT, by(RECIPIENT, checked=True, register_number=number))
        assert caught.value.facts["guard"] == "REGISTERED"
        assert caught.value.facts["clause"] == "NĐ 30/2020 Đ22"

    def test_acceptance_passes_with_both(self) -> None:
        found = step(S.ARRIVED, E.ACCEPT, by(RECIPIENT, checked=True, register_number=1))
        assert found.state is S.ACCEPTED

    @pytest.mark.parametrize("leads", [0, 2, 3])
    def test_forwarding_needs_exactly_one_lead(self, leads: int) -> None:
        with pytest.raises(GuardFailed) as caught:
            step(S.ACCEPTED, E.FORWARD, by(RECIPIENT, lead_count=leads))
        assert caught.value.facts["guard"] == "ONE_LEAD"
        assert caught.value.facts["clause"] == "NĐ 30/2020 Đ23.2"

    def test_completion_needs_a_lead(self) -> None:
        with pytest.raises(GuardFailed) as caught:
            step(S.IN_PROGRESS, E.COMPLETE, by(RECIPIENT, information_only=True))
        assert caught.value.facts["guard"] == "HAS_LEAD"

    @pytest.mark.parametrize("facts", [{"has_lead": True}, {"lead_count": 1}])
    def test_completion_takes_the_lead_of_this_or_an_earlier_report(
        self, facts: dict[str, Any]
    ) -> None:
        assert step(S.IN_PROGRESS, E.COMPLETE, by(RECIPIENT, **facts)).state is S.COMPLETED

    @pytest.mark.parametrize("state", [S.ACCEPTED, S.FORWARDED])
    def test_completion_without_work_is_for_information_only(self, state: S) -> None:
        with pytest.raises(GuardFailed) as caught:
            step(state, E.COMPLETE, by(RECIPIENT, has_lead=True))
        assert caught.value.facts["guard"] == "INFORMATION_ONLY"
        assert step(state, E.COMPLETE, by(RECIPIENT, information_only=True)).state is S.COMPLETED

    @pytest.mark.parametrize("state", [S.ACCEPTED, S.FORWARDED, S.IN_PROGRESS])
    def test_completion_needs_the_reply_that_was_requested(self, state: S) -> None:
        given = by(RECIPIENT, information_only=True, has_lead=True, reply_requested=True)
        with pytest.raises(GuardFailed) as caught:
            step(state, E.COMPLETE, given)
        assert caught.value.facts["guard"] == "REPLY_LINKED"
        assert caught.value.facts["clause"] == "QĐ 52/2019 Đ9.2c"
        found = step(state, E.COMPLETE, attrs.evolve(given, reply_given=True))
        assert found.state is S.COMPLETED

    def test_deletion_waits_for_the_end_of_retention(self) -> None:
        with pytest.raises(GuardFailed) as caught:
            step(S.COMPLETED, E.DELETE, by(AXIS))
        assert caught.value.facts["guard"] == "RETENTION_OVER"

    def test_every_condition_of_the_table_is_tested_above(self) -> None:
        tested = {"CHECKED", "REGISTERED", "ONE_LEAD", "HAS_LEAD", "INFORMATION_ONLY"}
        tested |= {"REPLY_LINKED", "RETENTION_OVER"}
        assert {guard.name for move in MOVES for guard in move.guards} == tested

    def test_the_message_names_condition_and_clause(self) -> None:
        with pytest.raises(GuardFailed, match=r"FORWARD in state ACCEPTED needs .* \(NĐ 30/2020"):
            step(S.ACCEPTED, E.FORWARD, by(RECIPIENT))


class TestLives:
    def test_the_usual_life(self) -> None:
        states = [found.state.name for found in play(*COMPLETED)]
        expected = "QUEUED SENT ARRIVED ACCEPTED FORWARDED IN_PROGRESS COMPLETED"
        assert states == expected.split()

    def test_the_allowed_jumps(self) -> None:
        assert play(*ACCEPTED, (E.START, by(RECIPIENT)))[-1].state is S.IN_PROGRESS
        informed = (E.COMPLETE, by(RECIPIENT, information_only=True))
        assert play(*ACCEPTED, informed)[-1].state is S.COMPLETED

    def test_completion_after_reopening_counts_although_it_was_reported_before(self) -> None:
        again = (E.COMPLETE, by(RECIPIENT, has_lead=True, same_content=True))
        found = play(*COMPLETED, (E.REOPEN, by(RECIPIENT)), again)
        assert (found[-1].state, found[-1].outcome) == (S.COMPLETED, Outcome.MOVED)

    @pytest.mark.parametrize(
        ("answer", "state"), [(ACCEPT, S.ACCEPTED), ((E.REFUSE, by(RECIPIENT)), S.REFUSED)]
    )
    def test_an_answer_stands_for_the_arrival(self, answer: tuple[E, Context], state: S) -> None:
        found = play(*SENT, answer, (E.ARRIVE, by(RECIPIENT)))
        assert [item.state for item in found[-3:]] == [S.SENT, state, state]
        assert found[-2].move is not None
        assert "NĐ 30/2020 Đ21.2" in found[-2].move.clause
        assert found[-1].outcome is Outcome.LATE

    def test_take_back_may_be_asked_again_after_a_refusal(self) -> None:
        ask = (E.REQUEST_TAKE_BACK, by(SENDER))
        again = (E.REQUEST_TAKE_BACK, by(SENDER, same_content=True))
        found = play(*ARRIVED, ask, (E.REFUSE_TAKE_BACK, by(RECIPIENT)), again)
        assert [item.state for item in found[-3:]] == [
            S.TAKE_BACK_PENDING,
            S.ARRIVED,
            S.TAKE_BACK_PENDING,
        ]

    def test_sending_is_tried_again_after_a_failure(self) -> None:
        failed = (E.TRANSMIT_FAIL, by(AXIS))
        found = play(ISSUE, failed, (E.RETRY, by(SENDER)), (E.TRANSMIT_OK, by(AXIS)))
        assert found[-1].state is S.SENT


class TestRaces:
    def test_acceptance_wins_over_a_take_back_that_crosses(self) -> None:
        found = play(*ARRIVED, (E.REQUEST_TAKE_BACK, by(SENDER)), ACCEPT)
        assert (found[-1].state, found[-1].resume_state) == (S.ACCEPTED, None)
        assert found[-1].move is not None
        assert found[-1].move.number == "D16"

    def test_arrival_that_crosses_a_take_back_is_kept(self) -> None:
        asked = (E.REQUEST_TAKE_BACK, by(SENDER))
        found = play(*SENT, asked, (E.ARRIVE, by(RECIPIENT)), (E.REFUSE_TAKE_BACK, by(RECIPIENT)))
        assert found[-2].state is S.TAKE_BACK_PENDING
        assert found[-1].state is S.ARRIVED

    def test_work_that_crosses_a_recall_is_kept_when_the_recall_is_rejected(self) -> None:
        recalled = (E.RECALL, by(SENDER))
        found = play(*ACCEPTED, recalled, FORWARD, (E.REJECT_RECALL, by(RECIPIENT)), START)
        assert found[-1].state is S.IN_PROGRESS

    @pytest.mark.parametrize("before", [SENT, ARRIVED])
    def test_acceptance_that_crosses_an_update_is_kept_with_its_conditions(
        self, before: tuple[tuple[E, Context], ...]
    ) -> None:
        updated = (E.UPDATE, by(SENDER))
        with pytest.raises(GuardFailed):
            play(*before, updated, (E.ACCEPT, by(RECIPIENT)))
        found = play(*before, updated, ACCEPT, (E.APPLY_UPDATE, by(RECIPIENT)))
        assert found[-1].state is S.ACCEPTED

    def test_a_recall_waits_for_no_answer_to_an_update(self) -> None:
        updated, recalled = (E.UPDATE, by(SENDER)), (E.RECALL, by(SENDER))
        found = play(*ACCEPTED, updated, recalled, (E.APPLY_UPDATE, by(RECIPIENT)))
        assert (found[-2].state, found[-2].resume_state) == (S.RECALL_PENDING, S.ACCEPTED)
        assert found[-1].outcome is Outcome.LATE
        for answer, state in ((E.CONFIRM_RECALL, S.RECALLED), (E.REJECT_RECALL, S.ACCEPTED)):
            ended = play(*ACCEPTED, updated, recalled, (answer, by(RECIPIENT)))
            assert (ended[-1].state, ended[-1].resume_state) == (state, None)

    def test_reports_that_cross_a_recall_after_an_update_are_kept(self) -> None:
        pending = (*SENT, (E.UPDATE, by(SENDER)), (E.RECALL, by(SENDER)))
        found = play(*pending, ARRIVED[-1], ACCEPT, (E.REJECT_RECALL, by(RECIPIENT)))
        assert [item.state for item in found[-3:]] == [
            S.RECALL_PENDING,
            S.RECALL_PENDING,
            S.ACCEPTED,
        ]

    def test_a_recall_waits_for_no_answer_to_a_take_back(self) -> None:
        asked, recalled = (E.REQUEST_TAKE_BACK, by(SENDER)), (E.RECALL, by(SENDER))
        found = play(*ARRIVED, asked, recalled, (E.REFUSE_TAKE_BACK, by(RECIPIENT)))
        assert (found[-2].state, found[-2].resume_state) == (S.RECALLED, None)
        assert found[-1].outcome is Outcome.LATE

    def test_a_recall_before_acceptance_needs_no_answer_but_takes_one(self) -> None:
        found = play(*ARRIVED, (E.RECALL, by(SENDER)), (E.CONFIRM_RECALL, by(RECIPIENT)))
        assert found[-2].state is S.RECALLED
        assert found[-1].outcome is Outcome.LATE

    def test_a_replacement_overtakes_an_update(self) -> None:
        found = play(*ACCEPTED, (E.UPDATE, by(SENDER)), (E.REPLACE, by(AXIS)))
        assert (found[-1].state, found[-1].resume_state) == (S.REPLACED, None)

    @pytest.mark.parametrize(
        ("state", "event"),
        [
            (S.TAKE_BACK_PENDING, E.REFUSE_TAKE_BACK),
            (S.RECALL_PENDING, E.REJECT_RECALL),
            (S.UPDATE_PENDING, E.APPLY_UPDATE),
        ],
    )
    def test_going_back_needs_to_know_where_to(self, state: S, event: E) -> None:
        with pytest.raises(InvalidValue, match="resume_state"):
            step(state, event, by(RECIPIENT))

    def test_skipped_reports_come_late_without_effect(self) -> None:
        started = (*ACCEPTED, (E.START, by(RECIPIENT)))
        found = play(*started, FORWARD)
        assert (found[-1].state, found[-1].outcome) == (S.IN_PROGRESS, Outcome.LATE)


class TestForbidden:
    """The list of regulations §13b; every refusal names its clause."""

    @pytest.mark.parametrize("state", [S.REFUSED, S.RECALLED, S.TAKEN_BACK, S.DELETED])
    @pytest.mark.parametrize("event", [E.ACCEPT, E.REFUSE, E.START, E.REOPEN])
    def test_an_ended_delivery_stays_ended(self, state: S, event: E) -> None:
        with pytest.raises(InvalidMove) as caught:
            step(state, event, by(RECIPIENT, checked=True, register_number=1))
        assert "PL VI 8" in str(caught.value.facts["clause"])

    @pytest.mark.parametrize("state", [S.ACCEPTED, S.FORWARDED, S.IN_PROGRESS, S.COMPLETED])
    def test_no_refusal_after_acceptance(self, state: S) -> None:
        with pytest.raises(InvalidMove) as caught:
            step(state, E.REFUSE, by(RECIPIENT))
        assert str(caught.value.facts["clause"]).startswith("QĐ 52/2019 Đ5.1d")

    @pytest.mark.parametrize("state", [S.ACCEPTED, S.FORWARDED, S.IN_PROGRESS, S.COMPLETED])
    def test_no_take_back_after_acceptance(self, state: S) -> None:
        with pytest.raises(InvalidMove) as caught:
            step(state, E.REQUEST_TAKE_BACK, by(SENDER))
        assert caught.value.facts["clause"] == "QĐ 52/2019 Đ8.3; edXML 16"

    @pytest.mark.parametrize("state", [S.SENT, S.ARRIVED])
    @pytest.mark.parametrize("event", [E.FORWARD, E.START, E.COMPLETE])
    def test_no_work_before_a_number_exists(self, state: S, event: E) -> None:
        with pytest.raises(InvalidMove) as caught:
            step(state, event, by(RECIPIENT, lead_count=1, has_lead=True, information_only=True))
        assert caught.value.facts["clause"] == "NĐ 30/2020 Đ22.1"

    @pytest.mark.parametrize("actor", ["SENDER", None, "someone else"])
    def test_no_report_from_anyone_but_the_parties(self, actor: Any) -> None:
        with pytest.raises(InvalidValue) as caught:
            Context(actor=actor)
        assert caught.value.facts["clause"] == "QĐ 52/2019 Đ5"

    def test_no_take_back_by_the_recipient(self) -> None:
        with pytest.raises(InvalidMove) as caught:
            step(S.ARRIVED, E.REQUEST_TAKE_BACK, by(RECIPIENT))
        assert caught.value.facts["clause"] == "edXML 13"

    @pytest.mark.parametrize("actor", [SENDER, AXIS])
    @pytest.mark.parametrize(
        ("state", "event"),
        [
            (S.SENT, E.ARRIVE),
            (S.SENT, E.ACCEPT),
            (S.SENT, E.REFUSE),
            (S.ARRIVED, E.REFUSE),
            (S.ARRIVED, E.ACCEPT),
            (S.ACCEPTED, E.FORWARD),
            (S.FORWARDED, E.START),
            (S.IN_PROGRESS, E.COMPLETE),
            (S.TAKE_BACK_PENDING, E.AGREE_TAKE_BACK),
            (S.TAKE_BACK_PENDING, E.REFUSE_TAKE_BACK),
        ],
    )
    def test_no_status_from_the_sender_or_the_axis(self, state: S, event: E, actor: Actor) -> None:
        given = by(actor, checked=True, register_number=1, lead_count=1, has_lead=True)
        with pytest.raises(InvalidMove) as caught:
            step(state, event, given)
        assert caught.value.facts["clause"] == "QĐ 52/2019 Đ5.2, Đ8.1"

    @pytest.mark.parametrize("event", [E.RECALL, E.UPDATE, E.REPLACE])
    @pytest.mark.parametrize("state", [S.SENT, S.ARRIVED, S.ACCEPTED, S.COMPLETED])
    def test_no_recall_update_or_replacement_by_anyone_but_the_issuer(
        self, state: S, event: E
    ) -> None:
        with pytest.raises(InvalidMove) as caught:
            step(state, event, by(RECIPIENT))
        assert str(caught.value.facts["clause"]).startswith("QĐ 52/2019 Đ8.3")

    @pytest.mark.parametrize("state", [S.FORWARDED, S.IN_PROGRESS, S.COMPLETED])
    def test_no_way_back_to_acceptance(self, state: S) -> None:
        with pytest.raises(InvalidMove) as caught:
            step(state, E.ACCEPT, by(RECIPIENT, checked=True, register_number=1))
        assert caught.value.facts["clause"] == "QĐ 28/2018 Đ9.2"

    def test_no_second_report_with_other_content(self) -> None:
        given = by(RECIPIENT, checked=True, register_number=2, same_content=False)
        with pytest.raises(ConflictingReport) as caught:
            step(S.ACCEPTED, E.ACCEPT, given)
        assert caught.value.facts["clause"] == "QĐ 52/2019 Đ7.2h"

    def test_the_same_report_again_changes_nothing(self) -> None:
        given = by(RECIPIENT, checked=True, register_number=1, same_content=True)
        found = step(S.IN_PROGRESS, E.ACCEPT, given)
        assert (found.state, found.outcome) == (S.IN_PROGRESS, Outcome.REPEATED)

    @pytest.mark.parametrize("state", [s for s in S if not s.final])
    def test_no_deletion_of_what_is_not_final(self, state: S) -> None:
        with pytest.raises(InvalidMove) as caught:
            step(state, E.DELETE, by(AXIS, retention_over=True))
        assert caught.value.facts["clause"] == "QĐ 52/2019 Đ7.2h; NĐ 30/2020 Đ19"

    def test_deletion_leaves_a_tombstone_that_nothing_leaves(self) -> None:
        deleted = step(S.REFUSED, E.DELETE, by(AXIS, retention_over=True))
        assert deleted.state is S.DELETED
        assert not any(move.source is S.DELETED for move in MOVES)

    def test_no_signed_byte_is_edited(self) -> None:
        signature = Signature(algorithm=SignatureAlgorithm.ED25519, value=b"s")
        envelope = Envelope(payload=b"x", payload_type=MANIFEST_TYPE, signatures=[signature])
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            envelope.payload = b"y"  # type: ignore[misc]

    def test_every_ban_has_both_languages_and_a_clause(self) -> None:
        assert all(ban.says and ban.says_vi and ban.clause for ban in BANS)


class TestTables:
    def test_every_non_final_state_has_an_owner_and_no_final_one(self) -> None:
        assert set(OWNERS) == {state for state in S if not state.final}

    def test_owners_can_act(self) -> None:
        for state, owner in OWNERS.items():
            assert TABLE.moves_of(state, owner), state

    def test_every_row_names_its_number_and_clause(self) -> None:
        numbers = {move.number for move in MOVES}
        assert numbers == {f"D{number}" for number in range(1, 26)} - {"D24"} | {"D7a", "D8a"}
        assert all(move.clause for move in MOVES)

    def test_only_pending_states_are_left_to_where_they_came_from(self) -> None:
        assert {move.source for move in MOVES if move.target is None} == PENDING

    def test_two_rows_for_one_combination_are_refused(self) -> None:
        with pytest.raises(ValueError, match="D1 repeats"):
            Table([MOVES[0], attrs.evolve(MOVES[0], target=S.SENT)])
