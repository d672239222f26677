"""Whom to believe when clocks disagree: the majority whose answers can all be true at once.

Each answer is an interval. The point that most intervals hold is looked for (Marzullo 1984; RFC
5905 11.2.1); who holds it agrees, who does not is wrong, or claims to be surer than it is. Fewer
than half of all who were asked decide nothing: those who happen to answer could be the liars alone.

How sure that is follows from the same: if most are right, the truth is an offset that most allow.
So nobody makes the result less sure by claiming to know little.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from attrs import frozen


@frozen(kw_only=True)
class ClockSample:
    """What one clock says, on the time line of whoever asks."""

    name: str
    offset: float
    """Seconds by which it is ahead."""

    distance: float
    """Seconds; the true offset lies within ``offset`` plus or minus this, if it is right."""

    @property
    def low(self) -> float:
        """The least offset that it allows."""
        return self.offset - self.distance

    @property
    def high(self) -> float:
        """The greatest offset that it allows."""
        return self.offset + self.distance


@frozen(kw_only=True)
class Agreement:
    """What the majority says."""

    offset: float
    """The median of those who agree."""

    distance: float
    """Seconds; ``offset`` plus or minus this holds each offset that more than half of those who
    were asked allow, and so the true one if more than half are right. Never less than the surest
    of those who agree says."""

    agreeing: tuple[ClockSample, ...]
    others: tuple[ClockSample, ...]


def agree(samples: Sequence[ClockSample], *, asked: int) -> Agreement | None:
    """What more than half of the *asked* clocks agree on, or None."""
    # The points that most intervals hold begin and end where one of them does.
    groups = {
        point: [one for one in samples if one.low <= point <= one.high]
        for sample in samples
        for point in (sample.low, sample.high)
    }
    likely = [point for point, group in groups.items() if 2 * len(group) > asked]
    if not likely:
        return None
    best = max((groups[point] for point in sorted(likely)), key=len)
    middle = median(sample.offset for sample in best)
    reach = max(abs(point - middle) for point in likely)
    return Agreement(
        offset=middle,
        distance=max(reach, min(sample.distance for sample in best)),
        agreeing=tuple(best),
        others=tuple(one for one in samples if one not in best),
    )
