"""Forks nodes as ``tests/e2e/node_forks.py`` does, with the machine under the test's control.

    python operation_forks.py DATA [FAULT]

``DATA/../machine.json`` may hold ``clock_s``, by how many seconds the machine's clock is off, and
``free`` and ``volume``, bytes of the disk; it is read again each time. FAULT names a defect, of
``node_forks`` or of this file, that every node then has.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from lienthong.flow import delivery
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.spi.storage import ReadView
from lienthong_node import clock, disk, opening, server
from lienthong_node.core import report
from lienthong_node.services import feed
from lienthong_node.services.context import NodeContext

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.e2e import node_forks

MACHINE: Final = "machine.json"
FEW: Final = 20
"""Entries that a node with the fault ``forgets-the-slow`` keeps for a reader."""


def control(machine: Path) -> None:
    """Let the node see the disk and the clock that the file describes."""

    def fact(name: str) -> Any:
        return json.loads(machine.read_text("utf-8")).get(name) if machine.exists() else None

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=fact("clock_s") or 0)

    parts: Any = server
    opening.utc_now = parts.utc_now = now
    real_volume, real_guard = disk.volume_bytes, disk.DiskGuard

    def volume(folder: Path) -> int:
        return fact("volume") or real_volume(folder)

    def guard(free_bytes: Callable[[], int], **rest: Any) -> disk.DiskGuard:
        return real_guard(lambda: fact("free") or free_bytes(), **rest)

    parts.volume_bytes, parts.DiskGuard = volume, guard


def _ignores_the_reserve() -> None:
    """What the disk says is heard and forgotten."""
    disk.DiskGuard.reached = lambda self: False  # type: ignore[method-assign]


def _believes_the_clock() -> None:
    """Certificates are judged by the machine's clock alone."""
    clock.JournalClock.__call__ = lambda self: self._machine()  # type: ignore[method-assign]


def _accepts_again() -> None:
    """An accepted document can be accepted by somebody else."""
    inner = delivery.step

    def step(state: Any, event: Any, context: Any) -> Any:
        if (state, event) == (DeliveryState.ACCEPTED, DeliveryEvent.ACCEPT):
            state, context = DeliveryState.ARRIVED, evolve(context, same_content=None)
        return inner(state, event, context)

    report.step = step  # type: ignore[attr-defined]


def _forgets_the_slow() -> None:
    """A reader that is far behind gets the newest entries only."""
    inner = feed._page

    def page(node: NodeContext, request: Any, organ: str, cursor: int, view: ReadView) -> Any:
        newest = view.head().size - FEW
        return inner(node, request, organ, max(cursor, newest) if cursor else cursor, view)

    feed._page = page


FAULTS: Final[Mapping[str, Callable[[], None]]] = {
    "accepts-again": _accepts_again,
    "believes-the-clock": _believes_the_clock,
    "forgets-the-slow": _forgets_the_slow,
    "ignores-the-reserve": _ignores_the_reserve,
}

if __name__ == "__main__":
    node_forks.PLANTED = {**node_forks.PLANTED, **FAULTS}  # type: ignore[misc]
    control(Path(sys.argv[1]).parent / MACHINE)
    node_forks.main()
