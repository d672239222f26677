"""Kinds of documents (NĐ 30/2020 Đ7 and PL III; Law on legal documents; QCVN 102 SĐ1)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


class KindGroup(enum.Enum):
    """Where a kind of document comes from."""

    ADMINISTRATIVE = "ADMINISTRATIVE"
    """The 29 administrative kinds of NĐ 30/2020 Đ7."""

    LEGAL = "LEGAL"
    """Legal normative documents; their numbers hold the year: ``52/2019/QĐ-UBND``."""

    COPY = "COPY"
    """Copies (NĐ 30/2020 Đ25)."""

    @property
    def label_vi(self) -> str:
        return _GROUP_LABELS[self]


_GROUP_LABELS: Final = {
    KindGroup.ADMINISTRATIVE: "Văn bản hành chính",
    KindGroup.LEGAL: "Văn bản quy phạm pháp luật",
    KindGroup.COPY: "Bản sao",
}


class DocumentKind(enum.Enum):
    """What a document is (QĐ 52/2019 Đ7.2đ).

    The member's name is the word on the wire. A kind that exists both as an administrative and as
    a legal document has two members.
    """

    NGHI_QUYET = "NGHI_QUYET"
    QUYET_DINH = "QUYET_DINH"
    CHI_THI = "CHI_THI"
    QUY_CHE = "QUY_CHE"
    QUY_DINH = "QUY_DINH"
    THONG_CAO = "THONG_CAO"
    THONG_BAO = "THONG_BAO"
    HUONG_DAN = "HUONG_DAN"
    CHUONG_TRINH = "CHUONG_TRINH"
    KE_HOACH = "KE_HOACH"
    PHUONG_AN = "PHUONG_AN"
    DE_AN = "DE_AN"
    DU_AN = "DU_AN"
    BAO_CAO = "BAO_CAO"
    BIEN_BAN = "BIEN_BAN"
    TO_TRINH = "TO_TRINH"
    HOP_DONG = "HOP_DONG"
    CONG_VAN = "CONG_VAN"
    CONG_DIEN = "CONG_DIEN"
    BAN_GHI_NHO = "BAN_GHI_NHO"
    BAN_THOA_THUAN = "BAN_THOA_THUAN"
    GIAY_UY_QUYEN = "GIAY_UY_QUYEN"
    GIAY_MOI = "GIAY_MOI"
    GIAY_GIOI_THIEU = "GIAY_GIOI_THIEU"
    GIAY_NGHI_PHEP = "GIAY_NGHI_PHEP"
    PHIEU_GUI = "PHIEU_GUI"
    PHIEU_CHUYEN = "PHIEU_CHUYEN"
    PHIEU_BAO = "PHIEU_BAO"
    THU_CONG = "THU_CONG"

    HIEN_PHAP = "HIEN_PHAP"
    BO_LUAT = "BO_LUAT"
    LUAT = "LUAT"
    PHAP_LENH = "PHAP_LENH"
    LENH = "LENH"
    NGHI_QUYET_QPPL = "NGHI_QUYET_QPPL"
    NGHI_QUYET_LIEN_TICH = "NGHI_QUYET_LIEN_TICH"
    NGHI_DINH = "NGHI_DINH"
    QUYET_DINH_QPPL = "QUYET_DINH_QPPL"
    THONG_TU = "THONG_TU"
    THONG_TU_LIEN_TICH = "THONG_TU_LIEN_TICH"
    CHI_THI_QPPL = "CHI_THI_QPPL"
    VAN_BAN_QPPL_DAC_BIET = "VAN_BAN_QPPL_DAC_BIET"

    SAO_Y = "SAO_Y"
    SAO_LUC = "SAO_LUC"
    TRICH_SAO = "TRICH_SAO"

    @property
    def label_vi(self) -> str:
        """Name as the regulation prints it."""
        return _FACTS[self][0]

    @property
    def abbreviation(self) -> str:
        """Abbreviation in notations (PL III); case matters; empty where there is none."""
        return _FACTS[self][1]

    @property
    def group(self) -> KindGroup:
        return _FACTS[self][2]


_A: Final = KindGroup.ADMINISTRATIVE
_L: Final = KindGroup.LEGAL
_C: Final = KindGroup.COPY

_FACTS: Final[Mapping[DocumentKind, tuple[str, str, KindGroup]]] = MappingProxyType(
    {
        DocumentKind.NGHI_QUYET: ("Nghị quyết", "NQ", _A),
        DocumentKind.QUYET_DINH: ("Quyết định", "QĐ", _A),
        DocumentKind.CHI_THI: ("Chỉ thị", "CT", _A),
        DocumentKind.QUY_CHE: ("Quy chế", "QC", _A),
        DocumentKind.QUY_DINH: ("Quy định", "QyĐ", _A),
        DocumentKind.THONG_CAO: ("Thông cáo", "TC", _A),
        DocumentKind.THONG_BAO: ("Thông báo", "TB", _A),
        DocumentKind.HUONG_DAN: ("Hướng dẫn", "HD", _A),
        DocumentKind.CHUONG_TRINH: ("Chương trình", "CTr", _A),
        DocumentKind.KE_HOACH: ("Kế hoạch", "KH", _A),
        DocumentKind.PHUONG_AN: ("Phương án", "PA", _A),
        DocumentKind.DE_AN: ("Đề án", "ĐA", _A),
        DocumentKind.DU_AN: ("Dự án", "DA", _A),
        DocumentKind.BAO_CAO: ("Báo cáo", "BC", _A),
        DocumentKind.BIEN_BAN: ("Biên bản", "BB", _A),
        DocumentKind.TO_TRINH: ("Tờ trình", "TTr", _A),
        DocumentKind.HOP_DONG: ("Hợp đồng", "HĐ", _A),
        DocumentKind.CONG_VAN: ("Công văn", "", _A),
        DocumentKind.CONG_DIEN: ("Công điện", "CĐ", _A),
        DocumentKind.BAN_GHI_NHO: ("Bản ghi nhớ", "BGN", _A),
        DocumentKind.BAN_THOA_THUAN: ("Bản thỏa thuận", "BTT", _A),
        DocumentKind.GIAY_UY_QUYEN: ("Giấy ủy quyền", "GUQ", _A),
        DocumentKind.GIAY_MOI: ("Giấy mời", "GM", _A),
        DocumentKind.GIAY_GIOI_THIEU: ("Giấy giới thiệu", "GGT", _A),
        DocumentKind.GIAY_NGHI_PHEP: ("Giấy nghỉ phép", "GNP", _A),
        DocumentKind.PHIEU_GUI: ("Phiếu gửi", "PG", _A),
        DocumentKind.PHIEU_CHUYEN: ("Phiếu chuyển", "PC", _A),
        DocumentKind.PHIEU_BAO: ("Phiếu báo", "PB", _A),
        DocumentKind.THU_CONG: ("Thư công", "", _A),
        DocumentKind.HIEN_PHAP: ("Hiến pháp", "", _L),
        DocumentKind.BO_LUAT: ("Bộ luật", "", _L),
        DocumentKind.LUAT: ("Luật", "", _L),
        DocumentKind.PHAP_LENH: ("Pháp lệnh", "", _L),
        DocumentKind.LENH: ("Lệnh", "L", _L),
        DocumentKind.NGHI_QUYET_QPPL: ("Nghị quyết (quy phạm pháp luật)", "NQ", _L),
        DocumentKind.NGHI_QUYET_LIEN_TICH: ("Nghị quyết liên tịch", "NQLT", _L),
        DocumentKind.NGHI_DINH: ("Nghị định", "NĐ", _L),
        DocumentKind.QUYET_DINH_QPPL: ("Quyết định (quy phạm pháp luật)", "QĐ", _L),
        DocumentKind.THONG_TU: ("Thông tư", "TT", _L),
        DocumentKind.THONG_TU_LIEN_TICH: ("Thông tư liên tịch", "TTLT", _L),
        DocumentKind.CHI_THI_QPPL: ("Chỉ thị (quy phạm pháp luật)", "CT", _L),
        DocumentKind.VAN_BAN_QPPL_DAC_BIET: (
            "Văn bản quy phạm pháp luật của đơn vị hành chính - kinh tế đặc biệt",
            "",
            _L,
        ),
        DocumentKind.SAO_Y: ("Bản sao y", "SY", _C),
        DocumentKind.SAO_LUC: ("Bản sao lục", "SL", _C),
        DocumentKind.TRICH_SAO: ("Bản trích sao", "TrS", _C),
    }
)
