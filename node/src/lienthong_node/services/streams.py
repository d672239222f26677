"""Streams of batches: decoded in order, committed in the background, answered in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeVar

from lienthong.errors import Draining

Q = TypeVar("Q")
R = TypeVar("R")

DEPTH: Final = 8
"""Messages of one stream that may be on their way at once; then the caller has to wait."""


async def pipelined(
    requests: AsyncIterator[Q],
    begin: Callable[[Q], Awaitable[Awaitable[R]]],
    stopping: asyncio.Event,
) -> AsyncIterator[R]:
    """Answer every request once, in order of arrival.

    *begin* runs for one request after the other, so that their order is that of their effects; it
    returns what to wait for, and the next request begins meanwhile. When *stopping* is set, what
    was taken in is still answered.

    Raises:
        Draining: the node stops; what was not answered is to be sent again.
    """
    pending: asyncio.Queue[asyncio.Future[R] | None] = asyncio.Queue(DEPTH)

    async def read() -> None:
        try:
            async for request in requests:
                await pending.put(asyncio.ensure_future(await begin(request)))
        finally:
            await pending.put(None)

    reader = asyncio.create_task(read())
    stopper = asyncio.create_task(_cancel_when(stopping, reader))
    try:
        while (answer := await pending.get()) is not None:
            yield await answer
        await reader
    except asyncio.CancelledError:
        if stopping.is_set() and reader.cancelled():
            raise Draining from None
        raise
    finally:
        stopper.cancel()
        reader.cancel()
        # What a task raised refers to this frame, and this frame to the task: the request that was
        # refused would stay in memory until a collection of garbage.
        del reader, stopper


async def _cancel_when(event: asyncio.Event, task: asyncio.Task[None]) -> None:
    await event.wait()
    task.cancel()
