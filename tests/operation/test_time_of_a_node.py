"""N-16 with a whole node: its clock against NTP servers on the loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from attrs import define, field
from grpc_health.v1 import health_pb2, health_pb2_grpc

from lienthong.client import Client, FileSource, Profile, RetryPolicy
from lienthong.client.connection import load_credentials
from lienthong.errors import LienthongError, TimeDisputed
from lienthong.model.journal import PackageRecord
from lienthong_node import server, time_watch
from lienthong_node.admin_port import RemoteAdmin, administration
from lienthong_node.local import LocalAxis, free_port
from lienthong_node.services.context import Pools
from lienthong_node.settings import FILE_NAME
from tests.e2e.conftest import NAMES, A, B, make_document
from tests.e2e.spoilt import in_process
from tests.hostile.metrics import metrics_of

pytest.importorskip("lienthong_time_ntp", reason="the NTP time source is not installed")
from plugins.timesources.ntp.tests import ntp_servers

DAY = 86_400.0
FILE = FileSource.of_bytes("van-ban.pdf", b"%PDF-1.4")
ONCE = RetryPolicy(attempts=1, timeout=20)
PATIENT_S = 60.0
"""After that, it does not resume by itself."""


@define(eq=False)
class Times:
    """Three NTP servers, and how far each is ahead of this machine."""

    ahead: list[float] = field(factory=lambda: [0.0, 0.0, 0.0])

    def answer(self, number: int) -> Callable[[bytes], list[bytes]]:
        def packets(question: bytes) -> list[bytes]:
            true = time.time() - (ntp_servers.EPOCH + time.monotonic())
            return [ntp_servers.packet(question, ahead=true + self.ahead[number])]

        return packets


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture
def axis(tmp_path: Path, times: Times, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAxis]:
    """An axis that asks the servers; it runs in this process, so that it can look more often."""
    monkeypatch.setattr(time_watch, "LOOK_S", 0.1)
    made = LocalAxis.create(
        tmp_path, NAMES, disk_reserve_bytes=0, metrics_listen=f"127.0.0.1:{free_port()}"
    )
    with ExitStack() as stack:
        names = [stack.enter_context(ntp_servers.serve(times.answer(n)))[0] for n in range(3)]
        uris = [f"ntp:{name}?timeout=2" for name in names]
        with (made.data / FILE_NAME).open("a", encoding="utf-8") as settings:
            settings.write(f"time_sources = {uris}\n".replace("'", '"'))
        yield made


def send(axis: LocalAxis) -> str:
    with Client(Profile.load(axis.profile(A)), retry=ONCE) as client:
        try:
            client.send(make_document(A), [FILE], [B])
        except LienthongError as error:
            return error.code if error.retryable else f"{error.code}, for ever"
    return "sent"


def health(axis: LocalAxis) -> int:
    profile = Profile.load(axis.profile(A))
    credentials = load_credentials(profile.transport)
    with grpc.secure_channel(profile.endpoint, credentials) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service="lienthong.axis.v1.Exchange")
        return int(stub.Check(request, timeout=20).status)


def until(wanted: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENT_S
    while not wanted():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_clock_that_is_right_changes_nothing(axis: LocalAxis) -> None:
    with in_process(axis):
        assert send(axis) == "sent"
        assert "lienthong_clock_right 1.0" in metrics_of(axis)


def test_a_clock_that_is_a_day_off_stops_new_documents(axis: LocalAxis, times: Times) -> None:
    """Row "time sources disagree": deliveries go on, documents and receipts wait."""
    with in_process(axis):
        assert send(axis) == "sent"
        times.ahead = [DAY, DAY, DAY]
        until(lambda: send(axis) == TimeDisputed.code)
        until(lambda: health(axis) == health_pb2.HealthCheckResponse.NOT_SERVING)
        assert "lienthong_clock_right 0.0" in metrics_of(axis)
        # The figure is taken once a second.
        until(lambda: "lienthong_accepting_packages 0.0" in metrics_of(axis))
        with administration(axis.data) as admin:
            assert isinstance(admin, RemoteAdmin)
            assert "-86400.0 s off" in admin.status().not_accepting_because
        with Client(Profile.load(axis.profile(B)), retry=ONCE) as client:
            assert [one for one in client.feed(0) if isinstance(one.entry.body, PackageRecord)]
        times.ahead = [0.0, 0.0, 0.0]
        until(lambda: send(axis) == "sent")
        until(lambda: health(axis) == health_pb2.HealthCheckResponse.SERVING)


def test_a_node_that_starts_with_a_wrong_clock_takes_nothing(axis: LocalAxis, times: Times) -> None:
    times.ahead = [DAY, DAY, 0.0]
    with in_process(axis):
        assert send(axis) == TimeDisputed.code
        times.ahead = [0.0, DAY, 0.0]
        until(lambda: send(axis) == "sent")
        assert "lienthong_time_sources_wrong 1.0" in metrics_of(axis)


def test_the_clock_is_looked_at_while_everything_else_waits(
    axis: LocalAxis, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uploads, time-stamps and status may keep all long threads busy; signing depends on this."""
    over = threading.Event()

    def busy() -> Pools:
        pools = Pools()
        for _ in range(8):
            pools.long.submit(over.wait)
        return pools

    monkeypatch.setattr(server, "Pools", busy)
    with in_process(axis):
        try:
            until(lambda: "lienthong_clock_right 1.0" in metrics_of(axis))
            times.ahead = [DAY, DAY, DAY]
            until(lambda: "lienthong_clock_right 0.0" in metrics_of(axis))
        finally:
            over.set()


def test_offline_commands_sign_nothing_either(axis: LocalAxis, times: Times) -> None:
    times.ahead = [DAY, DAY, DAY]
    with administration(axis.data) as admin:
        assert admin.directory().organisations
        with pytest.raises(TimeDisputed):
            admin.put_organisations([*admin.directory().organisations][:1])
        times.ahead = [0.0, 0.0, 0.0]
        admin.put_organisations([*admin.directory().organisations][:1])
