"""Time-stamps of the journal by a real node: given, missing for too long, offline, renewed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import grpc
import pytest
from attrs import define, field
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from grpc_health.v1 import health_pb2

from lienthong.cli.app import application
from lienthong.client import Client, Profile
from lienthong.errors import LienthongError, NotFound
from lienthong.evidence.checkpoint import Checkpoint
from lienthong.evidence.note import split_note
from lienthong.model.delivery import DeliveryEvent
from lienthong.testing.pki import TestPKI
from lienthong.testing.tsa import TestTSA
from lienthong.testing.tsa_server import Answer, TSAServer, honest, serve_tsa
from lienthong_node.local import LocalAxis
from lienthong_node.server import HEALTH_STAMPS
from lienthong_proto.axis.v1 import journal_pb2
from tests.e2e.commands import asked, refused
from tests.e2e.conftest import NAMES, A, B, C
from tests.e2e.forked_axis import ForkedAxis
from tests.e2e.raw import Party

T = TypeVar("T")

WAIT_S: Final = 60.0
OUTAGE_S: Final = 8


@define(eq=False)
class Stamped:
    """A running axis with two authorities, of which tests let the answers fail."""

    axis: LocalAxis
    authorities: list[TSAServer]
    anchors: Path
    tsa: TestTSA
    parties: dict[str, Party] = field(factory=dict)

    def set_down(self, *, down: bool) -> None:
        for one in self.authorities:
            one.answer = _silent if down else honest(self.tsa)

    def status(self) -> dict[str, Any]:
        return asked("status", self.axis.data)


def _silent(_: bytes) -> Answer:
    return Answer(body=b"", status=503)


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stamped]:
    folder = tmp_path_factory.mktemp("stamped")
    pki = TestPKI()
    tsa = TestTSA(pki, clock=lambda: datetime.now(UTC))
    anchors = folder / "tsa.pem"
    root = x509.load_der_x509_certificate(pki.root.certificate)
    anchors.write_bytes(root.public_bytes(Encoding.PEM))
    with ExitStack() as running:
        servers = [running.enter_context(serve_tsa(tsa)) for _ in range(2)]
        axis = ForkedAxis.create(
            folder / "axis",
            NAMES,
            disk_reserve_bytes=0,
            timestamp_sources=[f"rfc3161:{one.url}?anchors={anchors}" for one in servers],
            timestamp_anchors=str(anchors),
            timestamp_interval_s=1,
            timestamp_outage_s=OUTAGE_S,
        )
        running.enter_context(axis.running())
        found = Stamped(axis, servers, anchors, tsa)
        for code in NAMES:
            found.parties[code] = running.enter_context(Party.opened(axis.profile(code)))
        # What was recorded while the node was set up waits for longer than the limit of this test.
        until(lambda: is_stamped(found))
        yield found


@pytest.fixture(autouse=True)
def _authorities_come_back(stamped: Stamped) -> Iterator[None]:
    yield
    stamped.set_down(down=False)


def until(look: Callable[[], T | None]) -> T:
    """What comes to be before long."""
    end = time.monotonic() + WAIT_S
    while True:
        found = look()
        if found is not None:
            return found
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.1)


def is_stamped(stamped: Stamped) -> dict[str, Any] | None:
    found = stamped.status()
    return found if found["timestamps"]["covered"] == found["journal_size"] else None


def verify(bundle: Path, stamped: Stamped, *arguments: str) -> dict[str, Any]:
    profile = stamped.axis.profile(A)
    words = ["--json", "bundle", "verify", str(bundle), "--profile", str(profile), *arguments]
    result = CliRunner().invoke(application, words)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_document_is_stamped_and_proven_offline(stamped: Stamped, tmp_path: Path) -> None:
    sender = stamped.parties[A]
    package = sender.send(B)
    until(lambda: is_stamped(stamped))
    bundle = tmp_path / "case.bundle"
    with Client(Profile.load(stamped.axis.profile(A))) as client:
        client.export_bundle(package, bundle)
    [entry] = verify(bundle, stamped, "--tsa-anchors", str(stamped.anchors))["timeline"]
    assert entry["stamp"]["outcome"] == "PASSED"
    assert entry["stamp"]["stamped_at"]
    [entry] = verify(bundle, stamped)["timeline"]
    assert entry["stamp"]["outcome"] == "INDETERMINATE"
    ended = tmp_path / "ends.toml"
    ended.write_text('[[algorithm]]\nname = "SHA-512"\nends = 2026-01-01\n')
    options = ["--tsa-anchors", str(stamped.anchors), "--algorithms", str(ended)]
    [entry] = verify(bundle, stamped, *options)["timeline"]
    assert entry["stamp"]["outcome"] == "INDETERMINATE"
    assert "no proof of existence" in entry["stamp"]["reason"]


@pytest.mark.parametrize(
    ("language", "words"), [("en", "time-stamped at"), ("vi", "đã có dấu thời gian lúc")]
)
def test_command_says_when_it_was_time_stamped(
    stamped: Stamped, tmp_path: Path, language: str, words: str
) -> None:
    package = stamped.parties[A].send(B)
    until(lambda: is_stamped(stamped))
    bundle = tmp_path / "case.bundle"
    with Client(Profile.load(stamped.axis.profile(A))) as client:
        client.export_bundle(package, bundle)
    command = ["bundle", "verify", str(bundle), "--tsa-anchors", str(stamped.anchors)]
    command += ["--profile", str(stamped.axis.profile(A))]
    result = CliRunner().invoke(application, command, env={"LIENTHONG_LANG": language})
    assert words in " ".join(result.output.split())


def test_without_time_stamps_only_new_packages_are_refused(
    stamped: Stamped, tmp_path: Path
) -> None:
    sender, recipient = stamped.parties[A], stamped.parties[B]
    until(lambda: is_stamped(stamped))
    stamped.set_down(down=True)
    package = sender.send(B)
    # The package waits for its time-stamp, and what is exported says so.
    bundle = tmp_path / "pending.bundle"
    with Client(Profile.load(stamped.axis.profile(A))) as client:
        client.export_bundle(package, bundle)
    assert verify(bundle, stamped)["timeline"][0]["stamp"] is None

    def refusal() -> str | None:
        submission = sender.submission(sender.manifest(B))
        [outcome] = sender.submit(submission)
        return outcome.code if isinstance(outcome, LienthongError) else None

    assert until(refusal) == "node.timestamp_overdue"
    status = stamped.status()
    assert not status["accepting"]
    assert status["timestamps"]["failing"]
    until(lambda: health(stamped) == health_pb2.HealthCheckResponse.NOT_SERVING or None)
    [reported] = recipient.report(recipient.statement(DeliveryEvent.ARRIVE, package))
    assert isinstance(reported, journal_pb2.Receipt)
    stamped.set_down(down=False)
    until(lambda: is_stamped(stamped))
    until(lambda: None if refusal() else True)
    until(lambda: health(stamped) == health_pb2.HealthCheckResponse.SERVING or None)


def health(stamped: Stamped) -> int:
    """Whether the node says that it is well with time-stamps."""
    profile = Profile.load(stamped.axis.profile(A))
    files = profile.transport
    credentials = grpc.ssl_channel_credentials(
        files.ca.read_bytes(), files.key.read_bytes(), files.certificate.read_bytes()
    )
    with grpc.secure_channel(profile.endpoint, credentials) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        answer = check(health_pb2.HealthCheckRequest(service=HEALTH_STAMPS), timeout=WAIT_S)
    status: int = answer.status
    return status


def test_other_authority_answers_while_one_is_down(stamped: Stamped) -> None:
    stamped.authorities[0].answer = _silent
    before = len(stamped.authorities[1].requests)
    for _ in range(2):
        stamped.parties[A].send(B)
        until(lambda: is_stamped(stamped))
    assert len(stamped.authorities[1].requests) > before
    stamped.set_down(down=False)


def test_strangers_get_stamps_but_no_places_of_entries(stamped: Stamped) -> None:
    package = stamped.parties[A].send(B)
    until(lambda: is_stamped(stamped))
    with Client(Profile.load(stamped.axis.profile(A))) as client:
        receipt = client.receipt(package)
        assert client.time_stamp(receipt.index + 1, [receipt.index]).renewals == ()
    with Client(Profile.load(stamped.axis.profile(C))) as stranger:
        found = stranger.time_stamp(receipt.index + 1)
        assert Checkpoint.parse(split_note(found.stamp.text)[0]).size > receipt.index
        with pytest.raises(NotFound):
            stranger.time_stamp(receipt.index + 1, [receipt.index])
        with pytest.raises(NotFound):
            stranger.time_stamp(2**40)
        for size, indexes in ((2**64 - 1, []), (1, [2**64 - 1]), (1, range(501))):
            with pytest.raises(LienthongError) as caught:
                stranger.time_stamp(size, indexes)
            assert caught.value.code in {"model.invalid_value", "codec.too_large"}


def test_backup_takes_the_time_stamps_along(stamped: Stamped) -> None:
    until(lambda: is_stamped(stamped))
    made = asked("backup", stamped.axis.data)["backup"]
    key = stamped.status()["checkpoint_key"]
    options = ["--axis-key", key, "--tsa-anchors", stamped.anchors]
    assert asked("timestamps", "check", made, *options)["count"] > 0


def test_operator_lists_checks_and_renews_in_a_stopped_node(stamped: Stamped) -> None:
    until(lambda: is_stamped(stamped))
    data = stamped.axis.data
    assert refused("timestamps", "check", data)["code"] == "node.data_in_use"
    stamped.axis.stop()
    listed = asked("timestamps", "list", data)["timestamps"]
    assert [row["number"] for row in listed] == list(range(1, len(listed) + 1))
    renewed = asked("timestamps", "renew", data)["renewals"]
    assert [row["kind"] for row in renewed] == ["renewal", "renewal"]
    checked = asked("timestamps", "check", data)
    assert checked["count"] == len(listed) + 2
    settings, ends = data / "node.toml", datetime.now(UTC) + timedelta(days=30)
    (data / "ends.toml").write_text(f'[[algorithm]]\nname = "SHA-512"\nends = {ends.date()}\n')
    before = settings.read_text("utf-8")
    settings.write_text(before + 'algorithm_ends = "ends.toml"\n', "utf-8")
    assert refused("timestamps", "check", data)["code"] == "node.timestamps_end"
    settings.write_text(before, "utf-8")
    stamped.axis.start()
