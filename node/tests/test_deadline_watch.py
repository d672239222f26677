"""The deadline worker: what it asks for, what holds it up, and what a restart changes: nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import pytest
from attrs import evolve

from lienthong.errors import DataCorrupt
from lienthong.model.ids import OrganId, PackageId
from lienthong.rules.calendar_table import CalendarTable
from lienthong.rules.ruleset import RuleSet
from lienthong.spi.records import DeliveryRow
from lienthong.testing.store import MemoryReadView
from lienthong_node.core import deadlines
from lienthong_node.core.commands import Command, PutLaw, PutOrganisations
from lienthong_node.core.deadlines import FAR_US
from lienthong_node.deadline_watch import DeadlineWatch
from node.tests.committing import OPERATOR
from node.tests.due import (
    PROVINCE,
    UNNOTICED,
    VIETNAM_DAYS,
    Axis,
    E,
    lawful,
    local,
    registered,
)
from node.tests.support import A, B, C

SLOW: Final = evolve(
    PROVINCE,
    name="slow",
    receiving=evolve(PROVINCE.receiving, escalate_after=timedelta(hours=20)),
)
SHORT: Final = evolve(
    VIETNAM_DAYS,
    last_year=2026,
    exceptions=[one for one in VIETNAM_DAYS.exceptions if one.day.year <= 2026],
)


@pytest.fixture
def axis() -> Axis:
    found = Axis(registered())
    found.enter(PROVINCE, VIETNAM_DAYS)
    return found


def put(axis: Axis, organ: str, **fields: Any) -> None:
    """Change an organisation of the directory."""
    known = axis.committer.registry.directory.resolve(OrganId(organ))
    axis.do(PutOrganisations(caller=OPERATOR, organisations=(evolve(known, **fields),)))


def own(axis: Axis, organ: str, *values: RuleSet | CalendarTable) -> None:
    for value in values:
        axis.do(PutLaw(caller=OPERATOR, organ_id=organ, value=value))


def same_after_restart(axis: Axis, package: PackageId) -> dict[str, str]:
    """By when things are to be done, and that a restart changes nothing of it."""
    axis.watch.step(axis.clock())
    before = axis.row(package)
    axis.start()
    axis.watch.step(axis.clock())
    assert axis.row(package) == before
    return axis.due(package)


def asked(axis: Axis) -> list[Command]:
    """The commands of the worker, from now on."""
    found: list[Command] = []
    inner = axis.committer.submit

    def submit(commands: Sequence[Command]) -> object:
        found.extend(commands)
        return inner(commands)

    axis.committer.submit = submit  # type: ignore[method-assign, assignment]
    return found


class TestDay:
    """Time counts by what holds on the day on which it begins."""

    def test_a_rule_set_that_comes_into_force_later(self, axis: Axis) -> None:
        axis.enter(evolve(SLOW, valid_from=date(2026, 3, 3)))
        package = axis.send()
        axis.clock.set(local("03/03/2026 07:00"))
        assert same_after_restart(axis, package) == UNNOTICED | {"TAKEN": "03/03 08:30"}
        axis.say(E.ARRIVE, package)
        assert (
            axis.open(package, "FORWARDED").rule_set
            == evolve(SLOW, valid_from=date(2026, 3, 3)).version
        )

    def test_a_rule_set_that_ends(self, axis: Axis) -> None:
        own(axis, B, evolve(SLOW, valid_to=date(2026, 3, 3)))
        package = axis.send()
        axis.clock.set(local("03/03/2026 07:00"))
        assert same_after_restart(axis, package) == UNNOTICED | {"TAKEN": "04/03 14:00"}

    def test_an_organisation_that_comes_under_another_one(self, axis: Axis) -> None:
        own(axis, A, SLOW)
        package = axis.send()
        axis.watch.step(axis.clock())
        put(axis, B, parent=OrganId(A))
        axis.watch.step(axis.clock())
        assert axis.due(package) == UNNOTICED | {"TAKEN": "04/03 14:00"}
        assert same_after_restart(axis, package) == UNNOTICED | {"TAKEN": "04/03 14:00"}

    def test_a_successor_acts_by_its_own_law(self, axis: Axis) -> None:
        """What began before the merger stays by the law of that day."""
        own(axis, C, SLOW)
        before = axis.send()
        put(axis, B, valid_to=date(2026, 3, 3), successors=[OrganId(C)])
        axis.clock.set(local("03/03/2026 07:00"))
        assert same_after_restart(axis, before) == UNNOTICED | {"TAKEN": "03/03 08:30"}
        directory = axis.committer.registry.directory
        assert deadlines.acting(B, directory, date(2026, 3, 2)) == B
        assert deadlines.acting(B, directory, date(2026, 3, 3)) == C
        bound = deadlines.Bound(recipient=B, law=axis.committer.registry.law, directory=directory)
        rules = [bound.since(local(f"{day}/03/2026 08:30")) for day in ("02", "03")]
        assert [one and one.rules.name for one in rules] == [PROVINCE.name, "slow"]


class TestCalendarThatEnds:
    """What it cannot date yet gets its deadline once it is continued."""

    @pytest.fixture
    def ending(self) -> Axis:
        axis = Axis()
        axis.enter(PROVINCE, SHORT)
        axis.clock.set(local("31/12/2026 16:00"))
        return axis

    def test_continued(self, ending: Axis) -> None:
        package = ending.send()
        ending.say(E.ARRIVE, package)
        assert ending.due(package) == {}
        assert ending.row(package).look_us == FAR_US
        assert ending.at("31/12/2026 23:00") == []
        ending.enter(VIETNAM_DAYS)
        assert same_after_restart(ending, package) == {
            "TAKEN": "04/01 16:00",
            "FORWARDED": "04/01 17:00",
        }

    def test_continued_after_it_was_late(self, ending: Axis) -> None:
        ending.send()
        assert ending.at("01/02/2027 08:00") == ["NOTICED OVERDUE 01/01 00:00"]
        ending.enter(VIETNAM_DAYS)
        assert ending.at("01/02/2027 08:00") == ["TAKEN OVERDUE 04/01 16:00"]

    def test_what_is_done_meanwhile_is_not_due(self, ending: Axis) -> None:
        package = ending.send()
        for event in (E.ARRIVE, E.ACCEPT, E.FORWARD):
            ending.say(event, package)
        assert ending.row(package).deadlines == ()

    def test_it_is_not_counted(self, ending: Axis) -> None:
        ending.send()
        opened, _ = ending.watch.count(ending.clock())
        assert opened == {"NOTICED": 1}  # Its day is in the calendar still.

    def test_a_calendar_that_ends_sooner_takes_no_deadline(self) -> None:
        axis = lawful()
        axis.clock.set(local("31/12/2026 16:00"))
        package = axis.send()
        axis.enter(SHORT)
        expected = {"NOTICED": "01/01 00:00", "TAKEN": "04/01 16:00"}
        assert same_after_restart(axis, package) == expected

    def test_it_is_said_in_time(self, ending: Axis, caplog: pytest.LogCaptureFixture) -> None:
        last = date(2026, 12, 31)
        assert ending.watch.calendars_end(date(2026, 10, 31)) == last
        assert not caplog.records
        for day in (date(2026, 11, 1), date(2026, 11, 1), date(2026, 11, 2)):
            assert ending.watch.calendars_end(day) == last
        assert len(caplog.records) == 2
        assert "2026-12-31" in caplog.text

    def test_none_is_kept(self) -> None:
        assert Axis().watch.calendars_end(date(2026, 3, 2)) is None


class TestWork:
    """It asks for what changes something, and nothing holds it up."""

    SHIFTED: Final = evolve(VIETNAM_DAYS, exceptions=VIETNAM_DAYS.exceptions[:-1])

    def test_what_has_passed_is_not_asked_about(self, axis: Axis) -> None:
        for _ in range(3):
            axis.send()
        axis.at("30/03/2026 08:30")
        axis.enter(self.SHIFTED)
        commands = asked(axis)
        axis.watch.step(axis.clock())
        axis.start()
        commands += asked(axis)
        axis.watch.step(axis.clock())
        assert commands == []
        assert not axis.watch.outdated

    def test_what_differs_is_asked_about_once(self, axis: Axis) -> None:
        packages = [axis.send() for _ in range(130)]
        axis.watch.step(axis.clock())
        axis.enter(evolve(SLOW, name=PROVINCE.name))
        commands = asked(axis)
        axis.watch.step(axis.clock())
        axis.watch.step(axis.clock())
        assert len(commands) == 130
        assert all(axis.due(one) == UNNOTICED | {"TAKEN": "04/03 14:00"} for one in packages)

    def test_a_damaged_entry_holds_nothing_else_up(
        self, axis: Axis, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is among the first that are asked about, of more than are asked about at once."""
        packages = [axis.send() for _ in range(70)]
        axis.watch.step(axis.clock())
        damaged = axis.row(min(packages, key=lambda one: one.bytes)).updated_index
        journal = axis.store.medium.records.journal
        journal[damaged] = evolve(journal[damaged], checkpoint_size=99_999)
        axis.enter(evolve(SLOW, name=PROVINCE.name))
        axis.watch.step(axis.clock())
        assert [axis.due(one)["TAKEN"] for one in packages] == ["04/03 14:00"] * 70
        assert [one.levelno for one in caplog.records] == [logging.WARNING]
        axis.watch.step(axis.clock())
        assert not axis.watch.outdated
        assert len(axis.at("05/03/2026 08:00")) == 2 * 70

    def test_a_damaged_delivery_holds_nothing_else_up(
        self, axis: Axis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        packages = [axis.send() for _ in range(3)]
        axis.watch.step(axis.clock())
        delivery = MemoryReadView.delivery

        def damaged(view: MemoryReadView, package_id: bytes, recipient: str) -> DeliveryRow | None:
            if package_id == packages[1].bytes:
                raise DataCorrupt(what="the delivery")
            return delivery(view, package_id, recipient)

        with monkeypatch.context() as patch:
            patch.setattr(MemoryReadView, "delivery", damaged)
            axis.enter(evolve(SLOW, name=PROVINCE.name))
            axis.watch.step(axis.clock())
            assert not axis.watch.outdated
            assert len(axis.at("05/03/2026 08:00")) == 2 * 2
        taken = [axis.due(one)["TAKEN"] for one in packages]
        assert taken[0] == taken[2] != taken[1]

    def test_a_batch_that_fails_is_asked_for_again(self, axis: Axis) -> None:
        packages = [axis.send() for _ in range(3)]
        axis.watch.step(axis.clock())
        axis.enter(evolve(SLOW, name=PROVINCE.name))
        axis.store.fail_next(ZeroDivisionError())
        outdated = []
        for _ in range(2):
            axis.watch.step(axis.clock())
            outdated.append(axis.watch.outdated)
        assert outdated == [True, False]
        assert [axis.due(one)["TAKEN"] for one in packages] == ["04/03 14:00"] * 3

    def test_a_node_that_stops_does_not_wait_for_it(self, axis: Axis) -> None:
        axis.send()
        axis.clock.set(local("05/03/2026 08:00"))
        watch = DeadlineWatch(
            axis.store, axis.committer, answered=axis.drive, stopping=lambda: True
        )
        assert not watch.step(axis.clock())
        assert watch.outdated
        assert watch.count(axis.clock()) == ({}, {})
