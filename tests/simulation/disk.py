"""A medium that forgets: what was written and not synced may be lost, torn or reordered.

The store writes a transaction as frames into a log, syncs, and is then allowed to answer. A crash
keeps what was synced; of the other frames each one is there, missing or torn, whatever came after
it. Opening reads the log to the first frame that is not whole, and a transaction counts when its
last frame was read.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from attrs import define, field, fields, frozen

from lienthong.errors import DiskFull, StoreFailed
from lienthong.testing.store import MemoryMedium, MemoryRecords, MemoryRecordStore

TABLES: Final = tuple(table.name for table in fields(MemoryRecords)[1:])
Change: TypeAlias = tuple[str, Any, Any]
"""Table, key and row, None for one that is deleted; the head has no key."""


class Crash(BaseException):
    """The node's process ends here; nothing of it runs on."""


@frozen
class Frame:
    """One write of a transaction."""

    change: Change
    is_last: bool


@define(eq=False)
class SimDisk:
    """The medium; outlives stores and crashes."""

    records: MemoryRecords = field(factory=MemoryRecords)
    """What is synced."""

    unsynced: list[Frame] = field(factory=list)
    plan: str = ""
    """What happens at the next commit: a moment to crash, or an error; see ``PLANS``."""

    chance: random.Random = field(factory=lambda: random.Random(0))
    syncs: bool = True
    """False: a planted fault, answers do not wait for the sync."""

    copies: list[MemoryRecords] = field(factory=list)
    """What was synced, commit by commit."""

    def open(self) -> SimStore:
        """Open a store on what a restart would find."""
        self.records = self.recovered()
        self.unsynced = []
        return SimStore(self)

    def write(self, changes: Sequence[Change]) -> None:
        """Make one transaction durable.

        Raises:
            Crash, DiskFull, StoreFailed: as planned.
        """
        plan, self.plan = self.plan, ""
        if plan == "crash before":
            raise Crash
        if plan == "disk full":
            raise DiskFull
        frames = [Frame(change, is_last=False) for change in changes[:-1]]
        frames += [Frame(change, is_last=True) for change in changes[-1:]]
        if plan == "crash while writing":
            self.unsynced += frames[: self.chance.randrange(len(frames) + 1)]
            raise Crash
        self.unsynced += frames
        if plan == "crash before sync":
            raise Crash
        if plan == "sync fails":
            # The store reopens and verifies itself: it goes on from what is really there.
            self.forget()
            raise StoreFailed(reason="the sync failed")
        if self.syncs:
            self.copies.append(self.records)
            self.records, self.unsynced = self.recovered(), []
        if plan == "crash after sync":
            raise Crash

    def forget(self) -> None:
        """The power goes: of what was not synced, something is left."""
        kept: list[Frame] = []
        for frame in self.unsynced:
            # The first frame that is lost or torn ends what can be read.
            if self.chance.random() < SURVIVES:
                kept.append(frame)
            else:
                break
        self.unsynced = kept
        self.records, self.unsynced = self.recovered(), []

    def recovered(self) -> MemoryRecords:
        """What opening would find: whole transactions only."""
        if not self.unsynced:
            return self.records
        found = self.records.copy()
        pending: list[Change] = []
        for frame in self.unsynced:
            pending.append(frame.change)
            if frame.is_last:
                for change in pending:
                    _apply(found, change)
                pending = []
        return found


SURVIVES: Final = 0.8
"""Chance of each frame to be whole after a crash; a dozen of them make a transaction."""

PLANS: Final = (
    "crash before",
    "crash while writing",
    "crash before sync",
    "crash after sync",
    "sync fails",
    "disk full",
)


class SimStore(MemoryRecordStore):
    """The store in memory, on the medium that forgets."""

    def __init__(self, disk: SimDisk) -> None:
        super().__init__(MemoryMedium(records=disk.records))
        self.disk = disk

    def _commit(self, records: MemoryRecords) -> None:
        changes = _changes(self.medium.records, records)
        if not changes:
            return
        try:
            self.disk.write(changes)
        except StoreFailed:
            self.medium.records = self.disk.records
            raise
        self.medium.records = records


def _changes(old: MemoryRecords, new: MemoryRecords) -> list[Change]:
    found: list[Change] = []
    for table in TABLES:
        before, after = getattr(old, table), getattr(new, table)
        found += [(table, key, None) for key in before if key not in after]
        found += [(table, key, row) for key, row in after.items() if before.get(key) is not row]
    return [*found, ("head", None, new.head)] if old.head != new.head else found


def _apply(records: MemoryRecords, change: Change) -> None:
    table, key, row = change
    if table == "head":
        records.head = row
    elif row is None:
        getattr(records, table).pop(key, None)
    else:
        getattr(records, table)[key] = row
