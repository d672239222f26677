"""Packages: which are refused, by which error, and what an accepted one does."""

from __future__ import annotations

from collections.abc import Callable
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
    InvalidMove,
    InvalidValue,
    LienthongError,
    MainFileChanged,
    SenderMismatch,
    SizeMismatch,
    TargetUnknown,
    TooLarge,
    UnknownRecipient,
    WrongAudience,
)
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId
from lienthong.model.journal import PackageRecord
from lienthong.model.package import Manifest, Recipient
from lienthong.model.words import FileRole
from lienthong_node.core.decision import Accepted, Repeated
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
    D,
    World,
    document,
    file,
    manifest,
    package_id,
    recall,
    replace,
    submit,
    update,
)

SECOND = timedelta(seconds=1)


def accepted(world: World, value: Manifest, *, by: str | None = None) -> Accepted:
    decision = world.decide(submit(value, by=by))
    assert isinstance(decision, Accepted)
    return decision


def refused(world: World, value: Manifest, *, by: str | None = None) -> LienthongError:
    """The error; nothing may have been kept."""
    before = world.store.medium.records.copy()
    with pytest.raises(LienthongError) as caught:
        world.decide(submit(value, by=by))
    assert world.store.medium.records == before
    return caught.value


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


class TestRecall:
    def test_before_acceptance_it_takes_effect_at_once(self) -> None:
        world = World()
        package = world.send(B, C)
        world.say(DeliveryEvent.ARRIVE, package, C)
        accepted(world, recall(package, B, C))
        assert world.state(package, B) is DeliveryState.RECALLED
        assert world.state(package, C) is DeliveryState.RECALLED

    @pytest.mark.parametrize(
        "state",
        [
            DeliveryState.ACCEPTED,
            DeliveryState.FORWARDED,
            DeliveryState.IN_PROGRESS,
            DeliveryState.COMPLETED,
        ],
    )
    def test_after_acceptance_it_waits_for_the_recipient(self, state: DeliveryState) -> None:
        world = World()
        package = world.send()
        world.bring_to(state, package)
        accepted(world, value := recall(package))
        row = world.delivery(package)
        assert row.state == DeliveryState.RECALL_PENDING.value
        assert row.resume_state == state.value
        assert row.pending_package_id == value.package_id.bytes

    def test_from_some_recipients_leaves_the_others_alone(self) -> None:
        world = World()
        package = world.send(B, C, D)
        decision = accepted(world, recall(package, C))
        assert decision.parties == (A, C)
        states = [world.state(package, organ) for organ in (B, C, D)]
        assert states == [DeliveryState.SENT, DeliveryState.RECALLED, DeliveryState.SENT]

    def test_makes_no_delivery_of_its_own(self) -> None:
        world = World()
        package = world.send()
        accepted(world, value := recall(package))
        with world.store.read() as view:
            assert not view.deliveries(value.package_id.bytes)

    def test_one_delivery_that_cannot_be_recalled_refuses_all_of_it(self) -> None:
        world = World()
        package = world.send(B, C)
        world.say(DeliveryEvent.ARRIVE, package, C)
        world.say(DeliveryEvent.REFUSE, package, C)
        error = refused(world, recall(package, B, C))
        assert isinstance(error, InvalidMove)
        assert error.facts["clause"] == "QĐ 52/2019 Đ5.1d, Đ8.3; NĐ 30/2020 PL VI 8"
        assert world.state(package, B) is DeliveryState.SENT

    @pytest.mark.parametrize("make", [recall, update])
    def test_refuses_a_recipient_that_the_package_was_not_sent_to(
        self, make: Callable[..., Manifest]
    ) -> None:
        world = World()
        package = world.send(B)
        error = refused(world, make(package, B, C))
        assert isinstance(error, TargetUnknown)
        assert C in str(error.facts["action"])

    @pytest.mark.parametrize("make", [recall, update, replace])
    def test_nobody_touches_the_package_of_another_sender(
        self, make: Callable[..., Manifest]
    ) -> None:
        """The same answer as for a package that does not exist."""
        world = World()
        package, nothing = world.send(B), package_id()
        found = refused(world, make(package, B, sender=OrganId(C)))
        missing = refused(world, make(nothing, B, sender=OrganId(C)))
        assert isinstance(found, TargetUnknown)
        assert str(found) == str(missing).replace(str(nothing), str(package))


class TestUpdate:
    @pytest.mark.parametrize("state", [None, DeliveryState.ARRIVED, DeliveryState.COMPLETED])
    def test_waits_for_the_recipient(self, state: DeliveryState | None) -> None:
        world = World()
        package = world.send()
        if state is not None:
            world.bring_to(state, package)
        accepted(world, update(package))
        row = world.delivery(package)
        assert row.state == DeliveryState.UPDATE_PENDING.value
        assert row.resume_state == (state or DeliveryState.SENT).value

    def test_may_repeat_the_main_file(self) -> None:
        world = World()
        accepted(world, update(world.send(), files=[file()]))

    def test_never_changes_the_main_file(self) -> None:
        world = World()
        package = world.send()
        error = refused(world, update(package, files=[file(ANNEX, "quyet-dinh.pdf")]))
        assert isinstance(error, MainFileChanged)
        assert error.facts == {"package": package}


class TestReplacement:
    def test_before_acceptance_the_old_delivery_ends_at_once(self) -> None:
        world = World()
        package = world.send()
        accepted(world, value := replace(package))
        assert world.state(package) is DeliveryState.REPLACED
        assert world.state(value.package_id) is DeliveryState.SENT

    def test_after_acceptance_the_old_delivery_waits_for_the_new_acceptance(self) -> None:
        world = World()
        package = world.send()
        world.bring_to(DeliveryState.COMPLETED, package)
        accepted(world, value := replace(package))
        assert world.state(package) is DeliveryState.COMPLETED
        world.say(DeliveryEvent.ARRIVE, value.package_id)
        assert world.state(package) is DeliveryState.COMPLETED
        decision = world.say(DeliveryEvent.ACCEPT, value.package_id)
        assert world.state(package) is DeliveryState.REPLACED
        body = decision.body
        assert not isinstance(body, PackageRecord)
        moves = {(e.package_id, e.to_state) for e in getattr(body, "effects", ())}
        assert moves == {
            (value.package_id, DeliveryState.ACCEPTED),
            (package, DeliveryState.REPLACED),
        }

    @pytest.mark.parametrize("ended", ["refused", "recalled"])
    def test_what_ended_otherwise_stays_as_it_ended(self, ended: str) -> None:
        world = World()
        package = world.send()
        if ended == "refused":
            world.say(DeliveryEvent.ARRIVE, package)
            world.say(DeliveryEvent.REFUSE, package)
        else:
            accepted(world, recall(package))
        before = world.state(package)
        accepted(world, value := replace(package))
        world.say(DeliveryEvent.ARRIVE, value.package_id)
        world.say(DeliveryEvent.ACCEPT, value.package_id)
        assert world.state(package) is before

    def test_may_go_to_somebody_new(self) -> None:
        world = World()
        package = world.send(B)
        accepted(world, value := replace(package, B, C))
        assert world.state(value.package_id, C) is DeliveryState.SENT
        world.say(DeliveryEvent.ARRIVE, value.package_id, C)
        world.say(DeliveryEvent.ACCEPT, value.package_id, C)
        assert world.state(package, B) is DeliveryState.REPLACED


@pytest.mark.parametrize("make", [recall, update])
def test_a_request_that_waits_is_not_doubled(make: Callable[..., Manifest]) -> None:
    world = World()
    package = world.send()
    world.bring_to(DeliveryState.ACCEPTED, package)
    accepted(world, make(package))
    assert isinstance(refused(world, make(package)), InvalidMove)


def test_a_refused_package_leaves_its_id_free() -> None:
    world = World()
    value = manifest(NOBODY)
    refused(world, value)
    accepted(world, evolve(value, recipients=[Recipient(organ_id=OrganId(B))]))
