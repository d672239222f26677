"""Errors of the two state machines."""

from __future__ import annotations

from lienthong.errors.base import CallerError


class InvalidMove(CallerError):
    """The machine has no such move for this actor in this state."""

    code = "flow.invalid_move"
    en = "{event} by {actor} is not allowed in state {state} ({clause})"
    vi = "{actor} không được thực hiện {event} ở trạng thái {state} ({clause})"
    next_en = "look at the history of the delivery and choose a move that its state allows"
    next_vi = "xem lịch sử gửi nhận và chọn thao tác mà trạng thái cho phép"


class GuardFailed(CallerError):
    """The move exists, but one of its conditions is not met."""

    code = "flow.guard_failed"
    en = "{event} in state {state} needs {condition} ({clause})"
    vi = "{event} ở trạng thái {state} cần {condition} ({clause})"
    next_en = "meet the condition and try again"
    next_vi = "đáp ứng điều kiện rồi thực hiện lại"


class SettingForbids(CallerError):
    """The move exists, but the rule set of the organisation does not allow it."""

    code = "flow.setting_forbids"
    en = "the rule set {rule_set} does not allow {what}: {setting} ({clause})"
    vi = "bộ quy tắc {rule_set} không cho phép {what}: {setting} ({clause})"
    next_en = "do what the setting allows; lienthong-node rules show prints it"
    next_vi = "thực hiện theo thiết lập này; xem bằng lienthong-node rules show"


class ConflictingReport(CallerError):
    """The same event was reported before with other content."""

    code = "flow.conflicting_report"
    status = "ALREADY_EXISTS"
    en = "{event} was already reported for this delivery with other content"
    vi = "{event} đã được báo cho lượt gửi này với nội dung khác"
    next_en = "the first report stands; do not send another one"
    next_vi = "báo cáo đầu tiên có giá trị; không gửi báo cáo khác"
