"""What proofs and their check cost the node: nothing is read twice that never changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from lienthong.errors import Draining
from lienthong.evidence.hashtree import BLOCK
from lienthong.evidence.lifetimes import Lifetimes
from lienthong.evidence.stamps import CHECKPOINT, RENEWAL
from lienthong.spi.records import StampRow
from lienthong.spi.storage import RecordStore
from lienthong.testing.clock import START
from lienthong_node import stamp_check, stamp_trees
from lienthong_node.stamp_proofs import StampProofs
from lienthong_node.stamp_trees import stamp_of
from lienthong_node.stores import Recorded
from node.tests.committing import KEY
from node.tests.stamped import StampedAxis, years

DAY = timedelta(days=1)


@pytest.fixture
def axis() -> StampedAxis:
    """Its first package is covered by two renewals."""
    retires = Lifetimes(algorithms={"SHA-256": START + 300 * DAY})
    made = StampedAxis(lifetimes=retires)
    made.send(b"a file")
    made.stamping.step()
    made.stamping.renew()
    return made


def counted(axis: StampedAxis, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many renewals each question to the store has brought."""
    brought: list[int] = []
    with axis.store.read() as view:
        kind = type(view)
    real = kind.stamps

    def stamps(view: Any, after: int, limit: int, kind: str = "") -> Sequence[StampRow]:
        rows: Sequence[StampRow] = real(view, after, limit, kind)
        if kind == RENEWAL:
            brought.append(len(rows))
        return rows

    monkeypatch.setattr(kind, "stamps", stamps)
    return brought


def test_renewals_are_read_once(axis: StampedAxis, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the roots of their blocks each has some megabytes after decades."""
    brought, proofs = counted(axis, monkeypatch), axis.proofs
    first = proofs.proof(1, [0], axis.clock())
    assert proofs.proof(1, [0], axis.clock()) == first
    assert brought == [2, 0]
    assert not any(row.blocks for row in proofs._renewals)
    assert axis.proofs.proof(1, [0], axis.clock()) == first


def test_renewal_that_came_since_is_found(axis: StampedAxis) -> None:
    proofs = axis.proofs
    proofs.proof(1, [0], axis.clock())
    axis.clock.set(years(4.1))
    rows = axis.stamping.renew()
    found = proofs.proof(1, [0], axis.clock())
    assert found.renewals[-1].stamp.token in {row.token for row in rows}


def test_node_that_is_being_stopped_reads_no_files_for_proofs(axis: StampedAxis) -> None:
    _, outcome = axis.send(b"another")
    assert isinstance(outcome, Recorded)
    proofs = StampProofs(axis.store, axis.blobs, axis.stamping.rules, lambda: True)
    with pytest.raises(Draining):
        proofs.proof(1, [0], axis.clock())


def test_check_reads_full_blocks_of_time_stamps_once(
    axis: StampedAxis, monkeypatch: pytest.MonkeyPatch
) -> None:
    with axis.store.read() as view:
        row = view.last_stamp(CHECKPOINT)
    assert row is not None
    link = axis.rules.opened(stamp_of(row))
    for _ in range(BLOCK):
        axis.stamping.keep(link, CHECKPOINT, row.size)
    axis.stamping.renew(wanted=True)
    read: list[tuple[int, int]] = []
    real = stamp_trees.stamp_leaves

    def leaves(store: RecordStore, start: int, end: int, algorithm: str) -> Iterator[bytes]:
        read.append((start, end))
        return real(store, start, end, algorithm)

    monkeypatch.setattr(stamp_check, "stamp_leaves", leaves)
    found = stamp_check.check_stamps(axis.store, axis.blobs, KEY, axis.rules, axis.clock())
    assert found.count == 3 + BLOCK + 2
    assert read == [(0, 1), (0, 2), (0, 3 + BLOCK), (BLOCK, 4 + BLOCK)]
