"""What a province does not allow, where the texts leave it open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from lienthong.errors import SettingForbids
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.report import CheckSummary, Reason, Statement
from lienthong.model.words import RefusalCode
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.sections.exchange import Receiving
from lienthong.rules.sections.flow import Flow, UpdateField
from lienthong.rules.sections.trust import Signatures
from lienthong.testing.values import signatures
from lienthong_node.core.decision import Accepted
from lienthong_node.core.law import Kept, Law
from node.tests.support import TODAY, A, B, C, World, file, report, statement, submit, update

STRICT = RuleSet(
    name="strict",
    title="Strict",
    receiving=Receiving(refusal_reasons=(RefusalCode.WRONG_ADDRESSEE,), refusals_to_approve=()),
    flow=Flow(update_fields=(UpdateField.CONTACT,), reopen_completed=False),
)
"""Allows little."""


def world(organ: str) -> World:
    """One in which an organisation has the strict rule set, and the others none."""
    return World(law=Law().after([Kept(organ_id=organ, value=STRICT, version=1)]))


def in_force_tomorrow(organ: str) -> World:
    """As ``world``, but its rule set holds only from the next day on."""
    value = evolve(STRICT, valid_from=TODAY + timedelta(days=1))
    return World(law=Law().after([Kept(organ_id=organ, value=value, version=1)]))


def refused(reason: RefusalCode, found: World) -> object:
    """B refuses a document of A."""
    package = found.send(B)
    found.say(DeliveryEvent.ARRIVE, package)
    value = statement(DeliveryEvent.REFUSE, package, reason=Reason(code=reason, text="lý do"))
    return found.decide(report(value))


class TestRefusals:
    def test_for_another_reason_than_the_recipient_allows(self) -> None:
        with pytest.raises(SettingForbids) as caught:
            refused(RefusalCode.OTHER, world(B))
        facts = caught.value.facts
        assert (facts["setting"], facts["rule_set"]) == (
            "receiving.refusal_reasons",
            STRICT.version,
        )
        assert "QĐ 52/2019 Đ5.1d" in caught.value.message("vi")

    def test_for_a_reason_that_is_allowed(self) -> None:
        assert isinstance(refused(RefusalCode.WRONG_ADDRESSEE, world(B)), Accepted)

    @pytest.mark.parametrize("organ", [A, C])
    def test_are_the_recipients_business_alone(self, organ: str) -> None:
        assert isinstance(refused(RefusalCode.OTHER, world(organ)), Accepted)

    def test_that_change_nothing_are_recorded_as_ever(self) -> None:
        found = world(B)
        package = found.send(B)
        found.bring_to(DeliveryState.ARRIVED, package)
        late = statement(
            DeliveryEvent.REFUSE, package, reason=Reason(code=RefusalCode.OTHER, text="lý do")
        )
        free = evolve(found, law=Law())
        assert isinstance(free.decide(report(late)), Accepted)
        again = evolve(statement(DeliveryEvent.REFUSE, package), reason=late.reason)
        assert isinstance(evolve(free, law=found.law).decide(report(again)), Accepted)

    def test_that_were_signed_while_they_were_allowed(self) -> None:
        """It came late: the recipient has refused by then, and cannot take it back."""
        found = in_force_tomorrow(B)
        package = found.send(B)
        found.say(DeliveryEvent.ARRIVE, package)
        reason = Reason(code=RefusalCode.OTHER, text="lý do")
        value = statement(DeliveryEvent.REFUSE, package, reason=reason)
        found.now += timedelta(days=1)
        with pytest.raises(SettingForbids):
            found.decide(report(evolve(value, created_at=found.now)))
        assert isinstance(found.decide(report(value)), Accepted)


class TestReports:
    """Acceptances with and without a report on the signatures in the files."""

    def accepted(self, found: World, **seen: Any) -> object:
        package = found.send(B)
        check = CheckSummary(
            complete=True, intact=True, authentic=True, checked_at=found.now, **seen
        )
        return found.decide(report(statement(DeliveryEvent.ACCEPT, package, check=check)))

    def strict(self, organ: str) -> World:
        value = evolve(STRICT, signatures=Signatures(report_needed=True))
        return World(law=Law().after([Kept(organ_id=organ, value=value, version=1)]))

    def test_without_one_where_it_is_needed(self) -> None:
        with pytest.raises(SettingForbids, match=r"signatures\.report_needed"):
            self.accepted(self.strict(B))

    def test_with_one_where_it_is_needed(self) -> None:
        assert isinstance(self.accepted(self.strict(B), signatures=signatures()), Accepted)

    @pytest.mark.parametrize("organ", [A, C])
    def test_are_the_recipients_business_alone(self, organ: str) -> None:
        assert isinstance(self.accepted(self.strict(organ)), Accepted)


class TestReopening:
    def completed(self, organ: str) -> tuple[World, Statement]:
        found = world(organ)
        package = found.send(B)
        found.bring_to(DeliveryState.COMPLETED, package)
        return found, statement(DeliveryEvent.REOPEN, package)

    def test_where_it_is_not_allowed(self) -> None:
        found, value = self.completed(B)
        with pytest.raises(SettingForbids, match="flow.reopen_completed"):
            found.decide(report(value))

    def test_where_it_is_allowed(self) -> None:
        found, value = self.completed(B)
        free = evolve(STRICT, flow=Flow())
        found.law = Law().after([Kept(organ_id=B, value=free, version=1)])
        assert isinstance(found.decide(report(value)), Accepted)

    def test_elsewhere(self) -> None:
        found, value = self.completed(A)
        assert isinstance(found.decide(report(value)), Accepted)


class TestUpdates:
    def test_with_attachments_where_they_are_not_allowed(self) -> None:
        found = world(A)
        package = found.send(B)
        with pytest.raises(SettingForbids, match="flow.update_fields"):
            found.decide(submit(update(package, B)))

    def test_that_repeat_the_main_file_alone(self) -> None:
        found = world(A)
        package = found.send(B)
        assert isinstance(found.decide(submit(update(package, B, files=[file()]))), Accepted)

    def test_that_were_made_while_attachments_were_allowed(self) -> None:
        found = in_force_tomorrow(A)
        package = found.send(B)
        value = update(package, B)
        found.now += timedelta(days=1)
        with pytest.raises(SettingForbids):
            found.decide(submit(update(package, B, created_at=found.now)))
        assert isinstance(found.decide(submit(value)), Accepted)

    def test_without_attachments(self) -> None:
        found = world(A)
        package = found.send(B)
        assert isinstance(found.decide(submit(update(package, B, files=[]))), Accepted)

    def test_are_the_senders_business_alone(self) -> None:
        found = world(B)
        package = found.send(B)
        assert isinstance(found.decide(submit(update(package, B))), Accepted)
