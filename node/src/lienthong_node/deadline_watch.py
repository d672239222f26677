"""The worker that tells deadlines, and has them computed anew when law or directory have changed.

It keeps nothing in memory that matters: what is to be done stands in the rows of the deliveries, so
a node that was down tells everything that it missed when it is back.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

from attrs import define, field

from lienthong.codec.signed import load_entry
from lienthong.errors import LienthongError
from lienthong.model.journal import DeadlineRecord
from lienthong.model.organisation import Directory
from lienthong.model.time import to_us, vietnam_date
from lienthong.spi.records import DeliveryRow
from lienthong.spi.storage import ReadView, RecordStore
from lienthong_node.committer import Committer, Outcome
from lienthong_node.core.commands import AXIS, Command, RecomputeDeadlines, TellDeadline
from lienthong_node.core.deadlines import FAR_US, Bound, recomputed, running
from lienthong_node.core.law import Law, Subject
from lienthong_node.metrics import Metrics
from lienthong_node.services.context import NodeContext
from lienthong_node.stores import Recorded, Registry

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
LOOK_S: Final = 30.0
"""Pause after a look that could tell nothing, as while the store fails."""

COUNT_S: Final = 60.0
COUNT_SHARE: Final = 100
"""Counting takes at most one part in so many of a thread's time."""

_SHARE: Final = 64
"""Commands that wait at once: at most a quarter of a batch, so that requests go on."""

_CALENDAR_ENDS: Final = timedelta(days=60)
"""So long before a calendar ends, it is said every day."""

_PAGE: Final = 500
_EVER_US: Final = 2**63 - 1

Told: TypeAlias = Counter[tuple[str, str]]
"""How often which kind of deadline was told at which stage."""

_Place: TypeAlias = tuple[int, bytes, str]
"""Of a delivery among the watched ones."""


def calendars_end(law: Law, directory: Directory, on: date) -> date | None:
    """The last day of the calendar that ends first; None while none is kept."""
    owners = {organ for subject, organ, _ in law.kept if subject is Subject.CALENDAR}
    found = (law.calendar(one, directory, on) for one in owners)
    last = min((one.last_year for one in found if one is not None), default=None)
    return None if last is None else date(last, 12, 31)


@define(eq=False)
class DeadlineWatch:
    """Does what is due at an instant; no thread and no clock of its own."""

    store: RecordStore
    committer: Committer
    answered: Callable[[Future[list[Outcome]]], list[Outcome]] = Future.result
    """Waits for the committer; one that is not started is driven by it."""

    stopping: Callable[[], bool] = lambda: False
    """A node that is being stopped does not wait for what can be done after its next start."""

    _version: int = field(default=-1, init=False)
    """Version of law and directory by which all open deadlines were computed."""

    _said_on: date | None = field(default=None, init=False)
    """The day on which it was said last that a calendar ends."""

    @property
    def outdated(self) -> bool:
        return self.committer.registry.version != self._version

    def step(self, now: datetime) -> Told:
        """Compute anew what law or directory have moved, then tell everything that is due."""
        registry = self.committer.registry
        if registry.version != self._version and self._recompute(registry, to_us(now)):
            self._version = registry.version
        told: Told = Counter()
        while found := self._tell(to_us(now)):
            told += found
        return told

    def next_look_us(self) -> int:
        """When the next deadline is to be told, as far as it is known."""
        with self.store.read() as view:
            rows = view.watched_deliveries(FAR_US, None, 1)
        return rows[0].look_us if rows else FAR_US

    def count(self, now: datetime) -> tuple[Counter[str], Counter[str]]:
        """The deadlines that are open, and those of them that have passed, by kind."""
        now_us, opened, over = to_us(now), Counter[str](), Counter[str]()
        for row in self._watched(_EVER_US, _PAGE):
            for one in running(row):
                opened[one.kind] += 1
                over[one.kind] += one.due_us < now_us
        return opened, over

    def calendars_end(self, today: date) -> date | None:
        """The last day of the calendar that ends first; None while none is kept.

        Says so once a day when it is near: what begins later waits for its deadline until the
        calendar is continued.
        """
        registry = self.committer.registry
        ends = calendars_end(registry.law, registry.directory, today)
        if ends is not None and ends - today <= _CALENDAR_ENDS and self._said_on != today:
            self._said_on = today
            log.warning("a calendar ends on %s: continue it, or deadlines wait", ends)
        return ends

    def _tell(self, now_us: int) -> Told:
        """Tell the next deadline of each delivery that has one due."""
        told: Told = Counter()
        for rows in self._pages(now_us, _SHARE):
            outcomes = self._ask([_telling(row) for row in rows])
            if outcomes is None:
                break
            for outcome in outcomes:
                body = load_entry(outcome.row.entry).body if isinstance(outcome, Recorded) else None
                if isinstance(body, DeadlineRecord):
                    told[body.kind.value, body.stage.value] += 1
        return told

    def _recompute(self, registry: Registry, now_us: int) -> bool:
        """Have all open deadlines computed anew that differ; returns whether all was done.

        One view shows them all: none can pass behind what was looked at already. What changes
        meanwhile is computed by the newer law.
        """
        with self.store.read() as view:
            asked = [_recomputing(row) for row in self._moved(view, registry, now_us)]
        shares = (asked[first : first + _SHARE] for first in range(0, len(asked), _SHARE))
        return all(self._ask(share) is not None for share in shares) and not self.stopping()

    def _moved(self, view: ReadView, registry: Registry, now_us: int) -> Iterator[DeliveryRow]:
        law, directory = registry.law, registry.directory
        after: _Place | None = None
        while rows := self._page(view, _EVER_US, after, _PAGE):
            for row in rows:
                bound = Bound(recipient=row.recipient, law=law, directory=directory)
                if recomputed(row, now_us, bound) is not row:
                    yield row
            after = _place(rows[-1])

    def _ask(self, commands: Sequence[Command]) -> list[Outcome] | None:
        """Have commands committed; None where nobody can do it now.

        A single one that fails, as on a damaged delivery, holds nothing else up and has its answer.
        """
        outcomes = self.answered(self.committer.submit(commands))
        errors = [one for one in outcomes if isinstance(one, LienthongError)]
        if errors:
            log.warning("deadlines of %d deliveries are not settled: %s", len(errors), errors[0])
        if any(one.retryable for one in errors) or (errors and self.committer.failing):
            return None
        return outcomes

    def _watched(self, before_us: int, size: int) -> Iterator[DeliveryRow]:
        for rows in self._pages(before_us, size):
            yield from rows

    def _pages(self, before_us: int, size: int) -> Iterator[Sequence[DeliveryRow]]:
        """Pages of watched deliveries, each as it is when its turn comes."""
        after: _Place | None = None
        while True:
            with self.store.read() as view:
                rows = self._page(view, before_us, after, size)
            if not rows:
                return
            after = _place(rows[-1])
            yield rows

    def _page(
        self, view: ReadView, before_us: int, after: _Place | None, size: int
    ) -> Sequence[DeliveryRow]:
        """None are left when the node is being stopped."""
        return () if self.stopping() else view.watched_deliveries(before_us, after, size)


async def tell_deadlines(watch: DeadlineWatch, node: NodeContext, metrics: Metrics) -> None:
    """Every second: tell what is due, and look at everything again when the law has changed.

    The watch outlives a failure of this: it need not look at everything again then.
    """
    count_at = 0.0
    while True:
        pause, now = TICK_S, node.clock()
        is_due = await node.run(watch.next_look_us) < to_us(now)
        if is_due or watch.outdated:
            told = await node.run_long(watch.step, now)
            metrics.deadlines_told(told)
            pause = LOOK_S if watch.outdated or (is_due and not told) else TICK_S
        if time.monotonic() >= count_at:
            begun = time.monotonic()
            metrics.deadlines_counted(*await node.run_long(watch.count, now))
            metrics.calendars_end(await node.run_long(watch.calendars_end, vietnam_date(now)))
            ended = time.monotonic()
            count_at = ended + max(COUNT_S, COUNT_SHARE * (ended - begun))
        await asyncio.sleep(pause)


def _place(row: DeliveryRow) -> _Place:
    return row.look_us, row.package_id, row.recipient


def _telling(row: DeliveryRow) -> TellDeadline:
    return TellDeadline(caller=AXIS, package_id=row.package_id, recipient=row.recipient)


def _recomputing(row: DeliveryRow) -> RecomputeDeadlines:
    return RecomputeDeadlines(caller=AXIS, package_id=row.package_id, recipient=row.recipient)
