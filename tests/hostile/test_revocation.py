"""N-04: from its revocation on a credential opens nothing, and what it has open is cut."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

import grpc
import pytest
from attrs import define, field

from lienthong.errors import CredentialRevoked
from lienthong_node.core.credentials import Credential
from lienthong_node.identity import OpenCalls
from lienthong_node.local import LocalAxis
from lienthong_proto.axis.v1 import exchange_pb2
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A
from tests.e2e.raw import Party, call
from tests.e2e.spoilt import in_process
from tests.e2e.test_certificates import WHO_AM_I, Office
from tests.hostile.conftest import Parties
from tests.hostile.metrics import GENEROUS
from tests.tiers import tier

TRIALS: Final = tier(commit=10, nightly=200)
AT_ONCE: Final = 10
LIMIT_S: Final = 60.0
"""The longest time that an open call may go on."""

SOON_S: Final = 3.0
"""Enough for several looks of the worker that cuts calls."""

EXCHANGE: Final = "/lienthong.axis.v1.Exchange"
WATCH: Final = "/grpc.health.v1.Health/Watch"


@define(eq=False)
class Stream:
    """One open call, read on a thread of its own until it ends."""

    name: str
    running: Any
    ended: float = 0.0
    status: str = ""
    thread: threading.Thread = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        try:
            if self.name == "upload":
                self.running.result()
            else:
                list(self.running)
            self.status = "OK"
        except grpc.RpcError:
            self.status = self.running.code().name
        finally:
            self.ended = time.monotonic()


def _endless(gone: threading.Event) -> Iterator[bytes]:
    """Requests that never come."""
    gone.wait(LIMIT_S)
    yield from ()


def streams(channel: grpc.Channel, gone: threading.Event) -> list[Stream]:
    """Every kind of call that stays open."""
    follow = exchange_pb2.SubscribeRequest(follow=True).SerializeToString()
    subscribe = channel.unary_stream(f"{EXCHANGE}/Subscribe", bytes, bytes)
    watch = channel.unary_stream(WATCH, bytes, bytes)
    asked = {
        "follow": subscribe(follow, timeout=LIMIT_S),
        "health": watch(b"", timeout=LIMIT_S),
        "upload": channel.stream_unary(f"{EXCHANGE}/Upload", bytes, bytes).future(
            _endless(gone), timeout=LIMIT_S
        ),
    }
    for name in ("Submit", "Report"):
        stream = channel.stream_stream(f"{EXCHANGE}/{name}", bytes, bytes)
        asked[name.lower()] = stream(_endless(gone), timeout=LIMIT_S)
    return [Stream(name, running) for name, running in asked.items()]


@define
class Trials:
    """What became of revoked credentials."""

    streams: int = 0
    still_open: list[str] = field(factory=list)
    otherwise: list[str] = field(factory=list)
    """Streams that ended in another way than by the revocation."""

    still_answered: int = 0
    """New calls that were answered after the revocation."""

    seconds: list[float] = field(factory=list)
    """From the revocation to the end of a stream."""


def try_one(office: Office, party: Party, trials: Trials, patience: float) -> None:
    """Open all kinds of calls with one credential, revoke it, look."""
    pair, gone = office.issue(transport=True), threading.Event()
    fingerprint = office.register(pair, "transport")
    with pair.channel(party.profile) as channel:
        assert call(channel, WHO_AM_I, [b""]).ok
        running = streams(channel, gone)
        # Calls of one connection begin in order: when this one is answered, all are begun.
        assert call(channel, WHO_AM_I, [b""]).ok
        time.sleep(0.2)
        assert not [stream.name for stream in running if stream.ended]
        office.revoke(fingerprint)
        revoked = time.monotonic()
        answer = call(channel, WHO_AM_I, [b""])
        trials.still_answered += answer.ok
        if not answer.ok and answer.code != CredentialRevoked.code:
            trials.otherwise.append(f"new call: {answer.status} {answer.code}")
        until = revoked + patience
        for stream in running:
            stream.thread.join(max(0.0, until - time.monotonic()))
            trials.streams += 1
            if stream.thread.is_alive():
                trials.still_open.append(stream.name)
            elif stream.status != "UNAUTHENTICATED":
                trials.otherwise.append(f"{stream.name}: {stream.status}")
            else:
                trials.seconds.append(stream.ended - revoked)
        gone.set()


def test_new_calls_are_refused_and_open_ones_cut(
    axis: LocalAxis, parties: Parties, operator: Party, figure: Figure
) -> None:
    trials, office = Trials(), Office(axis, operator)
    left = TRIALS
    while left > 0:
        some = [
            threading.Thread(target=try_one, args=(office, parties[A], trials, LIMIT_S))
            for _ in range(min(left, AT_ONCE))
        ]
        for thread in some:
            thread.start()
        for thread in some:
            thread.join(2 * LIMIT_S)
        left -= len(some)
    slowest = max(trials.seconds, default=LIMIT_S)
    typical = statistics.median(trials.seconds or [LIMIT_S])
    figure(
        "N-04",
        wanted=f"{TRIALS} revocations: new calls refused at once, open ones cut within 60 s",
        found=f"{trials.streams} open calls: {len(trials.still_open)} not cut, "
        f"p50 {typical:.1f} s, max {slowest:.1f} s; {trials.still_answered} new calls answered",
    )
    assert trials.streams == 5 * TRIALS
    assert not trials.still_open
    assert not trials.otherwise
    assert trials.still_answered == 0


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, Party]]:
    """An axis in this process, so that its code can be spoilt."""
    made = LocalAxis.create(tmp_path_factory.mktemp("spoilt"), NAMES, **GENEROUS)
    with in_process(made), ExitStack() as stack:
        operator = stack.enter_context(Party.opened(made.data / "operator"))
        yield Office(made, operator), stack.enter_context(Party.opened(made.profile(A)))


@pytest.mark.planted("revoked credential still served on open streams")
def test_open_calls_that_go_on_are_noticed(
    spoilt: tuple[Office, Party], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenCalls, "cut_unusable", lambda *_: 0)
    trials = Trials()
    try_one(*spoilt, trials, SOON_S)
    assert sorted(trials.still_open) == ["follow", "health", "report", "submit", "upload"]


@pytest.mark.planted("revoked credential opens new calls")
def test_new_calls_that_are_answered_are_noticed(
    spoilt: tuple[Office, Party], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The credential is found as it was when the connection was made."""
    monkeypatch.setattr(Credential, "check_usable", lambda *_: None)
    trials = Trials()
    try_one(*spoilt, trials, SOON_S)
    assert trials.still_answered == 1
