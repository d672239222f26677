from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import Result

from lienthong import __version__, errors
from lienthong.cli import app, failures, reference
from lienthong.cli.base import Session
from lienthong.cli.commands.feeds import file_name
from lienthong.cli.failures import ExitCode, exit_code
from lienthong.cli.output import safe
from lienthong.cli.texts import KEYS, Words, language_of
from lienthong.codec.toml import load_document
from lienthong.errors import LienthongError, table
from lienthong.model.ids import OrganId

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

ROOT = Path(__file__).parents[3]
RECIPIENT = "000.00.13.H53"
Run = Callable[..., Result]


def every_command() -> list[click.Context]:
    return list(reference.walk(reference.root_context()))


def test_wrong_usage_ends_with_2(run: Run) -> None:
    for arguments in (["no-such"], ["inbox", "--no-such"], ["accept", "x"], ["inbox"], ["show"]):
        result = run(*arguments)
        assert result.exit_code == ExitCode.USAGE
        assert not result.stdout
        assert result.stderr


def test_wrong_usage_as_json(run: Run) -> None:
    result = run("--json", "inbox")
    assert result.exit_code == 2
    assert json.loads(result.stderr)["error"]["code"] == "cli.usage"


def test_wrong_profile_names_file_and_key(run: Run, tmp_path: Path) -> None:
    result = run("--profile", tmp_path, "inbox", "--json")
    assert result.exit_code == ExitCode.INPUT
    error = json.loads(result.stderr)["error"]
    assert error["code"] == "config.invalid"
    assert error["facts"]["file"] == str(tmp_path / "profile.toml")
    assert error["exit_code"] == 3


def test_profile_from_the_environment(
    axis: ScriptedAxis, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIENTHONG_PROFILE", str(axis.profile(RECIPIENT)))
    assert run("inbox").exit_code == 0


def test_warning_about_keys_goes_to_stderr(axis: ScriptedAxis, as_sender: Run) -> None:
    (axis.profile("000.00.00.H53") / "signing.key").chmod(0o644)
    result = as_sender("inbox")
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: other users can read the private key")
    assert as_sender("inbox", "--json").stderr == ""


@pytest.mark.parametrize("mark", ["MAT", "Tối mật", "TUYET_MAT"])
def test_state_secrets_are_refused_before_anything_is_sent(
    axis: ScriptedAxis, as_sender: Run, files: Path, mark: str
) -> None:
    path = files / "document.toml"
    path.write_text(f'secrecy = "{mark}"\n{path.read_text()}')
    result = as_sender("send", path, "--file", files / "main.pdf", "--to", RECIPIENT)
    assert result.exit_code == ExitCode.NOT_PERMITTED
    assert "error[model.state_secret]" in result.stderr
    assert not axis.calls


def test_data_come_from_file_or_options_not_both(
    axis: ScriptedAxis, as_sender: Run, files: Path
) -> None:
    common = ["send", "--file", files / "main.pdf", "--to", RECIPIENT]
    assert as_sender(*common).exit_code == 2
    assert as_sender(*common, files / "document.toml", "--subject", "x").exit_code == 2
    assert as_sender(*common, "--subject", "x").exit_code == 3
    assert as_sender(*common, "--date", "20/11/2026").exit_code == 2
    (files / "document.toml").write_bytes(b"\xff")
    assert as_sender(*common, files / "document.toml").exit_code == 3
    assert not axis.calls


def test_options_that_belong_together(as_recipient: Run, sent: str) -> None:
    assert as_recipient("complete", sent, "--reply-number", "1/A").exit_code == 2
    assert as_recipient("take-back", sent, "--refuse").exit_code == 2
    assert as_recipient("update", sent, "--reason", "x").exit_code == 2
    assert as_recipient("recall", sent).exit_code == 2


def test_unknown_package(as_recipient: Run) -> None:
    unknown = "0193e0a0-0000-7000-8000-000000000000"
    assert as_recipient("show", unknown).exit_code == ExitCode.NOT_FOUND
    assert as_recipient("show", "nonsense").exit_code == ExitCode.INPUT


def test_interrupt_ends_with_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Session) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "load_profile", interrupted)
    assert run("--profile", "x", "inbox").exit_code == ExitCode.INTERRUPTED


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.InvalidMove(), ExitCode.REFUSED),
        (errors.ConflictingReport(), ExitCode.REFUSED),
        (errors.InvalidValue(), ExitCode.INPUT),
        (errors.ConfigInvalid(), ExitCode.INPUT),
        (errors.KeyUnusable(), ExitCode.INPUT),
        (errors.NotFound(), ExitCode.NOT_FOUND),
        (errors.OrganisationUnknown(), ExitCode.NOT_FOUND),
        (errors.ConnectionFailed(), ExitCode.ENVIRONMENT),
        (errors.DiskFull(), ExitCode.ENVIRONMENT),
        (errors.LimitReached(), ExitCode.ENVIRONMENT),
        (errors.SignatureInvalid(), ExitCode.UNVERIFIED),
        (errors.ReceiptInvalid(), ExitCode.UNVERIFIED),
        (errors.HashMismatch(), ExitCode.UNVERIFIED),
        (errors.StateSecret(), ExitCode.NOT_PERMITTED),
        (errors.CredentialRevoked(), ExitCode.NOT_PERMITTED),
        (errors.SenderMismatch(), ExitCode.NOT_PERMITTED),
        (errors.PluginNotFound(), ExitCode.PLUGIN),
        (errors.PluginFailed(), ExitCode.PLUGIN),
    ],
)
def test_exit_codes(error: LienthongError, expected: ExitCode) -> None:
    assert exit_code(error) is expected


@pytest.mark.parametrize("code", sorted(table()))
def test_every_error_has_an_exit_code_and_two_lines_in_both_languages(code: str) -> None:
    error = table()[code]()
    assert exit_code(error) not in {ExitCode.DONE, ExitCode.USAGE}
    for language in errors.LANGUAGES:
        assert len(failures.as_text(error, language).splitlines()) == 2


def test_reference_page_is_fresh() -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8")
    assert page == reference.page() + "\n", "run: python -m lienthong.cli.reference"


def test_every_command_shows_an_example_and_the_common_options() -> None:
    contexts = every_command()
    assert len(contexts) > 20
    for context in contexts:
        text = context.get_help()
        assert "Example:\n  lienthong " in text, context.command_path
        for option in ("--profile", "--json", "--lang"):
            assert option in text
        assert context.command.get_short_help_str(80).endswith("."), context.command_path


def test_summaries_are_those_of_the_commands() -> None:
    root = reference.root_context()
    for name, place in app.COMMANDS.items():
        found = app.application.get_command(root, name)
        assert found is not None
        assert found.get_short_help_str(80) == place.summary
    assert app.application.get_command(root, "no-such") is None


@pytest.mark.parametrize("module", ["rich", "cryptography", "google.protobuf", "grpc"])
def test_help_and_completion_import_no_command(module: str) -> None:
    code = (
        "import sys; from lienthong.cli.app import application as a; c = a.make_context('x', []);"
        "a.get_help(c); assert [i.value for i in a.shell_complete(c, 'rec')] == ['recall', "
        f"'receipt', 'received-at']; sys.exit({module!r} in sys.modules)"
    )
    command = [sys.executable, "-c", code.replace("make_context('x', [])", "context_class(a)")]
    assert subprocess.run(command, check=False).returncode == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run: Run, shell: str) -> None:
    result = run("completion", shell)
    assert "_LIENTHONG_COMPLETE" in result.stdout
    assert json.loads(run("completion", shell, "--json").stdout)["shell"] == shell


def test_example_document_loads(run: Run, tmp_path: Path) -> None:
    text = run("document", "new").stdout
    load_document(text, issuer_code=OrganId("H53.12"), issuer_name="Sở")
    assert json.loads(run("document", "new", "--json").stdout) == {"template": text}
    assert "saved to" in run("document", "new", "--out", tmp_path / "d.toml").stdout
    assert (tmp_path / "d.toml").read_text() == text
    assert run("document", "new", "--out", tmp_path / "no" / "d.toml").exit_code == 3


def test_plugins_are_listed(run: Run) -> None:
    rows = [json.loads(line) for line in run("plugins", "list", "--json").stdout.splitlines()]
    assert {"kind", "name", "state", "version"} <= set(rows[0])
    assert "softkey" in run("plugins", "list", "--no-probe", "--lang", "vi").stdout


def test_texts_exist_in_both_languages_and_are_used() -> None:
    modules = [path for path in Path(app.__file__).parent.rglob("*.py") if path.name != "texts.py"]
    source = "".join(path.read_text() for path in modules)
    for key in KEYS:
        assert f'"{key}"' in source or f"'{key}'" in source, key
        assert Words("en")(key)
        assert Words("vi")(key)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "vi_VN", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US", "LIENTHONG_LANG": "vi"}, "vi"),
    ],
)
def test_language_of_messages(environment: dict[str, str], expected: str) -> None:
    assert language_of(environment) == expected


def test_text_from_outside_cannot_steer_the_terminal() -> None:
    assert safe("a\x1b[31m\u202eb\u200bc\n") == "a\\u001b[31m\\u202eb\\u200bc\\u000a"
    assert safe("Quyết định") == "Quyết định"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("quyết định.pdf", "quyết định.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\x.pdf", "C__x.pdf"),
        ("..", "file"),
        ("a\u202efdp.exe", "a_u202efdp.exe"),
    ],
)
def test_names_of_files_never_lead_elsewhere(name: str, expected: str) -> None:
    assert file_name(name) == expected


def test_no_colours_without_a_terminal(as_recipient: Run, sent: str) -> None:
    assert "\x1b[" not in as_recipient("inbox").stdout


def test_version_costs_next_to_nothing() -> None:
    """It loads nothing that takes time; how long that is, only a bench may say."""
    found = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "lienthong", "--version"],
        check=True,
        capture_output=True,
        text=True,
    )
    loaded = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in found.stderr.split("\n")
    }
    assert "lienthong" in loaded
    assert loaded & {"asyncio", "attrs", "cattrs", "click", "cryptography", "grpc", "rich"} == set()


def test_version_in_other_places(run: Run) -> None:
    assert run("--version").stdout == f"lienthong {__version__}\n"


def test_missing_extra_is_explained(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise ModuleNotFoundError(name='click')")
    code = "import sys; sys.argv = ['lienthong', 'inbox']; from lienthong.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 5
    assert "pip install 'lienthong[cli]'" in result.stderr


def test_module_runs_as_a_program() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "lienthong", "completion", "bash"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0
    assert "complete" in result.stdout
