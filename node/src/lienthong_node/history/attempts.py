"""A history sorted by what it is about: hand-overs by identifier, readings by reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from attrs import define, field

from lienthong_node.history.events import Event, Operation, Outcome

Line: TypeAlias = tuple[int, Event]
"""An event with its line, from 1."""

_HAND_OVERS = frozenset({Operation.SEND, Operation.REPORT})


@define(eq=False)
class Attempts:
    """All that was tried with one package or report."""

    id: str
    invokes: list[Line] = field(factory=list)
    oks: list[Line] = field(factory=list)
    fails: list[Line] = field(factory=list)
    unknowns: list[Line] = field(factory=list)

    @property
    def is_refused(self) -> bool:
        """Whether every attempt was refused for good, so that it never entered the journal."""
        first = not any(event.again for _, event in self.invokes)
        return (
            first
            and not self.oks
            and not self.unknowns
            and 0 < len(self.invokes) == len(self.fails)
        )

    @property
    def is_open(self) -> bool:
        """Whether its outcome is not known at the end of the history."""
        return bool(self.invokes) and not self.oks and not self.fails


@define(eq=False)
class Reading:
    """What one reader saw."""

    name: str
    organ: str
    start: int = 0
    items: list[Line] = field(factory=list)
    steps: list[Line] = field(factory=list)
    """All its events."""

    @property
    def position(self) -> int:
        """Up to where it has read."""
        seen = (
            max(event.cursor or 0, -1 if event.index is None else event.index)
            for _, event in self.steps
        )
        after = ((event.index or 0) + 1 for _, event in self.items)
        return max((*seen, *after), default=self.start)


@define(eq=False)
class Sorted:
    """The whole history."""

    attempts: dict[str, Attempts] = field(factory=dict)
    readings: dict[str, Reading] = field(factory=dict)
    heads: list[Line] = field(factory=list)
    ended: bool = False

    def indexed(self) -> Iterator[Line]:
        """Everything that names an entry of the journal, in the order of the history."""
        lines = [line for attempts in self.attempts.values() for line in attempts.oks]
        lines += [line for reading in self.readings.values() for line in reading.items]
        yield from sorted(lines, key=lambda line: line[0])


def sort(events: Sequence[Event]) -> Sorted:
    """Sort a history by what it is about."""
    found = Sorted()
    for line in enumerate(events, start=1):
        event = line[1]
        if event.op in _HAND_OVERS and event.id:
            _add(found.attempts.setdefault(event.id, Attempts(event.id)), line)
        elif event.op is Operation.READ:
            _read(found, line)
        elif event.op is Operation.HEAD:
            found.heads.append(line)
        elif event.op is Operation.END:
            found.ended = True
    return found


def _add(attempts: Attempts, line: Line) -> None:
    place = {
        Outcome.INVOKE: attempts.invokes,
        Outcome.OK: attempts.oks,
        Outcome.FAIL: attempts.fails,
        Outcome.UNKNOWN: attempts.unknowns,
    }
    place[line[1].type].append(line)


def _read(found: Sorted, line: Line) -> None:
    event = line[1]
    reading = found.readings.get(event.reader)
    if reading is None:
        start = event.cursor or 0 if event.type is Outcome.INVOKE else 0
        reading = found.readings[event.reader] = Reading(event.reader, event.by, start)
    reading.steps.append(line)
    if event.type is Outcome.OK:
        reading.items.append(line)


def counts(events: Iterable[Event]) -> dict[str, int]:
    """How many events of each kind there are."""
    found: dict[str, int] = {}
    for event in events:
        name = f"{event.op.value} {event.type.value}"
        found[name] = found.get(name, 0) + 1
    return found
