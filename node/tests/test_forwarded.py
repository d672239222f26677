"""What follows a document that was forwarded: under the closed code and under the successor's."""

from __future__ import annotations

import pytest

from lienthong.errors import DuplicateRecipient, NotFound, SenderMismatch, TargetUnknown
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import PackageRecord, StatementRecord
from lienthong.model.package import Manifest
from lienthong_node.core.decision import Accepted
from lienthong_node.core.registry import directory_with
from node.tests.support import (
    HEIR,
    TODAY,
    A,
    B,
    C,
    D,
    World,
    organisation,
    recall,
    report,
    statement,
    submit,
    update,
)
from node.tests.test_closed import GRACE, closing


def forwarded() -> tuple[World, PackageId]:
    """A document that A sent to B, which had ended; HEIR has it."""
    world = World(directory=closing(B), law=GRACE)
    return world, world.send(B)


def recipients(decision: object) -> list[str]:
    assert isinstance(decision, Accepted)
    assert isinstance(decision.body, PackageRecord)
    return [str(one) for one in decision.body.recipients]


class TestItsSender:
    @pytest.mark.parametrize("code", [B, HEIR])
    def test_recalls_it(self, code: str) -> None:
        world, package = forwarded()
        assert recipients(world.decide(submit(recall(package, code)))) == [HEIR]
        assert world.state(package, HEIR) is DeliveryState.RECALLED

    @pytest.mark.parametrize("code", [B, HEIR])
    def test_updates_it(self, code: str) -> None:
        world, package = forwarded()
        world.say(DeliveryEvent.ARRIVE, package, HEIR)
        world.say(DeliveryEvent.ACCEPT, package, HEIR)
        assert recipients(world.decide(submit(update(package, code)))) == [HEIR]
        assert world.state(package, HEIR) is DeliveryState.UPDATE_PENDING

    def test_takes_it_back(self) -> None:
        world, package = forwarded()
        world.ask_back(package, B)
        assert world.state(package, HEIR) is DeliveryState.TAKE_BACK_PENDING

    def test_also_after_the_successor_has_ended(self) -> None:
        world, package = forwarded()
        ended = organisation(HEIR, valid_to=TODAY, successors=[OrganId(D)])
        world.directory = directory_with(world.directory, [ended])
        assert recipients(world.decide(submit(recall(package, B)))) == [HEIR]

    def test_names_nobody_twice(self) -> None:
        world, package = forwarded()
        with pytest.raises(DuplicateRecipient):
            world.decide(submit(recall(package, B, HEIR)))

    def test_others_learn_nothing_of_it(self) -> None:
        """Not even that it was forwarded to a successor."""
        world, package = forwarded()
        for value in (recall(package, B, HEIR, sender=OrganId(C)), _absent(B, HEIR)):
            with pytest.raises(TargetUnknown):
                world.decide(submit(value))


def _absent(*codes: str) -> Manifest:
    return recall(PackageId.new(World().now, bytes(10)), *codes, sender=OrganId(C))


class TestWhatWentToTheClosedCodeItself:
    def test_stays_there(self) -> None:
        world = World()
        package = world.send(B, HEIR)
        world.directory = closing(B)
        assert recipients(world.decide(submit(recall(package, B)))) == [B]
        assert world.state(package, HEIR) is DeliveryState.SENT

    def test_is_not_looked_for_at_several_successors(self) -> None:
        """Nothing is forwarded to one of several: none of them got it for the closed one."""
        world = World()
        package = world.send(HEIR, C)
        world.directory = closing(B, HEIR, C)
        with pytest.raises(TargetUnknown):
            world.decide(submit(recall(package, B)))


class TestItsRecipient:
    @pytest.mark.parametrize("code", [B, HEIR])
    def test_reports_under_both_codes(self, code: str) -> None:
        world, package = forwarded()
        value = statement(DeliveryEvent.ARRIVE, package, recipient=code)
        decision = world.decide(report(value, by=HEIR))
        assert isinstance(decision, Accepted)
        assert isinstance(decision.body, StatementRecord)
        assert (str(decision.body.recipient), str(decision.body.reporter)) == (HEIR, HEIR)
        assert world.state(package, HEIR) is DeliveryState.ARRIVED

    def test_is_the_one_who_got_it(self) -> None:
        """Not who took the closed one over by what the directory says later."""
        world, package = forwarded()
        world.directory = closing(B, HEIR, C)
        value = statement(DeliveryEvent.ARRIVE, package, recipient=B)
        with pytest.raises(NotFound):
            world.decide(report(value, by=C))
        with pytest.raises(SenderMismatch):
            world.decide(report(value, by=D))
        assert isinstance(world.decide(report(value, by=HEIR)), Accepted)

    def test_a_code_that_has_no_delivery_is_not_found(self) -> None:
        world, package = forwarded()
        for code in (C, D):
            with pytest.raises(NotFound):
                world.decide(report(statement(DeliveryEvent.ARRIVE, package, recipient=code)))
        assert world.state(package, HEIR) is DeliveryState.SENT


def test_a_reporter_is_a_party_also_where_it_reports_about_anothers_delivery() -> None:
    world, package = forwarded()
    value = statement(DeliveryEvent.ARRIVE, package, recipient=B, reporter=OrganId(C))
    with pytest.raises(NotFound):
        world.decide(report(value))
    assert world.delivery(package, HEIR).sender == A
