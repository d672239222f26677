"""D-06: below the disk reserve new packages are refused and nothing else, without a restart.

The disk is simulated here, so that no rights are needed; ``tests/e2e/test_disk_full.py`` fills a
real one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from lienthong.client import PreparedPackage
from lienthong.errors import DiskFull
from lienthong.model.journal import Receipt
from tests.conftest import Figure
from tests.e2e.conftest import NAMES
from tests.e2e.test_disk_full import MEDIUM, SMALL, accepted_within, both, goes_on, lost, send
from tests.operation.machine import Machine, axis_on_a_machine
from tests.tiers import tier

GIB: Final = 1024**3
VOLUME: Final = 100 * GIB
RESERVE: Final = VOLUME // 20
ROUNDS: Final = tier(3, 50)
PATIENCE_S: Final = 30.0


def test_below_five_per_cent_only_new_packages_are_refused(tmp_path: Path, figure: Figure) -> None:
    """The rule when the settings say nothing."""
    refused, gone = fill_and_free(tmp_path / "axis", ROUNDS)
    figure(
        "D-06",
        wanted=f"{2 * ROUNDS} packages refused below 5 %, 0 lost, no restart",
        found=f"{refused} refused in {ROUNDS} rounds, {len(gone)} lost, no restart",
    )
    assert refused == 2 * ROUNDS
    assert gone == []


@pytest.mark.planted("ignored disk reserve")
def test_a_node_that_ignores_the_reserve_would_be_caught(tmp_path: Path) -> None:
    refused, _ = fill_and_free(tmp_path / "axis", 1, planted="ignores-the-reserve")
    assert refused == 0


def fill_and_free(folder: Path, rounds: int, *, planted: str = "") -> tuple[int, Sequence[str]]:
    """Fill the disk and free it again; how often packages were refused, and what was lost.

    Feeds, downloads, reports and repetitions must work all the time.
    """
    sent: list[tuple[PreparedPackage, Receipt]] = []
    refused = 0
    with (
        axis_on_a_machine(
            folder, NAMES, planted=planted, disk_reserve_bytes=None, facts={"volume": VOLUME}
        ) as (axis, machine),
        both(axis) as (sender, recipient),
    ):
        for number in range(1, rounds + 1):
            with free(machine, RESERVE):
                sent.append(accepted_within(PATIENCE_S, sender, MEDIUM))
            with free(machine, RESERVE - 1):
                # The node looks at the disk a few times a second.
                time.sleep(0.3)
                for size in (SMALL, MEDIUM):
                    try:
                        sent.append(send(sender, size))
                    except DiskFull:
                        refused += 1
                goes_on(sender, recipient, *sent[-1], number)
        sent.append(accepted_within(PATIENCE_S, sender, SMALL))
        axis.stop()
        return refused, lost(axis, sent)


@contextmanager
def free(machine: Machine, size: int) -> Iterator[None]:
    """So many bytes are free for a while; plenty afterwards."""
    machine.set(free=size)
    yield
    machine.set(free=VOLUME)
