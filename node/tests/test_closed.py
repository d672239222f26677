"""Organisations that end: what their successors may do, and what nobody may (regulations §10)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import pytest
from attrs import evolve

from lienthong.errors import (
    ClosedRecipient,
    ClosedSender,
    DuplicateRecipient,
    InvalidValue,
    NotYetOpen,
    SenderMismatch,
    TargetUnknown,
)
from lienthong.model import organisation as organisation_model
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import PackageRecord
from lienthong.model.organisation import Directory, OrganCode, OrganLink
from lienthong_node import stores
from lienthong_node.core import checks
from lienthong_node.core import submit as submitting
from lienthong_node.core.checks import may_act
from lienthong_node.core.commands import Command
from lienthong_node.core.decision import Accepted
from lienthong_node.core.registry import directory_with
from node.tests.support import (
    B_NEW_CODE,
    BODY,
    CLOSED,
    DIRECTORY,
    HEIR,
    OFFICE,
    TODAY,
    A,
    B,
    C,
    D,
    World,
    caller,
    grace_of,
    manifest,
    organisation,
    recall,
    replace,
    report,
    statement,
    submit,
)

TOMORROW: Final = TODAY + timedelta(days=1)
GRACE: Final = grace_of(30)


def closing(organ: str, *heirs: str, on: date = TODAY) -> Directory:
    """The directory after an organisation was closed."""
    successors = [OrganId(heir) for heir in heirs or (HEIR,)]
    found = DIRECTORY.resolve(OrganId(organ))
    return directory_with(DIRECTORY, [evolve(found, valid_to=on, successors=successors)])


def under_way(closed: str) -> tuple[World, PackageId]:
    """A document from A to B, and then one of them closed."""
    world = World()
    package = world.send(B)
    world.say(DeliveryEvent.ARRIVE, package)
    world.directory = closing(closed)
    return world, package


def acceptance(package: PackageId, *, by: str) -> Command:
    return report(statement(DeliveryEvent.ACCEPT, package), by=by)


def arrival(package: PackageId, *, by: str, recipient: str = B) -> Command:
    return report(statement(DeliveryEvent.ARRIVE, package, recipient=recipient), by=by)


class TestNothingNew:
    def test_is_sent_by_it(self) -> None:
        with pytest.raises(ClosedSender) as found:
            World(directory=closing(A)).decide(submit(manifest()))
        assert found.value.facts["successors"] == HEIR

    def test_is_sent_in_its_name_by_its_successor(self) -> None:
        with pytest.raises(ClosedSender):
            World(directory=closing(A)).decide(submit(manifest(), by=HEIR))

    def test_is_sent_to_it(self) -> None:
        with pytest.raises(ClosedRecipient):
            World().decide(submit(manifest(CLOSED)))

    def test_all_successors_are_named(self) -> None:
        with pytest.raises(ClosedRecipient) as found:
            World(directory=closing(B, HEIR, C)).decide(submit(manifest(B)))
        assert found.value.facts["successors"] == f"{HEIR}, {C}"

    def test_is_sent_before_it_begins(self) -> None:
        newcomer = organisation(D, valid_from=TOMORROW)
        world = World(directory=directory_with(DIRECTORY, [newcomer]))
        for value in (manifest(D), manifest(sender=OrganId(D))):
            with pytest.raises(NotYetOpen) as found:
                world.decide(submit(value))
            assert found.value.facts["opens_on"] == TOMORROW

    def test_everything_goes_on_until_the_day(self) -> None:
        world = World(directory=closing(B, on=TOMORROW))
        package = world.send(B)
        world.say(DeliveryEvent.ARRIVE, package)
        with pytest.raises(SenderMismatch):
            world.decide(acceptance(package, by=HEIR))


class TestUnderWay:
    def test_its_successor_accepts_what_was_sent_to_it(self) -> None:
        world, package = under_way(B)
        world.decide(acceptance(package, by=HEIR))
        assert world.state(package) is DeliveryState.ACCEPTED

    @pytest.mark.parametrize("by", [A, C, CLOSED])
    def test_nobody_else_does(self, by: str) -> None:
        world, package = under_way(B)
        with pytest.raises(SenderMismatch):
            world.decide(acceptance(package, by=by))

    def test_not_even_itself(self) -> None:
        """Its certificate signs nothing any more: its rights have passed."""
        world, package = under_way(B)
        with pytest.raises(ClosedSender) as found:
            world.decide(acceptance(package, by=B))
        assert found.value.facts["successors"] == HEIR

    @pytest.mark.parametrize("closed", [A, B])
    def test_its_successor_hears_of_it(self, closed: str) -> None:
        world, package = under_way(closed)
        decision = world.decide(acceptance(package, by=HEIR if closed == B else B))
        assert isinstance(decision, Accepted)
        assert decision.parties == (A, B, HEIR)

    def test_its_own_office_does_not_any_more(self) -> None:
        """It ended with its body; the successor says who acts now."""
        world = World()
        package, sent = world.send(BODY), world.send(B, sender=OrganId(BODY))
        world.directory = closing(BODY)
        with pytest.raises(SenderMismatch):
            world.decide(arrival(package, by=OFFICE, recipient=BODY))
        with pytest.raises(SenderMismatch):
            world.decide(submit(recall(sent, B, sender=OrganId(BODY)), by=OFFICE))
        decision = world.decide(arrival(package, by=HEIR, recipient=BODY))
        assert isinstance(decision, Accepted)
        assert decision.parties == (A, BODY, HEIR)

    def test_the_office_of_its_successor_acts_too(self) -> None:
        world = World()
        package = world.send(B)
        world.directory = closing(B, BODY)
        decision = world.decide(arrival(package, by=OFFICE))
        assert isinstance(decision, Accepted)
        assert decision.parties == (A, B, BODY, OFFICE)

    def test_what_it_has_sent_is_recalled_by_its_successor(self) -> None:
        """A duty of the sender (QĐ 52/2019 Đ8.3) does not end with a merger."""
        world, package = under_way(A)
        world.decide(submit(recall(package, B), by=HEIR))
        assert world.state(package) is DeliveryState.RECALLED

    def test_what_was_sent_to_it_can_still_be_recalled(self) -> None:
        world, package = under_way(B)
        world.decide(submit(recall(package, B)))
        assert world.state(package) is DeliveryState.RECALLED

    def test_what_it_has_sent_is_replaced_by_its_successor_in_its_own_name(self) -> None:
        world, package = under_way(A)
        world.decide(submit(replace(package, B, sender=OrganId(HEIR))))
        assert world.state(package) is DeliveryState.REPLACED

    @pytest.mark.parametrize("sender", [C, OFFICE])
    def test_nobody_else_replaces_it(self, sender: str) -> None:
        """Nor does the successor's office in its own name."""
        world, package = under_way(A)
        world.directory = closing(A, BODY)
        with pytest.raises(TargetUnknown):
            world.decide(submit(replace(package, B, sender=OrganId(sender))))


class TestGrace:
    def grace(self, directory: Directory) -> World:
        return World(directory=directory, law=GRACE)

    def test_a_document_goes_to_the_successor_and_both_codes_are_recorded(self) -> None:
        value = manifest(C, B)
        decision = self.grace(closing(B)).decide(submit(value))
        assert isinstance(decision, Accepted)
        assert isinstance(decision.body, PackageRecord)
        assert [str(one.organ_id) for one in value.recipients] == [C, B]
        assert list(map(str, decision.body.recipients)) == [C, HEIR]
        assert [row.recipient for row in decision.deliveries] == [C, HEIR]
        assert decision.parties == (A, C, HEIR)

    @pytest.mark.parametrize(("days", "forwarded"), [(29, True), (30, False)])
    def test_it_ends_with_its_last_day(self, days: int, *, forwarded: bool) -> None:
        world = self.grace(closing(B, on=TODAY - timedelta(days=days)))
        if forwarded:
            assert isinstance(world.decide(submit(manifest(B))), Accepted)
        else:
            with pytest.raises(ClosedRecipient):
                world.decide(submit(manifest(B)))

    @pytest.mark.parametrize("grace", [30, 3650])
    def test_the_last_day_of_the_calendar_is_a_day_like_any_other(self, grace: int) -> None:
        world = World(directory=closing(B, on=date.max), law=grace_of(grace))
        decision = world.decide(submit(manifest(B)))
        assert isinstance(decision, Accepted)
        assert decision.parties == (A, B)

    def test_of_several_successors_the_sender_chooses(self) -> None:
        with pytest.raises(ClosedRecipient):
            self.grace(closing(B, HEIR, C)).decide(submit(manifest(B)))

    @pytest.mark.parametrize("heirs", [[], [OrganId(B)]])
    def test_there_is_none_where_nobody_took_over(self, heirs: list[OrganId]) -> None:
        ended = evolve(DIRECTORY.resolve(OrganId(B)), valid_to=TODAY, successors=heirs)
        with pytest.raises(ClosedRecipient) as found:
            self.grace(directory_with(DIRECTORY, [ended])).decide(submit(manifest(B)))
        assert found.value.facts["successors"] == "-"

    def test_a_document_reaches_a_successor_once(self) -> None:
        with pytest.raises(DuplicateRecipient):
            self.grace(closing(B)).decide(submit(manifest(HEIR, B)))

    def test_a_sender_is_not_its_own_successor(self) -> None:
        with pytest.raises(InvalidValue, match="other than the sender"):
            self.grace(closing(B, A)).decide(submit(manifest(B)))

    def test_there_is_none_for_senders(self) -> None:
        with pytest.raises(ClosedSender):
            self.grace(closing(A)).decide(submit(manifest()))


class TestClosedCodes:
    """A code may end while its organisation goes on."""

    def directory(self) -> Directory:
        found = DIRECTORY.resolve(OrganId(B))
        ended = [
            evolve(code, valid_to=TODAY) if str(code.value) == B else code for code in found.codes
        ]
        return directory_with(DIRECTORY, [evolve(found, codes=ended)])

    def test_it_is_refused_and_the_one_in_force_is_named(self) -> None:
        world = World(directory=self.directory())
        with pytest.raises(ClosedRecipient) as found:
            world.decide(submit(manifest(B)))
        assert found.value.facts["successors"] == B_NEW_CODE
        assert isinstance(world.decide(submit(manifest(B_NEW_CODE))), Accepted)

    def test_in_the_grace_period_it_still_leads_there(self) -> None:
        decision = World(directory=self.directory(), law=GRACE).decide(submit(manifest(B)))
        assert isinstance(decision, Accepted)
        assert decision.parties == (A, B)

    def test_the_organisation_goes_on_reporting(self) -> None:
        world = World()
        package = world.send(B)
        world.directory = self.directory()
        world.say(DeliveryEvent.ARRIVE, package)

    def test_a_code_is_not_used_before_it_is_in_force(self) -> None:
        codes = [OrganCode(scheme=OrganId(C).scheme, value=OrganId("H53.11"), valid_from=TOMORROW)]
        directory = directory_with(DIRECTORY, [organisation(C, codes=codes)])
        with pytest.raises(NotYetOpen):
            World(directory=directory).decide(submit(manifest("H53.11")))

    def test_nor_where_its_end_is_known_as_well(self) -> None:
        alias = OrganId("H53.11")
        code = OrganCode(
            scheme=alias.scheme, value=alias, valid_from=TOMORROW, valid_to=date(2099, 1, 1)
        )
        directory = directory_with(DIRECTORY, [organisation(C, codes=[code])])
        with pytest.raises(NotYetOpen) as found:
            World(directory=directory, law=GRACE).decide(submit(manifest("H53.11")))
        assert found.value.facts["opens_on"] == TOMORROW

    def test_one_that_came_back_is_good_again(self) -> None:
        periods = ((None, date(2020, 1, 1)), (date(2022, 1, 1), None))
        codes = [
            OrganCode(scheme=OrganId(C).scheme, value=OrganId(C), valid_from=start, valid_to=end)
            for start, end in periods
        ]
        world = World(directory=directory_with(DIRECTORY, [organisation(C, codes=codes)]))
        assert isinstance(world.decide(submit(manifest(C))), Accepted)
        assert isinstance(world.decide(submit(manifest(B, sender=OrganId(C)))), Accepted)


class TestActingContactPoints:
    """An office that serves a body for some time only (QĐ 52/2019 Đ6.3)."""

    def world(self, start: date | None, end: date | None) -> World:
        link = OrganLink(organ_id=OrganId(B), valid_from=start, valid_to=end)
        return World(directory=directory_with(DIRECTORY, [organisation(D, acting_for=[link])]))

    def test_it_acts_on_its_days(self) -> None:
        world = self.world(TODAY, TOMORROW)
        package = world.send(B)
        decision = world.decide(arrival(package, by=D))
        assert isinstance(decision, Accepted)
        assert decision.parties == (A, B, D)

    @pytest.mark.parametrize(
        ("start", "end"), [(TOMORROW, None), (None, TODAY), (TODAY - timedelta(9), TODAY)]
    )
    def test_and_on_no_others(self, start: date | None, end: date | None) -> None:
        world = self.world(start, end)
        package = world.send(B)
        with pytest.raises(SenderMismatch):
            world.decide(arrival(package, by=D))

    def test_nor_before_it_exists(self) -> None:
        newcomer = organisation(D, contact_point_of=[OrganId(B)], valid_from=TOMORROW)
        world = World(directory=directory_with(DIRECTORY, [newcomer]))
        package = world.send(B)
        with pytest.raises(SenderMismatch):
            world.decide(arrival(package, by=D))
        assert not may_act(caller(D), B, world.directory, TODAY)
        assert may_act(caller(D), B, world.directory, TOMORROW)

    def test_an_office_that_has_ended_acts_for_nobody(self) -> None:
        world = World(directory=closing(OFFICE))
        package = world.send(BODY)
        with pytest.raises(SenderMismatch):
            world.decide(arrival(package, by=OFFICE, recipient=BODY))


def test_what_has_not_ended_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "PAGE", 2)
    world = World()
    sent = [world.send(B, C) for _ in range(4)]
    world.say(DeliveryEvent.ARRIVE, sent[0])
    world.say(DeliveryEvent.REFUSE, sent[0])
    with world.store.read() as view:
        assert stores.running(view, B, incoming=True) == 3
        assert stores.running(view, A, incoming=False) == 7
        assert stores.running(view, B, incoming=False) == 0


class TestTheseTestsNotice:
    """Each promise above, broken on purpose."""

    def test_a_closed_code_that_is_believed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(submitting, "check_open", lambda *_: None)
        with pytest.raises(pytest.fail.Exception):
            TestNothingNew().test_is_sent_to_it()

    def test_a_certificate_that_outlives_its_organisation(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checks, "check_open", lambda *_: None)
        with pytest.raises(pytest.fail.Exception):
            TestUnderWay().test_not_even_itself()

    def test_a_successor_without_rights(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Directory, "representatives_of", Directory.contact_points_of)
        with pytest.raises(SenderMismatch):
            TestUnderWay().test_its_successor_accepts_what_was_sent_to_it()

    def test_rights_that_anybody_has(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Directory, "acts_for", lambda *_: True)
        with pytest.raises(pytest.fail.Exception):
            TestUnderWay().test_nobody_else_does(C)

    def test_forwarding_without_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        endless = grace_of(3650)
        monkeypatch.setitem(globals(), "GRACE", endless)
        with pytest.raises(pytest.fail.Exception):
            TestGrace().test_it_ends_with_its_last_day(30, forwarded=False)

    def test_an_office_that_acts_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(organisation_model, "covers", lambda *_: True)
        with pytest.raises(pytest.fail.Exception):
            TestActingContactPoints().test_and_on_no_others(None, TODAY)
