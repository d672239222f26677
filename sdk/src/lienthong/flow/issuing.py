"""The issuing machine: one document in its issuer's own system (regulations §13b, machine 1).

Vendors may embed it; the axis sees a document only once it is issued. ``step`` is pure.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from lienthong.errors import InvalidMove
from lienthong.flow.issuing_table import BANS, IssuingContext, IssuingMove, moves
from lienthong.flow.issuing_words import IssuingEvent, IssuingState, Role
from lienthong.flow.machine import Table, clause_of

__all__ = [
    "BANS",
    "MOVES",
    "MOVES_NUMBER_FIRST",
    "IssuingContext",
    "IssuingEvent",
    "IssuingMove",
    "IssuingState",
    "IssuingStep",
    "Role",
    "step",
]

MOVES: Final = moves(number_before_sign=False)
MOVES_NUMBER_FIRST: Final = moves(number_before_sign=True)

_SIGN_FIRST: Final = Table(MOVES)
_NUMBER_FIRST: Final = Table(MOVES_NUMBER_FIRST)


@frozen(kw_only=True)
class IssuingStep:
    """Where a document stands after an event."""

    state: IssuingState
    move: IssuingMove


def step(state: IssuingState, event: IssuingEvent, context: IssuingContext) -> IssuingStep:
    """Apply one event.

    Args:
        state: where the document stands.
        event: what is to be done.
        context: who does it, in which order the province signs, and what the conditions need.

    Raises:
        InvalidMove: there is no such move for this role in this state.
        GuardFailed: a condition of the move is not met.
    """
    table = _NUMBER_FIRST if context.number_before_sign else _SIGN_FIRST
    move = table.find(state, event, context.role)
    if move is None or move.target is None:
        raise InvalidMove(
            event=event.name,
            actor=context.role.name,
            state=state.name,
            clause=clause_of(BANS, state, event, context.role),
        )
    move.check(context)
    return IssuingStep(state=move.target, move=move)
