"""Fetching from strangers: who is asked, how much, how long; nothing but FetchFailed comes out."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from lienthong.errors import FetchFailed
from lienthong.testing.status_server import Reply, StatusServer
from lienthong.trust import Fetcher

LIMIT = 1000
LOCAL = Fetcher(private_hosts=["127.0.0.1", "localhost"], connect_s=1, total_s=1)


@pytest.fixture
def server() -> Iterator[StatusServer]:
    with StatusServer() as made:
        yield made


def reason(url: str, fetcher: Fetcher = LOCAL) -> str:
    with pytest.raises(FetchFailed) as caught:
        fetcher.get(url, limit=LIMIT)
    return str(caught.value.facts["reason"])


def test_gets_what_a_place_has(server: StatusServer) -> None:
    assert LOCAL.get(server.put("/list.crl", b"x" * LIMIT), limit=LIMIT) == b"x" * LIMIT
    assert LOCAL.get(server.put("/empty", b""), limit=LIMIT) == b""


def test_asks_with_the_query_of_the_address(server: StatusServer) -> None:
    assert LOCAL.get(server.put("/list?ca=1&b=2", b"x"), limit=LIMIT) == b"x"
    assert server.asked == ["/list?ca=1&b=2"]


def test_posts_a_question(server: StatusServer) -> None:
    url = server.answer("/ocsp", lambda question: Reply(content=question[::-1]))
    assert LOCAL.post(url, b"abc", content_type="x/y", limit=LIMIT) == b"cba"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "ldap://127.0.0.1/cn=x",
        "http:///x",
        "http://user:pass@127.0.0.1/x",
        "http://127.0.0.1/x y",
        "http://127.0.0.1/x\r\nHost: other",
        "http://127.0.0.1/ờ",
        "http://[::1/x",
        "http://127.0.0.1:99999/x",
        "http://127.0.0.1/" + "x" * 2000,
        "",
    ],
)
def test_an_odd_address_is_not_asked(url: str) -> None:
    assert reason(url)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[::1]",
     "[::ffff:127.0.0.1]", "[fe80::1]", "[fd00::1]", "0.0.0.0",  # noqa: S104
     "224.0.0.1", "100.64.0.1", "[64:ff9b::a00:1]", "[2002:a00:1::1]", "[::a00:1]",
     "[fec0::1]"],
)  # fmt: skip
def test_no_address_that_is_not_public_is_asked_unless_the_settings_name_it(host: str) -> None:
    assert "no public address" in reason(f"http://{host}:9/list.crl", Fetcher())


def test_a_name_with_one_private_address_among_others_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(0, 0, 0, "", (address, 80)) for address in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert "no public address" in reason("http://crl.example.vn/list.crl", Fetcher())


def test_connects_to_the_address_that_was_looked_at(
    server: StatusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    resolve = socket.getaddrinfo

    def once(host: str, *given: object, **named: object) -> object:
        asked.append(host)
        return resolve(host, *given, **named)  # type: ignore[arg-type]

    url = server.put("/list.crl", b"x").replace("127.0.0.1", "localhost")
    monkeypatch.setattr(socket, "getaddrinfo", once)
    monkeypatch.setattr(
        Fetcher, "_addresses", lambda _, __, host, port: _loopback(once, host, port)
    )
    assert LOCAL.get(url, limit=LIMIT) == b"x"
    assert asked.count("localhost") == 1


def _loopback(resolve: object, host: str, port: int) -> list[str]:
    assert callable(resolve)
    resolve(host, port)
    return ["127.0.0.1"]


@pytest.mark.parametrize(
    "addresses", [["127.0.0.2", "127.0.0.1"], ["127.0.0.2", "127.0.0.2", "127.0.0.1"]]
)
def test_asks_at_the_next_address_where_one_is_dead(
    server: StatusServer, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    """As with a host that has an IPv6 address where no IPv6 leads out."""
    resolve = socket.getaddrinfo

    def found(host: str, *given: Any, **named: Any) -> Any:
        if host != "ca.example.vn":
            return resolve(host, *given, **named)
        return [(0, 0, 0, "", (address, 80)) for address in addresses]

    url = server.put("/list.crl", b"x").replace("127.0.0.1", "ca.example.vn")
    monkeypatch.setattr(socket, "getaddrinfo", found)
    assert Fetcher(private_hosts=["ca.example.vn"]).get(url, limit=LIMIT) == b"x"


def test_follows_one_redirection(server: StatusServer) -> None:
    target = server.put("/new", b"x")
    assert LOCAL.get(server.answer("/old", lambda _: moved(target)), limit=LIMIT) == b"x"
    assert LOCAL.get(server.answer("/near", lambda _: moved("/new")), limit=LIMIT) == b"x"


def test_a_loop_of_redirections_ends(server: StatusServer) -> None:
    url = server.answer("/loop", lambda _: moved("/loop"))
    assert reason(url) == "it leads on more than once"
    assert server.asked == ["/loop", "/loop"]


def test_a_redirection_is_asked_like_any_address(server: StatusServer) -> None:
    url = server.answer("/old", lambda _: moved("http://10.0.0.1/list.crl"))
    assert "no public address" in reason(url)
    assert reason(server.answer("/file", lambda _: moved("file:///etc/passwd")))
    assert reason(server.answer("/none", lambda _: Reply(status=302)))
    assert reason(server.answer("/odd", lambda _: moved("http://[::1/x")))


def test_a_question_is_not_redirected(server: StatusServer) -> None:
    url = server.answer("/ocsp", lambda _: moved("/other"))
    with pytest.raises(FetchFailed, match="leads elsewhere"):
        LOCAL.post(url, b"abc", content_type="x/y", limit=LIMIT)


def test_never_leads_from_https_to_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fetcher, "_ask", lambda *_: "http://crl.example.vn/list.crl")
    assert reason("https://crl.example.vn/list.crl") == "it leads from https to http"


def test_an_answer_that_is_too_large_is_refused_at_once(server: StatusServer) -> None:
    assert "1001 bytes" in reason(server.put("/huge", b"x" * (LIMIT + 1)))


def test_an_answer_that_grows_too_large_is_cut(server: StatusServer) -> None:
    url = server.answer("/huge", lambda _: Reply(content=b"x" * 200_000, length=LIMIT))
    # No more is read than the length that was said.
    assert len(LOCAL.get(url, limit=LIMIT)) == LIMIT


def test_an_answer_without_a_length_is_cut(server: StatusServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        raw = b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 100_000
        thread = threading.Thread(target=_send, args=(listening, raw))
        thread.start()
        assert "more than" in reason(f"http://127.0.0.1:{listening.getsockname()[1]}/x")
        thread.join()


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\x01\x02", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
            b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500, b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000]
)  # fmt: skip
def test_an_answer_that_is_no_http_or_breaks_off_is_refused(raw: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_send, args=(listening, raw))
        thread.start()
        assert reason(f"http://127.0.0.1:{listening.getsockname()[1]}/x")
        thread.join()


def test_a_place_that_sends_a_byte_now_and_then_is_cut(server: StatusServer) -> None:
    slow = Reply(content=b"x", length=LIMIT, stalls=True)
    assert reason(server.answer("/slow", lambda _: slow))


def test_a_place_that_never_answers_is_cut() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert reason(f"http://127.0.0.1:{listening.getsockname()[1]}/x")
        assert reason(f"https://127.0.0.1:{listening.getsockname()[1]}/x")


def test_a_dead_place_is_told(server: StatusServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert "refused" in reason(f"http://127.0.0.1:{port}/x")
    assert "404" in reason(server.url("/nothing-here"))
    assert "503" in reason(server.answer("/down", lambda _: Reply(status=503)))


def test_proxies_of_the_environment_are_not_used(
    server: StatusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://10.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://10.0.0.1:1")
    assert LOCAL.get(server.put("/x", b"x"), limit=LIMIT) == b"x"


def moved(location: str) -> Reply:
    return Reply(status=302, location=location)


def _send(listening: socket.socket, raw: bytes) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(10_000)
        try:
            connection.sendall(raw)
        except OSError:
            return  # cut on the other side
