"""Run a node until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import uvloop

from lienthong_node.server import Node, start

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
GARBAGE_THRESHOLD: Final = 50_000
"""Objects made between two looks for cycles; the default of 700 costs a tenth of the throughput."""


def serve(folder: Path, ready: Callable[[Node], None], checkpoints: Sequence[str] = ()) -> None:
    """Serve a data folder until SIGTERM or SIGINT, then drain and stop.

    SIGHUP reads renewed certificates at once, which happens by itself within a second too.

    Args:
        folder: the data folder.
        ready: called once when the node answers.
        checkpoints: signed checkpoints from outside that the journal must continue.
    """
    _raise_file_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(folder, ready, checkpoints))


async def _serve(folder: Path, ready: Callable[[Node], None], checkpoints: Sequence[str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    node = await start(folder, checkpoints)
    # What was made so far lives as long as the process; what comes later rarely has cycles.
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    loop.add_signal_handler(signal.SIGHUP, node.context.reload)
    try:
        ready(node)
        await stop.wait()
    finally:
        await node.stop()


def _raise_file_limit() -> None:
    """Allow as many open files as the system lets the process have; each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
