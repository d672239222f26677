"""Reports as text for a terminal, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from lienthong.registers.columns import harmless
from lienthong_node.reports.paper import Align, Cell, Paper, Table

_JUSTIFY: Final = {Align.LEFT: "left", Align.RIGHT: "right", Align.CENTER: "center"}
_WIDTH: Final = 120


def as_text(paper: Paper) -> bytes:
    """Tables for a terminal."""
    out = io.StringIO()
    console = Console(file=out, width=_WIDTH, highlight=False, emoji=False)
    console.print(escape(f"{paper.title}\n{paper.subtitle}\n{paper.organisation}\n"))
    if paper.addressees:
        console.print(escape(f"Kính gửi: {'; '.join(paper.addressees)}\n"))
    for block in paper.blocks:
        console.print(escape(block.title), style="bold")
        if isinstance(block, Table) and block.rows:
            console.print(_rich_table(block))
        else:
            text = block.empty if isinstance(block, Table) else block.text or "…"
            console.print(escape(text) + "\n")
    for name, value in paper.source:
        console.print(escape(f"{name}: {value}"))
    return out.getvalue().encode()


def _rich_table(table: Table) -> RichTable:
    made = RichTable(show_lines=False)
    for column in table.columns:
        justify: Any = _JUSTIFY[column.align]
        # Codes and numbers are long words: they are broken, never cut off.
        made.add_column(escape(column.title), justify=justify, ratio=column.width, overflow="fold")
    for row in table.rows:
        made.add_row(*(escape(str(cell)) for cell in row))
    return made


def as_csv(paper: Paper) -> bytes:
    """All tables below each other, with a byte order mark so that spreadsheets read Vietnamese."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows(tuple(map(harmless, row)) for row in _csv_rows(paper))
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _csv_rows(paper: Paper) -> Iterator[Sequence[Cell]]:
    yield (paper.title,)
    yield (paper.subtitle,)
    yield paper.organisation, paper.organ_id
    if paper.addressees:
        yield "Kính gửi", *paper.addressees
    for block in paper.blocks:
        yield ()
        yield (block.title,)
        if isinstance(block, Table):
            yield tuple(column.title for column in block.columns)
            yield from block.rows
        else:
            yield (block.text,)
    yield ()
    yield from paper.source


def as_json(paper: Paper) -> bytes:
    """One object."""
    blocks = [
        {
            "title": block.title,
            "columns": [column.title for column in block.columns],
            "rows": [list(row) for row in block.rows],
        }
        if isinstance(block, Table)
        else {"title": block.title, "text": block.text}
        for block in paper.blocks
    ]
    data = {
        "kind": paper.kind,
        "organisation": paper.organisation,
        "organ_id": paper.organ_id,
        "issued_by": paper.issued_by or paper.organisation,
        "addressees": list(paper.addressees),
        "title": paper.title,
        "period": {"name": paper.period, "first": paper.first, "last": paper.last},
        "blocks": blocks,
        "source": dict(paper.source),
    }
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()
