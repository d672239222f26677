"""The document that a package carries: regulations §13a, A and the parts of C that travel."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

import attrs

from lienthong.model.checks import (
    a,
    as_pairs,
    as_tuple,
    many,
    maybe,
    missing,
    pairs,
    refuse,
    text,
    texts,
    whole,
)
from lienthong.model.ids import DocumentCode, DocumentNumber, OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.model.secrecy import names_secrecy, refuse_marked_text, refuse_state_secret
from lienthong.model.time import maybe_aware, maybe_utc
from lienthong.model.words import (
    Authority,
    Circulation,
    CopyForm,
    IssueForm,
    Origin,
    PaperBasis,
    RelationKind,
    Secrecy,
    SteeringType,
    Urgency,
)

DEFAULT_LANGUAGE: Final = "Tiếng Việt"
MAX_RELATED: Final = 20
"""Documents that one document may answer, and relations that it may have."""

_SEPARATORS: Final = re.compile(r"[/-]")
_DELEGATED: Final = frozenset({Authority.TL, Authority.TUQ})


@attrs.frozen(kw_only=True)
class DocumentSigner:
    """Who signed the document (QĐ 52/2019 Đ7.2i; NĐ 30/2020 Đ13)."""

    full_name: str = attrs.field(validator=text(50, required=True, clause="QĐ 52/2019 Đ7.2i"))
    """At most 50 characters (NĐ 30/2020 PL VI)."""

    position: str = attrs.field(validator=text(100, required=True, clause="QĐ 52/2019 Đ7.2i"))
    """At most 100 characters (NĐ 30/2020 PL VI)."""

    authority: Authority = attrs.field(
        default=Authority.DIRECT, validator=a(Authority, clause="NĐ 30/2020 Đ13")
    )
    delegation_id: str = attrs.field(default="", validator=text(100, clause="NĐ 30/2020 Đ13.3-4"))
    """The written delegation; required for TL and TUQ (NĐ 30/2020 Đ13.3-4)."""

    def __attrs_post_init__(self) -> None:
        if self.authority in _DELEGATED and not self.delegation_id.strip():
            raise missing(self, "delegation_id", "NĐ 30/2020 Đ13.3-4")


@attrs.frozen(kw_only=True)
class DocumentReference:
    """Another document, named by its public data (QĐ 52/2019 Đ9.2c)."""

    organ_id: OrganId = attrs.field(validator=a(OrganId, clause="QĐ 52/2019 Đ9.2c"))
    number: DocumentNumber = attrs.field(validator=a(DocumentNumber, clause="QĐ 52/2019 Đ9.2c"))
    issued_date: date = attrs.field(validator=a(date, clause="QĐ 52/2019 Đ9.2c"))
    document_code: DocumentCode | None = attrs.field(default=None, validator=maybe(DocumentCode))


@attrs.frozen(kw_only=True)
class Relation:
    """How this document bears on another one (NĐ 30/2020 Đ18.3-4)."""

    kind: RelationKind = attrs.field(validator=a(RelationKind, clause="NĐ 30/2020 Đ18.3-4"))
    document: DocumentReference = attrs.field(validator=a(DocumentReference))


@attrs.frozen(kw_only=True)
class Document:
    """Data that describes one document (QĐ 52/2019 Đ7.2; NĐ 30/2020 PL VI part II).

    Lengths are Unicode characters. Instants are UTC; dates are Vietnamese calendar days.

    Raises:
        InvalidValue: a field breaks its definition.
        MissingField: a required field is empty.
        NaiveTime: an instant has no time zone.
        StateSecret: the document is marked as a state secret.
    """

    issuer_code: OrganId = attrs.field(validator=a(OrganId, clause="QĐ 52/2019 Đ7.2a"))
    """Mã định danh cơ quan ban hành, ≤ 35 characters (Đ7.2a; QCVN 102 SĐ1)."""

    issuer_name: str = attrs.field(validator=text(200, required=True, clause="NĐ 30/2020 PL VI 7"))
    """Tên cơ quan ban hành, ≤ 200 (PL VI 7)."""

    number: DocumentNumber = attrs.field(validator=a(DocumentNumber, clause="QĐ 52/2019 Đ7.2c"))
    """Số và ký hiệu, ≤ 11 and ≤ 30 (Đ7.2c; PL VI 4-5)."""

    issued_date: date = attrs.field(validator=a(date, clause="QĐ 52/2019 Đ7.2d"))
    """Ngày văn bản (Đ7.2d; PL VI 6)."""

    kind: DocumentKind = attrs.field(validator=a(DocumentKind, clause="QĐ 52/2019 Đ7.2đ"))
    """Tên loại (Đ7.2đ; NĐ 30/2020 Đ7)."""

    subject: str = attrs.field(validator=text(500, required=True, clause="QĐ 52/2019 Đ7.2e"))
    """Trích yếu, ≤ 500 (Đ7.2e; PL VI 8)."""

    signer: DocumentSigner = attrs.field(validator=a(DocumentSigner, clause="QĐ 52/2019 Đ7.2i"))
    """Người ký (Đ7.2i)."""

    document_code: DocumentCode | None = attrs.field(
        default=None, validator=maybe(DocumentCode, clause="QĐ 52/2019 Đ7.2b")
    )
    """Mã định danh văn bản: agency, year, ordinal; immutable after issue (Đ7.2b)."""

    place: str = attrs.field(default="", validator=text(100, clause="NĐ 30/2020 Đ8.2d"))
    """Địa danh, ≤ 100 (NĐ 30/2020 Đ8.2d)."""

    language: str = attrs.field(
        default=DEFAULT_LANGUAGE, validator=text(30, required=True, clause="NĐ 30/2020 PL VI 9")
    )
    """Ngôn ngữ, ≤ 30 (PL VI 9)."""

    page_amount: int = attrs.field(default=0, validator=whole(0, 999, clause="NĐ 30/2020 PL VI 10"))
    """Số trang, ≤ 999; 0 when not counted (PL VI 10)."""

    description: str = attrs.field(
        default="", validator=text(500, lines=True, clause="NĐ 30/2020 PL VI 11")
    )
    """Ghi chú, ≤ 500 (PL VI 11)."""

    urgency: Urgency = attrs.field(
        default=Urgency.THUONG, validator=a(Urgency, clause="QĐ 52/2019 Đ7.2k")
    )
    """Mức độ khẩn (Đ7.2k; NĐ 30/2020 Đ4.2c)."""

    urgent_at: datetime | None = attrs.field(
        default=None, converter=maybe_utc, validator=maybe_aware
    )
    """Giờ hẹn of a timed HOA_TOC (edXML priority 4)."""

    secrecy: Secrecy = attrs.field(default=Secrecy.NONE)
    """Độ mật: always NONE (QĐ 52/2019 Đ1.2)."""

    circulation: Circulation = attrs.field(
        default=Circulation.NONE, validator=a(Circulation, clause="NĐ 30/2020 PL I III.2c")
    )
    """Chỉ dẫn lưu hành (NĐ 30/2020 PL I III.2c)."""

    field: str = attrs.field(default="", validator=text(100, clause="QĐ 52/2019 Đ7.2q"))
    """Lĩnh vực, ≤ 100 (Đ7.2q)."""

    keywords: tuple[str, ...] = attrs.field(
        default=(), converter=as_tuple, validator=texts(100, most=20, clause="QĐ 52/2019 Đ7.2q")
    )
    """Từ khóa, at most 20 of ≤ 100 (Đ7.2q)."""

    origin: Origin = attrs.field(
        default=Origin.BORN_DIGITAL, validator=a(Origin, clause="QĐ 28/2018 Đ3.1")
    )
    """Nguồn hình thành (QĐ 28/2018 Đ3.1)."""

    copy_form: CopyForm = attrs.field(
        default=CopyForm.ORIGINAL, validator=a(CopyForm, clause="NĐ 30/2020 Đ25")
    )
    """Hình thức bản (NĐ 30/2020 Đ3, Đ25)."""

    steering_type: SteeringType = attrs.field(
        default=SteeringType.KHONG_CHI_DAO, validator=a(SteeringType)
    )
    """Loại chỉ đạo (edXML)."""

    to_places: tuple[str, ...] = attrs.field(
        default=(),
        converter=as_tuple,
        validator=texts(1000, most=200, total=1000, clause="NĐ 30/2020 PL VI 16"),
    )
    """Nơi nhận as printed, ≤ 1000 together (PL VI 16)."""

    issued_amount: int = attrs.field(
        default=0, validator=whole(0, 999, clause="NĐ 30/2020 PL VI I.15")
    )
    """Số lượng bản phát hành, ≤ 999; 0 when not said (PL VI I.15)."""

    reply_requested: bool = attrs.field(default=False, validator=a(bool, clause="QĐ 52/2019 Đ9.2b"))
    """Yêu cầu phản hồi (Đ9.2b)."""

    due_date: date | None = attrs.field(
        default=None, validator=maybe(date, clause="QĐ 52/2019 Đ9.2b")
    )
    """Hạn trả lời; required with reply_requested (Đ9.2b; PL VI I.16)."""

    response_for: tuple[DocumentReference, ...] = attrs.field(
        default=(),
        converter=as_tuple,
        validator=many(DocumentReference, most=MAX_RELATED, clause="QĐ 52/2019 Đ9.2c"),
    )
    """The documents that this one answers (Đ9.2c)."""

    relations: tuple[Relation, ...] = attrs.field(
        default=(),
        converter=as_tuple,
        validator=many(Relation, most=MAX_RELATED, clause="NĐ 30/2020 Đ18.3-4"),
    )
    """Documents that this one replaces, recalls, corrects or amends (NĐ 30/2020 Đ18.3-4)."""

    issue_form: IssueForm = attrs.field(
        default=IssueForm.E_ONLY, validator=a(IssueForm, clause="QĐ 52/2019 Đ8.2c")
    )
    """Hình thức phát hành, decided by the leader (Đ8.2c)."""

    paper_basis: PaperBasis | None = attrs.field(
        default=None, validator=maybe(PaperBasis, clause="QĐ 52/2019 Đ6.2")
    )
    """Lý do gửi kèm giấy; required unless the form is E_ONLY (Đ6.2)."""

    signed_at: datetime | None = attrs.field(
        default=None, converter=maybe_utc, validator=maybe_aware
    )
    """When the competent person signed."""

    issued_at: datetime | None = attrs.field(
        default=None, converter=maybe_utc, validator=maybe_aware
    )
    """When the clerk issued it (NĐ 30/2020 Đ18)."""

    extra: tuple[tuple[str, str], ...] = attrs.field(
        default=(),
        converter=as_pairs,
        validator=pairs(key_limit=100, value_limit=1000, most=50, clause="QĐ 52/2019 Đ7.2q"),
    )
    """Thông tin khác: pairs ordered by key, at most 50; given as a mapping (Đ7.2q)."""

    @secrecy.validator
    def _check_secrecy(self, _attribute: object, value: object) -> None:
        if value is not Secrecy.NONE:
            refuse_state_secret(value if isinstance(value, str) and value else "?")
            raise refuse(self, "secrecy", found=value, expected="Secrecy.NONE")

    def __attrs_post_init__(self) -> None:
        if self.reply_requested and self.due_date is None:
            raise missing(self, "due_date", "QĐ 52/2019 Đ9.2b")
        if self.due_date is not None and self.due_date < self.issued_date:
            expected = f"a day not before {self.issued_date.isoformat()}"
            found = self.due_date.isoformat()
            raise refuse(self, "due_date", found=found, expected=expected)
        if self.urgent_at is not None and self.urgency is not Urgency.HOA_TOC:
            found = self.urgency.name
            raise refuse(self, "urgency", found=found, expected="HOA_TOC with urgent_at")
        self._check_paper()
        self._check_texts()
        for key, value in self.extra:
            if names_secrecy(key):
                refuse_state_secret(value, field=f"Document.extra.{key}")

    def _check_texts(self) -> None:
        """No text may be a secrecy mark in disguise."""
        notation = self.number.notation
        for name, values in (
            ("Document.number", (notation, *_SEPARATORS.split(notation))),
            ("Document.subject", (self.subject,)),
            ("Document.description", (self.description,)),
            ("Document.place", (self.place,)),
            ("Document.field", (self.field,)),
            ("Document.keywords", self.keywords),
            ("Document.to_places", self.to_places),
        ):
            for value in values:
                refuse_marked_text(value, field=name)

    def _check_paper(self) -> None:
        if self.paper_basis is PaperBasis.SECRET:
            refuse_state_secret(self.paper_basis.name, field="Document.paper_basis")
        if self.issue_form is not IssueForm.E_ONLY and self.paper_basis is None:
            raise missing(self, "paper_basis", "QĐ 52/2019 Đ6.2")

    @property
    def wire_document_id(self) -> str:
        """Mã trên trục: ``H53.12,2019/12/31,52/2019/QĐ-UBND`` (edXML DocumentId)."""
        return f"{self.issuer_code},{self.issued_date:%Y/%m/%d},{self.number}"

    @property
    def reference(self) -> DocumentReference:
        """This document as another one names it."""
        return DocumentReference(
            organ_id=self.issuer_code,
            number=self.number,
            issued_date=self.issued_date,
            document_code=self.document_code,
        )
