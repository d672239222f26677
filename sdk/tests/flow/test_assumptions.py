"""What the machines assume when nothing is said, and what their bans cover, written out by hand."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from lienthong.flow import delivery_table, issuing_table
from lienthong.flow.delivery import Actor, Context
from lienthong.flow.delivery_table import WAITS_FOR_ACCEPTANCE
from lienthong.flow.issuing import IssuingContext, Role
from lienthong.model.delivery import DeliveryEvent as D
from lienthong.model.delivery import DeliveryState as S

WORKED_ON = {S.ACCEPTED, S.FORWARDED, S.IN_PROGRESS, S.COMPLETED}
DRAFTED = {"DRAFT", "IN_REVIEW", "CONTENT_CHECKED", "FORM_CHECKED"}


@pytest.mark.parametrize(
    "context", [Context(actor=next(iter(Actor))), IssuingContext(role=next(iter(Role)))]
)
def test_nothing_is_assumed_to_be_fulfilled(context: Any) -> None:
    for one in attrs.fields(type(context))[1:]:
        value = getattr(context, one.name)
        assert not value, one.name
        assert value in {False, None} or one.name == "lead_count"
    assert getattr(context, "lead_count", 0) == 0


def test_replacement_waits_from_acceptance_on() -> None:
    assert WORKED_ON | {S.UPDATE_PENDING} == WAITS_FOR_ACCEPTANCE


@pytest.mark.parametrize(
    ("words", "states", "events"),
    [
        (
            "taken back: recall it",
            WORKED_ON | {S.RECALL_PENDING},
            "REQUEST_TAKE_BACK AGREE_TAKE_BACK",
        ),
        ("number in the register", {S.SENT, S.ARRIVED}, None),
        ("goes back to acceptance", WORKED_ON - {S.ACCEPTED}, "ACCEPT"),
    ],
)
def test_bans_of_the_delivery_machine(words: str, states: set[S], events: str | None) -> None:
    [ban] = [ban for ban in delivery_table.BANS if words in ban.says]
    assert ban.states == frozenset(states)
    if events is not None:
        assert ban.events == frozenset(D[name] for name in events.split())


@pytest.mark.parametrize(
    ("words", "states", "events"),
    [
        ("before it is approved", DRAFTED, {"SIGN", "NUMBER"}),
        ("is frozen", {"REPLACED", "RECALLED"}, None),
        ("has one number", None, {"NUMBER"}),
    ],
)
def test_bans_of_the_issuing_machine(
    words: str, states: set[str] | None, events: set[str] | None
) -> None:
    [ban] = [ban for ban in issuing_table.BANS if words in ban.says]
    for found, wanted in ((ban.states, states), (ban.events, events)):
        if wanted is not None:
            assert found is not None
            assert {one.name for one in found} == wanted
