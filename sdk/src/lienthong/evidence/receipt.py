"""Receipts: the axis's proof, checked offline, that it took something over at a certain moment."""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import sha256
from hmac import compare_digest
from typing import Final, TypeAlias

from attrs import field, frozen

from lienthong.codec.signed import load_entry, load_manifest, load_statement
from lienthong.errors import LienthongError, NewerEntry, ReceiptInvalid
from lienthong.evidence.checkpoint import Checkpoint, open_checkpoint
from lienthong.evidence.digests import envelope_digest
from lienthong.evidence.merkle import leaf_hash, verify_inclusion
from lienthong.evidence.note import VerifierKey
from lienthong.model.journal import (
    JournalEntry,
    PackageRecord,
    Receipt,
    StatementRecord,
)
from lienthong.model.package import Manifest
from lienthong.model.report import Statement
from lienthong.model.signing import MANIFEST_TYPE, STATEMENT_TYPE, Envelope

_CAPACITY: Final = 256


@frozen(kw_only=True)
class RecordedPackage:
    """An entry about a package, with the manifest that it records."""

    record: PackageRecord
    manifest: Manifest


@frozen(kw_only=True)
class RecordedReport:
    """An entry about a status report, with the statement that it records."""

    record: StatementRecord
    statement: Statement


Recorded: TypeAlias = RecordedPackage | RecordedReport


@frozen(kw_only=True)
class ReceiptEvidence:
    """What a receipt was found to prove."""

    entry: JournalEntry
    """What the axis recorded, and when."""

    checkpoint: Checkpoint
    """The signed state of the journal that contains the entry."""

    recorded: Recorded | None = field(default=None, repr=False)
    """What the envelope holds, when one was given and found to belong to the entry."""


class CheckpointCache:
    """Remembers opened checkpoints: receipts of one batch share theirs. Safe between threads."""

    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._capacity = capacity
        self._opened: OrderedDict[tuple[VerifierKey, str, bool], Checkpoint] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, note: str, key: VerifierKey, *, require_exact: bool = False) -> Checkpoint:
        """As ``open_checkpoint``, which raises what this raises; failures are not remembered."""
        name = (key, note, require_exact)
        with self._lock:
            known = self._opened.get(name)
        if known is None:
            known = open_checkpoint(note, key, require_exact=require_exact)
            with self._lock:
                self._opened[name] = known
                while len(self._opened) > self._capacity:
                    self._opened.popitem(last=False)
        return known


def verify_receipt(
    receipt: Receipt,
    key: VerifierKey,
    *,
    envelope: Envelope | None = None,
    cache: CheckpointCache | None = None,
    require_exact: bool = False,
) -> ReceiptEvidence:
    """Check a receipt with nothing but the axis's public key.

    1. The checkpoint is signed by *key*.
    2. The entry is the leaf with this index in the tree of the checkpoint.
    3. The entry can be read, has this index, and is of this axis.
    4. The envelope, when given, is the one that the entry records, and what it holds is what the
       entry says.

    Who signed the envelope is another question: see ``verify_envelope``.

    Args:
        receipt: the receipt.
        key: the axis's verifier key, from a trusted source.
        envelope: what the receipt is said to be for.
        cache: remembers opened checkpoints between calls.
        require_exact: refuse checkpoints with signatures of others beside the axis's.

    Raises:
        CheckpointInvalid: step 1.
        ProofInvalid: step 2.
        ReceiptInvalid: step 3 or 4.
        NewerEntry: what is proved cannot be read, as the axis is newer than this software.
    """
    opened = cache.open if cache else open_checkpoint
    checkpoint = opened(receipt.checkpoint, key, require_exact=require_exact)
    leaf = leaf_hash(receipt.entry)
    proof = receipt.inclusion_proof
    verify_inclusion(receipt.index, checkpoint.size, leaf, proof, checkpoint.root)
    entry = _read(receipt, checkpoint)
    recorded = None if envelope is None else match_envelope(entry, envelope)
    return ReceiptEvidence(entry=entry, checkpoint=checkpoint, recorded=recorded)


def match_envelope(
    entry: JournalEntry, envelope: Envelope, content: Manifest | Statement | None = None
) -> Recorded:
    """Check that an entry records this envelope, and nothing else than what it holds.

    Args:
        entry: what the axis recorded.
        envelope: what is said to be recorded.
        content: what the envelope holds, for the one who has made it from this; otherwise it is
            read.

    Raises:
        ReceiptInvalid: it does not.
    """
    body = entry.body
    if not isinstance(body, PackageRecord | StatementRecord):
        raise ReceiptInvalid(reason="it is for what the axis itself says, not for an envelope")
    digests = (body.payload_sha256.value, body.envelope_sha256.value)
    found = (sha256(envelope.payload).digest(), envelope_digest(envelope))
    if not all(compare_digest(a, b) for a, b in zip(digests, found, strict=True)):
        raise ReceiptInvalid(reason="it is for another envelope")
    expected = MANIFEST_TYPE if isinstance(body, PackageRecord) else STATEMENT_TYPE
    if envelope.payload_type != expected:
        raise ReceiptInvalid(reason="the entry is of another kind than the envelope")
    if isinstance(body, PackageRecord):
        manifest = content if isinstance(content, Manifest) else _manifest(envelope.payload)
        return _match_manifest(entry.axis, body, manifest)
    statement = content if isinstance(content, Statement) else _statement(envelope.payload)
    return _match_statement(entry.axis, body, statement)


def _read(receipt: Receipt, checkpoint: Checkpoint) -> JournalEntry:
    try:
        entry = load_entry(receipt.entry)
    except NewerEntry:
        raise
    except LienthongError as error:
        raise ReceiptInvalid(reason=f"its entry cannot be read: {error}") from error
    if entry.index != receipt.index:
        raise ReceiptInvalid(reason=f"its entry is number {entry.index}, not {receipt.index}")
    if entry.axis != checkpoint.origin:
        raise ReceiptInvalid(reason=f"its entry is of {entry.axis}, not of {checkpoint.origin}")
    return entry


def _manifest(payload: bytes) -> Manifest:
    try:
        return load_manifest(payload)
    except LienthongError as error:
        raise ReceiptInvalid(reason=f"the manifest cannot be read: {error}") from error


def _statement(payload: bytes) -> Statement:
    try:
        return load_statement(payload)
    except LienthongError as error:
        raise ReceiptInvalid(reason=f"the report cannot be read: {error}") from error


def _match_manifest(axis: str, record: PackageRecord, manifest: Manifest) -> RecordedPackage:
    recorded = (axis, record.package_id, record.kind, record.target, len(record.recipients))
    signed = (
        manifest.audience,
        manifest.package_id,
        manifest.kind,
        manifest.target,
        len(manifest.recipients),
    )
    if recorded != signed:
        raise ReceiptInvalid(reason="the entry says something else than the manifest")
    return RecordedPackage(record=record, manifest=manifest)


def _match_statement(axis: str, record: StatementRecord, statement: Statement) -> RecordedReport:
    recorded = (axis, record.statement_id, record.package_id, record.event)
    signed = (
        statement.audience,
        statement.statement_id,
        statement.package_id,
        statement.event,
    )
    if recorded != signed:
        raise ReceiptInvalid(reason="the entry says something else than the report")
    return RecordedReport(record=record, statement=statement)
