"""The same bytes once more: their receipt is for who could hand them over then."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest
from attrs import define, evolve, field

from lienthong.errors import ClosedSender, IdReused, NotFound, SenderMismatch
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId
from lienthong.model.time import vietnam_date
from lienthong.testing.clock import FixedClock
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.committer import Outcome
from lienthong_node.core.commands import Command, PutOrganisations, ReportStatus, SubmitPackage
from lienthong_node.stores import Recorded
from node.tests.committing import OPERATOR, ask, filled, make, started
from node.tests.support import (
    BODY,
    DIRECTORY,
    HEIR,
    OFFICE,
    A,
    B,
    C,
    D,
    caller,
    manifest,
    report,
    statement,
    submit,
)

DAY: Final = timedelta(days=1)


@define(eq=False)
class Axis:
    """A store, and a committer for each thing that is asked."""

    store: MemoryRecordStore = field(factory=filled)
    clock: FixedClock = field(factory=FixedClock)

    def do(self, command: Command) -> Outcome:
        with started(make(self.store, clock=self.clock)) as committer:
            [outcome] = ask(committer, command)
        return outcome

    def accepted(self, command: Command) -> int:
        outcome = self.do(command)
        assert isinstance(outcome, Recorded), outcome
        return outcome.row.index

    def end(self, code: str, heir: str = HEIR) -> None:
        """An organisation ends, and its last day passes."""
        ended = evolve(
            DIRECTORY.resolve(OrganId(code)),
            valid_to=vietnam_date(self.clock() + DAY),
            successors=[OrganId(heir)],
        )
        self.accepted(PutOrganisations(caller=OPERATOR, organisations=(ended,)))
        self.clock.advance(DAY)


@pytest.fixture
def axis() -> Axis:
    return Axis()


def by(organ: str, command: SubmitPackage | ReportStatus) -> SubmitPackage | ReportStatus:
    """The same bytes from somebody else's connection."""
    return evolve(command, caller=caller(organ))


class TestPackages:
    def test_an_office_gets_its_receipt_again_after_its_time(self, axis: Axis) -> None:
        command = submit(manifest(C, sender=OrganId(BODY)), by=OFFICE)
        index = axis.accepted(command)
        axis.end(OFFICE)
        assert axis.accepted(command) == index

    def test_so_does_whoever_has_ended(self, axis: Axis) -> None:
        command = submit(manifest(C))
        index = axis.accepted(command)
        axis.end(A)
        assert axis.accepted(command) == index

    def test_a_successor_gets_it_by_its_right(self, axis: Axis) -> None:
        command = submit(manifest(C))
        index = axis.accepted(command)
        axis.end(A)
        assert axis.accepted(by(HEIR, command)) == index

    @pytest.mark.parametrize("recorded", [True, False])
    @pytest.mark.parametrize("organ", [C, D])
    def test_others_are_not_told_whether_it_is_there(
        self, axis: Axis, organ: str, recorded: bool
    ) -> None:
        """Not even the recipient, who could hand over a copy of what it got."""
        command = submit(manifest(C))
        if recorded:
            axis.accepted(command)
        assert isinstance(axis.do(by(organ, command)), SenderMismatch)

    def test_other_bytes_are_judged_by_the_rights_of_today(self, axis: Axis) -> None:
        value = manifest(C, sender=OrganId(BODY))
        axis.accepted(submit(value, by=OFFICE))
        other = submit(evolve(value, reason="khác"), by=OFFICE)
        assert isinstance(axis.do(other), IdReused)
        axis.end(OFFICE)
        assert isinstance(axis.do(other), SenderMismatch)

    def test_nothing_new_comes_through(self, axis: Axis) -> None:
        axis.accepted(submit(manifest(C)))
        axis.end(A)
        assert isinstance(axis.do(submit(manifest(C))), ClosedSender)


class TestReports:
    def test_a_successor_gets_its_receipt_again_after_its_own_end(self, axis: Axis) -> None:
        value = manifest(B)
        axis.accepted(submit(value))
        axis.end(B)
        command = report(statement(DeliveryEvent.ARRIVE, value.package_id), by=HEIR)
        index = axis.accepted(command)
        axis.end(HEIR, D)
        assert axis.accepted(command) == index

    @pytest.mark.parametrize("recorded", [True, False])
    def test_others_are_not_told_whether_it_is_there(self, axis: Axis, recorded: bool) -> None:
        value = manifest(B)
        axis.accepted(submit(value))
        command = report(statement(DeliveryEvent.ARRIVE, value.package_id))
        if recorded:
            axis.accepted(command)
        assert isinstance(axis.do(by(D, command)), SenderMismatch)

    def test_nor_is_a_stranger_that_reports_for_itself(self, axis: Axis) -> None:
        value = manifest(B)
        axis.accepted(submit(value))
        command = report(statement(DeliveryEvent.ARRIVE, value.package_id, recipient=D))
        assert isinstance(axis.do(command), NotFound)
