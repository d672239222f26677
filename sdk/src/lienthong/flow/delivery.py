"""The delivery machine: one package on its way to one recipient (regulations §13b, machine 2).

The axis enforces it, and vendors may use it to know what they may do next. ``step`` is pure.
"""

from __future__ import annotations

import enum
from typing import Final

from attrs import frozen

from lienthong.errors import ConflictingReport, InvalidMove, InvalidValue
from lienthong.flow.delivery_table import (
    ADVANCED_WHILE_PENDING,
    BANS,
    BY_RECIPIENT,
    LATE,
    MOVES,
    OWNERS,
    PENDING,
    WAITS_FOR_ACCEPTANCE,
    Context,
    DeliveryMove,
    Late,
)
from lienthong.flow.machine import Actor, Table, clause_of
from lienthong.model.delivery import DeliveryEvent, DeliveryState

__all__ = [
    "ADVANCED_WHILE_PENDING",
    "BANS",
    "BY_RECIPIENT",
    "LATE",
    "MOVES",
    "OWNERS",
    "PENDING",
    "TABLE",
    "WAITS_FOR_ACCEPTANCE",
    "Actor",
    "Context",
    "DeliveryMove",
    "Late",
    "Outcome",
    "Step",
    "allowed",
    "step",
]

TABLE: Final = Table(MOVES)


class Outcome(enum.Enum):
    """What became of an event."""

    MOVED = "MOVED"
    """The delivery changed."""

    REPEATED = "REPEATED"
    """The same was reported before; nothing changes."""

    LATE = "LATE"
    """It came late or out of order; it is recorded, and nothing changes."""


@frozen(kw_only=True)
class Step:
    """Where a delivery stands after an event."""

    state: DeliveryState
    outcome: Outcome
    resume_state: DeliveryState | None = None
    """In a pending state, where the delivery goes back to when the request is refused."""

    move: DeliveryMove | None = None
    """The row that was applied; None unless it moved."""


def step(state: DeliveryState | None, event: DeliveryEvent, context: Context) -> Step:
    """Apply one event.

    A report that crossed a pending request moves what the request goes back to, and leaves the
    state as it is. The same report twice, and a late one, change nothing.

    Args:
        state: where the delivery stands; None before it exists.
        event: what is reported or asked for.
        context: who causes it, and what its conditions need.

    Raises:
        InvalidMove: there is no such move for this actor in this state.
        GuardFailed: a condition of the move is not met.
        ConflictingReport: the event was reported before with other content.
    """
    move = TABLE.find(state, event, context.actor)
    if move is not None:
        move.check(context)
        return _moved(state, move, context)
    if state is not None:
        crossed = _crossed(state, event, context)
        if crossed is not None:
            return crossed
        repeated = _unmoved(state, event, context)
        if repeated is not None:
            return repeated
    raise InvalidMove(
        event=event.name,
        actor=context.actor.name,
        state="-" if state is None else state.name,
        clause=clause_of(BANS, state, event, context.actor),
    )


def allowed(state: DeliveryState, actor: Actor) -> tuple[DeliveryEvent, ...]:
    """The events that an actor may cause in a state, conditions apart."""
    return tuple(dict.fromkeys(move.event for move in TABLE.moves_of(state, actor)))


def _moved(state: DeliveryState | None, move: DeliveryMove, context: Context) -> Step:
    target = move.target
    if target is None:
        target = context.resume_state
        if target is None:
            raise InvalidValue(
                field="Context.resume_state", found="None", expected="the interrupted state"
            )
    resume = None
    if target in PENDING:
        # A request that overtakes another one leads back to what that one interrupted.
        resume = context.resume_state if state in PENDING else state
    return Step(state=target, outcome=Outcome.MOVED, resume_state=resume, move=move)


def _crossed(state: DeliveryState, event: DeliveryEvent, context: Context) -> Step | None:
    if event not in ADVANCED_WHILE_PENDING.get(state, ()):
        return None
    move = TABLE.find(context.resume_state, event, context.actor)
    if move is None:
        return None
    move.check(context)
    return Step(state=state, outcome=Outcome.MOVED, resume_state=move.target, move=move)


def _unmoved(state: DeliveryState, event: DeliveryEvent, context: Context) -> Step | None:
    if context.same_content is not None and TABLE.may_cause(context.actor, event):
        if not context.same_content:
            raise ConflictingReport(event=event.name, clause="QĐ 52/2019 Đ7.2h")
        return Step(state=state, outcome=Outcome.REPEATED, resume_state=context.resume_state)
    late = LATE.get((state, event))
    if late is not None and context.actor in late.actors:
        return Step(state=state, outcome=Outcome.LATE, resume_state=context.resume_state)
    return None
