"""What is still to be done, against a recount by hand from lives."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from attrs import evolve

from lienthong.model.deadline import DeadlineKind
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import OrganId, PackageId
from lienthong.reports.facts import WITHDRAWN, DeliveryFacts
from lienthong.reports.period import Period
from lienthong.reports.tasks import WAITED_FOR, open_tasks
from sdk.tests.reports.book import DAYS_OFF, NOW, SWAPPED, Book
from sdk.tests.reports.cast import FINANCE, ORGANS, UBND
from sdk.tests.reports.generated import Generated, Life, generate
from sdk.tests.reports.recount import ONE_DAY, TAKE_H, Recount, gone, local, utc

Task = tuple[PackageId, OrganId, DeadlineKind, datetime]
_K = DeadlineKind
DUE = NOW + timedelta(days=1)
ACCEPTED = {"noticed_at": NOW, "accepted_at": NOW}


def facts(**fields: Any) -> DeliveryFacts:
    values: dict[str, Any] = {
        "package_id": PackageId.new(NOW, b"0123456789"),
        "recipient": FINANCE,
        "sender": UBND,
        "state": DeliveryState.ARRIVED,
        "notice_by": DUE,
        "take_by": DUE,
        "forward_by": DUE,
        "due_at": DUE,
        "reply_by": DUE,
        "recall_by": DUE,
    }
    return DeliveryFacts(**(values | fields))


def kinds(**fields: Any) -> set[DeadlineKind]:
    return {kind for kind, _ in open_tasks(facts(**fields))}


@pytest.mark.parametrize("state", [state for state in DeliveryState if state in WITHDRAWN])
def test_with_what_was_withdrawn_nothing_is_to_be_done(state: DeliveryState) -> None:
    """But for a recall that is to be confirmed."""
    left = {_K.RECALL_CONFIRMED} if state is DeliveryState.RECALL_PENDING else set()
    assert kinds(state=state, withdrawn_at=NOW) == left
    assert kinds(state=state, withdrawn_at=NOW, accepted_at=NOW) == left


@pytest.mark.parametrize(
    ("done", "left"),
    [
        ({}, {_K.NOTICED, _K.TAKEN, _K.FORWARDED, _K.REPLIED}),
        ({"noticed_at": NOW}, {_K.TAKEN, _K.FORWARDED, _K.REPLIED}),
        (ACCEPTED, {_K.FORWARDED, _K.SETTLED, _K.REPLIED}),
        (ACCEPTED | {"forwarded_at": NOW}, {_K.SETTLED, _K.REPLIED}),
        (ACCEPTED | {"forwarded_at": NOW, "completed_at": NOW}, set()),
        (ACCEPTED | {"due_at": None, "reply_by": None}, {_K.FORWARDED}),
    ],
)
def test_what_was_done_is_left_out(done: dict[str, Any], left: set[DeadlineKind]) -> None:
    assert kinds(**done) == left


def test_senders_wait_for_some() -> None:
    assert {_K.NOTICED, _K.TAKEN, _K.REPLIED, _K.RECALL_CONFIRMED} == WAITED_FOR


@pytest.fixture(scope="module", params=[1, 2])
def journal(request: pytest.FixtureRequest) -> Generated:
    return generate(request.param, 200)


def found(journal: Generated) -> set[Task]:
    return {
        (one.package_id, one.recipient, kind, due)
        for one in Book.of(journal.entries).deliveries.values()
        for kind, due in open_tasks(one)
    }


def recounted(journal: Generated, closing: time = time(17)) -> set[Task]:
    year = Period.parse("2026")
    by_hand = Recount(
        journal=journal,
        organs=ORGANS,
        first=year.first,
        end=year.end,
        as_of=NOW,
        days_off=DAYS_OFF,
        swapped=SWAPPED,
        closing=closing,
    )
    return {
        (life.package_id, life.recipient, kind, due)
        for life in journal.lives
        for kind, due in _open(life, by_hand)
    }


def _open(life: Life, by_hand: Recount) -> list[tuple[DeadlineKind, datetime]]:
    tasks = []
    if life.recalled:
        if not life.recall_confirmed:
            day = by_hand.next_day(local(by_hand.received(life.recalled)).date())
            end = utc(datetime.combine(day, by_hand.closing))
            tasks.append((_K.RECALL_CONFIRMED, end))
        return tasks
    if gone(life):
        return tasks
    if not life.noticed:
        received = local(by_hand.received(life.recorded)).date()
        tasks.append((_K.NOTICED, utc(datetime.combine(received + ONE_DAY, time(0)))))
    if not life.accepted:
        tasks.append((_K.TAKEN, by_hand.after_work(life.recorded, TAKE_H)))
    if life.entered and not life.forwarded:
        due = by_hand.forward_due(life, by_hand.received(life.entered))
        tasks.append((_K.FORWARDED, due))
    settle_due = by_hand.settle_due(life)
    if settle_due and not life.completed:
        tasks += [(_K.SETTLED, settle_due)] if life.accepted else []
        tasks += [(_K.REPLIED, settle_due)] if life.wants_reply else []
    return tasks


def test_tasks_are_those_of_a_recount(journal: Generated) -> None:
    assert found(journal) == recounted(journal)
    assert {kind for _, _, kind, _ in found(journal)} == set(DeadlineKind)


def test_the_recount_can_fail(journal: Generated) -> None:
    assert found(journal) != recounted(journal, closing=time(16))
    waiting = (one for one in journal.lives if one.accepted and not gone(one))
    done = next(life for life in waiting if not life.forwarded)
    others = [life for life in journal.lives if life is not done]
    done = evolve(done, forwarded=NOW, completed=NOW, recall_confirmed=NOW)
    assert found(journal) != recounted(evolve(journal, lives=[*others, done]))
