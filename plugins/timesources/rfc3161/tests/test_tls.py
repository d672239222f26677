"""Time-stamps over HTTPS: whose certificate is believed, and for how long a call may take."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from lienthong.errors import ConnectionFailed, DeadlineExceeded
from lienthong.testing.pki import TestPKI
from lienthong.testing.tsa import TestTSA
from lienthong.testing.tsa_server import Answer, TSAServer, serve_tsa
from lienthong_time_rfc3161 import exchange, open_source

PKI = TestPKI(datetime(2026, 3, 2, 1, 30, tzinfo=UTC))
WEB = TestPKI()
"""Of the TLS certificates, which have to be in force now."""

TSA = TestTSA(PKI)
DIGEST = hashlib.sha256(b"a checkpoint").digest()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TSAServer]:
    files = WEB.server().write(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.chain, files.key)
    with serve_tsa(TSA, tls=context) as running:
        yield running


@pytest.fixture
def address(server: TSAServer, tmp_path: Path) -> str:
    assert server.url.startswith("https://")
    return f"rfc3161:{server.url}?anchors={quote(str(PKI.write(tmp_path / 'tsa')))}"


@pytest.fixture
def trusting(address: str, tmp_path: Path) -> str:
    return f"{address}&ca={quote(str(WEB.write(tmp_path / 'tls')))}"


def test_whoever_trusts_it_is_answered(trusting: str) -> None:
    assert open_source(trusting).stamp(DIGEST)


def test_a_certificate_that_nobody_trusts_ends_the_call(address: str) -> None:
    with pytest.raises(ConnectionFailed):
        open_source(address).stamp(DIGEST)


def test_an_answer_that_does_not_come_is_cut_off(server: TSAServer, trusting: str) -> None:
    over = threading.Event()

    def waiting(_: bytes) -> Answer:
        over.wait()
        return Answer(body=b"")

    server.answer = waiting
    try:
        with pytest.raises(DeadlineExceeded):
            open_source(f"{trusting}&timeout=0.5").stamp(DIGEST)
    finally:
        over.set()


def test_a_connection_that_is_cut_stays_encrypted(tmp_path: Path) -> None:
    """Another thread reads or writes at that moment."""
    ours, theirs = socket.socketpair()
    files = WEB.server().write(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(files.chain, files.key)
    client = ssl.create_default_context(cafile=WEB.write(tmp_path))
    accepted: list[ssl.SSLSocket] = []
    accepting = threading.Thread(
        target=lambda: accepted.append(tls.wrap_socket(theirs, server_side=True))
    )
    accepting.start()
    with client.wrap_socket(ours, server_hostname="127.0.0.1") as sock:
        accepting.join()
        with exchange._cut_after(0.0, sock, threading.Event()):
            assert accepted[0].recv(1) == b""
        assert sock.version() is not None, "what is written now goes out in the clear"
    accepted[0].close()
