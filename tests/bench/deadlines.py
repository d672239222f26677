"""How quickly deadlines are computed: one core, random instants of ten years."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from lienthong.data import DEFAULT_CALENDAR, DEFAULT_RULE_SET
from lienthong.model.time import VIETNAM
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.rules.calendar_table import calendar_of
from lienthong.rules.deadlines import forward_by, forward_urgent_by, received_at, send_by
from tests.bench.rows import Row

INSTANTS: Final = 100_000
ROUNDS: Final = 10
"""Parts of the instants that are timed by themselves."""

LIMIT: Final = 200_000
"""Wanted a second."""

FIRST: Final = datetime(2018, 1, 1, tzinfo=VIETNAM)
SECONDS: Final = 3640 * 86_400
"""Ends before the calendar does, so that every deadline lies in it."""


def rows() -> list[Row]:
    """Deadlines a second, by rule."""
    calendar = calendar_of(find_calendar(DEFAULT_CALENDAR), find_rule_set(DEFAULT_RULE_SET))
    chance = random.Random("deadlines")
    instants = [FIRST + timedelta(seconds=chance.randrange(SECONDS)) for _ in range(INSTANTS)]
    hours = timedelta(hours=2)
    rules: dict[str, Callable[[datetime], object]] = {
        "T2, received": lambda instant: received_at(instant, calendar),
        "T3, send by": lambda instant: send_by(instant, calendar),
        "T6, send on by": lambda instant: forward_by(instant, calendar),
        "T6, urgent, 2 hours": lambda instant: forward_urgent_by(instant, hours, calendar),
    }
    return [
        Row(
            name=f"deadlines: {name}",
            value=_rate(rule, instants),
            unit="1/s",
            limit=LIMIT,
            limited_by="wanted, one core",
        )
        for name, rule in rules.items()
    ]


def _rate(rule: Callable[[datetime], object], instants: Sequence[datetime]) -> float:
    """A second of one core, in the best of some rounds: others' work is not the rules' time."""
    return max(_round(rule, instants[number::ROUNDS]) for number in range(ROUNDS))


def _round(rule: Callable[[datetime], object], instants: Sequence[datetime]) -> float:
    started = time.process_time()
    for instant in instants:
        rule(instant)
    return len(instants) / (time.process_time() - started)
