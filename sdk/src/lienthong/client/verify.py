"""What the client checks before it believes the axis: receipts, signatures, contents."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import Final

from attrs import define, frozen

from lienthong.client.wire import inline_files_from_messages
from lienthong.codec.signed import envelope_from_message, envelope_to_message, receipt_from_message
from lienthong.errors import FileUndeclared, LienthongError, ReceiptInvalid
from lienthong.evidence.checkpoint import Checkpoint
from lienthong.evidence.note import VerifierKey
from lienthong.evidence.receipt import (
    CheckpointCache,
    ReceiptEvidence,
    Recorded,
    RecordedPackage,
    RecordedReport,
    match_envelope,
    verify_receipt,
)
from lienthong.model.ids import Sha256
from lienthong.model.journal import (
    FeedItem,
    JournalEntry,
    PackageRecord,
    Receipt,
    StatementRecord,
)
from lienthong.model.package import Manifest
from lienthong.model.report import Statement
from lienthong.model.signing import Envelope
from lienthong.pki.chain import ChainCache, TrustAnchors
from lienthong.pki.envelope import EnvelopeEvidence, verify_envelope
from lienthong_proto.axis.v1 import exchange_pb2, journal_pb2

OWN_ENVELOPES: Final = 4096
"""Packages and reports of one's own that are remembered until the axis has told each twice."""

OWN_BYTES: Final = 16 * 1024
"""Of the largest payload that is remembered: 64 MiB at most of all of them."""


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
        self._own: OrderedDict[bytes, _Own] = OrderedDict()

    def receipt(self, message: journal_pb2.Receipt) -> VerifiedReceipt:
        """Check a receipt by itself.

        Raises:
            CheckpointInvalid: the axis has not signed the checkpoint.
            ProofInvalid: the entry is not in the journal of the checkpoint.
            ReceiptInvalid: the entry cannot be read or is of another axis.
        """
        receipt = receipt_from_message(message)
        return VerifiedReceipt(receipt=receipt, entry=self._evidence(receipt).entry)

    def signed(self, envelope: Envelope, content: Manifest | Statement) -> None:
        """Remember what this client has signed just now, and made from *content*.

        Not to be called for an envelope that somebody gave to ``submit``.
        """
        if len(envelope.payload) <= OWN_BYTES:
            self._own[envelope.payload] = _Own(envelope=envelope, content=content)
        while len(self._own) > OWN_ENVELOPES:
            self._own.popitem(last=False)

    def receipt_for(
        self, message: journal_pb2.Receipt, envelope: Envelope, content: Manifest | Statement
    ) -> VerifiedReceipt:
        """Check that a receipt is for what was just made and handed over.

        Raises:
            ReceiptInvalid: it is for something else; also as ``receipt``.
        """
        own = self._own.get(envelope.payload)
        if own is not None and own.envelope == envelope:
            return self._told(own, message).verified
        verified = self.receipt(message)
        match_envelope(verified.entry, envelope, content)
        return verified

    def item(self, message: exchange_pb2.FeedItem) -> FeedItem:
        """Check one item of a feed or history.

        In this order:

        1. The receipt, as in ``receipt``.
        2. The envelope is the one that the entry records.
        3. Its signatures were valid when the axis recorded it, and lead to a trust anchor.
        4. Contents that came along are declared in the manifest and have its hashes.

        For what this client has signed itself, byte for byte, step 3 is left out, and steps 1 and 2
        are not repeated for a receipt that was checked before.

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
        if not message.HasField("envelope"):
            return self._bare(receipt_from_message(message.receipt))
        own = self._own.get(message.envelope.payload)
        if own is not None and envelope_to_message(own.envelope) == message.envelope:
            told = self._told(own, message.receipt)
            return _item(message, told.verified, own.envelope, told.recorded)
        receipt = receipt_from_message(message.receipt)
        envelope = envelope_from_message(message.envelope)
        entry = self._evidence(receipt).entry
        recorded = match_envelope(entry, envelope)
        self.envelope(envelope, entry.recorded_at)
        return _item(message, VerifiedReceipt(receipt=receipt, entry=entry), envelope, recorded)

    def _told(self, own: _Own, message: journal_pb2.Receipt) -> _Told:
        """What the axis says of an own envelope: once in its answer, once in the feed.

        The first time it is checked. When it has said the same again, the envelope is forgotten,
        and whatever comes later is verified as anybody's.
        """
        told = own.told
        if told is not None and told.message == message:
            self._own.pop(own.envelope.payload, None)
            return told
        verified = self.receipt(message)
        recorded = match_envelope(verified.entry, own.envelope, own.content)
        kept = journal_pb2.Receipt()
        # A part of a message keeps all of it in memory, as the whole page of a feed.
        kept.CopyFrom(message)
        own.told = _Told(message=kept, verified=verified, recorded=recorded)
        return own.told

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

    def _evidence(self, receipt: Receipt) -> ReceiptEvidence:
        evidence = verify_receipt(receipt, self._key, cache=self._checkpoints)
        self._check_axis(evidence.checkpoint)
        return evidence

    def _check_axis(self, checkpoint: Checkpoint) -> None:
        if checkpoint.origin != self._axis:
            raise ReceiptInvalid(reason=f"it is of {checkpoint.origin}, expected {self._axis}")


@frozen(kw_only=True)
class _Told:
    """What a receipt was found to say of an own envelope."""

    message: journal_pb2.Receipt
    verified: VerifiedReceipt
    recorded: Recorded


@define(kw_only=True, eq=False)
class _Own:
    """What this client has signed."""

    envelope: Envelope
    content: Manifest | Statement
    told: _Told | None = None


def _item(
    message: exchange_pb2.FeedItem, verified: VerifiedReceipt, envelope: Envelope, found: Recorded
) -> FeedItem:
    manifest = found.manifest if isinstance(found, RecordedPackage) else None
    return FeedItem(
        receipt=verified.receipt,
        entry=verified.entry,
        envelope=envelope,
        manifest=manifest,
        statement=found.statement if isinstance(found, RecordedReport) else None,
        inline_files=_contents(message, manifest),
    )


def _contents(message: exchange_pb2.FeedItem, manifest: Manifest | None) -> dict[Sha256, bytes]:
    contents = inline_files_from_messages(message.inline_files)
    declared = frozenset(file.sha256 for file in manifest.files) if manifest else frozenset()
    for sha256 in contents:
        if sha256 not in declared:
            raise FileUndeclared(sha256=sha256)
    return contents
