"""The operator's commands, while the node runs and while it does not."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509

from lienthong.client import Profile
from lienthong.codec.signed import dump_manifest
from lienthong.plugins.calendars import find_calendar
from lienthong_node.cli import COMMANDS
from lienthong_node.local import LocalAxis, free_port
from lienthong_node.settings import load_settings
from lienthong_proto.axis.v1 import exchange_pb2, journal_pb2
from tests.e2e.commands import asked, command, refused
from tests.e2e.conftest import NAMES, A, B
from tests.e2e.raw import Party

SECONDS: Final = 30.0


@pytest.fixture
def stopped(tmp_path: Path) -> LocalAxis:
    """An axis of the test's own that is not running."""
    return LocalAxis.create(tmp_path, {A: NAMES[A], B: NAMES[B]}, disk_reserve_bytes=0, drain_s=20)


class TestCommands:
    """The same commands work while the node runs and while it does not."""

    @pytest.fixture(params=["running", "stopped"])
    def data(self, request: pytest.FixtureRequest) -> Path:
        axis: LocalAxis = request.getfixturevalue(
            "axis" if request.param == "running" else "stopped"
        )
        return axis.data

    def test_organisations(self, data: Path, tmp_path: Path) -> None:
        code = "000.00.31.H53" if "stopped" in str(data) else "000.00.32.H53"
        alias = f"H53.{code[8]}"
        made = asked("org", "add", data, code, "Sở Y tế", "--alias", alias, "--parent", A)
        assert made["organ_id"] == code
        [found] = asked("org", "show", data, "so y te")["organisations"]
        assert (found["organ_id"], found["codes"], found["parent"]) == (code, [code, alias], A)
        orgs = tmp_path / "orgs.csv"
        orgs.write_text(f"code,name\n{code},Sở Y tế\n{code},Sở Y tế\n000.01.31.H53,Trạm\n", "utf-8")
        error = refused("org", "import", data, orgs)
        assert error["code"] == "directory.import_invalid"
        assert error["facts"]["line"] == "3"
        dry = asked("org", "import", data, orgs, "--skip-invalid", "--dry-run")
        assert (dry["imported"], len(dry["skipped"])) == (2, 1)
        assert "000.01.31.H53" not in str(asked("org", "show", data))
        asked("org", "import", data, orgs, "--skip-invalid")
        assert "000.01.31.H53" in str(asked("org", "show", data))
        again = asked("org", "show", data, "so y te")["organisations"]
        assert again[0]["codes"] == [code, alias]

    def test_credentials(self, data: Path, tmp_path: Path) -> None:
        out = tmp_path / "profile"
        issued = asked("credential", "issue", data, B, "--out", out, "--days", "3")
        transport, signing = issued["fingerprints"]
        profile = Profile.load(out)
        certificate = x509.load_pem_x509_certificate(profile.transport.certificate.read_bytes())
        assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days == 3
        listed = asked("credential", "list", data, B)["credentials"]
        assert {transport, signing} <= {found["fingerprint"] for found in listed}
        pem = profile.transport.certificate
        error = refused(
            "credential",
            "register",
            data,
            A,
            pem,
            "--use",
            "transport",
        )
        assert error["code"] == "model.invalid_value"
        assert f"bound to {B}" in error["message"]
        asked("credential", "revoke", data, transport.upper(), "--reason", "mất máy")
        listed = asked("credential", "list", data, B)["credentials"]
        [found] = [found for found in listed if found["fingerprint"] == transport]
        assert found["revoked_at"]
        assert found["revocation_reason"] == "mất máy"
        lines = command("credential", "list", data, B)[1].splitlines()
        assert [" revoked " in line for line in lines if transport in line] == [True]

    def test_errors(self, data: Path, tmp_path: Path) -> None:
        error = refused("credential", "issue", data, "000.00.98.H53", "--out", tmp_path / "x")
        assert error["code"] == "directory.organisation_unknown"
        assert not (tmp_path / "x").exists()
        assert refused("credential", "revoke", data, "00" * 32)["code"] == "exchange.not_found"
        assert refused("org", "add", data, "!!!", "x")["code"] == "model.invalid_value"
        junk = tmp_path / "junk.cer"
        junk.write_bytes(b"junk")
        error = refused("credential", "register", data, A, junk, "--use", "signing")
        assert error["code"] == "config.invalid"
        code, _, stderr = command("org", "add", data, "!!!", "x")
        assert code == 1
        assert stderr.startswith("error[model.invalid_value]: OrganId is '!!!'")


class TestStatus:
    def test_of_a_running_node(self, axis: LocalAxis, a: Party) -> None:
        before = int(asked("status", axis.data)["journal_size"])
        a.send(B)
        found = asked("status", axis.data)
        assert int(found["journal_size"]) == before + 1
        assert found["accepting"] is True
        assert found["axis"] == a.profile.axis
        ends = f"{find_calendar('vietnam').last_year}-12-31"
        assert found["calendar_ends"] == ends
        assert found["checkpoint_key_in_file"] is True
        text = command("status", axis.data)[1]
        assert f"{found['checkpoint_key']} (in a file)\n" in text
        assert f"calendar   ends on {ends}" in text
        assert f"journal    {before + 1} entries" in text
        assert "accepting  yes" in text

    def test_of_a_stopped_one(self, stopped: LocalAxis) -> None:
        error = refused("status", stopped.data)
        assert error["code"] == "config.invalid"
        assert error["facts"]["found"] == "not running"


class TestBackup:
    def test_is_made_while_the_node_works_and_proves_itself(
        self, axis: LocalAxis, a: Party, tmp_path: Path
    ) -> None:
        content = b"%PDF-1.4 " + os.urandom(300_000)
        a.send(B)
        self.upload(a, content)
        large = a.manifest(B, content=content)
        [receipt] = a.submit(exchange_pb2.Submission(envelope=a.sealed(dump_manifest(large))))
        assert isinstance(receipt, journal_pb2.Receipt)
        stop = threading.Event()

        def work() -> None:
            with Party.opened(axis.profile(B)) as b:
                while not stop.is_set():
                    b.send(A)

        worker = threading.Thread(target=work)
        worker.start()
        try:
            target = tmp_path / "backup"
            assert asked("backup", axis.data, "--to", target)["backup"] == str(target)
        finally:
            stop.set()
            worker.join(SECONDS)
        key = str(a.profile.checkpoint_key)
        found = asked("audit", "verify", target, "--axis-key", key)
        assert found["ok"] is True
        assert found["files"] >= 2
        assert found["entries"] > receipt.index
        assert not list(target.rglob("*.key"))
        assert refused("audit", "verify", target)["facts"]["key"] == "--axis-key"
        self.check_tampering(target, key)

    def upload(self, a: Party, content: bytes) -> None:
        begin = exchange_pb2.BeginUploadRequest(
            sha256=hashlib.sha256(content).digest(), size=len(content)
        )
        answer = a.ask("Exchange/BeginUpload", begin)
        key = exchange_pb2.BeginUploadResponse.FromString(answer.data[0]).upload_id
        half = len(content) // 2
        first = exchange_pb2.UploadRequest(upload_id=key, chunk=content[:half])
        assert a.ask("Exchange/Upload", first, exchange_pb2.UploadRequest(chunk=content[half:])).ok

    def check_tampering(self, target: Path, key: str) -> None:
        [blob] = [path for path in (target / "blobs").rglob("*") if len(path.name) == 64]
        blob.chmod(0o600)
        blob.write_bytes(blob.read_bytes()[:-1] + b"\0")
        error = refused("audit", "verify", target, "--axis-key", key)
        assert error["code"] == "node.data_corrupt"
        assert blob.name in error["message"]
        assert asked("audit", "verify", target, "--axis-key", key, "--no-files")["ok"] is True

    def test_nothing_is_written_over(self, axis: LocalAxis, tmp_path: Path) -> None:
        assert refused("backup", axis.data, "--to", tmp_path)["code"] == "config.invalid"

    def test_the_data_of_a_running_node_are_not_audited(self, axis: LocalAxis) -> None:
        assert refused("audit", "verify", axis.data)["code"] == "node.data_in_use"

    def test_the_audit_of_a_stopped_node_against_a_kept_checkpoint(
        self, stopped: LocalAxis, tmp_path: Path
    ) -> None:
        with stopped.running(), Party.opened(stopped.profile(A)) as a:
            a.send(B)
            kept = asked("status", stopped.data)["checkpoint"]
            note = tmp_path / "checkpoint.txt"
            note.write_text(kept, "utf-8")
            shutil.copytree(stopped.data, tmp_path / "old")
            a.send(B)
            later = tmp_path / "later.txt"
            later.write_text(asked("status", stopped.data)["checkpoint"], "utf-8")
        assert asked("audit", "verify", stopped.data, "--checkpoint", note)["ok"] is True
        assert asked("audit", "verify", stopped.data, "--checkpoint", later)["ok"] is True
        stopped_data = stopped.data
        shutil.rmtree(stopped_data / "records")
        shutil.copytree(tmp_path / "old/records", stopped_data / "records")
        error = refused("audit", "verify", stopped_data)
        assert error["code"] == "node.journal_rolled_back"
        # When the whole folder goes back, only what was kept outside can show it.
        shutil.copyfile(tmp_path / "old/head", stopped_data / "head")
        assert asked("audit", "verify", stopped_data, "--checkpoint", note)["ok"] is True
        error = refused("audit", "verify", stopped_data, "--checkpoint", later)
        assert error["code"] == "node.journal_rolled_back"


class TestCommandLine:
    def test_every_command_has_help_with_an_example(self) -> None:
        code, stdout, _ = command("--help")
        assert code == 0
        for name in COMMANDS:
            assert f"  {name} " in stdout
        for name in ("init", "serve", "status", "backup", "demo"):
            assert "Example:" in command(name, "--help")[1]
        for group, subcommands in (
            ("org", ("import", "add", "show")),
            ("credential", ("issue", "register", "revoke", "list")),
            ("audit", ("verify",)),
        ):
            for name in subcommands:
                assert "Example:" in command(group, name, "--help")[1], (group, name)

    def test_wrong_usage_ends_with_2(self, tmp_path: Path) -> None:
        assert command("nothing")[0] == 2
        assert command("serve")[0] == 2
        assert command("init", tmp_path / "x")[0] == 2

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_completes_in_the_shell(self, shell: str) -> None:
        code, stdout, _ = command("completion", shell)
        assert code == 0
        assert "_LIENTHONG_NODE_COMPLETE" in stdout

    def test_says_its_version(self) -> None:
        assert command("--version")[1] == f"lienthong-node {version('lienthong-node')}\n"


class TestInit:
    def test_makes_a_node_that_runs(self, tmp_path: Path) -> None:
        data, port = tmp_path / "node", free_port()
        made = asked(
            "init",
            data,
            "--axis",
            "truc.thu.example",
            "--listen",
            f"127.0.0.1:{port}",
            "--metrics",
            "",
        )
        assert made["checkpoint_key"].startswith("truc.thu.example+")
        axis = LocalAxis(folder=tmp_path, data=data, port=port)
        with axis.running():
            assert asked("status", data)["axis"] == "truc.thu.example"
        error = refused("init", data, "--axis", "truc.khac.example")
        assert error["code"] == "config.invalid"
        assert load_settings(data).axis == "truc.thu.example"

    @pytest.mark.parametrize("axis", ["", "Trục", "a b", "-x", 'x"y', "x" * 254])
    def test_refuses_a_name_that_is_none(self, tmp_path: Path, axis: str) -> None:
        assert refused("init", tmp_path / "node", "--axis", axis)["code"] == "config.invalid"
        assert not (tmp_path / "node").exists()

    def test_a_wrong_operator_leaves_nothing_behind(self, tmp_path: Path) -> None:
        error = refused("init", tmp_path / "node", "--axis", "x", "--operator", "!!!")
        assert error["code"] == "model.invalid_value"
        assert not (tmp_path / "node").exists()
