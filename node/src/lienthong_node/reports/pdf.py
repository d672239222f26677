"""Reports as PDF for printing, laid out as NĐ 30/2020 PL I wants administrative documents."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from lienthong.errors import FormatUnavailable, ReportUnprintable
from lienthong.fonts import find_font
from lienthong_node.reports.paper import Align, Block, Paper, Table, Text

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

_REGULAR: Final = "Report"
_BOLD: Final = "Report-Bold"
_MOTTO: Final = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")

_LEFT_MM: Final = 30
_RIGHT_MM: Final = 15
_EDGE_MM: Final = 20
_DOTS: Final = "…" * 40
_DOTTED_LINES: Final = 3
_CELL_SIZE: Final = 10
_CELL_PADDING: Final = 7
_HEADING_ROOM: Final = 110
_MOTTO_SIZE: Final = 12.0
_RIGHT_SHARE: Final = 0.6
_PADDING: Final = 14
"""Of a cell, both sides, and a little more."""


def as_pdf(paper: Paper, font: Path | None = None) -> bytes:
    """A document of A4 pages.

    Raises:
        FormatUnavailable: ReportLab is not installed.
        FontMissing: there is no font with Vietnamese letters.
        ReportUnprintable: it does not fit pages of this size.
    """
    try:
        from reportlab.lib.pagesizes import A4, landscape
        from reportlab.lib.units import mm
        from reportlab.platypus import SimpleDocTemplate
        from reportlab.platypus.doctemplate import LayoutError
    except ImportError as error:
        raise FormatUnavailable(format="pdf", package="reportlab") from error
    _register(font)
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=landscape(A4) if paper.landscape else A4,
        leftMargin=_LEFT_MM * mm,
        rightMargin=_RIGHT_MM * mm,
        topMargin=_EDGE_MM * mm,
        bottomMargin=_EDGE_MM * mm,
        title=paper.title,
        author=paper.organisation,
        lang="vi-VN",
        invariant=1,
    )
    flow = list(_Layout(document.width).flow(paper))
    try:
        document.build(flow, onFirstPage=_nothing, onLaterPages=_page_number)
    except LayoutError as error:
        raise ReportUnprintable from error
    return out.getvalue()


def _register(given: Path | None) -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    found = find_font(given)
    for name, path in ((_REGULAR, found.regular), (_BOLD, found.bold)):
        pdfmetrics.registerFont(TTFont(name, str(path)))


def _nothing(canvas: Any, document: Any) -> None:
    """The first page has no number (NĐ 30/2020 PL I)."""


def _page_number(canvas: Any, document: Any) -> None:
    canvas.setFont(_REGULAR, 13)
    width, height = document.pagesize
    canvas.drawCentredString(width / 2, height - document.topMargin * 0.6, str(document.page))


def _widths(table: Table, total: float) -> list[float]:
    """Widths of columns: no word is broken, and what is left goes where a column wants more."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    least = []
    for position, column in enumerate(table.columns):
        head = [stringWidth(word, _BOLD, _CELL_SIZE) for word in column.title.split()]
        words = {word for row in table.rows for word in str(row[position]).split()}
        cells = [stringWidth(word, _REGULAR, _CELL_SIZE) for word in words]
        least.append(min(max(head + cells), total / 4) + _CELL_PADDING)
    wide = sum(column.width for column in table.columns)
    shares = [total * column.width / wide for column in table.columns]
    wants = [max(0.0, share - need) for share, need in zip(shares, least, strict=True)]
    left = total - sum(least)
    if left <= 0 or not any(wants):
        return [need * total / sum(least) for need in least]
    return [need + left * want / sum(wants) for need, want in zip(least, wants, strict=True)]


def _motto_size(width: float) -> float:
    """The national name stands on one line (NĐ 30/2020 PL I II.1)."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    room = width * _RIGHT_SHARE - _PADDING
    return min(_MOTTO_SIZE, room / stringWidth(_MOTTO[0], _BOLD, 1))


class _Layout:
    """Turns a report into what ReportLab sets on pages."""

    def __init__(self, width: float) -> None:
        from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
        from reportlab.lib.styles import ParagraphStyle

        def style(size: float, **more: Any) -> Any:
            values: dict[str, Any] = {
                "fontName": _REGULAR,
                "fontSize": size,
                "leading": size * 1.25,
            }
            return ParagraphStyle("s", **(values | more))

        self._width = width
        self._text = style(13, spaceAfter=6)
        self._small = style(9)
        self._center = style(13, alignment=TA_CENTER)
        self._motto = style(_motto_size(width), fontName=_BOLD, alignment=TA_CENTER)
        self._title = style(14, fontName=_BOLD, alignment=TA_CENTER, spaceBefore=14, spaceAfter=2)
        self._heading = style(13, fontName=_BOLD, spaceBefore=12, spaceAfter=5)
        self._head = style(_CELL_SIZE, fontName=_BOLD, alignment=TA_CENTER)
        self._cells = {
            align: style(_CELL_SIZE, alignment=number)
            for align, number in zip(Align, (TA_LEFT, TA_RIGHT, TA_CENTER), strict=True)
        }

    def flow(self, paper: Paper) -> Iterator[Flowable]:
        from reportlab.platypus import CondPageBreak, KeepTogether, PageBreak, Paragraph, Spacer

        yield self._top(paper)
        yield Paragraph(escape(paper.title.upper()), self._title)
        yield Paragraph(escape(paper.subtitle), self._center)
        if paper.addressees:
            yield Spacer(1, 8)
            yield self._to(paper.addressees)
        yield Spacer(1, 8)
        foot = self._foot(paper)
        for position, block in enumerate(paper.blocks):
            # A heading is not left alone at the end of a page; tables may be longer than one.
            yield PageBreak() if position and paper.is_bound else CondPageBreak(_HEADING_ROOM)
            if block is paper.blocks[-1] and isinstance(block, Text):
                # Nobody signs an empty page.
                foot = [*self._block(block), *foot]
            else:
                yield from self._block(block)
        yield KeepTogether(foot)

    def _block(self, block: Block) -> Iterator[Flowable]:
        from reportlab.platypus import Paragraph

        yield Paragraph(escape(block.title), self._heading)
        if isinstance(block, Table):
            yield self._table(block) if block.rows else Paragraph(block.empty, self._text)
        elif block.text:
            yield Paragraph(escape(block.text).replace("\n", "<br/>"), self._text)
        else:
            yield Paragraph("<br/>".join([_DOTS] * _DOTTED_LINES), self._text)

    def _top(self, paper: Paper) -> Flowable:
        """Issuer on the left, national name and motto on the right (NĐ 30/2020 Đ8.2a, b)."""
        from reportlab.platypus import Paragraph, TableStyle
        from reportlab.platypus import Table as Grid

        issuer = paper.issued_by or paper.organisation
        left = [Paragraph(escape(issuer.upper()), self._motto)]
        right = [Paragraph(_MOTTO[0], self._motto), Paragraph(f"<u>{_MOTTO[1]}</u>", self._motto)]
        widths = [self._width * (1 - _RIGHT_SHARE), self._width * _RIGHT_SHARE]
        made = Grid([[left, right]], colWidths=widths)
        made.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP")]))
        return made

    def _to(self, addressees: Sequence[str]) -> Flowable:
        """Kính gửi (NĐ 30/2020 PL I II.9)."""
        from reportlab.platypus import Paragraph

        if len(addressees) == 1:
            return Paragraph(escape(f"Kính gửi: {addressees[0]}"), self._center)
        lines = "".join(f"<br/>- {escape(one)};" for one in addressees)
        return Paragraph(f"Kính gửi:{lines[:-1]}.", self._center)

    def _table(self, table: Table) -> Flowable:
        from reportlab.lib.colors import Color, black
        from reportlab.platypus import LongTable, Paragraph, TableStyle

        head = [Paragraph(escape(column.title), self._head) for column in table.columns]
        rows = [
            [
                Paragraph(escape(str(cell)), self._cells[column.align])
                for cell, column in zip(row, table.columns, strict=True)
            ]
            for row in table.rows
        ]
        widths = _widths(table, self._width)
        if min(widths) <= _CELL_PADDING:
            raise ReportUnprintable
        # A row may be taller than a page: a document has any number of recipients.
        made = LongTable([head, *rows], colWidths=widths, repeatRows=1, splitInRow=1)
        made.setStyle(
            TableStyle(
                [
                    ("GRID", (0, 0), (-1, -1), 0.5, black),
                    ("BACKGROUND", (0, 0), (-1, 0), Color(0.92, 0.92, 0.92)),
                    ("VALIGN", (0, 0), (-1, 0), "MIDDLE"),
                    ("VALIGN", (0, 1), (-1, -1), "TOP"),
                    ("LEFTPADDING", (0, 0), (-1, -1), 3),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 3),
                    ("TOPPADDING", (0, 0), (-1, -1), 2),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
                ]
            )
        )
        return made

    def _foot(self, paper: Paper) -> list[Flowable]:
        from reportlab.platypus import Paragraph, Spacer
        from reportlab.platypus import Table as Grid

        sign = [
            Paragraph("Ngày … tháng … năm …", self._center),
            Paragraph(escape(paper.signed_by), self._motto),
            Spacer(1, 60),
        ]
        source = [
            Paragraph(escape(f"{name}: {value}"), self._small) for name, value in paper.source
        ]
        grid = Grid([[source, sign]], colWidths=[self._width * 0.55, self._width * 0.45])
        grid.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP")])
        return [Spacer(1, 14), grid]
