"""Judge the coverage of the core: at least 95 % of its lines and 95 % of its branches.

``core_coverage.py REPORT FIGURES`` reads what ``coverage json`` has written, prints a line a part,
notes the lowest for the table of figures and ends with exit code 1 where a part is below. The core
is what decides and what proves.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

LEAST: Final = 95.0
"""Per cent, of lines and of branches each."""

CORE: Final[Mapping[str, str]] = {
    "flow": "lienthong/flow/",
    "model": "lienthong/model/",
    "codec": "lienthong/codec/",
    "evidence": "lienthong/evidence/",
    "pki": "lienthong/pki/",
    "rules": "lienthong/rules/",
    "core": "lienthong_node/core/",
    "deciding": "lienthong_node/deciding.py",
    "committer": "lienthong_node/committer.py",
}
"""Where each part lies below a ``src`` folder."""


def shares(report: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Per cent of lines and of branches that were run, by part; nothing measured is nothing run."""
    found: dict[str, tuple[float, float]] = {}
    for part, place in CORE.items():
        rows = [
            file["summary"]
            for name, file in report["files"].items()
            if f"/{place}" in PurePosixPath("/", name.replace("\\", "/")).as_posix()
        ]
        lines = _share(rows, "covered_lines", "num_statements")
        found[part] = lines, _share(rows, "covered_branches", "num_branches")
    return found


def complaints(found: Mapping[str, tuple[float, float]]) -> list[str]:
    """The parts of which too little was run."""
    return [
        f"{part}: {lines:.1f} % of lines, {branches:.1f} % of branches, wanted {LEAST:.0f} %"
        for part, (lines, branches) in found.items()
        if min(lines, branches) < LEAST
    ]


def _share(rows: list[Mapping[str, int]], run: str, there: str) -> float:
    total = sum(row[there] for row in rows)
    return 100.0 * sum(row[run] for row in rows) / total if total else 0.0


def figure(found: Mapping[str, tuple[float, float]]) -> dict[str, str]:
    """The row of the table of figures."""
    lowest = min(found, key=lambda part: min(found[part]))
    lines, branches = found[lowest]
    return {
        "test": "P-08",
        "outcome": "FAILED" if complaints(found) else "ok",
        "found": f"lowest of {len(found)} parts: {lowest}, {lines:.1f} % and {branches:.1f} %",
        "wanted": f"each part of the core >= {LEAST:.0f} % of lines and of branches",
        "where": "tools/core_coverage.py",
    }


def main(path: Path, figures: Path) -> int:
    found = shares(json.loads(path.read_text("utf-8")))
    figures.parent.mkdir(parents=True, exist_ok=True)
    figures.write_text(json.dumps([figure(found)]), "utf-8")
    for part, (lines, branches) in found.items():
        print(f"{part:10} {lines:5.1f} % of lines {branches:5.1f} % of branches")
    wrong = complaints(found)
    for line in wrong:
        print(f"too little: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
