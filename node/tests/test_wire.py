"""Values that go over the wire and come back as they were."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from attrs import evolve

from lienthong.client.wire import delivery_from_message, organisation_from_message
from lienthong.errors import InvalidValue
from lienthong.model.deadline import DeadlineKind, OpenDeadline, Ruling
from lienthong.model.file_signature import LegalValue
from lienthong.model.ids import OrganId
from lienthong.model.organisation import OrganCode, OrganLink, OrganName
from lienthong.model.time import to_us
from lienthong.model.words import IssueForm
from lienthong.spi.records import DeadlineRow, DeliveryRow, JudgementRow
from lienthong_node import wire
from lienthong_node.core.credentials import Credential, Role
from node.tests.support import (
    HEIR,
    NOW,
    TODAY,
    A,
    B,
    C,
    D,
    World,
    credential,
    organisation,
    signing,
)

LATER = TODAY + timedelta(days=30)
DUE_AT = NOW + timedelta(hours=8)
WHOLE = organisation(
    B,
    codes=[
        OrganCode(scheme=OrganId(code).scheme, value=OrganId(code), valid_from=TODAY)
        for code in (B, "H53.13")
    ],
    names=[
        OrganName(value="Sở cũ", valid_to=TODAY),
        OrganName(value="Sở mới", valid_from=TODAY),
    ],
    level=2,
    parent=OrganId(A),
    former_parents=[OrganLink(organ_id=OrganId(C), valid_from=date(2020, 1, 1), valid_to=TODAY)],
    in_charge="Chánh Văn phòng",
    valid_from=date(2016, 1, 1),
    valid_to=LATER,
    successors=[OrganId(HEIR)],
    contact_point_of=[OrganId(C)],
    acting_for=[OrganLink(organ_id=OrganId(D), valid_from=TODAY, valid_to=LATER)],
)


def test_an_organisation_with_all_that_it_may_have() -> None:
    message = wire.organisation(evolve(WHOLE, version=7), TODAY)
    assert message.name == "Sở mới"
    assert wire.organisation_from(message) == WHOLE
    assert organisation_from_message(message) == evolve(WHOLE, version=7)


@pytest.mark.parametrize("name", ["former_parents", "acting_for"])
def test_a_day_that_is_none_is_refused(name: str) -> None:
    message = wire.organisation(WHOLE, TODAY)
    getattr(message, name)[0].valid_to = "29/02/2025"
    with pytest.raises(InvalidValue, match="valid_to"):
        wire.organisation_from(message)
    with pytest.raises(InvalidValue, match="valid_to"):
        organisation_from_message(message)


@pytest.mark.parametrize(
    "value",
    [
        credential(A, roles=(Role.AGENCY, Role.GATEWAY)),
        evolve(signing(B), revoked_at=NOW, revocation_reason="mất máy"),
    ],
    ids=lambda value: value.use.value,
)
def test_a_credential(value: Credential) -> None:
    assert wire.credential_from(wire.credential(value)) == value


def _due(kind: str, stage: str = "") -> DeadlineRow:
    return DeadlineRow(
        kind=kind,
        since_us=to_us(NOW),
        due_us=to_us(DUE_AT),
        warn_us=to_us(NOW),
        stage=stage,
        calendar="vietnam@1",
        provisional=True,
    )


KINDS = ("TAKEN", "FORWARDED", "SETTLED", "REPLIED")


@pytest.fixture
def ruled() -> DeliveryRow:
    world = World()
    return evolve(
        world.delivery(world.send()),
        deadlines=tuple(_due(kind, "OVERDUE" if kind == "REPLIED" else "") for kind in KINDS),
        paper=JudgementRow(value="E_AND_PAPER", rows=(5, 7), rule_set="ta@1"),
        legal_value=JudgementRow(value="PENDING_CHECK", rows=(11,), rule_set="ta@1"),
    )


def test_a_recipient_sees_what_the_law_says(ruled: DeliveryRow) -> None:
    found = delivery_from_message(wire.delivery(ruled, outgoing=False))
    assert [one.kind.value for one in found.deadlines] == list(KINDS)
    assert found.deadlines[0] == OpenDeadline(
        kind=DeadlineKind.TAKEN, due_at=DUE_AT, calendar="vietnam@1", provisional=True
    )
    assert found.is_overdue
    assert found.paper == Ruling(value=IssueForm.E_AND_PAPER, rows=(5, 7), rule_set="ta@1")
    assert found.legal_value is not None
    assert found.legal_value.value is LegalValue.PENDING_CHECK


def test_a_sender_does_not_see_how_a_recipient_passes_on(ruled: DeliveryRow) -> None:
    found = delivery_from_message(wire.delivery(ruled, outgoing=True))
    assert [one.kind.value for one in found.deadlines] == ["TAKEN", "REPLIED"]


def test_a_recall_shows_only_its_own_deadline(ruled: DeliveryRow) -> None:
    recalled = evolve(
        ruled,
        state="RECALL_PENDING",
        deadlines=(*ruled.deadlines, _due("RECALL_CONFIRMED")),
    )
    found = delivery_from_message(wire.delivery(recalled, outgoing=False))
    assert [one.kind.value for one in found.deadlines] == ["RECALL_CONFIRMED"]


def test_what_the_law_says_nothing_of_is_empty() -> None:
    world = World()
    found = delivery_from_message(wire.delivery(world.delivery(world.send()), outgoing=False))
    assert (found.deadlines, found.legal_value, found.is_overdue) == ((), None, False)


def test_an_unknown_kind_is_refused(ruled: DeliveryRow) -> None:
    message = wire.delivery(ruled, outgoing=False)
    message.deadlines[0].kind = "SOMETHING"
    with pytest.raises(InvalidValue, match=r"Deadline\.kind"):
        delivery_from_message(message)
