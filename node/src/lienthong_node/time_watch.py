"""The worker that compares this machine's clock with the configured time sources."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from lienthong.errors import InvalidValue, LienthongError
from lienthong.model.clocks import ClockSample
from lienthong.plugins import PluginHost
from lienthong.spi.time import TimeSource
from lienthong_node.metrics import Metrics
from lienthong_node.time_guard import Look, Silence, TimeGuard

if TYPE_CHECKING:
    from lienthong_node.services.context import NodeContext

log = logging.getLogger(__name__)

LOOK_S: Final = 20.0
"""Between two looks; with the wait for answers twice in the time that a good one is trusted."""

ANSWER_S: Final = 10.0
"""For how long a look waits; one slow source must not make the others' answers old."""

_NAME: Final = 80


@frozen(kw_only=True)
class Source:
    """Something that knows the time."""

    name: str
    """Its address, without parameters."""

    source: TimeSource


@define(eq=False, kw_only=True)
class TimeWatch:
    """Asks the time sources; used by one thread at a time."""

    sources: Sequence[Source]
    clock: Callable[[], datetime]
    """The machine's, aware."""

    monotonic: Callable[[], float] = time.monotonic
    answer_s: float = ANSWER_S
    guard: TimeGuard = field(init=False)
    _threads: ThreadPoolExecutor = field(init=False)
    _asked: dict[str, Future[ClockSample | Silence]] = field(factory=dict, init=False)
    """The newest question to each source, which may still be open."""

    _left_out: frozenset[str] = field(default=frozenset(), init=False)
    """Sources that were wrong or silent at the last look."""

    _problem: str = field(default="", init=False)
    """Why the last look did not find the clock right."""

    def __attrs_post_init__(self) -> None:
        self.guard = TimeGuard(self.monotonic)
        self._threads = ThreadPoolExecutor(len(self.sources), "time-source")

    @classmethod
    def open(
        cls, uris: Sequence[str], host: PluginHost, clock: Callable[[], datetime]
    ) -> TimeWatch | None:
        """Open the sources at *uris*; None where there are none.

        Raises:
            PluginNotFound, PluginLoadFailed, InvalidValue: one cannot be opened, or is there twice.
        """
        if not uris:
            return None
        if len(set(uris)) != len(uris):
            # Two of three votes with one owner: whoever lies there is a majority.
            expected = "each address once, since each has a vote"
            raise InvalidValue(field="time_sources", found="an address twice", expected=expected)
        with ExitStack() as opened:
            sources = []
            for number, uri in enumerate(uris):
                source = host.open_time_source(uri)
                opened.callback(source.close)
                name = f"{number + 1} {uri.partition('?')[0]}"[:_NAME]
                sources.append(Source(name=name, source=source))
            opened.pop_all()
        return cls(sources=sources, clock=clock)

    def look(self) -> Look:
        """Ask all sources at once, and tell the guard and the log what they say."""
        clock, at = self.clock(), self.monotonic()
        for one in self.sources:
            asked = self._asked.get(one.name)
            if asked is None or asked.done():
                self._asked[one.name] = self._threads.submit(self._ask, one)
        wait(self._asked.values(), timeout=self.answer_s)
        said = [self._said(one.name) for one in self.sources]
        look = Look.of(said, clock=clock, at=at)
        self.guard.note(look)
        self._tell(look)
        return look

    def read(self) -> datetime:
        """The machine's clock, with a look at the sources where there is no fresh one.

        Raises:
            TimeDisputed: it may not be believed.
        """
        if self.guard.reason(self.clock()):
            self.look()
        now = self.clock()
        self.guard.check(now)
        return now

    def close(self) -> None:
        """Close the sources."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for one in self.sources:
            one.source.close()

    def _said(self, name: str) -> ClockSample | Silence:
        asked = self._asked[name]
        return asked.result() if asked.done() else Silence(name=name, reason="no answer yet")

    def _ask(self, one: Source) -> ClockSample | Silence:
        try:
            reading = one.source.now()
        except LienthongError as error:
            return Silence(name=one.name, reason=str(error))
        offset = (reading.instant - self.clock()).total_seconds()
        return ClockSample(name=one.name, offset=offset, distance=reading.uncertainty)

    def _tell(self, look: Look) -> None:
        """Alarm in the log, once for each change."""
        wrong = {one.name: one.reason for one in look.wrong}
        for name in wrong.keys() - self._left_out:
            log.warning("the time source %s is left out: %s", name, wrong[name])
        for name in self._left_out - wrong.keys():
            log.info("the time source %s agrees with the others again", name)
        if look.problem and not self._problem:
            log.error("nothing is signed unless this passes: %s", look.problem)
        elif self._problem and not look.problem:
            log.info("the time sources find the clock right again")
        self._left_out, self._problem = frozenset(wrong), look.problem


async def keep_watching(watch: TimeWatch, node: NodeContext, metrics: Metrics) -> None:
    """Three times a minute: look at the time sources, and show what they say."""
    while True:
        look = await node.look_at_clocks(watch.look)
        right = not watch.guard.reason(watch.clock())
        metrics.clock_stands(look.found, len(look.wrong), right=right)
        await asyncio.sleep(LOOK_S)
