"""What people get wrong: every answer names the option or file, and nothing is sent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import Result

from lienthong.cli.base import Session
from lienthong.cli.failures import ExitCode

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

RECIPIENT = "000.00.13.H53"
Run = Callable[..., Result]
OPTIONS = {
    "--number": "52/QĐ-UBND",
    "--kind": "QUYET_DINH",
    "--date": "2026-11-20",
    "--subject": "Về việc",
    "--signer": "An",
    "--position": "Chủ tịch",
}


def facts(result: Result) -> dict[str, str]:
    found: dict[str, str] = json.loads(result.stderr)["error"]["facts"]
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "no-such"],
        ["no-such", "--json"],
        ["inbox", "--limit", "x", "--json"],
        ["inbox", "--no-such", "--json"],
        ["--lang", "xx", "inbox", "--json"],
        ["--json"],
        ["--json", "receipt"],
        ["receipt", "verify", "--json"],
        ["inbox", "--json"],
    ],
)
def test_wrong_usage_is_one_json_object_wherever_json_stands(
    run: Run, arguments: list[str]
) -> None:
    result = run(*arguments)
    assert result.exit_code == ExitCode.USAGE
    assert not result.stdout
    [line] = result.stderr.splitlines()
    error = json.loads(line)["error"]
    assert error["code"] == "cli.usage"
    assert error["exit_code"] == 2
    assert len(error["message"]) < 200


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--number", "52"),
        ("--kind", "nonsense"),
        ("--subject", "x" * 501),
        ("--signer", " "),
        ("--position", ""),
        ("--urgency", "nonsense"),
        ("--due-date", "2026-01-01"),
    ],
)
def test_wrong_option_is_named(
    axis: ScriptedAxis, as_sender: Run, files: Path, option: str, value: str
) -> None:
    given = [part for pair in (OPTIONS | {option: value}).items() for part in pair]
    arguments = ["send", "--file", files / "main.pdf", "--to", RECIPIENT, "--json"]
    result = as_sender(*arguments, *given)
    assert result.exit_code == ExitCode.INPUT
    assert facts(result)["field"] == option
    assert not axis.calls


@pytest.mark.parametrize("option", ["--to", "--copy-to", "--as"])
def test_wrong_code_of_an_organisation_names_its_option(
    axis: ScriptedAxis, as_sender: Run, files: Path, option: str
) -> None:
    arguments = ["send", files / "document.toml", "--file", files / "main.pdf", "--json"]
    result = as_sender(*arguments, "--to", RECIPIENT, option, "no code!")
    assert result.exit_code == ExitCode.INPUT
    assert facts(result)["field"] == option
    assert not axis.calls


def test_empty_document_is_not_sent(axis: ScriptedAxis, as_sender: Run, files: Path) -> None:
    (files / "main.pdf").write_bytes(b"")
    arguments = ["send", files / "document.toml", "--file", files / "main.pdf", "--to", RECIPIENT]
    result = as_sender(*arguments)
    assert result.exit_code == ExitCode.INPUT
    assert "main.pdf is empty" in result.stderr
    assert not axis.calls


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("option", ["--file", "--attach", "--appendix"])
def test_pipes_and_devices_are_no_files(
    axis: ScriptedAxis, as_sender: Run, files: Path, option: str
) -> None:
    pipe = files / "pipe"
    os.mkfifo(pipe)
    arguments = ["send", files / "document.toml", "--file", files / "main.pdf", "--to", RECIPIENT]
    result = as_sender(*arguments, option, pipe)
    assert result.exit_code == ExitCode.USAGE
    assert "no regular file" in result.stderr
    assert not axis.calls


def test_register_entry_of_a_coming_day_is_not_reported(as_recipient: Run, sent: str) -> None:
    result = as_recipient("accept", sent, "--number", "1", "--date", "2999-01-01", "--json")
    assert result.exit_code == ExitCode.INPUT
    assert facts(result)["field"] == "--date"
    assert "SENT" in as_recipient("inbox", "--json").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["take-back", "--agree", "--refuse"],
        ["recall", "--confirm", "--reject"],
        ["update", "--apply", "--refuse"],
    ],
)
def test_two_answers_are_none(as_recipient: Run, sent: str, arguments: list[str]) -> None:
    command, *answers = arguments
    result = as_recipient(command, sent, *answers, "--reason", "x")
    assert result.exit_code == ExitCode.USAGE
    assert "one answer" in result.stderr


def test_filled_in_data_are_not_overwritten(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "d.toml"
    path.write_text("filled in")
    assert run("document", "new", "--out", path).exit_code == ExitCode.INPUT
    assert path.read_text() == "filled in"


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_places_that_cannot_be_used_are_named(
    as_recipient: Run, sent: str, tmp_path: Path, json_too: list[str]
) -> None:
    (tmp_path / "file").write_text("")
    for arguments in (
        ["download", sent, "--out", tmp_path / "file" / "in"],
        ["watch", "--once", "--cursor", tmp_path / "no" / "cursor"],
        ["receipt", "save", sent, tmp_path / "no" / "receipt"],
    ):
        result = as_recipient(*arguments, *json_too)
        assert result.exit_code == ExitCode.INPUT, arguments
        assert str(tmp_path) in result.stderr
        assert not result.stdout


def test_key_that_is_none_is_a_wrong_option(run: Run, tmp_path: Path) -> None:
    receipt = tmp_path / "receipt"
    receipt.write_bytes(b"")
    for key in ("nonsense", str(tmp_path / "no.key"), str(receipt)):
        result = run("receipt", "verify", receipt, "--axis-key", key, "--json")
        assert result.exit_code == ExitCode.INPUT
        assert facts(result)["field"] == "--axis-key"


def test_what_may_stand_in_for_the_profile_is_named(
    axis: ScriptedAxis, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    assert "--axis-key" in run("receipt", "verify", file).stderr
    verify = ["bundle", "verify", file, "--axis-key", axis.journal.key]
    assert "--anchors" in run(*verify).stderr


def test_signed_bytes_belong_to_packages(
    as_sender: Run, as_recipient: Run, sent: str, tmp_path: Path
) -> None:
    accepted = json.loads(as_recipient("accept", sent, "--number", "1", "--json").stdout)
    save = ["receipt", "save", accepted["index"], tmp_path / "r", "--payload", tmp_path / "p"]
    assert as_sender(*save).exit_code == ExitCode.USAGE
    save[2] = "0"
    assert as_sender(*save).exit_code == 0
    assert (tmp_path / "p").read_bytes()


def test_changes_can_be_looked_up_by_their_ids(
    as_sender: Run, as_recipient: Run, sent: str, files: Path
) -> None:
    update = ["update", sent, files / "document.toml", "--reason", "thiếu", "--json"]
    update_id = json.loads(as_sender(*update).stdout)["package_id"]
    assert update_id in as_recipient("history", sent).stdout
    watched = as_recipient("watch", "--once").stdout
    assert sent in watched
    assert update_id in watched
    assert "thiếu" in as_recipient("show", update_id).stdout


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_interrupting_is_said(
    run: Run, monkeypatch: pytest.MonkeyPatch, json_too: list[str]
) -> None:
    def interrupted(_: Session) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "load_profile", interrupted)
    result = run("--profile", "x", "inbox", *json_too)
    assert result.exit_code == ExitCode.INTERRUPTED
    assert not result.stdout
    assert "interrupted" in result.stderr
    if json_too:
        assert json.loads(result.stderr)["error"]["exit_code"] == 130
