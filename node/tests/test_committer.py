"""Group commit: who waits together is committed together, and everybody has a turn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

import pytest

from lienthong.codec.signed import load_entry
from lienthong.errors import Draining, LimitReached, UnknownRecipient
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId
from lienthong.testing.clock import FixedClock
from lienthong_node import committer as module
from lienthong_node.committer import Outcome
from lienthong_node.core.commands import PutCredential, PutOrganisations, SubmitPackage
from lienthong_node.stores import Recorded
from node.tests.committing import OPERATOR, SECONDS, ask, filled, make, receipt, started
from node.tests.support import (
    NOBODY,
    NOW,
    ORGANISATIONS,
    A,
    B,
    C,
    credential,
    manifest,
    organisation,
    report,
    statement,
    submit,
)


class TestBatches:
    def test_what_waits_together_shares_one_checkpoint(self) -> None:
        store = filled()
        committer = make(store)
        waiting = [committer.submit([submit(manifest())]) for _ in range(20)]
        with started(committer):
            found = [receipt(future.result(SECONDS)[0]) for future in waiting]
        assert [index for index, *_ in found] == list(range(1, 21))
        assert {note for *_, note in found} == {found[0][-1]}
        assert sorted(store.medium.records.checkpoints) == [1, 21]

    def test_more_than_a_batch_holds_goes_into_several(self) -> None:
        store = filled()
        committer = make(store)
        count = module.MAX_BATCH + 1
        waiting = committer.submit([submit(manifest()) for _ in range(count)])
        with started(committer):
            for outcome in waiting.result(SECONDS):
                receipt(outcome)
        assert sorted(store.medium.records.checkpoints) == [1, count, count + 1]

    def test_a_repetition_inside_a_batch_gets_the_same_receipt(self) -> None:
        store = filled()
        committer = make(store)
        command = submit(manifest())
        waiting = committer.submit([command, command])
        with started(committer):
            first, second = map(receipt, waiting.result(SECONDS))
        assert first == second
        assert store.medium.records.head.size == 2

    def test_a_repetition_in_a_later_batch_gets_the_same_receipt(self) -> None:
        command = submit(manifest())
        with started(make(filled())) as committer:
            [first] = ask(committer, command)
            ask(committer, submit(manifest()))
            [second] = ask(committer, command)
        assert receipt(first) == receipt(second)

    def test_a_batch_without_anything_new_signs_nothing(self) -> None:
        store = filled()
        with started(make(store)) as committer:
            outcomes = ask(committer, submit(manifest(NOBODY)))
        assert isinstance(outcomes[0], UnknownRecipient)
        assert sorted(store.medium.records.checkpoints) == [1]

    def test_a_later_command_of_a_batch_sees_an_earlier_one(self) -> None:
        committer = make(filled())
        value = manifest()
        ask_back = statement(DeliveryEvent.REQUEST_TAKE_BACK, value.package_id, reporter=OrganId(A))
        newcomer = PutOrganisations(caller=OPERATOR, organisations=(organisation(NOBODY),))
        its_key = PutCredential(caller=OPERATOR, credential=credential(NOBODY))
        groups = [
            committer.submit([submit(value), report(ask_back)]),
            committer.submit([newcomer, its_key]),
        ]
        with started(committer):
            for group in groups:
                for outcome in group.result(SECONDS):
                    receipt(outcome)
        assert committer.registry.version == len(ORGANISATIONS) + 2

    def test_nothing_to_do_is_done_at_once(self) -> None:
        assert make(filled()).submit([]).result(0) == []

    def test_a_new_committer_goes_on_where_the_last_one_stopped(self) -> None:
        store = filled()
        with started(make(store)) as committer:
            [first] = ask(committer, submit(manifest()))
        with started(make(store)) as committer:
            [second] = ask(committer, submit(manifest()))
        assert (receipt(first)[0], receipt(second)[0]) == (1, 2)

    def test_sees_directory_changes_of_another_process(self) -> None:
        store = filled()
        one, other = make(store), make(store)
        with started(one), started(other):
            ask(other, PutOrganisations(caller=OPERATOR, organisations=(organisation(NOBODY),)))
            [outcome] = ask(one, submit(manifest(NOBODY)))
        receipt(outcome)


class TestTime:
    def test_never_goes_back_with_the_clock(self) -> None:
        clock = FixedClock()
        times: list[datetime] = []
        with started(make(filled(), clock=clock)) as committer:
            for step in (1, -3600, 5, -86400, 86400 + 3600):
                clock.advance(timedelta(seconds=step))
                [outcome] = ask(committer, submit(manifest(created_at=clock())))
                assert isinstance(outcome, Recorded)
                times.append(load_entry(outcome.row.entry).recorded_at)
        assert times == sorted(times)
        assert times[0] == NOW + timedelta(seconds=1)
        assert times[1] == times[0]
        assert times[-1] == clock()


class TestShares:
    def test_organisations_take_turns(self) -> None:
        committer = make(filled())
        greedy = committer.submit([submit(manifest()) for _ in range(600)])
        modest = committer.submit([submit(manifest(sender=OrganId(C)))])
        with started(committer):
            assert receipt(modest.result(SECONDS)[0])[0] == 2
            greedy.result(SECONDS)

    def test_who_has_too_much_waiting_is_told_when_to_come_back(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "MAX_WAITING", 3)
        committer = make(filled())
        greedy = committer.submit([submit(manifest()) for _ in range(5)])
        modest = committer.submit([submit(manifest(sender=OrganId(C)))])
        with started(committer):
            outcomes = greedy.result(SECONDS)
            receipt(modest.result(SECONDS)[0])
        for outcome in outcomes[:3]:
            receipt(outcome)
        for outcome in outcomes[3:]:
            assert isinstance(outcome, LimitReached)
            assert outcome.facts == {"limit": "waiting commands", "retry_after": 1}


class TestStopping:
    def test_answers_what_was_taken_in_and_refuses_what_comes_later(self) -> None:
        committer = make(filled())
        waiting = committer.submit([submit(manifest()) for _ in range(300)])
        committer.start()
        committer.stop()
        assert len([receipt(outcome) for outcome in waiting.result(0)]) == 300
        [late] = committer.submit([submit(manifest())]).result(0)
        assert isinstance(late, Draining)

    def test_an_answer_that_nobody_waits_for_hurts_nobody(self) -> None:
        committer = make(filled())
        gone = committer.submit([submit(manifest())])
        stays = committer.submit([submit(manifest())])
        assert gone.cancel()
        with started(committer):
            receipt(stays.result(SECONDS)[0])


def test_many_threads_hand_over_at_once() -> None:
    """Every command is answered once, with an entry of its own."""
    store = filled()
    commands: list[list[SubmitPackage]] = [
        [submit(manifest(B if organ != B else C, sender=OrganId(organ))) for _ in range(25)]
        for organ in (A, B, C)
        for _ in range(3)
    ]
    found: list[Outcome] = []
    with started(make(store)) as committer:
        hand_over: Callable[[list[SubmitPackage]], None] = lambda mine: found.extend(  # noqa: E731
            ask(committer, *mine)
        )
        threads = [threading.Thread(target=hand_over, args=(mine,)) for mine in commands]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
    indexes = sorted(cast("int", receipt(outcome)[0]) for outcome in found)
    assert indexes == list(range(1, 1 + 9 * 25))
