"""R6: changes of codes, as they are sent to UBND and ministry (QĐ 52/2019 Đ12.1; QĐ 20/2020)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from lienthong.model.ids import OrganId
from lienthong.model.time import vietnam_date
from lienthong.reports.codes import CodeChange, CodeEvent, code_changes
from lienthong.reports.rollup import stands_under
from lienthong.rules.sections.directory import Duty
from lienthong_node.reports.forms import Scope
from lienthong_node.reports.paper import Align, Block, Cell, Column, Table

_DAY: Final = timedelta(days=1)
_SECOND_DAY: Final = date.min + _DAY
"""The first day that has one before it: directories may hold any day."""

_COLUMNS: Final = (
    Column("Ngày có hiệu lực", 11, Align.CENTER),
    Column("Nội dung thay đổi", 14),
    Column("Mã định danh", 17),
    Column("Tên cơ quan, đơn vị", 32),
    Column("Trước thay đổi", 26),
    Column("Sau thay đổi", 26),
    Column("Cơ quan tiếp nhận", 28),
    Column("Ngày nhập danh mục", 11, Align.CENTER),
    Column("Mục nhật ký", 8, Align.RIGHT),
)
_MINISTRY: Final = "Bộ Thông tin và Truyền thông (hoặc cơ quan kế thừa nhiệm vụ)"


def code_blocks(scope: Scope) -> list[Block]:
    """What has come into force in the period, and what was entered in it for later.

    A change counts from the day from which it is both in force and entered: what is entered late is
    reported then, and nothing is reported twice.
    """
    period = scope.period
    changes = [
        one for one in code_changes(scope.book.organisation_states()) if _concerns(one, scope)
    ]
    done = sorted((one for one in changes if one.counts_on in period), key=_place)
    coming = sorted(
        (
            one
            for one in changes
            if one.counts_on >= period.end
            and one.entered_at is not None
            and vietnam_date(one.entered_at) in period
        ),
        key=_place,
    )
    return [
        _summary(done),
        _table(scope, "I. Thay đổi có hiệu lực trong kỳ", done),
        _table(scope, "II. Đã nhập danh mục trong kỳ, có hiệu lực sau kỳ báo cáo", coming),
    ]


def registrar(scope: Scope) -> str:
    """Who keeps the codes at the end of the period; empty where the rule set names nobody."""
    day = min(scope.period.end - _DAY, vietnam_date(scope.as_of))
    holder = scope.rules.rule_set.directory.holder(Duty.CODE_REGISTRAR, day)
    return "" if holder is None else holder.name


def addressees(scope: Scope) -> tuple[str, ...]:
    """To whom the changes are reported."""
    return scope.name(scope.organ), _MINISTRY


def _concerns(change: CodeChange, scope: Scope) -> bool:
    """On its day, or until it."""
    before = max(change.day, _SECOND_DAY) - _DAY
    return any(
        stands_under(change.organ_id, scope.organ, scope.directory, day)
        for day in (change.day, before)
    )


def _place(change: CodeChange) -> tuple[object, ...]:
    organ, code = str(change.organ_id), str(change.code)
    return change.counts_on, change.entry, change.day, organ, not change.withdrawn, code


def _summary(changes: Iterable[CodeChange]) -> Table:
    counts = Counter(_label(change) for change in changes)
    columns = [Column("Nội dung thay đổi", 70), Column("Số lượng", 30, Align.RIGHT)]
    return Table(title="Tổng hợp trong kỳ", columns=columns, rows=sorted(counts.items()))


def _table(scope: Scope, title: str, changes: Iterable[CodeChange]) -> Table:
    return Table(title=title, columns=_COLUMNS, rows=[_line(scope, one) for one in changes])


def _line(scope: Scope, change: CodeChange) -> tuple[Cell, ...]:
    def shown(value: str) -> str:
        return _organ(scope, value) if change.event is CodeEvent.MOVED and value else value

    entered = change.entered_at
    return (
        "" if change.effective is None else f"{change.effective:%d/%m/%Y}",
        _label(change),
        str(change.code),
        change.name,
        shown(change.before),
        shown(change.after),
        "; ".join(_organ(scope, str(heir)) for heir in change.successors),
        "" if entered is None else f"{vietnam_date(entered):%d/%m/%Y}",
        change.entry,
    )


def _label(change: CodeChange) -> str:
    label = change.event.label_vi
    return f"Bỏ nội dung đã nhập: {label.lower()}" if change.withdrawn else label


def _organ(scope: Scope, code: str) -> str:
    return f"{scope.name(OrganId(code))} ({code})"
