"""N-08: whoever connects and then says little or nothing is cut, and nobody else waits for it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import pytest

from lienthong.client import Profile
from lienthong_node import server
from lienthong_node.connections import accepted
from lienthong_node.local import LocalAxis
from tests.conftest import Figure
from tests.network.conftest import ChangeSettings, Inside, SetOption
from tests.network.http2 import connect, tls_context
from tests.network.neighbours import Neighbours
from tests.network.vitals import eventually
from tests.tiers import tier

SILENT: Final = tier(300, 3_000)
HALF: Final = tier(50, 500)
DRIBBLERS: Final = tier(20, 100)
HANDSHAKE_MS: Final = tier(1_000, 10_000)
SLACK_S: Final = 10.0
"""How much later than the time-out the last one may be gone, on a busy machine."""

OPTION: Final = "grpc.server_handshake_timeout_ms"


def client_hello(profile: Profile) -> bytes:
    """What a TLS client says first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    host = profile.endpoint.rpartition(":")[0]
    talk = tls_context(profile).wrap_bio(incoming, outgoing, server_hostname=host)
    with contextlib.suppress(ssl.SSLWantReadError):
        talk.do_handshake()
    return outgoing.read()


@contextmanager
def lines(profile: Profile, amounts: tuple[int, int, int]) -> Iterator[list[socket.socket]]:
    """Connections that say nothing, half a greeting, or a byte of it now and then."""
    silent, half, _ = amounts
    hello, stop = client_hello(profile), threading.Event()
    with ExitStack() as stack:
        opened = [stack.enter_context(connect(profile)) for _ in range(sum(amounts))]
        for line in opened[silent : silent + half]:
            line.sendall(hello[: len(hello) // 2])
        slow = opened[silent + half :]

        def dribble() -> None:
            for octet in hello:
                for line in slow:
                    with contextlib.suppress(OSError):
                        line.sendall(bytes([octet]))
                if stop.wait(0.2):
                    return

        thread = threading.Thread(target=dribble)
        thread.start()
        stack.callback(thread.join)
        stack.callback(stop.set)
        yield opened


def are_cut(opened: list[socket.socket]) -> int:
    """How many the other side has closed."""
    count = 0
    for line in opened:
        line.setblocking(False)
        try:
            count += line.recv(1) == b""
        except BlockingIOError:
            continue
        except OSError:
            count += 1
    return count


def check_cut(axis: LocalAxis, profile: Profile, amounts: tuple[int, int, int]) -> str:
    """All are cut in time and give their descriptors back while others go on.

    Raises:
        AssertionError: they are not.
    """
    with Neighbours.calling(axis) as others, lines(profile, amounts) as opened:
        others_lines = 3
        in_time = eventually(lambda: are_cut(opened) == len(opened), HANDSHAKE_MS / 1000 + SLACK_S)
        assert in_time, f"{len(opened) - are_cut(opened)} of {len(opened)} are still there"
        left = len(accepted(axis.port)) - others_lines
        assert left <= 0, f"{left} descriptors are still there"
    others.check()
    return f"{len(opened)} of {len(opened)} cut, descriptors back; {others.summary}"


def test_who_does_not_finish_the_handshake_is_cut(
    at_rest: LocalAxis,
    inside: Inside,
    attacker_inside: Profile,
    set_option: SetOption,
    figure: Figure,
) -> None:
    assert dict(server.OPTIONS)[OPTION] == 10_000
    set_option(OPTION, HANDSHAKE_MS)
    with inside():
        found = check_cut(at_rest, attacker_inside, (SILENT, HALF, DRIBBLERS))
    figure(
        "N-08", wanted="all cut by the handshake time-out, 0 calls of others failed", found=found
    )


def test_one_address_has_few_places_before_it_says_who_it_is(
    at_rest: LocalAxis,
    inside: Inside,
    attacker_inside: Profile,
    change_settings: ChangeSettings,
    figure: Figure,
) -> None:
    """Long before the handshake's time-out, those beyond its share are gone."""
    share = 20
    change_settings(connections_per_address=share)
    with (
        inside(),
        Neighbours.calling(at_rest) as others,
        lines(attacker_inside, (100, 0, 0)) as opened,
    ):
        assert eventually(lambda: are_cut(opened) >= 80, SLACK_S)
        cut = are_cut(opened)
    others.check()
    figure(
        "N-08",
        wanted=f"{share} connections of an address that nobody knows",
        found=f"{cut} of 100 cut at once; {others.summary}",
    )
    assert cut == 80


@pytest.mark.planted("handshake time-out off")
def test_a_node_that_waits_for_ever_is_found(
    at_rest: LocalAxis,
    inside: Inside,
    attacker_inside: Profile,
    set_option: SetOption,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_option(OPTION, None)
    monkeypatch.setattr(f"{__name__}.SLACK_S", 1.0)
    with inside(), pytest.raises(AssertionError, match="are still there"):
        check_cut(at_rest, attacker_inside, (10, 5, 5))
