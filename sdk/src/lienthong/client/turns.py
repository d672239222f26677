"""One after the other, in an order that was agreed beforehand, among tasks that run together."""

from __future__ import annotations

import asyncio

from attrs import define, field


@define(eq=False)
class Turn:
    """The turn of one task: ``async with turn`` waits for those before; ``over`` ends it anyhow.

    One that follows nothing waits for nobody.
    """

    before: asyncio.Event | None = None
    _done: asyncio.Event = field(factory=asyncio.Event, init=False)

    async def __aenter__(self) -> None:
        if self.before is not None:
            await self.before.wait()

    async def __aexit__(self, *error: object) -> None:
        self._done.set()

    async def over(self) -> None:
        """Let the next one go on, also if this turn was never taken."""
        async with self:
            pass

    @property
    def done(self) -> asyncio.Event:
        """Set when the turn has been taken."""
        return self._done


def turns_for(count: int) -> list[Turn]:
    """That many turns, each after the one before."""
    turns: list[Turn] = []
    for _ in range(count):
        turns.append(Turn(turns[-1].done if turns else None))
    return turns
