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
from attrs import evolve

from lienthong.client import Client, Profile
from lienthong.errors import NotFound
from lienthong.model.ids import PackageId
from tests.e2e.conftest import NAMES, A, B
from tests.e2e.forked_axis import ForkedAxis, forked_axis
from tests.e2e.history import (
    Entry,
    Event,
    digest,
    judge,
    newest_events,
    read_events,
    read_journal,
)
from tests.e2e.load_process import loaded

KILLS: Final = int(os.environ.get("LIENTHONG_KILLS", "50"))
SEED: Final = int(os.environ.get("LIENTHONG_SEED", "20191"))
LIVES_S: Final = (0.05, 1.5)
"""How long a node lives before it is killed."""

PLANTED_KILLS: Final = 15
ASKED_AGAIN: Final = 20


def test_nothing_acknowledged_is_lost_when_the_node_is_killed(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    print(f"seed {SEED}, {KILLS} kills")
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
    assert faults + judge(events, journal) == []
    assert events[-1]["what"] == "end"
    report(events, ready, seconds)


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
    newest = [event for event in events if event["what"] == "sent"][-ASKED_AGAIN:]
    return [event["id"] for event in newest if receipt_now(clients, event) != event["sha"]]


def receipt_now(clients: Mapping[str, Client], event: Event) -> str:
    try:
        return digest(clients[event["by"]].receipt(PackageId.parse(event["id"])))
    except NotFound:
        return "lost"


def report(events: Sequence[Event], ready: Sequence[float], seconds: float) -> None:
    """Figures of the run, shown by ``pytest -s``."""
    counts = Counter(event["what"] for event in events)
    rate = counts["send"] / seconds
    slowest = sorted(ready)[-max(1, len(ready) // 100)]
    print(f"{dict(counts)}; {rate:.0f} documents/s; answers again after at most {slowest:.2f} s")


GOOD_EVENTS: Final[tuple[Event, ...]] = (
    {"what": "send", "id": "p", "to": ["B"]},
    {"what": "sent", "id": "p", "index": 0, "sha": "r0", "by": "A"},
    {"what": "read", "reader": "reader B", "index": 0, "id": "p"},
    {"what": "accepted", "id": "p", "organ": "B", "index": 1},
    {"what": "read", "reader": "reader B", "index": 1, "id": "s"},
)
BOTH: Final = frozenset({"A", "B"})
GOOD_JOURNAL: Final = (
    Entry(index=0, id="p", parties=BOTH, receipt="r0"),
    Entry(index=1, id="s", parties=BOTH, receipt="r1", accepted=(("p", "B"),)),
)
AGAIN: Final = evolve(GOOD_JOURNAL[1], index=2, id="t")

BAD: Final[dict[str, tuple[Sequence[Event], Sequence[Entry]]]] = {
    "is lost": (GOOD_EVENTS[:4], GOOD_JOURNAL[:1]),
    "was acknowledged as entry 0": (GOOD_EVENTS, (evolve(GOOD_JOURNAL[0], id="q"), AGAIN)),
    "has it not": (GOOD_EVENTS, (GOOD_JOURNAL[0], evolve(GOOD_JOURNAL[1], accepted=()))),
    "never answered": (GOOD_EVENTS[:1], GOOD_JOURNAL),
    "another one than before": (GOOD_EVENTS, (evolve(GOOD_JOURNAL[0], receipt="x"),)),
    "in place of": (GOOD_EVENTS, (GOOD_JOURNAL[0], AGAIN)),
    "in the journal 2 times": (GOOD_EVENTS, (*GOOD_JOURNAL, evolve(GOOD_JOURNAL[0], index=2))),
    "confirmed 2 times": (GOOD_EVENTS, (*GOOD_JOURNAL, AGAIN)),
    "did not see": (GOOD_EVENTS[:4], GOOD_JOURNAL),
    "that is not there": (GOOD_EVENTS, GOOD_JOURNAL[:1]),
    "twice": ((*GOOD_EVENTS, GOOD_EVENTS[4]), GOOD_JOURNAL),
    "out of order": ((*GOOD_EVENTS[:2], GOOD_EVENTS[4], GOOD_EVENTS[2]), GOOD_JOURNAL),
}


def test_checker_accepts_a_good_history() -> None:
    assert judge(GOOD_EVENTS, GOOD_JOURNAL) == []


@pytest.mark.parametrize("fault", BAD)
def test_checker_finds(fault: str) -> None:
    assert [found for found in judge(*BAD[fault]) if fault in found]
