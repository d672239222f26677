"""Running a node: start and stop, health, figures, logs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from attrs import evolve
from grpc_health.v1 import health_pb2, health_pb2_grpc

from lienthong.client import Client, Profile, RetryPolicy
from lienthong.errors import LienthongError
from lienthong.model.journal import Receipt
from lienthong_node.committer import Committer
from lienthong_node.local import LocalAxis, free_port
from lienthong_node.opening import open_folder
from lienthong_node.services.streams import DEPTH
from lienthong_node.settings import FILE_NAME, dump_settings, load_settings
from lienthong_proto.axis.v1 import exchange_pb2, journal_pb2
from tests.e2e.conftest import NAMES, A, B, MakeDocument, make_document, package_of
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
def stopped(tmp_path: Path) -> LocalAxis:
    """An axis of the test's own that is not running."""
    return LocalAxis.create(tmp_path, {A: NAMES[A], B: NAMES[B]}, disk_reserve_bytes=0, drain_s=20)


def change(axis: LocalAxis, **settings: Any) -> None:
    """Change settings of a stopped axis."""
    path = axis.data / FILE_NAME
    path.write_text(dump_settings(evolve(load_settings(axis.data), **settings)), "utf-8")


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
