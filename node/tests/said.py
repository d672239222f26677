"""Journal entries for tests, by who said them, without a node that judges them."""

from __future__ import annotations

from lienthong.codec.signed import dump_entry
from lienthong.model.deadline import DeadlineKind, DeadlineStage
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId, Sha256, StatementId
from lienthong.model.journal import (
    CheckResult,
    DeadlineRecord,
    DirectoryRecord,
    InterconnectionRecord,
    JournalBody,
    JournalEntry,
    PackageRecord,
    StatementRecord,
)
from lienthong.model.package import PackageKind
from lienthong.spi.records import CheckpointRow, Head, JournalRow
from lienthong.testing.samples import journal_row
from lienthong.testing.store import MemoryRecordStore
from lienthong_proto.axis.v1 import journal_pb2
from node.tests.support import AXIS, NOW, A, B, package_id

_NONE = Sha256(bytes(32))


def package(sender: str, *recipients: str, kind: PackageKind = PackageKind.NEW) -> PackageRecord:
    return PackageRecord(
        package_id=package_id(),
        kind=kind,
        sender=OrganId(sender),
        recipients=[OrganId(organ) for organ in recipients],
        payload_sha256=_NONE,
        envelope_sha256=_NONE,
        target=None if kind is PackageKind.NEW else package_id(),
    )


def acceptance(reporter: str, recipient: str = B) -> StatementRecord:
    return StatementRecord(
        statement_id=StatementId.new(NOW, bytes(10)),
        package_id=package_id(),
        recipient=OrganId(recipient),
        reporter=OrganId(reporter),
        event=DeliveryEvent.ACCEPT,
        payload_sha256=_NONE,
        envelope_sha256=_NONE,
    )


BY_THE_AXIS: tuple[JournalBody, ...] = (
    DirectoryRecord(version=1, subject="organisation", organ_id=OrganId(A), change_sha256=_NONE),
    DeadlineRecord(
        package_id=package_id(),
        recipient=OrganId(A),
        kind=next(iter(DeadlineKind)),
        stage=next(iter(DeadlineStage)),
        due_at=NOW,
    ),
    InterconnectionRecord(organ_id=OrganId(A), results=[CheckResult(name="feed", passed=True)]),
    InterconnectionRecord(organ_id=OrganId(A), missed_at=NOW),
)
"""What concerns A, and no organisation has sent or reported."""


def unchecked(sender: str, *recipients: str) -> bytes:
    """An entry about a package that nobody has checked."""
    record = journal_pb2.PackageRecord(sender=sender, recipients=recipients)
    return journal_pb2.JournalEntry(package=record).SerializeToString()


def row(index: int, body: JournalBody, *parties: str) -> JournalRow:
    """The entry as a store keeps it, for A and B if nothing else is said."""
    entry = JournalEntry(index=index, nonce=bytes(32), recorded_at=NOW, axis=AXIS, body=body)
    return journal_row(index, parties=parties or (A, B), envelope=b"", entry=dump_entry(entry))


def add(store: MemoryRecordStore, *bodies: JournalBody) -> None:
    """Append entries for A and B."""
    with store.write() as tx:
        size = tx.head().size
        for index, body in enumerate(bodies, size):
            written = row(index, body)
            tx.add_journal([written])
            tx.add_checkpoint(CheckpointRow(size=written.checkpoint_size, note=f"note {index}\n"))
        tx.set_head(Head(size=size + len(bodies)))
