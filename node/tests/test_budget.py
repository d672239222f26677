"""One organisation's messages never take more memory than its share."""

from __future__ import annotations

import asyncio

import pytest

from lienthong_node.services.budget import ByteBudget
from node.tests.support import A, B


async def test_waits_until_there_is_room() -> None:
    budget = ByteBudget(100)
    await budget.take(A, 60)
    second = asyncio.create_task(budget.take(A, 60))
    await asyncio.sleep(0)
    await asyncio.wait_for(budget.take(B, 100), 1)
    assert not second.done()
    await budget.give(A, 60)
    await asyncio.wait_for(second, 1)


async def test_message_larger_than_the_share_passes_alone() -> None:
    budget = ByteBudget(100)
    await asyncio.wait_for(budget.take(A, 1000), 1)
    waiting = asyncio.create_task(budget.take(A, 1))
    await asyncio.sleep(0)
    assert not waiting.done()
    await budget.give(A, 1000)
    await asyncio.wait_for(waiting, 1)


async def test_whoever_goes_away_takes_nothing() -> None:
    budget = ByteBudget(100)
    await budget.take(A, 100)
    waiting = asyncio.create_task(budget.take(A, 50))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await budget.give(A, 100)
    await asyncio.wait_for(budget.take(A, 100), 1)


async def test_empty_messages_weigh_nothing_whoever_comes_first() -> None:
    """One that is given back last finds that the share is at zero already."""
    budget = ByteBudget(100)
    await budget.take(A, 0)
    await budget.take(A, 60)
    await budget.give(A, 60)
    await budget.give(A, 0)
    await asyncio.wait_for(budget.take(A, 100), 1)
