"""Periodic reports, checks of the interconnection, scorecard."""

from __future__ import annotations

import enum
import re
from datetime import time
from typing import Final

from attrs import field, frozen

from lienthong.codec.toml_values import whole_number
from lienthong.model.checks import many, refuse, text, whole
from lienthong.rules.deadlines import OnDayOff
from lienthong.rules.forms import (
    FLAG,
    TIMES,
    Form,
    all_of,
    different,
    in_order,
    listed,
    text_form,
    values_form,
    whole_form,
    word_form,
)
from lienthong.rules.settings import setting

_METRIC: Final = re.compile(r"M(?:[1-9]|1[0-9]|20)[a-z]?")
_DECEMBER: Final = 12


class CheckDays(enum.Enum):
    """On which days the interconnection is checked."""

    WORKING_DAYS = "WORKING_DAYS"
    EVERY_DAY = "EVERY_DAY"


@frozen(kw_only=True)
class Weight:
    """How much a metric counts in the scorecard (CCHC)."""

    metric: str = field(validator=text(4, required=True))
    """Its number in regulations §13f: ``M5``, ``M4a``."""

    points: int = field(validator=whole(1, 1000))
    least: int = field(default=0, validator=whole(0, 100))
    """Per cent below which it gives no points."""

    full: int = field(default=100, validator=whole(1, 100))
    """Per cent from which it gives all points."""

    def __attrs_post_init__(self) -> None:
        if not _METRIC.fullmatch(self.metric):
            raise refuse(self, "metric", found=self.metric, expected="M1 to M20, such as M4a")
        if self.full < self.least:
            raise refuse(self, "full", found=self.full, expected=f"{self.least} or more")


_WEIGHTS: Final = values_form(
    Weight,
    "tables with metric, points, least, full (per cent)",
    {
        "metric": text_form(4, required=True),
        "points": whole_form(1, 1000),
        "least": whole_form(0, 100),
        "full": whole_form(1, 100),
    },
)
_MONTHS: Final = Form(
    words="a list of months, 1 to 12",
    read=in_order(listed(whole_number)),
    plain=sorted,
    check=all_of(many(int, most=_DECEMBER), different),
)


@frozen(kw_only=True)
class Reports:
    """Reports and checks (báo cáo, kiểm tra liên thông)."""

    quarterly: bool = setting(
        36,
        FLAG,
        default=False,
        clause="QĐ 52/2019 Đ13.4",
        en="units report on the 15th of the last month of each quarter",
        vi="các đơn vị báo cáo vào ngày 15 tháng cuối quý",
    )
    evaluation_months: tuple[int, ...] = setting(
        36,
        _MONTHS,
        default=(),
        clause="Quy chế tỉnh Bạc Liêu 2019",
        en="months at whose end compliance is evaluated in the whole province",
        vi="các tháng mà cuối tháng đánh giá việc chấp hành trên toàn tỉnh",
    )
    on_day_off: OnDayOff = setting(
        36,
        word_form(OnDayOff),
        default=OnDayOff.NEXT,
        clause="BLDS 2015 Đ148.5",
        en="when a report is due whose day is a day off",
        vi="ngày báo cáo trùng ngày nghỉ thì báo cáo vào ngày nào",
    )
    cutoff_day: int = setting(
        36,
        whole_form(1, 28),
        default=14,
        clause="NĐ 09/2019 Đ12",
        en="last day of the month whose data a quarterly report holds",
        vi="ngày chốt số liệu trong tháng báo cáo quý",
    )
    scorecard: tuple[Weight, ...] = setting(
        37,
        _WEIGHTS,
        default=(),
        clause="QĐ 52/2019 Đ12.5",
        en="what counts how much in the score for administrative reform",
        vi="trọng số các chỉ tiêu chấm điểm cải cách hành chính",
    )
    check_times: tuple[time, ...] = setting(
        38,
        TIMES,
        default=(time(8), time(14)),
        clause="QĐ 52/2019 Đ12.6",
        en="when the interconnection is to be checked; their number is the least number a day",
        vi="giờ kiểm tra liên thông; số giờ là số lần kiểm tra tối thiểu mỗi ngày",
    )
    check_days: CheckDays = setting(
        38,
        word_form(CheckDays),
        default=CheckDays.WORKING_DAYS,
        clause="QĐ 52/2019 Đ12.6",
        en="on which days the interconnection is checked",
        vi="kiểm tra liên thông vào những ngày nào",
    )

    def __attrs_post_init__(self) -> None:
        for month in self.evaluation_months:
            if not 1 <= month <= _DECEMBER:
                raise refuse(self, "evaluation_months", found=month, expected="1 to 12")
        metrics = [one.metric for one in self.scorecard]
        for metric in metrics:
            if metrics.count(metric) > 1:
                found = f"{metric} twice"
                raise refuse(self, "scorecard", found=found, expected="each only once")
