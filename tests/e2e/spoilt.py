"""An axis's node inside this process, so that a test can spoil its code."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from lienthong_node import server
from lienthong_node.local import LocalAxis

SECONDS: Final = 30.0
"""After that, somebody hangs."""


@contextmanager
def in_process(axis: LocalAxis) -> Iterator[None]:
    """Run the axis's node on a thread of this process."""
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def run() -> None:
        node = await server.start(axis.data)
        ready.set()
        await stop.wait()
        await node.stop()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        assert ready.wait(SECONDS)
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(SECONDS)
        loop.close()
