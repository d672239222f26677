"""L-07: no authority gives time-stamps for hours; new documents wait, everything else goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Final

import pytest
from attrs import frozen

from lienthong.errors import ConnectionFailed, LienthongError, TimestampOverdue
from lienthong.evidence.stamps import CHECKPOINT
from lienthong.model.delivery import DeliveryEvent
from lienthong.testing.clock import START
from lienthong_node.stamp_guard import LIMIT, StampGuard, read_state
from lienthong_node.stores import Recorded
from node.tests.stamped import StampedAxis
from node.tests.support import report, statement
from tests.conftest import Figure

MINUTE: Final = timedelta(minutes=1)
OUTAGE: Final = timedelta(hours=6)
FIRST: Final = START + 10 * MINUTE
"""When the authorities go down."""


@frozen(kw_only=True)
class Moment:
    """What became of a package that was handed over at a time, and of a report."""

    at: datetime
    package: LienthongError | None
    report: LienthongError | None


def play(axis: StampedAxis, outage: timedelta = OUTAGE, restart_at: int = 0) -> list[Moment]:
    """Every minute a package and a report, while the authorities are down and an hour longer."""
    told: list[Moment] = []
    before, _ = axis.send()
    end = FIRST + outage + timedelta(hours=1)
    while axis.clock() < end:
        axis.set_down(down=FIRST <= axis.clock() < FIRST + outage)
        if restart_at and axis.clock() == FIRST + restart_at * MINUTE:
            axis.start_again()
        try:
            axis.stamping.step()
        except ConnectionFailed:
            assert axis.stamping.guard.failing
        arrive = statement(DeliveryEvent.ARRIVE, before.package_id, created_at=axis.clock())
        value, outcome = axis.send()
        [reported] = axis.ask(report(arrive))
        told.append(Moment(at=axis.clock(), package=error(outcome), report=error(reported)))
        before = value if isinstance(outcome, Recorded) else before
        axis.clock.advance(MINUTE)
    return told


@cache
def undisturbed() -> list[Moment]:
    return play(StampedAxis())


def error(outcome: object) -> LienthongError | None:
    return outcome if isinstance(outcome, LienthongError) else None


def refused(told: list[Moment]) -> list[Moment]:
    return [moment for moment in told if moment.package is not None]


def faults_of(told: list[Moment], outage: timedelta) -> list[str]:
    """What the rule of four hours was broken by."""
    found = []
    # The last entry before the outage may already have waited for a minute.
    opens, shuts = FIRST + LIMIT + MINUTE, FIRST + LIMIT - 2 * MINUTE
    for moment in told:
        is_late = opens < moment.at < FIRST + outage
        is_early = moment.at < shuts or moment.at > FIRST + outage + MINUTE
        if is_late and not isinstance(moment.package, TimestampOverdue):
            found.append(f"{moment.at}: a package was taken")
        if is_early and moment.package is not None:
            found.append(f"{moment.at}: a package was refused")
        if isinstance(moment.report, TimestampOverdue):
            found.append(f"{moment.at}: a report was refused")
    return found


@pytest.mark.parametrize("hours", range(7))
def test_packages_are_refused_after_four_hours_and_everything_else_goes_on(
    hours: int, figure: Figure
) -> None:
    axis, outage = StampedAxis(), timedelta(hours=hours)
    told = play(axis, outage)
    with axis.store.read() as view:
        state = read_state(view)
    faults = faults_of(told, outage)
    late = len(refused(told))
    found = f"{hours} h: {late} packages refused, {state.covered} of {state.size} entries stamped"
    figure("L-07", wanted="taken for 4 h, then refused; all stamped on return", found=found)
    assert faults == []
    assert state.size - state.covered <= 2
    assert bool(late) is (outage > LIMIT)


def test_one_stamp_after_the_outage_covers_everything_that_waited(figure: Figure) -> None:
    axis = StampedAxis()
    play(axis)
    with axis.store.read() as view:
        rows = view.stamps(0, 10_000, CHECKPOINT)
        gap = max(later.size - row.size for row, later in pairwise(rows))
    figure("L-07", wanted="1 token for the whole outage", found=f"1 token for {gap} entries")
    assert gap > 300
    assert sum(one.asked for one in axis.stampers) < 8 * 60 * 6 * 2


@pytest.mark.parametrize("minute", [30, 200, 239, 300])
def test_restart_during_the_outage_changes_nothing(minute: int) -> None:
    told = play(StampedAxis(), restart_at=minute)
    assert [one.at for one in refused(told)] == [one.at for one in refused(undisturbed())]


def test_other_authority_is_asked_at_once(figure: Figure) -> None:
    axis = StampedAxis()
    axis.stampers[0].is_down = True
    waits = []
    for _ in range(30):
        axis.send()
        sent = axis.clock()
        while axis.stamping.step() is None:
            axis.clock.advance(timedelta(seconds=5))
        waits.append(axis.clock() - sent)
    found = f"{max(waits).total_seconds():.0f} s at most, 30 checkpoints"
    figure("L-07", wanted="failover <= 60 s", found=found)
    assert max(waits) <= timedelta(seconds=60)


def test_refusal_is_typed_and_may_be_repeated() -> None:
    axis = StampedAxis()
    axis.set_down(down=True)
    value, _ = axis.send()
    axis.clock.advance(LIMIT + timedelta(seconds=2))
    _, outcome = axis.send()
    assert isinstance(outcome, TimestampOverdue)
    assert outcome.retryable
    # What was taken before keeps its receipt, however often it is handed over.
    assert value.package_id.bytes in axis.medium.records.packages


def test_axis_that_was_idle_through_an_outage_takes_the_next_package() -> None:
    axis = StampedAxis()
    axis.stamping.step()
    axis.set_down(down=True)
    axis.clock.advance(OUTAGE)
    assert isinstance(axis.send()[1], Recorded)


class Unlimited(StampGuard):
    """Waits for time-stamps as long as it takes."""

    def check(self, now: datetime) -> None:
        """Whatever the time."""


@pytest.mark.planted("four hours without time-stamps do not matter")
def test_guard_without_a_limit_would_be_caught() -> None:
    assert faults_of(play(StampedAxis(kind=Unlimited)), OUTAGE)
