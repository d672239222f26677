"""Running a state machine against a plugin."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def run(machine: Callable[[], RuleBasedStateMachine], *, examples: int, steps: int) -> None:
    """Run a machine many times; the rest of the settings is the caller's Hypothesis profile.

    Raises:
        AssertionError: with the shortest sequence of calls that the store answers wrongly.
    """
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        # Explaining a failure repeats it for minutes on a store that syncs.
        phases=[phase for phase in settings().phases if phase is not Phase.explain],
        suppress_health_check=list(HealthCheck),
    )
    # It takes any factory, but is annotated for classes only.
    run_state_machine_as_test(cast("type[RuleBasedStateMachine]", machine), settings=chosen)
