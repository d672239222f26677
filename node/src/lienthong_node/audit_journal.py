"""The journal read from its beginning: what each entry says must follow from those before it."""

from __future__ import annotations

import hashlib
from typing import Final

from attrs import define, field, frozen

from lienthong.codec.signed import load_entry, load_envelope
from lienthong.errors import DataCorrupt, LienthongError
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.evidence.digests import envelope_digest
from lienthong.evidence.merkle import append, leaf_hash
from lienthong.evidence.note import VerifierKey
from lienthong.model.journal import DirectoryRecord, JournalEntry, PackageRecord, StatementRecord
from lienthong.model.signing import Envelope
from lienthong.model.time import to_us
from lienthong.spi.records import JournalRow
from lienthong.spi.storage import ReadView

LONGEST_BATCH: Final = 100_000
"""Entries that one checkpoint may cover anew; a row that says more is not believed."""


@frozen(kw_only=True)
class Read:
    """An entry that fits the ones before it."""

    row: JournalRow
    entry: JournalEntry
    envelope: Envelope | None
    """None for what the axis itself says."""

    @property
    def name(self) -> str:
        return f"journal entry {self.row.index}"


@define
class JournalReplay:
    """The journal as read so far."""

    key: VerifierKey
    size: int = 0
    """Entries that checkpoints cover."""

    frontier: tuple[bytes, ...] = ()
    recorded_us: int = 0
    directory_version: int = 0
    _batch: list[JournalRow] = field(factory=list, init=False)

    @property
    def next_index(self) -> int:
        return self.size + len(self._batch)

    def take(self, view: ReadView, row: JournalRow) -> Read:
        """Check the next entry, and with the last one of a batch the batch's checkpoint.

        Raises:
            DataCorrupt: naming what is wrong.
        """
        read = _read(row)
        self._check_place(read)
        self._apply(read)
        self._batch.append(row)
        if row.index + 1 == row.checkpoint_size:
            self._close_batch(view)
        return read

    def finish(self, view: ReadView) -> None:
        """Check that the journal ends where its head says.

        Raises:
            DataCorrupt: naming what is wrong.
        """
        if self._batch:
            raise DataCorrupt(what=f"no checkpoint covers {_name(self._batch[0])}")
        head, newest = view.head(), view.checkpoint()
        if (head.size, head.frontier, head.recorded_us) != (
            self.size,
            self.frontier,
            self.recorded_us,
        ):
            raise DataCorrupt(what=f"the head of the journal, which has {self.size} entries")
        if head.directory_version != self.directory_version:
            raise DataCorrupt(what=f"the directory version {head.directory_version} in the head")
        if newest is not None and newest.size != head.size:
            raise DataCorrupt(
                what=f"the newest checkpoint is of size {newest.size}, not {head.size}"
            )

    def _check_place(self, read: Read) -> None:
        row, entry = read.row, read.entry
        if row.index != self.next_index:
            raise DataCorrupt(what=f"journal entry {self.next_index} is missing")
        if entry.index != row.index or row.leaf_hash != leaf_hash(row.entry):
            raise DataCorrupt(what=f"{read.name}: its index or leaf hash does not fit")
        recorded_us = to_us(entry.recorded_at)
        if recorded_us != row.recorded_us or recorded_us < self.recorded_us:
            raise DataCorrupt(what=f"{read.name}: its time does not fit")
        self.recorded_us = recorded_us
        end = self._batch[0].checkpoint_size if self._batch else row.checkpoint_size
        if row.checkpoint_size != end or not row.index < end <= self.size + LONGEST_BATCH:
            raise DataCorrupt(what=f"{read.name}: its checkpoint does not fit")

    def _apply(self, read: Read) -> None:
        body = read.entry.body
        if isinstance(body, DirectoryRecord):
            if body.version <= self.directory_version:
                raise DataCorrupt(what=f"{read.name}: its directory version does not fit")
            self.directory_version = body.version

    def _close_batch(self, view: ReadView) -> None:
        batch, self._batch = self._batch, []
        tree = append(self.frontier, self.size, [row.entry for row in batch])
        self.size, self.frontier = tree.size, tree.frontier
        name = f"the checkpoint of size {tree.size}"
        covers = f"it covers the entries from {batch[0].index} to {batch[-1].index}"
        try:
            stored = view.checkpoint(tree.size)
        except DataCorrupt as error:
            raise DataCorrupt(what=f"{name}: it is damaged; {covers}") from error
        if stored is None:
            raise DataCorrupt(what=f"{name} is missing; {covers}")
        try:
            checkpoint = open_checkpoint(stored.note, self.key)
        except LienthongError as error:
            raise DataCorrupt(what=f"{name}: {error}; {covers}") from error
        if checkpoint.size != tree.size or checkpoint.root != tree.root:
            raise DataCorrupt(what=f"{name} has another root; {covers}")
        for row, proof in zip(batch, tree.proofs, strict=True):
            if row.proof != proof:
                raise DataCorrupt(what=f"{_name(row)}: its proof is another one")


def _read(row: JournalRow) -> Read:
    """Decode an entry; its envelope must be the one that it names."""
    try:
        entry = load_entry(row.entry)
        body = entry.body
        if isinstance(body, DirectoryRecord):
            if hashlib.sha256(row.envelope).digest() != body.change_sha256.bytes:
                raise DataCorrupt(what=f"{_name(row)}: its change of the directory is another one")
            return Read(row=row, entry=entry, envelope=None)
        if not isinstance(body, PackageRecord | StatementRecord):
            if row.envelope:
                raise DataCorrupt(what=f"{_name(row)}: it has an envelope that nothing names")
            return Read(row=row, entry=entry, envelope=None)
        envelope = load_envelope(row.envelope)
    except DataCorrupt:
        raise
    except LienthongError as error:
        raise DataCorrupt(what=f"{_name(row)}: {error}") from error
    if not _is_of(envelope, body):
        raise DataCorrupt(what=f"{_name(row)}: its envelope is another one")
    return Read(row=row, entry=entry, envelope=envelope)


def _is_of(envelope: Envelope, body: PackageRecord | StatementRecord) -> bool:
    payload = hashlib.sha256(envelope.payload).digest()
    return (
        envelope_digest(envelope) == body.envelope_sha256.bytes
        and payload == body.payload_sha256.bytes
    )


def _name(row: JournalRow) -> str:
    return f"journal entry {row.index}"
