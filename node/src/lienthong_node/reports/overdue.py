"""R7 and R8: what is late, or will be by the end of the next working day (QĐ 52/2019 Đ8.2c, Đ9.2d).

The organisation's own work, by the unit that leads, what it waits for as the sender, and what it
has just sent late: a document that nobody has sent yet is in no journal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from attrs import define, field, frozen

from lienthong.errors import OutsideCalendar
from lienthong.model.deadline import DeadlineKind, DeadlineStage
from lienthong.model.ids import OrganId
from lienthong.model.time import VIETNAM, vietnam_date
from lienthong.reports.facts import DeliveryFacts, DocumentFacts
from lienthong.reports.tasks import WAITED_FOR, open_tasks
from lienthong.rules.calendar import WorkCalendar
from lienthong_node.reports.forms import undone_text
from lienthong_node.reports.paper import Align, Block, Cell, Column, Table
from lienthong_node.reports.whose import Whose

_LATE: Final = DeadlineStage.OVERDUE.label_vi.capitalize()
_SOON: Final = DeadlineStage.AT_RISK.label_vi.capitalize()
_NO_UNIT: Final = "(chưa phân công)"
_SENDING: Final = "QĐ 28/2018 Đ6.2"
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_INSTANT: Final = timedelta(microseconds=1)


@frozen(kw_only=True)
class Late:
    """Something that is to be done, as a line of the list."""

    facts: DeliveryFacts
    document: DocumentFacts
    kind: DeadlineKind
    due: datetime
    is_late: bool
    hours: str
    """Office hours from the deadline until now, or from now until it; empty where the calendar does
    not have them."""

    @property
    def unit(self) -> str:
        """The unit that leads."""
        return self.facts.unit or _NO_UNIT


@define
class _Work:
    """What concerns one organisation."""

    own: list[Late] = field(factory=list)
    waited: list[Late] = field(factory=list)
    sent: list[tuple[Cell, ...]] = field(factory=list)


def overdue_blocks(whose: Whose, at: datetime) -> list[Block]:
    """How much, and of each organisation its own work, what it waits for and what it sent late.

    Args:
        whose: the organisations.
        at: now.

    Raises:
        OutsideCalendar: the calendar does not cover the working days before and after.
    """
    work = {unit: _Work() for unit in whose.groups}
    unit_of = {code: unit for unit, codes in whose.groups.items() for code in codes}
    calendar = whose.calendar(whose.organ)
    for one in _late(whose, at, _soon_end(at, calendar)):
        if (unit := unit_of.get(one.facts.recipient)) is not None:
            work[unit].own.append(one)
        elif one.kind in WAITED_FOR:
            work[unit_of[one.facts.sender]].waited.append(one)
    since = _working_day_before(vietnam_date(at), calendar)
    for unit, codes in whose.groups.items():
        work[unit].sent += _sent_late(whose, codes, since, at)
    return [
        _summary(whose, work),
        _table(
            whose,
            "I. Việc của cơ quan, đơn vị",
            (Column("Đơn vị chủ trì", 18), *_columns("Bên gửi")),
            {unit: _own(whose, found.own) for unit, found in work.items()},
        ),
        _table(
            whose,
            "II. Việc cơ quan khác chưa làm",
            _columns("Bên nhận"),
            {unit: _waited(whose, found.waited) for unit, found in work.items()},
        ),
        _table(
            whose,
            f"III. Đã gửi trễ từ ngày {since:%d/%m/%Y}",
            _columns("Bên nhận"),
            {unit: found.sent for unit, found in work.items()},
        ),
    ]


def _soon_end(at: datetime, calendar: WorkCalendar) -> datetime:
    """Until when a deadline is near: the end, 24:00, of the next working day.

    Raises:
        OutsideCalendar: the calendar does not cover it.
    """
    day = calendar.next_working_day(vietnam_date(at))
    return datetime.combine(day + _DAY, time(0), VIETNAM)


def _working_day_before(day: date, calendar: WorkCalendar) -> date:
    """Raises OutsideCalendar."""
    day -= _DAY
    while not calendar.is_working(day):
        day -= _DAY
    return day


def _sent_late(
    whose: Whose, codes: Iterable[OrganId], since: date, at: datetime
) -> Iterator[tuple[Cell, ...]]:
    """Documents that the axis got after their deadline: once each, whoever they went to."""
    start = datetime.combine(since, time(0), VIETNAM)
    for document, deliveries in whose.book.sent_late(codes, start, at + _INSTANT):
        for one in deliveries[:1]:
            # Deadline and sending are those of the document, the same for all of them.
            due, sent_at = one.send_by, one.sent_at
            if due is None or sent_at is None:
                continue
            yield (
                "Gửi trễ",
                document.number,
                document.subject,
                "; ".join(whose.name(each.recipient) for each in deliveries),
                _deadline_text(due),
                f"Gửi {_deadline_text(sent_at)}",
                _hours(due, sent_at, whose.calendar(document.sender)),
                _SENDING,
            )


def _late(whose: Whose, at: datetime, until: datetime) -> Iterator[Late]:
    for facts, document in whose.book.with_tasks(whose.members, until):
        calendar = whose.calendar(facts.recipient)
        for kind, due in open_tasks(facts):
            if due <= until:
                yield Late(
                    facts=facts,
                    document=document,
                    kind=kind,
                    due=due,
                    is_late=at > due,
                    hours=_hours(min(at, due), max(at, due), calendar),
                )


def _hours(start: datetime, end: datetime, calendar: WorkCalendar) -> str:
    try:
        worked = calendar.worked(start, end)
    except OutsideCalendar:
        return ""
    return f"{worked / _HOUR:.1f}".replace(".", ",")


def _summary(whose: Whose, work: Mapping[OrganId, _Work]) -> Table:
    columns = [
        Column("Cơ quan, đơn vị", 40),
        Column("Đơn vị chủ trì", 30),
        Column(_LATE, 15, Align.RIGHT),
        Column(_SOON, 15, Align.RIGHT),
    ]
    rows: list[tuple[Cell, ...]] = []
    for organ, found in work.items():
        name = whose.name(organ)
        counts = Counter((one.unit, one.is_late) for one in found.own)
        rows += [
            (name, unit, counts[unit, True], counts[unit, False])
            for unit in sorted({one.unit for one in found.own})
        ]
        if found.waited:
            late = sum(one.is_late for one in found.waited)
            rows.append((name, "(cơ quan khác chưa làm)", late, len(found.waited) - late))
        if found.sent:
            rows.append((name, "(văn bản đã gửi trễ)", len(found.sent), ""))
    return Table(title="Tổng hợp", columns=columns, rows=rows)


def _table(
    whose: Whose,
    title: str,
    columns: Sequence[Column],
    rows: Mapping[OrganId, Sequence[tuple[Cell, ...]]],
) -> Table:
    """Of several organisations each line says whose it is."""
    if len(rows) == 1:
        [own] = rows.values()
        return Table(title=title, columns=columns, rows=own)
    named = [(whose.name(unit), *line) for unit, lines in rows.items() for line in lines]
    return Table(title=title, columns=(Column("Cơ quan, đơn vị", 20), *columns), rows=named)


def _own(whose: Whose, found: Iterable[Late]) -> list[tuple[Cell, ...]]:
    order = sorted(found, key=lambda one: (one.unit, one.due, one.document.number, one.kind.value))
    return [(one.unit, *_line(one, whose.name(one.facts.sender))) for one in order]


def _waited(whose: Whose, found: Iterable[Late]) -> list[tuple[Cell, ...]]:
    named = [(whose.name(one.facts.recipient), one) for one in found]
    named.sort(key=lambda pair: (pair[0], pair[1].due, pair[1].document.number, pair[1].kind.value))
    return [_line(one, name) for name, one in named]


def _columns(other: str) -> tuple[Column, ...]:
    return (
        Column("Việc", 16),
        Column("Số, ký hiệu", 14),
        Column("Trích yếu", 32),
        Column(other, 22),
        Column("Hạn", 14, Align.CENTER),
        Column("Tình trạng", 11),
        Column("Số giờ làm việc", 10, Align.RIGHT),
        Column("Căn cứ", 17),
    )


def _line(one: Late, other: str) -> tuple[Cell, ...]:
    return (
        undone_text(one.kind),
        one.document.number,
        one.document.subject,
        other,
        _deadline_text(one.due),
        _LATE if one.is_late else _SOON,
        one.hours,
        one.kind.clause,
    )


def _deadline_text(due: datetime) -> str:
    """Hour and day; midnight is 24:00 of the day before."""
    local = due.astimezone(VIETNAM)
    if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
        return f"24:00 {local - _INSTANT:%d/%m/%Y}"
    return f"{local:%H:%M %d/%m/%Y}"
