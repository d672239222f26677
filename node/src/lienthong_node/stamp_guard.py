"""How far the journal's time-stamps lag behind, and what follows from it.

A node that cannot get time-stamps goes on for a while, and what it gives until then waits for the
next one, which covers everything before it. After four hours it takes no new documents; deliveries,
reports and receipts go on. All of this follows from the records: a restart changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from attrs import define, field, frozen

from lienthong.errors import TimestampOverdue
from lienthong.evidence.stamps import CHECKPOINT
from lienthong.model.time import format_vietnam, from_us
from lienthong.spi.storage import ReadView, RecordStore

LIMIT: Final = timedelta(hours=4)
REFRESH: Final = timedelta(seconds=1)


@frozen(kw_only=True)
class StampState:
    """How the journal and its time-stamps stand."""

    size: int
    """Entries of the journal."""

    covered: int
    """Of them, those that a time-stamp covers."""

    stamped_at: datetime | None
    """The newest time-stamp's time."""

    pending_since: datetime | None
    """When the oldest entry was recorded that none covers."""


def read_state(view: ReadView) -> StampState:
    """How the time-stamps stand in a look at the records."""
    last, size = view.last_stamp(CHECKPOINT), view.head().size
    covered = last.size if last else 0
    first = view.journal(covered, 1)
    return StampState(
        size=size,
        covered=covered,
        stamped_at=from_us(last.stamped_us) if last else None,
        pending_since=from_us(first[0].recorded_us) if first else None,
    )


@define(eq=False)
class StampGuard:
    """Says whether new documents are taken; reads the records at most once a second.

    May be shared between threads: at worst two of them read at once.
    """

    store: RecordStore
    limit: timedelta = LIMIT
    failing: str = ""
    """Why there is no newer time-stamp, as far as somebody has tried."""

    _looked_at: datetime | None = field(default=None, init=False)
    _pending_since: datetime | None = field(default=None, init=False)

    def check(self, now: datetime) -> None:
        """Check that new documents may be taken.

        Raises:
            TimestampOverdue: entries wait for a time-stamp for too long.
        """
        since = self._since(now)
        if since is not None and now - since > self.limit:
            raise TimestampOverdue(
                since=format_vietnam(since), reason=self.failing or "none was asked for yet"
            )

    def stamped(self) -> None:
        """A time-stamp was stored: the next question looks at the records."""
        self.failing, self._looked_at = "", None

    def reason(self, now: datetime) -> str:
        """Why no new documents are taken; empty while they are."""
        try:
            self.check(now)
        except TimestampOverdue as error:
            return str(error)
        return ""

    def _since(self, now: datetime) -> datetime | None:
        if self._looked_at is None or abs(now - self._looked_at) >= REFRESH:
            with self.store.read() as view:
                last = view.last_stamp(CHECKPOINT)
                first = view.journal(last.size if last else 0, 1)
            self._pending_since = from_us(first[0].recorded_us) if first else None
            self._looked_at = now
        return self._pending_since
