"""Checking all stored time-stamps against the journal, and when they end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from attrs import define, field, frozen

from lienthong.errors import DataCorrupt
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.evidence.hashtree import BLOCK, blocks_of, root_of
from lienthong.evidence.note import VerifierKey
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


@define(eq=False)
class _StampTrees:
    """Trees over the first time-stamps; those of a digest read each full block once."""

    _store: RecordStore
    _full: dict[str, list[bytes]] = field(factory=dict, init=False)
    """Roots of full blocks, by digest."""

    def root(self, size: int, algorithm: str) -> bytes:
        """Over the first *size* time-stamps."""
        digest = DIGESTS[algorithm]
        known = self._full.get(algorithm, [])[: size // BLOCK]
        leaves = stamp_leaves(self._store, len(known) * BLOCK, size, algorithm)
        blocks = blocks_of(leaves, digest, known=known)
        self._full[algorithm] = blocks[: size // BLOCK]
        return root_of(blocks, digest)


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
    trees = _StampTrees(store)
    ends: list[datetime] = []
    holding: Statement | None = None
    for row in every_stamp(store):
        count += 1
        if row.number != count:
            raise DataCorrupt(what=f"time-stamp {count} is missing")
        link = rules.opened(stamp_of(row))
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
        if trees.root(statement.stamps.size, statement.algorithm) != statement.stamps.root:
            raise DataCorrupt(what=f"time-stamps before number {row.number} were changed")
        holding = holding if statement.entries is None else statement
    if holding is not None:
        _check_entries(store, blobs, holding)
    with store.read() as view:
        due = is_due(view, now, rules.lifetimes, rules.algorithm, rules.end_of)
    # A later renewal would come too late for those that have ended. Where that is the newest one
    # as well, so that nothing covers what it covers, ``due`` tells.
    living = [one for one in ends if one >= now]
    return StampsChecked(
        count=count,
        renewals=renewals,
        ends_at=min([*living, due.ends_at]),
        lost=lost + len(ends) - len(living),
    )


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
