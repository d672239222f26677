"""N-07: thousands of streams that wait for news cost little, and others' calls go on."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

import pytest

from lienthong.client import Profile
from lienthong_node.local import LocalAxis
from lienthong_node.services import exchange
from lienthong_node.services.feed import follow
from tests.conftest import Figure
from tests.e2e.forked_axis import ForkedAxis
from tests.e2e.patient import status
from tests.e2e.raw import Party
from tests.network.conftest import Inside
from tests.network.http2 import Line
from tests.network.neighbours import Neighbours
from tests.network.vitals import MIB, eventually, needs_proc, open_sockets, resident
from tests.tiers import tier

STREAMS_A_LINE: Final = 100
LINES: Final = tier(10, 100)
SINGLE: Final = tier(100, 5_000)
EACH: Final = 40_000
"""Bytes of the node's memory for one stream: 400 MB for 10,000."""

STEP: Final = 500
"""Streams that are begun at once: gRPC refuses more while a thousand wait to be taken up."""

SLACK: Final = 32 * MIB
SOON_S: Final = tier(60.0, 900.0)
HOARD: Final = 1_000_000


def open_streams(axis: LocalAxis) -> int:
    with Party.opened(axis.data / "operator") as operator:
        # One is the question itself.
        return int(status(operator).open_streams) - 1


def are_open(axis: LocalAxis, lines: Sequence[Line], wanted: int) -> bool:
    """Whether so many are; who leaves the node's pings unanswered meanwhile would be cut."""
    for line in lines:
        line.answer_pings()
    return open_streams(axis) >= wanted


def hold(axis: LocalAxis, pid: int, profile: Profile, lines: int, each: int) -> int:
    """Hold streams open while others call; returns by how many bytes the node has grown.

    Raises:
        AssertionError: they are not all open, cost too much, or others notice.
    """
    memory = resident(pid)
    with ExitStack() as stack, Neighbours.calling(axis) as others:
        opened: list[Line] = []
        wanted = 0
        for _ in range(lines):
            line = stack.enter_context(Line.opened(profile))
            opened.append(line)
            for _ in range(each):
                line.follow()
            wanted += each
            if wanted % STEP == 0 or wanted == lines * each:
                met = partial(are_open, axis, opened, wanted)
                assert eventually(met, SOON_S), open_streams(axis)
        grown = resident(pid) - memory
    others.check()
    assert grown <= wanted * EACH + SLACK, f"{grown // wanted} bytes a stream"
    return grown


@needs_proc
@pytest.mark.parametrize(
    ("lines", "each"), [(LINES, STREAMS_A_LINE), (SINGLE, 1)], ids=["few lines", "many lines"]
)
def test_waiting_streams_are_cheap(
    axis: ForkedAxis, attacker: Profile, figure: Figure, lines: int, each: int
) -> None:
    sockets = open_sockets(axis.pid)
    grown = hold(axis, axis.pid, attacker, lines, each)
    given_back = eventually(lambda: open_sockets(axis.pid) <= sockets, SOON_S)
    figure(
        "N-07",
        wanted=f"<= {EACH // 1000} KB a stream, 0 calls of others failed, descriptors come back",
        found=f"{lines * each} streams on {lines} connections: +{grown // MIB} MiB, "
        f"descriptors {'back' if given_back else 'LEFT'}",
    )
    assert given_back
    assert eventually(lambda: open_streams(axis) == 0, SOON_S)


@pytest.mark.planted("hoards memory for each stream")
@needs_proc
def test_a_node_that_hoards_is_found(
    at_rest: LocalAxis, inside: Inside, attacker_inside: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:

    async def hoarding(*arguments: Any) -> AsyncIterator[Any]:
        hoard = bytearray(b"x" * HOARD)
        async for page in follow(*arguments):
            yield page
        hoard.clear()

    monkeypatch.setattr(exchange, "follow", hoarding)
    with inside(), pytest.raises(AssertionError, match="bytes a stream"):
        hold(at_rest, os.getpid(), attacker_inside, 2, STREAMS_A_LINE)
