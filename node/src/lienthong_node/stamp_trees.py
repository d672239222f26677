"""What a renewal of time-stamps covers: trees over all time-stamps, and over entries with files.

Trees go on from the last renewal by the same digest, so that only what is new is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from lienthong.codec.signed import load_entry, load_envelope, load_manifest
from lienthong.errors import DataCorrupt
from lienthong.evidence.hashtree import BLOCK, blocks_of, leaf_of, root_of
from lienthong.evidence.lifetimes import JOURNAL_DIGEST, NEVER, Lifetimes
from lienthong.evidence.renewal import LEAD
from lienthong.evidence.stamps import (
    CHECKPOINT,
    RENEWAL,
    Covered,
    Statement,
    entry_content,
    stamp_content,
)
from lienthong.model.journal import PackageRecord, StatementRecord
from lienthong.model.signing import Envelope
from lienthong.model.stamps import Stamp
from lienthong.model.time import from_us
from lienthong.pki.cms import DIGESTS
from lienthong.spi.records import JournalRow, StampRow
from lienthong.spi.storage import BlobStore, ReadView, RecordStore
from lienthong_node.contents import digest_content

_DAY: Final = timedelta(days=1)
_ALL: Final = 10_000


@frozen(kw_only=True)
class Due:
    """What is to be renewed."""

    ends_at: datetime
    """The first end of what nothing newer has outlived; UTC."""

    renewal: bool
    entries: bool
    """The digest of the journal itself, or of the renewal that holds the entries, ends soon."""


def is_due(
    view: ReadView,
    now: datetime,
    lifetimes: Lifetimes,
    algorithm: str,
    end_of: Callable[[StampRow], datetime],
) -> Due:
    """Whether time-stamps are to be renewed by *algorithm*, and the entries with them.

    *end_of* tells the end of a time-stamp by what is known now. Raises what it raises.
    """
    renewals = view.stamps(0, _ALL, RENEWAL)
    last = renewals[-1] if renewals else None
    since = last.number if last else 1
    ends_us = view.stamps_end(since - 1)
    if ends_us is None:
        return Due(ends_at=NEVER, renewal=False, entries=False)
    newest = view.last_stamp(CHECKPOINT)
    # What the last renewal covers lasts as long as that. The end of an algorithm or authority may
    # have become known since its stamps were stored.
    living = [row for row in (last, newest) if row is not None and row.number >= since]
    stamps_end = min([from_us(ends_us), *map(end_of, living)])
    holding = next((row for row in reversed(renewals) if covers_entries(row)), None)
    is_held = holding is not None and holding.size == view.head().size
    digest = holding.algorithm if holding and is_held else JOURNAL_DIGEST
    held_until = lifetimes.of([digest])
    # What is held by nothing any more cannot be saved, and must not call for renewals for ever.
    entries = digest != algorithm and timedelta() <= held_until - now <= LEAD
    left = min(stamps_end, held_until if entries else NEVER) - now
    # The nearer the end, the more often: an authority may get its next certificate late.
    waits = last is not None and now - from_us(last.stamped_us) < max(left / 2, _DAY)
    ends_at = min(stamps_end, held_until)
    return Due(ends_at=ends_at, renewal=left <= LEAD and not waits, entries=entries)


def renewal_of(
    store: RecordStore,
    blobs: BlobStore,
    axis: str,
    algorithm: str,
    *,
    entries: bool,
    between: Callable[[], object] = lambda: None,
) -> tuple[str, bytes, int]:
    """The statement of a new renewal, the roots of its blocks, and the journal's size.

    Args:
        store: the records.
        blobs: the files.
        axis: whose journal it is.
        algorithm: of the trees.
        entries: whether it covers entries as well.
        between: called after each block of entries, which may take hours; other time-stamps may
            be added meanwhile.

    Raises:
        DataCorrupt: a file or entry is damaged: nothing is renewed as if it were sound.
        Whatever *between* raises.
    """
    digest = DIGESTS[algorithm]
    with store.read() as view:
        renewals = [row for row in view.stamps(0, _ALL, RENEWAL) if row.algorithm == algorithm]
        size = view.head().size
    blocks, held = [], None
    if entries:
        holding = [row for row in renewals if covers_entries(row)]
        blocks = entry_blocks(holding[-1])[: holding[-1].size // BLOCK] if holding else []
        for start in range(len(blocks) * BLOCK, size, BLOCK):
            leaves = entry_leaves(store, blobs, start, min(start + BLOCK, size), algorithm)
            blocks += blocks_of(leaves, digest)
            between()
        held = Covered(size=size, root=root_of(blocks, digest))
    with store.read() as view:
        number = newest_number(view)
    known = full_blocks(renewals[-1]) if renewals else []
    leaves = stamp_leaves(store, len(known) * BLOCK, number, algorithm)
    stamps = blocks_of(leaves, digest, known=known)
    covered = Covered(size=number, root=root_of(stamps, digest))
    said = Statement(axis=axis, algorithm=algorithm, stamps=covered, entries=held)
    return said.dump(), b"".join((*stamps, *blocks)), size


def stamp_leaves(store: RecordStore, start: int, end: int, algorithm: str) -> Iterator[bytes]:
    """Leaves of the time-stamps from place *start* (number - 1) up to *end*."""
    while start < end:
        with store.read() as view:
            rows = view.stamps(start, min(BLOCK, end - start))
        if not rows:
            raise DataCorrupt(what=f"time-stamp {start + 1} is missing")
        for row in rows:
            yield leaf_of(stamp_content(stamp_of(row)), DIGESTS[algorithm])
        start = rows[-1].number


def entry_leaves(
    store: RecordStore, blobs: BlobStore, start: int, end: int, algorithm: str
) -> Iterator[bytes]:
    """Leaves of the entries from index *start* up to *end*."""
    while start < end:
        with store.read() as view:
            rows = view.journal(start, min(BLOCK, end - start))
            if not rows:
                raise DataCorrupt(what=f"journal entry {start} is missing")
            for row in rows:
                files = file_digests(view, blobs, row, algorithm)
                content = entry_content(row.entry, recorded_of(row), files, algorithm)
                yield leaf_of(content, DIGESTS[algorithm])
        start = rows[-1].index + 1


def file_digests(
    view: ReadView, blobs: BlobStore, row: JournalRow, algorithm: str
) -> tuple[bytes, ...]:
    """Digests of the files that the package of an entry names; empty for other entries."""
    if not isinstance(load_entry(row.entry).body, PackageRecord):
        return ()
    return tuple(
        digest_content(view, blobs, file.sha256.bytes, file.size, algorithm)
        for file in load_manifest(load_envelope(row.envelope).payload).files
    )


def recorded_of(row: JournalRow) -> Envelope | bytes:
    """What an entry records: an envelope, or what the axis itself has written."""
    body = load_entry(row.entry).body
    is_signed = isinstance(body, PackageRecord | StatementRecord)
    return load_envelope(row.envelope) if is_signed else row.envelope


def stamp_of(row: StampRow) -> Stamp:
    return Stamp(text=row.text, algorithm=row.algorithm, token=row.token)


def newest_number(view: ReadView) -> int:
    """Number of the newest time-stamp; 0 before the first."""
    found = (view.last_stamp(CHECKPOINT), view.last_stamp(RENEWAL))
    return max((row.number for row in found if row is not None), default=0)


def covers_entries(row: StampRow) -> bool:
    """Whether a renewal covers entries."""
    return Statement.parse(row.text).entries is not None


def stamp_blocks(row: StampRow) -> list[bytes]:
    """Roots of the blocks of the time-stamps that a renewal covers."""
    return _blocks(row)[: _count(Statement.parse(row.text).stamps.size)]


def entry_blocks(row: StampRow) -> list[bytes]:
    """Roots of the blocks of the entries that a renewal covers."""
    return _blocks(row)[_count(Statement.parse(row.text).stamps.size) :]


def _blocks(row: StampRow) -> list[bytes]:
    length = len(DIGESTS[row.algorithm](b""))
    return [row.blocks[at : at + length] for at in range(0, len(row.blocks), length)]


def _count(size: int) -> int:
    return -(-size // BLOCK)


def full_blocks(row: StampRow) -> list[bytes]:
    """The roots of ``stamp_blocks`` to whose blocks nothing can be added any more."""
    return _blocks(row)[: Statement.parse(row.text).stamps.size // BLOCK]
