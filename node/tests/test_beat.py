"""Waiting for a beat: never shorter, nobody forgotten, whatever becomes of others."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from contextlib import suppress

import pytest

from lienthong_node.beat import BEAT_S, Beat


async def ends(beat: Beat, elapsed: float) -> tuple[float, float]:
    """When a wait was to end for who began so long ago, and when it did."""
    now = time.monotonic()
    await beat.wait(now - elapsed)
    return now + BEAT_S - elapsed % BEAT_S, time.monotonic()


@pytest.mark.parametrize("elapsed", [0, 0.1, 0.3, 0.999, 1, 1.5, 7.25])
async def test_nobody_goes_on_before_the_beat(elapsed: float) -> None:
    wanted, ended = await ends(Beat(), elapsed * BEAT_S)
    assert ended >= wanted - 1e-6


async def test_all_of_many_go_on() -> None:
    beat, chance = Beat(), random.Random(20260101)
    waiting = (ends(beat, chance.uniform(0, 3 * BEAT_S)) for _ in range(500))
    for wanted, ended in await asyncio.gather(*waiting):
        assert ended >= wanted - 1e-6


async def test_it_can_be_waited_for_again_after_a_rest() -> None:
    beat = Beat()
    for _ in range(3):
        await beat.wait(time.monotonic())
        for thread in threading.enumerate():
            if thread.name == "beat":
                await asyncio.to_thread(thread.join)


async def test_who_gives_up_or_has_no_loop_any_more_holds_up_nobody() -> None:
    beat = Beat()

    def elsewhere() -> None:
        loop = asyncio.new_event_loop()
        waiting = loop.create_task(beat.wait(time.monotonic()))
        loop.run_until_complete(asyncio.sleep(0))
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(waiting)
        loop.close()

    await asyncio.to_thread(elsewhere)
    gone = asyncio.ensure_future(beat.wait(time.monotonic()))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait_for(beat.wait(time.monotonic()), 10)
    assert gone.cancelled()
