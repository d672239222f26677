"""What both state machines are made of: moves as data, and looking them up.

A machine is a table of moves; nothing else decides. The documentation's diagrams and tables are
printed from the same data (``lienthong.flow.diagram``).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from attrs import field, frozen

from lienthong.errors import GuardFailed

S = TypeVar("S", bound=enum.Enum)
E = TypeVar("E", bound=enum.Enum)
R = TypeVar("R", bound=enum.Enum)
C = TypeVar("C")


class Actor(enum.Enum):
    """Who causes an event of a delivery."""

    SENDER = "SENDER"
    RECIPIENT = "RECIPIENT"
    AXIS = "AXIS"

    @property
    def label_vi(self) -> str:
        return _ACTOR_LABELS[self]


_ACTOR_LABELS = {Actor.SENDER: "Bên gửi", Actor.RECIPIENT: "Bên nhận", Actor.AXIS: "Trục"}


@frozen(kw_only=True)
class Guard(Generic[C]):
    """A condition of a move."""

    name: str
    needs: str
    """The condition as a noun phrase, for error texts."""

    needs_vi: str
    clause: str
    holds: Callable[[C], bool] = field(repr=False)


@frozen(kw_only=True)
class Move(Generic[S, E, R, C]):
    """One row of a machine's table."""

    number: str
    """Row of regulations §13b."""

    source: S | None
    """None where the machine begins."""

    event: E
    target: S | None
    """None: the state that a pending request interrupted."""

    actors: frozenset[R]
    guards: tuple[Guard[C], ...] = ()
    clause: str

    def check(self, context: C) -> None:
        """Check every condition.

        Raises:
            GuardFailed: naming the first condition that is not met.
        """
        for guard in self.guards:
            if not guard.holds(context):
                raise GuardFailed(
                    event=self.event.name,
                    state="-" if self.source is None else self.source.name,
                    condition=guard.needs,
                    guard=guard.name,
                    clause=guard.clause,
                )


@frozen(kw_only=True)
class Ban(Generic[S, E, R]):
    """A combination that the texts forbid in so many words; it only names the clause."""

    says: str
    says_vi: str
    clause: str
    states: frozenset[S] | None = None
    """None: any."""

    events: frozenset[E] | None = None
    actors: frozenset[R] | None = None

    def covers(self, state: S | None, event: E, actor: R) -> bool:
        """Whether it forbids this combination."""
        return (
            (self.states is None or state in self.states)
            and (self.events is None or event in self.events)
            and (self.actors is None or actor in self.actors)
        )


class Table(Generic[S, E, R, C]):
    """The moves of one machine, found by state, event and actor; may be shared by threads.

    Raises:
        ValueError: two rows answer to the same state, event and actor.
    """

    def __init__(self, moves: Iterable[Move[S, E, R, C]]) -> None:
        self.moves = tuple(moves)
        self._index: dict[tuple[S | None, E, R], Move[S, E, R, C]] = {}
        self._actors: dict[E, set[R]] = {}
        for move in self.moves:
            for actor in move.actors:
                if self._index.setdefault((move.source, move.event, actor), move) is not move:
                    raise ValueError(f"{move.number} repeats another row")
                self._actors.setdefault(move.event, set()).add(actor)

    def find(self, state: S | None, event: E, actor: R) -> Move[S, E, R, C] | None:
        """The row for this combination, or None."""
        return self._index.get((state, event, actor))

    def may_cause(self, actor: R, event: E) -> bool:
        """Whether there is any state in which the actor may cause the event."""
        return actor in self._actors.get(event, ())

    def moves_of(self, state: S | None, actor: R) -> tuple[Move[S, E, R, C], ...]:
        """What an actor may do in a state, in the table's order."""
        return tuple(move for move in self.moves if move.source is state and actor in move.actors)


def clause_of(bans: Iterable[Ban[S, E, R]], state: S | None, event: E, actor: R) -> str:
    """The clause that forbids a combination; a general one when no text names it."""
    for ban in bans:
        if ban.covers(state, event, actor):
            return ban.clause
    return "QĐ 52/2019 Đ5, Đ8"
