"""From the file of reports to one report."""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from attrs import frozen

from lienthong.errors import OutsideCalendar, PeriodNotBegun
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong.model.time import format_vietnam, vietnam_date
from lienthong.reports.period import Period, PeriodKind
from lienthong.reports.rollup import heirs, with_predecessors, with_units
from lienthong.rules.calendar import WorkCalendar
from lienthong_node.reports.book import ReportBook
from lienthong_node.reports.figures import Figures
from lienthong_node.reports.forms import Scope, periodic_blocks, scorecard_blocks
from lienthong_node.reports.paper import Block, Paper
from lienthong_node.reports.registers import register_blocks
from lienthong_node.reports.terms import Rules

_DAY: Final = timedelta(days=1)


class Kind(enum.Enum):
    """What is reported."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEAR = "half-year"
    YEAR = "year"
    CCHC = "cchc"
    REGISTERS = "registers"

    @property
    def title(self) -> str:
        """Of the form, in Vietnamese."""
        return _TITLES[self]

    @property
    def usual(self) -> PeriodKind:
        """The period when none is given."""
        return _USUAL.get(self, PeriodKind.YEAR)

    @property
    def periods(self) -> frozenset[PeriodKind]:
        """The kinds of periods that it may be of."""
        if self in {Kind.CCHC, Kind.REGISTERS}:
            return frozenset(PeriodKind)
        return frozenset({self.usual})


_USUAL: Final = {
    Kind.MONTHLY: PeriodKind.MONTH,
    Kind.QUARTERLY: PeriodKind.QUARTER,
    Kind.HALF_YEAR: PeriodKind.HALF_YEAR,
}
_TITLES: Final = {
    Kind.MONTHLY: "Báo cáo tháng về gửi, nhận văn bản điện tử",
    Kind.QUARTERLY: "Báo cáo quý về gửi, nhận văn bản điện tử",
    Kind.HALF_YEAR: "Báo cáo đánh giá 6 tháng về gửi, nhận văn bản điện tử",
    Kind.YEAR: "Báo cáo đánh giá năm về gửi, nhận văn bản điện tử",
    Kind.CCHC: "Bảng chấm điểm gửi, nhận văn bản điện tử phục vụ cải cách hành chính",
    Kind.REGISTERS: "Sổ đăng ký và sổ theo dõi văn bản",
}
_REACH: Final = {
    "with-units": "gồm các đơn vị trực thuộc",
    "as-was": "không gồm số liệu tiếp nhận từ cơ quan đã kết thúc hoạt động",
}
_EVALUATIONS: Final = frozenset({Kind.HALF_YEAR, Kind.YEAR})


@frozen(kw_only=True)
class Request:
    """Which report is wanted."""

    kind: Kind
    organ: str
    """Any code of the organisation, also an old one."""

    period: Period
    with_units: bool = False
    """Also of all that are under it."""

    as_was: bool = False
    """By the structure of then: without what it took over from closed organisations."""

    figures: Figures = Figures()

    @property
    def reach(self) -> tuple[str, ...]:
        """Of which organisations it is, as the options say it."""
        asked = {"with-units": self.with_units, "as-was": self.as_was}
        return tuple(name for name, wanted in asked.items() if wanted)


def make(request: Request, book: ReportBook, rules: Rules, as_of: datetime) -> Paper:
    """The report.

    Raises:
        OrganisationUnknown: the directory does not know the organisation, or one of the figures.
        PeriodNotBegun: nothing can have happened yet.
        OutsideCalendar: the calendar does not cover the period.
    """
    period, today = request.period, vietnam_date(as_of)
    if period.first > today:
        raise PeriodNotBegun(period=period, first=period.first, today=today)
    directory = book.directory()
    organ = directory.resolve(OrganId(request.organ)).organ_id
    if request.kind is not Kind.REGISTERS:
        for day in (period.first, period.end - _DAY):
            rules.calendar(organ).is_working(day)
    figures = request.figures.resolved(directory)
    groups = _groups(request, organ, directory, today)
    scope = Scope(
        book=book,
        rules=rules,
        directory=directory,
        organ=organ,
        groups=groups,
        period=period,
        as_of=as_of,
        units=tuple(unit for unit in figures.units if _is_in(unit.organ_id, groups)),
        checks=functools.cache(figures.counts),
    )
    return Paper(
        kind=request.kind.value,
        organisation=scope.name(organ),
        organ_id=str(organ),
        title=request.kind.title,
        subtitle=_subtitle(request, today),
        period=str(period),
        first=period.first.isoformat(),
        last=(period.end - _DAY).isoformat(),
        blocks=_blocks(request.kind, scope),
        source=(*_source(scope), ("Phạm vi", _reach(request))),
        reach=request.reach,
        landscape=request.kind is Kind.REGISTERS,
    )


def _blocks(kind: Kind, scope: Scope) -> list[Block]:
    if kind is Kind.CCHC:
        return scorecard_blocks(scope)
    if kind is Kind.REGISTERS:
        return register_blocks(scope)
    return periodic_blocks(scope, evaluated=kind in _EVALUATIONS)


def _groups(
    request: Request, organ: OrganId, directory: Directory, today: date
) -> Mapping[OrganId, frozenset[OrganId]]:
    """The units of the report, each with the codes that it takes in."""
    successor_of = {} if request.as_was else heirs(directory, today)
    units = with_units(organ, directory, today) if request.with_units else {organ}
    shown = {unit for unit in units if successor_of.get(unit) not in units}
    return {unit: with_predecessors([unit], successor_of) for unit in sorted(shown)}


def _is_in(organ: OrganId, groups: Mapping[OrganId, frozenset[OrganId]]) -> bool:
    return any(organ in codes for codes in groups.values())


def _reach(request: Request) -> str:
    return ", ".join(("cơ quan", *(_REACH[name] for name in request.reach)))


def _subtitle(request: Request, today: date) -> str:
    period = request.period
    last = period.end - _DAY
    span = f"{period.label_vi} (từ {period.first:%d/%m/%Y} đến {last:%d/%m/%Y})"
    open_yet = "; kỳ báo cáo chưa kết thúc" if today <= last else ""
    reach = "".join(f"; {_REACH[name]}" for name in request.reach)
    return f"{span[0].upper()}{span[1:]}{reach}{open_yet}"


def _source(scope: Scope) -> tuple[tuple[str, str], ...]:
    stand, calendar = scope.book.stand, scope.rules.calendar(scope.organ)
    return (
        ("Số liệu đến", format_vietnam(scope.as_of)),
        ("Nhật ký trục", f"{stand.entries} mục, mã băm mục cuối {stand.leaf_hash or '–'}"),
        ("Bộ quy tắc", scope.rules.rule_set.version),
        ("Lịch làm việc", f"{calendar.version}{_provisional(scope.period, calendar)}"),
    )


def _provisional(period: Period, calendar: WorkCalendar) -> str:
    """Registers may be of years that the calendar does not have."""
    try:
        uncertain = calendar.is_provisional(period.first, period.end - _DAY)
    except OutsideCalendar:
        return ""
    return " (có ngày chưa chính thức)" if uncertain else ""
