"""The published contract suite against time-stamp authorities on the loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

import lienthong_time_rfc3161
from lienthong.pki.timestamp import make_request
from lienthong.testing.pki import TestPKI
from lienthong.testing.tsa import TestTSA, read_request, refusal
from lienthong.testing.tsa_server import Answer, TSAServer, serve_tsa
from lienthong_conformance import TimeSourceContract

PKI = TestPKI()
TSA = TestTSA(PKI, clock=lambda: datetime.now(UTC))
IMPOSTOR = TestTSA(TestPKI())


def replayed(_: bytes) -> Answer:
    return Answer(body=TSA.reply(make_request(bytes(32), nonce=1)))


def of_another_digest(request: bytes) -> Answer:
    nonce = read_request(request).nonce
    return Answer(body=TSA.reply(make_request(bytes(32), nonce=nonce or 0)))


LIES = (
    replayed,
    of_another_digest,
    lambda request: Answer(body=IMPOSTOR.reply(request)),
    lambda request: Answer(body=refusal(2)),
    lambda request: Answer(body=TSA.reply(request)[:-1]),
)


@pytest.fixture(scope="module")
def honest() -> Iterator[TSAServer]:
    with serve_tsa(TSA) as server:
        yield server


@pytest.fixture(scope="module")
def liars() -> Iterator[Sequence[str]]:
    """Addresses of authorities that each answer wrongly in one way."""
    with ExitStack() as stack:
        servers = [stack.enter_context(serve_tsa(TSA)) for _ in LIES]
        for server, lie in zip(servers, LIES, strict=True):
            server.answer = lie
        yield [server.url for server in servers]


class RFC3161Contract(TimeSourceContract):
    """What the classes below share."""

    plugin = lienthong_time_rfc3161

    @pytest.fixture
    def root(self, tmp_path: Path) -> str:
        return quote(str(PKI.write(tmp_path)))

    @pytest.fixture
    def uri(self, honest: TSAServer, root: str) -> str:
        return f"rfc3161:{honest.url}?anchors={root}"

    @pytest.fixture
    def unreachable_uris(self, root: str) -> Iterator[Sequence[str]]:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            with socket.create_server(("127.0.0.1", 0)) as gone:
                closed = gone.getsockname()[1]
            yield [
                f"rfc3161:http://127.0.0.1:{port}/?anchors={root}&timeout=0.3"
                for port in (silent.getsockname()[1], closed)
            ]

    @pytest.fixture
    def misled_uris(self, liars: Sequence[str], root: str) -> Sequence[str]:
        return [f"rfc3161:{url}?anchors={root}" for url in liars]

    @pytest.fixture
    def anchors(self) -> Sequence[bytes]:
        return [PKI.root.certificate]


class TestOneAuthority(RFC3161Contract):
    pass


class TestTheSecondOfTwo(RFC3161Contract):
    """The first one is dead."""

    @pytest.fixture
    def uri(self, honest: TSAServer, root: str) -> str:
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        later = quote(honest.url, safe="")
        return f"rfc3161:http://127.0.0.1:{port}/?anchors={root}&next={later}"
