"""One package on its way to one recipient: states, events, and what the axis shows of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from attrs import field, frozen

from lienthong.model.checks import a, as_tuple, many, maybe, text, whole
from lienthong.model.deadline import DeadlineStage, OpenDeadline, Ruling
from lienthong.model.file_signature import LegalValue
from lienthong.model.ids import DocumentNumber, OrganId, PackageId
from lienthong.model.package import PackageKind
from lienthong.model.time import as_utc, aware
from lienthong.model.words import IssueForm, Urgency


class DeliveryState(enum.Enum):
    """Where a delivery stands (regulations §13b, machine 2)."""

    QUEUED = "QUEUED"
    SENT = "SENT"
    SEND_FAILED = "SEND_FAILED"
    CANCELLED = "CANCELLED"
    ARRIVED = "ARRIVED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    FORWARDED = "FORWARDED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    TAKE_BACK_PENDING = "TAKE_BACK_PENDING"
    TAKEN_BACK = "TAKEN_BACK"
    RECALL_PENDING = "RECALL_PENDING"
    RECALLED = "RECALLED"
    UPDATE_PENDING = "UPDATE_PENDING"
    REPLACED = "REPLACED"
    DELETED = "DELETED"

    @property
    def label_vi(self) -> str:
        return _STATE_FACTS[self][0]

    @property
    def final(self) -> bool:
        """Nobody has to act any more; only deletion, and after completion a new request, remain."""
        return _STATE_FACTS[self][1]

    @property
    def code(self) -> str | None:
        """National status code of two digits; None for states that exist only here."""
        return _STATE_FACTS[self][2]


_STATE_FACTS: Final[Mapping[DeliveryState, tuple[str, bool, str | None]]] = MappingProxyType(
    {
        DeliveryState.QUEUED: ("Chờ gửi", False, None),
        DeliveryState.SENT: ("Đã gửi", False, None),
        DeliveryState.SEND_FAILED: ("Gửi không thành công", False, None),
        DeliveryState.CANCELLED: ("Đã hủy gửi", True, None),
        DeliveryState.ARRIVED: ("Đã đến", False, "01"),
        DeliveryState.ACCEPTED: ("Đã tiếp nhận", False, "03"),
        DeliveryState.REFUSED: ("Từ chối tiếp nhận", True, "02"),
        DeliveryState.FORWARDED: ("Đã chuyển xử lý", False, "04"),
        DeliveryState.IN_PROGRESS: ("Đang xử lý", False, "05"),
        DeliveryState.COMPLETED: ("Đã hoàn thành", True, "06"),
        DeliveryState.TAKE_BACK_PENDING: ("Chờ lấy lại", False, "13"),
        DeliveryState.TAKEN_BACK: ("Đã lấy lại", True, "15"),
        DeliveryState.RECALL_PENDING: ("Chờ thu hồi", False, None),
        DeliveryState.RECALLED: ("Đã thu hồi", True, None),
        DeliveryState.UPDATE_PENDING: ("Chờ cập nhật", False, None),
        DeliveryState.REPLACED: ("Đã được thay thế", True, None),
        DeliveryState.DELETED: ("Đã xóa", True, None),
    }
)


class DeliveryEvent(enum.Enum):
    """What happens to a delivery; the first fourteen are reported in signed statements."""

    ARRIVE = "ARRIVE"
    ACCEPT = "ACCEPT"
    REFUSE = "REFUSE"
    FORWARD = "FORWARD"
    START = "START"
    COMPLETE = "COMPLETE"
    REOPEN = "REOPEN"
    REQUEST_TAKE_BACK = "REQUEST_TAKE_BACK"
    AGREE_TAKE_BACK = "AGREE_TAKE_BACK"
    REFUSE_TAKE_BACK = "REFUSE_TAKE_BACK"
    CONFIRM_RECALL = "CONFIRM_RECALL"
    REJECT_RECALL = "REJECT_RECALL"
    APPLY_UPDATE = "APPLY_UPDATE"
    REFUSE_UPDATE = "REFUSE_UPDATE"

    ISSUE = "ISSUE"
    TRANSMIT_OK = "TRANSMIT_OK"
    TRANSMIT_FAIL = "TRANSMIT_FAIL"
    RETRY = "RETRY"
    CANCEL = "CANCEL"
    RECALL = "RECALL"
    UPDATE = "UPDATE"
    REPLACE = "REPLACE"
    DELETE = "DELETE"

    @property
    def label_vi(self) -> str:
        return _EVENT_FACTS[self][0]

    @property
    def code(self) -> str | None:
        """National status code that reports it; None for events without one."""
        return _EVENT_FACTS[self][1]

    @property
    def reported(self) -> bool:
        """Whether a signed statement carries it."""
        return _EVENT_FACTS[self][2]


_EVENT_FACTS: Final[Mapping[DeliveryEvent, tuple[str, str | None, bool]]] = MappingProxyType(
    {
        DeliveryEvent.ARRIVE: ("Đã đến", "01", True),
        DeliveryEvent.ACCEPT: ("Tiếp nhận", "03", True),
        DeliveryEvent.REFUSE: ("Từ chối tiếp nhận", "02", True),
        DeliveryEvent.FORWARD: ("Chuyển xử lý", "04", True),
        DeliveryEvent.START: ("Bắt đầu xử lý", "05", True),
        DeliveryEvent.COMPLETE: ("Hoàn thành", "06", True),
        DeliveryEvent.REOPEN: ("Mở lại", "05", True),
        DeliveryEvent.REQUEST_TAKE_BACK: ("Yêu cầu lấy lại", "13", True),
        DeliveryEvent.AGREE_TAKE_BACK: ("Đồng ý lấy lại", "15", True),
        DeliveryEvent.REFUSE_TAKE_BACK: ("Từ chối lấy lại", "16", True),
        DeliveryEvent.CONFIRM_RECALL: ("Xác nhận đã thu hồi", "03", True),
        DeliveryEvent.REJECT_RECALL: ("Không nhận thông báo thu hồi", "02", True),
        DeliveryEvent.APPLY_UPDATE: ("Đồng ý cập nhật", "15", True),
        DeliveryEvent.REFUSE_UPDATE: ("Từ chối cập nhật", "16", True),
        DeliveryEvent.ISSUE: ("Phát hành", None, False),
        DeliveryEvent.TRANSMIT_OK: ("Gửi thành công", None, False),
        DeliveryEvent.TRANSMIT_FAIL: ("Gửi không thành công", None, False),
        DeliveryEvent.RETRY: ("Gửi lại", None, False),
        DeliveryEvent.CANCEL: ("Hủy gửi", None, False),
        DeliveryEvent.RECALL: ("Thu hồi", None, False),
        DeliveryEvent.UPDATE: ("Cập nhật", None, False),
        DeliveryEvent.REPLACE: ("Thay thế", None, False),
        DeliveryEvent.DELETE: ("Xóa", None, False),
    }
)


@frozen(kw_only=True)
class Delivery:
    """A delivery as the axis shows it to its sender or its recipient."""

    package_id: PackageId = field(validator=a(PackageId))
    sender: OrganId = field(validator=a(OrganId))
    recipient: OrganId = field(validator=a(OrganId))
    state: DeliveryState = field(validator=a(DeliveryState))
    kind: PackageKind = field(validator=a(PackageKind))
    subject: str = field(validator=text(500))
    number: DocumentNumber = field(validator=a(DocumentNumber))
    urgency: Urgency = field(validator=a(Urgency))
    sent_at: datetime = field(converter=as_utc, validator=aware)
    """When the axis took it over, UTC (QĐ 52/2019 Đ10.1)."""

    updated_at: datetime = field(converter=as_utc, validator=aware)
    updated_index: int = field(validator=whole(0, 2**63 - 1))
    """Journal index of the last change."""

    deadlines: tuple[OpenDeadline, ...] = field(
        default=(), converter=as_tuple, validator=many(OpenDeadline, most=100)
    )
    """What is still to be done with it, as far as it is the reader's business."""

    paper: Ruling[IssueForm] | None = field(default=None, validator=maybe(Ruling))
    """In which form it goes to the recipient, by the sender's rule set (QĐ 52/2019 Đ6)."""

    legal_value: Ruling[LegalValue] | None = field(default=None, validator=maybe(Ruling))
    """What the document is worth, by what its recipient has checked (QĐ 52/2019 Đ4)."""

    @property
    def is_overdue(self) -> bool:
        """Whether the axis has told that something is late."""
        return any(one.stage is DeadlineStage.OVERDUE for one in self.deadlines)
