"""Numbers of documents (số, ký hiệu) and their codes (mã định danh văn bản)."""

from __future__ import annotations

import enum

from attrs import frozen

from lienthong.rules.forms import FLAG, choice_form, whole_form, word_form
from lienthong.rules.settings import setting


class Series(enum.Enum):
    """Which documents share one series of numbers a year."""

    PER_KIND = "PER_KIND"
    COMMON = "COMMON"


@frozen(kw_only=True)
class Numbering:
    """Numbers and codes (số, ký hiệu, mã định danh văn bản)."""

    number_before_sign: bool = setting(
        19,
        FLAG,
        default=False,
        clause="NĐ 30/2020 Đ15.2-3",
        en="a document gets its number before the competent person signs",
        vi="cấp số trước khi người có thẩm quyền ký số",
    )
    series: Series = setting(
        19,
        word_form(Series),
        default=Series.PER_KIND,
        clause="NĐ 30/2020 Đ15.1",
        en="administrative documents are numbered by kind, or all in one series",
        vi="văn bản hành chính đánh số theo từng loại hay chung một dãy",
    )
    gaps_allowed: bool = setting(
        19,
        FLAG,
        default=False,
        clause="NĐ 30/2020 Đ15.1",
        en="a number may stay unused",
        vi="được bỏ trống số",
    )
    advisory_series: bool = setting(
        19,
        FLAG,
        default=True,
        clause="NĐ 30/2020 PL I II.3a",
        en="councils, boards and other advisory bodies have series of their own",
        vi="hội đồng, ban, tổ tư vấn có dãy số riêng",
    )
    reset_on_reorganisation: bool = setting(
        19,
        FLAG,
        default=True,
        clause="NĐ 30/2020 Đ15.1",
        en="an organisation that is made by a merger begins at 01",
        vi="cơ quan mới sau sáp nhập bắt đầu lại từ số 01",
    )
    code_separator: str = setting(
        20,
        choice_form(".", "-", "_", "/"),
        default=".",
        clause="QĐ 52/2019 Đ7.2b; QĐ 28/2018 Đ10.2",
        en="sign between the parts of a document's code: organisation, year, ordinal",
        vi="dấu ngăn cách các phần của mã định danh văn bản: cơ quan, năm, số thứ tự",
    )
    code_padding: int = setting(
        20,
        whole_form(0, 10, "digits"),
        default=0,
        clause="QĐ 52/2019 Đ7.2b",
        en="digits to which the ordinal is filled with zeros; 0: not at all",
        vi="số chữ số của số thứ tự, thêm 0 ở đầu; 0: không thêm",
    )
