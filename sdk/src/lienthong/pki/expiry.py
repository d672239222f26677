"""How long certificates last: warned of 60, 30 and 7 days ahead."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

WARNED_AHEAD: Final = (60, 30, 7)
"""Days before the end at which people are warned."""

_DAY: Final = timedelta(days=1)


def days_left(not_after: datetime, now: datetime) -> int:
    """Whole days until a certificate ends; negative afterwards."""
    return (not_after - now) // _DAY


def warning(not_after: datetime, now: datetime) -> int | None:
    """Which warning is due: within 60, 30 or 7 days, 0 after the end, None while there is none."""
    if now > not_after:
        return 0
    due = [ahead for ahead in WARNED_AHEAD if not_after - now <= ahead * _DAY]
    return min(due, default=None)
