"""Time-stamps over HTTP: only a token that was verified is handed on, from whoever gives one."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from attrs import evolve

from lienthong.errors import (
    AlgorithmUnsupported,
    ChainUntrusted,
    Closed,
    ConnectionFailed,
    DeadlineExceeded,
    InvalidValue,
    LienthongError,
    Malformed,
    TimestampInvalid,
    TimestampRefused,
    TooLarge,
)
from lienthong.pki import timestamp
from lienthong.pki.timestamp import verify_token
from lienthong.spi import TimeStamper
from lienthong.testing.pki import TestPKI
from lienthong.testing.tsa import TestTSA, read_request, refusal
from lienthong.testing.tsa_server import Answer, TSAServer, honest, serve_tsa
from lienthong_time_rfc3161 import RFC3161Source, open_source
from lienthong_time_rfc3161.address import SourceAddress
from lienthong_time_rfc3161.authority import Authority
from lienthong_time_rfc3161.source import RETURN_AFTER

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
PKI = TestPKI(NOW)
TSA = TestTSA(PKI)
DIGEST = hashlib.sha256(b"a checkpoint").digest()


class Monotonic:
    """Seconds that only a test lets pass."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def anchors(tmp_path: Path) -> Path:
    return PKI.write(tmp_path)


@pytest.fixture
def server() -> Iterator[TSAServer]:
    with serve_tsa(TSA) as running:
        yield running


def address(anchors: Path, *urls: str, more: str = "&timeout=2") -> str:
    later = "".join(f"&next={quote(url, safe='')}" for url in urls[1:])
    return f"rfc3161:{urls[0]}?anchors={quote(str(anchors))}{more}{later}"


def opened(anchors: Path, server: TSAServer, more: str = "&timeout=2") -> TimeStamper:
    return open_source(address(anchors, server.url, more=more))


def error_of(source: TimeStamper) -> type[LienthongError]:
    with pytest.raises(LienthongError) as caught:
        source.stamp(DIGEST)
    return type(caught.value)


# --- Good answers ------------------------------------------------------------------------------


def test_a_verified_token_is_handed_on(anchors: Path, server: TSAServer) -> None:
    source = opened(anchors, server)
    token = source.stamp(DIGEST)
    [request] = map(read_request, server.requests)
    found = verify_token(token, DIGEST, PKI.anchors, nonce=request.nonce)
    assert found.gen_time == NOW
    assert request.certificates


@pytest.mark.parametrize("algorithm", ["SHA-384", "SHA-512"])
def test_other_digests_are_stamped(anchors: Path, server: TSAServer, algorithm: str) -> None:
    digest = hashlib.new(algorithm.replace("-", ""), b"x").digest()
    token = opened(anchors, server).stamp(digest, algorithm)
    assert verify_token(token, digest, PKI.anchors, algorithm=algorithm).algorithm == algorithm


def test_every_request_has_a_nonce_of_its_own(anchors: Path, server: TSAServer) -> None:
    source = opened(anchors, server)
    for _ in range(4):
        source.stamp(DIGEST)
    assert len({read_request(request).nonce for request in server.requests}) == 4


def test_the_time_is_read_from_a_token(anchors: Path, server: TSAServer) -> None:
    source = opened(anchors, server, more="&hash=SHA-512&timeout=2")
    reading = source.now()
    late = reading.instant - NOW
    assert timedelta(0) <= late < timedelta(seconds=1)
    # What the authority admits, and half of the way there and back.
    assert reading.uncertainty == pytest.approx(1 + late.total_seconds(), abs=1e-5)
    assert reading.source == server.url
    assert read_request(server.requests[0]).algorithm == "SHA-512"


def test_the_policy_is_asked_for(anchors: Path, server: TSAServer) -> None:
    source = opened(anchors, server, more="&policy=1.2.3")
    assert verify_token(source.stamp(DIGEST), DIGEST, PKI.anchors).policy == "1.2.3"


def test_an_address_may_have_a_query(anchors: Path, server: TSAServer) -> None:
    source = open_source(address(anchors, quote(f"{server.url}?client=7", safe=":/")))
    assert source.stamp(DIGEST)


# --- Bad answers -------------------------------------------------------------------------------


def replayed(request: bytes) -> Answer:
    """The answer to an earlier request."""
    del request
    return Answer(body=TSA.reply(timestamp.make_request(DIGEST, nonce=1)))


def of_another_policy(request: bytes) -> Answer:
    asked = read_request(request)
    token = TSA.issue(asked.digest, nonce=asked.nonce, policy="1.2.4")
    return Answer(
        body=bytes.fromhex("3082") + (len(token) + 5).to_bytes(2) + b"\x30\3\2\1\0" + token
    )


def impostor(request: bytes) -> Answer:
    return Answer(body=TestTSA(TestPKI(NOW)).reply(request))


def of_type(kind: str) -> Callable[[bytes], Answer]:
    return lambda request: Answer(body=TSA.reply(request), headers=(("Content-Type", kind),))


def with_status(status: int, *headers: tuple[str, str]) -> Callable[[bytes], Answer]:
    return lambda request: evolve(honest(TSA)(request), status=status, headers=headers)


def saying(body: bytes, *headers: tuple[str, str]) -> Callable[[bytes], Answer]:
    usual = Answer(body=body)
    return lambda _: evolve(usual, headers=(*usual.headers, *headers))


BAD: dict[str, tuple[Callable[[bytes], Answer], type[LienthongError]]] = {
    "replayed": (replayed, TimestampInvalid),
    "of another policy": (of_another_policy, TimestampInvalid),
    "impostor": (impostor, ChainUntrusted),
    "refusal": (saying(refusal(2, text="no", failure=15)), TimestampRefused),
    "garbage": (saying(b"<html>"), Malformed),
    "empty": (saying(b""), Malformed),
    "huge": (saying(bytes(200_000)), TooLarge),
    "length that is none": (saying(b"", ("Content-Length", "x")), Malformed),
    "another type": (of_type("text/html"), Malformed),
    "no type": (of_type("nonsense"), Malformed),
    "moved": (with_status(302, ("Location", "http://127.0.0.1:1/")), ConnectionFailed),
    "busy": (with_status(503), ConnectionFailed),
    "unauthorised": (with_status(401), ConnectionFailed),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_answer_is_never_handed_on(anchors: Path, server: TSAServer, name: str) -> None:
    server.answer, expected = BAD[name]
    source = opened(anchors, server, more="&policy=1.2.3&timeout=2")
    assert error_of(source) is expected
    server.answer = honest(TSA)
    assert source.stamp(DIGEST)


def test_a_type_may_have_parameters(anchors: Path, server: TSAServer) -> None:
    server.answer = of_type("Application/Timestamp-Reply; charset=binary")
    assert opened(anchors, server).stamp(DIGEST)


@pytest.mark.planted("time-stamp handed on unverified")
def test_a_source_that_verifies_nothing_is_noticed(
    anchors: Path, server: TSAServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lienthong_time_rfc3161 import authority

    def believe(token: bytes, digest: bytes, *_: object, **__: object) -> timestamp.TimeStamp:
        return verify_token(token, digest, PKI.anchors)

    monkeypatch.setattr(authority, "verify_token", believe)
    server.answer = replayed
    with pytest.raises(pytest.fail.Exception):
        error_of(opened(anchors, server))


@contextmanager
def raw_server(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Whoever connects is talked to in bytes; the event tells when to stop."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                talk(connection, over)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            over.set()
            thread.join()


def silent(_: socket.socket, over: threading.Event) -> None:
    over.wait()


def trickle(connection: socket.socket, over: threading.Event) -> None:
    """A header without end, quicker than any single wait."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    while not over.wait(0.05):
        try:
            connection.sendall(b"a")
        except OSError:
            return


def trickling_body(connection: socket.socket, over: threading.Event) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n\r\n"
    connection.sendall(head)
    while not over.wait(0.05):
        try:
            connection.sendall(b"0")
        except OSError:
            return


def hangs_up(connection: socket.socket, _: threading.Event) -> None:
    connection.recv(10)


def no_http(connection: socket.socket, _: threading.Event) -> None:
    connection.recv(10_000)
    connection.sendall(b"\xff" * 100_000)


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (silent, DeadlineExceeded),
        (trickle, DeadlineExceeded),
        (trickling_body, DeadlineExceeded),
        (hangs_up, ConnectionFailed),
        (no_http, ConnectionFailed),
    ],
)
def test_no_server_holds_a_call_for_longer_than_it_may(
    anchors: Path,
    talk: Callable[[socket.socket, threading.Event], None],
    expected: type[LienthongError],
) -> None:
    with raw_server(talk) as url:
        assert error_of(open_source(address(anchors, url, more="&timeout=0.4"))) is expected


def test_nobody_there(anchors: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}/"
    assert error_of(open_source(address(anchors, url))) is ConnectionFailed


# --- Several authorities -----------------------------------------------------------------------


def source_of(
    anchors: Path, servers: list[TSAServer], monotonic: Callable[[], float]
) -> RFC3161Source:
    uri = address(anchors, *(server.url for server in servers))
    parsed = SourceAddress.parse(uri)
    authorities = [Authority.opened(one, seconds=parsed.seconds) for one in parsed.authorities]
    return RFC3161Source(authorities, hash_name="SHA-256", monotonic=monotonic)


def broken(_: bytes) -> Answer:
    return Answer(body=b"", status=503)


def asked(servers: list[TSAServer], source: TimeStamper) -> list[int]:
    """How many requests each authority gets for one token."""
    before = [len(server.requests) for server in servers]
    source.stamp(DIGEST)
    return [len(server.requests) - was for server, was in zip(servers, before, strict=True)]


def test_the_second_authority_takes_over_and_the_first_comes_back(anchors: Path) -> None:
    monotonic = Monotonic()
    with ExitStack() as stack:
        servers = [stack.enter_context(serve_tsa(TSA)) for _ in range(2)]
        source = source_of(anchors, servers, monotonic)
        assert asked(servers, source) == [1, 0]
        servers[0].answer = broken
        assert asked(servers, source) == [1, 1]
        # Who answered last is asked first, so that nobody waits for a dead one at each token.
        assert asked(servers, source) == [0, 1]
        monotonic.seconds += RETURN_AFTER
        assert asked(servers, source) == [1, 1]
        monotonic.seconds += RETURN_AFTER - 1
        assert asked(servers, source) == [0, 1]
        servers[0].answer = honest(TSA)
        monotonic.seconds += 1
        assert asked(servers, source) == [1, 0]
        servers[1].answer = broken
        assert asked(servers, source) == [1, 0]


def test_the_first_is_asked_when_the_second_fails(anchors: Path) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(serve_tsa(TSA)) for _ in range(2)]
        source = source_of(anchors, servers, Monotonic())
        servers[0].answer = broken
        source.stamp(DIGEST)
        servers[0].answer, servers[1].answer = honest(TSA), broken
        assert asked(servers, source) == [1, 1]
        assert asked(servers, source) == [1, 0]


@pytest.mark.parametrize("name", sorted(BAD.keys() - {"of another policy"}))
def test_the_second_takes_over_whatever_the_first_does(anchors: Path, name: str) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(serve_tsa(TSA)) for _ in range(2)]
        servers[0].answer = BAD[name][0]
        assert source_of(anchors, servers, Monotonic()).stamp(DIGEST)


def test_when_all_fail_the_last_error_is_told(anchors: Path) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(serve_tsa(TSA)) for _ in range(2)]
        servers[0].answer, servers[1].answer = broken, saying(refusal(2))
        assert error_of(source_of(anchors, servers, Monotonic())) is TimestampRefused


# --- Opening and closing -----------------------------------------------------------------------


def test_what_cannot_be_stamped_is_refused_without_asking(anchors: Path, server: TSAServer) -> None:
    source = opened(anchors, server)
    with pytest.raises(AlgorithmUnsupported):
        source.stamp(DIGEST, "SHA-1")
    with pytest.raises(TimestampInvalid):
        source.stamp(DIGEST[:20])
    assert server.requests == []


def test_a_closed_source_asks_nobody(anchors: Path, server: TSAServer) -> None:
    source = opened(anchors, server)
    source.close()
    source.close()
    for call in (source.now, lambda: source.stamp(DIGEST)):
        with pytest.raises(Closed):
            call()
    assert server.requests == []


def test_anchors_that_cannot_be_read_are_refused(tmp_path: Path, anchors: Path) -> None:
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(PKI.organisation("H53").chain_pem)
    for path in (tmp_path / "absent.pem", tmp_path, leaf):
        with pytest.raises(InvalidValue, match="anchors"):
            open_source(address(path, "https://tsa.example"))
        with pytest.raises(InvalidValue, match="ca"):
            open_source(address(anchors, "https://tsa.example", more=f"&ca={tmp_path}"))
