"""Signatures, and what is kept."""

from __future__ import annotations

import enum
from datetime import timedelta

from attrs import frozen

from lienthong.model.file_signature import LegalValue
from lienthong.rules.forms import FLAG, duration_form, texts_form, whole_form, word_form
from lienthong.rules.legal_value import PUBLIC_VALUES, Practice
from lienthong.rules.settings import setting


class Unreachable(enum.Enum):
    """What a document is worth while the revocation of a certificate cannot be learnt."""

    PENDING_CHECK = "PENDING_CHECK"
    """It waits and is checked again; a recorded decision may accept it."""

    REVIEW = "REVIEW"
    """A person decides at once."""


@frozen(kw_only=True)
class Signatures:
    """Signatures and certificates (chữ ký số, chứng thư số)."""

    public: LegalValue = setting(
        24,
        word_form(LegalValue, *PUBLIC_VALUES),
        default=LegalValue.INFORMATION_ONLY,
        clause="LGDĐT 2023 Đ22",
        en="what a document between agencies is worth whose valid signatures are not official ones",
        vi="giá trị của văn bản giữa các cơ quan khi chữ ký số hợp lệ nhưng không phải chữ ký số "
        "chuyên dùng công vụ",
    )
    time_stamp_needed: bool = setting(
        25,
        FLAG,
        default=False,
        clause="LGDĐT 2023 Đ31",
        en="a signature needs a time-stamp",
        vi="chữ ký số phải có dấu thời gian",
    )
    trust_anchors: tuple[str, ...] = setting(
        26,
        texts_form(255, "names of certificate files"),
        default=(),
        clause="NĐ 68/2024; LGDĐT 2023 Đ28",
        en="certificates of the authorities that are trusted; none: those of the installation",
        vi="chứng thư của các tổ chức chứng thực được tin cậy; để trống: theo cài đặt",
    )
    revocation_timeout: timedelta = setting(
        26,
        duration_form(timedelta(seconds=1), timedelta(minutes=10)),
        default=timedelta(seconds=10),
        clause="QĐ 52/2019 Đ8.1b",
        en="how long one question about revocation (CRL, OCSP) may take",
        vi="thời gian chờ tối đa cho một lần kiểm tra thu hồi chứng thư (CRL, OCSP)",
    )
    unreachable: Unreachable = setting(
        26,
        word_form(Unreachable),
        default=Unreachable.PENDING_CHECK,
        clause="QĐ 52/2019 Đ8.1b",
        en="what happens while revocation cannot be learnt",
        vi="xử lý thế nào khi chưa kiểm tra được tình trạng thu hồi",
    )
    report_needed: bool = setting(
        26,
        FLAG,
        default=False,
        clause="QĐ 52/2019 Đ8.1a",
        en="an acceptance names the stored report on the signatures in the files",
        vi="tiếp nhận phải kèm báo cáo đã lưu về kiểm tra chữ ký số trong các tệp",
    )
    verified_by_axis: bool = setting(
        26,
        FLAG,
        default=False,
        clause="QĐ 52/2019 Đ8.1a",
        en="the axis verifies the signatures in the files of what arrives, and records their worth",
        vi="trục kiểm tra chữ ký số trong các tệp của văn bản đến và ghi nhận giá trị pháp lý",
    )
    delegation_registered: bool = setting(
        31,
        FLAG,
        default=True,
        clause="NĐ 30/2020 Đ13.4",
        en="a document signed by delegation (TUQ.) names a registered delegation",
        vi="văn bản ký thừa ủy quyền (TUQ.) phải nêu giấy ủy quyền đã đăng ký",
    )

    @property
    def practice(self) -> Practice:
        """What judging a document's legal value needs."""
        return Practice(public_signature=self.public)


@frozen(kw_only=True)
class Archive:
    """What is kept (lưu trữ)."""

    system_meets_annex_vi: bool = setting(
        27,
        FLAG,
        default=False,
        clause="NĐ 30/2020 Đ19.2, PL VI",
        en="the document system meets Annex VI: its electronic originals replace paper ones",
        vi="hệ thống đáp ứng Phụ lục VI: bản gốc điện tử thay bản gốc giấy",
    )
    keep_paper_master: bool = setting(
        28,
        FLAG,
        default=False,
        clause="NĐ 30/2020 Đ19.2c",
        en="the issuer keeps a set on paper in any case",
        vi="cơ quan ban hành vẫn lưu bộ hồ sơ giấy",
    )
    record_years: int = setting(
        29,
        whole_form(0, 100, "years"),
        default=0,
        clause="NĐ 30/2020 Đ28-31",
        en="retention of a record for which its file list says nothing; 0: for good",
        vi="thời hạn bảo quản hồ sơ khi danh mục không quy định; 0: vĩnh viễn",
    )
    hand_over_months: int = setting(
        29,
        whole_form(1, 120, "months"),
        default=12,
        clause="NĐ 30/2020 Đ30.2",
        en="time after the end of the work in which a record goes to the archive",
        vi="số tháng kể từ khi công việc kết thúc phải nộp lưu hồ sơ",
    )
    construction_hand_over_months: int = setting(
        29,
        whole_form(1, 120, "months"),
        default=3,
        clause="NĐ 30/2020 Đ30.2",
        en="time after final settlement in which a record of construction goes to the archive",
        vi="số tháng kể từ khi quyết toán phải nộp lưu hồ sơ xây dựng cơ bản",
    )
    extra_years: int = setting(
        29,
        whole_form(0, 10, "years"),
        default=2,
        clause="NĐ 30/2020 Đ31.3d",
        en="how much longer a unit may keep a record with written consent",
        vi="số năm đơn vị được giữ lại thêm khi có văn bản đồng ý",
    )
