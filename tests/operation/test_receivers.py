"""D-15: slow, dead and flapping receivers lose nothing, and cost neither the others nor the node.

Nothing here is measured in seconds: that the quick ones are not held up shows in how far the slow
one is when they have everything.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import define, field

from lienthong.codec.signed import load_entry
from lienthong.model.journal import PackageRecord
from lienthong_proto.axis.v1 import exchange_pb2, journal_pb2
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B, C, D
from tests.e2e.forked_axis import ForkedAxis
from tests.e2e.raw import Party
from tests.operation.machine import axis_on_a_machine
from tests.operation.process import memory_mib
from tests.tiers import tier

PACKAGES: Final = tier(320, 6_000)
BATCH: Final = 40
CONTENT_BYTES: Final = 20_000
DEAD_STREAMS: Final = 5
"""Feeds that somebody opens and never reads: each could hold a page of 1 MiB."""

GROWTH_MIB: Final = 64
SECONDS: Final = 240
PAUSE_S: Final = 0.1


@define
class Reader:
    """One reading of a feed: the packages that it has shown, in order."""

    party: Party
    page_size: int = 20
    cursor: int = 0
    seen: list[int] = field(factory=list)

    def pages(self, *, follow: bool = True) -> Iterator[None]:
        """Take page by page; leaving it ends the call."""
        request = exchange_pb2.SubscribeRequest(
            from_index=self.cursor, follow=follow, page_size=self.page_size, inline_limit=2**18
        )
        call = subscribe(self.party, request)
        try:
            for page in call:
                for item in page.items:
                    if is_package(item.receipt.entry):
                        self.seen.append(item.receipt.index)
                self.cursor = page.next_index
                yield
        finally:
            call.cancel()

    def read_to(self, index: int) -> None:
        for _ in self.pages():
            if self.cursor > index:
                return


@define
class Found:
    """What everybody has seen."""

    sent: list[int]
    seen: dict[str, Sequence[int]] = field(factory=dict)
    slow_when_quick_was_done: int = 0
    growth_mib: float = 0

    @property
    def incomplete(self) -> list[str]:
        """Who did not see exactly what was sent, in order."""
        return [name for name, seen in self.seen.items() if list(seen) != list(self.sent)]


def test_nobody_loses_anything_and_nobody_waits_for_the_slow(
    tmp_path: Path, figure: Figure
) -> None:
    found = send_to_all(tmp_path, PACKAGES)
    figure(
        "D-15",
        wanted=f"{PACKAGES} to 5 readers: 0 lose any, node grows <= {GROWTH_MIB} MiB",
        found=f"{len(found.incomplete)} lose any, slow one at {found.slow_when_quick_was_done}"
        f" when the quick had all, node grew {found.growth_mib:.0f} MiB",
    )
    assert len(found.sent) == PACKAGES
    assert found.incomplete == []
    assert found.slow_when_quick_was_done < PACKAGES
    assert found.growth_mib <= GROWTH_MIB


@pytest.mark.planted("slow reader's backlog dropped")
def test_dropping_a_backlog_would_be_caught(tmp_path: Path) -> None:
    assert "slow" in send_to_all(tmp_path, 200, planted="forgets-the-slow").incomplete


def send_to_all(folder: Path, packages: int, *, planted: str = "") -> Found:
    """Send to three organisations whose receivers behave differently."""
    with axis_on_a_machine(folder / "axis", NAMES, planted=planted) as (axis, _), ExitStack() as at:
        parties = {code: at.enter_context(Party.opened(axis.profile(code))) for code in NAMES}
        readers = {
            "quick": Reader(parties[B]),
            "flapping": Reader(parties[B], page_size=3),
            "slow": Reader(parties[C], page_size=5),
            "dead": Reader(parties[D]),
        }
        # A quarter first, so that the database's page caches are filled and not taken for growth.
        found = Found([])
        while len(found.sent) < packages // 4:
            found.sent += send(parties[A], BATCH)
        with dead(parties[D]):
            watch_all(axis, parties[A], readers, found, packages)
        for name in ("slow", "dead"):
            readers[name].read_to(found.sent[-1])
    found.seen = {name: reader.seen for name, reader in readers.items()}
    return found


def watch_all(
    axis: ForkedAxis, sender: Party, readers: Mapping[str, Reader], found: Found, packages: int
) -> None:
    """Send while all read, until the quick and the flapping reader have everything."""
    before, stop = memory_mib(axis.pid), threading.Event()
    # Nobody reports: what is sent stands one behind the other.
    last = found.sent[0] + packages - 1
    with ThreadPoolExecutor(3) as threads:
        threads.submit(read_slowly, readers["slow"], packages // 2, stop)
        reading = threads.submit(readers["quick"].read_to, last)
        flapping = threads.submit(flap, readers["flapping"], last)
        try:
            while len(found.sent) < packages:
                found.sent += send(sender, BATCH)
                found.growth_mib = max(found.growth_mib, memory_mib(axis.pid) - before)
            reading.result(SECONDS)
            found.slow_when_quick_was_done = len(readers["slow"].seen)
            flapping.result(SECONDS)
        finally:
            stop.set()


def send(sender: Party, count: int) -> list[int]:
    """Send packages to everybody; their places in the journal."""
    contents = [os.urandom(CONTENT_BYTES) for _ in range(count)]
    made = [sender.submission(sender.manifest(B, C, D, content=one), one) for one in contents]
    receipts = sender.submit(*made)
    assert all(isinstance(receipt, journal_pb2.Receipt) for receipt in receipts), receipts
    return [receipt.index for receipt in receipts if isinstance(receipt, journal_pb2.Receipt)]


def read_slowly(reader: Reader, most: int, stop: threading.Event) -> None:
    """A small page, a pause, and so on; at *most* packages a pause until told to stop."""
    for _ in reader.pages():
        if stop.wait(PAUSE_S if len(reader.seen) < most else SECONDS):
            return


def flap(reader: Reader, index: int) -> None:
    """A new call for each page."""
    while reader.cursor <= index:
        for _ in reader.pages():
            break


@contextmanager
def dead(party: Party) -> Iterator[None]:
    """Feeds that are opened and never read."""
    request = exchange_pb2.SubscribeRequest(follow=True, page_size=500, inline_limit=2**18)
    calls = [subscribe(party, request) for _ in range(DEAD_STREAMS)]
    yield
    for call in calls:
        call.cancel()


def subscribe(party: Party, request: exchange_pb2.SubscribeRequest) -> Any:
    return party.channel.unary_stream(
        "/lienthong.axis.v1.Exchange/Subscribe",
        request_serializer=exchange_pb2.SubscribeRequest.SerializeToString,
        response_deserializer=exchange_pb2.SubscribeResponse.FromString,
    )(request, timeout=SECONDS)


def is_package(entry: bytes) -> bool:
    return isinstance(load_entry(entry).body, PackageRecord)
