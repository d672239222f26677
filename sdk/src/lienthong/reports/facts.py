"""What reports are made of: one row a delivery, a document, a check and a unit.

A row says what happened and by when it should have; it never says what that means for a metric.
Rows come from the journal (``projection``), or from a system of one's own.
"""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any, Final

from attrs import Attribute, field, frozen

from lienthong.model.checks import a, as_tuple, many, maybe, refuse, text, whole
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.time import as_utc, aware, maybe_aware, maybe_utc, vietnam_date
from lienthong.model.words import IssueForm, RefusalCode, Urgency


def _instant() -> datetime | None:
    made: datetime | None = field(default=None, converter=maybe_utc, validator=maybe_aware)
    return made


WITHDRAWN: Final = frozenset(
    {
        DeliveryState.REFUSED,
        DeliveryState.RECALLED,
        DeliveryState.RECALL_PENDING,
        DeliveryState.TAKEN_BACK,
        DeliveryState.REPLACED,
        DeliveryState.CANCELLED,
        DeliveryState.DELETED,
    }
)
"""States in which the recipient has nothing more to handle."""


class RequestKind(enum.Enum):
    """What a sender may ask for after sending."""

    RECALL = "RECALL"
    TAKE_BACK = "TAKE_BACK"
    UPDATE = "UPDATE"
    REPLACE = "REPLACE"


@frozen(kw_only=True)
class Request:
    """A recall, take-back, update or replacement of one delivery."""

    kind: RequestKind = field(validator=a(RequestKind))
    asked_at: datetime = field(converter=as_utc, validator=aware)
    answered_at: datetime | None = _instant()
    """When the recipient confirmed, agreed or refused; None while it has not."""

    refused: bool = field(default=False, validator=a(bool))
    """The answer is no."""


@frozen(kw_only=True)
class DeliveryFacts:
    """One package on its way to one recipient. Instants are UTC; deadlines are the last in time."""

    package_id: PackageId = field(validator=a(PackageId))
    recipient: OrganId = field(validator=a(OrganId))
    sender: OrganId = field(validator=a(OrganId))
    state: DeliveryState = field(validator=a(DeliveryState))
    urgency: Urgency = field(default=Urgency.THUONG, validator=a(Urgency))
    outside: bool = field(default=False, validator=a(bool))
    """Sender and recipient belong to different provinces (or ministries)."""

    signed_at: datetime | None = _instant()
    recorded_at: datetime | None = _instant()
    """When the axis took it over: the success acknowledgement; None while it is not sent."""

    sent_at: datetime | None = _instant()
    """When it legally was sent (T1); None without an acknowledgement."""

    send_by: datetime | None = _instant()
    """T3, or T4 for an urgent one; None where the time of signing is not known."""

    send_by_decree: datetime | None = _instant()
    """The end of the next working day (NĐ 30/2020 Đ18.1)."""

    notice_by: datetime | None = _instant()
    """T5, from when the axis handed it over."""

    take_by: datetime | None = _instant()
    """From then on it counts as not taken, unless it was accepted or refused."""

    entered_at: datetime | None = _instant()
    received_at: datetime | None = _instant()
    """T2."""

    noticed_at: datetime | None = _instant()
    """When the receipt notice was recorded for the sender."""

    accepted_at: datetime | None = _instant()
    register_number: int | None = field(default=None, validator=maybe(int))
    register_date: date | None = field(default=None, validator=maybe(date))
    refused_at: datetime | None = _instant()
    refusal: RefusalCode | None = field(default=None, validator=maybe(RefusalCode))
    forwarded_at: datetime | None = _instant()
    """When it was first passed on, begun or completed."""

    forward_by: datetime | None = _instant()
    """T6."""

    unit: str = field(default="", validator=text(200))
    """The unit that leads."""

    due_at: datetime | None = _instant()
    """By when it is to be settled; None without such a day."""

    completed_at: datetime | None = _instant()
    worked_minutes: int | None = field(default=None, validator=maybe(int))
    """Office time from receipt to completion."""

    withdrawn_at: datetime | None = _instant()
    """Since when the recipient has nothing more to handle: refused, recalled, taken back ..."""

    reply_requested: bool = field(default=False, validator=a(bool))
    reply_by: datetime | None = _instant()
    reply: str = field(default="", validator=text(120))
    """Number of the reply that the recipient named."""

    recall_by: datetime | None = _instant()
    """By when the newest recall is to be carried out and confirmed (QĐ 52/2019 Đ8.3)."""

    requests: tuple[Request, ...] = field(
        default=(), converter=as_tuple, validator=many(Request, most=1_000_000)
    )

    @property
    def name(self) -> str:
        """Names the delivery in lists."""
        return f"{self.package_id}/{self.recipient}"

    @property
    def is_sent_late(self) -> bool:
        """Sent, and after its deadline."""
        sent_at, due = self.sent_at, self.send_by
        return sent_at is not None and due is not None and sent_at > due

    @property
    def is_recalled_untaken(self) -> bool:
        """Recalled after it had arrived, and before it was accepted: it never has a number."""
        is_untaken = self.accepted_at is None and self.received_at is not None
        return is_untaken and self.state is DeliveryState.RECALLED

    @property
    def register_day(self) -> date | None:
        """The day of its line in the register of incoming documents; None while it has none."""
        if self.is_recalled_untaken and self.received_at is not None:
            return vietnam_date(self.received_at)
        return self.register_date


@frozen(kw_only=True)
class DocumentFacts:
    """One issued document, as one package brings it."""

    package_id: PackageId = field(validator=a(PackageId))
    sender: OrganId = field(validator=a(OrganId))
    issued_at: datetime = field(converter=as_utc, validator=aware)
    """When it was issued; of one that is sent again, when it was sent again."""

    resent: bool = field(default=False, validator=a(bool))
    """An earlier package brought it: a document is issued, and counted, once."""

    reference: str = field(validator=text(200, required=True))
    """As other documents name it: issuing organisation, date, number and notation."""

    code: str = field(default="", validator=text(60))
    """Its document code (QĐ 52/2019 Đ7.2b); empty where it has none."""

    issue_form: IssueForm = field(default=IssueForm.E_ONLY, validator=a(IssueForm))
    overridden: bool = field(default=False, validator=a(bool))
    """A leader had paper sent although no rule asks for it."""

    signer_valid: bool | None = field(default=None, validator=maybe(bool))
    """The signer's digital signature was verified; None when nobody looked."""

    agency_valid: bool | None = field(default=None, validator=maybe(bool))
    is_reply: bool = field(default=False, validator=a(bool))
    links_request: bool = field(default=False, validator=a(bool))
    """It names the document that it answers (QĐ 52/2019 Đ9.2c)."""

    number: str = field(validator=text(60, required=True))
    issued_date: date = field(validator=a(date))
    kind: str = field(default="", validator=text(100))
    """Name of the kind, as it is written in registers."""

    subject: str = field(default="", validator=text(500))
    issuer: str = field(default="", validator=text(200))
    signer: str = field(default="", validator=text(200))


@frozen(kw_only=True)
class CheckFacts:
    """Staff checked the interconnection of data once, or missed to (QĐ 52/2019 Đ12.6)."""

    organ_id: OrganId = field(validator=a(OrganId))
    checked_at: datetime = field(converter=as_utc, validator=aware)
    """When they did; for one that was missed, when it was due."""

    missed: bool = field(default=False, validator=a(bool))


_COUNT: Final = whole(0, 2**53)


def _maybe_count(instance: object, attribute: Attribute[Any], value: object) -> None:
    if value is not None:
        _COUNT(instance, attribute, value)


def _figure() -> int | None:
    made: int | None = field(default=None, validator=_maybe_count)
    return made


PARTS: Final = (
    ("staff_with_account", "staff"),
    ("paper_digitised", "paper_received"),
    ("incoming_with_opinion", "incoming"),
    ("work_filed", "work_completed"),
    ("handovers_late", "handovers_due"),
)
"""Figures that are part of another one; both are stated, or none."""


@frozen(kw_only=True)
class UnitFacts:
    """What only people of a unit know of a period; None is not stated, which is not zero."""

    organ_id: OrganId = field(validator=a(OrganId))
    level: int = field(default=0, validator=whole(0, 9))
    downtime_minutes: int | None = _figure()
    staff: int | None = _figure()
    staff_with_account: int | None = _figure()
    paper_received: int | None = _figure()
    paper_digitised: int | None = _figure()
    incoming: int | None = _figure()
    incoming_with_opinion: int | None = _figure()
    """Of ``incoming``: those with a leader's opinion in the software."""

    has_certificate: bool | None = field(default=None, validator=maybe(bool))
    certificate_valid_to: date | None = field(default=None, validator=maybe(date))
    work_completed: int | None = _figure()
    work_filed: int | None = _figure()
    handovers_due: int | None = _figure()
    handovers_late: int | None = _figure()
    report_received_on: date | None = field(default=None, validator=maybe(date))
    """When its quarterly report came; None when it did not come."""

    difficulties: str = field(default="", validator=text(4000, lines=True))
    about_software: str = field(default="", validator=text(4000, lines=True))
    """Suggestions for the software (QĐ 52/2019 Đ13.4)."""

    about_regulation: str = field(default="", validator=text(4000, lines=True))
    """Suggestions for the regulation (QĐ 52/2019 Đ13.4)."""

    def __attrs_post_init__(self) -> None:
        for part, all_of_it in PARTS:
            some, whole_figure = getattr(self, part), getattr(self, all_of_it)
            if (some is None) != (whole_figure is None):
                raise refuse(self, part, found=some, expected=f"a figure together with {all_of_it}")
            if some is not None and some > whole_figure:
                raise refuse(self, part, found=some, expected=f"at most {all_of_it}")
