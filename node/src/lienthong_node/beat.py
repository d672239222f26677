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


class Beat:
    """Wakes tasks of any event loop; its thread lives while somebody waits."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._waits = False

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
        with self._changed:
            heapq.heappush(self._due, (when, next(self._numbers), wake))
            if self._waits:
                self._changed.notify()
            else:
                self._waits = True
                threading.Thread(target=self._run, name="beat", daemon=True).start()

    def _run(self) -> None:
        with self._changed:
            while self._due:
                when, _, wake = self._due[0]
                left = when - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                heapq.heappop(self._due)
                # The loop of who waited may be closed by now.
                with suppress(RuntimeError):
                    wake()
            self._waits = False


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
