"""Values that go over the wire and come back as they were."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from attrs import evolve

from lienthong.client.wire import organisation_from_message
from lienthong.errors import InvalidValue
from lienthong.model.ids import OrganId
from lienthong.model.organisation import OrganCode, OrganLink, OrganName
from lienthong_node import wire
from lienthong_node.core.credentials import Credential, Role
from node.tests.support import HEIR, NOW, TODAY, A, B, C, D, credential, organisation, signing

LATER = TODAY + timedelta(days=30)
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
