"""Run or replay schedules by hand: ``python -m tests.simulation --seed 7 --steps 300 --show``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import Final

from tests.simulation.invariants import Broken
from tests.simulation.schedule import Step, generate
from tests.simulation.shrink import shrink
from tests.simulation.world import World

STEPS: Final = 250


def _broken(seed: int, part: Sequence[Step]) -> Broken | None:
    return World(seed).run(part).broken


def main() -> int:
    """Run the seeds that are asked for; a failing one is shrunk and shown."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of each schedule")
    parser.add_argument("--show", action="store_true", help="print the trace")
    options = parser.parse_args()
    began = time.monotonic()
    for seed in range(options.seed, options.seed + options.seeds):
        schedule = generate(seed, options.steps)
        result = World(seed).run(schedule)
        if options.show:
            print("\n".join(result.trace))
        if result.broken is not None:
            print(f"seed {seed}: {result.broken}")
            short = shrink(schedule, partial(_broken, seed))
            print(f"shrunk from {len(schedule)} to {len(short)} steps:")
            print("\n".join(World(seed).run(short).trace))
            return 1
        print(f"seed {seed}: ok {result.digest} {result.counts}")
    print(f"{options.seeds} seeds in {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
