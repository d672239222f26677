"""Waiting for a beat: never shorter, nobody forgotten, whatever becomes of others."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from lienthong_node import beat as beats
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


@pytest.mark.parametrize("elapsed", [0.001, 0.2, 0.5, 0.999])
async def test_the_beat_does_not_tell_when_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, elapsed: float
) -> None:
    """Neither must the thread: what waits whole milliseconds would (`N-01`)."""
    started, waited = 1000.0, list[float]()
    now = started + elapsed * BEAT_S
    monkeypatch.setattr("lienthong_node.beat.time.monotonic", lambda: now)

    def added(_: Beat, when: float, wake: Callable[[], object]) -> None:
        waited.append(when)
        wake()

    monkeypatch.setattr(Beat, "_add", added)
    await Beat().wait(started)
    assert waited == [pytest.approx(started + BEAT_S, abs=1e-9)]


async def test_a_thread_that_cannot_start_keeps_no_later_one_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    beat = Beat()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fails)
        with pytest.raises(RuntimeError):
            await beat.wait(time.monotonic())
    await asyncio.wait_for(beat.wait(time.monotonic()), 10)


async def test_it_can_be_waited_for_again_after_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beats, "LINGER_S", 0.001)
    beat, before = Beat(), set(threading.enumerate())
    for _ in range(3):
        await beat.wait(time.monotonic())
        for thread in set(threading.enumerate()) - before:
            if thread.name == "beat":
                await asyncio.to_thread(thread.join)


async def test_who_gives_up_or_has_no_loop_any_more_holds_up_nobody() -> None:
    beat, wrong = Beat(), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))

    def elsewhere() -> None:
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda _, context: wrong.append(context))
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
    assert wrong == []
