"""R9: registers of incoming and outgoing documents and of follow-up (NĐ 30/2020 PL IV)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time
from typing import Final

from lienthong.model.delivery import DeliveryState
from lienthong.model.time import VIETNAM
from lienthong.reports.facts import DeliveryFacts, DocumentFacts
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
    """The three registers of a period.

    What paper alone tells (who keeps the archived copy, who signed for it) is left free.
    """
    registered = list(scope.book.registered(scope.members, scope.period))
    return [
        Table(
            title="Sổ đăng ký văn bản đến",
            columns=_INCOMING,
            rows=[_incoming(*pair) for pair in registered],
        ),
        Table(title="Sổ đăng ký văn bản đi", columns=_OUTGOING, rows=list(_outgoing_rows(scope))),
        Table(
            title="Sổ theo dõi giải quyết văn bản đến",
            columns=_FOLLOW_UP,
            rows=[_follow_up(*pair, scope.as_of) for pair in registered],
        ),
    ]


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


def _outgoing_rows(scope: Scope) -> Iterator[tuple[Cell, ...]]:
    start = datetime.combine(scope.period.first, time(0), VIETNAM)
    end = datetime.combine(scope.period.end, time(0), VIETNAM)
    for document, deliveries in scope.book.issued(scope.members, start, end):
        yield _outgoing(scope, document, deliveries)


def _outgoing(
    scope: Scope, document: DocumentFacts, deliveries: Sequence[DeliveryFacts]
) -> tuple[Cell, ...]:
    refused = sum(facts.state is DeliveryState.REFUSED for facts in deliveries)
    gone = {_GONE[facts.state] for facts in deliveries if facts.state in _GONE}
    notes = [*sorted(gone), *([f"{refused} nơi từ chối nhận"] if refused else [])]
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
