"""The small budgets of DESIGN §11: starting the SDK, reading a manifest, verifying a receipt."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Final

from lienthong.codec.signed import load_manifest
from lienthong.evidence.receipt import CheckpointCache, verify_receipt
from lienthong.testing.case import CaseBuilder
from tests.bench.rows import Row

STARTS: Final = 9
ROUNDS: Final = 9
EACH: Final = 300
START_MS: Final = 150.0
MANIFEST_US: Final = 60.0
RECEIPT_US: Final = 1000.0
BUDGET: Final = "budget of DESIGN §11"


def rows() -> list[Row]:
    """Each in the best of several rounds: what else the machine does only adds."""
    case = CaseBuilder()
    case.send(b"content")
    [entry] = case.entries
    key, cache = case.journal.key, CheckpointCache()
    bare = _start_ms("-c", "pass")
    found = (
        ("import lienthong", _start_ms("-c", "import lienthong") - bare, "ms", START_MS),
        ("lienthong --version", _start_ms("-m", "lienthong", "--version") - bare, "ms", START_MS),
        (
            "strict decoding of a manifest",
            _cpu_us(lambda: load_manifest(entry.envelope.payload)),
            "µs of CPU",
            MANIFEST_US,
        ),
        (
            "verifying a receipt",
            _cpu_us(lambda: verify_receipt(entry.receipt, key, envelope=entry.envelope)),
            "µs of CPU",
            RECEIPT_US,
        ),
        (
            "verifying a receipt, checkpoint known",
            _cpu_us(
                lambda: verify_receipt(entry.receipt, key, envelope=entry.envelope, cache=cache)
            ),
            "µs of CPU",
            RECEIPT_US,
        ),
    )
    return [
        Row(name=name, value=value, unit=unit, limit=limit, limited_by=BUDGET)
        for name, value, unit, limit in found
    ]


def _start_ms(*arguments: str) -> float:
    """Milliseconds that an interpreter lives."""

    def once() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        return time.perf_counter() - began

    return min(once() for _ in range(STARTS)) * 1e3


def _cpu_us(call: Callable[[], object]) -> float:
    """Microseconds of CPU of one call."""

    def once() -> float:
        began = time.process_time()
        for _ in range(EACH):
            call()
        return (time.process_time() - began) / EACH

    return min(once() for _ in range(ROUNDS)) * 1e6
