"""An axis on a machine whose clock and disk the test controls."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import define

from tests.e2e.forked_axis import ForkedAxis, forked_axis
from tests.operation.operation_forks import MACHINE

PROGRAM: Final = Path(__file__).with_name("operation_forks.py")


@define(eq=False)
class Machine:
    """What the node believes about its machine; what is not set is as it is."""

    path: Path

    def set(self, **facts: int) -> None:
        """Change what the node sees: ``clock_s``, ``free``, ``volume``."""
        known = json.loads(self.path.read_text("utf-8")) if self.path.exists() else {}
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(known | facts), "utf-8")
        part.rename(self.path)


@contextmanager
def axis_on_a_machine(
    folder: Path,
    names: Mapping[str, str],
    *,
    planted: str = "",
    facts: Mapping[str, int] | None = None,
    **settings: Any,
) -> Iterator[tuple[ForkedAxis, Machine]]:
    """A running axis; *planted* names a fault of ``operation_forks`` or ``node_forks``."""
    folder.mkdir(parents=True, exist_ok=True)
    machine = Machine(folder / MACHINE)
    machine.set(**(facts or {}))
    with forked_axis(folder, names, planted=planted, program=PROGRAM, **settings) as axis:
        yield axis, machine
