"""The simulated network: packets that are lost, doubled, late and out of order."""

from __future__ import annotations

import random
from typing import Final

from attrs import define, evolve, field, frozen

NEAREST: Final = 0.6
"""Chance that the oldest packet is taken; otherwise one further back overtakes it."""


@frozen(kw_only=True)
class Packet:
    """A request to the node, or its answer."""

    client: str
    """Organisation of the client, by the certificate of its connection."""

    call: int
    """Number of the call, by which a client knows what an answer is for."""

    method: str
    data: bytes
    is_answer: bool = False
    is_fault: bool = False


@define(eq=False)
class Network:
    """Everything that is under way."""

    packets: list[Packet] = field(factory=list)

    def send(self, packet: Packet) -> None:
        self.packets.append(packet)

    def take(self, chance: random.Random) -> Packet | None:
        """The packet that arrives next."""
        at = self._pick(chance)
        return None if at is None else self.packets.pop(at)

    def drop(self, chance: random.Random) -> Packet | None:
        """Lose a packet."""
        return self.take(chance)

    def double(self, chance: random.Random) -> Packet | None:
        """Let a request arrive twice, as when it is sent again while the first is under way."""
        at = self._pick(chance)
        if at is None or self.packets[at].is_answer:
            return None
        self.packets.append(evolve(self.packets[at]))
        return self.packets[at]

    def _pick(self, chance: random.Random) -> int | None:
        at = 0
        while at + 1 < len(self.packets) and chance.random() > NEAREST:
            at += 1
        return at if self.packets else None
