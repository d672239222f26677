"""The bench: every figure beside the limits of the machine, measured in one run.

    python -m tests.bench                     # all, about six minutes
    python -m tests.bench --only lives        # limits and full lives
    python -m tests.bench --out figures.json --large-mib 2048

The machine should do nothing else meanwhile; the ratios forgive what is left of that.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from lienthong_node.certificates import KeyKind
from tests.bench import (
    deadlines,
    fanout,
    files,
    latency,
    limits,
    lives,
    recovery,
    small,
    transfer,
    trust_cost,
)
from tests.bench.rows import Row, table, write_json

PARTS = (
    "lives",
    "latency",
    "fanout",
    "transfer",
    "recovery",
    "deadlines",
    "trust",
    "files",
    "small",
)


def main() -> None:
    """Run what is asked for, print the table, write JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="may be repeated")
    parser.add_argument("--documents", type=int, default=3000, help="full lives of a run")
    parser.add_argument("--seconds", type=float, default=10, help="of each latency")
    parser.add_argument("--large-mib", type=int, default=512, help="size of the large file")
    parser.add_argument("--pending", type=int, default=100_000, help="deliveries at the kill")
    parser.add_argument("--out", type=Path, help="a file for the rows as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = _run(Path(folder), options)
    print(f"{platform.python_implementation()} {platform.python_version()}\n")
    print(table(rows))
    if options.out is not None:
        write_json(rows, options.out)


def _run(folder: Path, options: argparse.Namespace) -> list[Row]:
    found = limits.measure(folder / "limits")
    rows = limits.rows(found)
    parts: dict[str, Callable[[], list[Row]]] = {
        "lives": lambda: lives.rows(folder / "lives", found, options.documents),
        "latency": lambda: latency.rows(
            folder / "latency", _highest(folder, rows, options.documents), options.seconds
        ),
        "fanout": lambda: fanout.rows(folder / "fanout"),
        "transfer": lambda: transfer.rows(folder / "transfer", found, options.large_mib),
        "recovery": lambda: recovery.rows(folder / "recovery", options.pending),
        "deadlines": deadlines.rows,
        "trust": lambda: trust_cost.rows(folder / "trust"),
        "files": lambda: files.rows(
            folder / "files", _highest(folder, rows, options.documents), options.seconds
        ),
        "small": small.rows,
    }
    for name in options.only or PARTS:
        print(f"measuring {name} …", file=sys.stderr)
        rows += parts[name]()
    return rows


def _highest(folder: Path, rows: list[Row], documents: int) -> float:
    """Full lives a second: what was measured before, or now."""
    for row in rows:
        if row.name == f"full lives, 10 kB, {KeyKind.P256.value}":
            return row.value
    return lives.measure(folder / "highest", KeyKind.P256, [10_000] * documents).per_second


if __name__ == "__main__":
    main()
