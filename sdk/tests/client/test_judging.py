"""Before acceptance: the signatures in the files are verified, reported, kept and weighed."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from cryptography import x509

from lienthong.client import Client
from lienthong.client.filereports import ReportFolder
from lienthong.client.judging import value_of
from lienthong.errors import (
    ConfigInvalid,
    FileReportDamaged,
    GuardFailed,
    InvalidValue,
    PluginFailed,
)
from lienthong.model.document import Document
from lienthong.model.file_signature import Certificates, Finding, LegalValue
from lienthong.model.ids import Sha256
from lienthong.model.trust import StatusEvidence
from lienthong.plugins import PluginHost
from lienthong.testing.pki import signing_extensions
from lienthong.trust import StatusFolder, TrustStore
from sdk.tests.client.judges import MODULE, RECIPIENT, checks_of, reports_of, send
from sdk.tests.client.scripted_verifier import LIST

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis


def test_what_is_found_travels_with_the_acceptance_and_is_kept(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document
) -> None:
    sent = send(sender, document, ("QD.pdf", "signer agency"))
    judge.accept(sent, register_number=1)
    [check] = checks_of(axis)
    assert check.signatures is not None
    assert value_of(check.signatures) is LegalValue.ORIGINAL_EQUIVALENT
    [kept] = reports_of(axis).all(sent)
    [file] = kept.files
    assert file.report is not None
    assert file.report.verifier == "scripted 1, 1 trusted"
    assert file.report.evidence == StatusEvidence(lists=[LIST])
    folder = reports_of(axis).path
    [report] = (folder / str(sent)).iterdir()
    assert Sha256.of(report.read_bytes()) == check.signatures.report


@pytest.fixture
def place(axis: ScriptedAxis, host: PluginHost, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the certificates of signers say that their list is."""
    url = "http://crl.example.vn/signers.crl"
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    extensions = [*signing_extensions(), (x509.CRLDistributionPoints([point]), False)]
    signer = axis.pki.root.issue("signer", extensions=extensions)
    monkeypatch.setattr(sys.modules[MODULE], "SEEN", [signer.certificate])
    return url


def test_where_the_status_of_signers_is_to_be_fetched_is_noted(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document, place: str
) -> None:
    judge.examine(send(sender, document, ("QD.pdf", "signer agency")))
    store = TrustStore.load(axis.profile(RECIPIENT) / "trust")
    assert [one.url for one in StatusFolder(store.status_folder).all()] == [place]


@pytest.mark.usefixtures("place")
def test_status_folder_that_cannot_be_written_keeps_nobody_from_accepting(
    axis: ScriptedAxis,
    sender: Client,
    judge: Client,
    document: Document,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (axis.profile(RECIPIENT) / "trust" / "status").write_bytes(b"a file in its place")
    judge.accept(send(sender, document, ("QD.pdf", "signer agency")), register_number=1)
    assert len(checks_of(axis)) == 1
    assert "cannot be noted" in caplog.text


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("agency signer unknown", LegalValue.PENDING_CHECK),
        ("unsigned", LegalValue.INFORMATION_ONLY),
        ("signer", LegalValue.INFORMATION_ONLY),
        ("altered signer agency", LegalValue.REFUSE),
    ],
)
def test_worth_follows_from_what_is_found(
    sender: Client, judge: Client, document: Document, words: str, value: LegalValue
) -> None:
    sent = send(sender, document, ("QD.pdf", words))
    assert value_of(judge.check(sent).signatures) is value


def test_altered_file_is_never_accepted(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document
) -> None:
    sent = send(sender, document, ("QD.pdf", "altered signer agency"))
    with pytest.raises(GuardFailed, match="a passed check"):
        judge.accept(sent, register_number=1, responsible="Văn thư")
    assert checks_of(axis) == []
    assert len(reports_of(axis).all(sent)) == 1


def test_undecided_document_needs_somebody_responsible(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document
) -> None:
    sent = send(sender, document, ("QD.pdf", "signer agency unknown"))
    with pytest.raises(GuardFailed, match="responsible"):
        judge.accept(sent, register_number=1)
    assert checks_of(axis) == []
    judge.accept(sent, register_number=1, responsible="Chánh Văn phòng")
    [check] = checks_of(axis)
    assert check.signatures is not None
    assert check.signatures.certificates is Certificates.UNAVAILABLE


def test_check_made_elsewhere_does_not_stand_for_a_report(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document
) -> None:
    sent = send(sender, document, ("QD.pdf", "signer agency"))
    elsewhere = evolve(judge.check(sent), signatures=None)
    with pytest.raises(GuardFailed, match="PENDING_CHECK"):
        judge.accept(sent, register_number=1, check=elsewhere)
    assert checks_of(axis) == []


def test_document_that_no_verifier_reads_stays_undecided(
    sender: Client, judge: Client, document: Document
) -> None:
    sent = send(sender, document, ("QD.docx", "signer agency"))
    assert judge.examine(sent).found is None
    with pytest.raises(GuardFailed, match="PENDING_CHECK"):
        judge.accept(sent, register_number=1)


def test_attachment_that_no_verifier_reads_counts_as_unsigned(
    sender: Client, judge: Client, document: Document
) -> None:
    files = [("QD.pdf", "signer agency"), ("Phụ lục.xlsx", "signer agency")]
    found = judge.examine(send(sender, document, *files)).found
    assert found is not None
    assert found.unsigned_attachments == ("Phụ lục.xlsx",)


@pytest.mark.parametrize(
    ("content", "integrity"), [("signed apart", Finding.GOOD), ("changed", Finding.BAD)]
)
def test_signature_apart_is_judged_with_its_file(
    sender: Client, judge: Client, document: Document, content: str, integrity: Finding
) -> None:
    files = [("QD.docx", content), ("QD.docx.p7s", "signer agency")]
    found = judge.examine(send(sender, document, *files)).found
    assert found is not None
    assert found.integrity is integrity
    assert found.unsigned_attachments == ()


@pytest.mark.parametrize(
    ("inside", "value"),
    [
        ("altered signer agency", LegalValue.REFUSE),
        ("signer agency unknown", LegalValue.PENDING_CHECK),
        ("signer agency", LegalValue.ORIGINAL_EQUIVALENT),
    ],
)
def test_signature_put_beside_a_signed_file_hides_nothing_of_it(
    sender: Client, judge: Client, document: Document, inside: str, value: LegalValue
) -> None:
    files = [("QD.pdf", f"{inside} signed apart"), ("QD.pdf.p7s", "signer")]
    found = judge.check(send(sender, document, *files)).signatures
    assert value_of(found) is value


def test_verifier_that_falls_over_decides_nothing(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document
) -> None:
    sent = send(sender, document, ("QD.pdf", "crash"))
    with pytest.raises(PluginFailed):
        judge.accept(sent, register_number=1, responsible="Văn thư")
    assert checks_of(axis) == []


def test_what_was_kept_before_stays_beside_what_is_found_now(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document
) -> None:
    sent = send(sender, document, ("QD.pdf", "signer agency"))
    first = judge.examine(sent)
    axis.pki.now += timedelta(days=1)
    second = judge.examine(sent)
    axis.pki.now -= timedelta(days=1)
    assert reports_of(axis).all(sent) == (first.examination, second.examination)


@pytest.mark.parametrize("part", ["report", "evidence"])
def test_damaged_report_is_told(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document, part: str
) -> None:
    sent = send(sender, document, ("QD.pdf", "signer agency"))
    judge.examine(sent)
    folder = reports_of(axis).path / (str(sent) if part == "report" else "evidence")
    [path] = folder.iterdir()
    path.write_bytes(path.read_bytes().replace(b"e", b"E"))
    with pytest.raises(FileReportDamaged):
        reports_of(axis).all(sent)


def test_reports_that_cannot_be_kept_keep_from_accepting(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document
) -> None:
    reports_of(axis).path.write_bytes(b"a file in its place")
    sent = send(sender, document, ("QD.pdf", "signer agency"))
    with pytest.raises(InvalidValue, match="reports"):
        judge.accept(sent, register_number=1)
    assert checks_of(axis) == []


def test_trust_store_that_is_gone_is_told_before_anything_is_reported(
    axis: ScriptedAxis, sender: Client, judge: Client, document: Document
) -> None:
    sent = send(sender, document, ("QD.pdf", "signer agency"))
    (axis.profile(RECIPIENT) / "trust" / "trust.toml").unlink()
    with pytest.raises(ConfigInvalid, match=r"trust\.toml"):
        judge.accept(sent, register_number=1)
    assert checks_of(axis) == []


def test_without_a_trust_store_nothing_is_examined(
    axis: ScriptedAxis, sender: Client, recipient: Client, document: Document
) -> None:
    sent = send(sender, document, ("QD.pdf", "signer agency"))
    with pytest.raises(ConfigInvalid, match="trust"):
        recipient.examine(sent)
    recipient.accept(sent, register_number=1)
    [check] = checks_of(axis)
    assert check.signatures is None


@pytest.mark.planted("report not kept before acceptance")
def test_acceptance_that_names_no_kept_report_is_found(
    axis: ScriptedAxis,
    sender: Client,
    judge: Client,
    document: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ReportFolder, "_write", lambda *_: None)
    with pytest.raises(ValueError, match="expected 1, got 0"):
        test_what_is_found_travels_with_the_acceptance_and_is_kept(axis, sender, judge, document)
