"""The other side: a process that accepts every document as it comes."""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvloop
from attrs import define

from lienthong.client import AsyncClient, Profile
from lienthong.client.sending import AT_ONCE
from lienthong.model.journal import PackageRecord
from tests.bench.samples import spare_garbage

WAVE: Final = AT_ONCE
"""Documents that are accepted at the same time."""

END_S: Final = 60.0


@define(eq=False)
class Recipient:
    """The process while it runs; what it used when it has ended."""

    pid: int
    cpu_seconds: float = 0.0
    """User and system time, without that of starting."""


@contextmanager
def accepting(profile: Path, documents: int) -> Iterator[Recipient]:
    """Accept so many documents in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ready, used = context.Event(), context.Value("d", 0.0)
    process = context.Process(target=_run, args=(str(profile), documents, ready, used))
    process.start()
    recipient = Recipient(pid=process.pid or 0)
    try:
        if not ready.wait(END_S):
            raise RuntimeError("the recipient does not start")
        yield recipient
        process.join(END_S)
        recipient.cpu_seconds = used.value
    finally:
        process.kill()
        process.join()


def _run(profile: str, documents: int, ready: object, used: object) -> None:
    uvloop.run(_receive(Path(profile), documents, ready, used))


async def _receive(profile: Path, documents: int, ready: object, used: object) -> None:
    spare_garbage()
    room = asyncio.Semaphore(WAVE)
    async with AsyncClient(Profile.load(profile)) as client, asyncio.TaskGroup() as group:
        start = (await client.checkpoint()).size
        before = _cpu()
        ready.set()  # type: ignore[attr-defined] # multiprocessing has no public types for these
        received = 0
        async for item in client.feed(start, follow=True, others_only=True):
            if not isinstance(item.entry.body, PackageRecord):
                continue
            received += 1
            await room.acquire()
            task = group.create_task(
                client.accept(item.entry.body.package_id, register_number=received)
            )
            task.add_done_callback(lambda _: room.release())
            if received == documents:
                break
    used.value = _cpu() - before  # type: ignore[attr-defined]


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
