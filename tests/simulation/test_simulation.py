"""D-20, D-18, D-23: no schedule breaks an invariant, and every schedule can be played again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.conftest import Figure
from tests.simulation.invariants import Broken
from tests.simulation.media import Medium, MemoryDisk, SQLiteDisk
from tests.simulation.schedule import UPLOADING, USUAL, WAITING, Step, generate
from tests.simulation.shrink import shrink
from tests.simulation.world import Faults, Result, World, simulate
from tests.tiers import SEED, tier

STEPS = tier(300, 1000)
ROOT = Path(__file__).parents[2]
SECONDS = 120.0
"""After that, a process hangs."""


def run(
    seeds: int,
    steps: int,
    medium: Callable[[], Medium] = MemoryDisk,
    more: Mapping[str, float] = USUAL,
) -> tuple[Counter[str], list[str]]:
    """Run so many seeds; what happened in them, and what was broken."""
    counts: Counter[str] = Counter()
    broken = []
    for seed in range(SEED, SEED + seeds):
        result = simulate(seed, steps, medium=medium, more=more)
        counts.update(result.counts)
        if result.broken is not None:
            broken.append(f"seed {seed}, {steps} steps: {result.broken}")
            if len(broken) == 1:
                show_shrunk(seed, generate(seed, steps, more), medium)
    return counts, broken


def show_shrunk(seed: int, schedule: Sequence[Step], medium: Callable[[], Medium]) -> None:
    """Print the trace of what a failure needs; ``python -m tests.simulation`` plays it again."""
    short = shrink(schedule, lambda part: World(seed, Faults(), medium()).run(part).broken)
    print("\n".join(World(seed, Faults(), medium()).run(short).trace))


def test_no_schedule_breaks_an_invariant(figure: Figure) -> None:
    seeds = tier(80, 10_000)
    counts, broken = run(seeds, STEPS)
    found = f"{seeds} seeds x {STEPS} steps from {SEED}, {len(broken)} broken"
    found += f" ({counts['acknowledged']} receipts, {counts['crash']} crashes)"
    figure("D-20", wanted="0 broken", found=found)
    jumps = f"{counts['jump']} jumps of the node's clock of up to 400 days, 0 times back"
    figure("D-18", wanted="log time monotone", found=jumps if not broken else "see D-20")
    assert broken == []
    for what in ("acknowledged", "crash", "jump", "page", "head", "refused", "uploaded", "sweep"):
        assert counts[what] >= seeds // 2, f"too little of {what}: {counts}"


def test_the_stores_of_the_product_keep_them_too(figure: Figure) -> None:
    seeds = tier(6, 500)
    counts, broken = run(seeds, tier(200, 500), medium=SQLiteDisk)
    found = f"SQLite: {seeds} seeds, {counts['crash']} crashes, {len(broken)} broken"
    figure("D-20", wanted="0 broken", found=found)
    assert broken == []
    assert counts["crash"]


def test_sweeping_never_takes_what_was_accepted(figure: Figure) -> None:
    """D-23: dropping unfinished and unused files races uploads and submissions here."""
    seeds = tier(12, 2000)
    counts, broken = run(seeds, STEPS, more=UPLOADING)
    found = f"{counts['sweep']} sweeps, {counts['uploaded']} uploads, {len(broken)} broken"
    figure("D-23", wanted="unfinished, unused swept: 0 accepted files removed", found=found)
    assert broken == []
    assert counts["sweep"]
    assert counts["uploaded"]


def test_what_is_late_is_told_once(figure: Figure) -> None:
    """Deadlines against crashes, jumps of the clock and a calendar that changes."""
    seeds = tier(20, 2000)
    counts, broken = run(seeds, STEPS, more=WAITING)
    found = f"{seeds} schedules, {counts['law']} changes of the law, {len(broken)} broken"
    figure("D-20", wanted="each deadline told once, none that was met", found=found)
    assert broken == []
    assert counts["law"]


def test_a_seed_gives_the_same_trace_each_time(figure: Figure) -> None:
    seeds = tier(100, 1000)
    other = [
        seed
        for seed in range(SEED, SEED + seeds)
        if simulate(seed, 30).trace != simulate(seed, 30).trace
    ]
    figure("D-20", wanted="100 of 100 replays equal", found=f"{seeds - len(other)} of {seeds}")
    assert other == []


def test_a_seed_gives_the_same_trace_in_another_process() -> None:
    found = {traced(hash_seed) for hash_seed in ("0", "1")}
    assert len(found) == 1
    assert simulate(SEED, 80).digest in found.pop()


def traced(hash_seed: str) -> str:
    """What the command says about a seed."""
    command = [sys.executable, "-m", "tests.simulation", "--seed", str(SEED), "--steps", "80"]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=SECONDS,
    )
    return done.stdout.splitlines()[0]


def test_other_seeds_give_other_traces() -> None:
    digests = {simulate(seed, 30).digest for seed in range(SEED, SEED + 5)}
    assert len(digests) == 5


class TestShrinking:
    def test_takes_away_what_is_not_needed(self) -> None:
        schedule = generate(SEED, 120)
        needed = {schedule[17], schedule[80]}

        def broken(part: object) -> Broken | None:
            assert isinstance(part, tuple)
            return Broken("I1", "both are there") if needed <= set(part) else None

        assert set(shrink(schedule, broken)) == needed

    def test_keeps_to_the_same_invariant(self) -> None:
        schedule = tuple(Step("send", number) for number in range(8))

        def broken(part: object) -> Broken | None:
            assert isinstance(part, tuple)
            return Broken("I1" if len(part) > 3 else "I2", "") if part else None

        assert len(shrink(schedule, broken)) == 4

    def test_of_what_does_not_fail_is_refused(self) -> None:
        with pytest.raises(ValueError, match="does not fail"):
            shrink(generate(SEED, 5), lambda _: None)

    def test_a_part_of_a_schedule_can_be_run(self) -> None:
        schedule = generate(SEED, 100)
        result: Result = World(SEED).run(schedule[::3])
        assert result.broken is None
