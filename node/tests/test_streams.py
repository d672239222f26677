"""Streams of batches: answered in order, decoded while others commit, drained at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import Final

import pytest
from attrs import Factory, define, field

from lienthong.errors import Draining, TooLarge
from lienthong_node.services.locks import KeyedLocks
from lienthong_node.services.streams import DEPTH, pipelined

SOON: Final = 5.0


@define(eq=False)
class Desk:
    """Takes numbers in and answers each when it is told to."""

    stopping: asyncio.Event = field(factory=asyncio.Event)
    begun: list[int] = Factory(list)
    answers: dict[int, asyncio.Future[str]] = Factory(dict)

    def open(self, number: int) -> asyncio.Future[str]:
        return self.answers.setdefault(number, asyncio.get_running_loop().create_future())

    async def begin(self, number: int) -> Awaitable[str]:
        self.begun.append(number)
        return self.open(number)

    def answer(self, *numbers: int) -> None:
        for number in numbers:
            self.open(number).set_result(f"answer {number}")

    def run(self, requests: AsyncIterator[int]) -> AsyncIterator[str]:
        return pipelined(requests, self.begin, self.stopping)


async def sent(numbers: Iterable[int]) -> AsyncIterator[int]:
    """A client that sends and closes its side."""
    for number in numbers:
        yield number


async def sent_and_waiting(numbers: Iterable[int]) -> AsyncIterator[int]:
    """A client that sends and keeps its side open."""
    for number in numbers:
        yield number
    await asyncio.Event().wait()


async def all_of(answers: AsyncIterator[str]) -> list[str]:
    async with asyncio.timeout(SOON):
        return [answer async for answer in answers]


async def collect(answers: AsyncIterator[str], found: list[str]) -> None:
    """Also what came before an error is found."""
    async with asyncio.timeout(SOON):
        async for answer in answers:
            found.append(answer)  # noqa: PERF401 - see above


async def until(condition: list[int], count: int) -> None:
    async with asyncio.timeout(SOON):
        while len(condition) < count:  # noqa: ASYNC110 - the loop only has to turn
            await asyncio.sleep(0)


async def test_answers_stand_in_the_order_of_the_requests() -> None:
    desk = Desk()
    desk.answer(3, 1, 2)
    assert await all_of(desk.run(sent([1, 2, 3]))) == ["answer 1", "answer 2", "answer 3"]
    assert desk.begun == [1, 2, 3]


async def test_the_next_request_is_taken_in_before_the_first_is_answered() -> None:
    desk = Desk()
    reading = asyncio.create_task(all_of(desk.run(sent([1, 2]))))
    await until(desk.begun, 2)
    desk.answer(2)
    await asyncio.sleep(0)
    assert not reading.done()
    desk.answer(1)
    assert await reading == ["answer 1", "answer 2"]


async def test_only_so_many_are_on_their_way() -> None:
    """One more than the queue holds has begun; the client's sending then has to wait."""
    desk = Desk()
    reading = asyncio.create_task(all_of(desk.run(sent(range(100)))))
    await until(desk.begun, DEPTH)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(desk.begun) <= DEPTH + 2
    desk.answer(*range(100))
    assert len(await reading) == 100


async def test_an_error_comes_after_what_was_taken_in_before_it() -> None:
    desk = Desk()

    async def begin(number: int) -> Awaitable[str]:
        if number == 2:
            raise TooLarge(what="items", found=300, limit=256)
        return await desk.begin(number)

    desk.answer(1)
    found: list[str] = []
    with pytest.raises(TooLarge):
        await collect(pipelined(sent([1, 2, 3]), begin, desk.stopping), found)
    assert found == ["answer 1"]


async def test_what_was_taken_in_is_answered_while_the_node_drains() -> None:
    desk = Desk()
    found: list[str] = []
    reading = asyncio.create_task(collect(desk.run(sent_and_waiting([1, 2])), found))
    await until(desk.begun, 2)
    desk.stopping.set()
    desk.answer(1, 2)
    with pytest.raises(Draining):
        await asyncio.wait_for(reading, SOON)
    assert found == ["answer 1", "answer 2"]


async def test_a_client_that_goes_away_leaves_no_task_behind() -> None:
    desk, before = Desk(), asyncio.all_tasks()
    reading = asyncio.create_task(all_of(desk.run(sent_and_waiting([1]))))
    await until(desk.begun, 1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    async with asyncio.timeout(SOON):
        while asyncio.all_tasks() != before:  # noqa: ASYNC110 - the loop only has to turn
            await asyncio.sleep(0)


class TestKeyedLocks:
    async def test_the_same_key_waits_and_others_do_not(self) -> None:
        locks, steps = KeyedLocks(), []

        async def work(key: str) -> None:
            async with locks(key):
                steps.append(f"{key} in")
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                steps.append(f"{key} out")

        await asyncio.gather(work("a"), work("a"), work("b"))
        assert steps.index("b in") < steps.index("a out")
        assert [step for step in steps if step[0] == "a"] == ["a in", "a out"] * 2

    async def test_leaves_nothing_behind(self) -> None:
        locks = KeyedLocks()
        with pytest.raises(ValueError, match="broken"):
            async with locks("a"):
                raise ValueError("broken")
        async with locks("a"):
            waiting = asyncio.create_task(locks("a").__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        assert locks._locks == {}
