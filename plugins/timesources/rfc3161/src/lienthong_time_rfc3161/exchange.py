"""One question and one answer over HTTP (RFC 3161 3.4), within limits of size and time."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from lienthong.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    LienthongError,
    Malformed,
    TooLarge,
)
from lienthong.model.checks import shown
from lienthong.pki.timestamp_request import MAX_REPLY_BYTES

QUERY_TYPE: Final = "application/timestamp-query"
REPLY_TYPE: Final = "application/timestamp-reply"
_OK: Final = 200
_WHAT: Final = "the answer of the time-stamp authority"


def ask(url: str, request: bytes, *, seconds: float, tls: ssl.SSLContext) -> bytes:
    """Send a request and give back the body of the answer, which nobody has read yet.

    Nothing is followed, repeated or kept: no redirects, no connection, no cookies.

    Args:
        url: ``http`` or ``https``.
        request: DER.
        seconds: for everything together, from the connection to the last byte.
        tls: whom to trust where *url* is ``https``.

    Raises:
        ConnectionFailed: nobody answers there, or with another status than 200.
        DeadlineExceeded: the answer was not complete in time.
        Malformed: the answer is of another type.
        TooLarge: it has more than 68 KiB.
    """
    began, cut = time.monotonic(), threading.Event()
    connection = _connection(url, seconds, tls)
    try:
        connection.connect()
        left = seconds - (time.monotonic() - began)
        with _cut_after(left, connection.sock, cut):
            headers = {"Content-Type": QUERY_TYPE, "Accept": REPLY_TYPE, "Connection": "close"}
            connection.request("POST", _path(url), request, headers)
            with connection.getresponse() as response:
                body = _body(response, url)
    except (OSError, http.client.HTTPException, ValueError, LienthongError) as error:
        # What was cut off looks like whatever the server had sent until then.
        if cut.is_set() or isinstance(error, TimeoutError):
            raise DeadlineExceeded(endpoint=url, call="time-stamp", seconds=seconds) from error
        if isinstance(error, LienthongError):
            raise
        raise ConnectionFailed(endpoint=url, reason=shown(str(error))) from error
    finally:
        connection.close()
    if cut.is_set():
        raise DeadlineExceeded(endpoint=url, call="time-stamp", seconds=seconds)
    return body


def _connection(url: str, seconds: float, tls: ssl.SSLContext) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, parts.port, timeout=seconds, context=tls)
    return http.client.HTTPConnection(host, parts.port, timeout=seconds)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _body(response: http.client.HTTPResponse, url: str) -> bytes:
    if response.status != _OK:
        raise ConnectionFailed(endpoint=url, reason=f"it answered HTTP {response.status}")
    kind = response.headers.get_content_type()
    if kind != REPLY_TYPE:
        raise Malformed(what=_WHAT, reason=f"its type is {shown(kind)}, expected {REPLY_TYPE}")
    body = response.read(MAX_REPLY_BYTES + 1)
    if len(body) > MAX_REPLY_BYTES:
        raise TooLarge(what=_WHAT, found="more", limit=f"{MAX_REPLY_BYTES} bytes")
    return body


@contextmanager
def _cut_after(seconds: float, sock: socket.socket, cut: threading.Event) -> Iterator[None]:
    """Cut the connection when the time is over: a trickle of bytes would keep it open for ever."""

    def end() -> None:
        cut.set()
        with contextlib.suppress(OSError):
            # Not the TLS socket's own, which pulls the TLS state away from under a reading thread.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(max(seconds, 0.0), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
