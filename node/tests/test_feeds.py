"""Wake-ups: none is lost between looking and waiting, none reaches others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Final

import pytest

from lienthong_node.feeds import Feeds, Watch
from node.tests.support import A, B

SOON: Final = 5.0
NEVER: Final = 0.05


@pytest.fixture
async def feeds() -> Feeds:
    return Feeds(asyncio.get_running_loop())


@pytest.fixture
def watch(feeds: Feeds) -> Iterator[Watch]:
    with closing(feeds.watch(A)) as found:
        yield found


async def waits(watch: Watch) -> bool:
    """Whether there is nothing to see yet."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    await watch.wait(NEVER)
    return loop.time() - started >= NEVER


async def test_news_wake_who_waits(feeds: Feeds, watch: Watch) -> None:
    waiting = asyncio.create_task(watch.wait(SOON))
    await asyncio.sleep(0)
    feeds.publish([A])
    async with asyncio.timeout(SOON / 2):
        await waiting


async def test_news_that_come_twice_wake_everybody_once(feeds: Feeds) -> None:
    with closing(feeds.watch(A)) as one, closing(feeds.watch(A)) as other:
        waiting = [asyncio.create_task(each.wait(SOON)) for each in (one, other)]
        await asyncio.sleep(0)
        feeds.publish([A])
        feeds.publish([A])
        async with asyncio.timeout(SOON / 2):
            await asyncio.gather(*waiting)


async def test_who_has_waited_in_vain_waits_again(feeds: Feeds, watch: Watch) -> None:
    assert await waits(watch)
    watch.arm()
    waiting = asyncio.create_task(watch.wait(SOON))
    await asyncio.sleep(0)
    feeds.publish([A])
    async with asyncio.timeout(SOON / 2):
        await waiting


async def test_news_between_looking_and_waiting_are_not_lost(feeds: Feeds, watch: Watch) -> None:
    watch.arm()
    feeds.publish([A])
    await asyncio.sleep(0)
    assert not await waits(watch)


async def test_news_from_another_thread_arrive(feeds: Feeds, watch: Watch) -> None:
    threading.Timer(NEVER, feeds.publish, [[A]]).start()
    async with asyncio.timeout(SOON):
        await watch.wait(2 * SOON)


async def test_news_about_others_do_not_wake(feeds: Feeds, watch: Watch) -> None:
    feeds.publish([B])
    await asyncio.sleep(0)
    assert await waits(watch)


async def test_old_news_are_forgotten_when_it_is_armed_anew(feeds: Feeds, watch: Watch) -> None:
    feeds.publish([A])
    await asyncio.sleep(0)
    assert not await waits(watch)
    watch.arm()
    assert await waits(watch)


async def test_looking_again_and_again_costs_nothing(feeds: Feeds, watch: Watch) -> None:
    for _ in range(100):
        watch.arm()
    assert len(feeds._watching[A]) == 1


async def test_everybody_is_woken_when_the_node_stops(feeds: Feeds) -> None:
    with closing(feeds.watch(A)) as one, closing(feeds.watch(B)) as other:
        feeds.wake_all()
        assert not await waits(one)
        assert not await waits(other)


async def test_who_has_gone_leaves_nothing_behind(feeds: Feeds) -> None:
    with closing(feeds.watch(A)) as gone:
        gone.arm()
    feeds.publish([A])
    with closing(feeds.watch(A)) as stays:
        feeds.publish([A])
        async with asyncio.timeout(SOON):
            await stays.wait(2 * SOON)
    assert feeds._watching == {}
