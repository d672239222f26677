"""The recipient's own record of a document it receives (regulations §13a D); it never travels."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from attrs import Attribute, field, frozen

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
    whole,
)
from lienthong.model.delivery import DeliveryState
from lienthong.model.document import Document
from lienthong.model.file_signature import Conversion, FileSignature, LegalJudgement
from lienthong.model.files import file_name
from lienthong.model.ids import OrganId, PackageId, Sha256
from lienthong.model.outgoing import MAX_SIGNATURES, NationalCode, Person
from lienthong.model.report import MAX_ASSIGNMENTS, Reason
from lienthong.model.time import as_utc, aware, maybe_aware, maybe_utc, vietnam_date
from lienthong.model.words import AssignmentRole

MAX_TRACE: Final = 10_000


class ArrivalSource(enum.Enum):
    """How a document came (QĐ 52/2019 Đ8.2c)."""

    PAPER_POST = "PAPER_POST"
    PAPER_DIRECT = "PAPER_DIRECT"
    AXIS_LOCAL = "AXIS_LOCAL"
    AXIS_NATIONAL = "AXIS_NATIONAL"
    EMAIL = "EMAIL"
    OTHER = "OTHER"

    @property
    def label_vi(self) -> str:
        return _SOURCE_LABELS[self]


_SOURCE_LABELS: Final = {
    ArrivalSource.PAPER_POST: "Bản giấy qua bưu chính",
    ArrivalSource.PAPER_DIRECT: "Bản giấy nộp trực tiếp",
    ArrivalSource.AXIS_LOCAL: "Trục liên thông của tỉnh",
    ArrivalSource.AXIS_NATIONAL: "Trục liên thông quốc gia",
    ArrivalSource.EMAIL: "Thư điện tử",
    ArrivalSource.OTHER: "Nguồn khác",
}


@frozen(kw_only=True)
class WorkAssignment:
    """Who handles it, by when and with what instruction (NĐ 30/2020 Đ23)."""

    unit: str = field(validator=text(200, required=True, clause="NĐ 30/2020 Đ23.2"))
    person: Person | None = field(default=None, validator=maybe(Person))
    role: AssignmentRole = field(validator=a(AssignmentRole, clause="NĐ 30/2020 Đ23.2"))
    due_at: datetime | None = field(default=None, converter=maybe_utc, validator=maybe_aware)
    opinion: str = field(default="", validator=text(1000, lines=True, clause="NĐ 30/2020 Đ23.4"))
    assigned_by: Person = field(validator=a(Person))
    assigned_at: datetime = field(converter=as_utc, validator=aware)


@frozen(kw_only=True)
class TraceItem:
    """One opinion or processing step; the list only grows (NĐ 30/2020 PL VI II.17)."""

    at: datetime = field(converter=as_utc, validator=aware)
    organ_id: OrganId = field(validator=a(OrganId))
    person: Person | None = field(default=None, validator=maybe(Person))
    state: DeliveryState | None = field(default=None, validator=maybe(DeliveryState))
    opinion: str = field(default="", validator=text(1000, lines=True))


@frozen(kw_only=True)
class PaperCopy:
    """The paper that comes with the electronic document (NĐ 30/2020 Đ23.4)."""

    expected: bool = field(validator=a(bool))
    arrived_at: datetime | None = field(default=None, converter=maybe_utc, validator=maybe_aware)
    handed_to: str = field(default="", validator=text(200))


@frozen(kw_only=True)
class Refusal:
    """Why it was sent back, by whom and when (QĐ 52/2019 Đ5.1d)."""

    reason: Reason = field(validator=a(Reason))
    refused_by: Person = field(validator=a(Person))
    refused_at: datetime = field(converter=as_utc, validator=aware)


@frozen(kw_only=True)
class HistoryItem:
    """One line of the history of sending and receiving (QĐ 52/2019 Đ7.2p); it only grows."""

    at: datetime = field(converter=as_utc, validator=aware)
    state: DeliveryState = field(validator=a(DeliveryState))
    by: OrganId = field(validator=a(OrganId))
    note: str = field(default="", validator=text(500, lines=True))
    previous: Sha256 | None = field(default=None, validator=maybe(Sha256))
    """Hash of the line before; None on the first."""


@frozen(kw_only=True)
class ReceivedFile:
    """A file as it was stored on arrival."""

    name: str = field(validator=file_name)
    sha256: Sha256 = field(validator=a(Sha256))
    signatures: tuple[FileSignature, ...] = field(
        default=(), converter=as_tuple, validator=many(FileSignature, most=MAX_SIGNATURES)
    )


@frozen(kw_only=True)
class IncomingDocument:
    """A document from its arrival to its settlement (regulations §13a A, B, D)."""

    id: UUID = field(validator=a(UUID))
    """Khóa nội bộ."""

    document: Document = field(validator=a(Document))
    package_id: PackageId | None = field(default=None, validator=maybe(PackageId))
    """None for what did not come over an axis."""

    files: tuple[ReceivedFile, ...] = field(
        default=(), converter=as_tuple, validator=many(ReceivedFile, most=20)
    )
    conversion: Conversion | None = field(default=None, validator=maybe(Conversion))
    legal_value: LegalJudgement | None = field(default=None, validator=maybe(LegalJudgement))
    national: NationalCode | None = field(default=None, validator=maybe(NationalCode))
    arrival_number: int | None = field(default=None)
    """Số đến, ≤ 10 digits, by organisation and year (NĐ 30/2020 PL VI II.13, Đ22.2); None
    before acceptance."""

    arrival_date: date | None = field(
        default=None, validator=maybe(date, clause="NĐ 30/2020 PL VI II.12")
    )
    """Ngày đến: the Vietnamese day of received_at (PL VI II.12)."""

    entered_at: datetime = field(converter=as_utc, validator=aware)
    """Thời điểm vào hệ thống (NĐ 64/2007 Đ36.2)."""

    received_at: datetime = field(converter=as_utc, validator=aware)
    """Thời điểm nhận, by the formula of QĐ 52/2019 Đ10.2; never before entered_at."""

    source: ArrivalSource = field(validator=a(ArrivalSource, clause="QĐ 52/2019 Đ8.2c"))
    assignments: tuple[WorkAssignment, ...] = field(
        default=(), converter=as_tuple, validator=many(WorkAssignment, most=MAX_ASSIGNMENTS)
    )
    """Where given, exactly one LEAD (NĐ 30/2020 Đ23)."""

    due_at: datetime | None = field(default=None, converter=maybe_utc, validator=maybe_aware)
    """Thời hạn giải quyết (NĐ 30/2020 PL VI II.18; QĐ 52/2019 Đ7.2o)."""

    status: DeliveryState = field(validator=a(DeliveryState, clause="QĐ 52/2019 Đ7.2h"))
    trace: tuple[TraceItem, ...] = field(
        default=(), converter=as_tuple, validator=many(TraceItem, most=MAX_TRACE)
    )
    paper_copy: PaperCopy | None = field(default=None, validator=maybe(PaperCopy))
    refusal: Refusal | None = field(default=None, validator=maybe(Refusal))
    history: tuple[HistoryItem, ...] = field(
        default=(), converter=as_tuple, validator=many(HistoryItem, most=MAX_TRACE)
    )
    extra: tuple[tuple[str, str], ...] = field(
        default=(),
        converter=as_pairs,
        validator=pairs(key_limit=100, value_limit=1000, most=50, clause="QĐ 52/2019 Đ7.2q"),
    )
    """Thông tin khác (Đ7.2q)."""

    @arrival_number.validator
    def _check_number(self, attribute: Attribute[Any], value: object) -> None:
        if value is not None:
            _ARRIVAL_NUMBER(self, attribute, value)

    def __attrs_post_init__(self) -> None:
        self._check_times()
        self._check_register()
        if self.assignments:
            leads = sum(item.role is AssignmentRole.LEAD for item in self.assignments)
            if leads != 1:
                found, clause = f"{leads} with LEAD", "NĐ 30/2020 Đ23"
                expected = "exactly one"
                raise refuse(self, "assignments", found=found, expected=expected, clause=clause)
            if self.arrival_number is None:
                raise missing(self, "arrival_number", "NĐ 30/2020 Đ22.1")
        if self.status is DeliveryState.REFUSED and self.refusal is None:
            raise missing(self, "refusal", "QĐ 52/2019 Đ5.1d")

    def _check_times(self) -> None:
        if self.received_at < self.entered_at:
            found, clause = self.received_at.isoformat(), "QĐ 52/2019 Đ10.2"
            expected = f"not before entered_at {self.entered_at.isoformat()}"
            raise refuse(self, "received_at", found=found, expected=expected, clause=clause)

    def _check_register(self) -> None:
        if self.arrival_number is not None and self.arrival_date is None:
            raise missing(self, "arrival_date", "NĐ 30/2020 PL VI II.12")
        day = vietnam_date(self.received_at)
        if self.arrival_date is not None and self.arrival_date != day:
            found, clause = self.arrival_date.isoformat(), "NĐ 30/2020 PL VI II.12"
            expected = f"the day of received_at, {day.isoformat()}"
            raise refuse(self, "arrival_date", found=found, expected=expected, clause=clause)


_ARRIVAL_NUMBER: Final = whole(1, 9_999_999_999, clause="NĐ 30/2020 PL VI II.13")
