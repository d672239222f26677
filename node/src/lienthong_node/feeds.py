"""Waking readers: who waits for news about an organisation is told after each durable batch."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from attrs import define


class Feeds:
    """Wake-ups by organisation.

    A wake-up only says "look again"; the store decides what is new, so that a lost or doubled one
    can neither skip nor repeat an entry.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watching: dict[str, set[Watch]] = {}

    def watch(self, organ: str) -> Watch:
        """Begin to notice news about *organ*; do so before looking into the store."""
        watch = Watch(self, organ, self._loop)
        self._watching.setdefault(organ, set()).add(watch)
        return watch

    def publish(self, organs: Iterable[str]) -> None:
        """Wake the readers of these organisations; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._wake, frozenset(organs))

    def wake_all(self) -> None:
        """Wake everybody, on the event loop: the node stops."""
        self._wake(frozenset(self._watching))

    def _wake(self, organs: frozenset[str]) -> None:
        for organ in organs:
            for watch in self._watching.get(organ, ()):
                watch.notice()

    def discard(self, organ: str, watch: Watch) -> None:
        """Forget who does not watch any more."""
        watching = self._watching.get(organ)
        if watching is not None:
            watching.discard(watch)
            if not watching:
                del self._watching[organ]


@define(eq=False)
class Watch:
    """Notices whether anything happened since it was last armed; thousands of them may wait."""

    _feeds: Feeds
    _organ: str
    _loop: asyncio.AbstractEventLoop
    _noticed: bool = False
    _waiter: asyncio.Future[None] | None = None

    def arm(self) -> None:
        """Forget what was noticed; call it before looking into the store."""
        self._noticed = False

    def notice(self) -> None:
        """Something happened: who waits goes on."""
        self._noticed = True
        self._go_on()

    async def wait(self, timeout_s: float) -> None:
        """Return when something happened since ``arm``, or after *timeout_s* seconds.

        One waits at a time.
        """
        if self._noticed:
            return
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(timeout_s, self._go_on)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def close(self) -> None:
        self._feeds.discard(self._organ, self)

    def _go_on(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
