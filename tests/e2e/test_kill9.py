"""D-01: the node is killed at random moments under load; nothing acknowledged is ever lost."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from lienthong.client import Client, Profile
from lienthong.errors import NotFound
from lienthong.model.ids import PackageId
from lienthong_node.history import Operation
from tests.conftest import Figure
from tests.e2e.conftest import NAMES, A, B
from tests.e2e.forked_axis import ForkedAxis, forked_axis
from tests.e2e.history import (
    Event,
    acknowledged,
    digest,
    judge,
    newest_events,
    read_events,
    read_journal,
)
from tests.e2e.load_process import loaded
from tests.tiers import SEED, tier

KILLS: Final = int(os.environ.get("LIENTHONG_KILLS") or tier(50, 2000))
LIVES_S: Final = (0.05, 1.5)
"""How long a node lives before it is killed."""

PLANTED_KILLS: Final = 60
"""At most: the first few find it, unless the machine is so busy that hardly anything is sent."""
ASKED_AGAIN: Final = 20


def test_nothing_acknowledged_is_lost_when_the_node_is_killed(
    tmp_path: Path, figure: Figure
) -> None:
    chance = random.Random(SEED)
    ready: list[float] = []
    with (
        forked_axis(tmp_path / "axis", NAMES) as axis,
        asking(axis) as clients,
        loaded(axis, tmp_path, seed=SEED) as load,
    ):
        started = time.monotonic()
        for number in range(1, KILLS + 1):
            ready.append(kill_and_restart(axis, chance))
            assert not load.has_ended, f"after kill {number}: {load.errors}"
            assert changed_receipts(clients, newest_events(load.history)) == [], f"kill {number}"
        seconds = time.monotonic() - started
        assert load.finish() == 0, load.errors
        axis.stop()
        events = read_events(load.history)
        journal, faults = read_journal(axis.data)
    broken = faults + judge(events, journal)
    found = f"{len(broken)} promises broken; {report(events, ready, seconds)}"
    figure("D-01", wanted=f"{KILLS} kills: 0 promises broken", found=found)
    assert broken == [], f"seed {SEED}"
    assert events[-1].op is Operation.END


@pytest.mark.planted("ack before commit")
def test_acknowledging_before_the_commit_would_be_caught(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with (
        forked_axis(tmp_path / "axis", NAMES, planted="acknowledge-before-commit") as axis,
        asking(axis) as clients,
        loaded(axis, tmp_path, seed=SEED) as load,
    ):
        for _ in range(PLANTED_KILLS):
            kill_and_restart(axis, chance)
            if load.has_ended or changed_receipts(clients, newest_events(load.history)):
                break
        load.close()
        axis.stop()
        events = read_events(load.history)
        journal, _ = read_journal(axis.data)
    assert [fault for fault in judge(events, journal) if fault.endswith("is lost")]


def kill_and_restart(axis: ForkedAxis, chance: random.Random) -> float:
    """Let the node live for a while, kill it, start it; returns the seconds until it answers."""
    time.sleep(chance.uniform(*LIVES_S))
    axis.kill()
    killed = time.perf_counter()
    axis.start()
    return time.perf_counter() - killed


@contextmanager
def asking(axis: ForkedAxis) -> Iterator[Mapping[str, Client]]:
    """A client of each sender that asks for receipts again."""
    with Client(Profile.load(axis.profile(A))) as a, Client(Profile.load(axis.profile(B))) as b:
        yield {A: a, B: b}


def changed_receipts(clients: Mapping[str, Client], events: Sequence[Event]) -> list[str]:
    """Which of the packages acknowledged last has another receipt now, or none."""
    newest = acknowledged(events)[-ASKED_AGAIN:]
    return [event.id for event in newest if receipt_now(clients, event) != event.receipt]


def receipt_now(clients: Mapping[str, Client], event: Event) -> str:
    try:
        return digest(clients[event.by].receipt(PackageId.parse(event.id)))
    except NotFound:
        return "lost"


def report(events: Sequence[Event], ready: Sequence[float], seconds: float) -> str:
    """Figures of the run."""
    counts = Counter(f"{event.op.value} {event.type.value}" for event in events)
    rate = counts["send invoke"] / seconds
    slowest = sorted(ready)[-max(1, len(ready) // 100)]
    sent = counts["send invoke"]
    return f"{sent} sent at {rate:.0f}/s, answers again after at most {slowest:.2f} s"
