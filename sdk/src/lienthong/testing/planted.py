"""Planted bugs in record stores, to prove that tests have teeth."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from lienthong.spi.records import Head, JournalRow
from lienthong.spi.storage import ReadView, RecordStore, WriteTransaction
from lienthong.testing.store import MemoryReadView, MemoryRecordStore, MemoryWriteTransaction


class EarlyTransaction:
    """Collects the writes of one committer, under indexes that were allotted before its turn."""

    def __init__(self, start: int) -> None:
        self._start = start
        self.writes: list[Callable[[WriteTransaction], None]] = []

    def head(self) -> Head:
        """The head that this committer is made to believe in."""
        return Head(size=self._start)

    def add_journal(self, rows: Sequence[JournalRow]) -> None:
        """Note the entries."""
        self.writes.append(lambda transaction: transaction.add_journal(rows))

    def set_head(self, head: Head) -> None:
        """Note the head, unless a later committer came first."""

        def advance(transaction: WriteTransaction) -> None:
            if head.size > transaction.head().size:
                transaction.set_head(head)

        self.writes.append(advance)


class AllotsIndexesEarly:
    """Wraps a sound store and hands out indexes before the write lock, as a sequence does.

    Entries then become visible in another order than that of their indexes, and a reader whose
    cursor has gone past a gap never sees what fills it later. It offers what ``check_following``
    uses.
    """

    def __init__(self, store: RecordStore, *, batch_size: int, pause_seconds: float) -> None:
        """Wrap a store.

        Args:
            store: a sound one.
            batch_size: entries that every committer appends.
            pause_seconds: how long every second committer waits between number and commit.
        """
        self._store = store
        self._batch_size = batch_size
        self._pause = pause_seconds
        self._lock = threading.Lock()
        self._next = 0
        self.read = store.read

    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        """Open a transaction that commits whenever it comes to that."""
        with self._lock:
            start = self._next
            self._next += self._batch_size
        early = EarlyTransaction(start)
        yield cast("WriteTransaction", early)
        if start // self._batch_size % 2:
            time.sleep(self._pause)
        with self._store.write() as transaction:
            for write in early.writes:
                write(transaction)


class Broken(MemoryRecordStore):
    """A memory store whose looks and transactions can be replaced."""

    look: type[MemoryReadView] = MemoryReadView
    transaction: type[MemoryWriteTransaction] = MemoryWriteTransaction

    @contextmanager
    def read(self) -> Iterator[ReadView]:
        """As of any store, with the other look."""
        self._check_open()
        view = self.look(self.medium.records)
        yield view
        view.end()

    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        """As of any store, with the other transaction."""
        with self._turn:
            self._check_open()
            records = self.medium.records.copy()
            transaction = self.transaction(records)
            try:
                yield transaction
            finally:
                transaction.end()
            if transaction.failure is not None:
                raise transaction.failure
            self._commit(records)
