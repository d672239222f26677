"""M1 to M20: what the counts of a period say (regulations §13f), as one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from attrs import field, frozen

from lienthong.model.checks import as_tuple
from lienthong.reports.counting import Measure
from lienthong.reports.counts import Basis
from lienthong.reports.formulas import (
    RECEIVED,
    SENT,
    available,
    average_settling,
    by_recipient,
    certified,
    certified_by_level,
    checked_days,
    expiring,
    expiring_units,
    listed,
    median,
    missed_days,
    number,
    ratio,
    refusal_rate,
    reported,
    stated,
    unreported,
    verified,
)
from lienthong.reports.values import Value


@frozen(kw_only=True)
class Metric:
    """One line of the metrics."""

    number: str
    """As in the regulations' list, with a letter for each of its parts: ``M4b``."""

    en: str
    vi: str
    clause: str
    value: Callable[[Basis], Value] = field(repr=False, eq=False)
    listed: Callable[[Basis], Mapping[str, int]] | None = field(default=None, repr=False, eq=False)
    """What its list names, with how often."""


@frozen(kw_only=True)
class Result:
    """A metric's value in one report."""

    metric: Metric
    value: Value
    listed: tuple[tuple[str, int], ...] = field(default=(), converter=as_tuple)


def evaluate(basis: Basis) -> tuple[Result, ...]:
    """All metrics, in the order of their table.

    Raises:
        OutsideCalendar: the calendar does not cover the period.
    """
    return tuple(
        Result(
            metric=metric,
            value=metric.value(basis),
            listed=() if metric.listed is None else tuple(metric.listed(basis).items()),
        )
        for metric in METRICS
    )


def _row(
    number: str,
    vi: str,
    en: str,
    clause: str,
    value: Callable[[Basis], Value],
    listed: Callable[[Basis], Mapping[str, int]] | None = None,
) -> Metric:
    return Metric(number=number, vi=vi, en=en, clause=clause, value=value, listed=listed)


_M = Measure


def _exchange() -> Iterator[Metric]:
    clause = "QĐ 52/2019 Đ10"
    yield _row("M1a", "Lượt gửi trong tỉnh", "Sent in the province", clause, number(SENT[0]))
    yield _row("M1b", "Lượt gửi ngoài tỉnh", "Sent outside", clause, number(SENT[1]))
    yield _row(
        "M1c", "Lượt nhận trong tỉnh", "Received in the province", clause, number(RECEIVED[0])
    )
    yield _row("M1d", "Lượt nhận ngoài tỉnh", "Received outside", clause, number(RECEIVED[1]))
    yield _row("M2a", "Văn bản phát hành", "Documents issued", "NĐ 30/2020 Đ18", number(_M.ISSUED))
    yield _row(
        "M2",
        "Chỉ gửi bản điện tử",
        "Electronic only",
        "QĐ 52/2019 Đ5.1c",
        ratio(_M.E_ONLY, _M.ISSUED),
    )
    yield _row(
        "M2b",
        "Gửi kèm bản giấy theo quyết định của lãnh đạo",
        "Paper by a leader's decision",
        "QĐ 52/2019 Đ5.1c",
        number(_M.OVERRIDDEN),
        listed(_M.OVERRIDDEN),
    )
    clause = "NĐ 30/2020 Đ5.1"
    for letter, vi, en, measure in (
        ("a", "Chữ ký số người có thẩm quyền hợp lệ", "Signer's signature valid", _M.SIGNER_VALID),
        ("b", "Chữ ký số cơ quan hợp lệ", "Agency's signature valid", _M.AGENCY_VALID),
        ("c", "Đủ hai chữ ký số hợp lệ", "Both signatures valid", _M.BOTH_VALID),
    ):
        yield _row(f"M3{letter}", vi, en, clause, verified(measure))


def _sent_in_time() -> Iterator[Metric]:
    clause = "QĐ 28/2018 Đ6.2"
    due = _M.SEND_DUE
    yield _row("M4", "Gửi đúng hạn", "Sent in time", clause, ratio(_M.SEND_IN_TIME, due))
    yield _row("M4b", "Gửi trong ngày ký", "Sent on the day", clause, ratio(_M.SEND_SAME_DAY, due))
    yield _row(
        "M4c",
        "Gửi đúng hạn theo NĐ 30",
        "Sent in time by NĐ 30",
        "NĐ 30/2020 Đ18.1",
        ratio(_M.SEND_BY_DECREE, due),
    )
    yield _row(
        "M4u",
        "Văn bản khẩn gửi đúng hạn",
        "Urgent sent in time",
        clause,
        ratio(_M.SEND_URGENT_IN_TIME, _M.SEND_URGENT_DUE),
    )
    yield _row(
        "M4x",
        "Lượt gửi không rõ giờ ký",
        "Sent, time of signing unknown",
        clause,
        number(_M.SEND_UNKNOWN),
    )
    yield _row(
        "M5",
        "Báo đã nhận trong ngày",
        "Receipt notice same day",
        "NĐ 30/2020 Đ21.2c",
        ratio(_M.NOTICE_SAME_DAY, *RECEIVED),
    )


def _handled_in_time() -> Iterator[Metric]:
    clause = "QĐ 52/2019 Đ5.2b"
    yield _row(
        "M6",
        "Chuyển xử lý đúng hạn",
        "Forwarded in time",
        clause,
        ratio(_M.FORWARD_IN_TIME, _M.FORWARD_DUE),
        listed(_M.FORWARD_OVERDUE),
    )
    yield _row(
        "M6u",
        "Văn bản khẩn chuyển đúng hạn",
        "Urgent forwarded in time",
        clause,
        ratio(_M.FORWARD_URGENT_IN_TIME, _M.FORWARD_URGENT_DUE),
    )
    clause = "NĐ 30/2020 Đ24.2"
    yield _row(
        "M7",
        "Giải quyết đúng hạn",
        "Settled in time",
        clause,
        ratio(_M.SETTLE_IN_TIME, _M.SETTLE_DUE),
    )
    yield _row(
        "M7b",
        "Quá hạn chưa giải quyết",
        "Overdue and open",
        "QĐ 52/2019 Đ8.2c",
        number(_M.SETTLE_OVERDUE),
        listed(_M.SETTLE_OVERDUE),
    )
    yield _row(
        "M7c",
        "Thời gian làm việc giải quyết trung bình",
        "Average office time to settle",
        clause,
        average_settling,
    )


def _troubles() -> Iterator[Metric]:
    clause = "QĐ 52/2019 Đ5.1d"
    yield _row(
        "M8a",
        "Từ chối, theo lý do",
        "Refused, by reason",
        clause,
        number(_M.REFUSED),
        listed(_M.REFUSED),
    )
    yield _row(
        "M8",
        "Tỷ lệ từ chối, theo bên gửi",
        "Refusal rate, by sender",
        clause,
        refusal_rate,
        listed(_M.REFUSED_FROM),
    )
    yield _row(
        "M8b", "Thời gian đến khi từ chối", "Time to refuse", clause, median(_M.REFUSED_AFTER)
    )
    clause = "QĐ 52/2019 Đ8.3"
    yield _row("M9a", "Thu hồi", "Recalls", clause, number(_M.RECALLS))
    yield _row("M9b", "Lấy lại", "Take-backs", "edXML 13", number(_M.TAKE_BACKS))
    yield _row("M9c", "Cập nhật", "Updates", "NĐ 30/2020 Đ18.3", number(_M.UPDATES))
    yield _row("M9d", "Thay thế", "Replacements", "NĐ 30/2020 Đ18.3", number(_M.REPLACEMENTS))
    yield _row(
        "M9e",
        "Thời gian xác nhận thu hồi (trung vị)",
        "Time to confirm a recall (median)",
        clause,
        median(_M.RECALL_CONFIRMED_AFTER),
    )
    yield _row(
        "M9f",
        "Thu hồi chưa được xác nhận",
        "Recalls not confirmed",
        clause,
        number(_M.RECALL_UNCONFIRMED),
        listed(_M.RECALL_UNCONFIRMED),
    )
    yield _row(
        "M9g",
        "Thu hồi đơn vị chưa thực hiện",
        "Recalls to be confirmed by the unit",
        clause,
        number(_M.RECALL_OPEN),
        listed(_M.RECALL_OPEN),
    )
    yield _row(
        "M10",
        "Chưa tiếp nhận quá hạn, theo bên nhận",
        "Not taken, by recipient",
        "QĐ 52/2019 Đ8.1a",
        number(_M.NOT_TAKEN),
        by_recipient(_M.NOT_TAKEN),
    )


def _operation() -> Iterator[Metric]:
    yield _row(
        "M11",
        "Ngày làm việc đủ 2 lần kiểm tra liên thông",
        "Days with two checks",
        "QĐ 52/2019 Đ12.6",
        checked_days,
        missed_days,
    )
    yield _row("M12", "Mức sẵn sàng", "Availability", "CT 05/CT-UBND", available)
    for name, vi, en, part, whole in (
        ("M13", "Cán bộ có tài khoản", "Staff with accounts", "staff_with_account", "staff"),
        ("M14", "Văn bản giấy được số hóa", "Digitised", "paper_digitised", "paper_received"),
        (
            "M15",
            "Lãnh đạo xử lý trên phần mềm",
            "Handled by leaders in software",
            "incoming_with_opinion",
            "incoming",
        ),
    ):
        yield _row(name, vi, en, "QĐ 580/QĐ-UBND", stated(part, whole))
    yield _row(
        "M16",
        "Đơn vị có chứng thư số, theo cấp",
        "Units with a certificate, by level",
        "QĐ 52/2019 Đ12.3",
        certified,
        certified_by_level,
    )
    yield _row(
        "M16b",
        "Chứng thư số hết hạn trong 60 ngày",
        "Certificates that end in 60 days",
        "QĐ 52/2019 Đ12.3",
        expiring,
        expiring_units,
    )


def _completeness() -> Iterator[Metric]:
    clause = "QĐ 52/2019 Đ9.2c"
    yield _row(
        "M17",
        "Văn bản trả lời có liên kết",
        "Replies with a link",
        clause,
        ratio(_M.REPLIES_LINKED, _M.REPLIES),
    )
    yield _row(
        "M17b",
        "Quá hạn trả lời",
        "Replies overdue",
        clause,
        number(_M.REPLY_OVERDUE),
        listed(_M.REPLY_OVERDUE),
    )
    clause = "NĐ 30/2020 Đ29"
    yield _row(
        "M18",
        "Công việc đã lập hồ sơ",
        "Work with a record",
        clause,
        stated("work_filed", "work_completed"),
    )
    yield _row(
        "M18b",
        "Giao nộp hồ sơ trễ hạn",
        "Records handed over late",
        "NĐ 30/2020 Đ30.2",
        stated("handovers_late", "handovers_due"),
    )
    yield _row(
        "M19",
        "Bên gửi biết trạng thái",
        "Sender knows the status",
        "QĐ 28/2018 Đ9.2",
        ratio(_M.STATUS_KNOWN, *SENT),
    )
    yield _row(
        "M20",
        "Đơn vị gửi báo cáo quý đúng hạn",
        "Quarterly reports in time",
        "QĐ 52/2019 Đ13.4",
        reported,
        unreported,
    )


METRICS: Final = (
    *_exchange(),
    *_sent_in_time(),
    *_handled_in_time(),
    *_troubles(),
    *_operation(),
    *_completeness(),
)
