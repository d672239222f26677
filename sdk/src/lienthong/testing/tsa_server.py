"""The test time-stamp authority behind HTTP, on the loopback."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, cast

from attrs import define, field, frozen

from lienthong.errors import LienthongError
from lienthong.testing.tsa import TestTSA, refusal

REPLY_TYPE: Final = "application/timestamp-reply"
_REJECTED: Final = 2
_BAD_FORMAT: Final = 5


@frozen(kw_only=True)
class Answer:
    """What the server says to one request."""

    body: bytes = field(repr=False)
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", REPLY_TYPE),)
    """Beside the length, which is the body's unless it is given here."""


@define(eq=False)
class TSAServer:
    """A running authority.

    Attributes:
        url: where it answers.
        answer: from a request's body to the answer; tests put another one here, which may wait.
        requests: the bodies that came, in order.
    """

    url: str
    answer: Callable[[bytes], Answer]
    requests: list[bytes] = field(factory=list)


@contextmanager
def serve_tsa(tsa: TestTSA, *, tls: ssl.SSLContext | None = None) -> Iterator[TSAServer]:
    """Let *tsa* answer on a free port of the loopback until the block ends; HTTPS with *tls*."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    running = TSAServer(f"{scheme}://127.0.0.1:{server.server_port}/tsr", honest(tsa))
    server.authority = running  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def honest(tsa: TestTSA) -> Callable[[bytes], Answer]:
    """Answers of an authority that does what it is asked for."""

    def answer(request: bytes) -> Answer:
        try:
            return Answer(body=tsa.reply(request))
        except LienthongError as error:
            return Answer(body=refusal(_REJECTED, text=str(error), failure=_BAD_FORMAT))

    return answer


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        authority = cast("TSAServer", self.server.authority)  # type: ignore[attr-defined]
        request = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        authority.requests.append(request)
        found = authority.answer(request)
        self.send_response(found.status)
        for name, value in found.headers:
            self.send_header(name, value)
        if "content-length" not in {name.lower() for name, _ in found.headers}:
            self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        self.wfile.write(found.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base
        """Say nothing."""
