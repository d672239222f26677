"""Any sequence of calls gives what a simple store in memory gives."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeAlias

import pytest
from attrs import evolve, frozen
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from lienthong.spi import ReadView, RecordStore, WriteTransaction
from lienthong.spi.records import CheckpointRow, CredentialRow, DeliveryRow
from lienthong.testing.samples import (
    delivery_row,
    journal_row,
    organisation_row,
    package_id,
    package_row,
    sha256,
    stamp_row,
    statement_row,
)
from lienthong.testing.store import MemoryMedium, MemoryRecordStore
from lienthong_conformance import machines
from lienthong_conformance.record_cases.steps import Interrupted, interrupt

Question: TypeAlias = Callable[[ReadView], object]

ORGANS = ("A1", "H05", "H05.1")
STATES = ("SENT", "ARRIVED", "REFUSED")
NUMBERS = tuple(range(4))

organs = st.sampled_from(ORGANS)
numbers = st.sampled_from(NUMBERS)
parties = st.lists(organs, max_size=3).map(tuple)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
deliveries = st.builds(
    delivery_row,
    numbers,
    recipient=organs,
    sender=organs,
    state=st.sampled_from(STATES),
    updated_index=st.integers(0, 5),
    subject=texts,
    look_us=st.integers(0, 5),
)


@frozen
class Pair:
    """The same look at, or transaction of, the store and its oracle."""

    real: ReadView
    oracle: ReadView

    def compare(self) -> None:
        """Ask both the same questions."""
        for ask in QUESTIONS:
            assert ask(self.real) == ask(self.oracle)


def _questions() -> list[Question]:
    """Every reading call, over all the small values that the machine uses."""
    ask: list[Question] = [
        lambda view: view.head(),
        lambda view: list(view.journal(0, 99)),
        lambda view: list(view.journal(2, 2)),
        lambda view: list(view.leaf_hashes(1, 3)),
        lambda view: view.checkpoint(),
        lambda view: list(view.organisations(1, 2)),
        lambda view: list(view.credentials(1)),
        lambda view: list(view.laws(1)),
        lambda view: list(view.stamps(1, 2)),
        lambda view: list(view.stamps(0, 9, "checkpoint")),
        lambda view: view.last_stamp("renewal"),
        lambda view: view.stamp_covering(3),
        lambda view: view.stamps_end(1),
        lambda view: list(view.watched_deliveries(4, None, 99)),
        lambda view: list(view.watched_deliveries(9, (2, package_id(1), "H05"), 2)),
    ]
    for number in NUMBERS:
        ask += _about_package(number)
    for organ in ORGANS:
        ask += _about_organ(organ)
    return ask


def _about_package(number: int) -> list[Question]:
    name = package_id(number)
    return [
        lambda view: view.package(name),
        lambda view: list(view.deliveries(name)),
        lambda view: list(view.journal_of(name)),
        lambda view: view.statement(statement_row(number).statement_id),
        lambda view: view.checkpoint(number),
    ]


def _about_organ(organ: str) -> list[Question]:
    before = (3, package_id(1), "H05")
    return [
        lambda view: list(view.feed(organ, 0, 99)),
        lambda view: list(view.feed(organ, 1, 2)),
        lambda view: view.possession(organ, sha256("file")),
        lambda view: view.unused_bytes(organ),
        lambda view: list(view.unused_files(2, 2)),
        lambda view: list(view.statements(package_id(1), organ)),
        lambda view: view.delivery(package_id(1), organ),
        _list(organ, incoming=True),
        _list(organ, incoming=False),
        _list(organ, incoming=True, states=STATES[:2], before=before, limit=2),
    ]


def _list(
    organ: str,
    *,
    incoming: bool,
    states: tuple[str, ...] = (),
    before: tuple[int, bytes, str] | None = None,
    limit: int = 99,
) -> Question:
    return lambda view: list(
        view.list_deliveries(organ, incoming=incoming, states=states, before=before, limit=limit)
    )


QUESTIONS = _questions()


class RecordMachine(RuleBasedStateMachine):
    """Does the same to a store and to its oracle, and compares them after every step."""

    def __init__(self, open_store: Callable[[], RecordStore]) -> None:
        super().__init__()
        self._open = open_store
        self._medium = MemoryMedium()
        self._real = open_store()
        self._oracle = MemoryRecordStore(self._medium)
        self._looks = ExitStack()
        self._held: list[Pair] = []

    def _do(self, step: Callable[[WriteTransaction], object]) -> None:
        """Do one step to both in a transaction."""
        with self._real.write() as real, self._oracle.write() as oracle:
            step(real)
            step(oracle)
            Pair(real, oracle).compare()

    @rule(batch=st.lists(st.tuples(numbers, parties), min_size=1, max_size=3))
    def append(self, batch: list[tuple[int, tuple[str, ...]]]) -> None:
        def step(transaction: WriteTransaction) -> None:
            head = transaction.head()
            rows = [
                journal_row(head.size + at, package_id=package_id(number), parties=shown)
                for at, (number, shown) in enumerate(batch)
            ]
            transaction.add_journal(rows)
            frontier = (*head.frontier, rows[-1].leaf_hash)[-3:]
            size = head.size + len(rows)
            transaction.set_head(evolve(head, size=size, frontier=frontier))
            transaction.add_checkpoint(CheckpointRow(size=size, note=f"note {size}"))

        self._do(step)

    @rule(rows=st.lists(deliveries, max_size=4))
    def put_deliveries(self, rows: list[DeliveryRow]) -> None:
        self._do(lambda transaction: transaction.put_deliveries(rows))

    @rule(number=numbers, organ=organs, index=st.integers(0, 9))
    def add_statement(self, number: int, organ: str, index: int) -> None:
        row = statement_row(number, package_id=package_id(1), recipient=organ, index=index)
        self._try(lambda transaction: transaction.add_statement(row))

    @rule(number=numbers, size=st.integers(0, 5), kind=st.sampled_from(("checkpoint", "renewal")))
    def add_stamp(self, number: int, size: int, kind: str) -> None:
        row = stamp_row(number + 1, size=size, kind=kind)
        self._try(lambda transaction: transaction.add_stamp(row))

    @rule(number=numbers)
    def add_package(self, number: int) -> None:
        self._try(lambda transaction: transaction.add_package(package_row(number)))

    def _try(self, step: Callable[[WriteTransaction], object]) -> None:
        """Do a step that both must refuse, or neither."""
        refused = []
        for store in (self._real, self._oracle):
            try:
                with store.write() as transaction:
                    step(transaction)
            except Exception:  # noqa: BLE001 - which error is the store's own business
                refused.append(store)
        assert refused in ([], [self._real, self._oracle])

    @rule(organ=organs, version=st.integers(0, 4), body=st.binary(max_size=4))
    def put_directory_rows(self, organ: str, version: int, body: bytes) -> None:
        credential = CredentialRow(
            fingerprint=sha256(organ), organ_id=organ, version=version, body=body
        )

        def step(transaction: WriteTransaction) -> None:
            transaction.put_organisation(organisation_row(organ, version, body))
            transaction.put_credential(credential)
            transaction.add_possession(organ, sha256("file"), 7)
            transaction.add_contents([(sha256(organ), organ.encode())])

        self._do(step)

    @rule(organ=organs, since=st.none() | st.integers(0, 4))
    def add_possession(self, organ: str, since: int | None) -> None:
        self._do(lambda transaction: transaction.add_possession(organ, sha256("own"), 3, since))

    @rule(organ=organs, before=st.integers(0, 5))
    def drop_possession(self, organ: str, before: int) -> None:
        answers = []
        self._do(
            lambda transaction: answers.append(
                transaction.drop_possession(organ, sha256("own"), before)
            )
        )
        assert answers[0] is answers[1]

    @rule(rows=st.lists(deliveries, min_size=1, max_size=3))
    def roll_back(self, rows: list[DeliveryRow]) -> None:
        def step(transaction: WriteTransaction) -> None:
            transaction.put_deliveries(rows)
            transaction.add_journal([journal_row(transaction.head().size, parties=ORGANS)])
            transaction.set_head(evolve(transaction.head(), size=99))

        with pytest.raises(Interrupted):
            interrupt(self._real, step)

    @precondition(lambda self: len(self._held) < 3)
    @rule()
    def hold_a_look(self) -> None:
        real = self._looks.enter_context(self._real.read())
        oracle = self._looks.enter_context(self._oracle.read())
        self._held.append(Pair(real, oracle))

    @rule()
    def reopen(self) -> None:
        self._let_go()
        self._real.close()
        self._oracle.close()
        self._real = self._open()
        self._oracle = MemoryRecordStore(self._medium)

    def _let_go(self) -> None:
        self._looks.close()
        self._held.clear()

    @invariant()
    def held_looks_have_not_changed(self) -> None:
        for pair in self._held:
            pair.compare()

    @invariant()
    def same_answers(self) -> None:
        with self._real.read() as real, self._oracle.read() as oracle:
            Pair(real, oracle).compare()

    def teardown(self) -> None:
        self._let_go()
        self._real.close()


class OracleCases:
    """The case that compares with the oracle."""

    @pytest.mark.requirement("REC-60")
    def test_any_sequence_of_calls_answers_like_the_oracle(
        self, new_uri: Callable[[], str], open_uri: Callable[[str], RecordStore]
    ) -> None:
        def machine() -> RecordMachine:
            uri = new_uri()
            return RecordMachine(lambda: open_uri(uri))

        machines.run(machine, examples=20, steps=20)
