"""What packages and reports do to deliveries: the axis's rules around the delivery machine.

The axis records by them, and whoever verifies a case plays it again by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lienthong.flow.delivery import WAITS_FOR_ACCEPTANCE, Context, Outcome, Step, step
from lienthong.flow.machine import Actor
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.package import PackageKind
from lienthong.model.report import Statement

CARRIES_DOCUMENT: Final = frozenset({PackageKind.NEW, PackageKind.REPLACE})
"""Kinds that make deliveries of their own; the others act on those of their target."""

EVENT_AT_TARGET: Final[Mapping[PackageKind, DeliveryEvent]] = MappingProxyType(
    {
        PackageKind.RECALL: DeliveryEvent.RECALL,
        PackageKind.UPDATE: DeliveryEvent.UPDATE,
        PackageKind.REPLACE: DeliveryEvent.REPLACE,
    }
)
"""What a package is for the deliveries of its target."""


def step_at_target(
    kind: PackageKind, state: DeliveryState, resume_state: DeliveryState | None = None
) -> Step | None:
    """What a recall, update or replacement does at once to a delivery of its target.

    Args:
        kind: of the package; not NEW.
        state: of the delivery.
        resume_state: in a pending state, the one that the request interrupted.

    Returns:
        None when it does nothing: an accepted document is replaced only when the recipient accepts
        the new one (regulations D23), and what has ended stays as it ended.

    Raises:
        InvalidMove: the delivery is in a state that does not allow it.
    """
    if kind is PackageKind.REPLACE and state in WAITS_FOR_ACCEPTANCE:
        return None
    context = Context(actor=Actor.SENDER, resume_state=resume_state)
    found = step(state, EVENT_AT_TARGET[kind], context)
    return found if found.outcome is Outcome.MOVED else None


def context_of(
    statement: Statement,
    *,
    actor: Actor,
    reply_requested: bool,
    has_lead: bool,
    same_content: bool | None,
    resume_state: DeliveryState | None,
) -> Context:
    """What the delivery machine needs to know about a report.

    Args:
        statement: the report.
        actor: as whom its reporter speaks.
        reply_requested: the document asks for a reply.
        has_lead: an earlier report named the unit that leads (see ``names_lead``).
        same_content: the event was reported before with the same content, with other content;
            None: never.
        resume_state: in a pending state, the one that the request interrupted.
    """
    return Context(
        actor=actor,
        checked=statement.check is not None and statement.check.passed,
        register_number=statement.register.number if statement.register else None,
        lead_count=statement.lead_count,
        has_lead=has_lead,
        information_only=statement.information_only,
        reply_requested=reply_requested,
        reply_given=statement.reply is not None,
        same_content=same_content,
        resume_state=resume_state,
    )


def names_lead(found: Step, context: Context) -> bool:
    """Whether a report names the unit that leads from then on; a late one does so too."""
    return found.outcome is not Outcome.REPEATED and context.lead_count == 1
