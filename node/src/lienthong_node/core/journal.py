"""From accepted commands to journal rows: entries, Merkle tree and checkpoint of one batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from attrs import frozen

from lienthong.codec.signed import dump_entry
from lienthong.evidence.checkpoint import Checkpoint, sign_checkpoint
from lienthong.evidence.merkle import Appended, append
from lienthong.evidence.tiles import HashReader, full_tiles
from lienthong.model.journal import JournalEntry
from lienthong.spi.records import CheckpointRow, Head, JournalRow, TileRow
from lienthong.spi.signer import Signer
from lienthong_node.core.decision import Accepted

NONCE_SIZE = 32


@frozen(kw_only=True)
class Sealed:
    """One batch, ready to be written."""

    rows: tuple[JournalRow, ...]
    checkpoint: CheckpointRow
    tiles: tuple[TileRow, ...]
    head: Head


def seal(
    head: Head,
    accepted: Sequence[Accepted],
    *,
    now: datetime,
    now_us: int,
    axis: str,
    signer: Signer,
    random: Callable[[int], bytes],
    read_hashes: HashReader,
) -> Sealed:
    """Number the accepted commands, append them to the tree and sign the new checkpoint.

    Args:
        head: the journal before the batch.
        accepted: what becomes entries, in order.
        now: instant of all entries of the batch, UTC; *now_us* is the same.
        axis: name of the axis, the checkpoint's origin.
        signer: holds the checkpoint key.
        random: returns so many unpredictable bytes.
        read_hashes: reads stored tile hashes.
    """
    entries = [
        dump_entry(
            JournalEntry(
                index=head.size + position,
                nonce=random(NONCE_SIZE),
                recorded_at=now,
                axis=axis,
                body=item.body,
            )
        )
        for position, item in enumerate(accepted)
    ]
    tree = append(head.frontier, head.size, entries)
    note = sign_checkpoint(Checkpoint(origin=axis, size=tree.size, root=tree.root), signer)
    return Sealed(
        rows=_rows(head, accepted, entries, tree, now_us),
        checkpoint=CheckpointRow(size=tree.size, note=note),
        tiles=full_tiles(head.size, tree.size, _with_new(read_hashes, head.size, tree.leaf_hashes)),
        head=Head(
            size=tree.size,
            recorded_us=now_us,
            directory_version=head.directory_version
            + sum(item.directory_changes for item in accepted),
            frontier=tree.frontier,
        ),
    )


def _rows(
    head: Head,
    accepted: Sequence[Accepted],
    entries: Sequence[bytes],
    tree: Appended,
    now_us: int,
) -> tuple[JournalRow, ...]:
    return tuple(
        JournalRow(
            index=head.size + position,
            entry=entry,
            leaf_hash=tree.leaf_hashes[position],
            proof=tree.proofs[position],
            checkpoint_size=tree.size,
            recorded_us=now_us,
            subject_id=item.subject_id,
            package_id=item.package_id,
            envelope=item.envelope,
            parties=item.parties,
        )
        for position, (item, entry) in enumerate(zip(accepted, entries, strict=True))
    )


def _with_new(read_hashes: HashReader, size: int, fresh: Sequence[bytes]) -> HashReader:
    """The stored hashes with the leaf hashes of this batch behind them."""

    def read(level: int, start: int, count: int) -> Sequence[bytes]:
        if level > 0:
            return read_hashes(level, start, count)
        stored = max(0, min(count, size - start))
        old = read_hashes(0, start, stored) if stored else ()
        first = max(start, size) - size
        return (*old, *fresh[first : first + count - stored])

    return read
