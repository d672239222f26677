"""The address of a remote key: ``csc:https://host/csc/v2?credential=...``; it holds no secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self
from urllib.parse import unquote

from attrs import frozen

from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi.addresses import algorithm_named, wrong_address

MAX_ADDRESS: Final = 2_000
"""Characters; a longer one is no address."""

_BASE: Final = re.compile(
    r"https://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~-]+)*)/?"
)
_LAST_PORT: Final = 65_535
_HTTPS: Final = 443
_KNOWN: Final = frozenset({"credential", "algorithm", "ca", "client"})
_VALUE: Final = re.compile(r"(?:[^%#?&\x00-\x20\x7f]|%[0-9A-Fa-f]{2})+")


@frozen(kw_only=True)
class ServiceAddress:
    """Which credential of which service."""

    host: str
    port: int
    path: str
    """What precedes the names of the methods, without a slash at the end."""

    credential: str | None
    """None for the only one that the service lists."""

    algorithm: SignatureAlgorithm | None
    """To sign with, when the key can do several."""

    ca: Path | None
    """PEM file with the authorities of the service's certificate; None for the system's."""

    client: str | None
    """Who asks for an access token by OAuth 2.0 client credentials; None to be given one."""

    @classmethod
    def parse(cls, uri: str) -> Self:
        """Read a URI.

        Raises:
            InvalidValue: it is not of that form. The error never repeats a parameter's value.
        """
        scheme, separator, rest = uri.partition(":")
        base, _, query = rest.partition("?")
        found = _BASE.fullmatch(base)
        if scheme != "csc" or not separator or found is None or len(uri) > MAX_ADDRESS:
            raise wrong_address("something else", "csc:https://host/csc/v2?credential=...")
        port = int(found["port"] or _HTTPS)
        if not 0 < port <= _LAST_PORT:
            raise wrong_address("a port that is none", f"a port from 1 to {_LAST_PORT}")
        given = _parameters(query)
        return cls(
            host=found["host"].strip("[]"),
            port=port,
            path=found["path"],
            credential=given.get("credential"),
            algorithm=algorithm_named(given.get("algorithm")),
            ca=Path(given["ca"]) if "ca" in given else None,
            client=given.get("client"),
        )

    @property
    def service(self) -> str:
        """Names the service in questions and errors."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _HTTPS else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """Names the key in errors."""
        return f"csc:https://{self.service}{self.path}?credential={self.credential or '(the only)'}"


def _parameters(query: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if name not in _KNOWN:
            raise wrong_address("an unknown parameter", f"only {', '.join(sorted(_KNOWN))}")
        if name in found or not _VALUE.fullmatch(value):
            raise wrong_address(
                f"{name} empty, twice or badly encoded", f"{name} once, with a value"
            )
        found[name] = unquote(value)
        if not found[name].isprintable():
            raise wrong_address(f"{name} with signs that cannot be shown", f"{name} as a text")
    return found
