"""Background work beside the request path; none of it holds a lock that a request needs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from lienthong_node.connections import Connections, accepted
from lienthong_node.disk import DiskGuard
from lienthong_node.identity import OpenCalls
from lienthong_node.metrics import Metrics
from lienthong_node.security_log import Deed, Event
from lienthong_node.services import uploading
from lienthong_node.services.context import NodeContext

log = logging.getLogger(__name__)

WATCH_S: Final = 1.0
SWEEP_S: Final = 60.0
UPLOAD_IDLE_S: Final = 60.0
SHOWN: Final = 5
"""Addresses that one line of the log names."""


async def watch(node: NodeContext, guard: DiskGuard, calls: OpenCalls, metrics: Metrics) -> None:
    """Every second: figures, and calls whose credential has ended are cut."""
    reason = ""
    while True:
        found = await node.run(node.refusing)
        if found != reason:
            log.warning("accepting packages: %s", found or "yes")
            reason = found
        metrics.disk_free.set(guard.free)
        metrics.accepting.set(0 if reason else 1)
        metrics.open_calls.set(node.limits.open_calls)
        cut = calls.cut_unusable(node.registry.credentials, node.clock(), node.status)
        if cut:
            node.security.note(Deed(event=Event.CALLS_CUT, who="node", what=f"{cut} calls"), "done")
        node.security.tell_repeats()
        node.reload()
        await asyncio.sleep(WATCH_S)


async def cut(node: NodeContext, connections: Connections, port: int) -> None:
    """Every second: connections beyond a share are cut."""
    while True:
        surplus = connections.surplus(await node.run(accepted, port))
        for one in surplus:
            one.cut()
        if surplus:
            hosts = ", ".join(sorted({one.peer[0] for one in surplus})[:SHOWN])
            log.warning("cut %d connections beyond a limit, from %s", len(surplus), hosts)
        await asyncio.sleep(WATCH_S)


async def sweep(node: NodeContext) -> None:
    """Every minute: close uploads that nobody goes on with, drop those long forgotten."""
    forgotten_s = float(node.settings.staging_idle_s)
    while True:
        await asyncio.sleep(min(SWEEP_S, forgotten_s))
        await uploading.suspend(node, node.uploads.idle(min(UPLOAD_IDLE_S, forgotten_s)))
        dropped = await node.run_long(node.blobs.drop_staging, idle_seconds=forgotten_s)
        await node.run_long(node.uploads.look)
        if dropped:
            log.info("dropped %d unfinished uploads", dropped)


async def collect(node: NodeContext) -> None:
    """Every minute: forget uploaded files that no package has come to name."""
    while True:
        await asyncio.sleep(min(SWEEP_S, float(node.settings.unused_upload_s)))
        forgotten = await uploading.collect(node)
        if forgotten:
            log.info("forgot %d uploaded files without a package", forgotten)


async def surviving(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run *work* for ever; a failure is logged and the work begins again."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("worker %s failed and starts again", name)
            await asyncio.sleep(WATCH_S)
