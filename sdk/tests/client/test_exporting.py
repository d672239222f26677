from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from lienthong.client import Client, FileSource
from lienthong.codec.signed import load_entry
from lienthong.errors import BundleInvalid, InvalidValue, LienthongError, NotFound, ProofInvalid
from lienthong.evidence.bundle import verify_bundle
from lienthong.evidence.stamp_findings import StampJudge
from lienthong.model.document import Document
from lienthong.model.ids import DocumentNumber, PackageId
from lienthong.model.journal import PackageRecord, StatementRecord
from lienthong.pki.chain import TrustAnchors
from lienthong.spi.verifier import Outcome
from lienthong.testing.journal import MemoryJournal
from lienthong.testing.tsa import TestTSA

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

RECIPIENT, OTHER = "000.00.13.H53", "000.00.11.H53"
FILE = FileSource.of_bytes("a.pdf", b"content" * 60_000)
NEW = FileSource.of_bytes("b.pdf", b"new")


@pytest.fixture
def case(
    axis: ScriptedAxis, sender: Client, recipient: Client, document: Document
) -> tuple[PackageId, PackageId]:
    """A package that was accepted, recalled and replaced, among unrelated ones."""
    sender.send(document, [FILE], [RECIPIENT])
    prepared = sender.prepare(document, [FILE], [RECIPIENT, OTHER])
    sender.submit(prepared)
    recipient.accept(prepared.package_id, register_number=3)
    sender.send(document, [FILE], [OTHER])
    sender.recall(prepared.package_id, reason="sai", recipients=[RECIPIENT])
    recipient.confirm_recall(prepared.package_id)
    second = evolve(document, number=DocumentNumber.parse("53/2026/QĐ-UBND"))
    sender.replace(prepared.package_id, second, [NEW], [RECIPIENT], reason="thay")
    replacement = list(axis.packages)[-1]
    recipient.arrived(replacement)
    return prepared.package_id, replacement


def verified(axis: ScriptedAxis, path: Path) -> list[str]:
    anchors = TrustAnchors([axis.pki.root.certificate])
    report = verify_bundle(BytesIO(path.read_bytes()), axis.journal.key, anchors)
    return [str(entry.what.value) for entry in report.timeline]


@pytest.mark.parametrize("asked", [0, 1])
def test_bundle_holds_the_whole_case_whichever_package_is_named(
    axis: ScriptedAxis,
    sender: Client,
    case: tuple[PackageId, PackageId],
    tmp_path: Path,
    asked: int,
) -> None:
    path = tmp_path / "evidence.bundle"
    report = sender.export_bundle(case[asked], path)
    expected = ["NEW", "ACCEPT", "RECALL", "CONFIRM_RECALL", "REPLACE", "ARRIVE"]
    assert verified(axis, path) == expected
    assert [file.included for file in report.files] == [True, True]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["evidence.bundle", "profiles"]


def test_bundle_without_contents(
    axis: ScriptedAxis, sender: Client, case: tuple[PackageId, PackageId], tmp_path: Path
) -> None:
    report = sender.export_bundle(case[0], tmp_path / "evidence.bundle", files=False)
    assert [file.included for file in report.files] == [False, False]
    assert (tmp_path / "evidence.bundle").stat().st_size < 50_000


def test_recipient_of_the_replacement_only_exports_what_concerns_it(
    axis: ScriptedAxis, sender: Client, recipient: Client, document: Document, tmp_path: Path
) -> None:
    prepared = sender.prepare(document, [NEW], [RECIPIENT])
    sender.submit(prepared)
    recipient.accept(prepared.package_id, register_number=3)
    sender.replace(prepared.package_id, document, [NEW], [RECIPIENT, OTHER], reason="thay")
    replacement = list(axis.packages)[-1]
    recipient.accept(replacement, register_number=4)
    with Client(axis.profile(OTHER)) as other:
        other.accept(replacement, register_number=9)
        report = other.export_bundle(replacement, tmp_path / "other.bundle")
        assert [entry.what.value for entry in report.timeline] == ["REPLACE", "ACCEPT"]
    whole = sender.export_bundle(replacement, tmp_path / "sender.bundle")
    assert [(str(one.recipient), one.state.name, one.complete) for one in whole.deliveries] == [
        (RECIPIENT, "REPLACED", True),
        (RECIPIENT, "ACCEPTED", True),
        (OTHER, "ACCEPTED", True),
    ]


def test_recipient_exports_what_concerns_it(
    axis: ScriptedAxis, sender: Client, case: tuple[PackageId, PackageId], tmp_path: Path
) -> None:
    with Client(axis.profile(OTHER)) as other:
        other.export_bundle(case[0], tmp_path / "evidence.bundle")
        with pytest.raises(NotFound):
            other.export_bundle(case[1], tmp_path / "other.bundle")
    assert verified(axis, tmp_path / "evidence.bundle") == ["NEW"]


def test_false_entries_are_not_exported(
    axis: ScriptedAxis, sender: Client, case: tuple[PackageId, PackageId], tmp_path: Path
) -> None:
    def change(item: Any) -> None:
        if item.receipt.index > 2:
            item.receipt.entry = b"\xff" + item.receipt.entry[1:]

    axis.faults.change_item = change
    with pytest.raises(ProofInvalid):
        sender.export_bundle(case[0], tmp_path / "evidence.bundle")
    assert not (tmp_path / "evidence.bundle").exists()


def test_rewritten_journal_is_not_exported(
    axis: ScriptedAxis, sender: Client, case: tuple[PackageId, PackageId], tmp_path: Path
) -> None:
    other = MemoryJournal("axis.test", signer=axis.journal.signer, clock=lambda: axis.pki.now)
    for record in axis.records:
        body = load_entry(record.receipt.entry).body
        assert isinstance(body, PackageRecord | StatementRecord)
        assert record.envelope is not None
        other.record(body, record.envelope)
    axis.journal = other
    with pytest.raises(BundleInvalid):
        sender.export_bundle(case[0], tmp_path / "evidence.bundle")


def test_unwritable_place(
    sender: Client, case: tuple[PackageId, PackageId], tmp_path: Path
) -> None:
    with pytest.raises(InvalidValue, match="evidence.bundle is No such file"):
        sender.export_bundle(case[0], tmp_path / "missing" / "evidence.bundle")


def test_bundle_of_a_stamped_axis_holds_its_time_stamps(
    axis: ScriptedAxis, sender: Client, case: tuple[PackageId, PackageId], tmp_path: Path
) -> None:
    axis.tsa = TestTSA(axis.pki)
    path = tmp_path / "case.bundle"
    sender.export_bundle(case[0], path)
    key, anchors = axis.journal.key, TrustAnchors([axis.pki.root.certificate])
    judge = StampJudge(anchors=anchors, at=axis.pki.now)
    report = verify_bundle(BytesIO(path.read_bytes()), key, anchors, judge)
    outcomes = {entry.stamp and entry.stamp.outcome for entry in report.timeline}
    assert outcomes == {Outcome.PASSED}
    assert axis.calls.count("GetStamp") > 1


def test_time_stamp_that_does_not_fit_is_not_exported(
    axis: ScriptedAxis, sender: Client, case: tuple[PackageId, PackageId], tmp_path: Path
) -> None:
    axis.tsa = TestTSA(axis.pki)
    axis.faults.stamp_text = "axis.test\n1\nno root\n"
    path = tmp_path / "case.bundle"
    with pytest.raises(LienthongError):
        sender.export_bundle(case[0], path)
    assert not path.exists()
