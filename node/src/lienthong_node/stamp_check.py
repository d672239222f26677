"""Checking all stored time-stamps against the journal, and when they end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from attrs import frozen

from lienthong.errors import DataCorrupt
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.evidence.hashtree import blocks_of, root_of
from lienthong.evidence.note import VerifierKey
from lienthong.evidence.renewal import open_stamp
from lienthong.evidence.stamps import Statement
from lienthong.pki.cms import DIGESTS
from lienthong.spi.records import StampRow
from lienthong.spi.storage import BlobStore, RecordStore
from lienthong_node import heads
from lienthong_node.stamp_trees import entry_leaves, is_due, stamp_leaves, stamp_of
from lienthong_node.stamping import StampRules

PAGE = 500


@frozen(kw_only=True)
class StampsChecked:
    """What was checked."""

    count: int
    renewals: int
    ends_at: datetime
    """When the first of them ends that nothing newer outlives, of those that are not lost; UTC."""

    lost: int
    """Time-stamps of checkpoints that had ended before they were renewed: they prove nothing."""


def check_stamps(
    store: RecordStore,
    blobs: BlobStore,
    key: VerifierKey,
    rules: StampRules,
    now: datetime,
) -> StampsChecked:
    """Check every time-stamp: its token, and that it covers the journal and stamps that are here.

    Of the renewals that cover entries, the last one is computed again, from all stored files.

    Raises:
        LienthongError: naming what is wrong with the first that is not good.
    """
    count = renewals = lost = 0
    ends: list[datetime] = []
    holding: Statement | None = None
    for row in every_stamp(store):
        count += 1
        if row.number != count:
            raise DataCorrupt(what=f"time-stamp {count} is missing")
        link = open_stamp(stamp_of(row), rules.anchors, rules.lifetimes)
        statement = link.statement
        if statement is None:
            ends.append(link.ends)
            with store.read() as view:
                checkpoint = open_checkpoint(row.text, key)
                heads.check_continues(view, checkpoint, f"time-stamp {row.number}")
            continue
        renewals += 1
        # All before it now last as long as this one, but for those for which it came too late.
        in_time = sum(one >= link.at for one in ends)
        lost += len(ends) - in_time
        ends = [link.ends] * in_time
        digest = DIGESTS[statement.algorithm]
        leaves = stamp_leaves(store, 0, statement.stamps.size, statement.algorithm)
        if root_of(blocks_of(leaves, digest), digest) != statement.stamps.root:
            raise DataCorrupt(what=f"time-stamps before number {row.number} were changed")
        holding = holding if statement.entries is None else statement
    if holding is not None:
        _check_entries(store, blobs, holding)
    with store.read() as view:
        due = is_due(view, now, rules.lifetimes, rules.algorithm, rules.end_of)
    ends_at = min([*ends, due.ends_at])
    return StampsChecked(count=count, renewals=renewals, ends_at=ends_at, lost=lost)


def _check_entries(store: RecordStore, blobs: BlobStore, said: Statement) -> None:
    assert said.entries is not None  # noqa: S101 - whoever asks has looked
    leaves = entry_leaves(store, blobs, 0, said.entries.size, said.algorithm)
    digest = DIGESTS[said.algorithm]
    if root_of(blocks_of(leaves, digest), digest) != said.entries.root:
        raise DataCorrupt(what=f"the first {said.entries.size} entries, or their files, differ")


def every_stamp(store: RecordStore) -> Iterator[StampRow]:
    """All time-stamps, in order."""
    number = 0
    while True:
        with store.read() as view:
            rows = view.stamps(number, PAGE)
        if not rows:
            return
        yield from rows
        number = rows[-1].number
