"""What keeps new documents away while too much is not time-stamped: it says why, and since when."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from lienthong.errors import ConnectionFailed, DataCorrupt, LienthongError
from lienthong.testing.clock import START
from lienthong.testing.store import MemoryReadView
from lienthong_node.stamp_guard import LIMIT, StampGuard, read_state
from node.tests.stamped import StampedAxis

MINUTE: Final = timedelta(minutes=1)


@pytest.fixture
def axis() -> StampedAxis:
    return StampedAxis()


def test_a_damaged_checkpoint_is_said_to_be_why_until_another_is_read(
    axis: StampedAxis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(_: object, size: int | None = None) -> None:
        raise DataCorrupt(what="the checkpoint of size 3")

    axis.stamping.step()
    axis.clock.advance(MINUTE)
    with monkeypatch.context() as patch:
        patch.setattr(MemoryReadView, "checkpoint", damaged)
        with pytest.raises(DataCorrupt):
            axis.stamping.step()
    assert "the checkpoint of size 3" in axis.stamping.guard.failing
    axis.clock.advance(MINUTE)
    assert axis.stamping.step() is None
    assert axis.stamping.guard.failing == ""


def test_guard_says_why_and_since_when(axis: StampedAxis) -> None:
    axis.set_down(down=True)
    with pytest.raises(ConnectionFailed):
        axis.stamping.step()
    axis.clock.advance(LIMIT + MINUTE)
    guard = axis.stamping.guard
    assert "TSA B" in guard.reason(axis.clock())
    with axis.store.read() as view:
        assert read_state(view).pending_since == START
    axis.set_down(down=False)
    axis.stamping.step()
    assert guard.reason(axis.clock()) == "", "documents are refused although they are covered again"


def test_guard_reads_the_records_once_a_second(axis: StampedAxis) -> None:
    guard = StampGuard(axis.store)
    assert guard.reason(START) == ""
    axis.stamping.step()
    axis.store.close()
    assert guard.reason(START + timedelta(milliseconds=900)) == ""
    with pytest.raises(LienthongError):
        guard.reason(START + timedelta(seconds=1))


def test_clock_that_went_back_closes_nothing(axis: StampedAxis) -> None:
    assert axis.stamping.guard.reason(START - timedelta(days=9)) == ""
