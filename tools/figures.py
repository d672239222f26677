"""Print the figures that all tests have noted: ``figures.py .tox/noted-figures``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

REQUIRED: Final = frozenset(
    f"{letter}-{number:02}"
    for letter, numbers in {
        "D": (1, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23),
        "L": (2, 3, 4, 5),
        "N": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17, 18),
        "P": (1, 2, 3, 4, 5, 7, 8),
        "S": (11, 14, 16, 17),
    }.items()
    for number in numbers
)
"""Tests that run everywhere; D-02 needs strace, L-01 reference vectors."""


def main(folder: str) -> int:
    """Print one table; fail when there is none or a row is not ok."""
    rows = [
        row
        for path in sorted(Path(folder).glob("*.json"))
        for row in json.loads(path.read_text(encoding="utf-8"))
    ]
    missing = sorted(REQUIRED - {row["test"] for row in rows})
    rows.sort(key=lambda row: (row["test"], row["where"]))
    width = max((len(row["found"]) for row in rows), default=0)
    print(f"{'test':7} {'':6} {'figure':{width}}  wanted")
    for row in rows:
        print(f"{row['test']:7} {row['outcome']:6} {row['found']:{width}}  {row['wanted']}")
    failed = sum(row["outcome"] != "ok" for row in rows)
    print(f"{len(rows)} figures, {failed} not ok")
    if missing:
        print(
            f"no figure for {', '.join(missing)}: run `e2e`, `promises` and `supply`, or `nightly`"
        )
    return 1 if failed or missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
