"""A delivery row after a step of its machine."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Final

import attrs

from lienthong.flow.delivery import Step
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import Effect
from lienthong.spi.records import DeliveryRow
from lienthong_node.core.decision import Moment

_NAMES: Final = tuple(one.name for one in attrs.fields(DeliveryRow))
_VALUES: Final = attrgetter(*_NAMES)


def moved(
    delivery: DeliveryRow,
    outcome: Step,
    moment: Moment,
    *,
    pending: bytes = b"",
    lead: bool = False,
) -> DeliveryRow:
    """The row after *outcome*; *pending* is the package that a pending state waits for."""
    return changed(
        delivery,
        state=outcome.state.value,
        resume_state=outcome.resume_state.value if outcome.resume_state else "",
        pending_package_id=pending if outcome.resume_state else b"",
        has_lead=delivery.has_lead or lead,
        updated_us=moment.now_us,
        updated_index=moment.index,
    )


def changed(delivery: DeliveryRow, **fields: Any) -> DeliveryRow:
    """``attrs.evolve`` for rows, of which every step makes two: it takes a third of the time."""
    return DeliveryRow(**{**dict(zip(_NAMES, _VALUES(delivery), strict=True)), **fields})


def effect(before: DeliveryRow | None, after: DeliveryRow) -> Effect:
    """What the journal says about a change of a delivery."""
    return Effect(
        package_id=PackageId(after.package_id),
        recipient=OrganId(after.recipient),
        from_state=DeliveryState(before.state) if before else None,
        to_state=DeliveryState(after.state),
    )
