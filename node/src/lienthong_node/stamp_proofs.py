"""Proofs that time-stamps cover entries, made from the records when they are asked for.

A place in a renewal's tree is computed from one block of 256 leaves and the roots of the others.
Leaves of entries need the files of their packages read, so that those of the last blocks are kept.
Renewals are few and never change: they are kept without the roots of their blocks, which are many.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, TypeAlias, TypeVar

from attrs import define, evolve, field

from lienthong.errors import Draining, InvalidValue, NotFound
from lienthong.evidence.hashtree import BLOCK, path_in
from lienthong.evidence.renewal import Link, Way, best_way, open_stamp
from lienthong.evidence.stamps import CHECKPOINT, RENEWAL, Statement
from lienthong.model.stamps import EntryPlace, Place, Renewal, StampProof
from lienthong.pki.cms import DIGESTS
from lienthong.spi.records import StampRow
from lienthong.spi.storage import BlobStore, ReadView, RecordStore
from lienthong_node.stamp_trees import (
    entry_blocks,
    entry_leaves,
    file_digests,
    stamp_blocks,
    stamp_leaves,
    stamp_of,
)
from lienthong_node.stamping import StampRules

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_Leaves: TypeAlias = Callable[[int, int], Iterator[bytes]]
"""Leaves of a tree from a place up to another one."""

OTHERS: Final = 4
"""Later time-stamps to look at when the first one no longer proves anything."""

_ALL: Final = 10_000
_KEPT_BLOCKS: Final = 64
_KEPT_LINKS: Final = 4_096


@define(eq=False)
class StampProofs:
    """Makes proofs; may be shared between threads."""

    store: RecordStore
    blobs: BlobStore
    rules: StampRules
    stopping: Callable[[], bool] = lambda: False
    """A node that is being stopped reads no more files."""

    _renewals: list[StampRow] = field(factory=list, init=False)
    """All that were seen, without the roots of their blocks."""

    _links: OrderedDict[int, Link] = field(factory=OrderedDict, init=False)
    _leaves: OrderedDict[Hashable, list[bytes]] = field(factory=OrderedDict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def proof(self, size: int, indexes: Iterable[int], now: datetime) -> StampProof:
        """The proof that the journal had so many entries at a time.

        It is the first time-stamp that covers them, unless that one proves nothing any more and
        one of the next does.

        Args:
            size: how many entries must be covered.
            indexes: entries whose places in renewals are wanted, all below *size*.
            now: the present instant.

        Raises:
            NotFound: none covers them yet.
            LienthongError: a stored token or file is damaged.
        """
        wanted = sorted(set(indexes))
        if wanted and not 0 <= wanted[0] <= wanted[-1] < size:
            raise InvalidValue(field="indexes", found=wanted[-1], expected=f"below {size}")
        with self.store.read() as view:
            first = view.stamp_covering(size)
            if first is None:
                raise NotFound(what=f"a time-stamp that covers {size} entries")
            stamps = [first, *view.stamps(first.number, OTHERS, CHECKPOINT)]
            # Those of one authority, which was lost, may be many.
            stamps += filter(None, [view.last_stamp(CHECKPOINT)])
            renewals = self._renewals_since(view, first.number)
        ways = (self._way(stamp, renewals, size - 1) for stamp in stamps)
        alive = (way for way in ways if way.ends(self.rules.lifetimes) >= now)
        way = next(alive, None) or self._way(first, renewals, size - 1)
        rows = {stamp_of(row): row for row in (*stamps, *renewals)}
        chosen = [rows[link.stamp] for link in way.links]
        return StampProof(
            stamp=stamp_of(chosen[0]),
            renewals=[
                self._renewal(row, chosen[:place], wanted)
                for place, row in enumerate(chosen[1:], start=1)
            ],
        )

    def _way(self, first: StampRow, renewals: Sequence[StampRow], index: int) -> Way:
        later = [self._known(row) for row in renewals if row.number > first.number]
        return best_way(self._known(first), later, index, self.rules.lifetimes)

    def _known(self, row: StampRow) -> Link:
        # What was verified is remembered; what becomes known of its authority is not.
        return self.rules.as_known(self._link(row))

    def _renewals_since(self, view: ReadView, number: int) -> list[StampRow]:
        with self._lock:
            last = self._renewals[-1].number if self._renewals else 0
            new = view.stamps(last, _ALL, RENEWAL)
            self._renewals += [evolve(row, blocks=b"") for row in new]
            return [row for row in self._renewals if row.number > number]

    def _renewal(
        self, known: StampRow, earlier: Sequence[StampRow], wanted: Sequence[int]
    ) -> Renewal:
        with self.store.read() as view:
            [row] = view.stamps(known.number - 1, 1)
        said = Statement.parse(row.text)
        places = [self._place(row, said, one.number - 1) for one in earlier]
        covered = 0 if said.entries is None else said.entries.size
        entries = [self._entry(row, index) for index in wanted if index < covered]
        return Renewal(stamp=stamp_of(row), stamps=places, entries=entries)

    def _place(self, row: StampRow, said: Statement, index: int) -> Place:
        def read(start: int, end: int) -> Iterator[bytes]:
            return stamp_leaves(self.store, start, end, row.algorithm)

        leaves = self._block("stamp", row, index, said.stamps.size, read)
        return Place(index=index, path=_path(leaves, stamp_blocks(row), index, row.algorithm))

    def _entry(self, row: StampRow, index: int) -> EntryPlace:
        if self.stopping():
            raise Draining
        with self.store.read() as view:
            [entry] = view.journal(index, 1)
            files = file_digests(view, self.blobs, entry, row.algorithm)

        def read(start: int, end: int) -> Iterator[bytes]:
            return entry_leaves(self.store, self.blobs, start, end, row.algorithm)

        leaves = self._block("entry", row, index, row.size, read)
        path = _path(leaves, entry_blocks(row), index, row.algorithm)
        return EntryPlace(index=index, files=files, path=path)

    def _block(self, what: str, row: StampRow, index: int, size: int, read: _Leaves) -> list[bytes]:
        """The leaves of the block in which a leaf lies, in a tree of a renewal."""
        start = index - index % BLOCK
        end = min(start + BLOCK, size)
        key = what, row.algorithm, start, end
        return self._remembered(self._leaves, key, lambda: list(read(start, end)), _KEPT_BLOCKS)

    def _link(self, row: StampRow) -> Link:
        def verify() -> Link:
            return open_stamp(stamp_of(row), self.rules.anchors, self.rules.lifetimes)

        return self._remembered(self._links, row.number, verify, _KEPT_LINKS)

    def _remembered(self, known: OrderedDict[K, V], key: K, make: Callable[[], V], most: int) -> V:
        with self._lock:
            if key in known:
                known.move_to_end(key)
                return known[key]
        made = make()
        with self._lock:
            known[key] = made
            while len(known) > most:
                known.popitem(last=False)
        return made


def _path(
    leaves: Sequence[bytes], blocks: Sequence[bytes], index: int, algorithm: str
) -> list[bytes]:
    digest = DIGESTS[algorithm]
    inside = path_in(leaves, index % BLOCK, digest)
    return [*inside, *path_in(blocks, index // BLOCK, digest)]
