"""R9: registers of incoming and outgoing documents and of follow-up (NĐ 30/2020 PL IV)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from typing import Final

from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import OrganId
from lienthong.model.time import VIETNAM, vietnam_date
from lienthong.reports.facts import DeliveryFacts, DocumentFacts
from lienthong.reports.rollup import heirs, with_predecessors
from lienthong_node.reports.forms import Scope, day_text, last_day_text
from lienthong_node.reports.paper import Align, Block, Cell, Column, Table

_CENTER: Final = Align.CENTER
_OUTGOING: Final = (
    Column("Số, ký hiệu văn bản", 14),
    Column("Ngày tháng văn bản", 10, _CENTER),
    Column("Tên loại và trích yếu nội dung", 30),
    Column("Người ký", 14),
    Column("Nơi nhận văn bản", 26),
    Column("Đơn vị, người nhận bản lưu", 11),
    Column("Số lượng bản", 7, Align.RIGHT),
    Column("Ngày chuyển", 10, _CENTER),
    Column("Ký nhận", 8),
    Column("Ghi chú", 14),
)
_INCOMING: Final = (
    Column("Ngày đến", 10, _CENTER),
    Column("Số đến", 7, Align.RIGHT),
    Column("Tác giả", 20),
    Column("Số, ký hiệu văn bản", 14),
    Column("Ngày tháng văn bản", 10, _CENTER),
    Column("Tên loại và trích yếu nội dung", 32),
    Column("Đơn vị hoặc người nhận", 15),
    Column("Ngày chuyển", 10, _CENTER),
    Column("Ký nhận", 8),
    Column("Ghi chú", 15),
)
_FOLLOW_UP: Final = (
    Column("Số đến", 8, Align.RIGHT),
    Column("Tên loại, số, ký hiệu, ngày tháng và tác giả văn bản", 44),
    Column("Đơn vị hoặc người nhận", 18),
    Column("Thời hạn giải quyết", 12, _CENTER),
    Column("Tiến độ giải quyết", 20),
    Column("Số, ký hiệu văn bản trả lời", 14),
    Column("Ghi chú", 16),
)
_GONE: Final = {
    DeliveryState.RECALLED: "Đã thu hồi",
    DeliveryState.RECALL_PENDING: "Đang thu hồi",
    DeliveryState.REPLACED: "Đã được thay thế",
}


def register_blocks(scope: Scope) -> list[Block]:
    """The three registers of a period, of each organisation its own.

    What paper alone tells (who keeps the archived copy, who signed for it) is left free.
    """
    registered = _registered(scope)
    return [
        block
        for register in sorted(scope.members)
        for block in _of_one(scope, register, registered[register])
    ]


def _of_one(
    scope: Scope, register: OrganId, registered: Sequence[tuple[DeliveryFacts, DocumentFacts]]
) -> Iterator[Block]:
    whose = f": {scope.name(register)} ({register})" if len(scope.members) > 1 else ""
    yield Table(
        title=f"Sổ đăng ký văn bản đến{whose}",
        columns=_INCOMING,
        rows=[_incoming(*pair) for pair in registered],
    )
    yield Table(
        title=f"Sổ đăng ký văn bản đi{whose}",
        columns=_OUTGOING,
        rows=list(_outgoing_rows(scope, register)),
    )
    yield Table(
        title=f"Sổ theo dõi giải quyết văn bản đến{whose}",
        columns=_FOLLOW_UP,
        rows=[_follow_up(*pair, scope.as_of) for pair in registered],
    )


def _registered(scope: Scope) -> Mapping[OrganId, list[tuple[DeliveryFacts, DocumentFacts]]]:
    """What each organisation entered, by year and number.

    Whoever takes over what has ended enters documents to it into a register of its own.
    """
    successor_of = heirs(scope.directory, vietnam_date(scope.as_of))
    found: dict[OrganId, list[tuple[DeliveryFacts, DocumentFacts]]] = defaultdict(list)
    for facts, document in scope.book.registered(
        with_predecessors(scope.members, successor_of), scope.period
    ):
        day, register = facts.register_date, facts.recipient
        if day is not None and register in scope.directory:
            register = scope.directory.successor_of(register, day).organ_id
        if register in scope.members:
            found[register].append((facts, document))
    for entered in found.values():
        entered.sort(key=_place)
    return found


def _place(pair: tuple[DeliveryFacts, DocumentFacts]) -> tuple[int, int]:
    facts = pair[0]
    return facts.register_date.year if facts.register_date else 0, facts.register_number or 0


def _incoming(facts: DeliveryFacts, document: DocumentFacts) -> tuple[Cell, ...]:
    return (
        f"{facts.register_date:%d/%m/%Y}",
        facts.register_number or "",
        document.issuer,
        document.number,
        f"{document.issued_date:%d/%m/%Y}",
        _kind_and_subject(document),
        facts.unit,
        day_text(facts.forwarded_at),
        "",
        _GONE.get(facts.state, ""),
    )


def _outgoing_rows(scope: Scope, sender: OrganId) -> Iterator[tuple[Cell, ...]]:
    start = datetime.combine(scope.period.first, time(0), VIETNAM)
    end = datetime.combine(scope.period.end, time(0), VIETNAM)
    for document, deliveries in scope.book.issued([sender], start, end):
        yield _outgoing(scope, document, deliveries)


def _outgoing(
    scope: Scope, document: DocumentFacts, deliveries: Sequence[DeliveryFacts]
) -> tuple[Cell, ...]:
    refused = sum(facts.state is DeliveryState.REFUSED for facts in deliveries)
    gone = {_GONE[facts.state] for facts in deliveries if facts.state in _GONE}
    notes = [*(["Gửi lại"] if document.resent else []), *sorted(gone)]
    notes += [f"{refused} nơi từ chối nhận"] if refused else []
    return (
        document.number,
        f"{document.issued_date:%d/%m/%Y}",
        _kind_and_subject(document),
        document.signer,
        "; ".join(scope.name(facts.recipient) for facts in deliveries),
        "",
        len(deliveries),
        day_text(document.issued_at),
        "",
        "; ".join(notes),
    )


def _follow_up(facts: DeliveryFacts, document: DocumentFacts, as_of: datetime) -> tuple[Cell, ...]:
    progress = facts.state.label_vi
    if facts.completed_at is not None:
        progress = f"{progress} {day_text(facts.completed_at)}"
    late = facts.due_at is not None and (facts.completed_at or as_of) > facts.due_at
    gone, of = _GONE.get(facts.state, ""), f"{document.issued_date:%d/%m/%Y}, {document.issuer}"
    described = f"{document.kind} {document.number}, {of}".lstrip()
    return (
        facts.register_number or "",
        described,
        facts.unit,
        last_day_text(facts.due_at),
        progress,
        facts.reply,
        gone or ("Quá hạn" if late else ""),
    )


def _kind_and_subject(document: DocumentFacts) -> str:
    return f"{document.kind}: {document.subject}" if document.kind else document.subject
