"""How many bytes of one organisation's messages may be in the node's memory at once."""

from __future__ import annotations

import asyncio
from typing import Final

LIMIT: Final = 32 * 1024 * 1024


class ByteBudget:
    """Counts bytes from reading a message to its answer; used on the event loop only."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._used: dict[str, int] = {}
        self._changed = asyncio.Condition()

    async def take(self, organ: str, size: int) -> None:
        """Wait until there is room; a single message always finds room when nothing else is."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._has_room(organ, size))
            self._used[organ] = self._used.get(organ, 0) + size

    async def give(self, organ: str, size: int) -> None:
        """Give back what was taken."""
        async with self._changed:
            left = self._used.pop(organ, 0) - size
            if left:
                self._used[organ] = left
            self._changed.notify_all()

    def _has_room(self, organ: str, size: int) -> bool:
        used = self._used.get(organ, 0)
        return used == 0 or used + size <= self._limit
