"""Checking a whole store against itself: entries, tree, checkpoints, tables and files.

What is checked, in this order:

1. the medium's own integrity;
2. entries are gap-free, their bytes say so, time never goes back, and each leaf hash fits;
3. each checkpoint is signed by the axis and has the root of the entries so far;
4. each envelope fits its entry;
5. the states of deliveries are those that the entries' effects lead to;
6. each file that a package names is stored and has its hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

from attrs import define, field, frozen

from lienthong.codec.signed import load_entry, load_envelope
from lienthong.errors import DataCorrupt, LienthongError
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.evidence.digests import envelope_digest
from lienthong.evidence.merkle import append, frontier_root, leaf_hash, tree_root
from lienthong.evidence.note import VerifierKey
from lienthong.evidence.tiles import node_reader
from lienthong.model.journal import DirectoryRecord, JournalEntry
from lienthong.model.time import to_us
from lienthong.spi.records import JournalRow
from lienthong.spi.storage import BlobStore, ReadView, RecordStore
from lienthong_node.contents import check_content
from lienthong_node.stores import hash_reader

PAGE: Final = 500


@frozen(kw_only=True)
class Audited:
    """How far an audit is."""

    entries: int
    total: int
    files: int = 0


@define
class _Tree:
    """The journal as replayed so far."""

    size: int = 0
    frontier: tuple[bytes, ...] = ()
    recorded_us: int = 0
    states: dict[tuple[bytes, str], str] = field(factory=dict)


def audit(
    store: RecordStore, key: VerifierKey, blobs: BlobStore | None = None
) -> Iterator[Audited]:
    """Check everything; without *blobs* the files are left out.

    Yields:
        Progress after each page.

    Raises:
        DataCorrupt: naming the first thing that is wrong.
    """
    store.check()
    tree = _Tree()
    files: dict[bytes, int] = {}
    with store.read() as view:
        total = view.head().size
        while rows := view.journal(tree.size, PAGE):
            _check_page(view, rows, tree, key)
            for row in rows:
                _note_files(view, row, files)
            yield Audited(entries=tree.size, total=total)
        _check_head(view, tree)
        _check_states(view, tree)
        if blobs is None:
            return
        for count, (sha256, size) in enumerate(files.items(), start=1):
            check_content(view, blobs, sha256, size)
            yield Audited(entries=tree.size, total=total, files=count)


def check_continues(store: RecordStore, key: VerifierKey, note: str) -> None:
    """Check that the journal begins with exactly what a checkpoint from outside covers.

    Raises:
        CheckpointInvalid: the checkpoint is not the axis's.
        DataCorrupt: the journal was cut or rewritten since.
    """
    checkpoint = open_checkpoint(note, key)
    with store.read() as view:
        size = view.head().size
        if checkpoint.size > size:
            what = f"the journal has {size} entries, the checkpoint covers {checkpoint.size}"
            raise DataCorrupt(what=what)
        root = tree_root(checkpoint.size, node_reader(checkpoint.size, hash_reader(view)))
    if root != checkpoint.root:
        raise DataCorrupt(what=f"the journal's first {checkpoint.size} entries were rewritten")


def _check_page(view: ReadView, rows: Sequence[JournalRow], tree: _Tree, key: VerifierKey) -> None:
    batch: list[JournalRow] = []
    for row in rows:
        entry = _check_entry(row, tree)
        _apply(entry, row, tree)
        batch.append(row)
        following = tree.size + len(batch)
        if row.checkpoint_size == following:
            _check_checkpoint(view, batch, tree, key)
            batch = []
    _grow(tree, batch)


def _grow(tree: _Tree, batch: list[JournalRow]) -> None:
    if batch:
        grown = append(tree.frontier, tree.size, [row.entry for row in batch])
        tree.size, tree.frontier = grown.size, grown.frontier


def _check_entry(row: JournalRow, tree: _Tree) -> JournalEntry:
    name = f"journal entry {row.index}"
    try:
        entry = load_entry(row.entry)
    except LienthongError as error:
        raise DataCorrupt(what=f"{name}: {error}") from error
    if entry.index != row.index or row.leaf_hash != leaf_hash(row.entry):
        raise DataCorrupt(what=f"{name}: its index or leaf hash does not fit")
    recorded_us = to_us(entry.recorded_at)
    if recorded_us != row.recorded_us or recorded_us < tree.recorded_us:
        raise DataCorrupt(what=f"{name}: its time does not fit")
    tree.recorded_us = recorded_us
    if not isinstance(entry.body, DirectoryRecord):
        envelope = load_envelope(row.envelope)
        if (
            envelope_digest(envelope) != entry.body.envelope_sha256.bytes
            or hashlib.sha256(envelope.payload).digest() != entry.body.payload_sha256.bytes
        ):
            raise DataCorrupt(what=f"{name}: its envelope is another one")
    return entry


def _apply(entry: JournalEntry, row: JournalRow, tree: _Tree) -> None:
    if isinstance(entry.body, DirectoryRecord):
        return
    for effect in entry.body.effects:
        delivery = (effect.package_id.bytes, str(effect.recipient))
        before = effect.from_state.value if effect.from_state else None
        if tree.states.get(delivery) != before:
            raise DataCorrupt(what=f"journal entry {row.index}: it starts from another state")
        tree.states[delivery] = effect.to_state.value


def _check_checkpoint(
    view: ReadView, batch: list[JournalRow], tree: _Tree, key: VerifierKey
) -> None:
    _grow(tree, batch)
    stored = view.checkpoint(tree.size)
    if stored is None:
        raise DataCorrupt(what=f"the checkpoint of size {tree.size} is missing")
    try:
        checkpoint = open_checkpoint(stored.note, key)
    except LienthongError as error:
        raise DataCorrupt(what=f"the checkpoint of size {tree.size}: {error}") from error
    if checkpoint.size != tree.size or checkpoint.root != frontier_root(tree.frontier):
        raise DataCorrupt(what=f"the checkpoint of size {tree.size} has another root")


def _check_head(view: ReadView, tree: _Tree) -> None:
    head, newest = view.head(), view.checkpoint()
    if head.size != tree.size or head.frontier != tree.frontier:
        raise DataCorrupt(what="the head of the journal")
    if newest is not None and newest.size != head.size:
        raise DataCorrupt(what=f"the newest checkpoint is of size {newest.size}, not {head.size}")


def _check_states(view: ReadView, tree: _Tree) -> None:
    for package_id in dict.fromkeys(package_id for package_id, _ in tree.states):
        for delivery in view.deliveries(package_id):
            replayed = tree.states.pop((package_id, delivery.recipient), None)
            if replayed != delivery.state:
                what = f"the delivery of {package_id.hex()} to {delivery.recipient}"
                raise DataCorrupt(what=f"{what} is {delivery.state}, the journal says {replayed}")
    if tree.states:
        raise DataCorrupt(what=f"{len(tree.states)} deliveries are missing")


def _note_files(view: ReadView, row: JournalRow, files: dict[bytes, int]) -> None:
    package = view.package(row.subject_id) if row.envelope else None
    if package is not None:
        files |= {file.sha256: file.size for file in package.files}
