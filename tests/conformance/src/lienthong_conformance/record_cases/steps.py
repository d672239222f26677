"""Steps that many cases take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from attrs import evolve

from lienthong.spi import RecordStore, WriteTransaction
from lienthong.spi.records import DeliveryRow, JournalRow
from lienthong.testing.samples import journal_row

Opener: TypeAlias = Callable[[], RecordStore]


class Interrupted(BaseException):
    """Leaves a write block half way; no ``Exception``, as a keyboard interrupt is none."""


def append(store: RecordStore, *rows: JournalRow, count: int = 1) -> None:
    """Commit entries, made up when none are given, and move the head behind them."""
    with store.write() as transaction:
        head = transaction.head()
        made = rows or tuple(journal_row(i) for i in range(head.size, head.size + count))
        transaction.add_journal(made)
        transaction.set_head(evolve(head, size=head.size + len(made)))


def put(store: RecordStore, *rows: DeliveryRow) -> None:
    """Commit deliveries."""
    with store.write() as transaction:
        transaction.put_deliveries(rows)


def indexes(rows: Sequence[JournalRow]) -> list[int]:
    """The indexes of entries, as they came."""
    return [row.index for row in rows]


def journal(store: RecordStore) -> list[JournalRow]:
    """All entries, in a look of its own."""
    with store.read() as view:
        return list(view.journal(0, 10_000))


def size(store: RecordStore) -> int:
    """The head's size, in a look of its own."""
    with store.read() as view:
        return view.head().size


def interrupt(store: RecordStore, step: Callable[[WriteTransaction], object]) -> None:
    """Do a step in a write block that is then left by ``Interrupted``."""
    with store.write() as transaction:
        step(transaction)
        raise Interrupted
