"""Rows of the bench: a figure beside the limit of the machine that it is measured against."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attrs import asdict, frozen


@frozen(kw_only=True)
class Row:
    """One figure of one run."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    """The same machine's limit in the same run and unit; None where there is none."""

    limited_by: str = ""
    """What the limit is."""

    @property
    def ratio(self) -> float | None:
        return None if not self.limit else self.value / self.limit


def table(rows: Iterable[Row]) -> str:
    """Rows as a Markdown table, for people and for the documentation."""
    lines = ["| what | value | unit | limit | ratio | limited by |", "|---|--:|---|--:|--:|---|"]
    for row in rows:
        limit = "" if row.limit is None else _number(row.limit)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        line = (row.name, _number(row.value), row.unit, limit, ratio, row.limited_by)
        lines.append("| " + " | ".join(line) + " |")
    return "\n".join(lines)


def write_json(rows: Iterable[Row], target: Path) -> None:
    """Rows with name, value, unit, limit and ratio."""
    found: list[dict[str, Any]] = [asdict(row) | {"ratio": row.ratio} for row in rows]
    target.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def percentile(values: Iterable[float], part: float) -> float:
    """The value below which *part* (0 to 1) of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"
