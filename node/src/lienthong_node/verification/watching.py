"""The background work: one package at a time, beside the requests."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from lienthong_node.metrics import Metrics
from lienthong_node.services.context import NodeContext
from lienthong_node.verification.worker import FileVerification

LOOK_S: Final = 1.0


async def verify_files(work: FileVerification, node: NodeContext, metrics: Metrics) -> None:
    """Every second: verify what waits, on a thread of its own."""
    while True:
        before = work.standing
        done = await node.verify(work.step, node.clock())
        now = work.standing
        told, work.told = work.told, Counter()
        metrics.files_verified(told, now.failed - before.failed)
        metrics.verification_stands(now.waiting, working=not now.failing)
        await asyncio.sleep(0 if done else LOOK_S)
