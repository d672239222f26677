"""Words of the regulations as enumerations: a member's name is its word on the wire."""

from __future__ import annotations

import enum
from typing import Final


class Urgency(enum.Enum):
    """How quickly a document must be handled (QĐ 52/2019 Đ7.2k; NĐ 30/2020 Đ4.2c)."""

    THUONG = "THUONG"
    KHAN = "KHAN"
    THUONG_KHAN = "THUONG_KHAN"
    HOA_TOC = "HOA_TOC"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


class Secrecy(enum.Enum):
    """Always NONE: state-secret documents never enter (QĐ 52/2019 Đ1.2)."""

    NONE = "NONE"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


class Circulation(enum.Enum):
    """Notes on circulation (NĐ 30/2020 PL I III.2c)."""

    NONE = "NONE"
    XEM_XONG_TRA_LAI = "XEM_XONG_TRA_LAI"
    LUU_HANH_NOI_BO = "LUU_HANH_NOI_BO"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


class Origin(enum.Enum):
    """How the electronic document came to be (QĐ 28/2018 Đ3.1)."""

    BORN_DIGITAL = "BORN_DIGITAL"
    DIGITISED = "DIGITISED"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


class CopyForm(enum.Enum):
    """Original or form of copy (NĐ 30/2020 Đ3, Đ25)."""

    ORIGINAL = "ORIGINAL"
    SAO_Y = "SAO_Y"
    SAO_LUC = "SAO_LUC"
    TRICH_SAO = "TRICH_SAO"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


class SteeringType(enum.Enum):
    """Whether a document directs (edXML SteeringType)."""

    KHONG_CHI_DAO = "KHONG_CHI_DAO"
    CHI_DAO = "CHI_DAO"
    BAO_CAO_CHI_DAO = "BAO_CAO_CHI_DAO"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


class IssueForm(enum.Enum):
    """In which form a document is issued, as its leader decides (QĐ 52/2019 Đ8.2c)."""

    E_ONLY = "E_ONLY"
    E_AND_PAPER = "E_AND_PAPER"
    PAPER_ONLY = "PAPER_ONLY"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


class PaperBasis(enum.Enum):
    """Why paper is sent too (QĐ 52/2019 Đ6.2)."""

    QD52_6_2A = "QD52_6_2A"
    QD52_6_2B = "QD52_6_2B"
    QD52_6_2C = "QD52_6_2C"
    LIST = "LIST"
    RECIPIENT_NOT_READY = "RECIPIENT_NOT_READY"
    SECRET = "SECRET"  # noqa: S105 - a word, no password
    """State secret: never in this system."""

    OTHER = "OTHER"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


class Authority(enum.Enum):
    """By which power the signer signs (NĐ 30/2020 Đ13, PL I II.7b)."""

    DIRECT = "DIRECT"
    TM = "TM"
    Q = "Q"
    KT = "KT"
    TL = "TL"
    TUQ = "TUQ"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


class RelationKind(enum.Enum):
    """How a document bears on another one (NĐ 30/2020 Đ18.3-4)."""

    REPLACES = "REPLACES"
    RECALLS = "RECALLS"
    CORRECTS = "CORRECTS"
    AMENDS = "AMENDS"
    TARGET = "TARGET"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


class RecipientRole(enum.Enum):
    """Why an organisation is named (QĐ 52/2019 Đ7.2m)."""

    MAIN = "MAIN"
    COPY = "COPY"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


class FileRole(enum.Enum):
    """What a file is in its package."""

    MAIN = "MAIN"
    ATTACHMENT = "ATTACHMENT"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


class AttachmentKind(enum.Enum):
    """What an attachment is (QĐ 52/2019 Đ6.2b)."""

    NORMAL = "NORMAL"
    SPECIALISED = "SPECIALISED"
    MAP = "MAP"
    APPENDIX = "APPENDIX"
    DRAFT_LAW = "DRAFT_LAW"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


class AssignmentRole(enum.Enum):
    """Part of a unit in handling a document (NĐ 30/2020 Đ23.2)."""

    LEAD = "LEAD"
    COOPERATE = "COOPERATE"
    INFORM = "INFORM"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


class RefusalCode(enum.Enum):
    """Why a report says no (QĐ 52/2019 Đ5.1d; NĐ 30/2020 Đ21.2b)."""

    WRONG_ADDRESSEE = "WRONG_ADDRESSEE"
    NOT_AUTHENTIC = "NOT_AUTHENTIC"
    NOT_INTEGRAL = "NOT_INTEGRAL"
    INCOMPLETE = "INCOMPLETE"
    ANOMALY = "ANOMALY"
    OTHER = "OTHER"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


_LABELS: Final[dict[enum.Enum, str]] = {
    Urgency.THUONG: "Thường",
    Urgency.KHAN: "Khẩn",
    Urgency.THUONG_KHAN: "Thượng khẩn",
    Urgency.HOA_TOC: "Hỏa tốc",
    Secrecy.NONE: "Không mật",
    Circulation.NONE: "Không",
    Circulation.XEM_XONG_TRA_LAI: "Xem xong trả lại",
    Circulation.LUU_HANH_NOI_BO: "Lưu hành nội bộ",
    Origin.BORN_DIGITAL: "Văn bản điện tử tạo trực tiếp",
    Origin.DIGITISED: "Số hóa từ văn bản giấy",
    CopyForm.ORIGINAL: "Bản gốc",
    CopyForm.SAO_Y: "Sao y",
    CopyForm.SAO_LUC: "Sao lục",
    CopyForm.TRICH_SAO: "Trích sao",
    SteeringType.KHONG_CHI_DAO: "Không chỉ đạo",
    SteeringType.CHI_DAO: "Chỉ đạo",
    SteeringType.BAO_CAO_CHI_DAO: "Báo cáo thực hiện chỉ đạo",
    IssueForm.E_ONLY: "Chỉ bản điện tử",
    IssueForm.E_AND_PAPER: "Bản điện tử kèm bản giấy",
    IssueForm.PAPER_ONLY: "Chỉ bản giấy",
    PaperBasis.QD52_6_2A: "Gửi Chính phủ, Thủ tướng Chính phủ",
    PaperBasis.QD52_6_2B: "Hồ sơ trình; tài liệu đặc thù, bản đồ",
    PaperBasis.QD52_6_2C: "Thẩm định văn bản quy phạm pháp luật",
    PaperBasis.LIST: "Thuộc danh mục gửi song song",
    PaperBasis.RECIPIENT_NOT_READY: "Bên nhận chưa đủ điều kiện kỹ thuật",
    PaperBasis.SECRET: "Văn bản mật",
    PaperBasis.OTHER: "Lý do khác",
    Authority.DIRECT: "Trực tiếp",
    Authority.TM: "Thay mặt tập thể",
    Authority.Q: "Quyền cấp trưởng",
    Authority.KT: "Ký thay cấp trưởng",
    Authority.TL: "Thừa lệnh",
    Authority.TUQ: "Thừa ủy quyền",
    RelationKind.REPLACES: "Thay thế",
    RelationKind.RECALLS: "Thu hồi",
    RelationKind.CORRECTS: "Đính chính",
    RelationKind.AMENDS: "Sửa đổi, bổ sung",
    RelationKind.TARGET: "Liên quan",
    RecipientRole.MAIN: "Kính gửi",
    RecipientRole.COPY: "Nơi nhận",
    FileRole.MAIN: "Tệp chính",
    FileRole.ATTACHMENT: "Tệp kèm theo",
    AttachmentKind.NORMAL: "Tài liệu kèm theo",
    AttachmentKind.SPECIALISED: "Tài liệu đặc thù",
    AttachmentKind.MAP: "Bản đồ, bản vẽ",
    AttachmentKind.APPENDIX: "Phụ lục",
    AttachmentKind.DRAFT_LAW: "Dự thảo văn bản quy phạm pháp luật",
    AssignmentRole.LEAD: "Chủ trì",
    AssignmentRole.COOPERATE: "Phối hợp",
    AssignmentRole.INFORM: "Để biết",
    RefusalCode.WRONG_ADDRESSEE: "Gửi nhầm nơi nhận",
    RefusalCode.NOT_AUTHENTIC: "Không bảo đảm tính xác thực",
    RefusalCode.NOT_INTEGRAL: "Không bảo đảm tính toàn vẹn",
    RefusalCode.INCOMPLETE: "Thiếu thành phần",
    RefusalCode.ANOMALY: "Có dấu hiệu bất thường",
    RefusalCode.OTHER: "Lý do khác",
}
