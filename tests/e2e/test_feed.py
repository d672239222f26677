"""A feed never skips and never repeats, whoever writes and reads at the same time."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final

import pytest
from attrs import define, field

from lienthong.client import AsyncClient, Profile
from lienthong.client.loop import shared_loop
from lienthong.codec.signed import load_entry
from lienthong.model.journal import PackageRecord, StatementRecord
from lienthong_node.local import LocalAxis
from lienthong_node.opening import open_for_audit
from tests.e2e.conftest import NAMES
from tests.e2e.forked_axis import forked_axis
from tests.e2e.history import Entry, judge, read_events, read_journal
from tests.e2e.load_process import loaded

READERS: Final = 6
"""Readers of each organisation, beside the two of the load; every other one only of others."""

SECONDS: Final = 8.0
SEED: Final = int(os.environ.get("LIENTHONG_SEED", "20193"))
LEAVE_SHARE: Final = 0.02


@define(eq=False)
class Reader:
    """Reads the feed of one organisation in its own way, and keeps what it saw."""

    organ: str
    chance: random.Random
    others_only: bool = False
    start: int = 0
    seen: list[int] = field(factory=list)

    @property
    def cursor(self) -> int:
        return self.seen[-1] + 1 if self.seen else self.start

    async def read(self, client: AsyncClient, stopped: asyncio.Event) -> None:
        """Read from somewhere on, leaving and coming back, to the end of the journal."""
        size = (await client.checkpoint()).size
        self.start = self.chance.randrange(size + 1)
        while not stopped.is_set():
            await self._visit(client, wait=self.chance.uniform(0, 0.3))
        await self._visit(client, wait=0)

    async def _visit(self, client: AsyncClient, *, wait: float) -> None:
        leaves = wait > 0
        page_size = self.chance.choice([1, 3, 20, 100])
        feed = client.feed(
            self.cursor, wait=wait, page_size=page_size, others_only=self.others_only
        )
        async with aclosing(feed) as items:
            async for item in items:
                self.seen.append(item.entry.index)
                if leaves and self.chance.random() < LEAVE_SHARE:
                    return


def test_feeds_never_skip_while_many_write_and_read(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    readers, journal, faults = read_under_load(tmp_path)
    said = authors(tmp_path / "axis" / "node")
    assert faults == []
    assert wrong(readers, journal, said) == []
    assert len(set(said.values())) > 1
    assert all(reader.seen for reader in readers)
    print(f"{len(journal)} entries, {sum(len(reader.seen) for reader in readers)} seen")


@pytest.mark.planted("feed cursor of another look")
def test_a_cursor_of_another_look_would_be_caught(tmp_path: Path) -> None:
    readers, journal, _ = read_under_load(tmp_path, planted="cursor-of-another-look")
    assert wrong(readers, journal, authors(tmp_path / "axis" / "node"))


def read_under_load(
    folder: Path, *, planted: str = ""
) -> tuple[list[Reader], list[Entry], list[str]]:
    """Send, accept and read for a while; the readers, the journal and what is wrong with it."""
    with forked_axis(folder / "axis", NAMES, planted=planted) as axis:
        with loaded(axis, folder, seed=SEED) as load:
            # With a fault the load's own readers may wait for ever for what they skipped.
            readers = shared_loop().run(read_all(axis, load.close if planted else load.finish))
        axis.stop()
        journal, faults = read_journal(axis.data)
        return readers, journal, faults + judge(read_events(load.history), journal)


async def read_all(axis: LocalAxis, end: Callable[[], object]) -> list[Reader]:
    chance, stopped = random.Random(SEED), asyncio.Event()
    readers = [
        Reader(organ, random.Random(chance.random()), others_only=number % 2 == 1)
        for organ in NAMES
        for number in range(READERS)
    ]
    clients = {organ: AsyncClient(Profile.load(axis.profile(organ))) for organ in NAMES}
    async with asyncio.TaskGroup() as group:
        for reader in readers:
            group.create_task(reader.read(clients[reader.organ], stopped))
        await asyncio.sleep(SECONDS)
        await asyncio.to_thread(end)
        stopped.set()
    for client in clients.values():
        await client.close()
    return readers


def authors(data: Path) -> dict[int, str]:
    """Who has sent or reported the entries of a node that has stopped, by index."""
    said: dict[int, str] = {}
    with open_for_audit(data, None) as (store, _, _), store.read() as view:
        while rows := view.journal(len(said), 1000):
            for row in rows:
                match load_entry(row.entry).body:
                    case PackageRecord(sender=organ) | StatementRecord(reporter=organ):
                        said[row.index] = str(organ)
                    case _:
                        said[row.index] = ""
    return said


def wrong(
    readers: Sequence[Reader], journal: Sequence[Entry], said: Mapping[int, str]
) -> list[str]:
    """Readers that did not see exactly what concerns them, once and in order."""
    found = []
    for reader in readers:
        expected = [
            entry.index
            for entry in journal
            if reader.organ in entry.parties
            and entry.index >= reader.start
            and not (reader.others_only and said[entry.index] == reader.organ)
        ]
        if reader.seen != expected:
            missing = sorted(set(expected) - set(reader.seen))[:5]
            found.append(
                f"{reader.organ} from {reader.start}: {missing} of {len(expected)} missing"
            )
    return found
