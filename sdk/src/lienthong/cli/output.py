"""What people see: consoles, tables, safe text, progress bars."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import click
from attrs import frozen
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from lienthong.model.time import format_vietnam

if TYPE_CHECKING:
    from lienthong.client import Progress

    Update = Callable[[Progress], None]

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_GAP = 2
_LEAST = 36
"""Cells below which a column with long texts is no use."""
_UNBOUNDED = 100_000
"""Cells of a line in a pipe or file, where nothing is folded."""


def show(result: RenderableType) -> None:
    """Print a result; colours only on a terminal, and never with NO_COLOR.

    In a pipe or file a row is one line, however long, without spaces at its end.
    """
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
    if console.is_terminal:
        console.print(result)
        return
    console.width = _UNBOUNDED
    with console.capture() as captured:
        console.print(result)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def safe(value: object) -> str:
    """Text from outside as it may be shown: nothing in it steers the terminal or hides letters."""
    text = unicodedata.normalize("NFC", str(value))
    return "".join(
        f"\\u{ord(sign):04x}" if unicodedata.category(sign) in _UNSAFE else sign for sign in text
    )


def local_time(instant: datetime) -> str:
    """An instant in Vietnamese time, for reading: ``2026-11-22 08:15:00``."""
    return format_vietnam(instant)[:19].replace("T", " ")


@frozen
class Rows:
    """Rows under headings; on a narrow terminal a row becomes a few lines of its own."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    long: tuple[int, ...]
    """Columns whose texts may be folded."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console
        if self._least_width() <= options.max_width:
            yield self._as_table()
        else:
            for row in self.rows:
                yield self._as_lines(row)

    def _least_width(self) -> int:
        widths = [
            max(cell_len(heading), *(row[position].cell_len for row in self.rows), 0)
            for position, heading in enumerate(self.columns)
        ]
        least = (
            min(width, _LEAST) if position in self.long else width
            for position, width in enumerate(widths)
        )
        return sum(least) + _GAP * (len(widths) - 1)

    def _as_table(self) -> Table:
        made = Table(box=None, pad_edge=False, header_style="bold", show_header=any(self.columns))
        for position, column in enumerate(self.columns):
            made.add_column(column, overflow="fold", no_wrap=position not in self.long)
        for row in self.rows:
            made.add_row(*row)
        return made

    def _as_lines(self, row: Sequence[Text]) -> Text:
        lines: list[list[Text]] = [[]]
        for position, cell in enumerate(row):
            if position in self.long:
                lines += [[cell], []]
            else:
                lines[-1].append(cell)
        full = [Text(" " * _GAP).join(filter(None, line)) for line in lines]
        return Text("\n" + " " * _GAP).join(filter(None, full))


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], long: Sequence[int] = ()
) -> Rows:
    """A table without lines that would hinder copying; the columns in *long* may be folded."""
    cells = (
        tuple(cell if isinstance(cell, Text) else Text(safe(cell)) for cell in row) for row in rows
    )
    return Rows(tuple(columns), tuple(cells), tuple(long))


def facts(rows: Sequence[tuple[str, object]]) -> Table:
    """Names with values, one a line; empty values are left out."""
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        if value not in {"", None}:
            made.add_row(Text(name), value if isinstance(value, Text) else Text(safe(value)))
    return made


def good(text: str) -> Text:
    """A line about something that succeeded."""
    return Text(safe(text), style="green")


def bad(text: str) -> Text:
    """A line about something that is wrong."""
    return Text(safe(text), style="red")


@contextmanager
def progress(*, shown: bool) -> Iterator[Update | None]:
    """Bars on stderr for uploads and downloads; None when nobody watches."""
    console = Console(file=sys.stderr)
    if not shown or not console.is_terminal:
        yield None
        return
    from rich import progress as bars_of

    columns = (
        bars_of.TextColumn("{task.description}", markup=False),
        bars_of.BarColumn(),
        bars_of.DownloadColumn(),
        bars_of.TransferSpeedColumn(),
    )
    with bars_of.Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, bars_of.TaskID] = {}

        def update(state: Progress) -> None:
            if state.name not in tasks:
                tasks[state.name] = bars.add_task(safe(state.name), total=state.total)
            bars.update(tasks[state.name], completed=state.done)

        yield update
