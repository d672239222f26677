"""Answers that leave on a beat, so that their time does not tell what was looked at for them.

An event loop waits in whole milliseconds, counted from when a timer was set: that would tell what
the beat is to hide (`N-01`). A thread waits exactly.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

BEAT_S: Final = 0.005
LINGER_S: Final = 10.0
"""How long the thread waits for somebody: to start another one would hold up the event loop."""


class Beat:
    """Wakes tasks of any event loop; its thread ends some time after nobody has waited any more."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._runs = False

    async def wait(self, started: float) -> None:
        """Wait until a whole number of beats has passed since an instant.

        Args:
            started: the instant, in seconds of the monotonic clock.
        """
        now = time.monotonic()
        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        wake = partial(loop.call_soon_threadsafe, _wake, woken)
        self._add(now + BEAT_S - (now - started) % BEAT_S, wake)
        await woken

    def _add(self, when: float, wake: Callable[[], object]) -> None:
        number = next(self._numbers)
        with self._changed:
            heapq.heappush(self._due, (when, number, wake))
            if not self._runs:
                threading.Thread(target=self._run, name="beat", daemon=True).start()
                self._runs = True
            elif self._due[0][1] == number:
                self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            try:
                while self._due or self._changed.wait(LINGER_S):
                    self._wake_next()
            finally:
                self._runs = False

    def _wake_next(self) -> None:
        """Wake who is due, or wait until somebody is or comes first."""
        when, _, wake = self._due[0]
        left = when - time.monotonic()
        if left > 0:
            self._changed.wait(left)
            return
        heapq.heappop(self._due)
        # The loop of who waited may be closed by now.
        with suppress(RuntimeError):
            wake()


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
