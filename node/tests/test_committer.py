"""Group commit: one transaction for many, answers only for what is durable."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from attrs import evolve

from lienthong.codec import json
from lienthong.codec.signed import load_entry
from lienthong.errors import (
    DiskFull,
    Draining,
    IdReused,
    Internal,
    LimitReached,
    StoreFailed,
    UnknownRecipient,
)
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.evidence.merkle import verify_inclusion
from lienthong.evidence.note import VerifierKey
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId
from lienthong.spi.records import CredentialRow
from lienthong.spi.storage import WriteTransaction
from lienthong.testing.clock import FixedClock
from lienthong.testing.signer import MemorySigner
from lienthong.testing.store import MemoryMedium, MemoryRecords, MemoryRecordStore
from lienthong_node import committer as module
from lienthong_node.committer import Batch, Committer, Outcome
from lienthong_node.core.commands import Command, PutCredential, PutOrganisations, SubmitPackage
from lienthong_node.core.credentials import Role
from lienthong_node.stores import Recorded
from node.tests.support import (
    AXIS,
    NOBODY,
    NOW,
    ORGANISATIONS,
    POLICY,
    A,
    B,
    C,
    caller,
    credential,
    document,
    manifest,
    organisation,
    report,
    signing,
    statement,
    submit,
)

SECONDS = 20.0
"""After that, somebody hangs."""

OPERATOR = caller("000.00.01.H53", Role.OPERATOR)
SIGNER = MemorySigner.checkpoint(b"\7" * 32)
KEY = VerifierKey.of_signer(AXIS, SIGNER)


def make(store: MemoryRecordStore, kind: type[Committer] = Committer, **parts: Any) -> Committer:
    """A committer that is not started."""
    values: dict[str, Any] = {"policy": POLICY, "signer": SIGNER, "clock": FixedClock()}
    return kind(store, **(values | parts))


@contextmanager
def started(committer: Committer) -> Iterator[Committer]:
    committer.start()
    try:
        yield committer
    finally:
        committer.stop()


def filled(medium: MemoryMedium | None = None) -> MemoryRecordStore:
    """A store that knows the organisations and their signing certificates."""
    store = MemoryRecordStore(medium)
    with store.write() as tx:
        for found in ORGANISATIONS:
            organ = str(found.organ_id)
            row = CredentialRow(
                fingerprint=bytes.fromhex(signing(organ).fingerprint),
                organ_id=organ,
                version=1,
                body=json.dump(signing(organ)),
            )
            tx.put_credential(row)
    with started(make(store)) as committer:
        [outcome] = ask(committer, PutOrganisations(caller=OPERATOR, organisations=ORGANISATIONS))
    assert isinstance(outcome, Recorded)
    return store


def ask(committer: Committer, *commands: Command) -> list[Outcome]:
    return committer.submit(commands).result(SECONDS)


def receipt(outcome: Outcome) -> tuple[object, ...]:
    """What a receipt is made of; checked."""
    assert isinstance(outcome, Recorded), outcome
    row, checkpoint = outcome.row, open_checkpoint(outcome.checkpoint.note, KEY)
    verify_inclusion(row.index, checkpoint.size, row.leaf_hash, row.proof, checkpoint.root)
    return row.index, row.entry, row.proof, outcome.checkpoint.note


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


class TestFaults:
    @pytest.mark.parametrize("error", [DiskFull(), StoreFailed(reason="it hums")])
    def test_what_was_not_stored_is_not_answered_and_can_be_repeated(
        self, error: DiskFull | StoreFailed
    ) -> None:
        store = filled()
        commands = [submit(manifest()) for _ in range(3)]
        with started(make(store)) as committer:
            store.fail_next(error)
            before = store.medium.records
            assert ask(committer, *commands) == [error] * 3
            assert store.medium.records is before
            assert [receipt(outcome)[0] for outcome in ask(committer, *commands)] == [1, 2, 3]

    def test_a_lost_answer_of_the_disk_is_told_as_an_error_and_repeated_safely(self) -> None:
        """The transaction stands although its sync seemed to fail."""
        store = filled()
        command = submit(manifest())
        with started(make(store)) as committer:
            store.fail_next(StoreFailed(reason="no answer"), committed=True)
            assert isinstance(ask(committer, command)[0], StoreFailed)
            [again] = ask(committer, command)
        assert receipt(again)[0] == 1
        assert store.medium.records.head.size == 2

    def test_an_unknown_exception_of_the_store_becomes_a_reference(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = filled()
        with started(make(store)) as committer:
            store.fail_next(RuntimeError("a secret path"))
            [outcome] = ask(committer, submit(manifest()))
            assert isinstance(outcome, Internal)
            assert "secret" not in str(outcome)
            assert str(outcome.facts["reference"]) in caplog.text
            receipt(ask(committer, submit(manifest()))[0])

    def test_an_exception_in_one_command_does_not_hurt_the_others(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        good = submit(manifest())
        broken = evolve(good, manifest=cast("Any", None))
        committer = make(filled())
        waiting = committer.submit([submit(manifest()), broken, good])
        with caplog.at_level(logging.ERROR), started(committer):
            first, second, third = waiting.result(SECONDS)
        assert isinstance(second, Internal)
        assert str(second.facts["reference"]) in caplog.text
        assert [receipt(first)[0], receipt(third)[0]] == [1, 2]

    def test_a_refusal_does_not_hurt_the_others(self) -> None:
        value = manifest()
        other = evolve(value, document=document(subject="khác"))
        committer = make(filled())
        waiting = committer.submit([submit(value), submit(other), submit(manifest())])
        with started(committer):
            first, second, third = waiting.result(SECONDS)
        assert isinstance(second, IdReused)
        assert [receipt(first)[0], receipt(third)[0]] == [1, 2]

    def test_a_failing_announcement_takes_no_receipt_away(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(_batch: Batch) -> None:
            raise RuntimeError("nobody listens")

        store = filled()
        with started(make(store, on_batch=fail)) as committer:
            for index in (1, 2):
                assert receipt(ask(committer, submit(manifest()))[0])[0] == index
        assert "nobody listens" in caplog.text

    def test_announces_only_what_is_durable(self) -> None:
        store = filled()
        seen: list[bool] = []

        def look(batch: Batch) -> None:
            seen.append(store.medium.records.head.size == batch.rows[-1].index + 1)

        with started(make(store, on_batch=look)) as committer:
            ask(committer, submit(manifest()), submit(manifest()))
        assert seen
        assert all(seen)


class TestDiskReserve:
    def test_refuses_new_packages_and_goes_on_with_the_rest(self) -> None:
        store = filled()
        value = manifest()
        full = False
        with started(make(store, reserve_reached=lambda: full)) as committer:
            [first] = ask(committer, submit(value))
            full = True
            new, again, arrived = ask(
                committer,
                submit(manifest()),
                submit(value),
                report(statement(DeliveryEvent.ARRIVE, value.package_id)),
            )
            assert isinstance(new, DiskFull)
            assert receipt(again) == receipt(first)
            receipt(arrived)
            full = False
            receipt(ask(committer, submit(manifest()))[0])


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


class GatedStore(MemoryRecordStore):
    """Commits when the gate is opened."""

    def __init__(self, medium: MemoryMedium) -> None:
        super().__init__(medium)
        self.at_gate = threading.Event()
        self.gate = threading.Event()

    def _commit(self, records: MemoryRecords) -> None:
        self.at_gate.set()
        assert self.gate.wait(SECONDS)
        super()._commit(records)


class Hasty(Committer):
    """The planted bug: it answers as soon as it has signed, before the commit."""

    tickets: Sequence[Any] = ()

    def _commit(self, tickets: Sequence[Any]) -> None:
        self.tickets = tickets
        super()._commit(tickets)

    def _seal(self, tx: WriteTransaction, work: Any, now: datetime) -> Any:
        sealed = super()._seal(tx, work, now)
        for ticket, row in zip(self.tickets, sealed.rows, strict=True):
            ticket.settle(Recorded(row=row, checkpoint=sealed.checkpoint))
        return sealed


def check_answers_after_commit(kind: type[Committer]) -> None:
    """Nobody gets an answer while the transaction is open; everybody gets one after it."""
    medium = MemoryMedium()
    filled(medium).close()
    store = GatedStore(medium)
    committer = make(store, kind)
    waiting: list[Future[list[Outcome]]] = [
        committer.submit([submit(manifest(B))]),
        committer.submit([submit(manifest(C))]),
    ]
    committer.start()
    try:
        assert store.at_gate.wait(SECONDS)
        early = wait(waiting, timeout=0.1).done
    finally:
        store.gate.set()
        committer.stop()
    assert not early, "an answer came before the commit"
    for future in waiting:
        receipt(future.result(0)[0])


def test_answers_after_the_commit() -> None:
    check_answers_after_commit(Committer)


def test_an_early_answer_would_be_noticed() -> None:
    with pytest.raises(AssertionError, match="before the commit"):
        check_answers_after_commit(Hasty)


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
