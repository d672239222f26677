"""Asking several NTP servers at once over UDP."""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final

from attrs import define, field, frozen

from lienthong.model.clocks import ClockSample
from lienthong_time_ntp.address import Server
from lienthong_time_ntp.packet import (
    COOKIE_BYTES,
    SIZE,
    NotOurs,
    Rejected,
    question,
    read_answer,
)

_TOLERANCE: Final = 0.001
"""Seconds by which two good clocks may make a way back look shorter than nothing."""

Outcome = ClockSample | Rejected


@frozen
class _Place:
    """The first address of a server."""

    family: socket.AddressFamily
    address: tuple[Any, ...]


@define(eq=False)
class _Pending:
    """A question whose answer has not come yet."""

    server: Server
    sock: socket.socket
    cookie: bytes
    sent_at: float
    """Seconds of the client's clock."""

    problem: Rejected = field(factory=lambda: Rejected("no answer"))


def ask_all(
    servers: Sequence[Server], *, seconds: float, clock: Callable[[], float] = time.monotonic
) -> Mapping[Server, Outcome]:
    """Ask every server and wait for all answers, at most *seconds*.

    Args:
        servers: whom to ask; looking up their names is not counted.
        seconds: to wait.
        clock: the client's time line; nobody may set it meanwhile.

    Returns:
        For each server its answer, or why there is none.
    """
    outcomes: dict[Server, Outcome] = {}
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        # All names first: while one is looked up slowly, answers of others would grow old.
        for server, place in _places(servers, outcomes).items():
            try:
                pending = _send(server, place, stack, clock)
            except OSError as error:
                outcomes[server] = _failed(error)
            else:
                selector.register(pending.sock, selectors.EVENT_READ, pending)
        end = clock() + seconds
        while selector.get_map() and (left := end - clock()) > 0:
            for key, _ in selector.select(left):
                outcome = _receive(key.data, clock)
                if outcome is not None:
                    outcomes[key.data.server] = outcome
                    selector.unregister(key.fileobj)
        for key in selector.get_map().values():
            outcomes[key.data.server] = key.data.problem
    return outcomes


def _places(servers: Sequence[Server], outcomes: dict[Server, Outcome]) -> Mapping[Server, _Place]:
    """Where the servers are; who cannot be found has its outcome."""
    found = {}
    for server in servers:
        try:
            places = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            outcomes[server] = _failed(error)
        else:
            family, _, _, _, address = places[0]
            found[server] = _Place(family, address)
    return found


def _send(server: Server, place: _Place, stack: ExitStack, clock: Callable[[], float]) -> _Pending:
    sock = stack.enter_context(socket.socket(place.family, socket.SOCK_DGRAM))
    sock.settimeout(0.0)
    # Connected, it takes packets of this server only, and learns that nobody listens there.
    sock.connect(place.address)
    cookie = os.urandom(COOKIE_BYTES)
    sent_at = clock()
    sock.send(question(cookie))
    return _Pending(server, sock, cookie, sent_at)


def _receive(pending: _Pending, clock: Callable[[], float]) -> Outcome | None:
    """The outcome, or None while the answer may still come: anybody can send a forged packet."""
    try:
        packet = pending.sock.recv(SIZE + 1)
    except BlockingIOError:
        return None
    except OSError as error:
        return _failed(error)
    arrived = clock()
    try:
        answer = read_answer(packet, pending.cookie)
    except NotOurs as problem:
        pending.problem = problem
        return None
    except Rejected as problem:
        return problem
    return _sample(pending, answer.received, answer.sent, answer.distance, arrived)


def _failed(error: Exception) -> Rejected:
    return Rejected(getattr(error, "strerror", None) or "its name cannot be looked up")


def _sample(
    pending: _Pending, received: float, sent: float, distance: float, arrived: float
) -> Outcome:
    delay = (arrived - pending.sent_at) - (sent - received)
    if delay < -_TOLERANCE:
        return Rejected("its clock ran while it answered")
    offset = ((received - pending.sent_at) + (sent - arrived)) / 2
    return ClockSample(
        name=pending.server.name, offset=offset, distance=max(delay, 0.0) / 2 + distance
    )
