"""The day of a reorganisation begins at midnight in Vietnam, 17:00 UTC of the day before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import Final

import pytest

from lienthong.errors import (
    ClosedRecipient,
    ClosedSender,
    InvalidValue,
    LienthongError,
    SenderMismatch,
    TargetUnknown,
)
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId
from lienthong.model.report import RegisterEntry
from lienthong_node.core import checks
from lienthong_node.core import report as reporting
from lienthong_node.core import submit as submitting
from lienthong_node.core.decision import Accepted
from node.tests.support import (
    DIRECTORY,
    HEIR,
    TODAY,
    A,
    B,
    World,
    manifest,
    recall,
    replace,
    report,
    statement,
    submit,
)
from node.tests.test_closed import GRACE, TOMORROW, acceptance, arrival, closing

LAST: Final = datetime(2026, 3, 2, 16, 59, 59, 999_999, tzinfo=UTC)
"""The last instant of TODAY in Vietnam."""

FIRST: Final = datetime(2026, 3, 2, 17, tzinfo=UTC)
"""The first instant of TOMORROW there; in UTC it is still TODAY."""


def parties(world: World, action: Callable[[World], object], at: datetime) -> object:
    """Who is told of what somebody does at an instant, or the error that refuses it."""
    world.now = at
    try:
        decision = action(world)
    except LienthongError as error:
        return type(error)
    assert isinstance(decision, Accepted)
    return decision.parties


def test_the_two_instants_are_next_to_each_other() -> None:
    assert timedelta(microseconds=1) == FIRST - LAST
    assert FIRST.date() == LAST.date() == TODAY


class TestPackages:
    def test_of_what_ends(self) -> None:
        world = World(directory=closing(A, on=TOMORROW))
        assert parties(world, lambda w: w.decide(submit(manifest())), LAST) == (A, B)
        assert parties(world, lambda w: w.decide(submit(manifest())), FIRST) is ClosedSender

    def test_to_what_ends(self) -> None:
        world = World(directory=closing(B, on=TOMORROW))
        assert parties(world, lambda w: w.decide(submit(manifest())), LAST) == (A, B)
        assert parties(world, lambda w: w.decide(submit(manifest())), FIRST) is ClosedRecipient

    def test_that_are_forwarded(self) -> None:
        world = World(directory=closing(B, on=TOMORROW), law=GRACE)
        assert parties(world, lambda w: w.decide(submit(manifest())), LAST) == (A, B)
        assert parties(world, lambda w: w.decide(submit(manifest())), FIRST) == (A, HEIR)

    def test_that_are_forwarded_no_longer(self) -> None:
        ended = TOMORROW - GRACE.closed_code_grace(B, DIRECTORY, TOMORROW)
        world = World(directory=closing(B, on=ended), law=GRACE)
        assert parties(world, lambda w: w.decide(submit(manifest())), LAST) == (A, HEIR)
        assert parties(world, lambda w: w.decide(submit(manifest())), FIRST) is ClosedRecipient

    def test_that_recall_what_was_the_predecessors(self) -> None:
        world = World()
        package = world.send(B)
        world.directory = closing(A, on=TOMORROW)

        def act(at: datetime) -> object:
            return parties(world, lambda w: w.decide(submit(recall(package, B), by=HEIR)), at)

        assert act(LAST) is SenderMismatch
        assert act(FIRST) == (A, B, HEIR)

    def test_that_replace_what_was_the_predecessors(self) -> None:
        world = World()
        package = world.send(B)
        world.directory = closing(A, on=TOMORROW)

        def act(at: datetime) -> object:
            value = replace(package, B, sender=OrganId(HEIR))
            return parties(world, lambda w: w.decide(submit(value)), at)

        assert act(LAST) is TargetUnknown
        assert act(FIRST) == (HEIR, B)


class TestReports:
    @pytest.mark.parametrize(
        ("by", "at", "expected"),
        [
            (B, LAST, (A, B)),
            (B, FIRST, ClosedSender),
            (HEIR, LAST, SenderMismatch),
            (HEIR, FIRST, (A, B, HEIR)),
        ],
    )
    def test_about_what_was_sent_to_what_ends(
        self, by: str, at: datetime, expected: object
    ) -> None:
        world = World()
        package = world.send(B)
        world.directory = closing(B, on=TOMORROW)
        assert parties(world, lambda w: w.decide(arrival(package, by=by)), at) == expected

    @pytest.mark.parametrize(("at", "expected"), [(LAST, (A, B)), (FIRST, (A, B, HEIR))])
    def test_are_heard_by_the_successor_of_the_sender(
        self, at: datetime, expected: tuple[str, ...]
    ) -> None:
        world = World()
        package = world.send(B)
        world.say(DeliveryEvent.ARRIVE, package)
        world.directory = closing(A, on=TOMORROW)
        assert parties(world, lambda w: w.decide(acceptance(package, by=B)), at) == expected

    @pytest.mark.parametrize(("at", "expected"), [(LAST, InvalidValue), (FIRST, (A, B))])
    def test_name_no_day_of_the_register_that_has_not_begun(
        self, at: datetime, expected: object
    ) -> None:
        world = World()
        package = world.send(B)
        world.say(DeliveryEvent.ARRIVE, package)
        entered = RegisterEntry(number=1, date=TOMORROW)
        value = statement(DeliveryEvent.ACCEPT, package, register=entered, created_at=at)
        assert parties(world, lambda w: w.decide(report(value)), at) == expected


class TestTheseTestsNotice:
    """The date of Greenwich in one of the places that ask for the day."""

    @pytest.mark.parametrize("place", [submitting, reporting, checks])
    def test_another_midnight(self, place: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        def greenwich(moment: datetime) -> date:
            return moment.astimezone(UTC).date()

        monkeypatch.setattr(place, "vietnam_date", greenwich)
        broken: dict[ModuleType, Callable[[], None]] = {
            submitting: TestPackages().test_that_are_forwarded,
            reporting: lambda: TestReports().test_about_what_was_sent_to_what_ends(
                HEIR, FIRST, (A, B, HEIR)
            ),
            checks: lambda: TestReports().test_about_what_was_sent_to_what_ends(
                B, FIRST, ClosedSender
            ),
        }
        with pytest.raises(AssertionError):
            broken[place]()
