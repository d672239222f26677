"""Organisations: contact points, codes, duties, who takes part."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from typing import Final

from attrs import field, frozen

from lienthong.model.checks import a, as_tuple, many, maybe, refuse, text
from lienthong.model.ids import OrganId, OrganScheme
from lienthong.rules.forms import (
    DAY,
    FLAG,
    ORGAN,
    ORGANS,
    all_of,
    different,
    text_form,
    values_form,
    whole_form,
    word_form,
)
from lienthong.rules.settings import setting


@frozen(kw_only=True)
class ContactPoint:
    """The office that sends and receives for a body, and who stands in for it."""

    body: OrganId = field(validator=a(OrganId))
    office: OrganId = field(validator=a(OrganId))
    substitutes: tuple[OrganId, ...] = field(
        default=(), converter=as_tuple, validator=all_of(many(OrganId, most=50), different)
    )


class Duty(enum.Enum):
    """A task of the whole axis; organisations have it for a time."""

    AXIS_OPERATOR = "AXIS_OPERATOR"
    CODE_REGISTRAR = "CODE_REGISTRAR"
    """Keeps the codes of organisations current (QĐ 52/2019 Đ12.1)."""

    REPORT_RECEIVER = "REPORT_RECEIVER"
    """Gets the periodic reports (QĐ 52/2019 Đ13.4)."""


@frozen(kw_only=True)
class DutyHolder:
    """Who has a duty, and when."""

    duty: Duty = field(validator=a(Duty))
    name: str = field(validator=text(200, required=True))
    organisation: OrganId | None = field(default=None, validator=maybe(OrganId))
    """Its code; None where the text only names it."""

    valid_from: date | None = field(default=None, validator=maybe(date))
    valid_to: date | None = field(default=None, validator=maybe(date))
    """First day on which it has the duty no more."""

    def __attrs_post_init__(self) -> None:
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            expected = f"a day after {self.valid_from}"
            raise refuse(self, "valid_to", found=str(self.valid_to), expected=expected)

    def holds_on(self, day: date) -> bool:
        """Whether it has the duty on a day."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day < self.valid_to)

    def meets(self, other: DutyHolder) -> bool:
        """Whether both have the same duty on some day."""
        days = [day for day in (self.valid_from, other.valid_from) if day is not None]
        first = max(days, default=date.min)
        return self.duty is other.duty and self._ends_after(first) and other._ends_after(first)

    def _ends_after(self, day: date) -> bool:
        return self.valid_to is None or day < self.valid_to


@frozen(kw_only=True)
class Area:
    """A former area whose organisations keep a rule set of their own."""

    code: OrganId = field(validator=a(OrganId))
    """The area's own code: those that end with it belong to it."""

    rule_set: str = field(validator=text(64, required=True))


_POINTS: Final = values_form(
    ContactPoint,
    "tables with body, office, substitutes",
    {"body": ORGAN, "office": ORGAN, "substitutes": ORGANS},
)
_DUTIES: Final = values_form(
    DutyHolder,
    "tables with duty (" + " | ".join(duty.name for duty in Duty) + "), name, organisation, "
    "valid_from, valid_to",
    {
        "duty": word_form(Duty),
        "name": text_form(200, required=True),
        "organisation": ORGAN,
        "valid_from": DAY,
        "valid_to": DAY,
    },
)
_AREAS: Final = values_form(
    Area,
    "tables with code, rule_set",
    {"code": ORGAN, "rule_set": text_form(64, required=True)},
)


@frozen(kw_only=True)
class DirectoryRules:
    """Organisations (đầu mối, mã định danh, nhiệm vụ)."""

    contact_points: tuple[ContactPoint, ...] = setting(
        30,
        _POINTS,
        default=(),
        clause="QĐ 52/2019 Đ6.3; QĐ 28/2018 Đ7.3",
        en="offices that send and receive for a body, with their substitutes",
        vi="đầu mối tiếp nhận, phát hành cho từng cơ quan và đầu mối thay thế",
    )
    not_ready: tuple[OrganId, ...] = setting(
        32,
        ORGANS,
        default=(),
        clause="QĐ 52/2019 Đ6.1a; QĐ 28/2018 Đ7.1",
        en="organisations that do not meet the technical conditions yet: they get paper",
        vi="cơ quan chưa đáp ứng yêu cầu kỹ thuật, nhận văn bản giấy",
    )
    shown_scheme: OrganScheme = setting(
        33,
        word_form(OrganScheme),
        default=OrganScheme.QCVN102,
        clause="QĐ 20/2020/QĐ-TTg; QCVN 102:2016",
        en="which of an organisation's codes is shown",
        vi="hiển thị mã định danh theo loại nào",
    )
    import_aliases: bool = setting(
        33,
        FLAG,
        default=True,
        clause="QĐ 20/2020/QĐ-TTg",
        en="other codes of an organisation are taken over from a directory that is imported",
        vi="nhận cả các mã khác của cơ quan khi nhập danh mục",
    )
    closed_code_grace_days: int = setting(
        34,
        whole_form(0, 3650, "days"),
        default=90,
        clause="chưa quy định (QĐ 52/2019 Đ12.1)",
        en="how long a closed code still leads to its successor",
        vi="số ngày mã đã đóng vẫn dẫn đến cơ quan kế thừa",
    )
    duties: tuple[DutyHolder, ...] = setting(
        35,
        _DUTIES,
        default=(),
        clause="QĐ 52/2019 Đ12, Đ13.4",
        en="who operates the axis, keeps the codes and gets the reports, by date",
        vi="cơ quan vận hành trục, quản lý mã định danh, nhận báo cáo theo từng thời kỳ",
    )
    external_participants: bool = setting(
        46,
        FLAG,
        default=False,
        clause="QĐ 28/2018 Đ2; QĐ 52/2019 Đ2.2",
        en="bodies outside the administration may take part where they meet the conditions",
        vi="cơ quan, tổ chức ngoài hệ thống hành chính được tham gia nếu đủ điều kiện",
    )
    areas: tuple[Area, ...] = setting(
        47,
        _AREAS,
        default=(),
        clause="chưa quy định (sắp xếp đơn vị hành chính 01/07/2025)",
        en="former areas whose organisations keep a rule set of their own",
        vi="địa bàn trước sắp xếp vẫn áp dụng bộ quy tắc riêng",
    )

    def __attrs_post_init__(self) -> None:
        bodies = [point.body for point in self.contact_points]
        codes = [area.code for area in self.areas]
        for name, found in (("contact_points", bodies), ("areas", codes)):
            twice = next(_repeated(found), None)
            if twice is not None:
                raise refuse(self, name, found=f"{twice} twice", expected="each only once")
        for one, other in combinations(self.duties, 2):
            if one.meets(other):
                found_duty = f"{one.duty.name} of {one.name} and of {other.name} on the same days"
                raise refuse(self, "duties", found=found_duty, expected="one holder for each day")

    def holder(self, duty: Duty, day: date) -> DutyHolder | None:
        """Who has a duty on a day; None where nobody is named."""
        held = (one for one in self.duties if one.duty is duty and one.holds_on(day))
        return next(held, None)


def _repeated(codes: list[OrganId]) -> Iterator[OrganId]:
    return (code for code in codes if codes.count(code) > 1)
