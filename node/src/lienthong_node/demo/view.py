"""The timeline on paper: one table for people."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from lienthong.model.time import format_vietnam
from lienthong_node.demo.cast import AGENCIES
from lienthong_node.demo.timeline import Timeline
from lienthong_node.demo.words import Speech

WIDTH: Final = 160
"""Columns where nobody says how wide the paper is."""
ROOMY: Final = 130
"""Columns from which on the names of the agencies fit into every line."""


def show(timeline: Timeline, verified: dict[str, Any], command: str, speech: Speech) -> None:
    """Print the timeline, how it ended, and how to verify it, on stdout."""
    console = Console(
        file=sys.stdout, width=None if sys.stdout.isatty() else WIDTH, highlight=False
    )
    roomy = console.width >= ROOMY
    if not roomy:
        day = format_vietnam(timeline.lines[0].at)[:10]
        names = " · ".join([day, *(agency.label for agency in AGENCIES)])
        console.print(names, markup=False, end="\n\n")
    console.print(_steps(timeline, speech, roomy=roomy), markup=False)
    console.print()
    console.print(_outcome(timeline, speech), markup=False)
    steps = ", ".join(speech.of(step, "name") for step in verified["steps"])
    for text in ("", speech("verified", steps=steps), speech("yourself")):
        console.print(text, style="green" if text else None, markup=False)
    # Never wrapped, so that it can be copied.
    console.print(f"  {command}", markup=False, soft_wrap=True)


def verify_command(bundle: Path, key: Path, anchors: Path) -> str:
    """A line for the shell that verifies the evidence again."""
    program = Path(sys.executable).with_name("lienthong")
    start = [str(program)] if program.exists() else [sys.executable, "-m", "lienthong"]
    command = ["bundle", "verify", str(bundle), "--axis-key", str(key), "--anchors", str(anchors)]
    return shlex.join([*start, *command])


def _steps(timeline: Timeline, speech: Speech, *, roomy: bool) -> Table:
    table = _table()
    table.add_column(speech("receipt"), justify="right", no_wrap=True)
    table.add_column(speech("time"), no_wrap=True)
    for name in ("who", "what", "deliveries"):
        table.add_column(speech(name), overflow="fold")
    for line in timeline.lines:
        time = format_vietnam(line.at)[:19].replace("T", " ")
        who = line.who.label if roomy else line.who.letter
        states = ", ".join(f"{letter} {speech.state(state)}" for letter, state in line.states)
        table.add_row(str(line.index), time if roomy else time[11:], who, line.what, states)
    return table


def _outcome(timeline: Timeline, speech: Speech) -> Table:
    letters = [agency.letter for agency in AGENCIES[1:]]
    table = _table()
    for name in (speech("document"), *letters):
        table.add_column(name, no_wrap=True)
    for number, states in timeline.outcome.items():
        table.add_row(number, *(speech.state(states[letter]) for letter in letters))
    return table


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
