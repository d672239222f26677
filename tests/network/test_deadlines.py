"""N-12: calls without a deadline, cut in the middle or of clients that hang all come to an end."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import grpc
import pytest
from hyperframe.frame import DataFrame

from lienthong.client import Profile
from lienthong_node import interceptor, limits, server
from lienthong_node.connections import accepted
from lienthong_node.local import LocalAxis
from lienthong_node.services.admin import Admin
from lienthong_node.services.directory import Directory
from lienthong_node.services.evidence import Evidence
from lienthong_node.services.exchange import Exchange
from tests.conftest import Figure
from tests.e2e.conftest import A
from tests.e2e.raw import METHODS, Party
from tests.network.conftest import SetOption
from tests.network.http2 import (
    WHO_AM_I,
    Line,
    framed,
    header_frames,
    request_headers,
    reset,
)
from tests.network.inside_node import InsideNode
from tests.network.vitals import eventually
from tests.tiers import tier

CAP_S: Final = 0.3
SLACK_S: Final = 20.0
GONE: Final = tier(96, 996)
HUNG: Final = tier(100, 1_000)
SERVICES: Final[Mapping[str, type]] = {
    "Exchange": Exchange,
    "Directory": Directory,
    "Evidence": Evidence,
    "Admin": Admin,
}
UNARY: Final = [
    name for name, m in METHODS.items() if not (m.client_streaming or m.server_streaming)
]
AGE: Final = ("grpc.max_connection_age_ms", "grpc.max_connection_age_grace_ms")
KEEPALIVE: Final = (
    "grpc.keepalive_time_ms",
    "grpc.keepalive_timeout_ms",
    "grpc.http2.ping_timeout_ms",
)


async def _hang(*_: Any) -> None:
    await asyncio.sleep(3600)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every handler of a single answer waits for ever."""
    for name in UNARY:
        service, _, method = name.partition("/")
        monkeypatch.setattr(SERVICES[service], method, _hang)


@contextmanager
def askers(axis: LocalAxis) -> Iterator[Callable[[str], Any]]:
    """Begin a call without a deadline, in the role that may."""
    with ExitStack() as stack:
        agency = stack.enter_context(Party.opened(axis.profile(A)))
        operator = stack.enter_context(Party.opened(axis.data / "operator"))

        def begin(name: str) -> Any:
            method = METHODS[name]
            party = operator if name.startswith("Admin/") else agency
            path = f"/{method.containing_service.full_name}/{method.name}"
            ask: Any = party.channel.unary_unary(path)
            return ask.future(b"")

        yield begin


def check_ends(axis: LocalAxis, seconds: float = SLACK_S) -> int:
    """Every call comes to an end by the node's own hand.

    Raises:
        AssertionError: one does not.
    """
    with askers(axis) as begin:
        calls = {name: begin(name) for name in UNARY}
        for name, call in calls.items():
            try:
                error = call.exception(timeout=seconds)
            except grpc.FutureTimeoutError:
                raise AssertionError(f"{name} has no end") from None
            assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED, f"{name}: {error}"
    return len(calls)


@pytest.mark.usefixtures("hanging")
class TestMissingDeadlines:
    def test_every_single_answer_has_a_longest_time(
        self, at_rest: LocalAxis, monkeypatch: pytest.MonkeyPatch, figure: Figure
    ) -> None:
        assert interceptor.UNARY_SECONDS == 30
        monkeypatch.setattr(interceptor, "UNARY_SECONDS", CAP_S)
        with InsideNode.running(at_rest) as inside:
            ended = check_ends(at_rest)
            assert eventually(lambda: inside.node.context.limits.open_calls == 0, SLACK_S)
        figure(
            "N-12",
            wanted="a cap on every call without a deadline",
            found=f"{ended} of {len(UNARY)} methods with one answer ended by the node",
        )

    @pytest.mark.planted("missing deadline")
    def test_a_node_without_a_longest_time_is_found(
        self, at_rest: LocalAxis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(interceptor, "UNARY_SECONDS", None)
        with InsideNode.running(at_rest), pytest.raises(AssertionError, match="has no end"):
            check_ends(at_rest, 1)


def streams_end(profile: Profile, seconds: float) -> bool:
    """Whether a stream that waits for news for ever is ended by the node."""
    with Line.opened(profile) as line:
        line.follow()
        for _ in line.frames(seconds):
            pass
        return line.is_closed()


def test_streams_end_with_their_connections_age(
    at_rest: LocalAxis, attacker_inside: Profile, set_option: SetOption
) -> None:
    assert [dict(server.OPTIONS)[name] for name in AGE] == [1_800_000, 30_000]
    for name in AGE:
        set_option(name, 300)
    with InsideNode.running(at_rest):
        assert streams_end(attacker_inside, SLACK_S)


@pytest.mark.planted("connections for ever")
def test_a_node_whose_connections_never_end_is_found(
    at_rest: LocalAxis, attacker_inside: Profile, set_option: SetOption
) -> None:
    for name in AGE:
        set_option(name, None)
    with InsideNode.running(at_rest):
        assert not streams_end(attacker_inside, 1.5)


def _unary_that_leaves(line: Line) -> None:
    stream = line.begin(request_headers(WHO_AM_I))
    line.send(DataFrame(stream, framed(b"", length=100)[:7]).serialize())


def _upload_that_leaves(line: Line) -> None:
    line.begin(request_headers("/lienthong.axis.v1.Exchange/Upload"))


def _submission_that_leaves(line: Line) -> None:
    line.begin(request_headers("/lienthong.axis.v1.Exchange/Submit"))


def _feed_that_is_reset(line: Line) -> None:
    line.send(reset(line.follow()))


def _unary_that_is_reset(line: Line) -> None:
    stream = line.next_stream()
    block = line.encoder.encode(list(request_headers(WHO_AM_I)), huffman=False)
    data = DataFrame(stream, framed(b"")).serialize()
    line.send(header_frames(stream, block) + data + reset(stream))


KINDS: Final[tuple[Callable[[Line], object], ...]] = (
    Line.follow,
    _feed_that_is_reset,
    _unary_that_leaves,
    _unary_that_is_reset,
    _upload_that_leaves,
    _submission_that_leaves,
)


HANDLED: Final = 3
"""Of these, how many stay with a handler: two are reset, one is not whole."""


def leave_in_the_middle(inside: InsideNode, profile: Profile, rounds: int) -> None:
    """Begin calls of all kinds, and when they are being handled, be gone without a word."""
    with ExitStack() as stack:
        for kind in KINDS * rounds:
            line = stack.enter_context(Line.opened(profile))
            kind(line)
            line.setsockopt(socket.SO_LINGER, struct.pack("ii", 1, 0))
        limits = inside.node.context.limits
        assert eventually(lambda: limits.open_calls >= HANDLED * rounds, SLACK_S)


def hang(axis: LocalAxis, profile: Profile, count: int) -> bool:
    """Begin calls and then neither read nor answer pings; returns whether the node gave them up."""
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(Line.opened(profile)).follow()
        return eventually(lambda: not accepted(axis.port), SLACK_S)


def check_nothing_left(axis: LocalAxis, inside: InsideNode, tasks: int) -> str:
    """No call, task or connection is left of those who went.

    Raises:
        AssertionError: something is.
    """
    open_calls = inside.node.context.limits
    assert eventually(lambda: open_calls.open_calls == 0, SLACK_S), (
        f"{open_calls.open_calls} calls are left"
    )
    assert eventually(lambda: inside.tasks() <= tasks, SLACK_S), f"{inside.tasks()} tasks are left"
    assert eventually(lambda: not accepted(axis.port), SLACK_S), "connections are left"
    return "0 calls, 0 tasks, 0 connections left"


def test_nothing_is_left_of_clients_that_go(
    at_rest: LocalAxis, attacker_inside: Profile, figure: Figure
) -> None:
    with InsideNode.running(at_rest) as inside:
        leave_in_the_middle(inside, attacker_inside, 1)
        assert eventually(lambda: not accepted(at_rest.port), SLACK_S)
        tasks = inside.tasks()
        leave_in_the_middle(inside, attacker_inside, GONE // len(KINDS))
        left = check_nothing_left(at_rest, inside, tasks)
    figure(
        "N-12",
        wanted="0 tasks, calls or descriptors left",
        found=f"{GONE} gone in the middle: {left}",
    )


def test_nothing_is_left_of_clients_that_hang(
    at_rest: LocalAxis, attacker_inside: Profile, set_option: SetOption, figure: Figure
) -> None:
    """At a node of its own: its pings would cut off the first who go before the last are there."""
    assert [dict(server.OPTIONS)[name] for name in KEEPALIVE] == [60_000, 20_000, 20_000]
    for name in KEEPALIVE:
        set_option(name, 1_000)
    with InsideNode.running(at_rest) as inside:
        assert hang(at_rest, attacker_inside, 1)
        tasks = inside.tasks()
        given_up = hang(at_rest, attacker_inside, HUNG)
        left = check_nothing_left(at_rest, inside, tasks)
    figure(
        "N-12",
        wanted="0 tasks, calls or descriptors left",
        found=f"{HUNG} hung: {left}",
    )
    assert given_up


@pytest.mark.planted("call never given back")
def test_a_node_that_counts_the_gone_is_found(
    at_rest: LocalAxis, attacker_inside: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def call(self: limits.Limits, organ: str) -> Iterator[None]:
        share = self._share(organ)
        share.open_calls += 1
        yield
        share.open_calls -= 1

    monkeypatch.setattr(limits.Limits, "call", call)
    monkeypatch.setattr(f"{__name__}.SLACK_S", 1.0)
    with InsideNode.running(at_rest) as inside:
        tasks = inside.tasks()
        leave_in_the_middle(inside, attacker_inside, 2)
        with pytest.raises(AssertionError, match="calls are left"):
            check_nothing_left(at_rest, inside, tasks)
