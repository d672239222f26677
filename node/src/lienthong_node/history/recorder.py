"""Writing a history while clients work."""

from __future__ import annotations

import hashlib
import threading
from typing import TextIO

from lienthong.codec.signed import dump_receipt, load_entry
from lienthong.errors import LienthongError
from lienthong.evidence.checkpoint import Checkpoint
from lienthong.model.journal import FeedItem, JournalEntry, PackageRecord, Receipt, StatementRecord
from lienthong.model.package import Manifest
from lienthong.model.report import Statement
from lienthong.model.signing import Envelope
from lienthong_node.history.events import Event, Operation, Outcome, dump_event


class Recorder:
    """Writes events to a text stream, each flushed at once; may be shared between threads."""

    def __init__(self, target: TextIO) -> None:
        self._target = target
        self._lock = threading.Lock()

    def note(self, event: Event) -> None:
        """Write one event."""
        line = dump_event(event)
        with self._lock:
            self._target.write(line)
            self._target.flush()

    def sending(
        self, manifest: Manifest, envelope: Envelope, by: str, *, again: bool = False
    ) -> None:
        """A package is about to be handed over."""
        self.note(
            Event(
                op=Operation.SEND,
                type=Outcome.INVOKE,
                by=by,
                id=str(manifest.package_id),
                payload=_sha256(envelope.payload),
                to=tuple(str(recipient.organ_id) for recipient in manifest.recipients),
                again=again,
            )
        )

    def reporting(
        self, statement: Statement, envelope: Envelope, by: str, *, again: bool = False
    ) -> None:
        """A report is about to be handed over."""
        self.note(
            Event(
                op=Operation.REPORT,
                type=Outcome.INVOKE,
                by=by,
                id=str(statement.statement_id),
                payload=_sha256(envelope.payload),
                package=str(statement.package_id),
                event=statement.event.value,
                again=again,
            )
        )

    def recorded(self, receipt: Receipt, by: str) -> None:
        """A package or report is acknowledged."""
        self.note(_acknowledged(receipt, by))

    def failed(self, op: Operation, by: str, id_: str, error: LienthongError) -> None:
        """A hand-over ended without a receipt; what may pass leaves the outcome open."""
        type_ = Outcome.UNKNOWN if error.retryable else Outcome.FAIL
        self.note(Event(op=op, type=type_, by=by, id=id_, code=error.code))

    def reading(self, reader: str, by: str, cursor: int) -> None:
        """A reader of all of its feed, not of others alone, begins or goes on at *cursor*."""
        self.note(
            Event(op=Operation.READ, type=Outcome.INVOKE, by=by, reader=reader, cursor=cursor)
        )

    def read(self, reader: str, by: str, item: FeedItem) -> None:
        """A reader has taken an item over."""
        self.note(
            Event(
                op=Operation.READ,
                type=Outcome.OK,
                by=by,
                reader=reader,
                index=item.entry.index,
                cursor=item.next_index,
                id=_subject(item.entry),
                payload=_sha256(item.envelope.payload) if item.envelope else "",
            )
        )

    def head(self, checkpoint: Checkpoint, by: str) -> None:
        """A checkpoint was seen."""
        root = checkpoint.root.hex()
        self.note(Event(op=Operation.HEAD, type=Outcome.OK, by=by, size=checkpoint.size, root=root))

    def end(self) -> None:
        """Everybody has stopped and has seen everything."""
        self.note(Event(op=Operation.END, type=Outcome.OK))


def receipt_digest(receipt: Receipt) -> str:
    """SHA-256 of a receipt's bytes."""
    return _sha256(dump_receipt(receipt))


def _acknowledged(receipt: Receipt, by: str) -> Event:
    entry = load_entry(receipt.entry)
    body = entry.body
    report = isinstance(body, StatementRecord)
    return Event(
        op=Operation.REPORT if report else Operation.SEND,
        type=Outcome.OK,
        by=by,
        id=_subject(entry),
        payload="" if not isinstance(body, PackageRecord | StatementRecord) else _payload(body),
        package=str(body.package_id) if isinstance(body, StatementRecord) else "",
        event=body.event.value if isinstance(body, StatementRecord) else "",
        index=receipt.index,
        receipt=receipt_digest(receipt),
    )


def _payload(body: PackageRecord | StatementRecord) -> str:
    return body.payload_sha256.hex


def _subject(entry: JournalEntry) -> str:
    """Identifier of the package or report that an entry records; empty for the directory."""
    body = entry.body
    if isinstance(body, PackageRecord):
        return str(body.package_id)
    return str(body.statement_id) if isinstance(body, StatementRecord) else ""


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
