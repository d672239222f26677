"""The sender's own record of a document it issues (regulations §13a C); it never travels."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from attrs import Attribute, field, frozen

from lienthong.model.checks import a, as_tuple, many, maybe, missing, refuse, text, whole
from lienthong.model.delivery import DeliveryState
from lienthong.model.document import Document
from lienthong.model.file_signature import (
    Conversion,
    FileSignature,
    LegalJudgement,
    check_conversion,
)
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.package import MAX_FILES, MAX_RECIPIENTS, PDF, FileEntry, Recipient
from lienthong.model.time import as_utc, aware, maybe_aware, maybe_utc
from lienthong.model.words import AttachmentKind, FileRole, Origin

MAX_SIGNATURES: Final = 50
_ORDER: Final = ("approved_at", "sealed_at", "issued_at")


@frozen(kw_only=True)
class NationalCode:
    """How the national axis calls a document (edXML)."""

    wire_document_id: str = field(validator=text(200, required=True, clause="edXML DocumentId"))
    """Usually ``{organ},{yyyy/MM/dd},{number}/{notation}``; an opaque key."""

    wire_type: int | None = field(default=None)
    """1 legal, 2 administrative; None when the sender gave none."""

    wire_type_detail: int | None = field(default=None)

    @wire_type.validator
    @wire_type_detail.validator
    def _check_type(self, attribute: Attribute[Any], value: object) -> None:
        if value is not None:
            _TYPE(self, attribute, value)


_TYPE: Final = whole(0, 9999)


@frozen(kw_only=True)
class Person:
    """A person of the organisation's own system, as far as the record needs."""

    person_id: str = field(validator=text(100, required=True))
    full_name: str = field(default="", validator=text(50))
    unit: str = field(default="", validator=text(200))


@frozen(kw_only=True)
class CheckRecord:
    """Who checked, and when (NĐ 30/2020 Đ12)."""

    checker: Person = field(validator=a(Person, clause="NĐ 30/2020 Đ12"))
    checked_at: datetime = field(converter=as_utc, validator=aware)


@frozen(kw_only=True)
class Attachment:
    """A file or part that goes with the document (QĐ 52/2019 Đ7.2g)."""

    title: str = field(validator=text(500, required=True, clause="QĐ 52/2019 Đ7.2g"))
    kind: AttachmentKind = field(
        default=AttachmentKind.NORMAL, validator=a(AttachmentKind, clause="QĐ 52/2019 Đ6.2b")
    )
    same_file: bool = field(default=False, validator=a(bool))
    """It is part of the main file, and so is not signed separately (NĐ 30/2020 PL I II.8b)."""

    file: FileEntry | None = field(default=None, validator=maybe(FileEntry))
    """Required unless same_file."""

    page_amount: int = field(default=0, validator=whole(0, 99_999))
    signatures: tuple[FileSignature, ...] = field(
        default=(), converter=as_tuple, validator=many(FileSignature, most=MAX_SIGNATURES)
    )

    def __attrs_post_init__(self) -> None:
        if self.same_file == (self.file is not None):
            if self.same_file:
                expected = "no file of its own with same_file"
                raise refuse(self, "file", found="a file", expected=expected)
            raise missing(self, "file", "QĐ 52/2019 Đ7.2g")


@frozen(kw_only=True)
class DeliveryRecord:
    """What the sender knows of one delivery (QĐ 52/2019 Đ7.2h, Đ10.1)."""

    recipient: OrganId = field(validator=a(OrganId))
    package_id: PackageId = field(validator=a(PackageId))
    status: DeliveryState = field(validator=a(DeliveryState, clause="QĐ 52/2019 Đ7.2h"))
    left_system_at: datetime | None = field(
        default=None, converter=maybe_utc, validator=maybe_aware
    )
    sent_at: datetime | None = field(default=None, converter=maybe_utc, validator=maybe_aware)
    """When the axis took it over (Đ10.1)."""

    ack_at: datetime | None = field(default=None, converter=maybe_utc, validator=maybe_aware)
    """When its receipt came back."""


@frozen(kw_only=True)
class OutgoingDocument:
    """A document from its draft to its issue, with who did what (regulations §13a A to C)."""

    id: UUID = field(validator=a(UUID))
    """Khóa nội bộ."""

    document: Document = field(validator=a(Document))
    main_file: FileEntry | None = field(default=None, validator=maybe(FileEntry))
    """PDF ≥ 1.4; a scan has ≥ 200 dpi, colour, 100 % (NĐ 30/2020 PL I). None in a draft."""

    attachments: tuple[Attachment, ...] = field(
        default=(), converter=as_tuple, validator=many(Attachment, most=MAX_FILES - 1)
    )
    signatures: tuple[FileSignature, ...] = field(
        default=(), converter=as_tuple, validator=many(FileSignature, most=MAX_SIGNATURES)
    )
    """Of the main file (NĐ 30/2020 Đ5.1)."""

    conversion: Conversion | None = field(default=None, validator=maybe(Conversion))
    """Required when the document's origin is DIGITISED (NĐ 137/2024 Đ4)."""

    legal_value: LegalJudgement | None = field(default=None, validator=maybe(LegalJudgement))
    national: NationalCode | None = field(default=None, validator=maybe(NationalCode))
    sender_org: OrganId = field(validator=a(OrganId, clause="QĐ 52/2019 Đ7.2l"))
    sender_contact_point: OrganId = field(validator=a(OrganId, clause="QĐ 52/2019 Đ6.3"))
    recipients: tuple[Recipient, ...] = field(
        default=(), converter=as_tuple, validator=many(Recipient, most=MAX_RECIPIENTS)
    )
    """At least one when issued, none twice (QĐ 52/2019 Đ7.2m)."""

    drafter: Person = field(validator=a(Person, clause="QĐ 52/2019 Đ9.2d"))
    drafting_unit: str = field(validator=text(200, required=True, clause="QĐ 52/2019 Đ9.2d"))
    content_check: CheckRecord | None = field(default=None, validator=maybe(CheckRecord))
    """NĐ 30/2020 Đ12.1."""

    form_check: CheckRecord | None = field(default=None, validator=maybe(CheckRecord))
    """NĐ 30/2020 Đ12.2."""

    approved_at: datetime | None = field(default=None, converter=maybe_utc, validator=maybe_aware)
    numbered_at: datetime | None = field(default=None, converter=maybe_utc, validator=maybe_aware)
    signed_at: datetime | None = field(default=None, converter=maybe_utc, validator=maybe_aware)
    sealed_at: datetime | None = field(default=None, converter=maybe_utc, validator=maybe_aware)
    issued_at: datetime | None = field(default=None, converter=maybe_utc, validator=maybe_aware)
    deliveries: tuple[DeliveryRecord, ...] = field(
        default=(), converter=as_tuple, validator=many(DeliveryRecord, most=MAX_RECIPIENTS)
    )

    def __attrs_post_init__(self) -> None:
        self._check_main_file()
        self._check_recipients()
        self._check_order()
        digitised = self.document.origin is Origin.DIGITISED
        check_conversion(self, digitised=digitised, conversion=self.conversion)

    def _check_main_file(self) -> None:
        if self.main_file is None:
            return
        if self.main_file.role is not FileRole.MAIN:
            found = self.main_file.role.name
            raise refuse(self, "main_file", found=found, expected="a file with the role MAIN")
        if self.main_file.media_type != PDF:
            found, clause = self.main_file.media_type, "NĐ 30/2020 PL I"
            raise refuse(self, "main_file", found=found, expected="a PDF file", clause=clause)

    def _check_recipients(self) -> None:
        organs = [recipient.organ_id for recipient in self.recipients]
        if len(set(organs)) != len(organs):
            found, clause = "a repeated organisation", "QĐ 52/2019 Đ7.2m"
            expected = "each organisation once"
            raise refuse(self, "recipients", found=found, expected=expected, clause=clause)
        if self.issued_at is not None and not organs:
            raise missing(self, "recipients", "QĐ 52/2019 Đ7.2m")

    def _check_order(self) -> None:
        """Approval, seal and issue follow each other (NĐ 30/2020 Đ14, Đ32.2d)."""
        steps = [(name, getattr(self, name)) for name in _ORDER]
        given = [(name, at) for name, at in steps if at is not None]
        for (_, before), (name, after) in pairwise(given):
            if after < before:
                expected, clause = f"not before {before.isoformat()}", "NĐ 30/2020 Đ14"
                found = after.isoformat()
                raise refuse(self, name, found=found, expected=expected, clause=clause)
        if self.sealed_at and (self.signed_at is None or self.sealed_at < self.signed_at):
            found, clause = self.sealed_at.isoformat(), "NĐ 30/2020 Đ32.2d"
            expected = "a seal after the signature"
            raise refuse(self, "sealed_at", found=found, expected=expected, clause=clause)
        if self.issued_at and self.sealed_at is None:
            raise missing(self, "sealed_at", "NĐ 30/2020 Đ18")
