"""Telling observers what has happened, without ever waiting for them."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

from attrs import frozen

from lienthong.errors import LienthongError
from lienthong.plugins.loading import Plugin
from lienthong.spi.observer import Observation

MOST_WAITING: Final = 1000
"""Observations that may wait for one observer; later ones are lost to it and counted."""

_log: Final = logging.getLogger("lienthong.plugins")


@frozen(kw_only=True)
class ObserverStatus:
    """How one observer is doing."""

    name: str
    distribution: str
    version: str
    told: int
    """Observations that it took without raising."""

    failed: int
    """Observations at which it raised."""

    lost: int
    """Observations that it was too slow for."""


class Observers:
    """The observers of a host, each with a queue and a thread of its own. May be shared."""

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        self._posts = tuple(_Post(plugin) for plugin in plugins)

    def observe(self, observation: Observation) -> None:
        """Hand an observation to all of them and return at once."""
        for post in self._posts:
            post.put(observation)

    def status(self) -> tuple[ObserverStatus, ...]:
        return tuple(post.status() for post in self._posts)

    def close(self, *, grace: float = 5.0) -> None:
        """Let them finish what waits, for *grace* seconds together; then leave them behind."""
        for post in self._posts:
            post.finish()
        end = time.monotonic() + grace
        for post in self._posts:
            post.join(end - time.monotonic())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class _Post:
    """The queue and the thread of one observer."""

    def __init__(self, plugin: Plugin) -> None:
        self._plugin = plugin
        self._queue: queue.Queue[Observation | None] = queue.Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._closing = False
        self._told = self._failed = self._lost = 0
        self._thread = threading.Thread(
            target=self._work, name=f"observer-{plugin.offer.name}", daemon=True
        )
        self._thread.start()

    def put(self, observation: Observation) -> None:
        with self._lock:
            if self._closing or self._queue.full():
                self._lost += 1
            else:
                self._queue.put_nowait(observation)

    def finish(self) -> None:
        with self._lock:
            self._closing = True
            if self._queue.empty():
                self._queue.put_nowait(None)

    def join(self, seconds: float) -> None:
        self._thread.join(max(seconds, 0))

    def status(self) -> ObserverStatus:
        offer = self._plugin.offer
        return ObserverStatus(
            name=offer.name,
            distribution=offer.distribution,
            version=offer.version,
            told=self._told,
            failed=self._failed,
            lost=self._lost,
        )

    def _work(self) -> None:
        while (observation := self._queue.get()) is not None:
            self._tell(observation)
            with self._lock:
                if self._closing and self._queue.empty():
                    return

    def _tell(self, observation: Observation) -> None:
        hook = self._plugin.relay.hook.lienthong_observe
        try:
            self._plugin.guard.call("lienthong_observe", hook, event=observation)
        except (LienthongError, KeyboardInterrupt) as error:
            self._failed += 1
            _log.warning("%s", error)
        else:
            self._told += 1
