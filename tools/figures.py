"""Print the figures that all tests have noted: ``figures.py .tox/noted-figures``."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(folder: str) -> int:
    """Print one table; fail when there is none or a row is not ok."""
    rows = [
        row
        for path in sorted(Path(folder).glob("*.json"))
        for row in json.loads(path.read_text(encoding="utf-8"))
    ]
    if not rows:
        print(f"no figures below {folder}: run the environments `promises` and `supply` first")
        return 1
    rows.sort(key=lambda row: (row["test"], row["where"]))
    width = max(len(row["found"]) for row in rows)
    print(f"{'test':7} {'':6} {'figure':{width}}  wanted")
    for row in rows:
        print(f"{row['test']:7} {row['outcome']:6} {row['found']:{width}}  {row['wanted']}")
    failed = sum(row["outcome"] != "ok" for row in rows)
    print(f"{len(rows)} figures, {failed} not ok")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
