"""The published contract suite against NTP servers on the loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest

import lienthong_time_ntp
from lienthong_conformance import TimeSourceContract
from plugins.timesources.ntp.tests.ntp_servers import (
    Answer,
    ahead,
    honest,
    packet,
    replaying,
    serve,
    silent,
)

HOUR = 3600.0


@pytest.fixture(scope="module")
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def uri_of(stack: ExitStack, *answers: Answer) -> str:
    names = [stack.enter_context(serve(answer))[0] for answer in answers]
    return f"ntp:{','.join(names)}?timeout=1"


@pytest.fixture(scope="module")
def lies(stack: ExitStack) -> Sequence[str]:
    return [
        uri_of(stack, ahead(HOUR), ahead(-HOUR), honest),
        uri_of(stack, honest, silent, silent),
        uri_of(stack, replaying),
        uri_of(stack, lambda question: [packet(question, stratum=0, name=b"DENY")]),
        uri_of(stack, lambda question: [packet(question, origin=bytes(8), ahead=HOUR)]),
    ]


@pytest.fixture(scope="module")
def agreeing(stack: ExitStack) -> str:
    return uri_of(stack, honest, honest, honest)


@pytest.fixture(scope="module")
def with_a_liar(stack: ExitStack) -> str:
    return uri_of(stack, honest, ahead(HOUR), honest)


class NTPContract(TimeSourceContract):
    """What the classes below share."""

    plugin = lienthong_time_ntp

    @pytest.fixture
    def unreachable_uris(self, stack: ExitStack) -> Sequence[str]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            port = gone.getsockname()[1]
        return [f"ntp:127.0.0.1:{port}?timeout=0.3", uri_of(stack, silent, silent)]

    @pytest.fixture
    def misled_uris(self, lies: Sequence[str]) -> Sequence[str]:
        return lies


class TestThreeServers(NTPContract):
    @pytest.fixture
    def uri(self, agreeing: str) -> str:
        return agreeing


class TestTwoOfThree(NTPContract):
    """The third one lies."""

    @pytest.fixture
    def uri(self, with_a_liar: str) -> str:
        return with_a_liar
