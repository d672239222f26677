"""Status reports: what a sender or recipient says about one delivery, signed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, TypeAlias

from attrs import field, frozen

from lienthong.model.checks import a, as_tuple, many, maybe, missing, refuse, text, whole
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.document import DocumentReference
from lienthong.model.file_signature import Finding, SignaturesFound
from lienthong.model.ids import OrganId, PackageId, StatementId
from lienthong.model.time import as_utc, aware
from lienthong.model.words import AssignmentRole, RefusalCode

MAX_ASSIGNMENTS: Final = 100

# Inside RegisterEntry the name ``date`` is a field.
Day: TypeAlias = date

_REASONED: Final = {
    DeliveryEvent.REFUSE: "QĐ 52/2019 Đ5.1d",
    DeliveryEvent.REOPEN: "NĐ 30/2020 Đ24.2",
    DeliveryEvent.REQUEST_TAKE_BACK: "edXML 13",
    DeliveryEvent.REFUSE_TAKE_BACK: "edXML 16",
    DeliveryEvent.REJECT_RECALL: "QĐ 52/2019 Đ5.1d",
    DeliveryEvent.REFUSE_UPDATE: "edXML 16",
}
_ASSIGNING: Final = frozenset({DeliveryEvent.FORWARD, DeliveryEvent.START, DeliveryEvent.COMPLETE})
_OWN_PARTS: Final = (
    ("register", DeliveryEvent.ACCEPT),
    ("check", DeliveryEvent.ACCEPT),
    ("reply", DeliveryEvent.COMPLETE),
    ("information_only", DeliveryEvent.COMPLETE),
)


@frozen(kw_only=True)
class Reason:
    """Why a report was made (QĐ 52/2019 Đ5.1d)."""

    code: RefusalCode = field(default=RefusalCode.OTHER, validator=a(RefusalCode))
    text: str = field(validator=text(500, required=True, lines=True, clause="QĐ 52/2019 Đ5.1d"))
    """≤ 500 characters."""


@frozen(kw_only=True)
class RegisterEntry:
    """The line in the register of incoming documents (NĐ 30/2020 Đ22.2; PL VI II.12-13)."""

    number: int = field(validator=whole(1, 9_999_999_999, clause="NĐ 30/2020 PL VI II.13"))
    """Số đến, ≤ 10 digits, consecutive in the year."""

    date: Day = field(validator=a(Day, clause="NĐ 30/2020 PL VI II.12"))
    """Ngày đến."""


@frozen(kw_only=True)
class CheckSummary:
    """The outcome of the checks before acceptance (QĐ 52/2019 Đ8.1a)."""

    complete: bool = field(validator=a(bool))
    intact: bool = field(validator=a(bool))
    authentic: bool = field(validator=a(bool))
    checked_at: datetime = field(converter=as_utc, validator=aware)
    checker: str = field(default="", validator=text(100))
    """Name and version of the software that checked."""

    signatures: SignaturesFound | None = field(default=None, validator=maybe(SignaturesFound))
    """Of the legal signatures in the files; None where nobody looked into them."""

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against acceptance."""
        altered = self.signatures is not None and self.signatures.integrity is Finding.BAD
        return self.complete and self.intact and self.authentic and not altered


@frozen(kw_only=True)
class Assignment:
    """Who is to handle the document (NĐ 30/2020 Đ23)."""

    unit: str = field(validator=text(200, required=True, clause="NĐ 30/2020 Đ23.2"))
    """A unit or a role, never a private person's data beyond what the work needs."""

    role: AssignmentRole = field(
        default=AssignmentRole.LEAD, validator=a(AssignmentRole, clause="NĐ 30/2020 Đ23.2")
    )
    due_date: date | None = field(default=None, validator=maybe(date))


@frozen(kw_only=True)
class Statement:
    """One status report about one delivery.

    Raises:
        InvalidValue: a field is wrong or does not belong to the event.
        MissingField: the event demands a field that is empty.
    """

    statement_id: StatementId = field(validator=a(StatementId))
    """The idempotency key."""

    audience: str = field(validator=text(255, required=True))
    """Name of the axis that it is addressed to."""

    package_id: PackageId = field(validator=a(PackageId))
    recipient: OrganId = field(validator=a(OrganId))
    """Names the delivery, together with package_id."""

    reporter: OrganId = field(validator=a(OrganId))
    """The package's sender or this recipient."""

    event: DeliveryEvent = field(validator=a(DeliveryEvent))
    created_at: datetime = field(converter=as_utc, validator=aware)
    reason: Reason | None = field(default=None, validator=maybe(Reason))
    """Required for refuse, reopen, take-back and every "refuse" and "reject"."""

    register: RegisterEntry | None = field(default=None, validator=maybe(RegisterEntry))
    """Required for accept (NĐ 30/2020 Đ22)."""

    check: CheckSummary | None = field(default=None, validator=maybe(CheckSummary))
    """Required for accept (QĐ 52/2019 Đ8.1a)."""

    assignments: tuple[Assignment, ...] = field(
        default=(), converter=as_tuple, validator=many(Assignment, most=MAX_ASSIGNMENTS)
    )
    """Required for forward; where given, exactly one LEAD (NĐ 30/2020 Đ23)."""

    reply: DocumentReference | None = field(default=None, validator=maybe(DocumentReference))
    """For complete: the reply, when one was requested (QĐ 52/2019 Đ9.2c)."""

    information_only: bool = field(default=False, validator=a(bool))
    """For complete right after acceptance: received to be informed only ("để biết")."""

    note: str = field(default="", validator=text(500, lines=True))
    """≤ 500 characters."""

    responsible: str = field(default="", validator=text(100))
    """Role of the person who answers for it, e.g. "Văn thư"; ≤ 100 characters."""

    def __attrs_post_init__(self) -> None:
        if not self.event.reported:
            expected = "an event that organisations report"
            raise refuse(self, "event", found=self.event.name, expected=expected)
        self._check_required()
        self._check_assignments()
        for name, event in _OWN_PARTS:
            if self.event is not event and getattr(self, name):
                found = f"set for {self.event.name}"
                raise refuse(self, name, found=found, expected=f"only for {event.name}")

    def _check_required(self) -> None:
        if self.reason is None and self.event in _REASONED:
            raise missing(self, "reason", _REASONED[self.event])
        if self.event is DeliveryEvent.ACCEPT:
            if self.register is None:
                raise missing(self, "register", "NĐ 30/2020 Đ22.2")
            if self.check is None:
                raise missing(self, "check", "QĐ 52/2019 Đ8.1a")

    def _check_assignments(self) -> None:
        if not self.assignments:
            if self.event is DeliveryEvent.FORWARD:
                raise missing(self, "assignments", "NĐ 30/2020 Đ23.2")
            return
        if self.event not in _ASSIGNING:
            found = f"set for {self.event.name}"
            raise refuse(self, "assignments", found=found, expected="only when work is assigned")
        if self.lead_count != 1:
            found = f"{self.lead_count} with LEAD"
            clause = "NĐ 30/2020 Đ23.2"
            raise refuse(self, "assignments", found=found, expected="exactly one", clause=clause)

    @property
    def lead_count(self) -> int:
        """How many units are to lead."""
        return sum(item.role is AssignmentRole.LEAD for item in self.assignments)
