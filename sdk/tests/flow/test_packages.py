"""What packages do to the deliveries of their target, and what reports tell the machine."""

from __future__ import annotations

from datetime import date

import pytest

from lienthong.errors import InvalidMove
from lienthong.flow.delivery import WAITS_FOR_ACCEPTANCE, Actor, Outcome, Step
from lienthong.flow.packages import (
    CARRIES_DOCUMENT,
    EVENT_AT_TARGET,
    context_of,
    names_lead,
    step_at_target,
)
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.document import DocumentReference
from lienthong.model.ids import DocumentNumber
from lienthong.model.package import PackageKind
from lienthong.testing.values import RECIPIENT, a_statement

E, S, K = DeliveryEvent, DeliveryState, PackageKind


def test_every_kind_has_deliveries_of_its_own_or_acts_on_others() -> None:
    assert set(PackageKind) == CARRIES_DOCUMENT | set(EVENT_AT_TARGET)
    assert CARRIES_DOCUMENT & set(EVENT_AT_TARGET) == {K.REPLACE}


@pytest.mark.parametrize(
    ("kind", "state", "resume", "expected"),
    [
        (K.RECALL, S.SENT, None, (S.RECALLED, None)),
        (K.RECALL, S.ACCEPTED, None, (S.RECALL_PENDING, S.ACCEPTED)),
        (K.RECALL, S.UPDATE_PENDING, S.FORWARDED, (S.RECALL_PENDING, S.FORWARDED)),
        (K.RECALL, S.TAKE_BACK_PENDING, S.SENT, (S.RECALLED, None)),
        (K.UPDATE, S.ARRIVED, None, (S.UPDATE_PENDING, S.ARRIVED)),
        (K.REPLACE, S.ARRIVED, None, (S.REPLACED, None)),
    ],
)
def test_packages_move_deliveries_of_their_target(
    kind: PackageKind,
    state: DeliveryState,
    resume: DeliveryState | None,
    expected: tuple[DeliveryState, DeliveryState | None],
) -> None:
    found = step_at_target(kind, state, resume)
    assert found is not None
    assert (found.state, found.resume_state) == expected


@pytest.mark.parametrize(
    "state", [*sorted(WAITS_FOR_ACCEPTANCE, key=str), S.REFUSED, S.RECALLED, S.TAKEN_BACK]
)
def test_a_replacement_leaves_alone_what_was_accepted_or_has_ended(state: DeliveryState) -> None:
    assert step_at_target(K.REPLACE, state) is None


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (K.RECALL, S.REFUSED),
        (K.RECALL, S.RECALL_PENDING),
        (K.UPDATE, S.UPDATE_PENDING),
        (K.REPLACE, S.TAKE_BACK_PENDING),
        (K.REPLACE, S.RECALL_PENDING),
    ],
)
def test_packages_that_a_state_does_not_allow_are_refused(
    kind: PackageKind, state: DeliveryState
) -> None:
    with pytest.raises(InvalidMove):
        step_at_target(kind, state, S.ACCEPTED)


def test_a_report_tells_the_machine_its_parts() -> None:
    known = {"reply_requested": True, "same_content": False, "resume_state": S.SENT}
    accept = context_of(a_statement(E.ACCEPT), actor=Actor.RECIPIENT, has_lead=False, **known)  # type: ignore[arg-type]
    assert accept.checked
    assert accept.register_number
    assert (accept.reply_requested, accept.same_content, accept.resume_state) == (
        True,
        False,
        S.SENT,
    )
    reply = DocumentReference(
        organ_id=RECIPIENT, number=DocumentNumber("07", "TTr"), issued_date=date(2026, 1, 1)
    )
    statement = a_statement(E.COMPLETE, reply=reply, information_only=True)
    complete = context_of(statement, actor=Actor.RECIPIENT, has_lead=True, **known)  # type: ignore[arg-type]
    assert (complete.reply_given, complete.information_only, complete.has_lead) == (
        True,
        True,
        True,
    )
    assert (complete.checked, complete.register_number, complete.lead_count) == (False, None, 0)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [(Outcome.MOVED, True), (Outcome.LATE, True), (Outcome.REPEATED, False)],
)
def test_a_late_report_names_who_leads_too(outcome: Outcome, *, expected: bool) -> None:
    context = context_of(
        a_statement(E.FORWARD),
        actor=Actor.RECIPIENT,
        reply_requested=False,
        has_lead=False,
        same_content=None,
        resume_state=None,
    )
    assert names_lead(Step(state=S.COMPLETED, outcome=outcome), context) is expected
