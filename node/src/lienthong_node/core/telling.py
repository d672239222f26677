"""What the axis itself does about deadlines.

It tells those that come near or have passed, and computes open ones anew when the law or the
directory has changed.
Who asks is the axis, never somebody on the wire; what is told follows from the delivery's row and
the moment alone, so asking twice tells once.
"""

from __future__ import annotations

from lienthong.errors import NotFound
from lienthong.model.deadline import DeadlineKind, DeadlineStage
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import DeadlineRecord
from lienthong.model.time import from_us, vietnam_date
from lienthong.spi.records import DeliveryRow
from lienthong_node.core.checks import with_representatives
from lienthong_node.core.commands import RecomputeDeadlines, TellDeadline
from lienthong_node.core.deadlines import (
    Bound,
    next_told,
    recomputed,
    sides_told,
    with_told,
)
from lienthong_node.core.decision import Accepted, Amended, Decision, Moment, Repeated
from lienthong_node.core.facts import DeadlineFacts


def decide_telling(command: TellDeadline, facts: DeadlineFacts, moment: Moment) -> Decision:
    """Tell the next deadline of a delivery; nothing is recorded where nothing is due.

    Raises:
        NotFound: there is no such delivery.
    """
    row = _delivery(command, facts)
    told = next_told(row, moment.now_us)
    if told is None:
        return Repeated(index=row.updated_index)
    kind, stage = DeadlineKind(told.kind), DeadlineStage(told.stage)
    sides = (row.recipient, row.sender)[: sides_told(kind, stage)]
    return Accepted(
        body=DeadlineRecord(
            package_id=PackageId(row.package_id),
            recipient=OrganId(row.recipient),
            kind=kind,
            stage=stage,
            due_at=from_us(told.due_us),
            rule_set=told.rule_set,
            calendar=told.calendar,
            provisional=told.provisional,
        ),
        subject_id=row.recipient.encode(),
        package_id=row.package_id,
        parties=with_representatives(sides, facts.directory, vietnam_date(moment.now)),
        deliveries=(with_told(row, told),),
    )


def decide_recomputing(
    command: RecomputeDeadlines, facts: DeadlineFacts, moment: Moment
) -> Decision:
    """Compute the deadlines of a delivery anew; the entry of what was changed stands for it.

    Raises:
        NotFound: there is no such delivery.
    """
    row = _delivery(command, facts)
    bound = Bound(recipient=row.recipient, law=facts.law, directory=facts.directory)
    changed = recomputed(row, moment.now_us, bound)
    if changed == row:
        return Repeated(index=row.updated_index)
    return Amended(index=row.updated_index, delivery=changed)


def _delivery(command: TellDeadline | RecomputeDeadlines, facts: DeadlineFacts) -> DeliveryRow:
    if facts.delivery is None:
        what = f"the delivery of {command.package_id.hex()} to {command.recipient}"
        raise NotFound(what=what)
    return facts.delivery
