"""N-07: thousands of streams that wait for news cost little, and others' calls go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from lienthong.client import Profile
from lienthong_node.local import LocalAxis
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A
from tests.e2e.forked_axis import ForkedAxis, forked_axis
from tests.e2e.patient import status
from tests.e2e.raw import Party
from tests.network.bare import Bare
from tests.network.conftest import GENEROUS
from tests.network.http2 import Line
from tests.network.neighbours import Neighbours
from tests.network.vitals import MIB, eventually, needs_proc, open_sockets, resident
from tests.tiers import tier

STREAMS_A_LINE: Final = 100
LINES: Final = tier(10, 100)
EACH: Final = 40_000
"""Bytes of the node's memory for one stream on a shared connection: 400 MB for 10,000."""

FEW: Final = 400
SINGLE: Final = tier(FEW, 5_000)
OWN: Final = 16_000
"""Bytes of the node for a stream and its connection, beside what gRPC takes for them."""

STEP: Final = 500
"""Streams that are begun at once: gRPC refuses more while a thousand wait to be taken up."""

WARM: Final = 50
"""Connections with a stream before anything is measured: the first calls take more, once."""

SLACK: Final = 2 * MIB

SOON_S: Final = tier(60.0, 900.0)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[ForkedAxis]:
    """A node of its own: what others' calls have left would be used again, and hide a cost."""
    with forked_axis(tmp_path / "axis", NAMES, **GENEROUS) as axis:
        yield axis


def open_streams(axis: LocalAxis) -> int:
    with Party.opened(axis.data / "operator") as operator:
        # One is the question itself.
        return int(status(operator).open_streams) - 1


def all_open(count: Callable[[], int], lines: Sequence[Line], wanted: int) -> bool:
    """Whether so many are; who leaves the server's pings unanswered meanwhile would be cut."""
    for line in lines:
        line.answer_pings()
    return count() >= wanted


def grown(pid: int, count: Callable[[], int], profile: Profile, lines: int, each: int) -> int:
    """By how many bytes a server grows while so many streams wait on so many connections.

    Args:
        pid: the server's process.
        count: how many streams it has open.
        profile: who connects.
        lines: connections.
        each: streams on each.

    Raises:
        AssertionError: not all of them are taken up.
    """
    with ExitStack() as stack:
        opened = [_following(stack, profile, 1) for _ in range(WARM)]
        assert eventually(partial(all_open, count, opened, WARM), SOON_S), count()
        memory, begun = resident(pid), 0
        for number in range(1, lines + 1):
            opened.append(_following(stack, profile, each))
            begun += each
            if begun >= STEP or number == lines:
                wanted, begun = WARM + number * each, 0
                assert eventually(partial(all_open, count, opened, wanted), SOON_S), count()
        return resident(pid) - memory


def _following(stack: ExitStack, profile: Profile, streams: int) -> Line:
    """A connection with so many streams."""
    line = stack.enter_context(Line.opened(profile))
    for _ in range(streams):
        line.follow()
    return line


def node_grown(axis: LocalAxis, pid: int, profile: Profile, lines: int, each: int) -> int:
    """The same of a node, while others call.

    Raises:
        AssertionError: not all of them are taken up, or others notice.
    """
    with Neighbours.calling(axis) as others:
        found = grown(pid, lambda: open_streams(axis), profile, lines, each)
    others.check()
    return found


def check_shared(found: int, streams: int) -> None:
    assert found <= streams * EACH + SLACK, f"{found // streams} bytes a stream"


def check_single(found: int, without: int, streams: int) -> None:
    own = found - without
    assert own <= streams * OWN + SLACK, f"{own // streams} bytes a connection of its own"


@needs_proc
def test_waiting_streams_are_cheap(fresh: ForkedAxis, figure: Figure) -> None:
    profile, sockets = Profile.load(fresh.profile(A)), open_sockets(fresh.pid)
    streams = LINES * STREAMS_A_LINE
    found = node_grown(fresh, fresh.pid, profile, LINES, STREAMS_A_LINE)
    back = eventually(lambda: open_sockets(fresh.pid) <= sockets, SOON_S)
    figure(
        "N-07",
        wanted=f"<= {EACH // 1000} KB a stream, 0 calls of others failed, descriptors come back",
        found=f"{streams} streams on {LINES} connections: +{found // MIB} MiB, "
        f"descriptors {'back' if back else 'LEFT'}",
    )
    check_shared(found, streams)
    assert back
    assert eventually(lambda: open_streams(fresh) == 0, SOON_S)


@needs_proc
def test_connections_cost_little_more_than_gRPC_does(fresh: ForkedAxis, figure: Figure) -> None:
    """TLS, HTTP/2 and the call are gRPC's; a server of it that does nothing tells how much."""
    profile, sockets = Profile.load(fresh.profile(A)), open_sockets(fresh.pid)
    with Bare.beside(fresh, profile) as bare:
        without = grown(bare.pid, bare.open_streams, bare.profile, SINGLE, 1)
    found = node_grown(fresh, fresh.pid, profile, SINGLE, 1)
    back = eventually(lambda: open_sockets(fresh.pid) <= sockets, SOON_S)
    figure(
        "N-07",
        wanted=f"<= {OWN // 1000} KB a connection beside gRPC's own, 0 calls of others failed, "
        "descriptors come back",
        found=f"{SINGLE} streams on as many connections: +{found // MIB} MiB "
        f"(gRPC alone +{without // MIB}), descriptors {'back' if back else 'LEFT'}",
    )
    check_single(found, without, SINGLE)
    assert back
    assert eventually(lambda: open_streams(fresh) == 0, SOON_S)


@pytest.mark.planted("hoards memory for each stream")
@needs_proc
def test_a_node_that_hoards_is_found(tmp_path: Path) -> None:
    with forked_axis(
        tmp_path / "axis", NAMES, planted="hoards-for-each-stream", **GENEROUS
    ) as axis:
        found = node_grown(axis, axis.pid, Profile.load(axis.profile(A)), 2, STREAMS_A_LINE)
    with pytest.raises(AssertionError, match="bytes a stream"):
        check_shared(found, 2 * STREAMS_A_LINE)


@pytest.mark.planted("hoards memory for each connection")
@needs_proc
def test_a_node_that_hoards_for_connections_is_found(tmp_path: Path) -> None:
    with forked_axis(
        tmp_path / "axis", NAMES, planted="hoards-for-each-connection", **GENEROUS
    ) as axis:
        profile = Profile.load(axis.profile(A))
        with Bare.beside(axis, profile) as bare:
            without = grown(bare.pid, bare.open_streams, bare.profile, FEW, 1)
        found = node_grown(axis, axis.pid, profile, FEW, 1)
    with pytest.raises(AssertionError, match="bytes a connection"):
        check_single(found, without, FEW)
