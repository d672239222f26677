"""A publisher of revocation lists and OCSP responses on loopback, with its bad days."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self, TypeAlias

from attrs import frozen

Question: TypeAlias = bytes
"""Body of a request; empty with GET."""


@frozen(kw_only=True)
class Reply:
    """What a place answers."""

    status: int = 200
    content: bytes = b""
    location: str = ""
    length: int | None = None
    """What it says its length is; the truth without."""

    stalls: bool = False
    """Whether it sends a byte now and then until the server stops."""


Answering: TypeAlias = Callable[[Question], Reply]

_MISSING: Final = Reply(status=404, content=b"<html>not here</html>")
_DRIP_S: Final = 0.05


class StatusServer:
    """Answers on loopback while it is entered; places are set at any time, from any thread."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        """The paths that were asked, in order."""

        self._places: dict[str, Answering] = {}
        self.stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str) -> str:
        """Address of a place."""
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def put(self, path: str, content: bytes) -> str:
        """Let a place answer with this content; returns its address."""
        return self.answer(path, lambda _: Reply(content=content))

    def answer(self, path: str, answering: Answering) -> str:
        """Let a place answer so; returns its address."""
        self._places[path] = answering
        return self.url(path)

    def reply(self, path: str, question: Question) -> Reply:
        """What a place answers to a question."""
        self.asked.append(path)
        answering = self._places.get(path)
        return _MISSING if answering is None else answering(question)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send(b"")

            def do_POST(self) -> None:
                self._send(self.rfile.read(int(self.headers["Content-Length"])))

            def _send(self, question: bytes) -> None:
                reply = server.reply(self.path, question)
                length = len(reply.content) if reply.length is None else reply.length
                self.send_response(reply.status)
                self.send_header("Content-Length", str(length))
                if reply.location:
                    self.send_header("Location", reply.location)
                self.end_headers()
                self.wfile.write(reply.content)
                if reply.stalls:
                    self._drip()

            def _drip(self) -> None:
                try:
                    while not server.stopping.wait(_DRIP_S):
                        self.wfile.write(b".")
                except OSError:
                    return  # whoever asked has gone

            def log_message(self, *_: object) -> None:
                """Write nothing: tests look at ``asked``."""

        return Handler
