"""The instant at which certificates are judged: never before what the journal has recorded.

A machine's clock can be set back. Then an expired certificate must not count again, and what the
node says about validity must fit the times in its journal.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from lienthong.model.time import from_us


class JournalClock:
    """The machine's clock, but never behind the newest journal entry; may be shared."""

    def __init__(self, machine: Callable[[], datetime], recorded_us: int) -> None:
        """Start with the instant of the newest entry, in microseconds."""
        self._machine = machine
        self._recorded = from_us(recorded_us)

    def __call__(self) -> datetime:
        return max(self._machine(), self._recorded)

    def advance(self, recorded_us: int) -> None:
        """Note a newer entry; called by one thread."""
        self._recorded = max(self._recorded, from_us(recorded_us))
