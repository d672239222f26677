"""What happened, line by line, as people want to read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field, frozen

from lienthong.codec.signed import load_entry
from lienthong.model.journal import DirectoryRecord, Receipt
from lienthong.model.time import format_vietnam
from lienthong_node.demo.cast import AGENCIES

LETTERS = {agency.code: agency.letter for agency in AGENCIES}


@frozen(kw_only=True)
class Line:
    """One step; the time is the journal's, in Vietnam time."""

    time: str
    who: str
    what: str
    states: str
    """Deliveries that changed: "B COMPLETED"."""

    index: int
    """Number of the receipt."""


@define
class Timeline:
    """The steps so far; *show* is told each new one."""

    show: Callable[[Line], None]
    lines: list[Line] = field(factory=list)

    def add(self, who: str, what: str, receipt: Receipt) -> None:
        """Note a step that the axis has given a receipt for."""
        entry = load_entry(receipt.entry)
        effects = () if isinstance(entry.body, DirectoryRecord) else entry.body.effects
        states = ", ".join(
            f"{LETTERS.get(str(effect.recipient), effect.recipient)} {effect.to_state.value}"
            for effect in effects
        )
        line = Line(
            time=format_vietnam(entry.recorded_at),
            who=who,
            what=what,
            states=states,
            index=receipt.index,
        )
        self.lines.append(line)
        self.show(line)

    def data(self) -> list[dict[str, Any]]:
        return [
            {
                "time": line.time,
                "who": line.who,
                "what": line.what,
                "states": line.states,
                "receipt": line.index,
            }
            for line in self.lines
        ]
