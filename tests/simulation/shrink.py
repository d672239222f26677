"""Taking away from a failing schedule what its failure does not need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tests.simulation.invariants import Broken
from tests.simulation.schedule import Step

MAX_RUNS: Final = 400
"""Runs of parts; the best part so far is the answer then."""


def shrink(
    schedule: Sequence[Step],
    run: Callable[[Sequence[Step]], Broken | None],
    *,
    max_runs: int = MAX_RUNS,
) -> tuple[Step, ...]:
    """The shortest part that was found in which the same invariant is broken.

    Pieces of half, a quarter … of the schedule are left out as long as it still fails.
    """
    whole = run(schedule)
    if whole is None:
        raise ValueError("the schedule does not fail")
    runs = 1

    def fails(part: Sequence[Step]) -> bool:
        nonlocal runs
        runs += 1
        found = run(part)
        return found is not None and found.invariant == whole.invariant

    best = tuple(schedule)
    size = max(1, len(best) // 2)
    while size:
        start = len(best)
        while start > 0 and runs < max_runs:
            part = best[: max(0, start - size)] + best[start:]
            if len(part) < len(best) and fails(part):
                best = part
            start -= size
        size //= 2
    return best
