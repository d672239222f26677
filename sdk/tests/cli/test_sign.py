"""``sign``: options, prompts, files that are written whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from click.testing import Result

from lienthong.cli.base import Session
from lienthong.cli.texts import Words
from lienthong.errors import FontMissing
from lienthong.fonts import find_font
from lienthong.testing.pki import TestPKI
from lienthong.testing.tsa import TestTSA
from lienthong.testing.tsa_server import Answer, TSAServer, serve_tsa

pytest.importorskip("lienthong_signer_softkey")
pytest.importorskip("lienthong_verifier_pdf")
image = pytest.importorskip("PIL.Image")
canvas = pytest.importorskip("reportlab.pdfgen.canvas")

Run = Callable[..., Result]
SECRET = "mật khẩu dài và khó đoán"
TRUST = """\
[[authority]]
file = "root.pem"
label = "CA thử nghiệm"
kind = "CONG_VU"
purposes = ["FILES"]
"""


def draw(path: Path, colour: tuple[int, int, int, int]) -> Path:
    picture = image.new("RGBA", (200, 100), (0, 0, 0, 0))
    picture.paste(colour, (50, 25, 150, 75))
    picture.save(path, dpi=(150, 150))
    return path


@pytest.fixture
def signature(tmp_path: Path) -> Path:
    return draw(tmp_path / "signature.png", (0, 0, 200, 255))


@pytest.fixture
def seal(tmp_path: Path) -> Path:
    return draw(tmp_path / "seal.png", (200, 0, 0, 255))


@pytest.fixture
def key(pki: TestPKI, tmp_path: Path) -> str:
    return pki.organisation("signing").write(tmp_path / "keys").uri


@pytest.fixture
def seal_key(pki: TestPKI, tmp_path: Path) -> str:
    return pki.organisation("sealing").write(tmp_path / "keys").uri


@pytest.fixture
def signed(run: Run, document: Path, signature: Path, key: str) -> Path:
    result = run("sign", document, "--as", "signer", "--key", key, "--image", signature)
    assert result.exit_code == 0, result.stderr
    return document.with_name("qd-52.signed.pdf")


@pytest.fixture
def store(pki: TestPKI, tmp_path: Path) -> Path:
    """A trust store with the authority of the tests."""
    folder = tmp_path / "trust"
    folder.mkdir()
    (folder / "root.pem").write_bytes(pki.root.pem)
    (folder / "trust.toml").write_text(TRUST, "utf-8")
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


def test_signer_then_agency(
    run: Run, document: Path, signature: Path, seal: Path, key: str, seal_key: str
) -> None:
    before = document.read_bytes()
    first = run("sign", document, "--as", "signer", "--key", key, "--image", signature)
    assert first.exit_code == 0, first.stderr
    assert "lienthong-SIGNER-1 (B-B)" in first.stdout
    signed = document.with_name("qd-52.signed.pdf")
    second = run("--json", "sign", signed, "--as", "agency", "--key", seal_key, "--image", seal)
    assert second.exit_code == 0, second.stderr
    told = json.loads(second.stdout)
    assert told["output"] == str(document.with_name("qd-52.sealed.pdf"))
    assert told["earlier"] == ["lienthong-SIGNER-1"]
    assert told["appearance"]["image"] == "SEAL_RED"
    assert document.read_bytes() == before
    assert Path(told["output"]).read_bytes().startswith(signed.read_bytes())
    assert names(document.parent) == {
        "qd-52.pdf",
        "qd-52.signed.pdf",
        "qd-52.sealed.pdf",
        "signature.png",
        "seal.png",
    }


def test_agency_is_refused_before_the_signer(
    run: Run, document: Path, seal: Path, key: str
) -> None:
    before = names(document.parent)
    result = run("--json", "sign", document, "--as", "agency", "--key", key, "--image", seal)
    assert result.exit_code == 1
    error = json.loads(result.stderr)["error"]
    assert error["code"] == "signing.signer_missing"
    assert "Đ32.2d" in error["message"]
    assert names(document.parent) == before


def test_one_key_is_not_two_parties(run: Run, signed: Path, seal: Path, key: str) -> None:
    before = names(signed.parent)
    result = run("--json", "sign", signed, "--as", "agency", "--key", key, "--image", seal)
    error = json.loads(result.stderr)["error"]
    assert (error["code"], result.exit_code) == ("pki.key_unusable", 3)
    assert "NĐ 30/2020 Đ5.1" in error["message"]
    assert names(signed.parent) == before


@pytest.mark.parametrize("by_profile", [True, False])
def test_agency_is_told_whether_the_signer_was_checked(
    run: Run,
    signed: Path,
    seal: Path,
    seal_key: str,
    store: Path,
    by_profile: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The trust store of the profile counts; without any the output says so."""
    arguments = ["--json", "sign", signed, "--as", "agency", "--key", seal_key, "--image", seal]
    if by_profile:
        monkeypatch.setattr(Session, "load_profile", lambda self: SimpleNamespace(trust=store))
        arguments = ["--profile", store, *arguments]
    result = run(*arguments)
    assert result.exit_code == 0, result.stderr
    told = [json.loads(line)["warning"] for line in result.stderr.splitlines()]
    assert [one for one in told if "nobody checked" in one] == ([] if by_profile else told)
    assert len(told) == (0 if by_profile else 1)


def test_signer_whom_the_profile_does_not_trust_is_refused(
    run: Run, signed: Path, seal: Path, seal_key: str, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store / "root.pem").write_bytes(TestPKI().root.pem)
    monkeypatch.setattr(Session, "load_profile", lambda self: SimpleNamespace(trust=store))
    arguments = ("sign", signed, "--as", "agency", "--key", seal_key, "--image", seal)
    result = run("--profile", store, *arguments)
    assert "signing.signer_missing" in result.stderr


def test_folder_that_is_no_trust_store_is_told(
    run: Run, document: Path, key: str, tmp_path: Path
) -> None:
    more = ("--hidden", "--trust", tmp_path)
    result = run("--lang", "vi", "sign", document, "--as", "signer", "--key", key, *more)
    assert result.exit_code == 2
    assert "lienthong trust add" in result.stderr
    assert "không phải kho tin cậy" in result.stderr


def test_logs_do_not_stand_before_the_json(run: Run, document: Path, pki: TestPKI) -> None:
    """A real process: the handlers of pytest would hide it."""
    files = pki.organisation("wide open").write(document.parent / "open")
    files.key.chmod(0o644)
    document.write_bytes(b"no PDF")
    command = [sys.executable, "-m", "lienthong", "--json", "sign", str(document)]
    command += ["--as", "signer", "--key", files.uri, "--hidden"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    warning, error = map(json.loads, done.stderr.splitlines())
    assert "mode" in warning["warning"]
    assert error["error"]["code"] == "signing.file_unsignable"


def test_attachment_and_copy(run: Run, document: Path, key: str, tmp_path: Path) -> None:
    try:
        find_font()
    except FontMissing as error:
        pytest.skip(str(error))
    number = ("--number", "52/2019/QĐ-UBND")
    made = run("sign", document, "--as", "attachment", "--key", key, *number)
    assert made.exit_code == 0, made.stderr
    out = tmp_path / "copy.pdf"
    form = ("--copy-form", "sao-y", "--agency", "Ủy ban nhân dân tỉnh", "--output", out)
    made = run("--json", "sign", document, "--as", "copy", "--key", key, *form)
    assert made.exit_code == 0, made.stderr
    assert json.loads(made.stdout)["appearance"]["text"].startswith("SAO Y\nỦy ban nhân dân tỉnh\n")


@pytest.mark.parametrize("both", [True, False])
def test_image_or_hidden_is_asked_for(
    run: Run, document: Path, signature: Path, key: str, both: bool
) -> None:
    options = ("--hidden", "--image", signature) if both else ()
    result = run("sign", document, "--as", "signer", "--key", key, *options)
    assert result.exit_code == 2
    assert "II.7d" in result.stderr
    assert "--hidden" in result.stderr


def test_hidden_signature_shows_nothing(run: Run, document: Path, key: str) -> None:
    result = run("--json", "sign", document, "--as", "signer", "--key", key, "--hidden")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["appearance"] is None


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--as", "attachment"), 3),
        (("--as", "copy", "--agency", "UBND"), 3),
        (("--as", "copy", "--copy-form", "sao-y"), 3),
        (("--as", "copy", "--copy-form", "original"), 2),
        (("--as", "attachment", "--number", "52"), 3),
        (("--as", "signer", "--hidden", "--box", "1,2,3"), 2),
        (("--as", "signer", "--hidden", "--box", "1,2,3,nan"), 2),
        (("--as", "signer", "--hidden", "--box", "1,2,3,1e999"), 2),
        (("--as", "signer", "--hidden", "--page", "0"), 2),
        (("--as", "signer", "--hidden", "--level", "B-T"), 3),
        (("--as", "signer", "--hidden", "--level", "B-X"), 2),
        (("--as", "signer", "--hidden", "--timestamp", "no-such:x"), 8),
        (("--as", "nobody", "--hidden"), 2),
    ],
)
def test_wrong_options_are_told(
    run: Run, document: Path, key: str, options: tuple[str, ...], code: int
) -> None:
    before = names(document.parent)
    result = run("sign", document, "--key", key, *options)
    assert result.exit_code == code, result.stderr
    assert names(document.parent) == before


def test_output_is_not_overwritten(run: Run, document: Path, key: str) -> None:
    out = document.with_name("qd-52.signed.pdf")
    out.write_bytes(b"something of value")
    arguments = ("sign", document, "--as", "signer", "--key", key, "--hidden")
    result = run(*arguments)
    assert result.exit_code == 3
    assert "--force" in result.stderr
    assert out.read_bytes() == b"something of value"
    assert run(*arguments, "--force").exit_code == 0
    assert out.read_bytes().startswith(document.read_bytes())


def test_file_can_be_replaced_by_its_signed_form(run: Run, document: Path, key: str) -> None:
    before = document.read_bytes()
    arguments = ("sign", document, "--as", "signer", "--key", key, "--hidden")
    assert run(*arguments, "--output", document).exit_code == 3
    assert document.read_bytes() == before
    assert run(*arguments, "--output", document, "--force").exit_code == 0
    assert document.read_bytes().startswith(before)


def test_what_fails_leaves_nothing(run: Run, document: Path, key: str) -> None:
    document.write_bytes(b"no PDF")
    before = names(document.parent)
    result = run("--json", "sign", document, "--as", "signer", "--key", key, "--hidden")
    assert result.exit_code == 3
    assert json.loads(result.stderr)["error"]["code"] == "signing.file_unsignable"
    assert names(document.parent) == before


def test_full_disk_leaves_the_older_output(
    run: Run, document: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = document.with_name("qd-52.signed.pdf")
    out.write_bytes(b"older")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = run("sign", document, "--as", "signer", "--key", key, "--hidden", "--force")
    assert result.exit_code == 3
    assert out.read_bytes() == b"older"
    assert not [name for name in names(document.parent) if name.endswith(".part")]


def test_passphrase_is_not_asked_for_in_a_pipe(
    run: Run, document: Path, pki: TestPKI, tmp_path: Path
) -> None:
    locked = pki.organisation("locked").write(tmp_path / "locked", passphrase=SECRET).uri
    result = run("--json", "sign", document, "--as", "signer", "--key", locked, "--hidden")
    assert result.exit_code != 0
    error = json.loads(result.stderr)["error"]
    assert (error["code"], result.exit_code) == ("pki.secret_missing", 3)
    assert "passphrase" in error["message"]
    assert "terminal" in error["next_step"]
    assert SECRET not in result.stderr


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("PIN of the token 'person' (serial 1)", "mã PIN của thiết bị 'person' (serial 1)"),
        ("passphrase of a.p12", "mật khẩu của a.p12"),
        ("something of another plugin", "something of another plugin"),
    ],
)
def test_secrets_are_asked_for_in_vietnamese(name: str, asked: str) -> None:
    assert Words("vi").secret(name) == asked
    assert Words("en").secret(name) == name


@pytest.fixture
def authority(pki: TestPKI, tmp_path: Path) -> Iterator[TSAServer]:
    pytest.importorskip("lienthong_time_rfc3161")
    with serve_tsa(TestTSA(pki, clock=lambda: datetime.now(UTC))) as server:
        yield server


def address(authority: TSAServer, pki: TestPKI, folder: Path) -> str:
    return f"rfc3161:{authority.url}?anchors={quote(str(pki.write(folder)))}"


def test_time_stamp_authority_makes_the_level(
    run: Run, document: Path, key: str, pki: TestPKI, authority: TSAServer, tmp_path: Path
) -> None:
    more = ("--hidden", "--timestamp", address(authority, pki, tmp_path))
    result = run("--json", "sign", document, "--as", "signer", "--key", key, *more)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["level"] == "B-T"
    assert len(authority.requests) == 1


def test_authority_that_is_down_is_named_and_nothing_is_written(
    run: Run, document: Path, key: str, pki: TestPKI, authority: TSAServer, tmp_path: Path
) -> None:
    authority.answer = lambda request: Answer(body=b"", status=503)
    more = ("--hidden", "--timestamp", address(authority, pki, tmp_path))
    before = names(document.parent)
    result = run("--json", "sign", document, "--as", "signer", "--key", key, *more)
    assert result.exit_code == 5, result.stderr
    warning, error = map(json.loads, result.stderr.splitlines())
    assert "127.0.0.1" in warning["warning"]
    assert "127.0.0.1" in error["error"]["message"]
    assert names(document.parent) == before
