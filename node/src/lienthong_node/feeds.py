"""Waking readers: who waits for news about an organisation is told after each durable batch."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable


class Feeds:
    """Wake-ups by organisation.

    A wake-up only says "look again"; the store decides what is new, so that a lost or doubled one
    can neither skip nor repeat an entry.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    def watch(self, organ: str) -> Watch:
        """Begin to notice news about *organ*; do so before looking into the store."""
        return Watch(self, organ)

    def publish(self, organs: Iterable[str]) -> None:
        """Wake the readers of these organisations; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._wake, frozenset(organs))

    def wake_all(self) -> None:
        """Wake everybody, on the event loop: the node stops."""
        self._wake(frozenset(self._waiting))

    def _wake(self, organs: frozenset[str]) -> None:
        for organ in organs:
            for future in self._waiting.pop(organ, ()):
                if not future.done():
                    future.set_result(None)

    def add(self, organ: str) -> asyncio.Future[None]:
        """A future that the next news about *organ* completes."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.setdefault(organ, set()).add(future)
        return future

    def discard(self, organ: str, future: asyncio.Future[None]) -> None:
        """Forget a future that nobody waits for any more."""
        waiting = self._waiting.get(organ)
        if waiting is not None:
            waiting.discard(future)
            if not waiting:
                del self._waiting[organ]


class Watch:
    """Notices whether anything happened since it was last armed."""

    def __init__(self, feeds: Feeds, organ: str) -> None:
        self._feeds = feeds
        self._organ = organ
        self._future = feeds.add(organ)

    def arm(self) -> None:
        """Forget what was noticed; call it before looking into the store."""
        if self._future.done():
            self._future = self._feeds.add(self._organ)

    async def wait(self, timeout_s: float) -> None:
        """Return when something happened since ``arm``, or after *timeout_s* seconds."""
        await asyncio.wait({self._future}, timeout=timeout_s)

    def close(self) -> None:
        self._feeds.discard(self._organ, self._future)
        self._future.cancel()
