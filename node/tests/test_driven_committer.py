"""A committer that is driven batch by batch, on the caller's own thread."""

from __future__ import annotations

from lienthong.errors import StoreFailed
from lienthong_node.stores import Recorded
from node.tests.committing import filled, make
from node.tests.support import C, manifest, submit


def test_nothing_waiting_is_nothing_done() -> None:
    committer = make(filled())
    assert not committer.work_once()


def test_one_call_commits_what_waits_as_one_batch() -> None:
    committer = make(filled())
    answers = [committer.submit([submit(manifest())]) for _ in range(3)]
    assert not any(answer.done() for answer in answers)
    assert committer.work_once()
    outcomes = [outcome for answer in answers for outcome in answer.result(0)]
    assert [type(outcome) for outcome in outcomes] == [Recorded] * 3
    sizes = {outcome.checkpoint.size for outcome in outcomes if isinstance(outcome, Recorded)}
    assert len(sizes) == 1
    assert not committer.work_once()


def test_a_failing_batch_is_answered_and_the_next_one_goes_on() -> None:
    store = filled()
    committer = make(store)
    command = submit(manifest(C))
    store.fail_next(StoreFailed(reason="the sync failed"))
    failed = committer.submit([command])
    assert committer.work_once()
    [outcome] = failed.result(0)
    assert isinstance(outcome, StoreFailed)
    assert committer.failing
    again = committer.submit([command])
    assert committer.work_once()
    assert isinstance(again.result(0)[0], Recorded)
    assert not committer.failing
