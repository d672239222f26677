"""Sending and receiving: clocks, deadlines, refusals, escalation."""

from __future__ import annotations

import enum
from datetime import timedelta
from typing import Final

from attrs import field, frozen

from lienthong.model.checks import a, refuse, text
from lienthong.model.ids import OrganId
from lienthong.model.words import RefusalCode, Urgency
from lienthong.rules.deadlines import MAX_DAYS, SentBasis
from lienthong.rules.forms import (
    FLAG,
    ORGAN,
    duration_form,
    text_form,
    value_form,
    values_form,
    whole_form,
    word_form,
    words_form,
)
from lienthong.rules.settings import setting

_SECOND: Final = timedelta(seconds=1)
_HOUR: Final = timedelta(hours=1)
_AT_ONCE: Final = duration_form(timedelta(), timedelta(days=30))


class FormCheck(enum.Enum):
    """What a defect of form does to a document that is to be sent."""

    WARN = "WARN"
    BLOCK = "BLOCK"


@frozen(kw_only=True)
class UrgentTimes:
    """How long urgent documents may take, by their urgency; more urgent ones never longer."""

    KHAN: timedelta = field(validator=_AT_ONCE.check)
    THUONG_KHAN: timedelta = field(validator=_AT_ONCE.check)
    HOA_TOC: timedelta = field(validator=_AT_ONCE.check)

    def __attrs_post_init__(self) -> None:
        if not self.HOA_TOC <= self.THUONG_KHAN <= self.KHAN:
            found = f"KHAN {self.KHAN}, THUONG_KHAN {self.THUONG_KHAN}, HOA_TOC {self.HOA_TOC}"
            expected = "HOA_TOC at most THUONG_KHAN at most KHAN"
            raise refuse(self, "HOA_TOC", found=found, expected=expected)

    def of(self, urgency: Urgency) -> timedelta | None:
        """The time for one urgency; None where it is not urgent."""
        found: timedelta | None = getattr(self, urgency.name, None)
        return found


@frozen(kw_only=True)
class DutyOfficer:
    """Who is told at once, at any hour, when something urgent arrives."""

    organisation: OrganId = field(validator=a(OrganId))
    role: str = field(validator=text(100, required=True))
    """Such as ``Chánh Văn phòng``."""

    contact: str = field(default="", validator=text(200))


_URGENT: Final = value_form(
    UrgentTimes,
    'KHAN, THUONG_KHAN and HOA_TOC, each a time such as "30 minutes"',
    dict.fromkeys(("KHAN", "THUONG_KHAN", "HOA_TOC"), _AT_ONCE),
)
_OFFICERS: Final = values_form(
    DutyOfficer,
    "tables with organisation, role, contact",
    {"organisation": ORGAN, "role": text_form(100, required=True), "contact": text_form(200)},
)


def _urgent(khan: float, thuong_khan: float, hoa_toc: float) -> UrgentTimes:
    """Times in hours."""
    return UrgentTimes(KHAN=khan * _HOUR, THUONG_KHAN=thuong_khan * _HOUR, HOA_TOC=hoa_toc * _HOUR)


@frozen(kw_only=True)
class Sending:
    """Sending (gửi văn bản đi)."""

    sent_basis: SentBasis = setting(
        5,
        word_form(SentBasis),
        default=SentBasis.ISSUED,
        clause="QĐ 52/2019 Đ10.1; NĐ 64/2007 Đ36.1",
        en="which instant counts as sent, once delivery is acknowledged: of issuing or of the "
        "acknowledgement",
        vi="thời điểm gửi, khi đã có hồi báo gửi thành công: lúc phát hành hay lúc có hồi báo",
    )
    urgent_within: UrgentTimes = setting(
        6,
        _URGENT,
        default=_urgent(2, 1, 0.25),
        clause="QĐ 28/2018 Đ6.2; NĐ 30/2020 Đ18.1",
        en="elapsed time after signing in which an urgent document is sent, at any hour",
        vi="thời gian tính từ khi ký phải gửi văn bản khẩn, kể cả ngoài giờ",
    )
    form_checks: FormCheck = setting(
        40,
        word_form(FormCheck),
        default=FormCheck.WARN,
        clause="NĐ 30/2020 Đ8.2, Đ18.3; QĐ 28/2018 Đ6.4",
        en="whether a defect of form warns or blocks",
        vi="lỗi thể thức chỉ cảnh báo hay chặn việc gửi",
    )
    max_clock_skew: timedelta = setting(
        48,
        duration_form(_SECOND, timedelta(hours=1)),
        default=5 * _SECOND,
        clause="QĐ 52/2019 Đ10.3",
        en="difference of clocks above which a pair of times is flagged",
        vi="độ lệch đồng hồ tối đa; vượt quá thì đánh dấu",
    )


@frozen(kw_only=True)
class Receiving:
    """Receiving (tiếp nhận, xử lý văn bản đến)."""

    urgent_forward_within: UrgentTimes = setting(
        6,
        _URGENT,
        default=_urgent(2, 1, 0.25),
        clause="QĐ 28/2018 Đ6.2; NĐ 30/2020 Đ23.1",
        en="time after receipt in which an urgent document is sent on",
        vi="thời gian tính từ khi nhận phải trình, chuyển giao văn bản khẩn",
    )
    urgent_settle_within: UrgentTimes = setting(
        6,
        _URGENT,
        default=_urgent(16, 8, 4),
        clause="NĐ 30/2020 Đ24.2",
        en="time after receipt in which an urgent document without a due date is settled",
        vi="thời gian tính từ khi nhận phải giải quyết văn bản khẩn không ghi thời hạn",
    )
    urgent_in_office_hours: bool = setting(
        7,
        FLAG,
        default=True,
        clause="QĐ 52/2019 Đ10.2; NĐ 30/2020 Đ24.2",
        en="urgent documents are sent on and settled in working time; otherwise in elapsed time",
        vi="thời hạn của văn bản khẩn chỉ tính trong giờ hành chính; nếu không thì tính liên tục",
    )
    duty_officers: tuple[DutyOfficer, ...] = setting(
        8,
        _OFFICERS,
        default=(),
        clause="QĐ 28/2018 Đ6.2",
        en="who is told at once, at any hour, when an urgent document arrives",
        vi="người trực được báo ngay khi văn bản khẩn đến, kể cả ngoài giờ",
    )
    settle_working_days: int = setting(
        9,
        whole_form(0, MAX_DAYS, "working days"),
        default=0,
        clause="NĐ 30/2020 Đ24.2",
        en="time to settle a document without a due date; 0: nothing is due that nobody set",
        vi="số ngày làm việc để giải quyết văn bản không ghi thời hạn; 0: không đặt thời hạn",
    )
    refuse_working_days: int = setting(
        10,
        whole_form(0, MAX_DAYS, "working days"),
        default=0,
        clause="QĐ 52/2019 Đ8.1a; NĐ 30/2020 Đ21.2",
        en='what "promptly" means for a refusal; 0: the day of receipt',
        vi="“kịp thời” khi từ chối nhận là bao nhiêu ngày làm việc; 0: ngay trong ngày nhận",
    )
    refusal_reasons: tuple[RefusalCode, ...] = setting(
        11,
        words_form(RefusalCode),
        default=tuple(RefusalCode),
        clause="QĐ 52/2019 Đ5.1d; NĐ 30/2020 Đ21.2b",
        en="reasons that a refusal may have",
        vi="các lý do từ chối nhận",
    )
    refusals_to_approve: tuple[RefusalCode, ...] = setting(
        11,
        words_form(RefusalCode),
        default=(RefusalCode.ANOMALY,),
        clause="NĐ 30/2020 Đ21.2b",
        en="reasons that the responsible person approves first",
        vi="các lý do phải có người có trách nhiệm đồng ý trước khi từ chối",
    )
    escalate_after: timedelta = setting(
        12,
        duration_form(_HOUR, timedelta(days=60)),
        default=8 * _HOUR,
        clause="chưa quy định (QĐ 52/2019 Đ9.2d)",
        en="working time after which a document that nobody touched is escalated; it never "
        "counts as accepted",
        vi="thời gian làm việc sau đó văn bản chưa ai xử lý được báo lên cấp trên; không bao giờ "
        "coi là đã tiếp nhận",
    )

    def __attrs_post_init__(self) -> None:
        for reason in self.refusals_to_approve:
            if reason not in self.refusal_reasons:
                expected = "reasons of refusal_reasons"
                raise refuse(self, "refusals_to_approve", found=reason.name, expected=expected)
