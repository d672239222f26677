"""One time limit for everything that a signature takes."""

from __future__ import annotations

import time
from typing import Self

from attrs import frozen


@frozen
class Deadline:
    """A point in time on the monotonic clock."""

    _ends: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """So many seconds from now."""
        return cls(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds until then, not below zero."""
        return max(self._ends - time.monotonic(), 0.0)

    def is_over(self) -> bool:
        """Whether no time is left."""
        return self.left == 0.0

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the deadline."""
        time.sleep(min(seconds, self.left))
