"""A year on one screen: twelve months, and the days that are not what their weekday says."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from lienthong.cli.output import table
from lienthong.cli.texts import Words
from lienthong.rules.calendar import DayException, DayStatus

_MONTHS_A_ROW: Final = 3
_CELL: Final = 4
_WEEK: Final = 7
_GAP: Final = "   "
_OFF: Final = ("×", "bold red")
_SWAPPED: Final = ("+", "bold green")
_OPEN: Final = ("?", "bold yellow")
_WEEKDAY: Final = (" ", "")
_WEEKEND: Final = (" ", "dim")

_Mark = tuple[str, str]
"""A sign, which shows without colours too, and a style."""


def year_view(words: Words, year: int, exceptions: Sequence[DayException]) -> RenderableType:
    """Months, legend and list of a year."""
    marks = {item.day: _mark_of(item) for item in exceptions}
    months = tuple(_month(words, year, number, marks) for number in range(1, 13))
    return Group(_Months(months), _legend(words), Text(), _list(words, exceptions))


@frozen
class _Months:
    """Months side by side, as many as the terminal has room for, at most three."""

    months: tuple[list[Text], ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console
        room = (options.max_width + len(_GAP)) // (_CELL * _WEEK + len(_GAP))
        beside = max(1, min(_MONTHS_A_ROW, room))
        for first in range(0, len(self.months), beside):
            for lines in zip(*self.months[first : first + beside], strict=True):
                yield Text(_GAP).join(lines)


def _list(words: Words, exceptions: Sequence[DayException]) -> RenderableType:
    """The list of exceptions with what they rest on."""
    keys = ["day", "what", "name", "basis", "status"]
    rows = [
        [
            words.day(item.day),
            words("working_day" if item.is_working else "day_off"),
            item.name,
            item.basis,
            words.label(item.status),
        ]
        for item in exceptions
    ]
    if any(item.replaces for item in exceptions):
        keys.append("replaces")
        rows = [[*row, item.replaces] for row, item in zip(rows, exceptions, strict=True)]
    return table([words(key) for key in keys], rows, long=(2, 3, 5))


def _month(words: Words, year: int, month: int, marks: Mapping[date, _Mark]) -> list[Text]:
    """Lines of the same width: title, weekdays, six weeks, a gap."""
    width = _CELL * _WEEK
    lines = [
        Text(f"{month:02}/{year}".center(width), style="bold"),
        Text("".join(f"{name:>2}".ljust(_CELL) for name in words.weekdays), style="dim"),
    ]
    days = list(calendar.Calendar().itermonthdays(year, month))
    days += [0] * (6 * _WEEK - len(days))
    for first in range(0, len(days), _WEEK):
        line = Text()
        for day in days[first : first + _WEEK]:
            line.append_text(_cell(date(year, month, day), marks) if day else Text(" " * _CELL))
        lines.append(line)
    return [*lines, Text(" " * width)]


def _cell(day: date, marks: Mapping[date, _Mark]) -> Text:
    sign, style = marks.get(day, _WEEKEND if day.weekday() >= calendar.SATURDAY else _WEEKDAY)
    return Text.assemble((f"{day.day:2}{sign}", style), " ")


def _mark_of(item: DayException) -> _Mark:
    if item.status is DayStatus.PROVISIONAL:
        return _OPEN
    return _SWAPPED if item.is_working else _OFF


def _legend(words: Words) -> Text:
    legend = ((_OFF, "day_off"), (_SWAPPED, "working_day"), (_OPEN, "day_open"))
    shown = [Text.assemble((sign, style), f" {words(key)}") for (sign, style), key in legend]
    return Text(_GAP).join(shown)
