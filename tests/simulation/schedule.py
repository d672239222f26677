"""Schedules: what happens, step by step; each step carries its own random number."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

from attrs import frozen

WEIGHTS: Final[Mapping[str, float]] = {
    "deliver": 70,
    "commit": 24,
    "send": 7,
    "report": 12,
    "read": 12,
    "follow_up": 3,
    "attack": 3,
    "resend": 4,
    "drop": 2,
    "double": 2,
    "look": 1,
    "head": 2,
    "tick": 2,
    "jump": 1,
    "skew": 1,
    "crash": 1,
    "disk": 2,
    "restart_client": 1,
    "sweep": 1,
    "revoke": 0.2,
    "tend": 3,
    "law": 0.5,
}
"""How often each kind of step comes."""

FAULTS: Final = (
    "attack",
    "drop",
    "double",
    "jump",
    "skew",
    "crash",
    "disk",
    "restart_client",
    "revoke",
)
"""Left out of some schedules, or many in others, so that schedules differ in kind."""

SETUP: Final = 6
"""Steps that send, at the beginning."""


@frozen
class Step:
    """One step."""

    kind: str
    number: int
    """Makes all choices of the step; the same in every part of the schedule."""

    def __str__(self) -> str:
        return f"{self.kind}:{self.number}"


USUAL: Final[Mapping[str, float]] = {}
"""No weight but those above."""

ROLLING_BACK: Final[Mapping[str, float]] = {"disk": 8, "head": 20}
"""Weights where somebody puts old records in place, and clients look at heads."""

UPLOADING: Final[Mapping[str, float]] = {"sweep": 8, "tick": 6, "send": 14}
"""Weights where uploads, submissions and sweeps race each other (D-23)."""


WAITING: Final[Mapping[str, float]] = {"tick": 12, "tend": 12, "law": 2, "report": 6}
"""Weights where much gets late."""


def generate(seed: int, steps: int, more: Mapping[str, float] = USUAL) -> tuple[Step, ...]:
    """The schedule of a seed; *more* takes the place of some weights."""
    chance = random.Random(f"schedule {seed}")
    weights = dict(WEIGHTS)
    for fault in FAULTS:
        weights[fault] *= chance.choice((0, 1, 1, 3))
    weights.update(more)
    kinds = ["send"] * min(SETUP, steps)
    kinds += chance.choices(list(weights), list(weights.values()), k=steps - len(kinds))
    return tuple(Step(kind, chance.getrandbits(32)) for kind in kinds)
