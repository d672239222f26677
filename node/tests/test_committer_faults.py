"""What goes wrong in a batch: nobody is told that something is durable that is not."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, wait
from datetime import datetime
from typing import Any, cast

import pytest
from attrs import evolve

from lienthong.errors import DataCorrupt, DiskFull, IdReused, Internal, StoreFailed
from lienthong.model.delivery import DeliveryEvent
from lienthong.spi.storage import WriteTransaction
from lienthong.testing.signer import MemorySigner
from lienthong.testing.store import MemoryMedium, MemoryRecords, MemoryRecordStore
from lienthong_node import committer as committer_module
from lienthong_node.committer import Batch, Committer, Outcome
from lienthong_node.stores import Recorded
from node.tests.committing import SECONDS, ask, filled, make, receipt, started
from node.tests.support import B, C, document, manifest, report, statement, submit


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

    def test_a_signature_that_does_not_fit_leaves_no_receipt_and_no_trace(self) -> None:
        """What the signer of checkpoints returns is verified like anything from outside."""
        other = MemorySigner.checkpoint(b"\x08" * 32)

        class Lying(MemorySigner):
            def sign(self, message: bytes) -> bytes:
                return other.sign(message)

        store = filled()
        before = store.medium.records
        with started(make(store, signer=Lying.checkpoint(b"\x07" * 32))) as committer:
            [outcome] = ask(committer, submit(manifest()))
        assert isinstance(outcome, StoreFailed)
        assert "does not fit its key" in str(outcome)
        assert store.medium.records is before

    def test_a_damaged_entry_is_the_error_of_who_asks_for_it_alone(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = filled()
        command = submit(manifest())
        with started(make(store)) as committer:
            receipt(ask(committer, command)[0])

            def damaged(_view: object, index: int) -> Recorded:
                raise DataCorrupt(what=f"journal entry {index}")

            monkeypatch.setattr(committer_module, "read_recorded", damaged)
            [again, other] = ask(committer, command, submit(manifest()))
            assert isinstance(again, DataCorrupt)
            assert receipt(other)[0] == 2
            assert committer.failing == ""

    def test_a_failure_is_over_when_the_store_works_again_though_nobody_comes(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(committer_module, "PROBE_S", 0.01)
        store = filled()
        before = store.medium.records.head
        with started(make(store)) as committer:
            store.fail_next(DiskFull())
            ask(committer, submit(manifest()))
            for _ in range(1000):
                if not committer.failing:
                    break
                time.sleep(0.01)
            assert committer.failing == ""
            assert store.medium.records.head == before

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
