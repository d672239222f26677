"""What people see: consoles, tables, safe text, progress bars."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lienthong.model.time import format_vietnam

if TYPE_CHECKING:
    from lienthong.client import Progress

    Update = Callable[[Progress], None]

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def stdout() -> Console:
    """The console for results; colours only on a terminal, and never with NO_COLOR."""
    return Console(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)


def safe(value: object) -> str:
    """Text from outside as it may be shown: nothing in it steers the terminal or hides letters."""
    text = unicodedata.normalize("NFC", str(value))
    return "".join(
        f"\\u{ord(sign):04x}" if unicodedata.category(sign) in _UNSAFE else sign for sign in text
    )


def local_time(instant: datetime) -> str:
    """An instant in Vietnamese time, for reading: ``2026-11-22 08:15:00``."""
    return format_vietnam(instant)[:19].replace("T", " ")


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A table without lines that would hinder copying."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for position, column in enumerate(columns):
        made.add_column(column, overflow="fold", no_wrap=position == 0)
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(safe(cell)) for cell in row))
    return made


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
