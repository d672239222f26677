"""A service that lies, stalls, floods or is somebody else."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
import traceback
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from lienthong.errors import KeyUnreachable, KeyUnusable, LienthongError
from lienthong.testing.pki import KeyKind, TestPKI
from lienthong_signer_csc import channel, open_signer
from lienthong_signer_csc import signer as signer_module
from lienthong_signer_csc.testing import PIN, TOKEN, RemoteService, Reply

PKI = TestPKI()
OFFICE = PKI.organisation("H53.01")
JSON = "application/json"
Serve = Callable[..., RemoteService]


def reply(values: object, status: int = 200) -> Callable[[dict[str, Any]], Reply]:
    return lambda _: (status, JSON, json.dumps(values).encode())


def raw(data: bytes, kind: str = JSON, status: int = 200) -> Callable[[dict[str, Any]], Reply]:
    return lambda _: (status, kind, data)


def methods(running: RemoteService) -> list[str]:
    return [method for method, _ in running.calls]


# --- Signatures that are none ------------------------------------------------------------------


def check_a_wrong_signature_is_caught(running: RemoteService, value: bytes) -> None:
    signer = open_signer(running.uri, running.secrets)
    running.instead["signatures/signHash"] = reply({"signatures": [b64encode(value).decode()]})
    with pytest.raises(KeyUnusable, match="does not fit the certificate"):
        signer.sign(b"text")


def of_another_message(running: RemoteService) -> bytes:
    return open_signer(running.uri, running.secrets).sign(b"another text")


def of_another_key(_: RemoteService) -> bytes:
    return PKI.organisation("H53.02").signer().sign(b"text")


def of_another_kind(_: RemoteService) -> bytes:
    return PKI.organisation("H53.02", KeyKind.RSA2048).signer().sign(b"text")


def zeros(_: RemoteService) -> bytes:
    return bytes(64)


def rubbish(_: RemoteService) -> bytes:
    return b"\x30\x82\xff\xff rubbish"


@pytest.mark.parametrize(
    "make", [of_another_message, of_another_key, of_another_kind, zeros, rubbish]
)
def test_a_signature_that_does_not_fit_never_leaves_the_plugin(
    serve: Serve, make: Callable[[RemoteService], bytes]
) -> None:
    running = serve(OFFICE)
    check_a_wrong_signature_is_caught(running, make(running))


@pytest.mark.planted("signature of the service not verified")
def test_a_believing_plugin_would_be_noticed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signer_module, "verify", lambda *_: None)
    running = serve(OFFICE)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        check_a_wrong_signature_is_caught(running, of_another_key(running))


def test_r_and_s_side_by_side_are_brought_into_form(serve: Serve) -> None:
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    running = serve(OFFICE)
    signer = open_signer(running.uri, running.secrets)
    made = OFFICE.signer().sign(b"text")
    plain = b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(made))
    running.instead["signatures/signHash"] = reply({"signatures": [b64encode(plain).decode()]})
    assert signer.sign(b"text") == made


# --- Answers that are none ---------------------------------------------------------------------

MALFORMED: dict[str, Callable[[dict[str, Any]], Reply]] = {
    "empty": raw(b""),
    "no JSON": raw(b"{"),
    "HTML": raw(b"<html>log in</html>", "text/html"),
    "JSON that says it is HTML": raw(b"{}", "text/html"),
    "a list": raw(b"[]"),
    "a number": raw(b"1"),
    "nested too deeply": raw(b"[" * 100_000),
    "another encoding": raw('{"ĩ": 1}'.encode("utf-16")),
    "a name twice": raw(b'{"SAD": "a", "SAD": "b"}'),
    "not a number": raw(b'{"expiresIn": NaN}'),
    "a huge number": raw(b'{"expiresIn": 1' + b"0" * 400 + b', "SAD": "a"}'),
    "nothing in it": raw(b"{}"),
    "wrong types": reply({"SAD": 1, "signatures": {}, "key": [], "cert": "", "access_token": None}),
    "wrong types inside": reply({"signatures": [1], "key": {"status": True}, "SAD": True}),
    "no base64": reply({"signatures": ["%%%"], "key": {"status": "enabled"}, "SAD": None}),
    "two signatures": reply({"signatures": ["AAAA", "AAAA"]}),
    "an endless list": reply({"signatures": ["AAAA"] * 1000}),
    "too large": raw(b'{"a": "' + b"x" * channel.MAX_ANSWER + b'"}'),
    "a redirect": raw(b"{}", status=307),
    "a redirect that is for ever": raw(b"{}", status=301),
    "busy": reply({"error": "busy"}, 429),
    "broken": raw(b"Traceback", "text/plain", 500),
    "away": raw(b"", "text/html", 503),
}


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize(
    "method", ["credentials/info", "credentials/authorize", "signatures/signHash"]
)
def test_what_is_no_answer_is_a_typed_error(serve: Serve, method: str, name: str) -> None:
    running = serve(OFFICE)
    running.instead[method] = MALFORMED[name]
    with pytest.raises(KeyUnreachable) as caught:
        open_signer(running.uri, running.secrets).sign(b"text")
    assert method in str(caught.value)
    # Only what neither counts passwords nor signs is asked twice.
    assert methods(running).count(method) <= (2 if method == "credentials/info" else 1)


@pytest.mark.parametrize(
    "text", ["\x1b[2J\x1b]0;title\x07", "a\r\nb", "\u202egnp.exe", "x" * 100_000, 5, None]
)
def test_what_a_service_says_about_errors_is_shown_harmlessly(serve: Serve, text: object) -> None:
    running = serve(OFFICE)
    values = {"error": "invalid_request", "error_description": text}
    running.instead["credentials/authorize"] = reply(values, 400)
    with pytest.raises(KeyUnusable) as caught:
        open_signer(running.uri, running.secrets).sign(b"text")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


CREDENTIALS: dict[str, tuple[dict[str, Any], str]] = {
    "a key that is disabled": ({"key": {"status": "disabled"}}, "it is 'disabled'"),
    "an expired certificate": ({"cert": {"status": "expired"}}, "certificate is 'expired'"),
    "a revoked certificate": ({"cert": {"status": "revoked"}}, "certificate is 'revoked'"),
    "other algorithms": ({"key": {"algo": ["1.2.3"]}}, "does not make ECDSA_P256_SHA256"),
    "a browser": ({"auth": {"mode": "oauth2code"}}, "authorized by 'oauth2code'"),
    "an eye": (
        {"auth": {"mode": "explicit", "objects": [{"type": "Iris\x1b", "id": "C"}]}},
        r"authorized by 'Iris\\x1b', which is unknown",
    ),
}


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_credential_that_cannot_be_used_is_refused(serve: Serve, name: str) -> None:
    changes, reason = CREDENTIALS[name]
    running = serve(OFFICE)
    told = json.loads(json.dumps(running._info({})))
    for part, values in changes.items():
        told[part] |= values
    running.instead["credentials/info"] = reply(told)
    with pytest.raises(KeyUnusable, match=reason):
        open_signer(running.uri, running.secrets)
    assert "credentials/authorize" not in methods(running)


# --- Time, and strangers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "dripping", [b"HTTP/1.1 200 OK\r\nX-Padding: ", b"HTTP/1.1 200 OK\r\n\r\n{"]
)
def test_a_service_that_drips_is_cut_at_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dripping: bytes
) -> None:
    """However alive it seems: a byte now and then defeats the time-outs of sockets."""
    monkeypatch.setattr(signer_module, "OPEN_S", 2.0)
    files = PKI.server().write(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(files.chain, files.key)
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip(plain: socket.socket) -> None:
        with suppress(OSError), tls.wrap_socket(plain, server_side=True) as sock:
            sock.sendall(dripping)
            while not over.wait(0.05):
                sock.sendall(b"x")

    def serve() -> None:
        with suppress(OSError):
            while True:
                plain, _ = listening.accept()
                threading.Thread(target=drip, args=(plain,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    port = listening.getsockname()[1]
    ca = quote(str(PKI.write(tmp_path)))
    with closing(listening), pytest.raises(KeyUnreachable, match="did not answer in time"):
        open_signer(f"csc:https://127.0.0.1:{port}/csc/v2?credential=a&ca={ca}", lambda _: "a")
    over.set()


def test_a_connection_that_is_cut_stays_encrypted(tmp_path: Path) -> None:
    """Another thread may be about to write a password to it."""
    ours, theirs = socket.socketpair()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    files = PKI.server().write(tmp_path)
    tls.load_cert_chain(files.chain, files.key)
    client = ssl.create_default_context(cafile=PKI.write(tmp_path))
    accepted: list[ssl.SSLSocket] = []
    accepting = threading.Thread(
        target=lambda: accepted.append(tls.wrap_socket(theirs, server_side=True))
    )
    accepting.start()
    with client.wrap_socket(ours, server_hostname="127.0.0.1") as sock:
        accepting.join()
        channel._cut(sock)
        assert sock.version() is not None, "what is written now goes out in the clear"
    accepted[0].close()


@pytest.mark.parametrize(
    "line", [b"HTTP/9 \x1b[2J\x1b]0;title\x07", b"\x1b[31m token-1f2e3d4c " + b"x" * 5_000]
)
def test_a_line_that_is_no_status_is_shown_harmlessly(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, line: bytes
) -> None:
    running = serve(OFFICE)

    def answer(self: Any) -> None:
        self.wfile.write(line + b"\r\n\r\n")
        self.close_connection = True

    monkeypatch.setattr(running._server.RequestHandlerClass, "do_POST", answer)
    with pytest.raises(KeyUnreachable, match="the connection broke") as caught:
        open_signer(running.uri, running.secrets)
    assert str(caught.value).isprintable()
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("host", ["a..b", ".example.vn", "x" * 64 + ".vn"])
def test_a_host_that_cannot_be_one_is_a_typed_error(host: str) -> None:
    with pytest.raises(KeyUnreachable, match="no connection"):
        open_signer(f"csc:https://{host}/csc/v2?credential=a", lambda _: "a")


def test_many_addresses_that_do_not_answer_keep_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As behind a firewall that drops: each address takes its whole time."""
    now = 1000.0

    def silent(_: tuple[str, int], timeout: float) -> socket.socket:
        nonlocal now
        now += timeout
        raise TimeoutError

    found = [(0, 0, 0, "", (f"192.0.2.{number}", 443)) for number in range(20)]
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(socket, "create_connection", silent)
    with pytest.raises(KeyUnreachable, match="did not answer in time"):
        open_signer("csc:https://many.example/csc/v2?credential=a", lambda _: "a")
    assert now <= 1000 + signer_module.OPEN_S + 1


def test_factors_of_one_name_are_no_answer(serve: Serve) -> None:
    """One would be asked for twice, and told in the place of the other."""
    running = serve(OFFICE, factors={"PIN": PIN})
    told = running._info({})
    told["auth"]["objects"] *= 2
    running.instead["credentials/info"] = reply(told)
    with pytest.raises(KeyUnreachable, match="a factor twice"):
        open_signer(running.uri, running.secrets)


def test_a_service_that_is_down_is_a_typed_error(serve: Serve) -> None:
    running = serve(OFFICE)
    signer = open_signer(running.uri, running.secrets)
    running._server.shutdown()
    running._server.server_close()
    with pytest.raises(KeyUnreachable, match="no connection"):
        signer.sign(b"text")
    with pytest.raises(KeyUnreachable, match="no connection"):
        open_signer(running.uri, running.secrets)


def test_a_service_that_comes_back_is_used_again_without_opening(serve: Serve) -> None:
    running = serve(OFFICE, factors={"PIN": PIN}, scal="2")
    signer = open_signer(running.uri, running.secrets)
    running.instead["signatures/signHash"] = MALFORMED["away"]
    with pytest.raises(KeyUnreachable):
        signer.sign(b"text")
    running.instead.clear()
    assert signer.sign(b"text")


def test_a_service_with_another_certificate_is_told_no_secret(serve: Serve, tmp_path: Path) -> None:
    running = serve(OFFICE, authorities=TestPKI().write(tmp_path / "others"))
    with pytest.raises(KeyUnreachable, match="certificate verify failed"):
        open_signer(running.uri, running.secrets)
    assert running.calls == []


def test_a_service_under_another_name_is_told_no_secret(serve: Serve, tmp_path: Path) -> None:
    named = PKI.server("elsewhere", ["elsewhere.example"]).write(tmp_path / "elsewhere")
    running = serve(OFFICE, server=(named.chain, named.key))
    with pytest.raises(KeyUnreachable, match="certificate verify failed"):
        open_signer(running.uri, running.secrets)
    assert running.calls == []


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_authorities_that_cannot_be_read_are_refused(
    serve: Serve, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KeyUnusable, match="holds no authorities"):
        open_signer(serve(OFFICE, authorities=path).uri, lambda _: "a")


def test_nothing_untyped_comes_out_of_random_answers(serve: Serve) -> None:
    """Every kind of value at every place of the description of a credential."""
    running = serve(OFFICE)
    good = running._info({})
    values: list[object] = [None, True, -1, 10**30, 1.5, "", "\x00", [], {}, [[]], [{}], {"a": 1}]
    places = [(name,) for name in good] + [
        (name, inner) for name in ("key", "cert", "auth") for inner in good[name]
    ]
    opened = 0
    for place in places:
        for value in values:
            told = json.loads(json.dumps(good))
            target = told if len(place) == 1 else told[place[0]]
            target[place[-1]] = value
            running.instead["credentials/info"] = reply(told)
            with suppress(LienthongError):
                open_signer(running.uri, running.secrets)
                opened += 1
    # A description without what may be left out, or with an empty list, opens all the same.
    assert opened < len(places) * len(values) // 4
