"""Service messages to values and back; no rules. Signed bytes are the business of the codec."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from attrs import field, frozen
from google.protobuf.timestamp_pb2 import Timestamp

from lienthong.codec.signed import envelope_from_message
from lienthong.errors import InvalidValue, MissingField, TooLarge
from lienthong.model.ids import OrganId
from lienthong.model.journal import MAX_RESULTS, CheckResult
from lienthong.model.organisation import OrganCode, Organisation, OrganLink, OrganName
from lienthong.model.package import PackageKind
from lienthong.model.signing import Envelope
from lienthong.pki.chain import Purpose, check_certificate
from lienthong.spi.records import DeadlineRow, DeliveryRow, JournalRow, JudgementRow
from lienthong_node.core.credentials import Credential, Role, Use
from lienthong_node.core.deadlines import running, shown_to_sender
from lienthong_node.core.law import Kept, Subject, read_value, write_value
from lienthong_node.core.policy import Policy
from lienthong_node.settings import Settings
from lienthong_node.stores import Recorded
from lienthong_proto.axis.v1 import (
    admin_pb2,
    directory_pb2,
    exchange_pb2,
    journal_pb2,
    package_pb2,
)

if TYPE_CHECKING:
    from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

    FeedItems = RepeatedCompositeFieldContainer[exchange_pb2.FeedItem]

ID_SIZE: Final = 16
HASH_SIZE: Final = 32
MAX_INDEX: Final = 2**63 - 1
MAX_PAGE: Final = 500
DEFAULT_PAGE: Final = 100
_PURPOSES: Final = {Use.TRANSPORT: Purpose.CLIENT, Use.SIGNING: Purpose.SIGNING}


@frozen(kw_only=True)
class Received:
    """An envelope as it came, with its hashes."""

    envelope: Envelope
    envelope_bytes: bytes = field(repr=False)
    payload_sha256: bytes


def received(message: package_pb2.Envelope) -> Received:
    """An envelope to hand over.

    Raises:
        Malformed: it cannot be one.
    """
    envelope = envelope_from_message(message)
    # What a message holds beside its envelope is not kept; the rest is, in one order.
    message.DiscardUnknownFields()  # type: ignore[no-untyped-call,unused-ignore]
    return Received(
        envelope=envelope,
        envelope_bytes=message.SerializeToString(deterministic=True),
        payload_sha256=hashlib.sha256(envelope.payload).digest(),
    )


def check_id(value: bytes, name: str) -> bytes:
    """A 16-byte identifier of a request."""
    if len(value) != ID_SIZE:
        raise InvalidValue(field=name, found=f"{len(value)} bytes", expected="16 bytes")
    return value


def check_hash(value: bytes, name: str) -> bytes:
    """A SHA-256 of a request."""
    if len(value) != HASH_SIZE:
        raise InvalidValue(field=name, found=f"{len(value)} bytes", expected="32 bytes")
    return value


def check_index(value: int, name: str) -> int:
    """A journal index of a request; no journal has more entries than stores can count."""
    if value > MAX_INDEX:
        raise InvalidValue(field=name, found=value, expected=f"at most {MAX_INDEX}")
    return value


def page_size(asked: int) -> int:
    return min(asked or DEFAULT_PAGE, MAX_PAGE)


def receipt(recorded: Recorded) -> journal_pb2.Receipt:
    return journal_pb2.Receipt(
        entry=recorded.row.entry,
        index=recorded.row.index,
        inclusion_proof=recorded.row.proof,
        checkpoint=recorded.checkpoint.note,
    )


def add_item(
    items: FeedItems, row: JournalRow, note: str, inline_files: Sequence[bytes] = ()
) -> exchange_pb2.FeedItem:
    """Add an entry to a page; in place, because putting a message into another one copies it."""
    item = items.add(inline_files=inline_files)
    proven = item.receipt
    proven.entry, proven.index, proven.checkpoint = row.entry, row.index, note
    proven.inclusion_proof.extend(row.proof)
    if row.package_id and row.envelope:
        item.envelope.ParseFromString(row.envelope)
    return item


def check_results(messages: Sequence[journal_pb2.CheckResult]) -> tuple[CheckResult, ...]:
    """What a check of the interconnection found.

    Raises:
        MissingField, TooLarge: there is none, or there are too many.
        InvalidValue: a name or note is wrong.
    """
    if not messages:
        raise MissingField(field="results", clause="RecordCheck")
    if len(messages) > MAX_RESULTS:
        raise TooLarge(what="results", found=len(messages), limit=MAX_RESULTS)
    return tuple(CheckResult(name=one.name, passed=one.passed, note=one.note) for one in messages)


def stored_envelope(row: JournalRow) -> package_pb2.Envelope:
    return package_pb2.Envelope.FromString(row.envelope)


def delivery(row: DeliveryRow, *, outgoing: bool) -> exchange_pb2.Delivery:
    """A delivery as one side may see it.

    Args:
        row: the delivery.
        outgoing: for its sender, to whom the recipient's own affairs are not shown.
    """
    return exchange_pb2.Delivery(
        package_id=row.package_id,
        sender=row.sender,
        recipient=row.recipient,
        state=row.state,
        updated_index=row.updated_index,
        updated_at=timestamp(row.updated_us),
        kind=package_kind(PackageKind(row.kind)),
        subject=row.subject,
        number=row.number,
        urgency=row.urgency,
        sent_at=timestamp(row.sent_us),
        deadlines=[_deadline(one) for one in running(row) if not outgoing or shown_to_sender(one)],
        paper=_judgement(row.paper),
        legal_value=_judgement(row.legal_value),
    )


def _deadline(row: DeadlineRow) -> exchange_pb2.Deadline:
    return exchange_pb2.Deadline(
        kind=row.kind,
        due_at=timestamp(row.due_us),
        stage=row.stage,
        calendar=row.calendar,
        provisional=row.provisional,
    )


def _judgement(row: JudgementRow | None) -> exchange_pb2.Judgement | None:
    if row is None:
        return None
    return exchange_pb2.Judgement(value=row.value, rows=row.rows, rule_set=row.rule_set)


def package_kind(kind: PackageKind) -> package_pb2.PackageKind.ValueType:
    return package_pb2.PackageKind.Value(f"PACKAGE_KIND_{kind.value}")


def timestamp(microseconds: int) -> Timestamp:
    seconds, rest = divmod(microseconds, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def organisation(value: Organisation, on: date) -> directory_pb2.Organisation:
    return directory_pb2.Organisation(
        organ_id=str(value.organ_id),
        name=value.name_on(on),
        codes=[
            directory_pb2.OrganCode(
                scheme=code.scheme.value,
                value=str(code.value),
                valid_from=_iso(code.valid_from),
                valid_to=_iso(code.valid_to),
            )
            for code in value.codes
        ],
        names=[
            directory_pb2.OrganName(
                value=name.value, valid_from=_iso(name.valid_from), valid_to=_iso(name.valid_to)
            )
            for name in value.names
        ],
        level=value.level,
        parent=str(value.parent) if value.parent else "",
        in_charge=value.in_charge,
        valid_from=_iso(value.valid_from),
        valid_to=_iso(value.valid_to),
        successors=[str(code) for code in value.successors],
        contact_point_of=[str(code) for code in value.contact_point_of],
        version=value.version,
        former_parents=[_link(link) for link in value.former_parents],
        acting_for=[_link(link) for link in value.acting_for],
    )


def organisation_from(message: directory_pb2.Organisation) -> Organisation:
    """An organisation to enter; its version is the node's to give.

    Raises:
        InvalidValue, MissingField, Malformed: a field is wrong.
    """
    organ_id = OrganId(message.organ_id)
    codes = [
        OrganCode(
            scheme=OrganId(code.value).scheme,
            value=OrganId(code.value),
            valid_from=_date(code.valid_from, "valid_from"),
            valid_to=_date(code.valid_to, "valid_to"),
        )
        for code in message.codes
    ]
    names = [
        OrganName(
            value=name.value,
            valid_from=_date(name.valid_from, "valid_from"),
            valid_to=_date(name.valid_to, "valid_to"),
        )
        for name in message.names
    ]
    return Organisation(
        organ_id=organ_id,
        codes=codes or [OrganCode(scheme=organ_id.scheme, value=organ_id)],
        names=names or [OrganName(value=message.name)],
        level=message.level,
        parent=OrganId(message.parent) if message.parent else None,
        in_charge=message.in_charge,
        valid_from=_date(message.valid_from, "valid_from"),
        valid_to=_date(message.valid_to, "valid_to"),
        successors=[OrganId(code) for code in message.successors],
        contact_point_of=[OrganId(code) for code in message.contact_point_of],
        former_parents=[_link_from(link) for link in message.former_parents],
        acting_for=[_link_from(link) for link in message.acting_for],
        version=0,
    )


def limits(policy: Policy, settings: Settings) -> directory_pb2.Limits:
    return directory_pb2.Limits(
        max_file_bytes=policy.max_file_bytes,
        max_files=policy.max_files,
        max_recipients=policy.max_recipients,
        max_package_bytes=policy.max_package_bytes,
        requests_per_second=settings.requests_per_second,
        burst=settings.burst,
        concurrent_streams=settings.concurrent_streams,
    )


def credential(value: Credential) -> admin_pb2.Credential:
    return admin_pb2.Credential(
        fingerprint=value.fingerprint,
        organ_id=value.organ_id,
        use=value.use.value,
        roles=[role.value for role in value.roles],
        subject=value.subject,
        not_before=value.not_before.isoformat(),
        not_after=value.not_after.isoformat(),
        registered_at=value.registered_at.isoformat(),
        revoked_at=value.revoked_at.isoformat() if value.revoked_at else "",
        revocation_reason=value.revocation_reason,
    )


def credential_from(message: admin_pb2.Credential) -> Credential:
    """What a node says of a credential.

    Raises:
        ValueError: it is not what a node says.
    """
    revoked = message.revoked_at
    return Credential(
        fingerprint=message.fingerprint,
        organ_id=message.organ_id,
        use=Use(message.use),
        roles=tuple(map(Role, message.roles)),
        subject=message.subject,
        not_before=datetime.fromisoformat(message.not_before),
        not_after=datetime.fromisoformat(message.not_after),
        registered_at=datetime.fromisoformat(message.registered_at),
        revoked_at=datetime.fromisoformat(revoked) if revoked else None,
        revocation_reason=message.revocation_reason,
    )


def law(kept: Kept) -> directory_pb2.Law:
    return directory_pb2.Law(
        subject=kept.subject.value,
        organ_id=kept.organ_id,
        name=kept.value.name,
        text=write_value(kept.value),
        version=kept.version,
    )


def law_from(message: directory_pb2.Law) -> Kept:
    """A rule set or a calendar that somebody enters, or that a node says it keeps.

    Raises:
        InvalidValue: it is neither, or has not the name that is given beside it.
        InputError: its text is wrong, or needs another file.
    """
    value = read_value(_subject(message.subject), message.text)
    if message.name not in {"", value.name}:
        raise InvalidValue(field="name", found=message.name, expected=value.name)
    return Kept(organ_id=message.organ_id, value=value, version=message.version)


def _subject(word: str) -> Subject:
    try:
        return Subject(word)
    except ValueError:
        expected = " or ".join(subject.value for subject in Subject)
        raise InvalidValue(field="subject", found=word, expected=expected) from None


def credential_of(
    der: bytes, organ_id: str, use: Use, roles: tuple[Role, ...], now: datetime
) -> Credential:
    """A certificate as it is bound to an organisation.

    Raises:
        Malformed, TooLarge: it is not an X.509 certificate.
        CertificateUnfit, AlgorithmUnsupported: it is not for this use, or too weak for any.
    """
    certificate = check_certificate(der, _PURPOSES[use])
    return Credential(
        fingerprint=hashlib.sha256(der).hexdigest(),
        organ_id=organ_id,
        use=use,
        roles=roles,
        subject=certificate.subject,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        registered_at=now,
    )


def _link(value: OrganLink) -> directory_pb2.OrganLink:
    return directory_pb2.OrganLink(
        organ_id=str(value.organ_id),
        valid_from=_iso(value.valid_from),
        valid_to=_iso(value.valid_to),
    )


def _link_from(message: directory_pb2.OrganLink) -> OrganLink:
    return OrganLink(
        organ_id=OrganId(message.organ_id),
        valid_from=_date(message.valid_from, "valid_from"),
        valid_to=_date(message.valid_to, "valid_to"),
    )


def _iso(value: date | None) -> str:
    return value.isoformat() if value else ""


def _date(text: str, name: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidValue(field=name, found=text, expected="YYYY-MM-DD") from None
