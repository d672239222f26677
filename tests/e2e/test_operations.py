"""Running a node: start and stop, health, figures, certificates, commands, backups, logs."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from attrs import evolve
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from grpc_health.v1 import health_pb2, health_pb2_grpc

from lienthong.client import Client, Profile, RetryPolicy
from lienthong.codec.signed import dump_manifest
from lienthong.errors import LienthongError
from lienthong.model.journal import Receipt
from lienthong_node.certificates import Authority, KeyKind, new_key
from lienthong_node.cli import COMMANDS, cli
from lienthong_node.committer import Committer
from lienthong_node.local import LocalAxis, free_port
from lienthong_node.opening import open_folder
from lienthong_node.services.streams import DEPTH
from lienthong_node.settings import FILE_NAME, dump_settings, load_settings
from lienthong_proto.axis.v1 import exchange_pb2, journal_pb2
from tests.e2e.conftest import NAMES, A, B, C, MakeDocument, make_document, package_of
from tests.e2e.raw import Party
from tests.e2e.spoilt import in_process

SECONDS: Final = 30.0
CANARY: Final = "Chim hoàng yến 8d1f0c77"
HEALTH: Final = "lienthong.axis.v1.Exchange"


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    """A running axis with a metrics endpoint."""
    made = LocalAxis.create(
        tmp_path_factory.mktemp("axis"),
        NAMES,
        disk_reserve_bytes=0,
        metrics_listen=f"127.0.0.1:{free_port()}",
    )
    with made.running():
        yield made


@pytest.fixture
def a(axis: LocalAxis) -> Iterator[Party]:
    with Party.opened(axis.profile(A)) as party:
        yield party


@pytest.fixture
def stopped(tmp_path: Path) -> LocalAxis:
    """An axis of the test's own that is not running."""
    return LocalAxis.create(tmp_path, {A: NAMES[A], B: NAMES[B]}, disk_reserve_bytes=0, drain_s=20)


def change(axis: LocalAxis, **settings: Any) -> None:
    """Change settings of a stopped axis."""
    path = axis.data / FILE_NAME
    path.write_text(dump_settings(evolve(load_settings(axis.data), **settings)), "utf-8")


def command(*arguments: object) -> tuple[int, str, str]:
    """Run ``lienthong-node`` inside this process; exit code, stdout, stderr."""
    found = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, found.stdout, found.stderr


def asked(*arguments: object) -> dict[str, Any]:
    """The JSON that a command answers with."""
    code, stdout, stderr = command(*arguments, "--json")
    assert code == 0, (stdout, stderr)
    answer: dict[str, Any] = json.loads(stdout)
    return answer


def refused(*arguments: object, code: int = 1) -> dict[str, Any]:
    """The error of a command that fails, as JSON."""
    found, stdout, stderr = command(*arguments, "--json")
    assert (found, stdout) == (code, "")
    error: dict[str, Any] = json.loads(stderr)["error"]
    assert {"code", "message", "next_step", "owner", "retryable", "facts"} <= set(error)
    return error


def health(channel: grpc.Channel) -> Any:
    """The standard health service."""
    return health_pb2_grpc.HealthStub(channel)


class TestHealth:
    @pytest.mark.parametrize("service", ["", HEALTH])
    def test_says_that_it_serves(self, a: Party, service: str) -> None:
        stub = health(a.channel)
        answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=SECONDS)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING

    def test_can_be_watched(self, a: Party) -> None:
        stub = health(a.channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=HEALTH), timeout=SECONDS)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        watch.cancel()

    def test_an_unknown_service_is_not_found(self, a: Party) -> None:
        stub = health(a.channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.Check(health_pb2.HealthCheckRequest(service="nothing"), timeout=SECONDS)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND

    def test_needs_a_certificate_like_everything_else(self, a: Party) -> None:
        ca = a.profile.transport.ca.read_bytes()
        for channel in (
            grpc.insecure_channel(a.profile.endpoint),
            grpc.secure_channel(a.profile.endpoint, grpc.ssl_channel_credentials(ca)),
        ):
            with channel, pytest.raises(grpc.RpcError) as caught:
                health(channel).Check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE

    def test_the_node_listens_nowhere_else(self, axis: LocalAxis) -> None:
        """One gRPC port and the figures: nothing that forgot its certificate."""
        settings = load_settings(axis.data)
        expected = {int(address.rpartition(":")[2]) for address in (settings.listen, metrics(axis))}
        assert listening(axis.pid) == expected


def metrics(axis: LocalAxis) -> str:
    return load_settings(axis.data).metrics_listen


def listening(pid: int) -> set[int]:
    """TCP ports that a process listens on."""
    tables = [Path(f"/proc/{pid}/net/{name}") for name in ("tcp", "tcp6")]
    if not tables[0].exists():
        pytest.skip("looks at ports as Linux shows them")
    sockets = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(link.readlink())
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            sockets.add(target[8:-1])
    found = set()
    for table in tables:
        for line in table.read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and columns[9] in sockets:
                found.add(int(columns[1].rpartition(":")[2], 16))
    return found


class TestMetrics:
    def ask(self, axis: LocalAxis, method: str = "GET", path: str = "/metrics") -> tuple[int, str]:
        host, _, port = metrics(axis).rpartition(":")
        with closing(HTTPConnection(host, int(port), timeout=SECONDS)) as connection:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def get(self, axis: LocalAxis) -> str:
        return self.ask(axis)[1]

    def value(self, axis: LocalAxis, name: str) -> float:
        [line] = [line for line in self.get(axis).splitlines() if line.startswith(f"{name} ")]
        return float(line.rpartition(" ")[2])

    def test_counts_what_happens(self, axis: LocalAxis, a: Party) -> None:
        a.send(B)
        size = self.value(axis, "lienthong_journal_entries")
        a.send(B)
        assert self.value(axis, "lienthong_journal_entries") == size + 1
        assert self.value(axis, "lienthong_accepting_packages") == 1
        assert self.value(axis, "lienthong_disk_free_bytes") > 0
        assert 'method="/lienthong.axis.v1.Exchange/Submit",code="ok"' in self.get(
            axis
        ) or 'code="ok",method="/lienthong.axis.v1.Exchange/Submit"' in self.get(axis)

    def test_names_nobody(self, axis: LocalAxis, a: Party) -> None:
        """Figures are read by more people than documents are."""
        a.send(B)
        found = self.get(axis)
        assert A not in found
        assert B not in found

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
    def test_nothing_can_be_changed_there(self, axis: LocalAxis, method: str) -> None:
        assert self.ask(axis, method)[0] in {405, 501}


def served_certificate(profile: Profile) -> bytes:
    """What the node shows to a new connection, DER."""
    files = profile.transport
    context = ssl.create_default_context(cafile=str(files.ca))
    context.load_cert_chain(files.certificate, files.key)
    context.set_alpn_protocols(["h2"])
    host, _, port = profile.endpoint.rpartition(":")
    with (
        socket.create_connection((host, int(port)), SECONDS) as line,
        context.wrap_socket(line, server_hostname=host) as secured,
    ):
        der = secured.getpeercert(binary_form=True)
    assert der is not None
    return der


class TestServerCertificate:
    @pytest.fixture
    def keys(self, axis: LocalAxis) -> Iterator[Path]:
        """The node's keys; what a test has changed is put back."""
        folder = axis.data / "keys"
        kept = {name: (folder / name).read_bytes() for name in ("server.key", "server.pem")}
        yield folder
        for name, content in kept.items():
            (folder / name).write_bytes(content)

    def renew(self, keys: Path) -> bytes:
        """Put a new server certificate in place; returns it, DER."""
        authority = Authority.load(keys / "authority.key", keys / "authority.pem")
        key = new_key(KeyKind.P256)
        made = authority.issue_server(key, ["127.0.0.1"], datetime.now(UTC))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        for name, content in (
            ("server.key", pem),
            ("server.pem", made.public_bytes(Encoding.PEM)),
        ):
            part = keys / f"{name}.part"
            part.write_bytes(content)
            part.chmod(0o600)
            part.rename(keys / name)
        return made.public_bytes(Encoding.DER)

    def test_a_new_one_is_shown_without_a_restart(self, a: Party, keys: Path) -> None:
        before = served_certificate(a.profile)
        assert a.ask("Directory/GetOrganisation", b"").ok
        renewed = self.renew(keys)
        assert renewed != before
        assert served_certificate(a.profile) == renewed
        assert a.ask("Directory/GetOrganisation", b"").ok
        a.send(B)

    def test_broken_files_change_nothing(self, axis: LocalAxis, a: Party, keys: Path) -> None:
        before = served_certificate(a.profile)
        (keys / "server.pem").rename(keys / "server.pem.away")
        assert served_certificate(a.profile) == before
        (keys / "server.pem.away").rename(keys / "server.pem")
        (keys / "server.pem").write_bytes(b"")
        assert served_certificate(a.profile) == before
        assert "the certificates stay as they were" in axis.log.read_text("utf-8")
        renewed = self.renew(keys)
        assert served_certificate(a.profile) == renewed

    def test_a_key_of_another_certificate_changes_nothing(self, a: Party, keys: Path) -> None:
        """As when the two files are written one after the other, and somebody connects between."""
        before = served_certificate(a.profile)
        other = new_key(KeyKind.P256)
        (keys / "server.key").write_bytes(
            other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        assert served_certificate(a.profile) == before
        renewed = self.renew(keys)
        assert served_certificate(a.profile) == renewed

    def test_a_new_client_authority_is_let_in(self, axis: LocalAxis, a: Party) -> None:
        path = axis.data / "keys/client-authorities.pem"
        kept = path.read_bytes()
        other = Authority.create("Another authority", datetime.now(UTC))
        key = new_key(KeyKind.P256)
        made = other.issue_organisation(
            key, A, NAMES[A], datetime.now(UTC), 1, transport=True
        ).public_bytes(Encoding.PEM)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        credentials = grpc.ssl_channel_credentials(a.profile.transport.ca.read_bytes(), pem, made)

        def codes() -> str:
            with grpc.secure_channel(a.profile.endpoint, credentials) as channel:
                party = evolve(a, channel=channel)
                return party.ask("Directory/GetOrganisation", b"").status

        assert codes() == "UNAVAILABLE"
        path.write_bytes(kept + other.certificate.public_bytes(Encoding.PEM))
        try:
            assert codes() == "UNAUTHENTICATED"
        finally:
            path.write_bytes(kept)


class TestStopping:
    def test_no_acknowledged_package_is_lost(
        self, stopped: LocalAxis, document: MakeDocument, pdf: Path
    ) -> None:
        """SIGTERM while several clients send; every receipt is good after the restart."""
        stopped.start()
        receipts: list[Receipt] = []
        failures: list[tuple[bool, LienthongError]] = []
        told = threading.Event()

        def send() -> None:
            profile = Profile.load(stopped.profile(A))
            with Client(profile, retry=RetryPolicy(attempts=1, timeout=10)) as client:
                while not failures:
                    try:
                        receipts.append(client.send(document(), [pdf], [B]))
                    except LienthongError as error:
                        failures.append((told.is_set(), error))

        threads = [threading.Thread(target=send) for _ in range(3)]
        for thread in threads:
            thread.start()
        while len(receipts) < 30:
            time.sleep(0.01)
        told.set()
        stopped.stop()  # asserts that it ends with 0
        for thread in threads:
            thread.join(SECONDS)
        assert failures
        assert all(expected and error.retryable for expected, error in failures), failures
        with stopped.running(), Client(Profile.load(stopped.profile(A))) as client:
            for receipt in receipts:
                assert client.receipt(receipt.index) == receipt
            assert len({package_of(receipt) for receipt in receipts}) == len(receipts)

    def test_what_was_taken_in_is_answered(
        self, stopped: LocalAxis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Commits are slow here, so that messages wait for theirs when the node is to stop."""
        commit = Committer._commit

        def slow(committer: Committer, tickets: Any) -> None:
            time.sleep(0.3)
            commit(committer, tickets)

        monkeypatch.setattr(Committer, "_commit", slow)
        ended = threading.Event()
        results: list[exchange_pb2.SubmitResult] = []

        def requests(a: Party) -> Iterator[exchange_pb2.SubmitRequest]:
            for _ in range(DEPTH):
                submission = a.submission(a.manifest(B))
                yield exchange_pb2.SubmitRequest(submissions=[submission])
            ended.wait(SECONDS)

        def collect(answers: Any) -> None:
            for answer in answers:
                results.extend(answer.results)

        with Party.opened(stopped.profile(A)) as a, ThreadPoolExecutor(1) as reader:
            with in_process(stopped):
                answers = a.channel.stream_stream(
                    "/lienthong.axis.v1.Exchange/Submit",
                    request_serializer=exchange_pb2.SubmitRequest.SerializeToString,
                    response_deserializer=exchange_pb2.SubmitResponse.FromString,
                )(requests(a), timeout=SECONDS)
                results.extend(next(answers).results)
                reading = reader.submit(collect, answers)
            error: Any = reading.exception(SECONDS)
            ended.set()
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert "stopping" in error.details()
        assert len(results) == DEPTH
        with closing(open_folder(stopped.data)) as opened, opened.store.read() as view:
            size = view.head().size
        assert sorted(result.receipt.index for result in results) == list(range(size - DEPTH, size))

    def test_followers_and_watchers_do_not_hold_it_up(self, stopped: LocalAxis) -> None:
        stopped.start()
        with Party.opened(stopped.profile(A)) as a:
            feed = a.channel.unary_stream(
                "/lienthong.axis.v1.Exchange/Subscribe",
                request_serializer=exchange_pb2.SubscribeRequest.SerializeToString,
                response_deserializer=exchange_pb2.SubscribeResponse.FromString,
            )(exchange_pb2.SubscribeRequest(follow=True))
            next(feed)
            watch = health(a.channel).Watch(health_pb2.HealthCheckRequest())
            next(watch)
            started = time.monotonic()
            stopped.stop()
            assert time.monotonic() - started < load_settings(stopped.data).drain_s


def start(data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start a node that must not come up."""
    return subprocess.run(  # our own interpreter and module
        [sys.executable, "-m", "lienthong_node", "serve", str(data)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"LIENTHONG_LANG": "en"} | environment,
    )


class TestRefusingToStart:
    def test_a_second_node_on_the_same_data(self, axis: LocalAxis, a: Party) -> None:
        found = start(axis.data)
        assert found.returncode == 1
        assert found.stderr.startswith("error[node.data_in_use]: ")
        assert "what to do: " in found.stderr
        a.send(B)

    def test_an_address_that_is_taken(self, axis: LocalAxis, stopped: LocalAxis) -> None:
        change(stopped, listen=load_settings(axis.data).listen)
        found = start(stopped.data)
        assert found.returncode == 1
        assert "error[config.invalid]" in found.stderr
        assert "listen is 127.0.0.1:" in found.stderr
        assert "Traceback" not in found.stderr

    def test_a_metrics_address_that_is_taken(self, axis: LocalAxis, stopped: LocalAxis) -> None:
        change(stopped, metrics_listen=metrics(axis))
        found = start(stopped.data)
        assert found.returncode == 1
        assert "metrics_listen is 127.0.0.1:" in found.stderr
        assert "Traceback" not in found.stderr

    @pytest.mark.parametrize(
        "name", ["client-authorities.pem", "server.pem", "signing-anchors.pem"]
    )
    def test_an_empty_list_of_authorities_does_not_mean_everybody(
        self, stopped: LocalAxis, name: str
    ) -> None:
        (stopped.data / "keys" / name).write_bytes(b"\n")
        found = start(stopped.data)
        assert found.returncode == 1
        assert name in found.stderr
        assert "Traceback" not in found.stderr

    def test_wrong_settings_in_the_language_of_the_operator(self, stopped: LocalAxis) -> None:
        with (stopped.data / FILE_NAME).open("a") as file:
            file.write("burts = 5\n")
        found = start(stopped.data, LIENTHONG_LANG="vi")
        assert found.returncode == 1
        assert found.stderr.startswith("lỗi[config.invalid]: ")
        assert "burts" in found.stderr
        assert "cách xử lý: " in found.stderr

    def test_no_data_folder(self, tmp_path: Path) -> None:
        found = start(tmp_path / "nothing")
        assert found.returncode == 1
        assert "lienthong-node init" in found.stderr


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
            C if "axis0" in str(data) else A,
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
        text = command("credential", "list", data, B)[1]
        assert f"revoked  {transport}" in text

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
        text = command("status", axis.data)[1]
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
        assert asked("audit", "verify", stopped_data, "--checkpoint", note)["ok"] is True
        error = refused("audit", "verify", stopped_data, "--checkpoint", later)
        assert error["code"] == "node.data_corrupt"


class TestLogs:
    def test_are_json_and_hold_nothing_of_documents(self, axis: LocalAxis, a: Party) -> None:
        fields: dict[str, Any] = {
            "subject": CANARY,
            "description": CANARY + '\n{"event": "forged line"}',
            "keywords": (CANARY,),
        }
        content = f"%PDF-1.4 {CANARY}".encode()
        value = a.manifest(B, content=content, document=make_document(**fields))
        [receipt] = a.submit(a.submission(value, content))
        assert isinstance(receipt, journal_pb2.Receipt)
        a.submit(a.submission(evolve(value, audience=CANARY), content))
        a.ask("Exchange/ListDeliveries", exchange_pb2.ListDeliveriesRequest(states=[CANARY]))
        a.ask("Exchange/ListDeliveries", b"\xff" + CANARY.encode())
        with grpc.insecure_channel(a.profile.endpoint) as channel, pytest.raises(grpc.RpcError):
            health(channel).Check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
        text = axis.log.read_text("utf-8")
        lines = [json.loads(line) for line in text.splitlines()]
        assert lines
        assert all({"event", "level", "timestamp", "logger"} <= set(line) for line in lines)
        calls = [line for line in lines if line["event"] == "call"]
        assert {"method", "organ", "outcome", "ms"} <= set(calls[-1])
        assert "hoàng yến" not in text
        assert "forged line" not in text
        assert CANARY.encode("ascii", "backslashreplace").decode() not in text
        assert CANARY not in TestMetrics().get(axis)


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
