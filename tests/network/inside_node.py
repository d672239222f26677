"""A node inside the test's process, with its event loop and its parts within reach."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, Self

from attrs import frozen

from lienthong_node import server
from lienthong_node.local import LocalAxis
from lienthong_node.server import Node

SECONDS: Final = 30.0
"""After that, somebody hangs."""


@frozen(eq=False)
class InsideNode:
    """A running node and the loop that it runs on."""

    node: Node
    loop: asyncio.AbstractEventLoop

    @classmethod
    @contextmanager
    def running(cls, axis: LocalAxis) -> Iterator[Self]:
        """Run the axis's node on a thread of this process."""
        loop, stop = asyncio.new_event_loop(), asyncio.Event()
        ready: list[Node] = []
        is_ready = threading.Event()

        async def run() -> None:
            ready.append(await server.start(axis.data))
            is_ready.set()
            await stop.wait()
            await ready[0].stop()

        thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
        thread.start()
        try:
            assert is_ready.wait(SECONDS)
            yield cls(ready[0], loop)
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(SECONDS)
            loop.close()

    def ask(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something on the node's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(SECONDS)

    def tasks(self) -> int:
        """Tasks on the node's loop, without the one that counts."""

        async def count() -> int:
            return len(asyncio.all_tasks()) - 1

        return int(self.ask(count()))
