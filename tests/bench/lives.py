"""Full lives a second: submit, receipt, feed, verify, accept, until the sender sees 03.

Node, sender and recipient are three processes; everything is signed, verified and durable.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import uvloop
from attrs import frozen

from lienthong.client import AsyncClient, Profile, Sending
from lienthong.model.delivery import DeliveryState
from lienthong.model.journal import PackageRecord, StatementRecord
from lienthong_node.certificates import KeyKind
from tests.bench.limits import Limits
from tests.bench.processes import cpu_seconds, on_core, two_cores
from tests.bench.recipient import accepting
from tests.bench.rows import Row
from tests.bench.samples import RECIPIENT, SENDER, make_axis, make_sending, spare_garbage

CORES = 2
RUNS = 5
"""Of each placement with P-256: one run says little where the host does other things too."""

SIGNATURES = 2
"""Of one life: the package, its acceptance."""

VERIFICATIONS = 4
"""Of one life: the node both, the recipient the package, the sender the acceptance."""

PROFILE = ((0.30, 2_000), (0.60, 10_000), (0.09, 100_000), (0.009, 2_000_000), (0.001, 10_000_000))
"""Parts of all documents, and their bytes (DESIGN §11)."""


@frozen(kw_only=True)
class Lives:
    """What one run gave."""

    per_second: float
    node_ms: float
    """CPU of a life, milliseconds; as the two others."""

    sender_ms: float
    recipient_ms: float


def measure(folder: Path, key: KeyKind, sizes: Sequence[int], *, apart: bool = False) -> Lives:
    """Run so many lives with files of these sizes in bytes.

    Args:
        folder: for the axis.
        key: of the organisations.
        sizes: of the files, one a life.
        apart: whether the node has one core, and both clients another.
    """
    axis = make_axis(folder, key)
    with (
        axis.running(),
        accepting(axis.profile(RECIPIENT), len(sizes)) as recipient,
        _apart(axis.pid, recipient.pid) if apart else nullcontext(),
    ):
        sendings = [make_sending(number, size) for number, size in enumerate(sizes)]
        before = cpu_seconds(axis.pid)
        seconds, own = uvloop.run(_send(axis.profile(SENDER), sendings))
        node = cpu_seconds(axis.pid) - before
    count = len(sizes)
    return Lives(
        per_second=count / seconds,
        node_ms=node / count * 1000,
        sender_ms=own / count * 1000,
        recipient_ms=recipient.cpu_seconds / count * 1000,
    )


def rows(folder: Path, limits: Limits, documents: int) -> list[Row]:
    """Lives of 10 kB with both kinds of keys, with P-256 the middle of several runs; and mixed."""
    found: list[Row] = []
    for key, sign, verify in (
        (KeyKind.P256, limits.p256_sign, limits.p256_verify),
        (KeyKind.RSA2048, limits.rsa_sign, limits.rsa_verify),
    ):
        limit = limits.cores / (SIGNATURES / sign + VERIFICATIONS / verify)
        for apart in (False, True) if len(two_cores()) == CORES else (False,):
            name = f"full lives, 10 kB, {key.value}" + ", node apart" * apart
            at, sizes = folder / f"{key.value}-{apart}", [10_000] * documents
            runs = [
                measure(at / str(run), key, sizes, apart=apart)
                for run in range(RUNS if key is KeyKind.P256 else 1)
            ]
            runs.sort(key=lambda lives: lives.per_second)
            found += _named(name, runs[len(runs) // 2], limit)
            if len(runs) > 1:
                found += [
                    Row(name=f"{name}: {word} of {RUNS} runs", value=lives.per_second, unit="1/s")
                    for word, lives in (("slowest", runs[0]), ("quickest", runs[-1]))
                ]
    mixed = measure(folder / "mixed", KeyKind.P256, _mixture(documents // 2))
    found.append(Row(name="full lives, load profile, p256", value=mixed.per_second, unit="1/s"))
    return found


def _named(name: str, lives: Lives, limit: float) -> list[Row]:
    cores = lives.per_second * (lives.node_ms + lives.sender_ms + lives.recipient_ms) / 1000
    by = f"{SIGNATURES} signatures and {VERIFICATIONS} verifications on both cores"
    busy = "both cores busy"
    return [
        Row(name=name, value=lives.per_second, unit="1/s", limit=limit, limited_by=by),
        Row(name=f"{name}: cores used", value=cores, unit="", limit=CORES, limited_by=busy),
        Row(name=f"{name}: CPU of the node", value=lives.node_ms, unit="ms a life"),
        Row(name=f"{name}: CPU of the sender", value=lives.sender_ms, unit="ms a life"),
        Row(name=f"{name}: CPU of the recipient", value=lives.recipient_ms, unit="ms a life"),
    ]


@contextmanager
def _apart(node: int, recipient: int) -> Iterator[None]:
    first, second = two_cores()
    with on_core(node, first), on_core(recipient, second), on_core(os.getpid(), second):
        yield


def _mixture(documents: int) -> list[int]:
    """Sizes in the parts of the load profile, evenly spread."""
    sizes: list[int] = []
    for part, size in PROFILE:
        sizes += [size] * max(1, round(part * documents))
    return [sizes[number * 7919 % len(sizes)] for number in range(len(sizes))]


async def _send(profile: Path, sendings: Sequence[Sending]) -> tuple[float, float]:
    """Send everything, and follow the own feed until each document was accepted."""
    spare_garbage()
    async with AsyncClient(Profile.load(profile)) as client:
        start = (await client.checkpoint()).size
        started, cpu = time.perf_counter(), time.process_time()
        following = asyncio.create_task(_wait_accepted(client, start, len(sendings)))
        outcomes = await client.send_many(sendings)
        failed = [outcome.error for outcome in outcomes if outcome.error is not None]
        if failed:
            following.cancel()
            raise failed[0]
        await following
        return time.perf_counter() - started, time.process_time() - cpu


async def _wait_accepted(client: AsyncClient, start: int, documents: int) -> None:
    accepted = 0
    async for item in client.feed(start, follow=True, inline_limit=0, others_only=True):
        body = item.entry.body
        if isinstance(body, PackageRecord | StatementRecord):
            accepted += sum(e.to_state is DeliveryState.ACCEPTED for e in body.effects)
        if accepted == documents:
            return
