"""All of a transaction, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from lienthong.spi import RecordStore, WriteTransaction
from lienthong.spi.records import CheckpointRow, Head
from lienthong.testing.samples import (
    RECIPIENT,
    SENDER,
    delivery_row,
    journal_row,
    organisation_row,
    package_id,
    package_row,
    sha256,
    statement_row,
)
from lienthong_conformance.record_cases.steps import (
    Interrupted,
    Opener,
    append,
    indexes,
    interrupt,
    journal,
    put,
    size,
)


def write_everything(transaction: WriteTransaction) -> None:
    """Write one row of most kinds, and overwrite a delivery."""
    transaction.add_journal([journal_row(1)])
    transaction.set_head(Head(size=2, directory_version=1))
    transaction.add_checkpoint(CheckpointRow(size=2, note="note"))
    transaction.add_package(package_row(1))
    transaction.put_deliveries([delivery_row(0, state="REFUSED"), delivery_row(1)])
    transaction.add_statement(statement_row(1))
    transaction.add_possession(SENDER, sha256("file"), 4)
    transaction.put_organisation(organisation_row(SENDER, 1))


def assert_nothing_of_it(store: RecordStore) -> None:
    """Only what ``begin`` has committed is there."""
    with store.read() as view:
        assert view.head() == Head(size=1)
        assert indexes(view.journal(0, 9)) == [0]
        assert indexes(view.feed(RECIPIENT, 0, 9)) == [0]
        assert view.checkpoint() is None
        assert view.package(package_id(1)) is None
        assert list(view.deliveries(package_id(0))) == [delivery_row(0)]
        assert list(view.deliveries(package_id(1))) == []
        assert list(view.statements(package_id(1), RECIPIENT)) == []
        assert view.possession(SENDER, sha256("file")) is None
        assert list(view.organisations(0, 9)) == []


def begin(store: RecordStore) -> None:
    """Commit one entry and one delivery."""
    append(store)
    put(store, delivery_row(0))


def head_and(store: RecordStore, add: Callable[[WriteTransaction], object]) -> None:
    """Move the head, then do what is to be refused."""
    with store.write() as transaction:
        transaction.set_head(Head(size=5))
        add(transaction)


def swallow_a_failure(store: RecordStore) -> None:
    """Go on after a call has failed, and leave the block as if nothing had been."""
    with store.write() as transaction:
        transaction.put_deliveries([delivery_row(3)])
        with suppress(Exception):
            transaction.add_journal([journal_row(2), journal_row(3), journal_row(1)])
        with suppress(Exception):
            transaction.set_head(Head(size=4))


class TransactionCases:
    """Cases about commit and rollback."""

    @pytest.mark.requirement("REC-30")
    def test_exception_rolls_everything_back(self, store: RecordStore) -> None:
        begin(store)
        with pytest.raises(Interrupted):
            interrupt(store, write_everything)
        assert_nothing_of_it(store)
        with store.write() as transaction:
            write_everything(transaction)
        assert size(store) == 2

    @pytest.mark.requirement("REC-31")
    def test_rolled_back_stays_rolled_back(self, opener: Opener) -> None:
        store = opener()
        begin(store)
        with pytest.raises(Interrupted):
            interrupt(store, write_everything)
        store.close()
        assert_nothing_of_it(opener())

    @pytest.mark.requirement("REC-32")
    def test_transaction_sees_its_own_writes(self, store: RecordStore) -> None:
        begin(store)
        with store.write() as transaction:
            write_everything(transaction)
            assert transaction.head().size == 2
            assert indexes(transaction.feed(RECIPIENT, 1, 9)) == [1]
            assert indexes(transaction.journal_of(package_id(1))) == [1]
            assert transaction.package(package_id(1)) == package_row(1)
            (first,) = transaction.deliveries(package_id(0))
            assert first.state == "REFUSED"
            refused = transaction.list_deliveries(
                RECIPIENT, incoming=True, states=("REFUSED",), before=None, limit=9
            )
            assert list(refused) == [first]
            assert transaction.possession(SENDER, sha256("file")) == 4
            assert transaction.checkpoint() == CheckpointRow(size=2, note="note")

    @pytest.mark.requirement("REC-33")
    def test_nobody_sees_what_is_not_committed(self, store: RecordStore) -> None:
        begin(store)
        with store.write() as transaction:
            write_everything(transaction)
            assert_nothing_of_it(store)
        assert size(store) == 2

    @pytest.mark.requirement("REC-34")
    def test_open_look_never_changes(self, store: RecordStore) -> None:
        begin(store)
        with store.read() as untouched, store.read() as view:
            view.head()
            with store.write() as transaction:
                write_everything(transaction)
            for look in (view, untouched):
                assert look.head() == Head(size=1)
                assert indexes(look.journal(0, 9)) == [0]
                assert indexes(look.feed(RECIPIENT, 0, 9)) == [0]
                assert list(look.deliveries(package_id(0))) == [delivery_row(0)]
        assert size(store) == 2

    @pytest.mark.requirement("REC-35")
    @pytest.mark.parametrize("repeated", ["journal", "package", "statement", "checkpoint"])
    def test_key_that_is_taken_is_refused(self, store: RecordStore, repeated: str) -> None:
        add = {
            "journal": lambda tx: tx.add_journal([journal_row(0, entry=b"other")]),
            "package": lambda tx: tx.add_package(package_row(0, kind="RECALL")),
            "statement": lambda tx: tx.add_statement(statement_row(0, event="ACCEPT")),
            "checkpoint": lambda tx: tx.add_checkpoint(CheckpointRow(size=1, note="other")),
        }[repeated]
        with store.write() as transaction:
            transaction.add_journal([journal_row(0)])
            transaction.add_package(package_row(0))
            transaction.add_statement(statement_row(0))
            transaction.add_checkpoint(CheckpointRow(size=1, note="note"))
            transaction.set_head(Head(size=1))
        with pytest.raises(Exception):  # noqa: B017, PT011 - which one is the store's business
            head_and(store, add)
        with store.read() as view:
            assert view.head() == Head(size=1)
            assert list(view.journal(0, 9)) == [journal_row(0)]
            assert view.package(package_id(0)) == package_row(0)
            assert view.statement(statement_row(0).statement_id) == statement_row(0)
            assert view.checkpoint() == CheckpointRow(size=1, note="note")

    @pytest.mark.requirement("REC-36")
    def test_block_in_which_a_call_failed_never_commits(self, store: RecordStore) -> None:
        append(store, count=2)
        with pytest.raises(Exception):  # noqa: B017, PT011 - which one is the store's business
            swallow_a_failure(store)
        assert indexes(journal(store)) == [0, 1]
        assert size(store) == 2
        with store.read() as view:
            assert list(view.deliveries(package_id(3))) == []
        append(store)
        assert indexes(journal(store)) == [0, 1, 2]
