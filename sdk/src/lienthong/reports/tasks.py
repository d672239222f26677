"""What still has to be done with a delivery, and by when (QĐ 52/2019 Đ8.2c, Đ9.2d)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, TypeAlias

from lienthong.model.deadline import DeadlineKind
from lienthong.model.delivery import DeliveryState
from lienthong.reports.facts import DeliveryFacts

Task: TypeAlias = tuple[DeadlineKind, datetime]
"""What is to be done, and the last instant in time."""

WAITED_FOR: Final = frozenset(
    {
        DeadlineKind.NOTICED,
        DeadlineKind.TAKEN,
        DeadlineKind.REPLIED,
        DeadlineKind.RECALL_CONFIRMED,
    }
)
"""What the sender waits for, and has to ask after (QĐ 52/2019 Đ9.2d)."""


def open_tasks(facts: DeliveryFacts) -> Iterator[Task]:
    """What its recipient still has to do with a delivery, where it has a deadline."""
    is_open = facts.withdrawn_at is None
    is_unsettled = is_open and facts.completed_at is None
    for kind, due, is_undone in (
        (DeadlineKind.NOTICED, facts.notice_by, is_open and facts.noticed_at is None),
        (DeadlineKind.TAKEN, facts.take_by, is_open and facts.accepted_at is None),
        (DeadlineKind.FORWARDED, facts.forward_by, is_open and facts.forwarded_at is None),
        (DeadlineKind.SETTLED, facts.due_at, is_unsettled and facts.accepted_at is not None),
        (DeadlineKind.REPLIED, facts.reply_by, is_unsettled),
        (
            DeadlineKind.RECALL_CONFIRMED,
            facts.recall_by,
            facts.state is DeliveryState.RECALL_PENDING,
        ),
    ):
        if due is not None and is_undone:
            yield kind, due
