"""What a history is compared with: the journal of a node, or one case of it from a bundle."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

from attrs import Factory, define, frozen

from lienthong.codec.json import load
from lienthong.codec.signed import dump_receipt, load_entry, receipt_from_message
from lienthong.errors import DataCorrupt
from lienthong.evidence.bundle import verify_bundle
from lienthong.evidence.merkle import append
from lienthong.evidence.note import VerifierKey
from lienthong.evidence.receipt import Recorded, RecordedPackage
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId
from lienthong.model.journal import DirectoryRecord, PackageRecord, StatementRecord
from lienthong.model.organisation import Directory, Organisation
from lienthong.model.time import vietnam_date
from lienthong.pki.chain import TrustAnchors
from lienthong.spi.records import JournalRow
from lienthong.spi.storage import ReadView
from lienthong_node import wire
from lienthong_node.audit import audit
from lienthong_node.core.checks import with_representatives
from lienthong_node.opening import open_for_audit
from lienthong_node.stores import read_recorded

PAGE: Final = 500


@frozen(kw_only=True)
class Entry:
    """What the judge needs to know of one journal entry."""

    index: int
    id: str = ""
    """Of the package or report; empty for changes of the directory."""

    payload: str = ""
    """SHA-256 of the signed bytes."""

    parties: frozenset[str] = frozenset()
    delivery: tuple[str, str] | None = None
    """The delivery (package, recipient) that a report is about; None for all else."""

    accepted: tuple[tuple[str, str], ...] = ()
    """The delivery (package, recipient) that this entry confirms: an acceptance with an effect."""

    receipt: str = ""
    """SHA-256 of the receipt that the node gives for it; empty where that is not known."""

    root: str = ""
    """Root of the Merkle tree that ends with it; empty where that is not known."""


@frozen(kw_only=True)
class Journal:
    """The entries to compare with, in index order."""

    entries: tuple[Entry, ...]
    whole: bool = True
    """All of the journal; otherwise only one case of it, which shows nothing missing."""

    faults: tuple[str, ...] = ()
    """What the audit found wrong with it."""


def read_journal(data: Path, axis_key: str | None = None) -> Journal:
    """The journal of a data folder that no node uses, or of a backup; audited.

    Raises:
        ConfigInvalid, DataDirectoryInUse, KeyUnusable: the folder or key cannot be used.
        DataCorrupt: it is so damaged that entries cannot be read.
    """
    with open_for_audit(data, axis_key) as (store, blobs, key):
        try:
            for _ in audit(store, key, blobs):
                pass
            faults: tuple[str, ...] = ()
        except DataCorrupt as error:
            faults = (str(error),)
        with store.read() as view:
            return Journal(entries=tuple(entries(view)), faults=faults)


def read_bundle(source: BinaryIO, key: VerifierKey, anchors: TrustAnchors) -> Journal:
    """The entries of an evidence bundle, which is verified.

    Raises:
        BundleInvalid: naming the part that is wrong.
    """
    report = verify_bundle(source, key, anchors)
    found = [_shown(item.index, item.recorded) for item in report.timeline]
    return Journal(entries=tuple(found), whole=False)


def _shown(index: int, recorded: Recorded) -> Entry:
    if isinstance(recorded, RecordedPackage):
        name = str(recorded.record.package_id)
    else:
        name = str(recorded.record.statement_id)
    return Entry(index=index, id=name, payload=recorded.record.payload_sha256.hex)


def entries(view: ReadView) -> Iterator[Entry]:
    """All entries of a store. Whom one concerns is worked out anew, not taken from its tables."""
    known = _Known()
    frontier: tuple[bytes, ...] = ()
    start = 0
    while rows := view.journal(start, PAGE):
        for row in rows:
            tree = append(frontier, start, [row.entry])
            frontier, start = tree.frontier, start + 1
            yield _entry(view, row, known, tree.root.hex())


@define
class _Known:
    """What the entries before have said."""

    senders: dict[str, str] = Factory(dict)
    """By package."""

    organisations: dict[OrganId, Organisation] = Factory(dict)
    _directory: Directory | None = None

    def change(self, body: DirectoryRecord, envelope: bytes) -> None:
        """Take over a change of the directory."""
        if body.subject == "organisation":
            found = (load(Organisation, line) for line in envelope.split(b"\n"))
            self.organisations |= {one.organ_id: one for one in found}
            self._directory = None

    def concerned(self, organs: Iterable[str], on: date) -> frozenset[str]:
        """Organisations and who represented them on a day in Vietnam."""
        if self._directory is None:
            self._directory = Directory(tuple(self.organisations.values()))
        return frozenset(with_representatives(tuple(organs), self._directory, on))


def _entry(view: ReadView, row: JournalRow, known: _Known, root: str) -> Entry:
    entry = load_entry(row.entry)
    body, day = entry.body, vietnam_date(entry.recorded_at)
    message = wire.receipt(read_recorded(view, row.index))
    receipt = hashlib.sha256(dump_receipt(receipt_from_message(message))).hexdigest()
    if isinstance(body, DirectoryRecord):
        known.change(body, row.envelope)
    if not isinstance(body, PackageRecord | StatementRecord):
        parties = frozenset(row.parties)
        return Entry(index=row.index, parties=parties, receipt=receipt, root=root)
    package = str(body.package_id)
    if isinstance(body, PackageRecord):
        sender = known.senders[package] = str(body.sender)
        name, sides = package, (sender, *map(str, body.recipients))
    else:
        name, sides = str(body.statement_id), (known.senders[package], str(body.recipient))
    return Entry(
        index=row.index,
        id=name,
        payload=body.payload_sha256.hex,
        parties=known.concerned(sides, day),
        delivery=None if isinstance(body, PackageRecord) else (package, str(body.recipient)),
        accepted=_accepted(body),
        receipt=receipt,
        root=root,
    )


def _accepted(body: PackageRecord | StatementRecord) -> tuple[tuple[str, str], ...]:
    """A refused recall brings a delivery back to ACCEPTED too; only an acceptance confirms it.

    One that crosses a recall or update leaves the delivery pending, and counts all the same.
    """
    if not isinstance(body, StatementRecord) or body.event is not DeliveryEvent.ACCEPT:
        return ()
    return tuple(
        (str(effect.package_id), str(effect.recipient))
        for effect in body.effects
        if effect.package_id == body.package_id
    )
