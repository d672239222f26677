"""The periodic forms of the regulations: R1 to R3, R5 and R10 (regulations §9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, field, frozen

from lienthong.errors import OutsideCalendar
from lienthong.model.deadline import DeadlineKind
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import OrganId
from lienthong.model.time import VIETNAM
from lienthong.model.words import RefusalCode
from lienthong.reports.counting import OVERDUE, Measure
from lienthong.reports.counts import Basis, Counts
from lienthong.reports.facts import UnitFacts
from lienthong.reports.metrics import Result, evaluate
from lienthong.reports.period import Period
from lienthong.reports.scorecard import Scorecard, score
from lienthong.reports.tasks import open_tasks
from lienthong.reports.values import NoData, Ratio
from lienthong.rules.sections.reports import CheckDays
from lienthong_node.reports.paper import Align, Block, Column, Table, Text
from lienthong_node.reports.whose import Whose

_LISTED: Final = {
    "M2b": "Văn bản gửi kèm bản giấy theo quyết định của lãnh đạo",
    "M8a": "Từ chối nhận, theo lý do",
    "M8": "Từ chối nhận, theo bên gửi",
    "M9f": "Thu hồi chưa được xác nhận, theo bên nhận",
    "M10": "Chưa tiếp nhận quá hạn, theo bên nhận",
    "M11": "Ngày làm việc kiểm tra liên thông chưa đủ hai lần",
    "M16": "Đơn vị có chứng thư số, theo cấp",
    "M16b": "Chứng thư số sắp hết hạn (số ngày còn lại)",
    "M20": "Đơn vị chưa gửi báo cáo quý đúng hạn",
}
"""Lists by reason, organisation or day; those of single deliveries are one list of their own."""

_SHOWN: Final = 200
"""Of each kind; a longer list is for nobody to read."""

_BREACHES: Final = (
    (
        "Gửi trễ",
        (Measure.SEND_DUE, Measure.SEND_URGENT_DUE),
        (Measure.SEND_IN_TIME, Measure.SEND_URGENT_IN_TIME),
    ),
    (
        "Chuyển trễ",
        (Measure.FORWARD_DUE, Measure.FORWARD_URGENT_DUE),
        (Measure.FORWARD_IN_TIME, Measure.FORWARD_URGENT_IN_TIME),
    ),
    ("Giải quyết trễ", (Measure.SETTLE_DUE,), (Measure.SETTLE_IN_TIME,)),
    ("Chưa tiếp nhận", (Measure.NOT_TAKEN,), ()),
    ("Chưa thu hồi", (Measure.RECALL_OVERDUE,), ()),
)
"""Breaches of a unit: what was due, less what was done in time."""

_NAME: Final = Column("Cơ quan, đơn vị", 44)
_COUNT_WIDTH: Final = 12
_INSTANT: Final = timedelta(microseconds=1)


@frozen(kw_only=True)
class Scope(Whose):
    """Whose report it is, and of when."""

    period: Period
    units: tuple[UnitFacts, ...] = ()
    checks: Callable[[Period], Mapping[OrganId, Counts] | None] = lambda _: None
    """Checks of the interconnection that people have written down; None when nobody has."""

    bound: Callable[[Period], frozenset[OrganId]] = lambda _: frozenset()
    """Who had to check the interconnection in a period."""

    _known: dict[Period, dict[OrganId, Counts]] = field(factory=dict, repr=False, eq=False)

    @property
    def previous(self) -> Scope:
        """Of the period before, for which only checks may have been given."""
        period = self.period.previous
        given = any(counts[Measure.CHECKS] for counts in (self.checks(period) or {}).values())
        checks = self.checks if given else lambda _: None
        return evolve(self, period=period, units=(), checks=checks)

    def by_unit(self) -> Mapping[OrganId, Counts]:
        """The counts of each unit."""
        return {unit: self._merged(unit, self._single) for unit in self.groups}

    @property
    def _single(self) -> Mapping[OrganId, Counts]:
        if self.period not in self._known:
            self._known[self.period] = self.book.counts(self.members, self.period)
        return self._known[self.period]

    def _merged(self, unit: OrganId, single: Mapping[OrganId, Counts]) -> Counts:
        return Counts.merged(single[organ] for organ in self.groups[unit] if organ in single)

    def _stated(self, unit: OrganId) -> list[UnitFacts]:
        """What a unit states; where others did, one that states nothing is there, too."""
        own = [facts for facts in self.units if facts.organ_id in self.groups[unit]]
        return own or ([UnitFacts(organ_id=unit)] if self.units else [])

    def _checks(self, units: Iterable[OrganId]) -> Mapping[OrganId, Counts] | None:
        """The checks of each unit, by the axis's journal and by what people have written down.

        Where neither tells of a unit it is left out, and so is who checks without having to; None
        where that is so of all of them.
        """
        stated = self.checks(self.period)
        return {
            unit: self._checks_of(unit, stated or {})
            for unit in units
            if stated is not None or self._had_to_check(unit)
        } or None

    def _had_to_check(self, unit: OrganId) -> bool:
        """Whether it was a unit's duty, as far as the axis's journal tells of its checks at all."""
        counts = self._merged(unit, self._single)
        is_bound = not self.groups[unit].isdisjoint(self.bound(self.period))
        return bool(counts[Measure.CHECKS_MISSED] or (counts[Measure.CHECKS] and is_bound))

    def _checks_of(self, unit: OrganId, stated: Mapping[OrganId, Counts]) -> Counts:
        """By day, the larger number of the two sources: what is in both counts once."""
        days: Counter[str] = Counter()
        for organ in self.groups[unit]:
            both = (source.get(organ, Counts()) for source in (self._single, stated))
            journaled, written = (counts.sums.get(Measure.CHECKS, Counter()) for counts in both)
            days += journaled | written
        return Counts({Measure.CHECKS: days})

    def results(self, units: Iterable[OrganId] | None = None) -> tuple[Result, ...]:
        """The metrics of some units together; of all when none are named.

        Raises:
            OutsideCalendar: the calendar does not cover the period.
        """
        asked = list(self.groups if units is None else units)
        settings = self.rules.rule_set.reports
        basis = Basis(
            counts=Counts.merged(self._merged(unit, self._single) for unit in asked),
            period=self.period,
            as_of=self.as_of,
            calendar=self.calendar(self.organ),
            on_day_off=settings.on_day_off,
            units=[facts for unit in asked for facts in self._stated(unit)],
            checks=self._checks(asked),
            checks_a_day=max(1, len(settings.check_times)),
            checks_every_day=settings.check_days is CheckDays.EVERY_DAY,
        )
        return evaluate(basis)


def periodic_blocks(scope: Scope, *, evaluated: bool) -> list[Block]:
    """R1: results, difficulties, suggestions for the software and for the regulation.

    R2 and R3, the evaluations, have comparison, ranking and breaches too.
    """
    by_unit = scope.by_unit()
    counts = Counts.merged(by_unit.values())
    results = scope.results()
    blocks: list[Block] = [_results(scope, results, compared=evaluated), _states(counts)]
    blocks += _lists(scope, results)
    if evaluated and len(by_unit) > 1:
        blocks += [_ranking(scope, by_unit), _breaches(scope, by_unit)]
    blocks.append(_overdue(scope, counts))
    blocks += _texts(scope.units)
    return blocks


def scorecard_blocks(scope: Scope) -> list[Block]:
    """R5: points of each unit; a table of weights is the province's own to make."""
    weights = scope.rules.rule_set.reports.scorecard
    if not weights:
        return [
            Text(
                title="Chấm điểm",
                text="Bộ quy tắc chưa có bảng trọng số (reports.scorecard); không chấm điểm.",
            )
        ]
    cards = _cards(scope)
    columns = [_NAME]
    columns += [Column(f"{one.metric} (tối đa {one.points})", 14, Align.RIGHT) for one in weights]
    columns += [Column("Điểm", 12, Align.RIGHT), Column("Đạt", 22, Align.RIGHT)]
    rows = [
        (
            scope.name(unit),
            *("–" if one.hundredths is None else _points(one.hundredths) for one in card.scores),
            _points(card.hundredths),
            _percent(card.total),
        )
        for unit, card in _ranked(cards)
    ]
    return [Table(title="Bảng điểm", columns=columns, rows=rows)]


def _results(scope: Scope, results: Sequence[Result], *, compared: bool) -> Table:
    columns = [
        Column("Mã", 7, Align.CENTER),
        Column("Chỉ tiêu", 44),
        Column("Kết quả", 26, Align.RIGHT),
        Column("Căn cứ", 25),
    ]
    earlier = _earlier(scope) if compared else {}
    if compared:
        columns.insert(3, Column("Kỳ trước", 26, Align.RIGHT))
    rows = [
        (
            result.metric.number,
            result.metric.vi,
            result.value.text("vi"),
            *([earlier.get(result.metric.number, NoData().text("vi"))] if compared else []),
            result.metric.clause,
        )
        for result in results
    ]
    return Table(title="I. Kết quả", columns=columns, rows=rows)


def _earlier(scope: Scope) -> Mapping[str, str]:
    """The results of the period before; none where the calendar does not reach back that far."""
    with suppress(OutsideCalendar):
        return {one.metric.number: one.value.text("vi") for one in scope.previous.results()}
    return {}


def _states(counts: Counts) -> Table:
    """R10: what became of what was sent in the period."""
    rows = [(DeliveryState[name].label_vi, n) for name, n in counts.details(Measure.STATE).items()]
    columns = [Column("Trạng thái", 70), Column("Số lượt gửi", 30, Align.RIGHT)]
    return Table(title="Trạng thái các lượt gửi trong kỳ", columns=columns, rows=rows)


def _lists(scope: Scope, results: Iterable[Result]) -> list[Block]:
    columns = [Column("Nội dung", 80), Column("Số lượng", 20, Align.RIGHT)]
    return [
        Table(
            title=_LISTED[result.metric.number],
            columns=columns,
            rows=[(_label(scope, result, name), n) for name, n in result.listed],
        )
        for result in results
        if result.listed and result.metric.number in _LISTED
    ]


def _label(scope: Scope, result: Result, name: str) -> str:
    match result.metric.number:
        case "M8a":
            return RefusalCode[name].label_vi
        case "M8" | "M9f" | "M10" | "M16b" | "M20":
            return scope.name(name)
        case "M11":
            organ, _, day = name.partition("/")
            return day if len(scope.groups) == 1 else f"{scope.name(organ)}: {day}"
        case "M16":
            return f"Cấp {name}"
        case _:
            return name


def _overdue(scope: Scope, counts: Counts) -> Table:
    """What is overdue and still open; of a long list the oldest of each kind."""
    columns = [
        Column("Việc quá hạn", 18),
        Column("Số, ký hiệu", 16),
        Column("Trích yếu", 34),
        Column("Bên gửi", 22),
        Column("Bên nhận", 22),
        Column("Đơn vị chủ trì", 16),
        Column("Hạn", 14, Align.CENTER),
    ]
    rows = [
        (
            undone_text(kind),
            document.number,
            document.subject,
            scope.name(facts.sender),
            scope.name(facts.recipient),
            facts.unit,
            last_day_text(dict(open_tasks(facts)).get(kind)),
        )
        for kind, measure in OVERDUE.items()
        for facts, document in scope.book.open_items(scope.members, measure, scope.period, _SHOWN)
    ]
    total = sum(counts[measure] for measure in OVERDUE.values())
    title = "Danh sách quá hạn chưa thực hiện"
    if total > len(rows):
        title = f"{title} ({len(rows)} trong số {total} việc, cũ nhất trước)"
    return Table(title=title, columns=columns, rows=rows)


def _texts(units: Sequence[UnitFacts]) -> list[Block]:
    def of(name: str) -> str:
        texts = [(unit.organ_id, getattr(unit, name)) for unit in units]
        said = [(organ, text) for organ, text in texts if text]
        if len(units) == 1:
            return "\n".join(text for _, text in said)
        return "\n".join(f"{organ}: {text}" for organ, text in said)

    return [
        Text(title="II. Khó khăn, vướng mắc", text=of("difficulties")),
        Text(title="III. Đề xuất, kiến nghị về phần mềm", text=of("about_software")),
        Text(title="IV. Đề xuất, kiến nghị về quy chế", text=of("about_regulation")),
    ]


def _ranking(scope: Scope, by_unit: Mapping[OrganId, Counts]) -> Table:
    """By points where the rule set has weights, otherwise by what was done in time."""
    columns = [
        Column("Hạng", 8, Align.CENTER),
        _NAME,
        Column("Gửi", _COUNT_WIDTH, Align.RIGHT),
        Column("Nhận", _COUNT_WIDTH, Align.RIGHT),
        Column("Đúng hạn", 30, Align.RIGHT),
    ]
    shares = {unit: _in_time(counts) for unit, counts in by_unit.items()}
    if scope.rules.rule_set.reports.scorecard:
        columns[-1] = Column("Điểm đạt", 30, Align.RIGHT)
        shares = {unit: card.total for unit, card in _cards(scope).items()}
    order = sorted(shares, key=lambda unit: (_place(shares[unit]), unit))
    rows = [
        (
            place,
            scope.name(unit),
            by_unit[unit][Measure.SENT_INSIDE] + by_unit[unit][Measure.SENT_OUTSIDE],
            by_unit[unit][Measure.RECEIVED_INSIDE] + by_unit[unit][Measure.RECEIVED_OUTSIDE],
            _percent(shares[unit]),
        )
        for place, unit in enumerate(order, 1)
    ]
    return Table(title="Xếp hạng các đơn vị", columns=columns, rows=rows)


def _in_time(counts: Counts) -> Ratio:
    """All that had a deadline together, each as often as it occurred."""
    due = done = 0
    for _, dues, dones in _BREACHES:
        if dones:
            due += sum(counts[each] for each in dues)
            done += sum(counts[each] for each in dones)
    return Ratio(done, due)


def _breaches(scope: Scope, by_unit: Mapping[OrganId, Counts]) -> Table:
    columns = [_NAME, *(Column(title, _COUNT_WIDTH, Align.RIGHT) for title, _, _ in _BREACHES)]
    rows = []
    for unit, counts in by_unit.items():
        found = [
            sum(counts[each] for each in due) - sum(counts[each] for each in done)
            for _, due, done in _BREACHES
        ]
        if any(found):
            rows.append((scope.name(unit), *found))
    rows.sort(key=lambda row: (-sum(n for n in row[1:] if isinstance(n, int)), row[0]))
    return Table(title="Vi phạm thời hạn, theo đơn vị", columns=columns, rows=rows)


def _cards(scope: Scope) -> dict[OrganId, Scorecard]:
    weights = scope.rules.rule_set.reports.scorecard
    return {unit: score(scope.results([unit]), weights) for unit in scope.groups}


def _ranked(cards: Mapping[OrganId, Scorecard]) -> list[tuple[OrganId, Scorecard]]:
    return sorted(cards.items(), key=lambda pair: (_place(pair[1].total), pair[0]))


def _place(share: Ratio) -> float:
    """The greater the share, the sooner; of whom nothing is known comes last."""
    percent = share.percent
    return 1 if percent is None else -percent


def _points(hundredths: int) -> str:
    return f"{hundredths / 100:.2f}".replace(".", ",")


def _percent(share: Ratio) -> str:
    percent = share.percent
    return "không phát sinh" if percent is None else f"{percent:.2f} %".replace(".", ",")


def day_text(at: datetime | None) -> str:
    """The day in Vietnam; empty without one."""
    return "" if at is None else f"{at.astimezone(VIETNAM):%d/%m/%Y}"


def last_day_text(at: datetime | None) -> str:
    """The day of a deadline: 24:00 of a day is still that day."""
    return "" if at is None else day_text(at - _INSTANT)


def undone_text(kind: DeadlineKind) -> str:
    """What was not done yet."""
    return f"Chưa {kind.label_vi}"
