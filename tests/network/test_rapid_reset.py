"""N-06: streams that are opened and reset at once (CVE-2023-44487) starve nobody else."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final

import pytest
from hyperframe.frame import DataFrame, PingFrame

from lienthong.client import Profile
from lienthong_node.local import LocalAxis
from tests.conftest import Figure
from tests.e2e.conftest import A
from tests.e2e.forked_axis import ForkedAxis
from tests.e2e.raw import Party
from tests.network.conftest import ChangeSettings, Inside
from tests.network.http2 import Line, framed, header_frames, request_headers, reset
from tests.network.neighbours import Neighbours
from tests.network.vitals import MIB, needs_proc, processor_seconds, resident
from tests.tiers import tier

LINES: Final = 4
RESETS: Final = tier(10_000, 50_000)
"""On each connection."""

BATCH: Final = 100
LAST: Final = b"the last"
MOST_MIB: Final = 64


def flood(line: Line, resets: int) -> int:
    """Open and reset calls on one connection; returns how many the node still took."""
    reader = threading.Thread(target=line.read_to_pong, args=[LAST])
    reader.start()
    # The second block is all references into the table that the first one has filled.
    first = line.encoder.encode(list(request_headers()), huffman=False)
    again = line.encoder.encode(list(request_headers()), huffman=False)
    sent = 0
    while sent < resets:
        batch = b""
        for number in range(BATCH):
            stream = line.next_stream()
            batch += header_frames(stream, again if sent or number else first)
            batch += DataFrame(stream, framed(b"")).serialize() + reset(stream)
        if not line.send(batch):
            break
        sent += BATCH
    line.send(PingFrame(0, LAST).serialize())
    reader.join()
    return sent


def flood_all(axis: LocalAxis, profile: Profile, resets: int) -> tuple[int, Neighbours]:
    """The same on several connections at once; how many were sent, and how others fared."""
    with ExitStack() as stack:
        lines = [stack.enter_context(Line.opened(profile)) for _ in range(LINES)]
        others = stack.enter_context(Neighbours.calling(axis))
        with ThreadPoolExecutor(LINES) as pool:
            sent = sum(pool.map(lambda line: flood(line, resets), lines))
    return sent, others


@needs_proc
def test_resets_starve_nobody_else(axis: ForkedAxis, attacker: Profile, figure: Figure) -> None:
    memory, before = resident(axis.pid), processor_seconds(axis.pid)
    sent, others = flood_all(axis, attacker, RESETS)
    grown = (resident(axis.pid) - memory) // MIB
    spent = processor_seconds(axis.pid) - before
    figure(
        "N-06",
        wanted=f"{LINES} x {RESETS} resets, 0 calls of others failed, <= +{MOST_MIB} MiB",
        found=f"{sent} resets, +{grown} MiB, {spent:.1f} CPU s; {others.summary}",
    )
    others.check()
    assert grown <= MOST_MIB
    with Party.opened(axis.profile(A)) as party:
        assert party.ask("Directory/GetOrganisation", b"").ok


@pytest.mark.planted("one share of connections for all")
def test_a_node_whose_connections_one_can_take_is_found(
    at_rest: LocalAxis, inside: Inside, attacker_inside: Profile, change_settings: ChangeSettings
) -> None:
    change_settings(max_connections=LINES)
    with inside():
        _, others = flood_all(at_rest, attacker_inside, BATCH)
    with pytest.raises(AssertionError, match="UNAVAILABLE"):
        others.check()
