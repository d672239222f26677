"""Recalls, updates and replacements: what they do to the deliveries of an earlier package."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lienthong.errors import InvalidMove, MainFileChanged, TargetUnknown
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId
from lienthong.model.journal import PackageRecord
from lienthong.model.package import Manifest
from node.tests.packages import accepted, refused
from node.tests.support import ANNEX, A, B, C, D, World, file, package_id, recall, replace, update


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
