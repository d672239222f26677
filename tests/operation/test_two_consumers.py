"""D-16: two consumers of one inbox, one of them stopped: one acceptance of each document counts.

There are no leases that could expire: whoever reads may accept, and the journal decides. A consumer
that comes late - because it slept, or was stopped for any time - is refused.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from lienthong.client import Client, Profile
from lienthong.errors import ConflictingReport, InvalidMove, LienthongError
from lienthong.model.ids import PackageId
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B
from tests.e2e.history import read_journal
from tests.e2e.raw import Party
from tests.operation.machine import axis_on_a_machine
from tests.tiers import SEED, tier

TRIALS: Final = tier(20, 500)
LATE: Final = frozenset({ConflictingReport.code, InvalidMove.code})
PROGRAM: Final = Path(__file__).with_name("consumer.py")
LONGEST_S: Final = 0.03
"""How long the other consumer may work before it is stopped: an acceptance takes less."""

CONFIRMED: Final = "confirmed"


def test_of_two_acceptances_one_is_confirmed(tmp_path: Path, figure: Figure) -> None:
    outcomes, doubled = race(tmp_path, TRIALS)
    refused = sum(outcomes[code] for code in LATE)
    figure(
        "D-16",
        wanted=f"{TRIALS} races: {TRIALS} confirmed, {TRIALS} refused as late, 0 doubled",
        found=f"{outcomes[CONFIRMED]} confirmed, {refused} refused as late, {len(doubled)} doubled",
    )
    assert doubled == []
    assert outcomes[CONFIRMED] == TRIALS, (outcomes, SEED)
    assert refused == TRIALS, (outcomes, SEED)


@pytest.mark.planted("late acceptance confirmed")
def test_a_second_acceptance_would_be_caught(tmp_path: Path) -> None:
    outcomes, doubled = race(tmp_path, 3, planted="accepts-again")
    assert doubled
    assert outcomes[CONFIRMED] > 3


def race(folder: Path, trials: int, *, planted: str = "") -> tuple[Counter[str], Sequence[str]]:
    """Let both consumers accept each document; outcomes, and deliveries confirmed twice."""
    chance, outcomes = random.Random(SEED), Counter[str]()
    with axis_on_a_machine(folder / "axis", NAMES, planted=planted) as (axis, _):
        with (
            Party.opened(axis.profile(A)) as sender,
            Client(Profile.load(axis.profile(B))) as here,
            consumer(axis.profile(B)) as there,
        ):
            for number in range(1, trials + 1):
                package_id = sender.send(B)
                there.begin(package_id, 2 * number)
                time.sleep(chance.uniform(0, LONGEST_S))
                with there.stopped():
                    outcomes[accepted(here, package_id, 2 * number + 1)] += 1
                outcomes[there.outcome()] += 1
        axis.stop()
        journal, faults = read_journal(axis.data)
    counts = Counter(delivery for entry in journal for delivery in entry.accepted)
    return outcomes, [*faults, *(str(name) for name, count in counts.items() if count != 1)]


def accepted(client: Client, package_id: PackageId, number: int) -> str:
    """What became of an acceptance under a register number: confirmed, or an error code."""
    try:
        client.accept(package_id, register_number=number)
    except LienthongError as error:
        return error.code
    return CONFIRMED


class Consumer:
    """A process that accepts what it is told; it can be stopped at any moment."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def begin(self, package_id: PackageId, number: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([str(package_id), number]) + "\n")
        self._process.stdin.flush()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The process does nothing for a while, wherever it is."""
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def outcome(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def consumer(profile: Path) -> Iterator[Consumer]:
    with subprocess.Popen(  # our own interpreter and program
        [sys.executable, str(PROGRAM), str(profile)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield Consumer(process)
        finally:
            process.kill()
