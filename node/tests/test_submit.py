"""Packages: which are refused, by which error, and what an accepted one does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from lienthong.errors import (
    ClockSkew,
    ClosedRecipient,
    DuplicateRecipient,
    FileMissing,
    IdReused,
    InvalidValue,
    LienthongError,
    SenderMismatch,
    SizeMismatch,
    TargetUnknown,
    TooLarge,
    UnknownRecipient,
    WrongAudience,
)
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import OrganId
from lienthong.model.journal import PackageRecord
from lienthong.model.package import Manifest, Recipient
from lienthong.model.words import FileRole
from lienthong_node.core.decision import Repeated
from node.tests.packages import accepted, refused
from node.tests.support import (
    ANNEX,
    AXIS,
    B_NEW_CODE,
    BODY,
    CLOSED,
    HEIR,
    MAIN,
    NOBODY,
    NOW,
    OFFICE,
    POLICY,
    A,
    B,
    C,
    World,
    document,
    file,
    manifest,
    package_id,
    replace,
    submit,
)

SECOND = timedelta(seconds=1)


def test_a_new_package_makes_a_sent_delivery_to_each_recipient() -> None:
    world = World()
    decision = accepted(world, value := manifest(B, C))
    body = decision.body
    assert isinstance(body, PackageRecord)
    assert body.recipients == (OrganId(B), OrganId(C))
    assert [(e.recipient.value, e.from_state, e.to_state) for e in body.effects] == [
        (B, None, DeliveryState.SENT),
        (C, None, DeliveryState.SENT),
    ]
    assert decision.parties == (A, B, C)
    assert world.delivery(value.package_id, C).subject == value.document.subject


def test_an_old_code_of_an_organisation_leads_to_it() -> None:
    world = World()
    decision = accepted(world, value := manifest(B_NEW_CODE))
    assert decision.parties == (A, B)
    assert world.state(value.package_id, B) is DeliveryState.SENT


@pytest.mark.parametrize(
    ("value", "error", "facts"),
    [
        pytest.param(
            manifest(audience="other.axis"),
            WrongAudience,
            {"found": "other.axis", "expected": AXIS},
            id="another axis",
        ),
        pytest.param(
            manifest(created_at=NOW + POLICY.max_clock_ahead + SECOND),
            ClockSkew,
            {"field": "created_at"},
            id="from the future",
        ),
        pytest.param(
            manifest(created_at=NOW - POLICY.max_age - SECOND),
            ClockSkew,
            {"field": "created_at"},
            id="stale",
        ),
        pytest.param(
            manifest(NOBODY), UnknownRecipient, {"organ": OrganId(NOBODY)}, id="unknown recipient"
        ),
        pytest.param(
            manifest(CLOSED),
            ClosedRecipient,
            {"organ": OrganId(CLOSED), "successors": HEIR},
            id="closed recipient",
        ),
        pytest.param(
            manifest(B, B_NEW_CODE),
            DuplicateRecipient,
            {"organ": OrganId(B_NEW_CODE)},
            id="one recipient under two codes",
        ),
        pytest.param(
            manifest(files=[file(b"never sent")]),
            FileMissing,
            {"file": "quyet-dinh.pdf"},
            id="a file that did not come",
        ),
        pytest.param(
            manifest(files=[file(MAIN, size=len(MAIN) + 1)]),
            SizeMismatch,
            {"found": len(MAIN), "expected": len(MAIN) + 1},
            id="another size",
        ),
        pytest.param(
            replace(package_id()), TargetUnknown, {"action": "REPLACE"}, id="target unknown"
        ),
    ],
)
def test_refuses(value: Manifest, error: type[LienthongError], facts: dict[str, object]) -> None:
    found = refused(World(), value)
    assert type(found) is error
    assert facts.items() <= found.facts.items()


def test_the_clocks_may_differ_by_exactly_what_is_allowed() -> None:
    world = World()
    accepted(world, manifest(created_at=NOW + POLICY.max_clock_ahead))
    accepted(world, manifest(created_at=NOW - POLICY.max_age))


def test_a_sender_is_not_its_own_recipient_under_another_code() -> None:
    value = manifest(A, sender=OrganId(B), document=document(issuer_code=OrganId(B)))
    own = evolve(value, recipients=[Recipient(organ_id=OrganId(B_NEW_CODE))])
    error = refused(World(), own)
    assert isinstance(error, InvalidValue)
    assert error.facts["field"] == "recipients"


@pytest.mark.parametrize(
    ("policy", "value", "what"),
    [
        ({"max_recipients": 1}, manifest(B, C), "number of recipients"),
        (
            {"max_files": 1},
            manifest(files=[file(), file(ANNEX, "a.pdf", role=FileRole.ATTACHMENT)]),
            "number of files",
        ),
        ({"max_file_bytes": len(MAIN) - 1}, manifest(), "largest file in bytes"),
        (
            {"max_package_bytes": len(MAIN) + len(ANNEX) - 1},
            manifest(files=[file(), file(ANNEX, "a.pdf", role=FileRole.ATTACHMENT)]),
            "package in bytes",
        ),
    ],
)
def test_refuses_more_than_the_policy_allows(
    policy: dict[str, Any], value: Manifest, what: str
) -> None:
    error = refused(World(policy=evolve(POLICY, **policy)), value)
    assert isinstance(error, TooLarge)
    assert error.facts["what"] == what
    accepted(World(), evolve(value, package_id=package_id()))


def test_an_uploaded_file_counts_for_its_owner_only() -> None:
    world = World()
    value = manifest(files=[file(b"uploaded")])
    world.possess(C, b"uploaded")
    assert isinstance(refused(world, value), FileMissing)
    world.possess(A, b"uploaded")
    accepted(world, value)


class TestWhoMaySend:
    @pytest.mark.parametrize("by", [C, OFFICE])
    def test_nobody_sends_for_others(self, by: str) -> None:
        error = refused(World(), manifest(), by=by)
        assert isinstance(error, SenderMismatch)
        assert error.facts == {"caller": by, "organ": A}

    def test_an_unknown_sender_is_answered_like_a_foreign_one(self) -> None:
        error = refused(World(), manifest(sender=OrganId(NOBODY)), by=A)
        assert isinstance(error, SenderMismatch)

    def test_a_contact_point_sends_and_receives_for_its_body(self) -> None:
        world = World()
        sent = accepted(world, manifest(sender=OrganId(BODY)), by=OFFICE)
        assert sent.parties == (BODY, B, OFFICE)
        received = accepted(world, manifest(BODY))
        assert received.parties == (A, BODY, OFFICE)

    def test_a_body_does_not_act_for_its_contact_point(self) -> None:
        error = refused(World(), manifest(sender=OrganId(OFFICE)), by=BODY)
        assert isinstance(error, SenderMismatch)

    def test_a_repetition_is_for_the_sender_only(self) -> None:
        """Whoever got hold of the signed bytes does not get the receipt with them."""
        world = World()
        accepted(world, value := manifest())
        assert isinstance(refused(world, value, by=C), SenderMismatch)


class TestRepetitions:
    def test_the_same_bytes_are_the_same_package(self) -> None:
        world = World()
        world.send()
        value = manifest()
        accepted(world, value)
        assert world.decide(submit(value)) == Repeated(index=1)

    def test_also_when_it_has_grown_stale_meanwhile(self) -> None:
        world = World()
        accepted(world, value := manifest())
        world.now += 30 * timedelta(days=1)
        assert world.decide(submit(value)) == Repeated(index=0)

    def test_other_bytes_are_refused(self) -> None:
        world = World()
        accepted(world, value := manifest())
        other = evolve(value, document=document(subject="Một nội dung khác"))
        assert isinstance(refused(world, other), IdReused)

    def test_the_id_of_another_sender_is_refused(self) -> None:
        world = World()
        accepted(world, value := manifest())
        other = evolve(value, sender=OrganId(C))
        assert isinstance(refused(world, other), IdReused)


def test_a_refused_package_leaves_its_id_free() -> None:
    world = World()
    value = manifest(NOBODY)
    refused(world, value)
    accepted(world, evolve(value, recipients=[Recipient(organ_id=OrganId(B))]))
