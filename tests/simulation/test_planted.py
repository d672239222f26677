"""Each planted defect is found by the invariants of the simulation."""

from __future__ import annotations

import pytest

from tests.conftest import Figure
from tests.simulation.planted import PLANTED, Planted
from tests.simulation.schedule import ROLLING_BACK, Step, generate
from tests.simulation.shrink import shrink
from tests.simulation.world import Faults, Result, World, simulate
from tests.tiers import SEED, tier

SEEDS = 40
STEPS = 200


def found_by(planted: Planted) -> tuple[int, Result]:
    """The first seed whose schedule shows the defect."""
    for seed in range(SEED, SEED + SEEDS):
        result = simulate(seed, STEPS, planted.faults, more=planted.more)
        if result.broken is not None:
            return seed, result
    pytest.fail(f"not found by {SEEDS} seeds from {SEED} on")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.planted(name)) for name in PLANTED]
)
def test_planted_defect_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = PLANTED[name]
    planted.plant(monkeypatch)
    seed, result = found_by(planted)
    assert result.broken is not None
    assert result.broken.invariant in planted.breaks, f"seed {seed}: {result.broken}"


def test_rollback_is_found_by_the_clients_themselves(figure: Figure) -> None:
    """L-04, D-09: with the check in place, nobody believes two journals."""
    results = [
        simulate(seed, STEPS, Faults(rolls_back=True), more=ROLLING_BACK)
        for seed in range(SEED, SEED + tier(10, 400))
    ]
    broken = [str(result.broken) for result in results if result.broken is not None]
    forks = [text for text in broken if text.startswith("FORK")]
    found = f"{len(results)} rolled back journals, {len(broken) - len(forks)} believed"
    figure("D-20", wanted="0 forks believed", found=found)
    assert forks
    assert broken == forks


@pytest.mark.parametrize("name", ["receipt regenerated", "clock going backward accepted"])
def test_failure_shrinks_to_what_it_needs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = PLANTED[name]
    planted.plant(monkeypatch)
    seed, result = found_by(planted)
    schedule = generate(seed, STEPS)

    def run(part: tuple[Step, ...]) -> Result:
        return World(seed, planted.faults).run(part)

    short = shrink(schedule, lambda part: run(tuple(part)).broken, max_runs=tier(60, 400))
    again = run(short)
    print("\n".join(again.trace))
    assert again.broken is not None
    assert result.broken is not None
    assert again.broken.invariant == result.broken.invariant
    assert len(short) <= STEPS // 4, f"seed {seed}: {len(short)} steps"
