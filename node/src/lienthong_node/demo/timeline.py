"""What happened, line by line, as people want to read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import define, field, frozen

from lienthong.codec.signed import load_entry
from lienthong.model.delivery import Delivery, DeliveryState
from lienthong.model.ids import PackageId
from lienthong.model.journal import PackageRecord, Receipt, StatementRecord
from lienthong.model.time import format_vietnam
from lienthong_node.demo.cast import AGENCIES, Agency

LETTERS: Final = {agency.code: agency.letter for agency in AGENCIES}


@frozen(kw_only=True)
class Line:
    """One step; the time is the journal's."""

    at: datetime
    who: Agency
    what: str
    states: tuple[tuple[str, DeliveryState], ...]
    """Deliveries that changed: letter of the recipient, state."""

    index: int
    """Number of the receipt."""

    @property
    def data(self) -> dict[str, Any]:
        """For programs; the time in Vietnam time."""
        return {
            "time": format_vietnam(self.at),
            "who": self.who.label,
            "what": self.what,
            "states": ", ".join(f"{letter} {state.value}" for letter, state in self.states),
            "receipt": self.index,
        }


@define
class Timeline:
    """The steps so far; *show* is told each new one."""

    show: Callable[[Line], None]
    lines: list[Line] = field(factory=list)
    ends: dict[PackageId, dict[str, DeliveryState]] = field(factory=dict)
    """State of each delivery after the newest step, by package and letter of the recipient."""

    numbers: dict[PackageId, str] = field(factory=dict)
    """Number of the document of each package that carries one."""

    def add(self, who: Agency, what: str, receipt: Receipt, moved: Sequence[Delivery] = ()) -> None:
        """Note a step that the axis has given a receipt for.

        Its entry says which deliveries changed; those of a recalled document are *moved*, which
        only the parties may know.
        """
        entry = load_entry(receipt.entry)
        body = entry.body
        effects = body.effects if isinstance(body, PackageRecord | StatementRecord) else ()
        changes = [(effect.package_id, effect.recipient, effect.to_state) for effect in effects]
        changes += [(found.package_id, found.recipient, found.state) for found in moved]
        states = []
        for package_id, recipient, state in changes:
            letter = LETTERS.get(str(recipient), str(recipient))
            states.append((letter, state))
            self.ends.setdefault(package_id, {})[letter] = state
        line = Line(
            at=entry.recorded_at, who=who, what=what, states=tuple(states), index=receipt.index
        )
        self.lines.append(line)
        self.show(line)

    @property
    def outcome(self) -> Mapping[str, Mapping[str, DeliveryState]]:
        """How each document stands at each recipient, by number and letter."""
        return {number: self.ends[package_id] for package_id, number in self.numbers.items()}

    def data(self) -> list[dict[str, Any]]:
        return [line.data for line in self.lines]
