"""What becomes of a delivered document: take-back, recall, replacement, update, completion."""

from __future__ import annotations

import enum

from attrs import frozen

from lienthong.rules.deadlines import MAX_DAYS
from lienthong.rules.forms import FLAG, whole_form, word_form, words_form
from lienthong.rules.settings import setting


class TakeBack(enum.Enum):
    """Who answers a request to give a document back that was not accepted yet."""

    CLERK = "CLERK"
    AUTOMATIC = "AUTOMATIC"
    """The axis agrees where nobody has opened it."""


class Decider(enum.Enum):
    """Who decides at the sender."""

    COMPETENT_PERSON = "COMPETENT_PERSON"
    DRAFTING_UNIT = "DRAFTING_UNIT"
    CLERK = "CLERK"


class Hidden(enum.Enum):
    """What cancelling a recalled document (hủy bỏ) hides from its recipient."""

    WORK_LISTS = "WORK_LISTS"
    """It leaves work lists and stays readable, marked as recalled."""

    CONTENT = "CONTENT"
    """Its files are locked as well; their hashes and the metadata stay."""


class UpdateField(enum.Enum):
    """What an update may change; never the signed main file (NĐ 30/2020 Đ18.3)."""

    RECIPIENTS = "RECIPIENTS"
    DUE_DATE = "DUE_DATE"
    REPLY_REQUESTED = "REPLY_REQUESTED"
    MISSING_ATTACHMENTS = "MISSING_ATTACHMENTS"
    CONTACT = "CONTACT"


_DECIDER = word_form(Decider)


@frozen(kw_only=True)
class Flow:
    """Course of a delivered document (lấy lại, thu hồi, thay thế, cập nhật)."""

    take_back: TakeBack = setting(
        13,
        word_form(TakeBack),
        default=TakeBack.CLERK,
        clause="chưa quy định (mã trạng thái 13, 15, 16)",
        en="who answers a request to give an unaccepted document back",
        vi="ai trả lời đề nghị lấy lại văn bản chưa tiếp nhận",
    )
    recall_decided_by: Decider = setting(
        14,
        _DECIDER,
        default=Decider.COMPETENT_PERSON,
        clause="NĐ 30/2020 Đ18.4; QĐ 52/2019 Đ8.3",
        en="who decides a recall",
        vi="ai quyết định thu hồi",
    )
    replace_decided_by: Decider = setting(
        14,
        _DECIDER,
        default=Decider.COMPETENT_PERSON,
        clause="NĐ 30/2020 Đ18.3",
        en="who decides a replacement",
        vi="ai quyết định thay thế",
    )
    update_decided_by: Decider = setting(
        14,
        _DECIDER,
        default=Decider.DRAFTING_UNIT,
        clause="NĐ 30/2020 Đ18.3",
        en="who decides an update",
        vi="ai quyết định cập nhật",
    )
    recall_confirm_working_days: int = setting(
        15,
        whole_form(0, MAX_DAYS, "working days"),
        default=1,
        clause="QĐ 52/2019 Đ8.3; NĐ 30/2020 Đ18.4b",
        en="time in which a recipient cancels a recalled document and reports it; 0: the same day",
        vi="số ngày làm việc để bên nhận hủy bỏ văn bản bị thu hồi và báo lại; 0: trong ngày",
    )
    recall_hides: Hidden = setting(
        16,
        word_form(Hidden),
        default=Hidden.CONTENT,
        clause="QĐ 52/2019 Đ8.3; NĐ 30/2020 PL VI.I.III.8",
        en="what cancelling a recalled document hides from its recipient",
        vi="việc hủy bỏ văn bản bị thu hồi che những gì ở bên nhận",
    )
    tombstone_years: int = setting(
        16,
        whole_form(0, 100, "years"),
        default=0,
        clause="NĐ 30/2020 PL VI.I.III.8",
        en="how long the trace of a cancelled document stays; 0: for good",
        vi="số năm giữ dấu vết của văn bản đã hủy bỏ; 0: vĩnh viễn",
    )
    update_fields: tuple[UpdateField, ...] = setting(
        17,
        words_form(UpdateField),
        default=tuple(UpdateField),
        clause="NĐ 30/2020 Đ18.3",
        en="what an update may change",
        vi="những gì được cập nhật",
    )
    reopen_completed: bool = setting(
        18,
        FLAG,
        default=True,
        clause="chưa quy định (QĐ 28/2018 Đ6.3)",
        en="a leader may take a completed document up again",
        vi="lãnh đạo được mở lại văn bản đã hoàn thành",
    )
    for_information_completes: bool = setting(
        42,
        FLAG,
        default=False,
        clause="chưa quy định (QĐ 52/2019 Đ7.2h)",
        en="a document sent for information is completed when it is accepted",
        vi="văn bản để biết tự hoàn thành khi tiếp nhận",
    )
