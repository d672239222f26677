"""The command ``lienthong-node`` on data folders that no node uses: what operators get wrong."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from lienthong.client import Profile
from lienthong.plugins.calendars import find_calendar
from lienthong_node.cli import COMMANDS, cli
from lienthong_node.opening import open_folder
from lienthong_node.settings import load_settings

AXIS = "truc.test"


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_LANG", "en")


def run(*arguments: object) -> Result:
    found = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def error(*arguments: object, code: int = 1) -> dict[str, Any]:
    """The error of a command that fails: one JSON object on stderr, nothing on stdout."""
    found = run(*arguments, "--json")
    assert (found.exit_code, found.stdout) == (code, "")
    [line] = found.stderr.splitlines()
    told: dict[str, Any] = json.loads(line)["error"]
    assert told["exit_code"] == code
    return told


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a node that listens everywhere."""
    folder = tmp_path / "data"
    made = run("init", folder, "--axis", AXIS, "--listen", "0.0.0.0:18443", "--host", "truc.gov.vn")
    assert made.exit_code == 0, made.stderr
    return folder


class TestInit:
    def test_profiles_name_a_host_that_clients_can_use(self, data: Path, tmp_path: Path) -> None:
        assert load_settings(data).advertise == "truc.gov.vn:18443"
        run("credential", "issue", data, "000.00.01.H53", "--out", tmp_path / "profile")
        assert Profile.load(tmp_path / "profile").endpoint == "truc.gov.vn:18443"

    @pytest.mark.parametrize("machine", [[], ["--json"]])
    def test_the_shipped_calendar_is_left_out_with_a_warning_once_it_has_ended(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: list[str]
    ) -> None:
        folder = tmp_path / "data"
        table = find_calendar("vietnam")
        days = [one for one in table.exceptions if one.day.year < 2020]
        old = evolve(table, last_year=2019, exceptions=days, official_until=None)
        monkeypatch.setattr("lienthong_node.provision.find_calendar", lambda _name: old)
        made = run("init", folder, "--axis", AXIS, *machine)
        assert made.exit_code == 0
        assert "2019" in made.stderr
        assert f"lienthong-node calendar put {folder}" in made.stderr
        if machine:
            assert json.loads(made.stdout)["calendar"] is None
        listed = json.loads(run("calendar", "list", folder, "--json").stdout)
        assert listed == {"calendars": []}
        assert run("rules", "list", folder).exit_code == 0
        assert run("calendar", "put", folder, "vietnam").exit_code == 0

    def test_the_operator_here_needs_no_public_name(self, data: Path) -> None:
        assert Profile.load(data / "operator").endpoint == "localhost:18443"

    @pytest.mark.parametrize(
        ("options", "key"),
        [
            (["--listen", "nonsense"], "listen"),
            (["--listen", "127.0.0.1:99999"], "listen"),
            (["--metrics", "nonsense"], "metrics_listen"),
            (["--advertise", "nonsense"], "advertise"),
            (["--listen", "0.0.0.0:8443"], "--host"),
        ],
    )
    def test_wrong_addresses_are_named_and_leave_nothing(
        self, tmp_path: Path, options: list[str], key: str
    ) -> None:
        told = error("init", tmp_path / "new", "--axis", AXIS, *options)
        assert told["code"] == "config.invalid"
        assert told["facts"]["key"] == key
        assert not (tmp_path / "new").exists()

    @pytest.mark.parametrize("name", ["no name!", "trục.vn", "", "-x"])
    def test_a_host_is_a_name_or_an_address(self, tmp_path: Path, name: str) -> None:
        told = error("init", tmp_path / "new", "--axis", AXIS, "--host", name, code=2)
        assert "--host" in told["message"]
        assert not (tmp_path / "new").exists()

    def test_a_place_that_cannot_be_used_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        told = error("init", tmp_path / "file" / "data", "--axis", AXIS)
        assert told["code"] == "config.invalid"
        assert str(tmp_path / "file") in told["message"]


class TestOrganisations:
    def test_repeated_import_leaves_no_trace(self, data: Path, tmp_path: Path) -> None:
        csv = tmp_path / "orgs.csv"
        csv.write_text("code,name\n000.00.13.H53,Sở A\n000.00.14.H53,Sở B\n", "utf-8")
        first = json.loads(run("org", "import", data, csv, "--json").stdout)
        assert (first["imported"], first["as_before"]) == (2, 0)
        version = json.loads(run("org", "add", data, "000.00.15.H53", "C", "--json").stdout)
        csv.write_text("code,name\n000.00.13.H53,Sở A\n000.00.14.H53,Sở Z\n", "utf-8")
        again = json.loads(run("org", "import", data, csv, "--json").stdout)
        assert (again["imported"], again["as_before"]) == (2, 1)
        after = json.loads(run("org", "add", data, "000.00.16.H53", "D", "--json").stdout)
        assert after["directory_version"] == version["directory_version"] + 2

    def test_wrong_lines_are_one_json_object_too(self, data: Path, tmp_path: Path) -> None:
        csv = tmp_path / "orgs.csv"
        csv.write_text("code,name\n!,A\n!!,B\n", "utf-8")
        assert error("org", "import", data, csv)["facts"]["line"] == "2"
        assert len(run("org", "import", data, csv).stderr.splitlines()) == 4


class TestCredentials:
    def test_are_found_by_any_code(self, data: Path, tmp_path: Path) -> None:
        run("org", "add", data, "000.00.13.H53", "Sở A", "--alias", "H53.13")
        issued = run("credential", "issue", data, "H53.13", "--out", tmp_path / "profile").stdout
        assert "  transport  " in issued
        assert "  signing    " in issued
        listed = run("credential", "list", data, "h53.13").stdout
        assert "2 credentials" in listed
        assert listed.count("in force") == 2
        assert error("credential", "list", data, "H53.99")["code"] == (
            "directory.organisation_unknown"
        )

    def test_their_ends_are_told_ahead(self, data: Path, tmp_path: Path) -> None:
        run("org", "add", data, "H53.13", "Sở A")
        for number, days in enumerate((40, 61)):
            target = tmp_path / f"profile{number}"
            run("credential", "issue", data, "H53.13", "--out", target, "--days", days)
        listed = run("credential", "list", data, "H53.13").stdout
        assert listed.count("ends in 39 days") + listed.count("ends in 40 days") == 2
        assert listed.count("in force") == 2


def names(data: Path) -> list[str]:
    """Names and addresses of the server certificate."""
    certificate = x509.load_pem_x509_certificate((data / "keys/server.pem").read_bytes())
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return [str(name.value) for name in extension.value]


class TestServerCertificate:
    def test_is_renewed_for_its_key_and_names(self, data: Path) -> None:
        key, before = ((data / "keys" / name).read_bytes() for name in ("server.key", "server.pem"))
        wanted = names(data)
        made = json.loads(run("credential", "server", data, "--json").stdout)
        after = (data / "keys/server.pem").read_bytes()
        assert before != after
        assert (data / "keys/server.key").read_bytes() == key
        certificate = x509.load_pem_x509_certificate(after)
        assert certificate.fingerprint(SHA256()).hex() == made["fingerprint"]
        assert names(data) == wanted
        assert sorted(path.name for path in (data / "keys").glob("server*")) == [
            "server.key",
            "server.pem",
        ]

    def test_may_get_other_names(self, data: Path) -> None:
        run("credential", "server", data, "--host", "truc.moi.vn", "--host", "10.0.0.7")
        here = ["localhost", "127.0.0.1"]
        assert names(data) == ["truc.moi.vn", "10.0.0.7", "truc.gov.vn", *here]

    @pytest.mark.parametrize("lost", ["authority.key", "server.key", "server.pem"])
    def test_what_is_missing_is_named(self, data: Path, lost: str) -> None:
        (data / "keys" / lost).unlink()
        told = error("credential", "server", data)
        assert told["code"] == "config.invalid"
        assert lost in told["message"]


class TestAudit:
    @pytest.fixture
    def backup(self, data: Path, tmp_path: Path) -> Path:
        assert run("backup", data, "--to", tmp_path / "backup").exit_code == 0
        return tmp_path / "backup"

    def test_takes_the_key_or_a_file_with_it(self, backup: Path, data: Path) -> None:
        key = Profile.load(data / "operator").checkpoint_key
        (backup.parent / "axis.key").write_text(f"{key}\n")
        for given in (key, backup.parent / "axis.key"):
            assert run("audit", "verify", backup, "--axis-key", given).exit_code == 0

    def test_a_backup_needs_a_key(self, backup: Path) -> None:
        assert error("audit", "verify", backup)["facts"]["key"] == "--axis-key"

    def test_another_axis_s_key_is_no_damage(self, backup: Path, tmp_path: Path) -> None:
        made = run("init", tmp_path / "other", "--axis", "other.test", "--json").stdout
        key = json.loads(made)["checkpoint_key"]
        told = error("audit", "verify", backup, "--axis-key", key)
        assert told["code"] == "config.invalid"
        assert told["facts"]["found"] == "other.test"

    def test_what_is_no_checkpoint_is_said(self, data: Path, tmp_path: Path) -> None:
        (tmp_path / "junk").write_bytes(b"\xff\xfe")
        told = error("audit", "verify", data, "--checkpoint", tmp_path / "junk")
        assert told["code"] == "evidence.checkpoint_invalid"


class TestRestore:
    """A backup taken after one organisation; two more came after it."""

    @pytest.fixture
    def restored(self, data: Path, tmp_path: Path) -> Path:
        folder = tmp_path / "restored"
        run("org", "add", data, "G.1", "Cơ quan 1")
        assert run("backup", data, "--to", folder).exit_code == 0
        self.keep(data, tmp_path / "same")
        run("org", "add", data, "G.2", "Cơ quan 2")
        run("org", "add", data, "G.3", "Cơ quan 3")
        self.keep(data, tmp_path / "newer")
        for name in ("keys", "operator"):
            shutil.copytree(data / name, folder / name)
        return folder

    def keep(self, data: Path, target: Path) -> None:
        with closing(open_folder(data)) as opened, opened.store.read() as view:
            newest = view.checkpoint()
        assert newest is not None
        target.write_text(newest.note)

    def sizes(self, *notes: Path) -> list[int]:
        return [int(note.read_text().splitlines()[1]) for note in notes]

    def test_nothing_is_signed_before_it_was_said(self, restored: Path) -> None:
        told = error("org", "add", restored, "G.4", "Cơ quan 4")
        assert told["code"] == "node.restore_unconfirmed"
        assert f"lienthong-node restore {restored}" in told["next_step"]
        assert run("restore", restored).exit_code == 0
        assert run("org", "add", restored, "G.4", "Cơ quan 4").exit_code == 0

    def test_an_older_checkpoint_is_continued(self, restored: Path, tmp_path: Path) -> None:
        done = run("restore", restored, "--checkpoint", tmp_path / "same", "--json")
        [entries] = self.sizes(tmp_path / "same")
        assert json.loads(done.stdout) == {"entries": entries, "lost": 0}

    def test_a_newer_checkpoint_shows_the_loss(self, restored: Path, tmp_path: Path) -> None:
        arguments = ("restore", restored, "--checkpoint", tmp_path / "newer")
        entries, newer = self.sizes(tmp_path / "same", tmp_path / "newer")
        told = error(*arguments)
        assert told["code"] == "node.journal_rolled_back"
        assert told["facts"]["expected"] == str(newer)
        assert error("credential", "list", restored)["code"] == "node.restore_unconfirmed"
        done = run(*arguments, "--accept-loss", "--json")
        assert json.loads(done.stdout) == {"entries": entries, "lost": newer - entries}
        lines = (restored / "security.log").read_text().splitlines()
        deed = next(json.loads(line) for line in lines if "records.restored" in line)
        assert deed["what"] == f"{entries} entries, {newer - entries} lost"

    def test_old_records_in_place_of_the_new_are_noticed(self, restored: Path, data: Path) -> None:
        shutil.rmtree(data / "records")
        shutil.copytree(restored / "records", data / "records")
        for command in (("credential", "list", data), ("restore", data), ("audit", "verify", data)):
            assert error(*command)["code"] == "node.journal_rolled_back"
        assert run("restore", data, "--accept-loss").exit_code == 0
        assert run("audit", "verify", data).exit_code == 0

    def test_another_history_is_never_accepted(self, restored: Path, tmp_path: Path) -> None:
        assert run("restore", restored).exit_code == 0
        run("org", "add", restored, "G.5", "Cơ quan 5")
        run("org", "add", restored, "G.6", "Cơ quan 6")
        arguments = ("restore", restored, "--checkpoint", tmp_path / "newer", "--accept-loss")
        assert "rewritten" in error(*arguments)["message"]

    def test_serving_checks_what_it_is_given(self, restored: Path, tmp_path: Path) -> None:
        assert run("restore", restored).exit_code == 0
        found = run("serve", restored, "--checkpoint", tmp_path / "newer")
        assert found.exit_code == 1
        assert "error[node.journal_rolled_back]" in found.stderr


class TestUsage:
    @pytest.mark.parametrize(
        "arguments", [["nothing"], ["status"], ["init"], ["org"], ["org", "nothing"], []]
    )
    def test_wrong_usage_is_one_json_object(self, arguments: list[str]) -> None:
        assert error(*arguments, code=2)["code"] == "cli.usage"

    def test_summaries_are_whole_sentences(self) -> None:
        shown = run("--help").stdout
        for _, summary in COMMANDS.values():
            assert summary in shown
        assert "..." not in shown.partition("Commands:")[2]

    def test_status_of_a_stopped_node_says_how_to_start_it(self, data: Path) -> None:
        assert f"lienthong-node serve {data}" in run("status", data).stderr
