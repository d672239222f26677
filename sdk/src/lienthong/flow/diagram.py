"""The documentation page of both machines, printed from their tables.

``python -m lienthong.flow.diagram > docs/reference/machines.md`` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Any, Final, Protocol, TypeAlias

import attrs

from lienthong.flow import delivery, issuing
from lienthong.flow.issuing_table import SECRECY_NONE
from lienthong.flow.machine import Ban, Guard, Move
from lienthong.model.delivery import DeliveryEvent, DeliveryState

AnyMove: TypeAlias = Move[Any, Any, Any, Any]

_PREVIOUS: Final = "PREVIOUS"
_INTRODUCTION: Final = """\
# State machines / Máy trạng thái

This page is printed from the tables that the software runs on
(`python -m lienthong.flow.diagram`); a test fails when it is stale.
Trang này được in ra từ chính các bảng mà phần mềm chạy; kiểm thử sẽ báo lỗi nếu trang cũ.

Rows keep the numbers of the regulation's analysis: O1 to O14 for issuing, D1 to D25 for delivery.
A combination without a row is refused with `flow.invalid_move`; a row whose condition is not met
with `flow.guard_failed`.
"""
_DELIVERY: Final = """\
## Delivery / Lượt gửi

One package on its way to one recipient; the axis enforces it. `PREVIOUS` is the state that a
pending request interrupted. D24, the corrected document after a refusal, is D1 of a new package
that replaces the refused one.
Mỗi gói gửi tới một bên nhận; trục bắt buộc tuân theo. `PREVIOUS` là trạng thái trước khi có yêu
cầu đang chờ. D24, gửi lại văn bản đã sửa sau khi bị từ chối, là D1 của một gói mới.
"""
_PENDING: Final = """\
### Reports that cross a pending request / Báo cáo đến trong lúc có yêu cầu đang chờ

The request stays pending, and the state that it goes back to moves forward by the row of that
state. Yêu cầu vẫn chờ; trạng thái sẽ quay lại được cập nhật theo đúng bảng.
"""
_LATE: Final = """\
### Late reports / Báo cáo đến muộn

Recorded, without effect. The same report twice has no effect either; the same event with other
content is refused with `flow.conflicting_report`.
Được ghi nhận nhưng không làm thay đổi trạng thái. Báo cáo lặp lại cũng vậy; cùng sự kiện nhưng
khác nội dung thì bị từ chối.
"""
_ISSUING: Final = """\
## Issuing / Phát hành

One document in its issuer's own system; vendors may embed it. Every row also needs a document that
is no state secret (QĐ 52/2019 Đ1.2).
Một văn bản trong hệ thống của cơ quan ban hành; phần mềm quản lý văn bản có thể dùng.
"""
_NUMBER_FIRST: Final = """\
### Number before signature / Cấp số trước khi ký

NĐ 30/2020 Đ15.3 leaves the order open; with `number_before_sign` these rows take the place of O7
to O9. NĐ 30/2020 Đ15.3 để ngỏ thứ tự; khi chọn cấp số trước, dùng các dòng sau.
"""


class _Labelled(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def label_vi(self) -> str: ...


def page() -> str:
    """The whole page as Markdown with Mermaid diagrams."""
    return "\n".join([_INTRODUCTION, *_delivery_part(), *_issuing_part()])


def mermaid(moves: Sequence[AnyMove], states: Iterable[_Labelled]) -> str:
    """A Mermaid state diagram; moves between the same states share one arrow."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{state.name}<br/>{state.label_vi}" as {state.name}' for state in states]
    if any(move.target is None for move in moves):
        lines.append(f'    state "previous state<br/>trạng thái trước" as {_PREVIOUS}')
    arrows: dict[tuple[str, str], list[str]] = {}
    for move in moves:
        source = "[*]" if move.source is None else move.source.name
        target = _PREVIOUS if move.target is None else move.target.name
        label = f"{move.number} {move.event.name}"
        labels = arrows.setdefault((source, target), [])
        if label not in labels:
            labels.append(label)
    lines += [f"    {a} --> {b} : {', '.join(labels)}" for (a, b), labels in arrows.items()]
    return "\n".join([*lines, "```", ""])


def _delivery_part() -> Iterator[str]:
    yield _DELIVERY
    yield mermaid(delivery.MOVES, DeliveryState)
    yield "### States / Trạng thái\n"
    yield _table(
        ("state", "trạng thái", "code / mã", "final / kết thúc", "who acts / bên phải xử lý"),
        [
            (
                f"`{state.name}`",
                state.label_vi,
                state.code or "",
                "✓" if state.final else "",
                _owner(state),
            )
            for state in DeliveryState
        ],
    )
    yield "### Moves / Chuyển trạng thái\n"
    yield _moves_table(delivery.MOVES)
    yield _PENDING
    yield _table(
        ("state", "events / sự kiện"),
        [
            (_named(state), ", ".join(_names(events)))
            for state, events in delivery.ADVANCED_WHILE_PENDING.items()
        ],
    )
    yield _LATE
    yield _table(
        ("state", "event / sự kiện", "by / bởi", "clause / căn cứ"),
        [
            (", ".join(states), _named(event), _people(late.actors), late.clause)
            for (event, late), states in _late_rows().items()
        ],
    )
    yield "### Forbidden in so many words / Điều cấm\n"
    yield _bans_table(delivery.BANS)


def _issuing_part() -> Iterator[str]:
    yield _ISSUING
    yield mermaid(issuing.MOVES, issuing.IssuingState)
    yield "### Moves / Chuyển trạng thái\n"
    yield _moves_table(issuing.MOVES)
    yield _NUMBER_FIRST
    swapped = [move for move in issuing.MOVES_NUMBER_FIRST if move not in issuing.MOVES]
    yield _moves_table(swapped)
    yield "### Forbidden in so many words / Điều cấm\n"
    yield _bans_table(issuing.BANS)


def _moves_table(moves: Iterable[AnyMove]) -> str:
    """One line for rows that differ only in where they start."""
    sources: dict[AnyMove, list[str]] = {}
    for move in moves:
        start = "–" if move.source is None else f"`{move.source.name}`"
        sources.setdefault(attrs.evolve(move, source=None), []).append(start)
    return _table(
        (
            "#",
            "from / từ",
            "event / sự kiện",
            "to / đến",
            "by / bởi",
            "needs / điều kiện",
            "clause",
        ),
        [
            (
                move.number,
                ", ".join(starts),
                _named(move.event),
                f"`{_PREVIOUS if move.target is None else move.target.name}`",
                _people(move.actors),
                "<br/>".join(_need(guard) for guard in move.guards if guard is not SECRECY_NONE),
                move.clause,
            )
            for move, starts in sources.items()
        ],
    )


def _bans_table(bans: Iterable[Ban[Any, Any, Any]]) -> str:
    rows = [(ban.says, ban.says_vi, ban.clause) for ban in bans]
    return _table(("English", "Tiếng Việt", "clause / căn cứ"), rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [" | ".join(header), " | ".join("---" for _ in header)]
    lines += [" | ".join(row) for row in rows]
    return "\n".join([*(f"| {line} |" for line in lines), ""])


def _need(guard: Guard[Any]) -> str:
    return f"{guard.needs} / {guard.needs_vi} ({guard.clause})"


def _named(word: _Labelled) -> str:
    return f"`{word.name}` {word.label_vi}"


def _people(actors: Iterable[Any]) -> str:
    return ", ".join(_named(actor) for actor in sorted(actors, key=lambda actor: actor.name))


def _names(events: Iterable[Enum]) -> list[str]:
    return sorted(f"`{event.name}`" for event in events)


def _owner(state: DeliveryState) -> str:
    owner = delivery.OWNERS.get(state)
    return "" if owner is None else _named(owner)


def _late_rows() -> dict[tuple[DeliveryEvent, delivery.Late], list[str]]:
    rows: dict[tuple[DeliveryEvent, delivery.Late], list[str]] = {}
    for (state, event), late in delivery.LATE.items():
        rows.setdefault((event, late), []).append(f"`{state.name}`")
    return rows


if __name__ == "__main__":
    sys.stdout.write(page())
