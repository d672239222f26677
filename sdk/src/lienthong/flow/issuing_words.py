"""States, events and roles of the issuing machine."""

from __future__ import annotations

import enum
from typing import Final


class IssuingState(enum.Enum):
    """Where a document stands in its issuer's own system."""

    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    CONTENT_CHECKED = "CONTENT_CHECKED"
    FORM_CHECKED = "FORM_CHECKED"
    APPROVED = "APPROVED"
    SIGNED = "SIGNED"
    NUMBERED = "NUMBERED"
    SEALED = "SEALED"
    ISSUED = "ISSUED"
    CORRECTED = "CORRECTED"
    FILED = "FILED"
    REPLACED = "REPLACED"
    RECALLED = "RECALLED"

    @property
    def label_vi(self) -> str:
        return _STATE_LABELS[self]

    @property
    def final(self) -> bool:
        """Nothing follows."""
        return self in {IssuingState.REPLACED, IssuingState.RECALLED}


_STATE_LABELS: Final = {
    IssuingState.DRAFT: "Dự thảo",
    IssuingState.IN_REVIEW: "Đang xem xét",
    IssuingState.CONTENT_CHECKED: "Đã kiểm tra nội dung",
    IssuingState.FORM_CHECKED: "Đã kiểm tra thể thức",
    IssuingState.APPROVED: "Đã duyệt",
    IssuingState.SIGNED: "Đã ký",
    IssuingState.NUMBERED: "Đã cấp số",
    IssuingState.SEALED: "Đã ký số cơ quan",
    IssuingState.ISSUED: "Đã phát hành",
    IssuingState.CORRECTED: "Đã đính chính",
    IssuingState.FILED: "Đã lưu hồ sơ",
    IssuingState.REPLACED: "Đã được thay thế",
    IssuingState.RECALLED: "Đã thu hồi",
}


class IssuingEvent(enum.Enum):
    """What happens to a document before and after its issue."""

    SUBMIT = "SUBMIT"
    RETURN_WITH_COMMENT = "RETURN_WITH_COMMENT"
    CHECK_CONTENT = "CHECK_CONTENT"
    CHECK_FORM = "CHECK_FORM"
    APPROVE = "APPROVE"
    EDIT = "EDIT"
    SIGN = "SIGN"
    NUMBER = "NUMBER"
    SEAL = "SEAL"
    ISSUE = "ISSUE"
    ISSUE_REPLACEMENT = "ISSUE_REPLACEMENT"
    ISSUE_RECALL_NOTICE = "ISSUE_RECALL_NOTICE"
    ISSUE_CORRECTION = "ISSUE_CORRECTION"
    FILE = "FILE"

    @property
    def label_vi(self) -> str:
        return _EVENT_LABELS[self]


_EVENT_LABELS: Final = {
    IssuingEvent.SUBMIT: "Trình dự thảo",
    IssuingEvent.RETURN_WITH_COMMENT: "Trả lại kèm ý kiến",
    IssuingEvent.CHECK_CONTENT: "Kiểm tra nội dung",
    IssuingEvent.CHECK_FORM: "Kiểm tra thể thức",
    IssuingEvent.APPROVE: "Duyệt",
    IssuingEvent.EDIT: "Sửa bản thảo",
    IssuingEvent.SIGN: "Ký số",
    IssuingEvent.NUMBER: "Cấp số",
    IssuingEvent.SEAL: "Ký số cơ quan",
    IssuingEvent.ISSUE: "Phát hành",
    IssuingEvent.ISSUE_REPLACEMENT: "Phát hành văn bản thay thế",
    IssuingEvent.ISSUE_RECALL_NOTICE: "Phát hành thông báo thu hồi",
    IssuingEvent.ISSUE_CORRECTION: "Phát hành công văn đính chính",
    IssuingEvent.FILE: "Lưu hồ sơ",
}


class Role(enum.Enum):
    """Who acts in the issuer's own system."""

    DRAFTER = "DRAFTER"
    UNIT_HEAD = "UNIT_HEAD"
    FORM_CHECKER = "FORM_CHECKER"
    SIGNER = "SIGNER"
    CLERK = "CLERK"
    SYSTEM = "SYSTEM"
    OFFICER = "OFFICER"

    @property
    def label_vi(self) -> str:
        return _ROLE_LABELS[self]


_ROLE_LABELS: Final = {
    Role.DRAFTER: "Người soạn",
    Role.UNIT_HEAD: "Lãnh đạo đơn vị",
    Role.FORM_CHECKER: "Người kiểm tra thể thức",
    Role.SIGNER: "Người có thẩm quyền ký",
    Role.CLERK: "Văn thư",
    Role.SYSTEM: "Hệ thống",
    Role.OFFICER: "Công chức xử lý",
}
