"""What God knows: all that was made, acknowledged, seen, and is durable; judged as it grows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import define, field

from lienthong.codec.signed import load_entry
from lienthong.errors import DataCorrupt
from lienthong.evidence.checkpoint import Checkpoint
from lienthong.model.journal import DeadlineRecord, DirectoryRecord, FeedItem, JournalEntry
from lienthong.spi.records import JournalRow
from lienthong.spi.storage import BlobStore, ReadView
from lienthong_node.contents import check_content
from tests.simulation import invariants
from tests.simulation.invariants import Ack, Broken, Made
from tests.simulation.lateness import Lateness

ALL = 1_000_000


@define(eq=False)
class Ledger:
    """Everything that the invariants are about."""

    made: dict[str, list[Made]] = field(factory=dict)
    rows: list[JournalRow] = field(factory=list)
    """What was seen durable, in order."""

    entries: list[JournalEntry] = field(factory=list)
    roots: list[bytes] = field(factory=lambda: [invariants.EMPTY_ROOT])
    """Root of the tree of each size."""

    earlier: list[list[bytes]] = field(factory=list)
    """The same of journals that somebody rolled back."""

    acks: dict[str, Ack] = field(factory=dict)
    seen: dict[str, list[int]] = field(factory=dict)
    """By reader, across its restarts."""

    newest_ack: int = -1
    registered: int = ALL
    """Entries of the preparation; a later change of the directory ends a signing certificate."""

    lateness: Lateness = field(factory=Lateness)

    _revoked: dict[str, int] = field(factory=dict)
    _begun: dict[str, int] = field(factory=dict)
    _index: dict[str, int] = field(factory=dict)
    _confirmed: dict[tuple[str, str], int] = field(factory=dict)
    _stack: list[tuple[int, bytes]] = field(factory=list)

    def begins(self, name: str, made: Made) -> None:
        """Something is signed, and will be handed over from now on."""
        self.made.setdefault(name, []).append(made)
        self._begun.setdefault(name, self.newest_ack)

    def look(self, view: ReadView, blobs: BlobStore) -> Iterator[Broken]:
        """Judge what became durable since the last look."""
        known = len(self.rows)
        if view.head().size < known:
            yield Broken("I6", f"the journal shrank from {known} to {view.head().size}")
        new = list(view.journal(known, ALL))
        if not new:
            return
        yield from invariants.gap_free(new, known)
        before = self.rows[-1].recorded_us if self.rows else 0
        yield from invariants.time_goes_on(new, before)
        for row in new:
            entry = load_entry(row.entry)
            yield from invariants.only_what_was_made(entry, self.made)
            yield from invariants.not_after_revocation(entry, self.made, self._revoked)
            yield from invariants.recorded_once(entry, self._index)
            yield from invariants.confirmed_once(entry, self._confirmed)
            yield from self.files_of(view, blobs, row)
            yield from self.lateness.take(entry)
            self._keep(row, entry)

    def _keep(self, row: JournalRow, entry: JournalEntry) -> None:
        self.rows.append(row)
        self.entries.append(entry)
        self.roots.append(invariants.root_after(self._stack, row.entry))
        self._index.setdefault(invariants.subject_of(entry), entry.index)
        for delivery in invariants.confirmations(entry):
            self._confirmed.setdefault(delivery, entry.index)
        body = entry.body
        if entry.index < self.registered or not isinstance(body, DirectoryRecord):
            return
        if body.subject == "credential":
            self._revoked.setdefault(str(body.organ_id), entry.index)

    def look_again(self, view: ReadView, blobs: BlobStore) -> Iterator[Broken]:
        """After a restart: everything is still there, and so are the files of every package."""
        rows = view.journal(0, ALL)
        yield from invariants.only_appended(self.rows, rows)
        for row in rows[: len(self.rows)]:
            yield from self.files_of(view, blobs, row)
        yield from invariants.acknowledged_is_recorded(list(self.acks.values()), rows)

    def files_of(self, view: ReadView, blobs: BlobStore, row: JournalRow) -> Iterator[Broken]:
        """I1, D-23: the files of an accepted package are there, whatever was swept away."""
        package = view.package(row.package_id) if row.subject_id == row.package_id else None
        for file in package.files if package else ():
            try:
                check_content(view, blobs, file.sha256, file.size)
            except DataCorrupt as error:
                yield Broken("I1", f"a file of entry {row.index} is gone: {error}")

    def acknowledged(self, ack: Ack) -> Iterator[Broken]:
        """A receipt reached a client."""
        made = next((one for one in self.made[ack.id] if one.payload == ack.payload), None)
        if made is None or made.by != ack.by or not made.honest:
            yield Broken("I8", f"{ack.by} got a receipt for {ack.id}, which is not its own")
        first = self.acks.setdefault(ack.id, ack)
        yield from invariants.receipt_is_final(ack, first)
        if first is ack:
            yield from invariants.order_of_time(ack, self._begun[ack.id])
        yield from invariants.acknowledged_is_recorded([ack], self.rows)
        self.newest_ack = max(self.newest_ack, ack.index)

    def read(self, reader: str, items: Iterable[FeedItem], cursor: int) -> Iterator[Broken]:
        """A client took items over from its feed."""
        new = list(items)
        seen = self.seen.setdefault(reader, [])
        yield from invariants.read_in_order(reader, seen, [item.entry.index for item in new])
        seen += [item.entry.index for item in new]
        for item in new:
            yield from invariants.concerns(reader, item.entry, self.parties(item.entry))
            if item.envelope is not None:
                yield from invariants.unaltered(item.entry, item.envelope.payload)
            if item.entry.index >= len(self.entries):
                yield Broken("I2", f"{reader} saw entry {item.entry.index}, which is not durable")
        yield from invariants.nothing_skipped(reader, seen[:], self.concerning(reader), cursor)

    def believes(self, reader: str, old: Checkpoint, new: Checkpoint) -> Iterator[Broken]:
        """A client took a checkpoint for a later state of the journal that it knew before."""
        believed = [(old.size, old.root), (new.size, new.root)]
        yield from invariants.are_heads_of_one(believed, [*self.earlier, self.roots], reader)

    def rewritten(self, view: ReadView) -> None:
        """Somebody may have put other records in place; from now on these are the durable ones."""
        before = self.roots
        self.rows, self.entries, self.roots, self._stack = [], [], [invariants.EMPTY_ROOT], []
        self._index, self._confirmed, self.acks, self.newest_ack = {}, {}, {}, -1
        self.lateness = Lateness()
        for row in view.journal(0, ALL):
            entry = load_entry(row.entry)
            list(self.lateness.take(entry))
            self._keep(row, entry)
        if self.roots[: len(before)] != before:
            self.earlier.append(before)

    def concerning(self, reader: str) -> list[int]:
        """Entries about packages and reports that concern an organisation, by what was made."""
        return [entry.index for entry in self.entries if reader in self.parties(entry)]

    def parties(self, entry: JournalEntry) -> frozenset[str]:
        """Whom an entry concerns, by what was really made; nobody for the directory."""
        if isinstance(entry.body, DeadlineRecord):
            return self.lateness.parties(entry.body)
        made = self.made.get(invariants.subject_of(entry), ())
        return frozenset().union(*(one.parties for one in made if one.is_recorded_by(entry)))
