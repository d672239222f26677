"""What the client checks before it believes the axis: receipts, signatures, contents."""

from __future__ import annotations

from datetime import datetime
from hmac import compare_digest

from attrs import frozen

from lienthong.client.wire import inline_files_from_messages
from lienthong.codec.signed import envelope_from_message, receipt_from_message
from lienthong.errors import FileUndeclared, LienthongError, ReceiptInvalid
from lienthong.evidence.checkpoint import Checkpoint
from lienthong.evidence.note import VerifierKey
from lienthong.evidence.receipt import (
    CheckpointCache,
    ReceiptEvidence,
    RecordedPackage,
    RecordedReport,
    verify_receipt,
)
from lienthong.model.ids import Sha256
from lienthong.model.journal import (
    DirectoryRecord,
    FeedItem,
    JournalEntry,
    PackageRecord,
    Receipt,
    StatementRecord,
)
from lienthong.model.package import Manifest
from lienthong.model.signing import Envelope
from lienthong.pki.chain import ChainCache, TrustAnchors
from lienthong.pki.envelope import EnvelopeEvidence, verify_envelope
from lienthong_proto.axis.v1 import exchange_pb2, journal_pb2


@frozen(kw_only=True)
class VerifiedReceipt:
    """A receipt that was checked, with what it proves."""

    receipt: Receipt
    entry: JournalEntry


class Verifier:
    """Checks what comes from one axis with its checkpoint key and the trust anchors."""

    def __init__(self, *, key: VerifierKey, axis: str, anchors: TrustAnchors) -> None:
        self._key = key
        self._axis = axis
        self._anchors = anchors
        self._chains = ChainCache()
        self._checkpoints = CheckpointCache()

    def receipt(self, message: journal_pb2.Receipt) -> VerifiedReceipt:
        """Check a receipt by itself.

        Raises:
            CheckpointInvalid: the axis has not signed the checkpoint.
            ProofInvalid: the entry is not in the journal of the checkpoint.
            ReceiptInvalid: the entry cannot be read or is of another axis.
        """
        receipt = receipt_from_message(message)
        return VerifiedReceipt(receipt=receipt, entry=self._evidence(receipt).entry)

    def receipt_for(self, message: journal_pb2.Receipt, envelope: Envelope) -> VerifiedReceipt:
        """Check that a receipt is for what was just handed over.

        Raises:
            ReceiptInvalid: it is for something else; also as ``receipt``.
        """
        verified = self.receipt(message)
        body = verified.entry.body
        if isinstance(body, DirectoryRecord) or not compare_digest(
            body.payload_sha256.bytes, Sha256.of(envelope.payload).bytes
        ):
            raise ReceiptInvalid(reason="it is not for what was handed over")
        return verified

    def item(self, message: exchange_pb2.FeedItem) -> FeedItem:
        """Check one item of a feed or history.

        In this order:

        1. The receipt, as in ``receipt``.
        2. The envelope is the one that the entry records.
        3. Its signatures were valid when the axis recorded it, and lead to a trust anchor.
        4. Contents that came along are declared in the manifest and have its hashes.

        Every error has the ``index`` of the item among its facts.

        Raises:
            ReceiptInvalid: step 1 or 2; also CheckpointInvalid and ProofInvalid.
            SignatureInvalid: step 3; also ChainUntrusted, CertificateExpired, CertificateUnfit.
            FileUndeclared: step 4.
        """
        try:
            return self._item(message)
        except LienthongError as error:
            facts = {**error.facts, "index": message.receipt.index}
            raise type(error)(**facts) from error

    def _item(self, message: exchange_pb2.FeedItem) -> FeedItem:
        receipt = receipt_from_message(message.receipt)
        if not message.HasField("envelope"):
            return self._bare(receipt)
        envelope = envelope_from_message(message.envelope)
        evidence = self._evidence(receipt, envelope)
        self.envelope(envelope, evidence.entry.recorded_at)
        recorded = evidence.recorded
        manifest = recorded.manifest if isinstance(recorded, RecordedPackage) else None
        return FeedItem(
            receipt=receipt,
            entry=evidence.entry,
            envelope=envelope,
            manifest=manifest,
            statement=recorded.statement if isinstance(recorded, RecordedReport) else None,
            inline_files=_contents(message, manifest),
        )

    def envelope(self, envelope: Envelope, at: datetime) -> EnvelopeEvidence:
        """Check who signed an envelope, judged at *at*. Raises as ``pki.verify_envelope``."""
        return verify_envelope(envelope, self._anchors, at, self._chains)

    def checkpoint(self, note: str) -> Checkpoint:
        """Open a signed checkpoint.

        Raises:
            CheckpointInvalid: the axis has not signed it, or it is of another axis.
        """
        checkpoint = self._checkpoints.open(note, self._key)
        self._check_axis(checkpoint)
        return checkpoint

    def _bare(self, receipt: Receipt) -> FeedItem:
        entry = self._evidence(receipt).entry
        if isinstance(entry.body, PackageRecord | StatementRecord):
            raise ReceiptInvalid(reason=f"what entry {entry.index} is about did not come along")
        return FeedItem(receipt=receipt, entry=entry)

    def _evidence(self, receipt: Receipt, envelope: Envelope | None = None) -> ReceiptEvidence:
        evidence = verify_receipt(receipt, self._key, envelope=envelope, cache=self._checkpoints)
        self._check_axis(evidence.checkpoint)
        return evidence

    def _check_axis(self, checkpoint: Checkpoint) -> None:
        if checkpoint.origin != self._axis:
            raise ReceiptInvalid(reason=f"it is of {checkpoint.origin}, expected {self._axis}")


def _contents(message: exchange_pb2.FeedItem, manifest: Manifest | None) -> dict[Sha256, bytes]:
    contents = inline_files_from_messages(message.inline_files)
    declared = frozenset(file.sha256 for file in manifest.files) if manifest else frozenset()
    for sha256 in contents:
        if sha256 not in declared:
            raise FileUndeclared(sha256=sha256)
    return contents
