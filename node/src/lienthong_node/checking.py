"""The worker that tells which checks of the interconnection were missed (QĐ 52/2019 Đ12.6).

It remembers nothing that the journal does not: after a restart it reads the last month again, and
so tells every missed check once.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Final

from attrs import define, field

from lienthong.codec.signed import load_entry
from lienthong.errors import LienthongError
from lienthong.model.ids import OrganId
from lienthong.model.journal import MISSED_TOLD_WITHIN, InterconnectionRecord
from lienthong.model.time import format_vietnam, to_us
from lienthong.spi.storage import ReadView
from lienthong_node.core.commands import Caller, RecordCheck
from lienthong_node.core.interconnection import CheckLog, bound_to_check, operators
from lienthong_node.metrics import Metrics
from lienthong_node.services.context import NodeContext
from lienthong_node.stores import Registry, registry_facts

log = logging.getLogger(__name__)

LOOK_S: Final = 30.0
_PAGE: Final = 200


@define(eq=False)
class Checking:
    """What is known of the checks, and how far the feeds of those were read who must make them."""

    log: CheckLog = field(factory=CheckLog)
    read: dict[str, int] = field(factory=dict)
    """By organisation: where its feed goes on. What operators enter of the law is in theirs."""

    refused: set[InterconnectionRecord] = field(factory=set)
    """What could not be told."""

    def look(self, view: ReadView, registry: Registry, now: datetime) -> list[RecordCheck]:
        """What is to be told: one command for each missed check, in order."""
        facts = registry_facts(registry)
        for organ in (*bound_to_check(facts, now), *operators(facts.credentials, now)):
            if organ not in self.read:
                self.read[organ] = _first_since(view, now - MISSED_TOLD_WITHIN)
        for organ in self.read:
            self._go_on(view, organ)
        self.log.forget(now)
        return [
            RecordCheck(
                caller=_axis(organ),
                record=InterconnectionRecord(organ_id=OrganId(organ), missed_at=due.at),
            )
            for organ in self.read
            for due in self.log.untold(organ, facts, now)
        ]

    def _go_on(self, view: ReadView, organ: str) -> None:
        """Take in what is new in a feed."""
        while rows := view.feed(organ, self.read[organ], _PAGE):
            for row in rows:
                # An entry about a package says nothing of checks, and there are many.
                if not row.package_id:
                    entry = load_entry(row.entry)
                    self.log.learn(entry.body, entry.recorded_at)
            self.read[organ] = rows[-1].index + 1

    def says(self, record: InterconnectionRecord, error: LienthongError) -> None:
        """Log once why it is not told that a check was missed; it is tried again at each look."""
        if record not in self.refused:
            self.refused.add(record)
            log.warning("a missed check is not told yet: %s", error)


async def tell_missed(node: NodeContext, metrics: Metrics) -> None:
    """Every half minute: tell which checks were missed since, once each."""
    checking = Checking()
    while True:
        await _look(node, checking, metrics)
        await asyncio.sleep(LOOK_S)


async def _look(node: NodeContext, checking: Checking, metrics: Metrics) -> None:
    registry, now = node.registry, node.clock()
    commands = await node.read(lambda view: checking.look(view, registry, now))
    for organ in bound_to_check(registry_facts(registry), now):
        # A figure that begins with 1 has never grown, as far as Prometheus can tell.
        metrics.checks_missed.labels(organ)
        if made := checking.log.made.get(organ):
            metrics.checks_last.labels(organ).set(max(made).timestamp())
    # Nothing is read again before all of them are answered: what was told is in the journal then.
    outcomes = await asyncio.wrap_future(node.committer.submit(commands))
    for command, outcome in zip(commands, outcomes, strict=True):
        if isinstance(outcome, LienthongError):
            checking.says(command.record, outcome)
            continue
        organ, due = str(command.record.organ_id), command.record.missed_at
        metrics.checks_missed.labels(organ).inc()
        log.warning("%s missed the check of %s", organ, format_vietnam(due) if due else "")


def _first_since(view: ReadView, since: datetime) -> int:
    """Index of the first entry that was recorded at or after an instant."""
    low, high, since_us = 0, view.head().size, to_us(since)
    while low < high:
        middle = (low + high) // 2
        rows = view.journal(middle, 1)
        if rows and rows[0].recorded_us < since_us:
            low = middle + 1
        else:
            high = middle
    return low


def _axis(organ: str) -> Caller:
    """The axis itself, on behalf of an organisation; nobody is connected."""
    return Caller(organ=organ, roles=frozenset(), fingerprint=b"")
