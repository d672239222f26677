"""The disk reserve: refuse new packages while there is still room to deliver stored ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

REFRESH_S: Final = 0.25


class DiskGuard:
    """Says whether new packages may come in; looks at the disk a few times a second at most."""

    def __init__(
        self,
        free_bytes: Callable[[], int],
        *,
        reserve_bytes: int,
        monotonic: Callable[[], float],
    ) -> None:
        self._free_bytes = free_bytes
        self._reserve = reserve_bytes
        self._monotonic = monotonic
        self._looked_at = float("-inf")
        self.free = 0

    def reason(self) -> str:
        """Why new packages are refused; empty while they are accepted."""
        now = self._monotonic()
        if now - self._looked_at >= REFRESH_S:
            self._looked_at = now
            self.free = self._free_bytes()
        if self.free >= self._reserve:
            return ""
        return f"{self.free} bytes free, reserve {self._reserve}"

    def reached(self) -> bool:
        return bool(self.reason())
