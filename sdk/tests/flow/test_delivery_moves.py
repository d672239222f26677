"""The whole product of states, events and actors against a list written by hand.

The list below is not made from the tables: it was written from regulations §13b, line by line.
``PENDING/STATE`` is a pending request with the state that it interrupted.
"""

from __future__ import annotations

import itertools

import pytest

from lienthong.errors import ConflictingReport, InvalidMove
from lienthong.flow.delivery import Actor, Context, Outcome, allowed, step
from lienthong.model.delivery import DeliveryEvent, DeliveryState

LEGAL = """
-                            ISSUE             SENDER    QUEUED
QUEUED                       TRANSMIT_OK       AXIS      SENT
QUEUED                       TRANSMIT_FAIL     AXIS      SEND_FAILED
QUEUED                       CANCEL            SENDER    CANCELLED
SEND_FAILED                  RETRY             SENDER    QUEUED
SEND_FAILED                  RETRY             AXIS      QUEUED
SEND_FAILED                  CANCEL            SENDER    CANCELLED

SENT                         ARRIVE            RECIPIENT ARRIVED
SENT                         ACCEPT            RECIPIENT ACCEPTED
SENT                         REFUSE            RECIPIENT REFUSED
SENT                         REQUEST_TAKE_BACK SENDER    TAKE_BACK_PENDING/SENT
SENT                         RECALL            SENDER    RECALLED
SENT                         UPDATE            SENDER    UPDATE_PENDING/SENT
SENT                         REPLACE           SENDER    REPLACED
SENT                         REPLACE           AXIS      REPLACED

ARRIVED                      ACCEPT            RECIPIENT ACCEPTED
ARRIVED                      REFUSE            RECIPIENT REFUSED
ARRIVED                      REQUEST_TAKE_BACK SENDER    TAKE_BACK_PENDING/ARRIVED
ARRIVED                      RECALL            SENDER    RECALLED
ARRIVED                      UPDATE            SENDER    UPDATE_PENDING/ARRIVED
ARRIVED                      REPLACE           SENDER    REPLACED
ARRIVED                      REPLACE           AXIS      REPLACED

ACCEPTED                     FORWARD           RECIPIENT FORWARDED
ACCEPTED                     START             RECIPIENT IN_PROGRESS
ACCEPTED                     COMPLETE          RECIPIENT COMPLETED
ACCEPTED                     RECALL            SENDER    RECALL_PENDING/ACCEPTED
ACCEPTED                     UPDATE            SENDER    UPDATE_PENDING/ACCEPTED
ACCEPTED                     REPLACE           AXIS      REPLACED

FORWARDED                    START             RECIPIENT IN_PROGRESS
FORWARDED                    COMPLETE          RECIPIENT COMPLETED
FORWARDED                    RECALL            SENDER    RECALL_PENDING/FORWARDED
FORWARDED                    UPDATE            SENDER    UPDATE_PENDING/FORWARDED
FORWARDED                    REPLACE           AXIS      REPLACED

IN_PROGRESS                  COMPLETE          RECIPIENT COMPLETED
IN_PROGRESS                  RECALL            SENDER    RECALL_PENDING/IN_PROGRESS
IN_PROGRESS                  UPDATE            SENDER    UPDATE_PENDING/IN_PROGRESS
IN_PROGRESS                  REPLACE           AXIS      REPLACED

COMPLETED                    REOPEN            RECIPIENT IN_PROGRESS
COMPLETED                    RECALL            SENDER    RECALL_PENDING/COMPLETED
COMPLETED                    UPDATE            SENDER    UPDATE_PENDING/COMPLETED
COMPLETED                    REPLACE           AXIS      REPLACED
COMPLETED                    DELETE            AXIS      DELETED

TAKE_BACK_PENDING/SENT       ARRIVE            RECIPIENT TAKE_BACK_PENDING/ARRIVED
TAKE_BACK_PENDING/SENT       ACCEPT            RECIPIENT ACCEPTED
TAKE_BACK_PENDING/SENT       RECALL            SENDER    RECALLED
TAKE_BACK_PENDING/SENT       AGREE_TAKE_BACK   RECIPIENT TAKEN_BACK
TAKE_BACK_PENDING/SENT       REFUSE_TAKE_BACK  RECIPIENT SENT
TAKE_BACK_PENDING/ARRIVED    ACCEPT            RECIPIENT ACCEPTED
TAKE_BACK_PENDING/ARRIVED    RECALL            SENDER    RECALLED
TAKE_BACK_PENDING/ARRIVED    AGREE_TAKE_BACK   RECIPIENT TAKEN_BACK
TAKE_BACK_PENDING/ARRIVED    REFUSE_TAKE_BACK  RECIPIENT ARRIVED

RECALL_PENDING/SENT          CONFIRM_RECALL    RECIPIENT RECALLED
RECALL_PENDING/SENT          REJECT_RECALL     RECIPIENT SENT
RECALL_PENDING/SENT          ARRIVE            RECIPIENT RECALL_PENDING/ARRIVED
RECALL_PENDING/SENT          ACCEPT            RECIPIENT RECALL_PENDING/ACCEPTED
RECALL_PENDING/ARRIVED       CONFIRM_RECALL    RECIPIENT RECALLED
RECALL_PENDING/ARRIVED       REJECT_RECALL     RECIPIENT ARRIVED
RECALL_PENDING/ARRIVED       ACCEPT            RECIPIENT RECALL_PENDING/ACCEPTED
RECALL_PENDING/ACCEPTED      CONFIRM_RECALL    RECIPIENT RECALLED
RECALL_PENDING/ACCEPTED      REJECT_RECALL     RECIPIENT ACCEPTED
RECALL_PENDING/ACCEPTED      FORWARD           RECIPIENT RECALL_PENDING/FORWARDED
RECALL_PENDING/ACCEPTED      START             RECIPIENT RECALL_PENDING/IN_PROGRESS
RECALL_PENDING/ACCEPTED      COMPLETE          RECIPIENT RECALL_PENDING/COMPLETED
RECALL_PENDING/FORWARDED     CONFIRM_RECALL    RECIPIENT RECALLED
RECALL_PENDING/FORWARDED     REJECT_RECALL     RECIPIENT FORWARDED
RECALL_PENDING/FORWARDED     START             RECIPIENT RECALL_PENDING/IN_PROGRESS
RECALL_PENDING/FORWARDED     COMPLETE          RECIPIENT RECALL_PENDING/COMPLETED
RECALL_PENDING/IN_PROGRESS   CONFIRM_RECALL    RECIPIENT RECALLED
RECALL_PENDING/IN_PROGRESS   REJECT_RECALL     RECIPIENT IN_PROGRESS
RECALL_PENDING/IN_PROGRESS   COMPLETE          RECIPIENT RECALL_PENDING/COMPLETED
RECALL_PENDING/COMPLETED     CONFIRM_RECALL    RECIPIENT RECALLED
RECALL_PENDING/COMPLETED     REJECT_RECALL     RECIPIENT COMPLETED
RECALL_PENDING/COMPLETED     REOPEN            RECIPIENT RECALL_PENDING/IN_PROGRESS

UPDATE_PENDING/SENT          APPLY_UPDATE      RECIPIENT SENT
UPDATE_PENDING/SENT          REFUSE_UPDATE     RECIPIENT SENT
UPDATE_PENDING/SENT          ARRIVE            RECIPIENT UPDATE_PENDING/ARRIVED
UPDATE_PENDING/SENT          ACCEPT            RECIPIENT UPDATE_PENDING/ACCEPTED
UPDATE_PENDING/SENT          REPLACE           AXIS      REPLACED
UPDATE_PENDING/SENT          RECALL            SENDER    RECALL_PENDING/SENT
UPDATE_PENDING/ARRIVED       APPLY_UPDATE      RECIPIENT ARRIVED
UPDATE_PENDING/ARRIVED       REFUSE_UPDATE     RECIPIENT ARRIVED
UPDATE_PENDING/ARRIVED       ACCEPT            RECIPIENT UPDATE_PENDING/ACCEPTED
UPDATE_PENDING/ARRIVED       REPLACE           AXIS      REPLACED
UPDATE_PENDING/ARRIVED       RECALL            SENDER    RECALL_PENDING/ARRIVED
UPDATE_PENDING/ACCEPTED      APPLY_UPDATE      RECIPIENT ACCEPTED
UPDATE_PENDING/ACCEPTED      REFUSE_UPDATE     RECIPIENT ACCEPTED
UPDATE_PENDING/ACCEPTED      FORWARD           RECIPIENT UPDATE_PENDING/FORWARDED
UPDATE_PENDING/ACCEPTED      START             RECIPIENT UPDATE_PENDING/IN_PROGRESS
UPDATE_PENDING/ACCEPTED      COMPLETE          RECIPIENT UPDATE_PENDING/COMPLETED
UPDATE_PENDING/ACCEPTED      REPLACE           AXIS      REPLACED
UPDATE_PENDING/ACCEPTED      RECALL            SENDER    RECALL_PENDING/ACCEPTED
UPDATE_PENDING/FORWARDED     APPLY_UPDATE      RECIPIENT FORWARDED
UPDATE_PENDING/FORWARDED     REFUSE_UPDATE     RECIPIENT FORWARDED
UPDATE_PENDING/FORWARDED     START             RECIPIENT UPDATE_PENDING/IN_PROGRESS
UPDATE_PENDING/FORWARDED     COMPLETE          RECIPIENT UPDATE_PENDING/COMPLETED
UPDATE_PENDING/FORWARDED     REPLACE           AXIS      REPLACED
UPDATE_PENDING/FORWARDED     RECALL            SENDER    RECALL_PENDING/FORWARDED
UPDATE_PENDING/IN_PROGRESS   APPLY_UPDATE      RECIPIENT IN_PROGRESS
UPDATE_PENDING/IN_PROGRESS   REFUSE_UPDATE     RECIPIENT IN_PROGRESS
UPDATE_PENDING/IN_PROGRESS   COMPLETE          RECIPIENT UPDATE_PENDING/COMPLETED
UPDATE_PENDING/IN_PROGRESS   REPLACE           AXIS      REPLACED
UPDATE_PENDING/IN_PROGRESS   RECALL            SENDER    RECALL_PENDING/IN_PROGRESS
UPDATE_PENDING/COMPLETED     APPLY_UPDATE      RECIPIENT COMPLETED
UPDATE_PENDING/COMPLETED     REFUSE_UPDATE     RECIPIENT COMPLETED
UPDATE_PENDING/COMPLETED     REOPEN            RECIPIENT UPDATE_PENDING/IN_PROGRESS
UPDATE_PENDING/COMPLETED     REPLACE           AXIS      REPLACED
UPDATE_PENDING/COMPLETED     RECALL            SENDER    RECALL_PENDING/COMPLETED

REFUSED                      DELETE            AXIS      DELETED
CANCELLED                    DELETE            AXIS      DELETED
TAKEN_BACK                   DELETE            AXIS      DELETED
RECALLED                     DELETE            AXIS      DELETED
REPLACED                     DELETE            AXIS      DELETED
"""

LATE = """
ACCEPTED ARRIVE RECIPIENT
FORWARDED ARRIVE RECIPIENT
IN_PROGRESS ARRIVE RECIPIENT
COMPLETED ARRIVE RECIPIENT
REFUSED ARRIVE RECIPIENT
TAKEN_BACK ARRIVE RECIPIENT
RECALLED ARRIVE RECIPIENT
REPLACED ARRIVE RECIPIENT
TAKE_BACK_PENDING/ARRIVED ARRIVE RECIPIENT
RECALL_PENDING/ARRIVED ARRIVE RECIPIENT
RECALL_PENDING/ACCEPTED ARRIVE RECIPIENT
RECALL_PENDING/FORWARDED ARRIVE RECIPIENT
RECALL_PENDING/IN_PROGRESS ARRIVE RECIPIENT
RECALL_PENDING/COMPLETED ARRIVE RECIPIENT
UPDATE_PENDING/ARRIVED ARRIVE RECIPIENT
UPDATE_PENDING/ACCEPTED ARRIVE RECIPIENT
UPDATE_PENDING/FORWARDED ARRIVE RECIPIENT
UPDATE_PENDING/IN_PROGRESS ARRIVE RECIPIENT
UPDATE_PENDING/COMPLETED ARRIVE RECIPIENT
IN_PROGRESS FORWARD RECIPIENT
COMPLETED FORWARD RECIPIENT
COMPLETED START RECIPIENT
ACCEPTED REFUSE_TAKE_BACK RECIPIENT
FORWARDED REFUSE_TAKE_BACK RECIPIENT
IN_PROGRESS REFUSE_TAKE_BACK RECIPIENT
COMPLETED REFUSE_TAKE_BACK RECIPIENT
RECALLED CONFIRM_RECALL RECIPIENT
RECALLED AGREE_TAKE_BACK RECIPIENT
RECALLED REFUSE_TAKE_BACK RECIPIENT
RECALLED APPLY_UPDATE RECIPIENT
RECALLED REFUSE_UPDATE RECIPIENT
RECALL_PENDING/SENT APPLY_UPDATE RECIPIENT
RECALL_PENDING/SENT REFUSE_UPDATE RECIPIENT
RECALL_PENDING/ARRIVED APPLY_UPDATE RECIPIENT
RECALL_PENDING/ARRIVED REFUSE_UPDATE RECIPIENT
RECALL_PENDING/ACCEPTED APPLY_UPDATE RECIPIENT
RECALL_PENDING/ACCEPTED REFUSE_UPDATE RECIPIENT
RECALL_PENDING/FORWARDED APPLY_UPDATE RECIPIENT
RECALL_PENDING/FORWARDED REFUSE_UPDATE RECIPIENT
RECALL_PENDING/IN_PROGRESS APPLY_UPDATE RECIPIENT
RECALL_PENDING/IN_PROGRESS REFUSE_UPDATE RECIPIENT
RECALL_PENDING/COMPLETED APPLY_UPDATE RECIPIENT
RECALL_PENDING/COMPLETED REFUSE_UPDATE RECIPIENT
REPLACED APPLY_UPDATE RECIPIENT
REPLACED REFUSE_UPDATE RECIPIENT
REFUSED REPLACE SENDER
REFUSED REPLACE AXIS
TAKEN_BACK REPLACE SENDER
TAKEN_BACK REPLACE AXIS
RECALLED REPLACE SENDER
RECALLED REPLACE AXIS
CANCELLED REPLACE SENDER
CANCELLED REPLACE AXIS
REPLACED REPLACE AXIS
DELETED REPLACE AXIS
TAKE_BACK_PENDING/SENT REPLACE AXIS
TAKE_BACK_PENDING/ARRIVED REPLACE AXIS
RECALL_PENDING/SENT REPLACE AXIS
RECALL_PENDING/ARRIVED REPLACE AXIS
RECALL_PENDING/ACCEPTED REPLACE AXIS
RECALL_PENDING/FORWARDED REPLACE AXIS
RECALL_PENDING/IN_PROGRESS REPLACE AXIS
RECALL_PENDING/COMPLETED REPLACE AXIS
"""

PLACES = """
-
QUEUED SENT SEND_FAILED CANCELLED ARRIVED ACCEPTED REFUSED FORWARDED IN_PROGRESS COMPLETED
TAKEN_BACK RECALLED REPLACED DELETED
TAKE_BACK_PENDING/SENT TAKE_BACK_PENDING/ARRIVED
RECALL_PENDING/SENT RECALL_PENDING/ARRIVED RECALL_PENDING/ACCEPTED RECALL_PENDING/FORWARDED
RECALL_PENDING/IN_PROGRESS RECALL_PENDING/COMPLETED
UPDATE_PENDING/SENT UPDATE_PENDING/ARRIVED UPDATE_PENDING/ACCEPTED UPDATE_PENDING/FORWARDED
UPDATE_PENDING/IN_PROGRESS UPDATE_PENDING/COMPLETED
"""


def _rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip()]


LEGAL_MOVES = {(place, event, actor): target for place, event, actor, target in _rows(LEGAL)}
LATE_REPORTS = {(place, event, actor) for place, event, actor in _rows(LATE)}
COMBINATIONS = list(itertools.product(DeliveryEvent, Actor))


def _state(place: str) -> tuple[DeliveryState | None, DeliveryState | None]:
    if place == "-":
        return None, None
    state, _, resume = place.partition("/")
    return DeliveryState(state), DeliveryState(resume) if resume else None


def fulfilled(actor: Actor, place: str, *, same_content: bool | None = None) -> Context:
    """Everything that any condition may need is fulfilled."""
    return Context(
        actor=actor,
        checked=True,
        register_number=7,
        lead_count=1,
        has_lead=True,
        information_only=True,
        reply_requested=True,
        reply_given=True,
        retention_over=True,
        same_content=same_content,
        resume_state=_state(place)[1],
    )


def test_the_list_has_no_line_twice_and_names_every_place() -> None:
    assert len(LEGAL_MOVES) == len(_rows(LEGAL))
    assert len(LATE_REPORTS) == len(_rows(LATE))
    assert not LATE_REPORTS & set(LEGAL_MOVES)
    states = {place.partition("/")[0] for place in PLACES.split()} - {"-"}
    assert states == {state.name for state in DeliveryState}
    assert {place for place in LEGAL_MOVES.values() if "/" in place} <= set(PLACES.split())
    assert len(PLACES.split()) * len(COMBINATIONS) == 29 * 23 * 3


@pytest.mark.parametrize("place", PLACES.split())
def test_every_event_by_everyone_does_what_the_list_says(place: str) -> None:
    for event, actor in COMBINATIONS:
        key = (place, event.name, actor.name)
        if key in LEGAL_MOVES:
            _moves(place, event, actor, LEGAL_MOVES[key])
        elif key in LATE_REPORTS:
            _changes_nothing(place, event, actor)
        else:
            _is_refused(place, event, actor)


def _moves(place: str, event: DeliveryEvent, actor: Actor, target: str) -> None:
    found = step(_state(place)[0], event, fulfilled(actor, place))
    assert found.outcome is Outcome.MOVED, (place, event, actor)
    assert (found.state, found.resume_state) == _state(target), (place, event, actor)
    assert found.move is not None


def _changes_nothing(place: str, event: DeliveryEvent, actor: Actor) -> None:
    found = step(_state(place)[0], event, fulfilled(actor, place))
    assert found.outcome is Outcome.LATE, (place, event, actor)
    assert (found.state, found.resume_state) == _state(place), (place, event, actor)
    assert found.move is None


def _is_refused(
    place: str, event: DeliveryEvent, actor: Actor, *, same_content: bool | None = None
) -> None:
    state = _state(place)[0]
    given = fulfilled(actor, place, same_content=same_content)
    with pytest.raises(InvalidMove) as caught:
        pytest.fail(f"{event} by {actor} in {place} led to {step(state, event, given)}")
    assert caught.value.facts["event"] == event.name
    assert caught.value.facts["actor"] == actor.name
    assert caught.value.facts["state"] == ("-" if state is None else state.name)
    assert caught.value.facts["clause"]


@pytest.mark.parametrize("place", PLACES.split())
def test_a_report_made_before_never_has_another_effect(place: str) -> None:
    """A legal row goes first: after a reopening, completion is legal again."""
    known = {(event, actor) for _, event, actor in LEGAL_MOVES}
    for event, actor in COMBINATIONS:
        key = (place, event.name, actor.name)
        if key in LEGAL_MOVES:
            for same in (True, False):
                found = step(_state(place)[0], event, fulfilled(actor, place, same_content=same))
                assert found.outcome is Outcome.MOVED, key
        elif key[1:] in known and place != "-":
            _is_repeated_or_in_conflict(place, event, actor)
        else:
            _is_refused(place, event, actor, same_content=True)
            _is_refused(place, event, actor, same_content=False)


def _is_repeated_or_in_conflict(place: str, event: DeliveryEvent, actor: Actor) -> None:
    state, resume = _state(place)
    found = step(state, event, fulfilled(actor, place, same_content=True))
    assert found.outcome is Outcome.REPEATED, (place, event, actor)
    assert (found.state, found.resume_state) == (state, resume)
    with pytest.raises(ConflictingReport):
        step(state, event, fulfilled(actor, place, same_content=False))


def test_every_state_is_reached_and_every_non_final_state_is_left() -> None:
    reached = {_state(target)[0] for target in LEGAL_MOVES.values()}
    assert reached == set(DeliveryState)
    left = {_state(place)[0] for place, _, _ in LEGAL_MOVES}
    assert left >= {state for state in DeliveryState if not state.final}


@pytest.mark.parametrize("state", DeliveryState)
@pytest.mark.parametrize("actor", Actor)
def test_allowed_lists_the_events_of_a_state(state: DeliveryState, actor: Actor) -> None:
    crossing = {"ARRIVE", "FORWARD", "START", "COMPLETE", "REOPEN"}
    if state in {DeliveryState.UPDATE_PENDING, DeliveryState.RECALL_PENDING}:
        crossing.add("ACCEPT")
    expected = {
        event
        for place, event, who in LEGAL_MOVES
        if place.partition("/")[0] == state.name
        and who == actor.name
        and not ("/" in place and event in crossing)
    }
    assert {event.name for event in allowed(state, actor)} == expected
