"""Calls to a service: HTTPS with a verified certificate, small answers, no redirects, in time."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from attrs import define, field

from lienthong.errors import KeyUnreachable, KeyUnusable
from lienthong.model.checks import shown
from lienthong_signer_csc.address import ServiceAddress
from lienthong_signer_csc.answer import Answer
from lienthong_signer_csc.deadline import Deadline

MAX_ANSWER: Final = 1024 * 1024
CONNECT_S: Final = 5.0
_SHORTEST_S: Final = 0.1
"""For a socket, to which zero means not to wait at all."""

_JSON: Final = "application/json"
_LATE: Final = "it did not answer in time"
_FORM: Final = "application/x-www-form-urlencoded"
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,8000}=*")
_FAILURES: Final = (OSError, http.client.HTTPException)


class TokenRefused(KeyUnusable):
    """The service does not take the access token (any more), and has looked at nothing else."""


@define(eq=False)
class Channel:
    """The way to one service. May be shared by threads: every call has a connection of its own."""

    _address: ServiceAddress
    _tls: ssl.SSLContext
    _hidden: dict[str, str] = field(factory=dict, init=False, repr=False)
    """By name, secrets that no error may repeat, even if the service does."""

    @classmethod
    def of(cls, address: ServiceAddress) -> Channel:
        """Prepare the way to a service; nothing is connected yet.

        Raises:
            KeyUnusable: the file of its authorities cannot be used.
        """
        try:
            tls = ssl.create_default_context(cafile=address.ca)
        except (OSError, ValueError) as error:
            reason = f"{address.ca} holds no authorities"
            raise KeyUnusable(key=address.shown, reason=reason) from error
        tls.minimum_version = ssl.TLSVersion.TLSv1_2
        return cls(address, tls)

    def hide(self, name: str, secret: str) -> str:
        """Remember a secret, in place of the last one of its name, to keep it out of errors."""
        self._hidden[name] = secret
        return secret

    def call(
        self,
        method: str,
        body: Mapping[str, object],
        *,
        token: str | None,
        deadline: Deadline,
        repeatable: bool,
    ) -> Answer:
        """Call a method of the service.

        Args:
            method: its path below the base, ``credentials/info``.
            body: sent as JSON; without a token as a form, as OAuth 2.0 wants it.
            token: access token (RFC 6750).
            deadline: for the call with everything that belongs to it, however slowly bytes come;
                only the system's look-up of the host's name does not heed it.
            repeatable: whether it is asked once more when no answer comes. Never so for what
                counts secrets or signs: nobody knows then what has happened.

        Raises:
            KeyUnusable: the service refuses; as TokenRefused, whoever calls (RFC 6750 3.1).
            KeyUnreachable: no usable answer came in time.
        """
        headers = {"Accept": _JSON, "Content-Type": _FORM if token is None else _JSON}
        if token is not None:
            if not _TOKEN.fullmatch(token):
                raise self._unusable("the access token is malformed")
            headers["Authorization"] = f"Bearer {token}"
        sent = (urlencode(body) if token is None else json.dumps(body)).encode()
        if repeatable:
            with suppress(KeyUnreachable):
                return self._call(method, sent, headers, deadline)
        return self._call(method, sent, headers, deadline)

    def _call(
        self, method: str, sent: bytes, headers: Mapping[str, str], deadline: Deadline
    ) -> Answer:
        if deadline.is_over():
            raise self._unreachable(f"{method}: {_LATE}")
        with self._connected(deadline) as connection:
            try:
                path = f"{self._address.path}/{method}"
                connection.request("POST", path, body=sent, headers=dict(headers))
                response = connection.getresponse()
                data = response.read(MAX_ANSWER + 1)
            except _FAILURES as error:
                broke = f"the connection broke: {self._harmless(str(error))}"
                # Without its cause, which holds what the service has sent: perhaps our secrets.
                raise self._unreachable(
                    f"{method}: {_LATE if deadline.is_over() else broke}"
                ) from None
        if deadline.is_over():
            # What was cut off may look like a whole answer.
            raise self._unreachable(f"{method}: {_LATE}")
        if len(data) > MAX_ANSWER:
            raise self._unreachable(f"{method}: the answer is larger than 1 MiB")
        kind = (response.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        return self._judged(method, response.status, kind, data)

    def _judged(self, method: str, status: int, kind: str, data: bytes) -> Answer:
        if status == HTTPStatus.NO_CONTENT:
            return Answer(key=self._address.shown, method=method, values={})
        if status in {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED}:
            if kind != _JSON:
                raise self._unreachable(f"{method}: the answer is {shown(kind)}, not JSON")
            pending = status == HTTPStatus.ACCEPTED
            return Answer.parse(data, key=self._address.shown, method=method, pending=pending)
        if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            reason = f"the service refuses {method}: {self._told(method, kind, data)} ({status})"
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                raise self._unreachable(reason)
            if status == HTTPStatus.UNAUTHORIZED:
                raise TokenRefused(key=self._address.shown, reason=reason)
            raise self._unusable(reason)
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise self._unreachable(f"{method}: it sends elsewhere ({status}), no way is followed")
        raise self._unreachable(f"{method}: it answers with status {status}")

    def _told(self, method: str, kind: str, data: bytes) -> str:
        """What the service says about an error (CSC API 10.1), made harmless."""
        if kind != _JSON:
            return "without a reason"
        try:
            answer = Answer.parse(data, key=self._address.shown, method=method)
            texts = [answer.text("error"), answer.text("error_description", "")]
        except KeyUnreachable:
            return "without a readable reason"
        return ": ".join(self._harmless(text) for text in texts if text)

    def _harmless(self, text: str) -> str:
        """What comes from outside, for an error: printable, short and without our secrets."""
        # A long one may hold a short one, which would leave the rest of it.
        for secret in sorted(filter(None, self._hidden.values()), key=len, reverse=True):
            text = text.replace(secret, "…")
        return shown(text)

    @contextmanager
    def _connected(self, deadline: Deadline) -> Iterator[http.client.HTTPSConnection]:
        """A connection that is cut when the time is over, however slowly bytes come."""
        connection = self._connect(deadline)
        sock = connection.sock
        timer = threading.Timer(deadline.left, _cut, [sock])
        timer.daemon = True
        try:
            timer.start()
            yield connection
        finally:
            timer.cancel()
            connection.close()

    def _connect(self, deadline: Deadline) -> http.client.HTTPSConnection:
        try:
            # Before anything was sent nothing can have happened: it is tried twice.
            with suppress(ConnectionError, TimeoutError):
                return self._connect_once(deadline)
            return self._connect_once(deadline)
        except (OSError, ValueError) as error:
            # The name of a host that cannot be one is a ValueError.
            reason = _LATE if deadline.is_over() else str(error)
            raise self._unreachable(f"no connection: {reason}") from error

    def _connect_once(self, deadline: Deadline) -> http.client.HTTPSConnection:
        host, port = self._address.host, self._address.port
        connection = http.client.HTTPSConnection(host, port, context=self._tls)
        connection.sock = _first_reached(host, port, deadline)
        try:
            connection.sock.settimeout(_for_connecting(deadline))
            # A request is two writes: the second must not wait until the first is acknowledged.
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sock = self._tls.wrap_socket(connection.sock, server_hostname=host)
        except (OSError, ValueError):
            connection.close()
            raise
        connection.sock.settimeout(max(deadline.left, _SHORTEST_S))
        return connection

    def _unusable(self, reason: str) -> KeyUnusable:
        return KeyUnusable(key=self._address.shown, reason=reason)

    def _unreachable(self, reason: str) -> KeyUnreachable:
        return KeyUnreachable(key=self._address.shown, reason=reason)


def _first_reached(host: str, port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first address that takes one; all tries together keep the deadline."""
    failed: OSError = TimeoutError(_LATE)
    for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if deadline.is_over():
            break
        try:
            address = str(found[4][0]), port
            return socket.create_connection(address, _for_connecting(deadline))
        except OSError as error:
            failed = error
    raise failed


def _for_connecting(deadline: Deadline) -> float:
    return max(min(CONNECT_S, deadline.left), _SHORTEST_S)


def _cut(sock: socket.socket) -> None:
    # The method of plain sockets: that of TLS first forgets its keys, and what another thread
    # writes at that moment would go out in the clear.
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
