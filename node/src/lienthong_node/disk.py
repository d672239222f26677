"""The disk reserve: refuse new packages while there is still room to deliver stored ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

REFRESH_S: Final = 0.25
LEAST_RESERVE: Final = 256 * 1024**2
"""Bytes; holds what the database's log takes while reports go on, many times over."""

SHARE: Final = 20
"""The reserve is one part in so many of the volume: 5 %."""


def reserve_bytes(chosen: int | None, volume_bytes: int) -> int:
    """The reserve that the settings choose, or by rule 5 % of the volume, at least 256 MiB."""
    return max(volume_bytes // SHARE, LEAST_RESERVE) if chosen is None else chosen


def volume_bytes(folder: Path) -> int:
    """Size of the volume that holds a folder."""
    volume = os.statvfs(folder)
    return volume.f_blocks * volume.f_frsize


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
