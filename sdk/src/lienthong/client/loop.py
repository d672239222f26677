"""The event loop behind the synchronous client: one thread of the process runs it.

gRPC's asyncio support wants one event loop in a process, so all ``Client`` objects share this one.
A program that runs an event loop of its own uses ``AsyncClient`` on that loop and no ``Client``.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from lienthong.errors import Closed

T = TypeVar("T")


class LoopThread:
    """A daemon thread that runs an event loop until the process ends."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="lienthong", daemon=True
        )
        self._thread.start()

    @property
    def is_usable(self) -> bool:
        """False in a process that was forked: threads do not live on there."""
        return self._process == os.getpid()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop and wait for what it gives.

        An interrupt of the waiting thread cancels the coroutine.

        Raises:
            Closed: the process was forked since; a client does not live on in the child.
            RuntimeError: called on the loop's own thread, which would wait for ever.
        """
        if not self.is_usable:
            coroutine.close()
            raise Closed(what="the client of the parent process")
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError("a Client cannot be used in a callback; use AsyncClient there")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def finish(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that cleans up; from anywhere, also where nothing can be waited for."""
        if not self.is_usable:
            coroutine.close()
        elif threading.current_thread() is self._thread:
            # An iterator that nobody finished was collected here.
            asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        else:
            self.run(coroutine)


_LOCK: Final = threading.Lock()
_shared: LoopThread | None = None


def shared_loop() -> LoopThread:
    """The process's loop thread; started at the first call, anew in a forked process."""
    global _shared  # noqa: PLW0603 - gRPC wants one loop in a process, so this is the process's
    with _LOCK:
        if _shared is None or not _shared.is_usable:
            _shared = LoopThread()
        return _shared
