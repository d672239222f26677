"""Journal entries and receipts: the bytes that the axis makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lienthong.codec.manifests import KIND_NUMBERS, KINDS
from lienthong.codec.scalars import (
    bound,
    read_instant,
    read_maybe_package_id,
    read_number,
    read_organ,
    read_package_id,
    read_sha256,
    read_statement_id,
    read_word,
    words,
    write_instant,
)
from lienthong.codec.statements import (
    EVENT_NUMBERS,
    EVENTS,
    read_signatures,
    write_signatures,
)
from lienthong.codec.strict import parse
from lienthong.errors import MissingField, NewerEntry, TooLarge, UnknownField
from lienthong.model.deadline import DeadlineKind, DeadlineStage
from lienthong.model.delivery import DeliveryState
from lienthong.model.file_signature import LegalValue
from lienthong.model.journal import (
    MAX_CHECKPOINT_CHARACTERS,
    MAX_ENTRY_BYTES,
    MAX_PROOF,
    MAX_RESULTS,
    CheckResult,
    DeadlineRecord,
    DirectoryRecord,
    Effect,
    ExpiryRecord,
    InterconnectionRecord,
    JournalBody,
    JournalEntry,
    PackageRecord,
    Receipt,
    StatementRecord,
    VerificationRecord,
)
from lienthong.model.package import MAX_RECIPIENTS
from lienthong_proto.axis.v1 import journal_pb2

MAX_RECEIPT_BYTES: Final = MAX_ENTRY_BYTES + 4 * MAX_CHECKPOINT_CHARACTERS + 64 * MAX_PROOF
_STATES: Final = words(DeliveryState)
_KINDS: Final = words(DeadlineKind)
_STAGES: Final = words(DeadlineStage)
_VALUES: Final = words(LegalValue)


def dump_entry(value: JournalEntry) -> bytes:
    """The bytes of the Merkle leaf; made once, by the axis.

    Raises:
        TooLarge: they exceed 1 MiB.
    """
    data = _write_entry(value).SerializeToString(deterministic=True)
    if len(data) > MAX_ENTRY_BYTES:
        limit = f"{MAX_ENTRY_BYTES} bytes"
        raise TooLarge(what="journal entry", found=f"{len(data)} bytes", limit=limit)
    return data


def load_entry(data: bytes) -> JournalEntry:
    """The journal entry of a leaf.

    Raises:
        Malformed: the bytes are no journal entry.
        NewerEntry: they hold a field that this version does not know, as of another kind of entry.
        TooLarge: they, or a list in them, exceed their limit.
        InputError: a field is missing or breaks its definition.
    """
    try:
        message = parse(journal_pb2.JournalEntry, data, what="journal entry", limit=MAX_ENTRY_BYTES)
    except UnknownField as error:
        raise NewerEntry(**error.facts) from error
    if not message.HasField("recorded_at"):
        raise MissingField(field="JournalEntry.recorded_at", clause="QĐ 52/2019 Đ10.1")
    return JournalEntry(
        index=message.index,
        nonce=message.nonce,
        recorded_at=read_instant(message.recorded_at, field="JournalEntry.recorded_at"),
        axis=message.axis,
        body=_read_body(message),
    )


def dump_receipt(value: Receipt) -> bytes:
    """The bytes of a receipt, for a file or a database of the one who holds it."""
    return receipt_to_message(value).SerializeToString(deterministic=True)


def load_receipt(data: bytes) -> Receipt:
    """The receipt of bytes; what it proves is not checked here.

    Raises:
        Malformed: the bytes are no receipt.
        UnknownField: they hold a field that this version does not know.
        TooLarge: they, or a list in them, exceed their limit.
        InputError: a field is missing or breaks its definition.
    """
    message = parse(journal_pb2.Receipt, data, what="receipt", limit=MAX_RECEIPT_BYTES)
    return receipt_from_message(message)


def receipt_to_message(value: Receipt) -> journal_pb2.Receipt:
    """The message of a receipt, for a larger message to hold."""
    return journal_pb2.Receipt(
        entry=value.entry,
        index=value.index,
        inclusion_proof=value.inclusion_proof,
        checkpoint=value.checkpoint,
    )


def receipt_from_message(message: journal_pb2.Receipt) -> Receipt:
    """The receipt of a message that was part of a larger one.

    Raises:
        InputError: a field is missing or breaks its definition.
    """
    bound(message.inclusion_proof, most=MAX_PROOF, field="Receipt.inclusion_proof")
    return Receipt(
        entry=message.entry,
        index=message.index,
        inclusion_proof=tuple(message.inclusion_proof),
        checkpoint=message.checkpoint,
    )


def _write_entry(value: JournalEntry) -> journal_pb2.JournalEntry:
    body = value.body
    return journal_pb2.JournalEntry(
        index=value.index,
        nonce=value.nonce,
        recorded_at=write_instant(value.recorded_at),
        axis=value.axis,
        package=_write_package(body) if isinstance(body, PackageRecord) else None,
        statement=_write_statement(body) if isinstance(body, StatementRecord) else None,
        directory=_write_directory(body) if isinstance(body, DirectoryRecord) else None,
        deadline=_write_deadline(body) if isinstance(body, DeadlineRecord) else None,
        check=_write_check(body) if isinstance(body, InterconnectionRecord) else None,
        verification=_write_verification(body) if isinstance(body, VerificationRecord) else None,
        expiry=_write_expiry(body) if isinstance(body, ExpiryRecord) else None,
    )


def _read_body(message: journal_pb2.JournalEntry) -> JournalBody:
    name = message.WhichOneof("body")
    if name is None:
        raise MissingField(field="JournalEntry.body", clause="DESIGN §6")
    return _READERS[name](getattr(message, name))


def _write_package(value: PackageRecord) -> journal_pb2.PackageRecord:
    return journal_pb2.PackageRecord(
        package_id=value.package_id.value,
        kind=KIND_NUMBERS[value.kind],
        sender=value.sender.value,
        recipients=[organ.value for organ in value.recipients],
        payload_sha256=value.payload_sha256.value,
        envelope_sha256=value.envelope_sha256.value,
        target_package_id=b"" if value.target is None else value.target.value,
        effects=[_write_effect(item) for item in value.effects],
    )


def _read_package(message: journal_pb2.PackageRecord) -> PackageRecord:
    bound(message.recipients, most=MAX_RECIPIENTS, field="PackageRecord.recipients")
    bound(message.effects, most=4 * MAX_RECIPIENTS, field="PackageRecord.effects")
    return PackageRecord(
        package_id=read_package_id(message.package_id, field="PackageRecord.package_id"),
        kind=read_number(KINDS, message.kind, field="PackageRecord.kind"),
        sender=read_organ(message.sender, field="PackageRecord.sender"),
        recipients=tuple(
            [read_organ(item, field="PackageRecord.recipients") for item in message.recipients]
        ),
        payload_sha256=read_sha256(message.payload_sha256, field="PackageRecord.payload_sha256"),
        envelope_sha256=read_sha256(message.envelope_sha256, field="PackageRecord.envelope_sha256"),
        target=read_maybe_package_id(message.target_package_id),
        effects=tuple([_read_effect(item) for item in message.effects]),
    )


def _write_statement(value: StatementRecord) -> journal_pb2.StatementRecord:
    return journal_pb2.StatementRecord(
        statement_id=value.statement_id.value,
        package_id=value.package_id.value,
        recipient=value.recipient.value,
        reporter=value.reporter.value,
        event=EVENT_NUMBERS[value.event],
        payload_sha256=value.payload_sha256.value,
        envelope_sha256=value.envelope_sha256.value,
        effects=[_write_effect(item) for item in value.effects],
    )


def _read_statement(message: journal_pb2.StatementRecord) -> StatementRecord:
    bound(message.effects, most=4 * MAX_RECIPIENTS, field="StatementRecord.effects")
    return StatementRecord(
        statement_id=read_statement_id(message.statement_id, field="StatementRecord.statement_id"),
        package_id=read_package_id(message.package_id, field="StatementRecord.package_id"),
        recipient=read_organ(message.recipient, field="StatementRecord.recipient"),
        reporter=read_organ(message.reporter, field="StatementRecord.reporter"),
        event=read_number(EVENTS, message.event, field="StatementRecord.event"),
        payload_sha256=read_sha256(message.payload_sha256, field="StatementRecord.payload_sha256"),
        envelope_sha256=read_sha256(
            message.envelope_sha256, field="StatementRecord.envelope_sha256"
        ),
        effects=tuple([_read_effect(item) for item in message.effects]),
    )


def _write_directory(value: DirectoryRecord) -> journal_pb2.DirectoryRecord:
    return journal_pb2.DirectoryRecord(
        version=value.version,
        subject=value.subject,
        organ_id=value.organ_id.value,
        change_sha256=value.change_sha256.value,
    )


def _read_directory(message: journal_pb2.DirectoryRecord) -> DirectoryRecord:
    return DirectoryRecord(
        version=message.version,
        subject=message.subject,
        organ_id=read_organ(message.organ_id, field="DirectoryRecord.organ_id"),
        change_sha256=read_sha256(message.change_sha256, field="DirectoryRecord.change_sha256"),
    )


def _write_deadline(value: DeadlineRecord) -> journal_pb2.DeadlineRecord:
    return journal_pb2.DeadlineRecord(
        package_id=value.package_id.value,
        recipient=value.recipient.value,
        kind=value.kind.value,
        stage=value.stage.value,
        due_at=write_instant(value.due_at),
        rule_set=value.rule_set,
        calendar=value.calendar,
        provisional=value.provisional,
    )


def _read_deadline(message: journal_pb2.DeadlineRecord) -> DeadlineRecord:
    if not message.HasField("due_at"):
        raise MissingField(field="DeadlineRecord.due_at", clause="DESIGN §6")
    return DeadlineRecord(
        package_id=read_package_id(message.package_id, field="DeadlineRecord.package_id"),
        recipient=read_organ(message.recipient, field="DeadlineRecord.recipient"),
        kind=read_word(_KINDS, message.kind, field="DeadlineRecord.kind"),
        stage=read_word(_STAGES, message.stage, field="DeadlineRecord.stage"),
        due_at=read_instant(message.due_at, field="DeadlineRecord.due_at"),
        rule_set=message.rule_set,
        calendar=message.calendar,
        provisional=message.provisional,
    )


def _write_verification(value: VerificationRecord) -> journal_pb2.VerificationRecord:
    return journal_pb2.VerificationRecord(
        package_id=value.package_id.value,
        recipient=value.recipient.value,
        found=write_signatures(value.found),
        value=value.value.value,
        rule_set=value.rule_set,
        checked_at=write_instant(value.checked_at),
        checker=value.checker,
    )


def _read_verification(message: journal_pb2.VerificationRecord) -> VerificationRecord:
    for name in ("found", "checked_at"):
        if not message.HasField(name):
            raise MissingField(field=f"VerificationRecord.{name}", clause="QĐ 52/2019 Đ8.1a")
    return VerificationRecord(
        package_id=read_package_id(message.package_id, field="VerificationRecord.package_id"),
        recipient=read_organ(message.recipient, field="VerificationRecord.recipient"),
        found=read_signatures(message.found),
        value=read_word(_VALUES, message.value, field="VerificationRecord.value"),
        rule_set=message.rule_set,
        checked_at=read_instant(message.checked_at, field="VerificationRecord.checked_at"),
        checker=message.checker,
    )


def _write_expiry(value: ExpiryRecord) -> journal_pb2.ExpiryRecord:
    return journal_pb2.ExpiryRecord(
        organ_id=value.organ_id.value,
        certificate_sha256=value.certificate_sha256.value,
        use=value.use,
        not_after=write_instant(value.not_after),
        days_ahead=value.days_ahead,
    )


def _read_expiry(message: journal_pb2.ExpiryRecord) -> ExpiryRecord:
    if not message.HasField("not_after"):
        raise MissingField(field="ExpiryRecord.not_after", clause="DESIGN §6")
    return ExpiryRecord(
        organ_id=read_organ(message.organ_id, field="ExpiryRecord.organ_id"),
        certificate_sha256=read_sha256(
            message.certificate_sha256, field="ExpiryRecord.certificate_sha256"
        ),
        use=message.use,
        not_after=read_instant(message.not_after, field="ExpiryRecord.not_after"),
        days_ahead=message.days_ahead,
    )


def _write_check(value: InterconnectionRecord) -> journal_pb2.InterconnectionRecord:
    missed = value.missed_at
    return journal_pb2.InterconnectionRecord(
        organ_id=value.organ_id.value,
        results=[
            journal_pb2.CheckResult(name=item.name, passed=item.passed, note=item.note)
            for item in value.results
        ],
        missed_at=None if missed is None else write_instant(missed),
    )


def _read_check(message: journal_pb2.InterconnectionRecord) -> InterconnectionRecord:
    bound(message.results, most=MAX_RESULTS, field="InterconnectionRecord.results")
    missed = message.missed_at if message.HasField("missed_at") else None
    return InterconnectionRecord(
        organ_id=read_organ(message.organ_id, field="InterconnectionRecord.organ_id"),
        results=tuple(
            CheckResult(name=item.name, passed=item.passed, note=item.note)
            for item in message.results
        ),
        missed_at=None
        if missed is None
        else read_instant(missed, field="InterconnectionRecord.missed_at"),
    )


def _write_effect(value: Effect) -> journal_pb2.Effect:
    return journal_pb2.Effect(
        package_id=value.package_id.value,
        recipient=value.recipient.value,
        from_state="" if value.from_state is None else value.from_state.value,
        to_state=value.to_state.value,
    )


def _read_effect(message: journal_pb2.Effect) -> Effect:
    return Effect(
        package_id=read_package_id(message.package_id, field="Effect.package_id"),
        recipient=read_organ(message.recipient, field="Effect.recipient"),
        from_state=(
            read_word(_STATES, message.from_state, field="Effect.from_state")
            if message.from_state
            else None
        ),
        to_state=read_word(_STATES, message.to_state, field="Effect.to_state"),
    )


_READERS: Final[Mapping[str, Callable[[Any], JournalBody]]] = {
    "package": _read_package,
    "statement": _read_statement,
    "directory": _read_directory,
    "deadline": _read_deadline,
    "check": _read_check,
    "verification": _read_verification,
    "expiry": _read_expiry,
}
