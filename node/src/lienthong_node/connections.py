"""Shares of connections: by address while nobody knows who it is, by organisation after that.

gRPC for Python neither says when a connection begins or ends nor lets a server refuse one. But the
accepted sockets are descriptors of this process, and every call names its peer. So the sockets are
counted once a second, and those beyond a share are shut down, as if the peer had left. Up to a
second may pass, and a handshake costs what it costs: a limit before that is a firewall's.
"""

from __future__ import annotations

import os
import socket
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import unquote

from attrs import frozen

DESCRIPTORS: Final = Path("/dev/fd")
_MAPPED: Final = "::ffff:"
"""How a dual-stack socket spells IPv4 addresses (RFC 4291 2.5.5.2)."""

Peer: TypeAlias = tuple[str, int]
"""Address and port of the other side."""


@frozen
class Accepted:
    """A connection that somebody has opened to this node."""

    descriptor: int
    peer: Peer

    def cut(self) -> None:
        """Shut it down, unless its descriptor has come to stand for something else meanwhile."""
        with suppress(OSError), socket.socket(fileno=os.dup(self.descriptor)) as own:
            if _plain(own.getpeername()) == self.peer:
                own.shutdown(socket.SHUT_RDWR)


class Connections:
    """Who the open connections belong to; used on the event loop only."""

    def __init__(self, *, per_address: int, per_organisation: int) -> None:
        """No connection is known yet; a share of 0 is no limit."""
        self._per_address = per_address
        self._per_organisation = per_organisation
        self._organs: dict[str, str] = {}
        """Organisations by peer as gRPC spells it, in the order in which they became known."""
        self._missed: set[str] = set()
        """Those of them that the last look did not find."""
        self._strangers: dict[Peer, None] = {}
        """Connections nobody knows yet, in the order in which they were seen."""
        self._disobedient: set[str] = set()

    def identified(self, peer: str, organ: str) -> None:
        """Note whose connection it is; *peer* as gRPC spells it."""
        self._organs[peer] = organ

    def disobeyed(self, peer: str) -> None:
        """Cut the connection at the next look: its other side ignores this side's settings."""
        self._disobedient.add(peer)

    def surplus(self, open_now: Sequence[Accepted]) -> list[Accepted]:
        """Which of the open connections are beyond a share, or have disobeyed.

        Of an organisation's the newest, so that long streams go on; of an unknown address's the
        oldest, because an honest one says at once who it is.
        """
        by_peer = {one.peer: one for one in open_now}
        # A look may have begun before a connection that is known by now: only the next one can
        # tell that it is gone.
        missed = {peer for peer in self._organs if _parsed(peer) not in by_peer}
        for gone in missed & self._missed:
            del self._organs[gone]
        self._missed = missed
        open_organs = {_parsed(peer): organ for peer, organ in self._organs.items()}
        known = {peer: organ for peer, organ in open_organs.items() if peer in by_peer}
        seen = {peer: None for peer in self._strangers if peer in by_peer}
        self._strangers = {peer: None for peer in {**seen, **by_peer} if peer not in known}
        of_organs = _grouped(known)
        of_addresses = _grouped({peer: peer[0] for peer in self._strangers})
        disobedient, self._disobedient = self._disobedient, set()
        beyond = [peer for peer in map(_parsed, disobedient) if peer in by_peer]
        if self._per_organisation:
            beyond += [p for group in of_organs for p in group[self._per_organisation :]]
        if self._per_address:
            beyond += [p for group in of_addresses for p in group[: -self._per_address]]
        return [by_peer[peer] for peer in dict.fromkeys(beyond)]


def accepted(port: int) -> list[Accepted]:
    """The connections that others have opened to *port* of this process."""
    found = []
    for number in [int(path.name) for path in DESCRIPTORS.iterdir()]:
        with suppress(OSError), _borrowed(number) as line:
            own, peer = line.getsockname(), line.getpeername()
            if isinstance(own, tuple) and own[1] == port:
                found.append(Accepted(number, _plain(peer)))
    return found


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    """A descriptor as a socket; it is not closed at the end, whoever owns it."""
    line = socket.socket(fileno=descriptor)
    try:
        yield line
    finally:
        line.detach()


def _plain(address: tuple[str, int] | tuple[str, int, int, int]) -> Peer:
    return address[0].partition("%")[0].removeprefix(_MAPPED), address[1]


def _parsed(peer: str) -> Peer:
    """Address and port of what gRPC spells ``ipv4:1.2.3.4:5`` or ``ipv6:%5B::1%5D:5``."""
    host, _, port = unquote(peer).partition(":")[2].rpartition(":")
    return _plain((host.strip("[]"), int(port) if port.isdigit() else 0))


def _grouped(owners: Mapping[Peer, str]) -> list[list[Peer]]:
    """The connections of each owner, in the given order."""
    groups: defaultdict[str, list[Peer]] = defaultdict(list)
    for peer, owner in owners.items():
        groups[owner].append(peer)
    return list(groups.values())
