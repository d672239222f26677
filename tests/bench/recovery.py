"""After a kill with many deliveries pending: how long until the node answers, and how fast then.

Compared is with a store that holds one page for its reader, so that both answers are as long.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import uvloop

from lienthong.client import AsyncClient, Client, Profile
from lienthong_node.local import LocalAxis
from tests.bench.fanout import OTHERS
from tests.bench.rows import Row, percentile
from tests.bench.samples import SENDER, make_axis, make_sending

READER: Final = OTHERS[0]
AT_ONCE: Final = 8
ROUNDS: Final = 30
PAGE: Final = 100


def rows(folder: Path, pending: int) -> list[Row]:
    """Seconds to the first answer after a kill; inbox, feed and submit against an empty store."""
    axis = make_axis(folder, others=OTHERS)
    axis.start()
    try:
        uvloop.run(_fill(axis.profile(SENDER), PAGE, [READER]))
        small = _speeds(axis)
        uvloop.run(_fill(axis.profile(SENDER), pending // len(OTHERS), OTHERS))
        axis.kill()
        started = time.perf_counter()
        axis.start()
        ready = time.perf_counter() - started
        full = _speeds(axis)
        axis.stop()
    finally:
        axis.kill()
    found = [Row(name=f"ready after a kill, {pending} pending", value=ready, unit="s")]
    for name, value in full.items():
        found.append(
            Row(
                name=f"{name} p50, {pending} pending",
                value=value,
                unit="ms",
                limit=small[name],
                limited_by="a store with one page",
            )
        )
    return found


async def _fill(profile: Path, packages: int, recipients: Sequence[str]) -> None:
    room = asyncio.Semaphore(AT_ONCE)

    async def one(client: AsyncClient, number: int) -> None:
        async with room:
            sending = make_sending(number, 2000, recipients)
            await client.send(sending.document, sending.files, sending.recipients)

    async with AsyncClient(Profile.load(profile)) as client:
        await asyncio.gather(*(one(client, number) for number in range(packages)))


def _speeds(axis: LocalAxis) -> dict[str, float]:
    """Median milliseconds of what users do all the time."""
    with (
        Client(Profile.load(axis.profile(SENDER))) as sender,
        Client(Profile.load(axis.profile(READER))) as reader,
    ):

        def submit() -> None:
            sending = make_sending(0, 2000, [READER])
            sender.send(sending.document, sending.files, sending.recipients)

        def inbox() -> None:
            for _ in zip(range(PAGE), reader.list_deliveries(), strict=False):
                pass

        def feed() -> None:
            newest = reader.checkpoint().size
            for _ in reader.feed(newest - 1):
                break

        return {"submit": _p50(submit), "inbox": _p50(inbox), "feed": _p50(feed)}


def _p50(work: Callable[[], None]) -> float:
    taken: list[float] = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return percentile(taken[3:], 0.5)
