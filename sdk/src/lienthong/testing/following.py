"""Readers that follow feeds while several writers commit: nothing skipped, nothing twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from attrs import evolve, frozen

from lienthong.spi.storage import RecordStore
from lienthong.testing.samples import journal_row

EVERY = "G22.99.01"
"""Sees every entry."""

SOME = "G22.99.02"
"""Sees two entries of three."""


@frozen(kw_only=True)
class Following:
    """How much is written and by how many it is read at once."""

    committers: int = 4
    batches: int = 25
    """Batches of each committer."""

    batch_size: int = 3
    readers: int = 2
    """Readers of each feed."""

    page: int = 7
    seconds: float = 60.0
    """After that, somebody hangs."""

    @property
    def entries(self) -> int:
        """Entries that the journal has in the end."""
        return self.committers * self.batches * self.batch_size


def parties_of(index: int) -> tuple[str, ...]:
    """Who sees the entry with this index."""
    return (EVERY,) if index % 3 == 0 else (EVERY, SOME)


def check_following(store: RecordStore, plan: Following | None = None) -> None:
    """Let writers and readers run against each other on an empty store.

    Args:
        store: an empty record store.
        plan: how much of it.

    Raises:
        AssertionError: a reader saw an entry twice, out of order, not at all, or not its own.
    """
    plan = plan or Following()
    written = threading.Event()
    deadline = time.monotonic() + plan.seconds
    with ThreadPoolExecutor(plan.committers + 2 * plan.readers) as pool:
        organs = [organ for organ in (EVERY, SOME) for _ in range(plan.readers)]
        readers = [pool.submit(_follow, store, organ, plan, written, deadline) for organ in organs]
        committers = [pool.submit(_commit, store, plan) for _ in range(plan.committers)]
        try:
            _results(committers)
        finally:
            written.set()
        seen = _results(readers)
    for organ, indexes in zip(organs, seen, strict=True):
        expected = [i for i in range(plan.entries) if organ in parties_of(i)]
        _compare(organ, indexes, expected)


def _results(futures: Sequence[Future[list[int]]]) -> list[list[int]]:
    return [future.result() for future in futures]


def _commit(store: RecordStore, plan: Following) -> list[int]:
    for _ in range(plan.batches):
        with store.write() as transaction:
            head = transaction.head()
            end = head.size + plan.batch_size
            transaction.add_journal(
                [journal_row(i, parties=parties_of(i)) for i in range(head.size, end)]
            )
            transaction.set_head(evolve(head, size=end))
    return []


def _follow(
    store: RecordStore, organ: str, plan: Following, written: threading.Event, deadline: float
) -> list[int]:
    """Read page after page from a cursor until the writers are done and nothing is left."""
    seen: list[int] = []
    cursor = 0
    while time.monotonic() < deadline:
        last_round = written.is_set()
        with store.read() as view:
            page = view.feed(organ, cursor, plan.page)
        seen += [row.index for row in page]
        if page:
            cursor = page[-1].index + 1
        elif last_round:
            return seen
    raise AssertionError(f"the feed of {organ} does not end within {plan.seconds} s")


def _compare(organ: str, seen: Sequence[int], expected: Sequence[int]) -> None:
    if len(set(seen)) != len(seen):
        raise AssertionError(f"the feed of {organ} shows an entry twice")
    if list(seen) != sorted(seen):
        raise AssertionError(f"the feed of {organ} is not in index order")
    if skipped := sorted(set(expected) - set(seen)):
        raise AssertionError(f"the feed of {organ} skips {len(skipped)} entries from {skipped[0]}")
    if foreign := sorted(set(seen) - set(expected)):
        raise AssertionError(f"the feed of {organ} shows the entry {foreign[0]} of others")
