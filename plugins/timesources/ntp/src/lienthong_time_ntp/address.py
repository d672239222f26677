"""The address of NTP servers: ``ntp:<server>[,<server>…][?timeout=<s>][&port=<number>]``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Final, Self

from attrs import frozen

from lienthong.errors import InvalidValue
from lienthong.model.checks import shown

SCHEME: Final = "ntp"
PORT: Final = 123
MAX_SERVERS: Final = 9
DEFAULT_SECONDS: Final = 2.0
MAX_SECONDS: Final = 20.0
_MAX_PORT: Final = 65_535
_SERVER: Final = re.compile(
    r"(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9_.-]{1,253}))(?::([0-9]{1,5}))?"
)


@frozen
class Server:
    """Where one server answers."""

    host: str
    port: int

    @property
    def name(self) -> str:
        """As an operator would name it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORT else f"{host}:{self.port}"


@frozen(kw_only=True)
class ServersAddress:
    """The servers to ask, all at once."""

    servers: tuple[Server, ...]
    seconds: float
    """How long to wait for all of them."""

    @classmethod
    def parse(cls, uri: str) -> Self:
        """Read a URI; IPv6 addresses stand in brackets, a server's own port follows a colon.

        Raises:
            InvalidValue: it is not of that form, names a server twice, or more than nine.
        """
        scheme, separator, rest = uri.partition(":")
        names, _, query = rest.partition("?")
        if scheme != SCHEME or not separator:
            raise _invalid(shown(uri), f"{SCHEME}:<server>,<server>,<server>")
        parameters = _parameters(query)
        port = _port(parameters.get("port", str(PORT)))
        servers = tuple(_server(name, port) for name in names.split(","))
        if len(set(servers)) != len(servers) or len(servers) > MAX_SERVERS:
            raise _invalid(f"{len(servers)} servers", f"at most {MAX_SERVERS}, each once")
        return cls(servers=servers, seconds=_seconds(parameters.get("timeout")))


def _parameters(query: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if name not in {"timeout", "port"}:
            raise _invalid(f"the parameter {shown(name)}", "only timeout and port")
        if not value or name in found:
            raise _invalid(f"{name} empty or twice", f"{name} once, with a value")
        found[name] = value
    return found


def _server(name: str, port: int) -> Server:
    form = _SERVER.fullmatch(name)
    if form is None:
        raise _invalid(f"the server {shown(name)}", "a name or an address")
    # Names know no case; the same server twice would have two votes.
    return Server((form[1] or form[2]).lower(), _port(form[3]) if form[3] else port)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) <= _MAX_PORT:
        raise _invalid(f"the port {shown(text)}", f"1 to {_MAX_PORT}")
    return int(text)


def _seconds(text: str | None) -> float:
    try:
        found = float(text) if text is not None else DEFAULT_SECONDS
    except ValueError:
        found = 0.0
    if not isfinite(found) or not 0 < found <= MAX_SECONDS:
        raise _invalid(f"the timeout {shown(text)}", f"seconds above 0, at most {MAX_SECONDS:g}")
    return found


def _invalid(found: str, expected: str) -> InvalidValue:
    return InvalidValue(field="address of NTP servers", found=found, expected=expected)
