"""Files, the national wire format, and who sees what."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Final

from attrs import frozen

from lienthong.model.checks import refuse
from lienthong.model.kinds import DocumentKind
from lienthong.model.words import Urgency
from lienthong.rules.forms import FLAG, mapping_form, texts_form, whole_form, word_form
from lienthong.rules.settings import setting

_MEDIA_TYPE: Final = r"[a-z0-9!#$&^_.+-]{1,63}/[a-z0-9!#$&^_.+-]{1,63}"
_LEGAL: Final = (
    DocumentKind.HIEN_PHAP,
    DocumentKind.LUAT,
    DocumentKind.PHAP_LENH,
    DocumentKind.LENH,
    DocumentKind.NGHI_QUYET_QPPL,
    DocumentKind.NGHI_QUYET_LIEN_TICH,
    DocumentKind.NGHI_DINH,
    DocumentKind.QUYET_DINH_QPPL,
    DocumentKind.THONG_TU,
    DocumentKind.THONG_TU_LIEN_TICH,
    DocumentKind.CHI_THI_QPPL,
    DocumentKind.BO_LUAT,
    DocumentKind.VAN_BAN_QPPL_DAC_BIET,
)
_ADMINISTRATIVE: Final = (
    DocumentKind.NGHI_QUYET,
    DocumentKind.QUYET_DINH,
    DocumentKind.CHI_THI,
    DocumentKind.QUY_CHE,
    DocumentKind.QUY_DINH,
    DocumentKind.THONG_CAO,
    DocumentKind.THONG_BAO,
    DocumentKind.HUONG_DAN,
    DocumentKind.CHUONG_TRINH,
    DocumentKind.KE_HOACH,
)
_NUMBERS: Final = {
    **{kind: number for number, kind in enumerate(_ADMINISTRATIVE, start=1)},
    DocumentKind.CONG_VAN: 18,
    DocumentKind.CONG_DIEN: 19,
    DocumentKind.BAN_GHI_NHO: 20,
    DocumentKind.BAN_THOA_THUAN: 22,
    DocumentKind.GIAY_UY_QUYEN: 24,
    DocumentKind.GIAY_MOI: 25,
    DocumentKind.GIAY_GIOI_THIEU: 26,
    **{kind: number for number, kind in enumerate(_LEGAL, start=1)},
}
_KIND_NUMBERS: Final = tuple((kind, _NUMBERS[kind]) for kind in DocumentKind if kind in _NUMBERS)
"""As far as the published table is known; other kinds travel by their names."""


class StatusViewers(enum.Enum):
    """Who at the sender sees how far the recipient is."""

    CLERK = "CLERK"
    CLERK_AND_DRAFTER = "CLERK_AND_DRAFTER"
    ORGANISATION = "ORGANISATION"


@frozen(kw_only=True)
class Files:
    """Files of a document (tệp kèm theo)."""

    media_types: tuple[str, ...] = setting(
        39,
        texts_form(127, "media types such as application/pdf", _MEDIA_TYPE),
        default=(),
        clause="QĐ 28/2018 Đ6.4",
        en="media types that files may have; none: all of them",
        vi="các định dạng tệp được gửi; để trống: mọi định dạng",
    )
    max_mib: int = setting(
        39,
        whole_form(1, 1024 * 1024, "MiB"),
        default=5 * 1024,
        clause="chưa quy định (QĐ 28/2018 Đ6.5)",
        en="largest file",
        vi="dung lượng tối đa của một tệp",
    )
    compress: bool = setting(
        39,
        FLAG,
        default=False,
        clause="QĐ 28/2018 Đ6.4",
        en="files are compressed for the national format",
        vi="nén tệp khi gửi theo định dạng quốc gia",
    )


@frozen(kw_only=True)
class Wire:
    """The national format edXML (định dạng quốc gia)."""

    kind_numbers: tuple[tuple[DocumentKind, int], ...] = setting(
        41,
        mapping_form(DocumentKind, whole_form(1, 999)),
        default=_KIND_NUMBERS,
        clause="QCVN 102:2016 SĐ1:2022",
        en="numbers of kinds in their group; a kind without one travels by its name",
        vi="số của loại văn bản trong nhóm; loại không có số được gửi bằng tên",
    )
    priorities: tuple[tuple[Urgency, int], ...] = setting(
        41,
        mapping_form(Urgency, whole_form(0, 9)),
        default=tuple((urgency, number) for number, urgency in enumerate(Urgency)),
        clause="QCVN 102:2016 SĐ1:2022",
        en="number of each urgency",
        vi="số của từng mức độ khẩn",
    )

    def __attrs_post_init__(self) -> None:
        named = {urgency for urgency, _ in self.priorities}
        lacking = [urgency.name for urgency in Urgency if urgency not in named]
        if lacking:
            found = f"nothing for {', '.join(lacking)}"
            raise refuse(self, "priorities", found=found, expected="a number for each urgency")
        _check_numbers(self, "priorities", [number for _, number in self.priorities])
        _check_numbers(
            self, "kind_numbers", [(kind.group, number) for kind, number in self.kind_numbers]
        )


@frozen(kw_only=True)
class Access:
    """Who sees what (quyền xem)."""

    status_viewers: StatusViewers = setting(
        43,
        word_form(StatusViewers),
        default=StatusViewers.CLERK_AND_DRAFTER,
        clause="QĐ 52/2019 Đ9.2d; NĐ 30/2020 PL VI.I",
        en="who at the sender sees how far the recipient is",
        vi="ai ở bên gửi được xem tình trạng xử lý của bên nhận",
    )
    mobile: bool = setting(
        44,
        FLAG,
        default=True,
        clause="NĐ 30/2020 PL VI.I",
        en="documents may be read on mobile devices",
        vi="cho phép xem văn bản trên thiết bị di động",
    )
    watermark: bool = setting(
        45,
        FLAG,
        default=True,
        clause="NĐ 30/2020 PL VI.I",
        en="prints carry who printed them and when",
        vi="bản in có dấu mờ ghi người in và thời gian in",
    )


def _check_numbers(instance: object, name: str, numbers: Sequence[object]) -> None:
    """Refuse a number that stands for two things: what comes in could not be told apart."""
    twice = next((one for one in numbers if numbers.count(one) > 1), None)
    if twice is not None:
        number = twice[1] if isinstance(twice, tuple) else twice
        raise refuse(instance, name, found=f"{number} twice", expected="different numbers")
