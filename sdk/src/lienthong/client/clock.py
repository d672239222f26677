"""The one place of the client that reads the machine's clock and its randomness."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Gives the present instant with a time zone."""

Randomness: TypeAlias = Callable[[int], bytes]
"""Gives so many unpredictable bytes."""


def system_clock() -> datetime:
    """The machine's present instant, UTC (QĐ 52/2019 Đ10.3)."""
    return datetime.now(UTC)


system_randomness: Randomness = os.urandom
