"""The signing certificate is judged when the entry is made, by what is known then."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from lienthong.errors import (
    CredentialExpired,
    CredentialRevoked,
    CredentialUnknown,
    LienthongError,
    SenderMismatch,
    TooLarge,
)
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId
from lienthong_node.core.credentials import Credentials
from lienthong_node.core.decision import Repeated
from lienthong_node.core.report import MAX_REPORTS
from node.tests.support import (
    BODY,
    NOW,
    OFFICE,
    B,
    World,
    manifest,
    report,
    signer_of,
    signing_credentials,
    statement,
    submit,
)


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        (Credentials(), CredentialUnknown),
        (signing_credentials(revoked_at=NOW), CredentialRevoked),
        (signing_credentials(not_after=NOW - timedelta(seconds=1)), CredentialExpired),
        (signing_credentials(not_before=NOW + timedelta(seconds=1)), CredentialExpired),
    ],
)
def test_what_ended_before_the_entry_signs_nothing(
    credentials: Credentials, expected: type[LienthongError]
) -> None:
    world = World(credentials=credentials)
    with pytest.raises(expected):
        world.decide(submit(manifest()))


def test_reports_are_judged_alike() -> None:
    world = World()
    package = world.send(B)
    world.credentials = signing_credentials(revoked_at=NOW)
    with pytest.raises(CredentialRevoked):
        world.decide(report(statement(DeliveryEvent.ARRIVE, package)))


def test_what_was_recorded_keeps_its_receipt_when_the_certificate_ends() -> None:
    world = World()
    command = submit(manifest())
    world.decide(command)
    world.credentials = signing_credentials(revoked_at=NOW)
    assert isinstance(world.decide(command), Repeated)


def test_certificate_of_another_organisation_does_not_sign() -> None:

    command = attrs.evolve(submit(manifest()), signer=signer_of(B))
    with pytest.raises(SenderMismatch):
        World().decide(command)


def test_office_signs_for_the_body_that_it_serves() -> None:
    world = World()
    world.decide(submit(manifest(sender=OrganId(BODY)), by=OFFICE))
    assert world.size == 1


def test_reports_about_one_delivery_have_an_end() -> None:
    """The same report again and again would otherwise fill the journal."""
    world = World()
    package = world.send(B)
    for _ in range(MAX_REPORTS):
        world.decide(report(statement(DeliveryEvent.ARRIVE, package)))
    with pytest.raises(TooLarge):
        world.decide(report(statement(DeliveryEvent.ARRIVE, package)))
