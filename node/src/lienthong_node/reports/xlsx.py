"""Reports as workbooks: a sheet a table, every cell a text or a number, never a formula."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from lienthong.errors import FormatUnavailable, TooLarge
from lienthong_node.reports.paper import Align, Cell, Paper, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter import Workbook  # type: ignore[import-untyped]
    from xlsxwriter.format import Format  # type: ignore[import-untyped]
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

_NAME_LIMIT: Final = 31
_UNFIT: Final = re.compile(r"[\[\]:*?/\\']")
_MADE: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Written as the time of making, so that equal reports are equal files."""

_WIDEST: Final = 60
_CELL: Final = 16_000
"""Characters of a cell, of which some count twice: a workbook's cell takes 32 767 in UTF-16."""

_ROWS: Final = 1_048_576
"""Rows of a sheet."""


def as_xlsx(paper: Paper) -> bytes:
    """A workbook; a text that is too long for a cell goes on in the row below.

    Raises:
        FormatUnavailable: XlsxWriter is not installed.
        TooLarge: a table has more rows than a sheet.
    """
    try:
        from xlsxwriter import Workbook
    except ImportError as error:
        raise FormatUnavailable(format="xlsx", package="XlsxWriter") from error
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(out, options) as book:
        book.set_properties({"title": paper.title, "created": _MADE.replace(tzinfo=None)})
        _Writer(book).write(paper)
    return out.getvalue()


class _Writer:
    """Fills one workbook."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        base = {"font_name": "Times New Roman", "font_size": 12, "valign": "top"}
        self._plain = book.add_format({**base, "text_wrap": True})
        self._title = book.add_format({**base, "bold": True, "font_size": 14})
        head = {**base, "bold": True, "border": 1, "text_wrap": True, "align": "center"}
        self._head = book.add_format({**head, "bg_color": "#E7E6E6"})
        self._cells = {
            align: book.add_format(
                {**base, "border": 1, "text_wrap": True, "align": align.name.lower()}
            )
            for align in Align
        }
        self._used: set[str] = set()

    def write(self, paper: Paper) -> None:
        front = self._sheet("Thông tin chung")
        front.set_column(0, 0, 32, self._plain)
        front.set_column(1, 1, 80, self._plain)
        rows: list[tuple[str, str]] = [
            ("Cơ quan, đơn vị", f"{paper.organisation} ({paper.organ_id})"),
            ("Kỳ báo cáo", paper.subtitle),
            *((("Kính gửi", "; ".join(paper.addressees)),) if paper.addressees else ()),
            *paper.source,
            *((block.title, block.text) for block in paper.blocks if not isinstance(block, Table)),
        ]
        front.write_string(0, 0, paper.title, self._title)
        styles = (self._plain, self._plain)
        line = 2
        for row in rows:
            line = _write_row(front, line, row, styles)
        for block in paper.blocks:
            if isinstance(block, Table):
                self._table(block, landscape=paper.landscape)

    def _table(self, table: Table, *, landscape: bool) -> None:
        sheet = self._sheet(table.title)
        if landscape:
            sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(2)
        sheet.freeze_panes(3, 0)
        sheet.write_string(0, 0, table.title, self._title)
        for position, column in enumerate(table.columns):
            sheet.set_column(position, position, min(_WIDEST, max(9, column.width * 1.1)))
            sheet.write_string(2, position, column.title, self._head)
        if not table.rows:
            sheet.write_string(3, 0, table.empty, self._plain)
        styles = [self._cells[column.align] for column in table.columns]
        line = 3
        for row in table.rows:
            line = _write_row(sheet, line, row, styles)

    def _sheet(self, title: str) -> Worksheet:
        """A sheet whose name is allowed, and not given twice."""
        name = _UNFIT.sub(" ", title)[:_NAME_LIMIT].strip() or "Bảng"
        number = 2
        while name.lower() in self._used:
            tail = f" {number}"
            name = f"{name[: _NAME_LIMIT - len(tail)].rstrip()}{tail}"
            number += 1
        self._used.add(name.lower())
        return self._book.add_worksheet(name)


def _write_row(sheet: Worksheet, line: int, row: Sequence[Cell], styles: Sequence[Format]) -> int:
    """Write a row, whatever its length; returns the first line after it.

    Raises:
        TooLarge: the sheet is full.
    """
    pieces = [_pieces(cell) for cell in row]
    height = max(map(len, pieces))
    if line + height > _ROWS:
        raise TooLarge(what=f"rows of {sheet.get_name()}", found=line + height, limit=_ROWS)
    for position, (cells, style) in enumerate(zip(pieces, styles, strict=True)):
        for below in range(height):
            cell = cells[below] if below < len(cells) else ""
            # Texts are texts, whatever they begin with.
            write = sheet.write_number if isinstance(cell, int) else sheet.write_string
            write(line + below, position, cell, style)
    return line + height


def _pieces(cell: Cell) -> Sequence[Cell]:
    """A cell in parts that each fit."""
    if isinstance(cell, int) or len(cell) <= _CELL:
        return (cell,)
    return [cell[start : start + _CELL] for start in range(0, len(cell), _CELL)]
