"""D-14: the axis commits, its answer is lost; the repetition gets the same receipt."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import pytest
from attrs import evolve

from lienthong.client import AsyncClient, FileSource, PreparedPackage, Profile, RetryPolicy
from lienthong.client.loop import shared_loop
from lienthong.errors import IdReused, NotFound
from lienthong.model.ids import PackageId
from lienthong.model.journal import Receipt
from lienthong_node.local import LocalAxis
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B, make_document
from tests.e2e.forked_axis import forked_axis
from tests.e2e.history import read_journal
from tests.e2e.proxy import Proxy
from tests.tiers import tier

T = TypeVar("T")

PACKAGES: Final = tier(500, 2000)
ACCEPTED: Final = tier(50, 100)
AT_ONCE: Final = 25
"""So few fit into the flow-control window of a connection whose window updates are lost, too."""

ACCEPTED_AT_ONCE: Final = 2
"""Two messages of a stream are under way; each takes an acceptance with its arrival."""

SMALLEST_ANSWER: Final = 500
"""Bytes; entry and checkpoint alone are longer."""

QUICK: Final = RetryPolicy(attempts=6, first_delay=0.01, max_delay=0.1, timeout=20)
PATIENCE_S: Final = 20


def test_every_retry_gets_the_receipt_that_was_lost(tmp_path: Path, figure: Figure) -> None:
    with forked_axis(tmp_path / "axis", NAMES) as axis:
        ids = shared_loop().run(lose_answers(axis, PACKAGES, ACCEPTED))
        axis.stop()
        journal, faults = read_journal(axis.data)
    recorded = Counter(entry.id for entry in journal)
    once = sum(recorded[str(name)] == 1 for name in ids)
    wanted = f"{PACKAGES} lost answers: the same receipt {PACKAGES} times, one document each"
    figure("D-14", wanted=wanted, found=f"the same receipt {len(ids)} times, one document {once}")
    assert faults == []
    assert len(set(ids)) == PACKAGES
    assert [name for name in map(str, ids) if recorded[name] != 1] == []
    confirmed = Counter(delivery for entry in journal for delivery in entry.accepted)
    assert confirmed == {(str(name), B): 1 for name in ids[:ACCEPTED]}


def test_other_bytes_under_a_known_id_are_refused(tmp_path: Path, figure: Figure) -> None:
    with forked_axis(tmp_path / "axis", NAMES) as axis:
        outcomes = shared_loop().run(reuse_ids(axis))
        axis.stop()
        journal, faults = read_journal(axis.data)
    refused = outcomes.count(IdReused)
    figure("D-14", wanted=f"other bytes refused {PACKAGES} times", found=f"refused {refused} times")
    assert outcomes == [IdReused] * PACKAGES
    assert faults == []
    assert len([entry for entry in journal if entry.id]) == PACKAGES


@pytest.mark.planted("receipt regenerated")
def test_a_receipt_made_anew_would_be_caught(tmp_path: Path) -> None:
    with forked_axis(tmp_path / "axis", NAMES, planted="new-receipts") as axis:
        assert shared_loop().run(finds_new_receipts(axis))


async def lose_answers(axis: LocalAxis, packages: int, accepted: int) -> list[PackageId]:
    """Send through a line that swallows each first answer; returns what was sent."""
    ids: list[PackageId] = []
    async with on_a_bad_line(axis, A) as (sender, line), straight(axis, A) as witness:
        while len(ids) < packages:
            made = await prepare(sender, AT_ONCE, len(ids))
            names = [package.package_id for package in made]
            lost, receipts = await losing(
                line, [sender.submit(one) for one in made], partial(receipts_of, witness, names)
            )
            assert receipts == lost
            ids += names
    async with on_a_bad_line(axis, B) as (recipient, line), straight(axis, B) as witness:
        for start in range(0, accepted, ACCEPTED_AT_ONCE):
            some = ids[start : start + ACCEPTED_AT_ONCE]
            await accept(recipient, line, witness, some, start)
    return ids


async def accept(
    recipient: AsyncClient, line: Proxy, witness: AsyncClient, ids: Sequence[PackageId], start: int
) -> None:
    """Accept packages; what was lost is found in their history."""
    calls = [
        recipient.accept(name, register_number=start + number)
        for number, name in enumerate(ids, start=1)
    ]

    async def acceptances() -> list[Receipt]:
        return [await acceptance_of(witness, name) for name in ids]

    # The client asks for packages first; those answers are to arrive.
    for name in ids:
        await recipient.check(name)
    lost, receipts = await losing(line, calls, acceptances)
    assert receipts == lost


async def losing(
    line: Proxy,
    calls: Sequence[Awaitable[T]],
    committed: Callable[[], Awaitable[list[Receipt]]],
) -> tuple[list[Receipt], list[T]]:
    """Make calls whose answers are lost after the commit; what was lost, and what came then."""
    before, line.swallowing = line.swallowed, True
    waiting = asyncio.gather(*calls)
    async with asyncio.timeout(PATIENCE_S):
        lost = await until_found(committed)
        while line.swallowed < before + len(lost) * SMALLEST_ANSWER:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.002)
    assert not waiting.done()
    line.swallowing = False
    line.cut()
    return lost, await waiting


async def until_found(look: Callable[[], Awaitable[T]]) -> T:
    while True:
        try:
            return await look()
        except NotFound:
            await asyncio.sleep(0.002)


async def receipts_of(client: AsyncClient, ids: Sequence[PackageId]) -> list[Receipt]:
    # The last first: usually all are there when it is.
    last = await client.receipt(ids[-1])
    return [*await asyncio.gather(*map(client.receipt, ids[:-1])), last]


async def acceptance_of(client: AsyncClient, package_id: PackageId) -> Receipt:
    """The receipt of the newest report about a package, once it is the acceptance."""
    newest = (await client.history(package_id))[-1]
    if newest.statement is None or newest.statement.register is None:
        raise NotFound(what="the acceptance")
    return newest.receipt


async def reuse_ids(axis: LocalAxis) -> list[type[Exception] | None]:
    """Send packages, then others under the same ids; what became of the others."""
    outcomes: list[type[Exception] | None] = []
    async with straight(axis, A) as client:
        for start in range(0, PACKAGES, 100):
            made = await prepare(client, 100, start)
            await asyncio.gather(*map(client.submit, made))
            others = await prepare(client, 100, start, [one.package_id for one in made])
            found = await asyncio.gather(*map(client.submit, others), return_exceptions=True)
            outcomes += [type(one) if isinstance(one, Exception) else None for one in found]
    return outcomes


async def finds_new_receipts(axis: LocalAxis) -> bool:
    async with on_a_bad_line(axis, A) as (sender, line), straight(axis, A) as witness:
        first = await prepare(sender, 1, 0)
        names = [first[0].package_id]

        async def committed() -> list[Receipt]:
            lost = await receipts_of(witness, names)
            # The journal grows before the package is handed over again.
            await witness.submit((await prepare(witness, 1, 1))[0])
            return lost

        lost, again = await losing(line, [sender.submit(first[0])], committed)
    return lost != again


async def prepare(
    client: AsyncClient, count: int, start: int, ids: Sequence[PackageId] = ()
) -> list[PreparedPackage]:
    """Different packages; with *ids*, under these and with other content."""
    return [
        await client.prepare(
            make_document(subject=f"Văn bản số {start + number}, {len(ids)}"),
            [FileSource.of_bytes("van-ban.pdf", b"%d" % number)],
            [B],
            package_id=ids[number] if ids else None,
        )
        for number in range(count)
    ]


@asynccontextmanager
async def on_a_bad_line(axis: LocalAxis, organ: str) -> AsyncIterator[tuple[AsyncClient, Proxy]]:
    """A client behind a proxy, connected."""
    profile = Profile.load(axis.profile(organ))
    async with Proxy(axis.port) as line:
        profile = evolve(profile, endpoint=line.endpoint)
        async with AsyncClient(profile, retry=QUICK) as client:
            await client.checkpoint()
            yield client, line


@asynccontextmanager
async def straight(axis: LocalAxis, organ: str) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(Profile.load(axis.profile(organ)), retry=QUICK) as client:
        yield client
