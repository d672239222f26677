"""How long a submission and its way to the reader take at a part of the highest rate.

The load is open: documents leave at their time whether or not earlier ones were answered, so that
a slow moment is not hidden by a sender that waits.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import uvloop
from attrs import define, field

from lienthong.client import AsyncClient, Profile, Sending
from lienthong.model.delivery import DeliveryState
from lienthong.model.journal import PackageRecord, StatementRecord
from lienthong_node.local import LocalAxis
from tests.bench.recipient import accepting
from tests.bench.rows import Row, percentile
from tests.bench.samples import RECIPIENT, SENDER, make_axis, make_sending, spare_garbage

PARTS: Final = (0.1, 0.5, 0.8)
WARM_UP: Final = 20
"""Documents at the beginning that do not count: connections open, modules load."""


@define(eq=False)
class Times:
    """Milliseconds."""

    submit: list[float] = field(factory=list)
    """From the call to the verified receipt, signing included."""

    wake: list[float] = field(factory=list)
    """From the moment that an entry bears, before its commit, to the verified item at a reader."""


def rows(folder: Path, highest: float, seconds: float) -> list[Row]:
    """Latency of full lives of 10 kB at parts of the *highest* rate a second."""
    found: list[Row] = []
    axis = make_axis(folder)
    with axis.running():
        for part in PARTS:
            times = measure(axis, highest * part, seconds)
            for name, values in (("submit", times.submit), ("commit to reader", times.wake)):
                for word, at in (("p50", 0.5), ("p99", 0.99)):
                    title = f"{name} {word} at {part:.0%} of the highest rate"
                    found.append(Row(name=title, value=percentile(values, at), unit="ms"))
    return found


def measure(axis: LocalAxis, rate: float, seconds: float) -> Times:
    """Full lives of 10 kB at a rate a second, for so long."""
    count = WARM_UP + max(50, round(rate * seconds))
    with accepting(axis.profile(RECIPIENT), count):
        sendings = [make_sending(number, 10_000) for number in range(count)]
        return uvloop.run(_send(axis.profile(SENDER), sendings, rate))


async def _send(profile: Path, sendings: Sequence[Sending], rate: float) -> Times:
    spare_garbage()
    times = Times()
    async with AsyncClient(Profile.load(profile)) as client:
        start = (await client.checkpoint()).size
        following = asyncio.create_task(_follow(client, start, len(sendings), times))
        for sending in sendings[:WARM_UP]:
            await client.send(sending.document, sending.files, sending.recipients)
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, sending in enumerate(sendings[WARM_UP:]):
                await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
                group.create_task(_one(client, sending, times))
        await following
    return times


async def _one(client: AsyncClient, sending: Sending, times: Times) -> None:
    started = time.perf_counter()
    await client.send(sending.document, sending.files, sending.recipients)
    times.submit.append((time.perf_counter() - started) * 1000)


async def _follow(client: AsyncClient, start: int, documents: int, times: Times) -> None:
    accepted = 0
    async for item in client.feed(start, follow=True, inline_limit=0):
        body = item.entry.body
        if not isinstance(body, PackageRecord | StatementRecord):
            continue
        accepted += sum(e.to_state is DeliveryState.ACCEPTED for e in body.effects)
        if accepted > WARM_UP:
            age = datetime.now(UTC) - item.entry.recorded_at
            times.wake.append(age.total_seconds() * 1000)
        if accepted == documents:
            return
