"""A clock that only moves when a test moves it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Final

from lienthong.model.time import check_aware

START: Final = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
"""A Monday, 08:30 in Vietnam, in the middle of office hours."""


class FixedClock:
    """Gives the same instant until it is advanced; may be shared between threads.

    It is called like the real clock: ``clock()`` returns an aware instant, UTC.
    """

    def __init__(self, at: datetime = START) -> None:
        check_aware(at, field="at")
        self._now = at.astimezone(UTC)
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            return self._now

    def advance(self, step: timedelta) -> datetime:
        """Move on by *step* (backwards when negative, as broken machines do); returns the time."""
        with self._lock:
            self._now += step
            return self._now

    def set(self, at: datetime) -> None:
        """Jump to an instant.

        Raises:
            NaiveTime: *at* has no time zone.
        """
        check_aware(at, field="at")
        with self._lock:
            self._now = at.astimezone(UTC)

    def __repr__(self) -> str:
        return f"FixedClock({self._now.isoformat()})"
