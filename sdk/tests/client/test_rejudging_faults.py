"""Judging anew beside damaged notes, full disks and an axis that fails or lies."""

from __future__ import annotations

import errno
import tempfile
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from lienthong.client import Client
from lienthong.client.loop import shared_loop
from lienthong.codec.signed import dump_statement
from lienthong.errors import (
    ConnectionFailed,
    InvalidValue,
    NotFound,
    PluginFailed,
)
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.document import Document
from lienthong.model.file_signature import LegalValue
from lienthong.model.ids import OrganId, PackageId, StatementId
from lienthong.model.report import CheckSummary, RegisterEntry, Statement
from lienthong.model.signing import STATEMENT_TYPE
from lienthong.model.time import vietnam_date
from lienthong.pki.envelope import sign_envelope
from lienthong.plugins import PluginHost
from lienthong.testing.pki import KeyKind
from sdk.tests.client.conftest import QUICK, SENDER, load_scripted, open_judge
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
AXIS = "axis.test"


@pytest.mark.parametrize("everything", [False, True])
def test_axis_that_is_down_costs_nothing_but_time(
    axis: ScriptedAxis, host: PluginHost, judge: Client, waiting: PackageId, everything: bool
) -> None:
    later(axis)
    learn("known")
    before = folder_of(axis).all(axis.pki.now)
    shared_loop().run(axis.stop())
    with pytest.raises(ConnectionFailed):
        list(judge.judge_again(everything=everything))
    assert folder_of(axis).all(axis.pki.now) == before
    shared_loop().run(axis.start())
    with open_judge(axis, host) as back:
        assert only(back).package_id == waiting
    assert noted(axis) == []


def test_file_that_is_gone_holds_up_no_other(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document, waiting: PackageId
) -> None:
    later(axis, timedelta(seconds=1))
    other = send(sender, document, ("QD.pdf", "agency signer unknown"))
    judge.accept(other, register_number=8, responsible=SOMEBODY)
    view = judge.get_package(waiting)
    del axis.files[view.manifest.files[0].sha256.bytes]
    later(axis)
    learn("known")
    gone, good = judge.judge_again()
    assert (gone.package_id, good.package_id) == (waiting, other)
    assert isinstance(gone.error, NotFound)
    assert gone.next_at is not None
    assert good.receipt is not None
    assert noted(axis) == [waiting]


def test_file_that_the_axis_cannot_send_holds_up_no_other(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document, waiting: PackageId
) -> None:
    later(axis, timedelta(seconds=1))
    other = send(sender, document, ("QD.pdf", "agency signer unknown"))
    judge.accept(other, register_number=8, responsible=SOMEBODY)
    later(axis)
    learn("known")
    axis.faults.download_cuts.extend([0] * QUICK.attempts)
    cut, good = judge.judge_again()
    assert (cut.package_id, good.package_id) == (waiting, other)
    assert isinstance(cut.error, ConnectionFailed)
    assert good.receipt is not None
    assert noted(axis) == [waiting]


def test_disk_without_room_for_a_file_is_told_and_leaves_it_waiting(
    axis: ScriptedAxis, judge: Client, waiting: PackageId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    later(axis)
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    judged = only(judge)
    assert isinstance(judged.error, InvalidValue)
    assert "No space left" in str(judged.error)
    assert noted(axis) == [waiting]


def test_acceptance_of_another_package_is_not_repeated_for_this_one(
    axis: ScriptedAxis,
    sender: Client,
    judge: Client,
    document: Document,
    waiting: PackageId,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = send(sender, document, ("QD.pdf", "signer agency"))
    judge.accept(other, register_number=8)
    later(axis)
    learn("known")
    # The axis answers with what happened to the other one.
    monkeypatch.setattr(load_scripted(), "_about", lambda _: (waiting,))
    del axis.records[1]
    judged = only(judge)
    assert (judged.value, judged.receipt, judged.error) == (None, None, None)
    assert noted(axis) == [waiting]


def accepted_by(axis: ScriptedAxis, organ: str, package: PackageId) -> None:
    """The axis says that the recipient has accepted, and shows what another one has signed."""
    statement = Statement(
        statement_id=StatementId.new(axis.pki.now, b"0" * 10),
        audience=AXIS,
        package_id=package,
        recipient=ORGAN,
        reporter=ORGAN,
        event=DeliveryEvent.ACCEPT,
        created_at=axis.pki.now,
        register=RegisterEntry(number=999, date=vietnam_date(axis.pki.now)),
        check=CheckSummary(
            complete=True, intact=True, authentic=True, checked_at=axis.pki.now, checker="another"
        ),
        responsible="Chủ tịch UBND",
        note="đồng ý",
    )
    signer = axis.pki.organisation(organ).signer()
    axis._record(sign_envelope(signer, STATEMENT_TYPE, dump_statement(statement)))


def test_what_somebody_else_has_signed_is_not_repeated(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document
) -> None:
    """An axis that could have its words repeated would have an acceptance that nobody made."""
    sent = send(sender, document, SIGNED_UNKNOWN)
    folder_of(axis).begin(sent, ORGAN, axis.pki.now)
    accepted_by(axis, SENDER, sent)
    later(axis)
    learn("known")
    judged = only(judge)
    assert judged.value is LegalValue.ORIGINAL_EQUIVALENT
    assert isinstance(judged.error, NotFound)
    assert judged.receipt is None
    assert len(acceptances(judge, sent)) == 1
    assert noted(axis) == [sent]


def test_acceptance_that_an_earlier_certificate_has_signed_is_repeated(
    axis: ScriptedAxis, host: PluginHost, judge: Client, waiting: PackageId
) -> None:
    later(axis)
    learn("known")
    renewed = axis.pki.organisation(RECIPIENT, KeyKind.P384).signer()
    with open_judge(axis, host, renewed) as client:
        assert only(client).receipt is not None
    assert noted(axis) == []


def test_delivery_that_is_told_twice_is_judged_once(
    axis: ScriptedAxis, judge: Client, waiting: PackageId, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(axis)
    learn("known")
    told = type(axis)._deliveries
    monkeypatch.setattr(type(axis), "_deliveries", lambda *args: told(*args) * 2)
    assert only(judge).package_id == waiting
    assert noted(axis) == []


def test_verifier_that_falls_over_leaves_it_waiting(
    axis: ScriptedAxis, judge: Client, waiting: PackageId
) -> None:
    later(axis)
    learn("crash")
    judged = only(judge)
    assert isinstance(judged.error, PluginFailed)
    assert (judged.value, judged.receipt) == (None, None)
    assert noted(axis) == [waiting]


@pytest.mark.parametrize("damage", [b"", b"\xff\x00", b"{}", b'{"since":1,"next_at":2}'])
def test_damaged_note_loses_nothing(
    axis: ScriptedAxis,
    judge: Client,
    waiting: PackageId,
    damage: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    [note] = folder_of(axis).path.iterdir()
    note.write_bytes(damage)
    assert only(judge).value is LegalValue.PENDING_CHECK
    assert "damaged" in caplog.text
    caplog.clear()
    assert noted(axis) == [waiting]
    assert caplog.text == ""


def test_what_is_no_note_is_left_alone(
    axis: ScriptedAxis, judge: Client, waiting: PackageId
) -> None:
    stranger = folder_of(axis).path / "notes.json"
    stranger.write_bytes(b"{}")
    assert only(judge, everything=True).package_id == waiting
    assert stranger.exists()


def test_pause_of_a_clock_that_was_wrong_does_not_last(
    axis: ScriptedAxis, judge: Client, waiting: PackageId
) -> None:
    [one] = folder_of(axis).all(axis.pki.now)
    folder_of(axis).put(evolve(one, next_at=axis.pki.now + timedelta(days=365)))
    assert only(judge).package_id == waiting


def test_note_that_cannot_be_kept_keeps_from_accepting(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document
) -> None:
    reports_of(axis).path.mkdir()
    folder_of(axis).path.write_bytes(b"a file in its place")
    sent = send(sender, document, SIGNED_UNKNOWN)
    with pytest.raises(InvalidValue, match="waiting"):
        judge.accept(sent, register_number=1, responsible=SOMEBODY)
    assert acceptances(judge, sent) == []


def test_notes_that_cannot_be_read_are_not_taken_for_none(
    axis: ScriptedAxis, judge: Client
) -> None:
    reports_of(axis).path.mkdir()
    folder_of(axis).path.write_bytes(b"a file in its place")
    with pytest.raises(InvalidValue, match="waiting"):
        list(judge.judge_again())


def test_note_that_cannot_be_removed_does_not_undo_the_acceptance(
    axis: ScriptedAxis, judge: Client, waiting: PackageId, caplog: pytest.LogCaptureFixture
) -> None:
    [note] = folder_of(axis).path.iterdir()
    note.unlink()
    note.mkdir()
    learn("known")
    receipt = judge.accept(waiting, register_number=7, responsible=SOMEBODY, note="chờ kiểm tra")
    assert receipt.entry
    assert "still noted" in caplog.text


@pytest.mark.planted("words of others repeated as one's own")
def test_acceptance_that_others_have_signed_is_found(
    axis: ScriptedAxis,
    sender: Client,
    judge: Client,
    document: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def anybody(*_: object) -> bool:
        return True

    monkeypatch.setattr(type(judge._inner), "_has_signed", anybody)
    with pytest.raises(AssertionError):
        test_what_somebody_else_has_signed_is_not_repeated(axis, sender, judge, document)
