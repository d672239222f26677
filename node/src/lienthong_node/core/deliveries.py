"""A delivery row after a step of its machine."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from lienthong.flow.delivery import WAITS_FOR_ACCEPTANCE, Actor, Context, Outcome, Step, step
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import Effect
from lienthong.model.package import PackageKind
from lienthong.spi.records import DeliveryRow
from lienthong_node.core.decision import Moment

CARRIES_DOCUMENT: Final = frozenset({PackageKind.NEW, PackageKind.REPLACE})
"""Kinds that make deliveries of their own; the others act on those of their target."""

EVENT_AT_TARGET: Final[Mapping[PackageKind, DeliveryEvent]] = MappingProxyType(
    {
        PackageKind.RECALL: DeliveryEvent.RECALL,
        PackageKind.UPDATE: DeliveryEvent.UPDATE,
        PackageKind.REPLACE: DeliveryEvent.REPLACE,
    }
)


def moved(
    delivery: DeliveryRow,
    outcome: Step,
    moment: Moment,
    *,
    pending: bytes = b"",
    lead: bool = False,
) -> DeliveryRow:
    """The row after *outcome*; *pending* is the package that a pending state waits for."""
    return attrs.evolve(
        delivery,
        state=outcome.state.value,
        resume_state=outcome.resume_state.value if outcome.resume_state else "",
        pending_package_id=pending if outcome.resume_state else b"",
        has_lead=delivery.has_lead or lead,
        updated_us=moment.now_us,
        updated_index=moment.index,
    )


def effect(before: DeliveryRow | None, after: DeliveryRow) -> Effect:
    """What the journal says about a change of a delivery."""
    return Effect(
        package_id=PackageId(after.package_id),
        recipient=OrganId(after.recipient),
        from_state=DeliveryState(before.state) if before else None,
        to_state=DeliveryState(after.state),
    )


def step_at_target(
    kind: PackageKind, state: DeliveryState, resume: DeliveryState | None = None
) -> Step | None:
    """What a recall, update or replacement does at once to a delivery of its target.

    None when nothing: an accepted document is replaced only when the recipient accepts the new one
    (regulations D23), and what has ended stays as it ended.

    Raises:
        InvalidMove: the delivery is in a state that does not allow it.
    """
    if kind is PackageKind.REPLACE and state in WAITS_FOR_ACCEPTANCE:
        return None
    outcome = step(state, EVENT_AT_TARGET[kind], Context(actor=Actor.SENDER, resume_state=resume))
    return outcome if outcome.outcome is Outcome.MOVED else None
