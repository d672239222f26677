"""Figures of deadlines: what was told is counted, what is open is shown as it was counted last."""

from __future__ import annotations

from datetime import date, datetime

from lienthong.model.time import VIETNAM
from lienthong_node.metrics import Metrics


def figure(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"lienthong_deadlines_{name}", labels)


def test_told_ones_add_up() -> None:
    metrics = Metrics()
    metrics.deadlines_told({("TAKEN", "AT_RISK"): 2})
    metrics.deadlines_told({("TAKEN", "AT_RISK"): 1, ("TAKEN", "OVERDUE"): 1})
    assert figure(metrics, "told_total", kind="TAKEN", stage="AT_RISK") == 3
    assert figure(metrics, "told_total", kind="TAKEN", stage="OVERDUE") == 1


def test_a_kind_without_open_ones_is_0_again() -> None:
    metrics = Metrics()
    metrics.deadlines_counted({"TAKEN": 2, "REPLIED": 1}, {"TAKEN": 1})
    metrics.deadlines_counted({"REPLIED": 1}, {})
    assert figure(metrics, "open", kind="TAKEN") == 0
    assert figure(metrics, "overdue", kind="TAKEN") == 0
    assert figure(metrics, "open", kind="REPLIED") == 1


def test_when_the_calendar_ends() -> None:
    metrics = Metrics()
    name = "lienthong_calendar_ends_timestamp_seconds"
    metrics.calendars_end(None)
    assert metrics.registry.get_sample_value(name) == 0
    metrics.calendars_end(date(2026, 12, 31))
    ends = datetime(2027, 1, 1, tzinfo=VIETNAM)
    assert metrics.registry.get_sample_value(name) == ends.timestamp()
