"""A machine, three sources of time and a committer, in time that only the test lets pass (N-16)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import define, field

from lienthong.errors import LienthongError
from lienthong.model.time import from_us
from lienthong.spi import TimeReading, TimeSource
from lienthong.testing.clock import START
from lienthong_node.committer import Committer
from lienthong_node.stores import Recorded
from lienthong_node.time_guard import TimeGuard
from lienthong_node.time_watch import LOOK_S, Source, TimeWatch
from node.tests.committing import SECONDS, filled, make
from node.tests.support import manifest, submit

Lie = Callable[[float], float]
"""From the seconds since the beginning to how far a source is ahead then; raises when it fails."""

UNSURE_S: Final = 0.01


def honest(_: float) -> float:
    return 0.0


def ahead(seconds: float) -> Lie:
    return lambda _: seconds


def drifting(per_million: float, *, since: float) -> Lie:
    return lambda at: (at - since) * per_million / 1e6


@define(eq=False)
class ToldTime(TimeSource):
    """Tells what the test wants."""

    world: World
    lie: Lie = honest
    unsure: float = UNSURE_S

    def now(self) -> TimeReading:
        instant = self.world.true + timedelta(seconds=self.lie(self.world.passed))
        return TimeReading(instant=instant, uncertainty=self.unsure, source="told")

    def close(self) -> None:
        """Nothing is open."""


@define(eq=False)
class World:
    """Everything that a node does about time, without a node around it."""

    error: float = 0.0
    """Seconds by which the machine's clock is ahead of the true time."""

    passed: float = field(default=0.0, init=False)
    sources: list[ToldTime] = field(init=False)
    watch: TimeWatch = field(init=False)
    committer: Committer = field(init=False)
    wrong: list[float] = field(factory=list, init=False)
    """When something was signed with a time more than a second off."""

    kind: type[Committer] = Committer
    guarded: bool = True

    def __attrs_post_init__(self) -> None:
        self.sources = [ToldTime(self) for _ in range(3)]
        named = [
            Source(name=name, source=one) for name, one in zip("abc", self.sources, strict=True)
        ]
        self.watch = TimeWatch(sources=named, clock=self.clock, monotonic=lambda: self.passed)
        clock = self.watch.guard.certain(self.clock) if self.guarded else self.clock
        self.committer = make(filled(), self.kind, clock=clock)

    @property
    def guard(self) -> TimeGuard:
        return self.watch.guard

    @property
    def true(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def clock(self) -> datetime:
        return (self.true + timedelta(seconds=self.error)).astimezone(UTC)

    def send(self) -> str:
        """What a new package is answered: ``ok``, or the code of the error."""
        answer = self.committer.submit([submit(manifest(created_at=self.true))])
        while self.committer.work_once():
            pass
        [outcome] = answer.result(SECONDS)
        if isinstance(outcome, LienthongError):
            return outcome.code
        assert isinstance(outcome, Recorded)
        off = abs((from_us(outcome.row.recorded_us) - self.true).total_seconds())
        if off > 1.0:
            self.wrong.append(self.passed)
        return "ok"

    def live(self, seconds: float, *, step: float = 1.0) -> list[tuple[float, str]]:
        """Let time pass; at each step a package is sent, and the sources are looked at in turn."""
        outcomes = []
        end = self.passed + seconds
        while self.passed < end:
            if self.passed % LOOK_S < step:
                self.watch.look()
            outcomes.append((self.passed, self.send()))
            self.passed += step
        return outcomes

    def close(self) -> None:
        self.watch.close()
