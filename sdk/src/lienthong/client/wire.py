"""Messages of the services to values; no logic, no network.

Envelopes, receipts and signed bytes are the codec's business; here is what only the services say.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Literal, TypeVar

from attrs import frozen

from lienthong.codec.manifests import KINDS
from lienthong.codec.scalars import (
    read_instant,
    read_maybe_date,
    read_number,
    read_number_text,
    read_organ,
    read_package_id,
    read_word,
    read_word_or,
    words,
)
from lienthong.errors import MissingField
from lienthong.model.deadline import DeadlineKind, DeadlineStage, OpenDeadline, Ruling
from lienthong.model.delivery import Delivery, DeliveryState
from lienthong.model.file_signature import LegalValue
from lienthong.model.ids import OrganId, OrganScheme, PackageId, Sha256, StatementId
from lienthong.model.organisation import OrganCode, Organisation, OrganLink, OrganName
from lienthong.model.words import IssueForm, Urgency
from lienthong.rules.law import Kept, Law, Subject, read_value
from lienthong_proto.axis.v1 import directory_pb2, evidence_pb2, exchange_pb2

V = TypeVar("V", bound=enum.Enum)
_STATES: Final = words(DeliveryState)
_URGENCIES: Final = words(Urgency)
_DEADLINES: Final = words(DeadlineKind)
_STAGES: Final = words(DeadlineStage)
_FORMS: Final = words(IssueForm)
_VALUES: Final = words(LegalValue)
_SUBJECTS: Final = words(Subject)
_SCHEMES: Final[Mapping[str, OrganScheme]] = words(OrganScheme)


class Direction(enum.Enum):
    """Which side of its deliveries an organisation wants to see."""

    INCOMING = "INCOMING"
    OUTGOING = "OUTGOING"

    @property
    def number(self) -> exchange_pb2.Direction.ValueType:
        """The word on the wire."""
        return exchange_pb2.Direction.Value(f"DIRECTION_{self.value}")


@frozen(kw_only=True)
class Limits:
    """What one organisation may use at this axis; sizes in bytes, 0 where nothing was said."""

    max_file_bytes: int
    max_files: int
    max_recipients: int
    max_package_bytes: int
    requests_per_second: int
    burst: int
    concurrent_streams: int


@frozen(kw_only=True)
class Account:
    """The caller's own organisation at this axis."""

    organisation: Organisation
    limits: Limits
    axis: str
    """Name of the axis: the audience of packages."""

    checkpoint_key: str
    """C2SP verifier key as the axis tells it; the profile's decides."""

    now: datetime | None
    """What the axis's clock said, UTC; None where it did not say."""


@frozen(kw_only=True)
class Resolution:
    """What a code leads to today."""

    organisation: Organisation
    """The one that has the code or had it."""

    current: tuple[Organisation, ...]
    """The ones to address: itself while open, otherwise its successors."""

    can_receive: bool


def delivery_from_message(message: exchange_pb2.Delivery) -> Delivery:
    """One delivery. Raises InputError for what its definition does not allow."""
    return Delivery(
        package_id=read_package_id(message.package_id, field="Delivery.package_id"),
        sender=read_organ(message.sender, field="Delivery.sender"),
        recipient=read_organ(message.recipient, field="Delivery.recipient"),
        state=read_word(_STATES, message.state, field="Delivery.state"),
        kind=read_number(KINDS, message.kind, field="Delivery.kind"),
        subject=message.subject,
        number=read_number_text(message.number, field="Delivery.number"),
        urgency=read_word_or(_URGENCIES, message.urgency, Urgency.THUONG, field="Delivery.urgency"),
        sent_at=read_instant(message.sent_at, field="Delivery.sent_at"),
        updated_at=read_instant(message.updated_at, field="Delivery.updated_at"),
        updated_index=message.updated_index,
        deadlines=tuple([_open_deadline(one) for one in message.deadlines]),
        paper=_ruling(message, "paper", _FORMS),
        legal_value=_ruling(message, "legal_value", _VALUES),
    )


def _open_deadline(message: exchange_pb2.Deadline) -> OpenDeadline:
    return OpenDeadline(
        kind=read_word(_DEADLINES, message.kind, field="Deadline.kind"),
        due_at=read_instant(message.due_at, field="Deadline.due_at"),
        stage=read_word(_STAGES, message.stage, field="Deadline.stage") if message.stage else None,
        calendar=message.calendar,
        provisional=message.provisional,
    )


def _ruling(
    message: exchange_pb2.Delivery, name: Literal["paper", "legal_value"], known: Mapping[str, V]
) -> Ruling[V] | None:
    if not message.HasField(name):
        return None
    found: exchange_pb2.Judgement = getattr(message, name)
    value = read_word(known, found.value, field=f"Delivery.{name}")
    return Ruling(value=value, rows=tuple(found.rows), rule_set=found.rule_set)


def deliveries_from_messages(messages: Iterable[exchange_pb2.Delivery]) -> tuple[Delivery, ...]:
    """Deliveries, in order."""
    return tuple([delivery_from_message(message) for message in messages])


def law_from_messages(messages: Iterable[directory_pb2.Law]) -> Law:
    """The rule sets and calendars of an axis. Raises InputError for a text that is none."""
    return Law().after(
        [
            Kept(
                organ_id=one.organ_id,
                value=read_value(read_word(_SUBJECTS, one.subject, field="Law.subject"), one.text),
                version=one.version,
            )
            for one in messages
        ]
    )


def organisation_from_message(message: directory_pb2.Organisation) -> Organisation:
    """One organisation. Raises InputError for what its definition does not allow."""
    names = tuple([_name(one) for one in message.names])
    if not names and message.name:
        names = (OrganName(value=message.name),)
    return Organisation(
        organ_id=read_organ(message.organ_id, field="Organisation.organ_id"),
        codes=tuple([_code(one) for one in message.codes]),
        names=names,
        level=message.level,
        parent=OrganId(message.parent) if message.parent else None,
        in_charge=message.in_charge,
        valid_from=read_maybe_date(message.valid_from, field="Organisation.valid_from"),
        valid_to=read_maybe_date(message.valid_to, field="Organisation.valid_to"),
        successors=_organs(message.successors),
        contact_point_of=_organs(message.contact_point_of),
        former_parents=tuple([_link(one) for one in message.former_parents]),
        acting_for=tuple([_link(one) for one in message.acting_for]),
        version=message.version,
    )


def organisations_from_messages(
    messages: Iterable[directory_pb2.Organisation],
) -> tuple[Organisation, ...]:
    """Organisations, in order."""
    return tuple([organisation_from_message(message) for message in messages])


def account_from_message(message: directory_pb2.GetOrganisationResponse) -> Account:
    """The answer about the caller itself.

    Raises:
        MissingField: the axis did not say who the caller is.
        InputError: a field breaks its definition.
    """
    if not message.HasField("organisation"):
        raise MissingField(field="GetOrganisationResponse.organisation", clause="DESIGN §7")
    limits = message.limits
    return Account(
        organisation=organisation_from_message(message.organisation),
        limits=Limits(
            max_file_bytes=limits.max_file_bytes,
            max_files=limits.max_files,
            max_recipients=limits.max_recipients,
            max_package_bytes=limits.max_package_bytes,
            requests_per_second=limits.requests_per_second,
            burst=limits.burst,
            concurrent_streams=limits.concurrent_streams,
        ),
        axis=message.axis,
        checkpoint_key=message.checkpoint_key,
        now=read_instant(message.now, field="GetOrganisationResponse.now")
        if message.HasField("now")
        else None,
    )


def resolution_from_message(message: directory_pb2.ResolveResponse) -> Resolution:
    """What a code leads to. Raises InputError for what its definition does not allow."""
    return Resolution(
        organisation=organisation_from_message(message.organisation),
        current=organisations_from_messages(message.current),
        can_receive=message.can_receive,
    )


def receipt_request(subject: int | PackageId | StatementId) -> evidence_pb2.GetReceiptRequest:
    """Ask for a receipt by journal index, package or report."""
    if isinstance(subject, PackageId):
        return evidence_pb2.GetReceiptRequest(package_id=subject.bytes)
    if isinstance(subject, StatementId):
        return evidence_pb2.GetReceiptRequest(statement_id=subject.bytes)
    return evidence_pb2.GetReceiptRequest(index=subject)


def inline_files_from_messages(contents: Iterable[bytes]) -> dict[Sha256, bytes]:
    """Contents by their own hash, which is computed here and not believed."""
    return {Sha256.of(content): content for content in contents}


def _code(message: directory_pb2.OrganCode) -> OrganCode:
    return OrganCode(
        scheme=read_word(_SCHEMES, message.scheme, field="OrganCode.scheme"),
        value=read_organ(message.value, field="OrganCode.value"),
        valid_from=read_maybe_date(message.valid_from, field="OrganCode.valid_from"),
        valid_to=read_maybe_date(message.valid_to, field="OrganCode.valid_to"),
    )


def _name(message: directory_pb2.OrganName) -> OrganName:
    return OrganName(
        value=message.value,
        valid_from=read_maybe_date(message.valid_from, field="OrganName.valid_from"),
        valid_to=read_maybe_date(message.valid_to, field="OrganName.valid_to"),
    )


def _link(message: directory_pb2.OrganLink) -> OrganLink:
    return OrganLink(
        organ_id=read_organ(message.organ_id, field="OrganLink.organ_id"),
        valid_from=read_maybe_date(message.valid_from, field="OrganLink.valid_from"),
        valid_to=read_maybe_date(message.valid_to, field="OrganLink.valid_to"),
    )


def _organs(codes: Iterable[str]) -> tuple[OrganId, ...]:
    return tuple([OrganId(code) for code in codes])
