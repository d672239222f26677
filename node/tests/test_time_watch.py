"""Asking time sources: a slow, broken or missing one holds nobody up.

What follows from their answers is in ``tests/operation/test_time_sources.py``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from attrs import define, field

from lienthong.errors import DeadlineExceeded, InvalidValue, PluginFailed, TimeDisputed
from lienthong.plugins import PluginHost
from lienthong.spi import TimeReading, TimeSource
from lienthong.testing.clock import FixedClock
from lienthong_node.time_guard import TRUST_S
from lienthong_node.time_watch import Source, TimeWatch


@define(eq=False)
class ToldTime(TimeSource):
    """Tells the time of a clock, after *wait*."""

    clock: FixedClock
    wait: Callable[[], object] = lambda: None
    error: Exception | None = None
    calls: int = 0
    closed: int = 0

    def now(self) -> TimeReading:
        self.calls += 1
        self.wait()
        if self.error is not None:
            raise self.error
        return TimeReading(instant=self.clock(), uncertainty=0.01, source="told")

    def close(self) -> None:
        self.closed += 1


@define(eq=False)
class Bench:
    """Three sources and a watch on them, in time that only the test lets pass."""

    clock: FixedClock = field(factory=FixedClock)
    """The machine's."""

    truth: FixedClock = field(factory=FixedClock)
    passed: float = 0.0
    sources: list[ToldTime] = field(init=False)
    watch: TimeWatch = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.sources = [ToldTime(self.truth) for _ in range(3)]
        named = [
            Source(name=name, source=one) for name, one in zip("abc", self.sources, strict=True)
        ]
        self.watch = TimeWatch(
            sources=named, clock=self.clock, monotonic=lambda: self.passed, answer_s=5.0
        )

    def wait(self, seconds: float) -> None:
        self.passed += seconds
        for clock in (self.clock, self.truth):
            clock.advance(timedelta(seconds=seconds))


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.watch.close()


def test_all_agree(bench: Bench) -> None:
    look = bench.watch.look()
    assert (look.problem, look.wrong) == ("", ())
    assert look.found is not None
    assert look.found.offset == 0.0


def test_a_source_that_does_not_answer_holds_nobody_up(bench: Bench) -> None:
    go_on = threading.Event()
    bench.watch.answer_s = 0.1
    bench.sources[1].wait = go_on.wait
    try:
        for _ in range(3):
            look = bench.watch.look()
            assert look.problem == ""
            assert [(one.name, one.reason) for one in look.wrong] == [("b", "no answer yet")]
        # It is not asked again while it has not answered.
        assert [one.calls for one in bench.sources] == [3, 1, 3]
    finally:
        go_on.set()
    bench.watch.answer_s = 5.0
    bench.watch.look()
    assert bench.watch.look().wrong == ()


@pytest.mark.parametrize(
    "error",
    [
        DeadlineExceeded(endpoint="a", call="NTP", seconds=2),
        PluginFailed(plugin="ntp", distribution="x", version="1", call="now", reason="?"),
    ],
)
def test_a_source_that_fails_is_left_out(bench: Bench, error: Exception) -> None:
    bench.sources[0].error = error
    look = bench.watch.look()
    assert look.problem == ""
    assert [(one.name, one.reason) for one in look.wrong] == [("a", str(error))]


def test_one_line_of_the_log_for_each_change(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "lienthong_node.time_watch")
    bench.sources[0].error = DeadlineExceeded(endpoint="a", call="NTP", seconds=2)
    for _ in range(3):
        bench.watch.look()
    bench.sources[0].error = None
    for _ in range(3):
        bench.watch.look()
    bench.sources[0].clock = bench.sources[1].clock = FixedClock(bench.clock() + timedelta(hours=1))
    for _ in range(3):
        bench.watch.look()
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "the time source a is left out",
        "the time source a agrees with the others again",
        "the time source c is left out",
        "nothing is signed unless this passes",
    ]


def test_commands_look_by_themselves_when_no_look_is_fresh(bench: Bench) -> None:
    assert bench.watch.read() == bench.clock()
    bench.wait(TRUST_S - 1)
    bench.watch.read()
    assert [one.calls for one in bench.sources] == [1, 1, 1]
    bench.wait(1)
    bench.watch.read()
    assert [one.calls for one in bench.sources] == [2, 2, 2]
    bench.clock.advance(timedelta(days=1))
    with pytest.raises(TimeDisputed):
        bench.watch.read()


def test_closing_closes_every_source(bench: Bench) -> None:
    bench.watch.close()
    assert [one.closed for one in bench.sources] == [1, 1, 1]


class Host(PluginHost):
    """Opens what the test gives it."""

    def __init__(self, sources: list[ToldTime]) -> None:
        super().__init__(offers=list)
        self._sources = sources

    def open_time_source(self, uri: str, *, authenticated: bool = False) -> TimeSource:
        if not self._sources:
            raise PluginFailed(plugin=uri, distribution="x", version="1", call="open", reason="?")
        return self._sources.pop(0)


def test_without_sources_there_is_nothing_to_watch() -> None:
    assert TimeWatch.open((), Host([]), FixedClock()) is None


def test_sources_are_told_apart_by_their_place() -> None:
    clock = FixedClock()
    watch = TimeWatch.open(
        ("ntp:a?port=1", "ntp:a?port=2"), Host([ToldTime(clock), ToldTime(clock)]), clock
    )
    assert watch is not None
    assert [one.name for one in watch.sources] == ["1 ntp:a", "2 ntp:a"]
    watch.close()


def test_nobody_has_two_votes() -> None:
    with pytest.raises(InvalidValue, match="twice"):
        TimeWatch.open(("ntp:a", "ntp:b", "ntp:a"), Host([]), FixedClock())


def test_what_was_opened_is_closed_when_another_cannot_be() -> None:
    clock = FixedClock()
    first = ToldTime(clock)
    with pytest.raises(PluginFailed):
        TimeWatch.open(("ntp:a", "ntp:b"), Host([first]), clock)
    assert first.closed == 1
