"""From the file of reports to one report."""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from attrs import frozen

from lienthong.errors import ConfigInvalid, OutsideCalendar, PeriodNotBegun
from lienthong.model.ids import OrganId
from lienthong.model.time import VIETNAM, format_vietnam, vietnam_date
from lienthong.reports.period import Period, PeriodKind
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.ruleset import RuleSet
from lienthong_node.core.credentials import Credentials
from lienthong_node.core.facts import RegistryFacts
from lienthong_node.reports.book import ReportBook
from lienthong_node.reports.checks import bound_in
from lienthong_node.reports.codes import addressees, code_blocks, registrar
from lienthong_node.reports.figures import Figures
from lienthong_node.reports.forms import Scope, periodic_blocks, scorecard_blocks
from lienthong_node.reports.overdue import overdue_blocks
from lienthong_node.reports.paper import Block, Paper
from lienthong_node.reports.registers import register_blocks
from lienthong_node.reports.terms import Rules
from lienthong_node.reports.whose import Asked, Whose

OVERDUE: Final = "overdue"
"""The kind of report that has no period: it is of an instant."""

_DAY: Final = timedelta(days=1)


class Kind(enum.Enum):
    """What is reported."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEAR = "half-year"
    YEAR = "year"
    CCHC = "cchc"
    REGISTERS = "registers"
    CODES = "codes"

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
        if self in {Kind.CCHC, Kind.REGISTERS, Kind.CODES}:
            return frozenset(PeriodKind)
        return frozenset({self.usual})


_USUAL: Final = {
    Kind.MONTHLY: PeriodKind.MONTH,
    Kind.QUARTERLY: PeriodKind.QUARTER,
    Kind.HALF_YEAR: PeriodKind.HALF_YEAR,
    Kind.CODES: PeriodKind.MONTH,
}
_TITLES: Final = {
    Kind.MONTHLY: "Báo cáo tháng về gửi, nhận văn bản điện tử",
    Kind.QUARTERLY: "Báo cáo quý về gửi, nhận văn bản điện tử",
    Kind.HALF_YEAR: "Báo cáo đánh giá 6 tháng về gửi, nhận văn bản điện tử",
    Kind.YEAR: "Báo cáo đánh giá năm về gửi, nhận văn bản điện tử",
    Kind.CCHC: "Bảng chấm điểm gửi, nhận văn bản điện tử phục vụ cải cách hành chính",
    Kind.REGISTERS: "Sổ đăng ký và sổ theo dõi văn bản",
    Kind.CODES: "Báo cáo thay đổi mã định danh cơ quan, đơn vị",
}
_REACH: Final = {
    "with-units": "gồm các đơn vị trực thuộc",
    "as-was": "không gồm số liệu tiếp nhận từ cơ quan đã kết thúc hoạt động",
}
_NOBODYS: Final = Credentials()
_EVALUATIONS: Final = frozenset({Kind.HALF_YEAR, Kind.YEAR})


@frozen(kw_only=True)
class Request(Asked):
    """Which report of a period is wanted."""

    kind: Kind
    period: Period
    figures: Figures = Figures()


@frozen(kw_only=True)
class Listing(Asked):
    """Which list of what is late is wanted."""

    at: datetime | None = None
    """As of when; None for the instant that the counts are of."""


def make(
    request: Request,
    book: ReportBook,
    rules: Rules,
    as_of: datetime,
    credentials: Credentials = _NOBODYS,
) -> Paper:
    """The report; credentials tell who operates the axis, and so has to check (M11).

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
    figures = request.figures.resolved(directory)
    groups = request.groups(organ, directory, today)
    facts = RegistryFacts(directory=directory, credentials=credentials, law=rules.law)
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
        bound=functools.cache(lambda wanted: bound_in(wanted, facts, as_of)),
    )
    calendar = scope.calendar(organ)
    if request.kind not in {Kind.REGISTERS, Kind.CODES}:
        for day in (period.first, period.end - _DAY):
            calendar.is_working(day)
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
        source=(
            *_source(scope, _provisional(period, calendar)),
            ("Phạm vi", _reach(request)),
        ),
        reach=request.reach,
        landscape=request.kind in {Kind.REGISTERS, Kind.CODES},
        is_bound=request.kind is Kind.REGISTERS,
        issued_by=registrar(scope) if request.kind is Kind.CODES else "",
        addressees=addressees(scope) if request.kind is Kind.CODES else (),
    )


def make_list(listing: Listing, book: ReportBook, rules: Rules, as_of: datetime) -> Paper:
    """R7 and R8: the list of what is late, or nearly.

    Raises:
        OrganisationUnknown: the directory does not know the organisation.
        ConfigInvalid: it is to be as of an instant before the newest thing that was counted.
        OutsideCalendar: the calendar does not cover the next working day.
    """
    at = listing.at or as_of
    if at < as_of.replace(microsecond=0):
        expected = f"not before {format_vietnam(as_of)}, when the newest entry was recorded"
        raise ConfigInvalid(
            file="options", key="--as-of", found=format_vietnam(at), expected=expected
        )
    at = max(at, as_of)
    directory, day = book.directory(), vietnam_date(at)
    organ = directory.resolve(OrganId(listing.organ)).organ_id
    whose = Whose(
        book=book,
        rules=rules,
        directory=directory,
        organ=organ,
        groups=listing.groups(organ, directory, day),
        as_of=as_of,
    )
    reach = "".join(f"; {_REACH[name]}" for name in listing.reach)
    return Paper(
        kind=OVERDUE,
        organisation=whose.name(organ),
        organ_id=str(organ),
        title="Danh sách văn bản quá hạn và sắp đến hạn",
        subtitle=f"Tính đến {at.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}{reach}",
        period=day.isoformat(),
        first=day.isoformat(),
        last=day.isoformat(),
        blocks=overdue_blocks(whose, at),
        source=(*_source(whose), ("Phạm vi", _reach(listing))),
        reach=listing.reach,
        landscape=True,
        signed_by="NGƯỜI LẬP DANH SÁCH",
    )


def _blocks(kind: Kind, scope: Scope) -> list[Block]:
    if kind is Kind.CCHC:
        return scorecard_blocks(scope)
    if kind is Kind.REGISTERS:
        return register_blocks(scope)
    if kind is Kind.CODES:
        return code_blocks(scope)
    return periodic_blocks(scope, evaluated=kind in _EVALUATIONS)


def _is_in(organ: OrganId, groups: Mapping[OrganId, frozenset[OrganId]]) -> bool:
    return any(organ in codes for codes in groups.values())


def _reach(request: Asked) -> str:
    return ", ".join(("cơ quan", *(_REACH[name] for name in request.reach)))


def _subtitle(request: Request, today: date) -> str:
    period = request.period
    last = period.end - _DAY
    span = f"{period.label_vi} (từ {period.first:%d/%m/%Y} đến {last:%d/%m/%Y})"
    open_yet = "; kỳ báo cáo chưa kết thúc" if today <= last else ""
    reach = "".join(f"; {_REACH[name]}" for name in request.reach)
    return f"{span[0].upper()}{span[1:]}{reach}{open_yet}"


def _source(whose: Whose, note: str = "") -> tuple[tuple[str, str], ...]:
    stand, organs = whose.book.stand, (whose.organ, *sorted(whose.members - {whose.organ}))
    rule_sets = (whose.rules.rules_of(one, whose.directory, whose.today) for one in organs)
    return (
        ("Số liệu đến", format_vietnam(whose.as_of)),
        ("Nhật ký trục", f"{stand.entries} mục, mã băm mục cuối {stand.leaf_hash or '–'}"),
        ("Bộ quy tắc", _versions(rule_sets)),
        ("Lịch làm việc", f"{_versions(map(whose.calendar, organs))}{note}"),
    )


def _versions(made: Iterable[RuleSet | WorkCalendar]) -> str:
    """Each once, that of the organisation itself first."""
    return ", ".join(dict.fromkeys(one.version for one in made))


def _provisional(period: Period, calendar: WorkCalendar) -> str:
    """Registers may be of years that the calendar does not have."""
    try:
        uncertain = calendar.is_provisional(period.first, period.end - _DAY)
    except OutsideCalendar:
        return ""
    return " (có ngày chưa chính thức)" if uncertain else ""
