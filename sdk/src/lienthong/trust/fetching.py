"""Fetching over HTTP from places that certificates name, without trusting them.

What a certificate says is not the operator's word: only public addresses are asked, or hosts that
the settings name; one redirection at most, never from https to http; the size and the time of an
answer are limited, however slowly it comes. Proxies of the environment are not used.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from attrs import field, frozen

from lienthong.errors import FetchFailed
from lienthong.pki.places import MAX_ADDRESS

_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTED: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK: Final = 64 * 1024
_OK: Final = 200
MAX_TRIES: Final = 4
"""Addresses of one host that are tried."""


def _names(hosts: Iterable[str]) -> frozenset[str]:
    return frozenset(host.lower() for host in hosts)


@frozen(kw_only=True)
class Fetcher:
    """Asks one place at a time; may be shared between threads."""

    private_hosts: frozenset[str] = field(default=frozenset(), converter=_names)
    """Hosts that may be asked although their addresses are not public."""

    connect_s: float = 5.0
    """Seconds in which a connection to one of the host's addresses has to be made."""

    total_s: float = 30.0
    """Seconds in which the whole answer has to come, once there is a connection."""

    def get(self, url: str, *, limit: int) -> bytes:
        """The content of a place.

        Args:
            url: with http or https.
            limit: bytes of the largest answer.

        Raises:
            FetchFailed: with the reason; nothing else.
        """
        found = self._ask(url, None, limit)
        if isinstance(found, bytes):
            return found
        if _is_secure(url) and not _is_secure(found):
            raise FetchFailed(url=url, reason="it leads from https to http")
        again = self._ask(found, None, limit)
        if isinstance(again, bytes):
            return again
        raise FetchFailed(url=url, reason="it leads on more than once")

    def post(self, url: str, body: bytes, *, content_type: str, limit: int) -> bytes:
        """The answer of a place to a question; redirections are not followed.

        Args:
            url: with http or https.
            body: the question.
            content_type: its media type.
            limit: bytes of the largest answer.

        Raises:
            FetchFailed: with the reason; nothing else.
        """
        found = self._ask(url, (body, content_type), limit)
        if isinstance(found, bytes):
            return found
        raise FetchFailed(url=url, reason="it leads elsewhere")

    def _ask(self, url: str, question: tuple[bytes, str] | None, limit: int) -> bytes | str:
        """The answer, or the address that the place leads to."""
        try:
            with self._connected(url) as (connection, path):
                headers = {"User-Agent": "lienthong", "Accept-Encoding": "identity"}
                if question is None:
                    connection.request("GET", path, headers=headers)
                else:
                    headers["Content-Type"] = question[1]
                    connection.request("POST", path, body=question[0], headers=headers)
                with connection.getresponse() as response:
                    return _answer(url, response, limit)
        except FetchFailed:
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise FetchFailed(url=url, reason=reason[:200]) from error

    @contextmanager
    def _connected(self, url: str) -> Iterator[tuple[http.client.HTTPConnection, str]]:
        parts, port = _parts(url)
        host = parts.hostname or ""
        sock = _first_reached(self._addresses(url, host, port), port, self.connect_s)
        sock.settimeout(self.total_s)
        if _is_secure(url):
            context = ssl.create_default_context()
            sock = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        # A place that sends a byte now and then would keep within any limit of a single wait.
        guard = threading.Timer(self.total_s, _cut, (sock,))
        guard.daemon = True
        guard.start()
        connection = http.client.HTTPConnection(host, port)
        connection.sock = sock
        try:
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            yield connection, f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        finally:
            guard.cancel()
            connection.close()
            sock.close()

    def _addresses(self, url: str, host: str, port: int) -> list[str]:
        """Those of the host, which are then connected to: a name may change its mind."""
        found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        allowed = host.lower() in self.private_hosts
        if not found or not (allowed or all(map(_is_public, found))):
            raise FetchFailed(url=url, reason=f"{host} has no public address and is not allowed")
        return list(dict.fromkeys(found))[:MAX_TRIES]


def _first_reached(addresses: Sequence[str], port: int, seconds: float) -> socket.socket:
    """A connection to the first that takes one: a host may have addresses of which some fail."""
    *others, last = addresses
    for address in others:
        with suppress(OSError):
            return socket.create_connection((address, port), seconds)
    return socket.create_connection((last, port), seconds)


def _parts(url: str) -> tuple[SplitResult, int]:
    """The parts of an address.

    Raises:
        FetchFailed: it is not one that may be asked.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    plain = url.isascii() and url.isprintable() and " " not in url
    if not plain or len(url) > MAX_ADDRESS or scheme not in _PORTS or not parts.hostname:
        raise FetchFailed(url=url[:MAX_ADDRESS], reason="it is no plain address with http or https")
    if "@" in parts.netloc:
        raise FetchFailed(url=url, reason="it names a user")
    return parts, parts.port or _PORTS[scheme]


_GLOBAL: Final = ipaddress.IPv6Network("2000::/3")
_RELAYED: Final = ipaddress.IPv6Network("2002::/16")
"""IPv4 addresses, private ones too, as IPv6 (RFC 3056)."""


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif found not in _GLOBAL or found in _RELAYED:
            # Outside lie translations of IPv4 too (RFC 6052), and what was local once.
            return False
    return found.is_global and not found.is_multicast


def _is_secure(url: str) -> bool:
    return url.lower().startswith("https:")


def _cut(sock: socket.socket) -> None:
    # The method of plain sockets: that of TLS would change what another thread is reading from.
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _answer(url: str, response: http.client.HTTPResponse, limit: int) -> bytes | str:
    if response.status in _REDIRECTED:
        return urljoin(url, response.headers.get("Location", ""))
    if response.status != _OK:
        raise FetchFailed(url=url, reason=f"it answers with status {response.status}")
    said = response.headers.get("Content-Length", "")
    if said.isdigit() and int(said) > limit:
        raise FetchFailed(url=url, reason=f"it has {said} bytes, more than {limit}")
    parts, size = list[bytes](), 0
    while part := response.read(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise FetchFailed(url=url, reason=f"it has more than {limit} bytes")
    if said.isdigit() and size != int(said):
        raise FetchFailed(url=url, reason="it breaks off")
    return b"".join(parts)
