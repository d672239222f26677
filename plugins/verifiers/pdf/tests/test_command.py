"""``lienthong verify``: what people and programs are told."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from lienthong.cli.app import application
from lienthong.cli.failures import ExitCode
from lienthong.model.file_signature import SignatureRole
from lienthong.model.ids import Sha256
from lienthong.testing.pki import signing_extensions
from lienthong.trust import StatusFolder
from lienthong_verifier_pdf.fields import field_name
from plugins.verifiers.pdf.tests.signed import Office, agency, person, plain_pdf

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
ROOT = Path(__file__).parents[4]
OFFICE = Office.at(NOW)
LIST_URL = "http://crl.example.vn/signers.crl"
TRUST = """\
[[authority]]
file = "root.pem"
label = "CA thử nghiệm"
kind = "CONG_VU"
purposes = ["FILES", "TIME_STAMPS"]
"""
Run = Callable[..., Result]


def signed_twice(document: bytes) -> bytes:
    """As it is issued: person, then agency, with evidence and a time-stamp over all of it."""
    signer, seal = (field_name(one, 1) for one in (SignatureRole.SIGNER, SignatureRole.AGENCY))
    data = OFFICE.sign(document, person(OFFICE.pki, "An"), signer, stamped=NOW)
    data = OFFICE.sign(data, agency(OFFICE.pki, "UBND tỉnh"), seal, stamped=NOW)
    return OFFICE.archived(OFFICE.with_store(data, OFFICE.evidence()), NOW)


@pytest.fixture(scope="module")
def original() -> bytes:
    return signed_twice(plain_pdf())


@pytest.fixture
def verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command with a trust store, for the moment of the tests."""
    for name in ("LIENTHONG_PROFILE", "LIENTHONG_LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    store = tmp_path / "trust"
    store.mkdir()
    (store / "trust.toml").write_text(TRUST, "utf-8")
    (store / "root.pem").write_bytes(OFFICE.pki.root.pem)

    def run(*arguments: str | Path, trust: bool = True) -> Result:
        given = ["verify", *map(str, arguments), "--at", NOW.isoformat()]
        given += ["--trust", str(store)] if trust else []
        return CliRunner().invoke(application, given)

    return run


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_original_is_told_with_its_clauses(verify: Run, tmp_path: Path, original: bytes) -> None:
    result = verify(put(tmp_path, "qd.pdf", original))
    assert result.exit_code == ExitCode.DONE, result.output
    for part in ("competent person", "agency", "official", "passed", "NĐ 30/2020 Đ5.1"):
        assert part in result.stdout


def test_programs_get_everything_but_the_evidence(
    verify: Run, tmp_path: Path, original: bytes
) -> None:
    result = verify(put(tmp_path, "qd.pdf", original), "--json")
    (row,) = rows(result)
    assert (row["outcome"], row["legal_value"]) == ("PASSED", "ORIGINAL_EQUIVALENT")
    assert [one["role"] for one in row["signatures"]] == ["SIGNER", "AGENCY"]
    assert row["legal_reasons"][0]["row"] == 1
    assert row["evidence"]["lists"] == 2
    assert {one["outcome"] for one in row["checks"]} == {"PASSED"}


def test_speaks_vietnamese(
    verify: Run, tmp_path: Path, original: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIENTHONG_LANG", "vi")
    result = verify(put(tmp_path, "qd.pdf", original + b"x"))
    assert "KHÔNG ĐẠT" in result.stdout
    assert "không được ai ký" in result.stdout
    assert "từ chối nhận" in result.stdout


@pytest.mark.parametrize("change", [b"x", b"\n", b"%PDF-1.7"])
def test_extended_file_is_refused(
    verify: Run, tmp_path: Path, original: bytes, change: bytes
) -> None:
    result = verify(put(tmp_path, "qd.pdf", original + change), "--json")
    assert result.exit_code == ExitCode.UNVERIFIED
    assert rows(result)[0]["legal_value"] == "REFUSE"


@pytest.mark.parametrize(("change", "code"), [(b"", ExitCode.INPUT), (b"x", ExitCode.UNVERIFIED)])
def test_odd_file_does_not_hide_the_verdict_on_others(
    verify: Run, tmp_path: Path, original: bytes, change: bytes, code: ExitCode
) -> None:
    odd, good = put(tmp_path, "note.txt", b"a note"), put(tmp_path, "qd.pdf", original + change)
    result = verify(odd, good, "--json")
    assert result.exit_code == code
    (row,) = rows(result)
    assert row["file"] == str(good)
    (told,) = result.stderr.splitlines()
    assert "note.txt" in json.loads(told)["error"]["message"]


def test_file_is_what_its_content_says(verify: Run, tmp_path: Path, original: bytes) -> None:
    result = verify(put(tmp_path, "report.xlsx", original), "--json")
    assert rows(result)[0]["media_type"] == "application/pdf"


def test_detached_signature_is_over_the_file_beside_it(verify: Run, tmp_path: Path) -> None:
    signature = OFFICE.sign_cms(b"annex", agency(OFFICE.pki, "UBND"))
    path = put(tmp_path, "annex.xlsx.p7s", signature)
    alone = rows(verify(path, "--json"))[0]
    put(tmp_path, "annex.xlsx", b"annex")
    beside = rows(verify(path, "--json"))[0]
    put(tmp_path, "annex.xlsx", b"other")
    other = rows(verify(path, "--json"))[0]
    assert alone["signatures"] == []
    assert [one["check"]["integrity"] for one in beside["signatures"]] == ["GOOD"]
    assert [one["check"]["integrity"] for one in other["signatures"]] == ["BAD"]
    contents = [one["content_sha256"] for one in (alone, beside, other)]
    assert contents == [None, str(Sha256.of(b"annex")), str(Sha256.of(b"other"))]
    assert str(Sha256.of(b"other")) in verify(path).stdout.replace("\n", "")


def test_enclosed_signature_is_over_what_it_holds(verify: Run, tmp_path: Path) -> None:
    data = OFFICE.sign_cms(b"annex", agency(OFFICE.pki, "UBND"), detached=False)
    row = rows(verify(put(tmp_path, "annex.p7m", data), "--json"))[0]
    assert [one["check"]["integrity"] for one in row["signatures"]] == ["GOOD"]


def test_several_files_are_told_in_their_order(
    verify: Run, tmp_path: Path, original: bytes
) -> None:
    paths = [put(tmp_path, "a.pdf", original), put(tmp_path, "b.pdf", plain_pdf())]
    result = verify(*paths, "--json")
    assert result.exit_code == ExitCode.UNVERIFIED
    assert [row["legal_value"] for row in rows(result)] == [
        "ORIGINAL_EQUIVALENT",
        "INFORMATION_ONLY",
    ]


def test_other_files_are_no_input(verify: Run, tmp_path: Path) -> None:
    result = verify(put(tmp_path, "note.txt", b"0 nothing of the kind"))
    assert result.exit_code == ExitCode.INPUT
    assert "a PDF file, or a CMS signature" in result.stderr


def test_nobody_is_trusted_by_default(verify: Run, tmp_path: Path, original: bytes) -> None:
    result = verify(put(tmp_path, "qd.pdf", original), trust=False)
    assert result.exit_code == ExitCode.USAGE
    assert "--trust" in result.stderr
    assert result.stdout == ""


def test_official_document_signed_twice_is_an_original(verify: Run, tmp_path: Path) -> None:
    shared = Path(os.environ.get("LIENTHONG_SHARED", ROOT.parent / "shared"))
    document = shared / "data" / "documents" / "52-2019-QD-UBND.pdf"
    if not document.is_file():
        pytest.skip("the shared documents are not here")
    data = signed_twice(document.read_bytes())
    good = verify(put(tmp_path, "qd.pdf", data), "--json")
    assert rows(good)[0]["legal_value"] == "ORIGINAL_EQUIVALENT", good.output
    middle = len(document.read_bytes()) // 2
    altered = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    for forged in (altered, data + b"\n", data[:-20]):
        result = verify(put(tmp_path, "forged.pdf", forged), "--json")
        assert rows(result)[0]["legal_value"] == "REFUSE"


@pytest.fixture(scope="module")
def naming_its_list() -> bytes:
    """Signed with a certificate that says where its revocation list is."""
    place = x509.DistributionPoint([x509.UniformResourceIdentifier(LIST_URL)], None, None, None)
    extensions = [*signing_extensions(), (x509.CRLDistributionPoints([place]), False)]
    signer = OFFICE.pki.intermediate.issue("An", extensions=extensions)
    return OFFICE.sign(plain_pdf(), signer, field_name(SignatureRole.SIGNER, 1))


def test_lists_that_were_wanted_are_noted_for_the_next_refresh(
    verify: Run, tmp_path: Path, naming_its_list: bytes
) -> None:
    result = verify(put(tmp_path, "qd.pdf", naming_its_list))
    assert result.exit_code == ExitCode.UNVERIFIED
    assert [one.url for one in StatusFolder(tmp_path / "trust" / "status").all()] == [LIST_URL]


def test_trust_store_that_cannot_be_written_is_no_error(
    verify: Run, tmp_path: Path, naming_its_list: bytes
) -> None:
    path = put(tmp_path, "qd.pdf", naming_its_list)
    expected = verify(path)
    shutil.rmtree(tmp_path / "trust" / "status")
    put(tmp_path / "trust", "status", b"a file in its place")
    result = verify(path)
    assert (result.exit_code, result.stdout) == (expected.exit_code, expected.stdout)
    assert result.stderr == expected.stderr == ""
