"""What was accepted while its judgement had to wait is judged anew, and the axis is told."""

from __future__ import annotations

import queue
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from lienthong.client import Client, JudgedAgain
from lienthong.client.judging import value_of
from lienthong.client.waiting import LONGEST_PAUSE, SHORTEST_PAUSE
from lienthong.errors import (
    ConfigInvalid,
    InvalidMove,
)
from lienthong.model.delivery import DeliveryState
from lienthong.model.document import Document
from lienthong.model.file_signature import LegalValue
from lienthong.model.ids import OrganId, PackageId
from lienthong.plugins import PluginHost
from sdk.tests.client.conftest import open_judge
from sdk.tests.client.judges import (
    RECIPIENT,
    SIGNED_UNKNOWN,
    SOMEBODY,
    acceptances,
    folder_of,
    later,
    learn,
    noted,
    only,
    reports_of,
    send,
)

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

pytestmark = pytest.mark.usefixtures("same_time")

ORGAN = OrganId(RECIPIENT)
PATIENCE = 60
"""Seconds after which what never comes is given up."""


def test_what_can_be_decided_later_is_told_with_the_same_entry(
    axis: ScriptedAxis, judge: Client, waiting: PackageId
) -> None:
    later(axis)
    learn("known")
    judged = only(judge)
    assert judged.value is LegalValue.ORIGINAL_EQUIVALENT
    assert judged.receipt is not None
    assert (judged.error, judged.next_at) == (None, None)
    first, second = acceptances(judge, waiting)
    assert first.check is not None
    assert second.check is not None
    assert value_of(first.check.signatures) is LegalValue.PENDING_CHECK
    assert value_of(second.check.signatures) is LegalValue.ORIGINAL_EQUIVALENT
    same = evolve(second, statement_id=first.statement_id, check=first.check)
    assert evolve(same, created_at=first.created_at) == first
    assert len(reports_of(axis).all(waiting)) == 2
    assert noted(axis) == []
    assert list(judge.judge_again(everything=True)) == []


def test_nothing_is_judged_before_its_pause_is_over(
    axis: ScriptedAxis, judge: Client, waiting: PackageId
) -> None:
    learn("known")
    later(axis, SHORTEST_PAUSE - timedelta(seconds=1))
    assert list(judge.judge_again()) == []
    assert only(judge, everything=True).package_id == waiting


def test_what_still_waits_stays_and_its_pause_grows_to_a_day(
    axis: ScriptedAxis, judge: Client, waiting: PackageId
) -> None:
    pauses = []
    for _ in range(12):
        judged = only(judge, everything=True)
        assert judged.value is LegalValue.PENDING_CHECK
        assert judged.receipt is None
        assert judged.next_at is not None
        pauses.append(judged.next_at - axis.pki.now)
        axis.pki.now = judged.next_at
    assert pauses[0] == SHORTEST_PAUSE
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    assert noted(axis) == [waiting]
    assert len(acceptances(judge, waiting)) == 1
    # Looking tells nothing new, and keeps nothing new.
    assert len(reports_of(axis).all(waiting)) == 1


def test_what_was_revoked_meanwhile_is_told_as_to_be_refused(
    axis: ScriptedAxis, judge: Client, waiting: PackageId
) -> None:
    later(axis)
    learn("revoked")
    judged = only(judge)
    assert judged.value is LegalValue.REFUSE
    assert judged.receipt is not None
    check = acceptances(judge, waiting)[-1].check
    assert check is not None
    assert value_of(check.signatures) is LegalValue.REFUSE


def test_what_may_not_be_accepted_any_more_is_told_each_time_and_never_accepted(
    axis: ScriptedAxis, judge: Client, waiting: PackageId
) -> None:
    learn("altered")
    for _ in range(2):
        later(axis, timedelta(days=1))
        judged = only(judge)
        assert (judged.value, judged.receipt) == (LegalValue.REFUSE, None)
        assert judged.error is not None
        assert judged.error.code == "flow.guard_failed"
    assert noted(axis) == [waiting]
    assert len(acceptances(judge, waiting)) == 1


@pytest.mark.parametrize(
    "state", [DeliveryState.RECALLED, DeliveryState.REPLACED, DeliveryState.TAKEN_BACK]
)
def test_package_that_was_withdrawn_meanwhile_waits_no_longer(
    axis: ScriptedAxis, judge: Client, waiting: PackageId, state: DeliveryState
) -> None:
    later(axis)
    learn("known")
    axis.states[waiting, ORGAN] = state
    judged = only(judge)
    assert (judged.ended, judged.value, judged.receipt) == (state, None, None)
    assert noted(axis) == []
    assert len(acceptances(judge, waiting)) == 1


def test_settled_document_is_judged_all_the_same(
    axis: ScriptedAxis, judge: Client, waiting: PackageId
) -> None:
    later(axis)
    learn("known")
    axis.states[waiting, ORGAN] = DeliveryState.COMPLETED
    assert only(judge).receipt is not None
    assert noted(axis) == []


def test_what_no_verifier_reads_is_left_to_people(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document
) -> None:
    sent = send(sender, document, ("QD.xlsx", "signer agency unknown"))
    judge.accept(sent, register_number=7, responsible=SOMEBODY)
    assert noted(axis) == []


def test_crash_before_the_acceptance_accepts_nothing_afterwards(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document
) -> None:
    """The note is written first; that nobody has accepted is seen at the axis."""
    sent = send(sender, document, SIGNED_UNKNOWN)
    axis.faults.refusals.append(InvalidMove(event="ACCEPT", actor="-", state="-", clause="-"))
    with pytest.raises(InvalidMove):
        judge.accept(sent, register_number=1, responsible=SOMEBODY)
    assert noted(axis) == [sent]
    learn("known")
    judged = only(judge, everything=True)
    assert (judged.value, judged.receipt, judged.error) == (None, None, None)
    assert judged.next_at is not None
    assert axis.states[sent, ORGAN] is DeliveryState.SENT
    judge.accept(sent, register_number=1)
    assert noted(axis) == []


def test_crash_after_the_acceptance_forgets_nothing(
    axis: ScriptedAxis, host: PluginHost, judge: Client, waiting: PackageId
) -> None:
    """Another process goes on: nothing of the first one is needed."""
    judge.close()
    later(axis)
    learn("known")
    with open_judge(axis, host) as restarted:
        assert only(restarted).package_id == waiting


def test_crash_before_it_is_forgotten_repeats_and_changes_nothing(
    axis: ScriptedAxis, judge: Client, waiting: PackageId
) -> None:
    later(axis)
    learn("known")
    [note] = folder_of(axis).path.iterdir()
    content = note.read_bytes()
    assert only(judge).receipt is not None
    note.write_bytes(content)
    assert only(judge).receipt is not None
    assert noted(axis) == []
    assert axis.states[waiting, ORGAN] is DeliveryState.ACCEPTED


def test_acceptance_that_somebody_repeats_meanwhile_is_forgotten(
    axis: ScriptedAxis, judge: Client, waiting: PackageId
) -> None:
    learn("known")
    judge.accept(waiting, register_number=7, responsible=SOMEBODY, note="chờ kiểm tra")
    assert noted(axis) == []


def test_without_a_trust_store_nothing_is_judged(recipient: Client) -> None:
    with pytest.raises(ConfigInvalid, match="trust"):
        list(recipient.judge_again())
    with pytest.raises(ConfigInvalid, match="trust"):
        list(recipient.feed(on_judged=print))


def test_feed_judges_beside_the_reading_when_it_is_asked_to(
    axis: ScriptedAxis, judge: Client, waiting: PackageId
) -> None:
    later(axis)
    learn("known")
    told: queue.Queue[JudgedAgain] = queue.Queue()
    with closing(judge.feed(follow=True, on_judged=told.put)) as feed:
        next(feed)
        assert told.get(timeout=PATIENCE).package_id == waiting
    assert noted(axis) == []
    assert len(acceptances(judge, waiting)) == 2


def test_callback_that_fails_ends_no_feed(
    axis: ScriptedAxis, judge: Client, waiting: PackageId, caplog: pytest.LogCaptureFixture
) -> None:
    later(axis)
    learn("known")
    told: queue.Queue[JudgedAgain] = queue.Queue()

    def fails(judged: JudgedAgain) -> None:
        told.put(judged)
        raise RuntimeError("it is not understood")

    with closing(judge.feed(follow=True, on_judged=fails)) as feed:
        next(feed)
        told.get(timeout=PATIENCE)
        assert next(feed).statement is not None
    assert "could not be told" in caplog.text
    assert noted(axis) == []


@pytest.mark.planted("waiting judgement forgotten")
def test_judgement_that_is_not_noted_is_found(
    axis: ScriptedAxis,
    sender: Client,
    judge: Client,
    document: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def nothing(*_: object) -> None: ...

    monkeypatch.setattr(type(judge._inner), "_note_waiting", nothing)
    sent = send(sender, document, SIGNED_UNKNOWN)
    judge.accept(sent, register_number=7, responsible=SOMEBODY, note="chờ kiểm tra")
    with pytest.raises(ValueError, match="expected 1, got 0"):
        test_what_can_be_decided_later_is_told_with_the_same_entry(axis, judge, sent)


@pytest.mark.planted("refused document told as accepted")
def test_acceptance_of_what_may_not_be_accepted_is_found(
    axis: ScriptedAxis, judge: Client, waiting: PackageId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(judge._inner), "_check_worth_accepting", lambda *_: None)
    test = test_what_may_not_be_accepted_any_more_is_told_each_time_and_never_accepted
    with pytest.raises(AssertionError):
        test(axis, judge, waiting)
