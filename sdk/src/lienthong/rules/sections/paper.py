"""Which documents travel on paper as well (QĐ 52/2019 Đ6; QĐ 28/2018 Đ7)."""

from __future__ import annotations

from typing import Final

from attrs import field, frozen

from lienthong.model.checks import as_tuple, many, refuse
from lienthong.model.ids import OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.model.words import AttachmentKind
from lienthong.rules.forms import FLAG, ORGANS, all_of, different, value_form, words_form
from lienthong.rules.paper import RecipientBody
from lienthong.rules.settings import setting

_MANY: Final = all_of(many(OrganId, most=500), different)


@frozen(kw_only=True)
class Bodies:
    """Which organisations are bodies on which paper depends; all others are ``OTHER``."""

    GOVERNMENT: tuple[OrganId, ...] = field(default=(), converter=as_tuple, validator=_MANY)
    PARTY: tuple[OrganId, ...] = field(default=(), converter=as_tuple, validator=_MANY)
    COUNCIL: tuple[OrganId, ...] = field(default=(), converter=as_tuple, validator=_MANY)
    COMMITTEE: tuple[OrganId, ...] = field(default=(), converter=as_tuple, validator=_MANY)
    JUSTICE: tuple[OrganId, ...] = field(default=(), converter=as_tuple, validator=_MANY)

    def __attrs_post_init__(self) -> None:
        seen = dict[OrganId, RecipientBody]()
        for body in _NAMED:
            for code in getattr(self, body.name):
                if code in seen:
                    found = f"{code}, which is {seen[code].name} too"
                    raise refuse(self, body.name, found=found, expected="one body for each code")
                seen[code] = body

    def of(self, organisation: OrganId) -> RecipientBody:
        """What one organisation is."""
        found = (body for body in _NAMED if organisation in getattr(self, body.name))
        return next(found, RecipientBody.OTHER)


_NAMED: Final = tuple(body for body in RecipientBody if body is not RecipientBody.OTHER)
_BODIES: Final = value_form(
    Bodies,
    "a table with GOVERNMENT, PARTY, COUNCIL, COMMITTEE, JUSTICE, each a list of codes",
    {body.name: ORGANS for body in _NAMED},
)
_KINDS: Final = words_form(DocumentKind)


@frozen(kw_only=True)
class Paper:
    """Electronic documents and paper (gửi kèm bản giấy)."""

    e_only_kinds: tuple[DocumentKind, ...] = setting(
        21,
        _KINDS,
        default=(
            DocumentKind.THONG_BAO,
            DocumentKind.CHUONG_TRINH,
            DocumentKind.KE_HOACH,
            DocumentKind.CONG_VAN,
            DocumentKind.GIAY_MOI,
        ),
        clause="QĐ 52/2019 Đ6.1b; chỉ thị của TTg năm 2012",
        en="kinds that are exchanged only electronically, also inside an agency",
        vi="danh mục loại văn bản chỉ trao đổi bản điện tử, kể cả trong nội bộ cơ quan",
    )
    parallel_kinds: tuple[DocumentKind, ...] = setting(
        21,
        _KINDS,
        default=(),
        clause="QĐ 28/2018 Đ7.2b",
        en="kinds that are sent electronically and on paper",
        vi="danh mục loại văn bản gửi song song bản điện tử và bản giấy",
    )
    bodies: Bodies = setting(
        22,
        _BODIES,
        default=Bodies(),
        clause="QĐ 52/2019 Đ6.2; QĐ 28/2018 Đ7.2",
        en="who counts as the Government, the Party, a People's Council, a People's Committee or "
        "the Department of Justice",
        vi="ai là Chính phủ, cơ quan Đảng, HĐND, UBND, Sở Tư pháp khi xét gửi kèm bản giấy",
    )
    paper_attachments: tuple[AttachmentKind, ...] = setting(
        22,
        words_form(AttachmentKind),
        default=(AttachmentKind.SPECIALISED, AttachmentKind.MAP),
        clause="QĐ 52/2019 Đ6.2b",
        en="attachments that need paper",
        vi="loại tài liệu kèm theo phải gửi bản giấy (tài liệu chuyên ngành, bản đồ)",
    )
    override_allowed: bool = setting(
        23,
        FLAG,
        default=True,
        clause="QĐ 52/2019 Đ8.2c, Đ5.1c",
        en="a leader may decide otherwise than the paper rules; reports count it",
        vi="lãnh đạo được quyết định khác quy tắc bản giấy; báo cáo có thống kê",
    )

    def __attrs_post_init__(self) -> None:
        for kind in self.parallel_kinds:
            if kind in self.e_only_kinds:
                found = f"{kind.name}, which e_only_kinds holds too"
                raise refuse(self, "parallel_kinds", found=found, expected="one list for each kind")
