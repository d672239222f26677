"""R9: registers of incoming and outgoing documents and of follow-up (NĐ 30/2020 PL IV)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Final, TypeAlias

from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import OrganId
from lienthong.model.time import VIETNAM, vietnam_date
from lienthong.registers.columns import (
    FollowUpRow,
    IncomingRow,
    OutgoingRow,
    Row,
    cells,
    titles,
)
from lienthong.registers.columns import day_text as register_day
from lienthong.registers.lines import RECALLED_UNREGISTERED
from lienthong.reports.facts import DeliveryFacts, DocumentFacts
from lienthong.reports.rollup import heirs, with_predecessors
from lienthong_node.reports.forms import Scope, day_text, last_day_text
from lienthong_node.reports.paper import Align, Block, Column, Table

_L, _C, _R = Align.LEFT, Align.CENTER, Align.RIGHT


def _columns(kind: type[Row], widths: Sequence[int], aligns: Sequence[Align]) -> tuple[Column, ...]:
    """The columns of NĐ 30/2020 PL IV, laid out for a page."""
    return tuple(map(Column, titles(kind), widths, aligns))


_OUTGOING: Final = _columns(
    OutgoingRow, (14, 10, 30, 14, 26, 11, 7, 10, 8, 14), (_L, _C, _L, _L, _L, _L, _R, _C, _L, _L)
)
_INCOMING: Final = _columns(
    IncomingRow, (10, 7, 20, 14, 10, 32, 15, 10, 8, 15), (_C, _R, _L, _L, _C, _L, _L, _C, _L, _L)
)
_FOLLOW_UP: Final = _columns(FollowUpRow, (8, 44, 18, 12, 20, 14, 16), (_R, _L, _L, _C, _L, _L, _L))
_GONE: Final = {
    DeliveryState.RECALLED: "Đã thu hồi",
    DeliveryState.RECALL_PENDING: "Đang thu hồi",
    DeliveryState.REPLACED: "Đã được thay thế",
}

_Line: TypeAlias = tuple[DeliveryFacts, DocumentFacts]


def register_blocks(scope: Scope) -> list[Block]:
    """The three registers of a period, of each organisation its own.

    What paper alone tells (who keeps the archived copy, who signed for it) is left free.
    """
    registered = _registered(scope)
    return [
        block
        for register in sorted(scope.members)
        for block in _of_one(scope, register, registered.get(register, ()))
    ]


def _of_one(scope: Scope, register: OrganId, registered: Sequence[_Line]) -> Iterator[Block]:
    whose = f": {scope.name(register)} ({register})" if len(scope.members) > 1 else ""
    yield Table(
        title=f"Sổ đăng ký văn bản đến{whose}",
        columns=_INCOMING,
        rows=[cells(_incoming(*pair)) for pair in registered],
    )
    yield Table(
        title=f"Sổ đăng ký văn bản đi{whose}",
        columns=_OUTGOING,
        rows=list(map(cells, _outgoing_rows(scope, register))),
    )
    yield Table(
        title=f"Sổ theo dõi giải quyết văn bản đến{whose}",
        columns=_FOLLOW_UP,
        rows=[
            cells(_follow_up(*pair, scope.as_of)) for pair in registered if pair[0].register_number
        ],
    )


def _registered(scope: Scope) -> Mapping[OrganId, list[_Line]]:
    """What each organisation entered, by year and number.

    Whoever takes over what has ended enters documents to it into a register of its own.
    """
    successor_of = heirs(scope.directory, vietnam_date(scope.as_of))
    found: dict[OrganId, list[_Line]] = defaultdict(list)
    for facts, document in scope.book.registered(
        with_predecessors(scope.members, successor_of), scope.period
    ):
        day, register = facts.register_day, facts.recipient
        if day is not None and register in scope.directory:
            register = scope.directory.successor_of(register, day).organ_id
        if register in scope.members:
            found[register].append((facts, document))
    return {register: _in_order(entered) for register, entered in found.items()}


def _in_order(entered: Iterable[_Line]) -> list[_Line]:
    """By year and number; what has none comes after what was entered up to its day."""
    lines = sorted(entered, key=lambda line: (_day(line), line[0].register_number is None))
    last: dict[int, int] = defaultdict(int)
    places: list[tuple[tuple[int, int, bool], _Line]] = []
    for line in lines:
        year, number = _day(line).year, line[0].register_number
        last[year] = max(last[year], number or 0)
        places.append(((year, number or last[year], number is None), line))
    return [line for _, line in sorted(places, key=lambda place: place[0])]


def _day(line: _Line) -> date:
    return line[0].register_day or date.min


def _incoming(facts: DeliveryFacts, document: DocumentFacts) -> IncomingRow:
    return IncomingRow(
        arrived_on=register_day(facts.register_day),
        arrival_number=facts.register_number or "",
        author=document.issuer,
        number=document.number,
        issued_date=register_day(document.issued_date),
        title=_kind_and_subject(document),
        unit=facts.unit,
        moved_on=day_text(facts.forwarded_at),
        note=RECALLED_UNREGISTERED if facts.is_recalled_untaken else _GONE.get(facts.state, ""),
    )


def _outgoing_rows(scope: Scope, sender: OrganId) -> Iterator[OutgoingRow]:
    start = datetime.combine(scope.period.first, time(0), VIETNAM)
    end = datetime.combine(scope.period.end, time(0), VIETNAM)
    for document, deliveries in scope.book.issued([sender], start, end):
        yield _outgoing(scope, document, deliveries)


def _outgoing(
    scope: Scope, document: DocumentFacts, deliveries: Sequence[DeliveryFacts]
) -> OutgoingRow:
    refused = sum(facts.state is DeliveryState.REFUSED for facts in deliveries)
    gone = {_GONE[facts.state] for facts in deliveries if facts.state in _GONE}
    notes = [*(["Gửi lại"] if document.resent else []), *sorted(gone)]
    notes += [f"{refused} nơi từ chối nhận"] if refused else []
    return OutgoingRow(
        number=document.number,
        issued_date=register_day(document.issued_date),
        title=_kind_and_subject(document),
        signer=document.signer,
        recipients="; ".join(scope.name(facts.recipient) for facts in deliveries),
        copies=len(deliveries),
        moved_on=day_text(document.issued_at),
        note="; ".join(notes),
    )


def _follow_up(facts: DeliveryFacts, document: DocumentFacts, as_of: datetime) -> FollowUpRow:
    progress = facts.state.label_vi
    if facts.completed_at is not None:
        progress = f"{progress} {day_text(facts.completed_at)}"
    late = facts.due_at is not None and (facts.completed_at or as_of) > facts.due_at
    gone, of = _GONE.get(facts.state, ""), f"{document.issued_date:%d/%m/%Y}, {document.issuer}"
    described = f"{document.kind} {document.number}, {of}".lstrip()
    return FollowUpRow(
        arrival_number=facts.register_number or "",
        described=described,
        unit=facts.unit,
        due=last_day_text(facts.due_at),
        progress=progress,
        reply=facts.reply,
        note=gone or ("Quá hạn" if late else ""),
    )


def _kind_and_subject(document: DocumentFacts) -> str:
    return f"{document.kind}: {document.subject}" if document.kind else document.subject
