"""The registers as tables: their columns (NĐ 30/2020 PL IV), in the order of the form.

A row is made by the names of its columns, so that nobody has to count them; ``cells`` gives it as
it is printed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Any, Final, TypeAlias

from attrs import Attribute, field, fields, frozen

Cell: TypeAlias = str | int

_TITLE: Final = "title"
_STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def _column(title: str) -> Any:
    return field(default="", metadata={_TITLE: title})


@frozen(kw_only=True)
class OutgoingRow:
    """A line of the register of outgoing documents (sổ đăng ký văn bản đi; PL IV I)."""

    number: Cell = _column("Số, ký hiệu văn bản")
    issued_date: Cell = _column("Ngày tháng văn bản")
    title: Cell = _column("Tên loại và trích yếu nội dung văn bản")
    signer: Cell = _column("Người ký")
    recipients: Cell = _column("Nơi nhận văn bản")
    copy_kept_by: Cell = _column("Đơn vị, người nhận bản lưu")
    copies: Cell = _column("Số lượng bản")
    moved_on: Cell = _column("Ngày chuyển")
    signed_for: Cell = _column("Ký nhận")
    note: Cell = _column("Ghi chú")


@frozen(kw_only=True)
class IncomingRow:
    """A line of the register of incoming documents (sổ đăng ký văn bản đến; PL IV VI)."""

    arrived_on: Cell = _column("Ngày đến")
    arrival_number: Cell = _column("Số đến")
    author: Cell = _column("Tác giả")
    number: Cell = _column("Số, ký hiệu văn bản")
    issued_date: Cell = _column("Ngày tháng văn bản")
    title: Cell = _column("Tên loại và trích yếu nội dung văn bản")
    unit: Cell = _column("Đơn vị hoặc người nhận")
    moved_on: Cell = _column("Ngày chuyển")
    signed_for: Cell = _column("Ký nhận")
    note: Cell = _column("Ghi chú")


@frozen(kw_only=True)
class FollowUpRow:
    """A line of the follow-up register (sổ theo dõi giải quyết văn bản đến; PL IV VIII)."""

    arrival_number: Cell = _column("Số đến")
    described: Cell = _column(
        "Tên loại, số, ký hiệu, ngày, tháng và tên cơ quan, tổ chức ban hành văn bản"
    )
    unit: Cell = _column("Đơn vị hoặc người nhận")
    due: Cell = _column("Thời hạn giải quyết")
    progress: Cell = _column("Tiến độ giải quyết")
    reply: Cell = _column("Số, ký hiệu văn bản trả lời")
    note: Cell = _column("Ghi chú")


Row: TypeAlias = OutgoingRow | IncomingRow | FollowUpRow


def titles(kind: type[Row]) -> tuple[str, ...]:
    """Headings of the columns."""
    return tuple(one.metadata[_TITLE] for one in _columns(kind))


def cells(row: Row) -> tuple[Cell, ...]:
    """What stands under the headings."""
    return tuple(getattr(row, one.name) for one in _columns(type(row)))


def day_text(day: date | None) -> str:
    """A day as registers have it (PL I II.4b); empty where there is none."""
    return "" if day is None else f"{day:%d/%m/%Y}"


def as_csv(kind: type[Row], rows: Iterable[Row]) -> bytes:
    """Headings and rows, with a byte order mark so that spreadsheets read Vietnamese."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(titles(kind))
    writer.writerows(tuple(map(harmless, cells(row))) for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def harmless(cell: Cell) -> Cell:
    """A text that a spreadsheet would run as a formula is marked as text."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_STARTS_FORMULA):
        return f"'{cell}"
    return cell


def _columns(kind: type[Row]) -> tuple[Attribute[Any], ...]:
    return tuple(fields(kind))
