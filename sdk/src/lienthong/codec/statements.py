"""Status reports: the bytes that a sender or recipient signs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lienthong.codec.documents import read_reference, write_reference
from lienthong.codec.scalars import (
    bound,
    read_date,
    read_instant,
    read_maybe_date,
    read_number,
    read_organ,
    read_package_id,
    read_sha256,
    read_statement_id,
    read_word,
    words,
    write_date,
    write_instant,
)
from lienthong.codec.strict import parse
from lienthong.errors import MissingField
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.file_signature import (
    MAX_UNSIGNED,
    Certificates,
    Finding,
    SignatureKind,
    SignaturesFound,
)
from lienthong.model.report import (
    MAX_ASSIGNMENTS,
    Assignment,
    CheckSummary,
    Reason,
    RegisterEntry,
    Statement,
)
from lienthong.model.signing import MAX_PAYLOAD_BYTES
from lienthong.model.words import AssignmentRole, CopyForm, Origin, RefusalCode
from lienthong_proto.axis.v1 import package_pb2

EVENT_NUMBERS: Final[Mapping[DeliveryEvent, package_pb2.DeliveryEvent.ValueType]] = {
    event: package_pb2.DeliveryEvent.Value(f"DELIVERY_EVENT_{event.value}")
    for event in DeliveryEvent
    if event.reported
}
EVENTS: Final[Mapping[int, DeliveryEvent]] = {
    number: event for event, number in EVENT_NUMBERS.items()
}
_REASON_CODES: Final = words(RefusalCode)
_ASSIGNMENT_ROLES: Final = words(AssignmentRole)
_COPY_FORMS: Final = words(CopyForm)
_ORIGINS: Final = words(Origin)
_FINDINGS: Final = words(Finding)
_KINDS: Final = words(SignatureKind)
_CERTIFICATES: Final = words(Certificates)


def dump_statement(value: Statement) -> bytes:
    """The bytes to sign; made once, by the reporter."""
    return _write_statement(value).SerializeToString(deterministic=True)


def dump_statement_content(value: Statement) -> bytes:
    """What a report says, without its identifier, its time, and when and how was checked.

    Two reports with equal content have equal bytes; the bytes are never signed or sent. So a
    report that is made anew after a crash is a repetition, not a contradiction.
    """
    message = _write_statement(value)
    message.ClearField("statement_id")
    message.ClearField("created_at")
    message.check.ClearField("checked_at")
    message.check.ClearField("checker")
    message.check.ClearField("signatures")
    return message.SerializeToString(deterministic=True)


def load_statement(data: bytes) -> Statement:
    """The report of signed bytes.

    Raises:
        Malformed: the bytes are no statement.
        UnknownField: they hold a field that this version does not know.
        TooLarge: they, or a list in them, exceed their limit.
        InputError: a field is missing or breaks its definition.
    """
    message = parse(package_pb2.Statement, data, what="statement", limit=MAX_PAYLOAD_BYTES)
    bound(message.assignments, most=MAX_ASSIGNMENTS, field="Statement.assignments")
    if not message.HasField("created_at"):
        raise MissingField(field="Statement.created_at", clause="QĐ 52/2019 Đ10.3")
    return Statement(
        statement_id=read_statement_id(message.statement_id, field="Statement.statement_id"),
        audience=message.audience,
        package_id=read_package_id(message.package_id, field="Statement.package_id"),
        recipient=read_organ(message.recipient, field="Statement.recipient"),
        reporter=read_organ(message.reporter, field="Statement.reporter"),
        event=read_number(EVENTS, message.event, field="Statement.event"),
        created_at=read_instant(message.created_at, field="Statement.created_at"),
        reason=_read_reason(message.reason) if message.HasField("reason") else None,
        register=_read_register(message.register) if message.HasField("register") else None,
        check=_read_check(message.check) if message.HasField("check") else None,
        assignments=tuple([_read_assignment(item) for item in message.assignments]),
        reply=(
            read_reference(message.reply, field="Statement.reply")
            if message.HasField("reply")
            else None
        ),
        information_only=message.information_only,
        note=message.note,
        responsible=message.responsible,
    )


def _write_statement(value: Statement) -> package_pb2.Statement:
    return package_pb2.Statement(
        statement_id=value.statement_id.value,
        audience=value.audience,
        package_id=value.package_id.value,
        recipient=value.recipient.value,
        reporter=value.reporter.value,
        event=EVENT_NUMBERS[value.event],
        created_at=write_instant(value.created_at),
        reason=None if value.reason is None else _write_reason(value.reason),
        register=None if value.register is None else _write_register(value.register),
        check=None if value.check is None else _write_check(value.check),
        assignments=[_write_assignment(item) for item in value.assignments],
        reply=None if value.reply is None else write_reference(value.reply),
        information_only=value.information_only,
        note=value.note,
        responsible=value.responsible,
    )


def _write_reason(value: Reason) -> package_pb2.Reason:
    return package_pb2.Reason(code=value.code.value, text=value.text)


def _read_reason(message: package_pb2.Reason) -> Reason:
    return Reason(
        code=read_word(_REASON_CODES, message.code, field="Reason.code", clause="QĐ 52/2019 Đ5.1d"),
        text=message.text,
    )


def _write_register(value: RegisterEntry) -> package_pb2.RegisterEntry:
    return package_pb2.RegisterEntry(number=value.number, date=value.date.isoformat())


def _read_register(message: package_pb2.RegisterEntry) -> RegisterEntry:
    return RegisterEntry(
        number=message.number,
        date=read_date(message.date, field="RegisterEntry.date", clause="NĐ 30/2020 PL VI II.12"),
    )


def _write_check(value: CheckSummary) -> package_pb2.CheckSummary:
    return package_pb2.CheckSummary(
        complete=value.complete,
        intact=value.intact,
        authentic=value.authentic,
        checked_at=write_instant(value.checked_at),
        checker=value.checker,
        signatures=None if value.signatures is None else write_signatures(value.signatures),
    )


def _read_check(message: package_pb2.CheckSummary) -> CheckSummary:
    if not message.HasField("checked_at"):
        raise MissingField(field="CheckSummary.checked_at", clause="QĐ 52/2019 Đ8.1a")
    return CheckSummary(
        complete=message.complete,
        intact=message.intact,
        authentic=message.authentic,
        checked_at=read_instant(message.checked_at, field="CheckSummary.checked_at"),
        checker=message.checker,
        signatures=(
            read_signatures(message.signatures) if message.HasField("signatures") else None
        ),
    )


def write_signatures(value: SignaturesFound) -> package_pb2.SignaturesFound:
    """What was found of signatures, for a larger message to hold."""
    return package_pb2.SignaturesFound(
        copy_form=value.copy_form.value,
        origin=value.origin.value,
        integrity=value.integrity.value,
        signer=value.signer.value,
        agency=value.agency.value,
        kind=value.kind.value,
        certificates=value.certificates.value,
        order=value.order.value,
        unsigned_attachments=value.unsigned_attachments,
        report_sha256=value.report.value,
    )


def read_signatures(message: package_pb2.SignaturesFound) -> SignaturesFound:
    """What was found of signatures, of a message that was part of a larger one.

    Raises:
        InputError: a field is missing or breaks its definition.
    """
    names = message.unsigned_attachments
    bound(names, most=MAX_UNSIGNED, field="SignaturesFound.unsigned_attachments")
    return SignaturesFound(
        copy_form=read_word(_COPY_FORMS, message.copy_form, field="SignaturesFound.copy_form"),
        origin=read_word(_ORIGINS, message.origin, field="SignaturesFound.origin"),
        integrity=_read_finding(message.integrity, "integrity"),
        signer=_read_finding(message.signer, "signer"),
        agency=_read_finding(message.agency, "agency"),
        kind=read_word(_KINDS, message.kind, field="SignaturesFound.kind"),
        certificates=read_word(
            _CERTIFICATES, message.certificates, field="SignaturesFound.certificates"
        ),
        order=_read_finding(message.order, "order"),
        unsigned_attachments=tuple(names),
        report=read_sha256(message.report_sha256, field="SignaturesFound.report_sha256"),
    )


def _read_finding(word: str, name: str) -> Finding:
    field = f"SignaturesFound.{name}"
    return read_word(_FINDINGS, word, field=field, clause="QĐ 52/2019 Đ8.1b")


def _write_assignment(value: Assignment) -> package_pb2.Assignment:
    return package_pb2.Assignment(
        unit=value.unit, role=value.role.value, due_date=write_date(value.due_date)
    )


def _read_assignment(message: package_pb2.Assignment) -> Assignment:
    return Assignment(
        unit=message.unit,
        role=read_word(
            _ASSIGNMENT_ROLES, message.role, field="Assignment.role", clause="NĐ 30/2020 Đ23.2"
        ),
        due_date=read_maybe_date(message.due_date, field="Assignment.due_date"),
    )
