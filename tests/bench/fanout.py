"""One document to a hundred organisations: what the others cost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lienthong.client import Client, Profile
from tests.bench.rows import Row, percentile
from tests.bench.samples import RECIPIENT, SENDER, make_axis, make_sending

OTHERS: Final = tuple(f"000.{group:02d}.{unit:02d}.H53" for group in (20, 21) for unit in range(50))
DOCUMENTS: Final = 30


def rows(folder: Path) -> list[Row]:
    """Milliseconds to the receipt with one and with a hundred recipients."""
    axis = make_axis(folder, others=OTHERS)
    with axis.running(), Client(Profile.load(axis.profile(SENDER))) as sender:
        one = _median(sender, [RECIPIENT])
        hundred = _median(sender, OTHERS)
    return [
        Row(name="receipt, 1 recipient, p50", value=one, unit="ms"),
        Row(name=f"receipt, {len(OTHERS)} recipients, p50", value=hundred, unit="ms"),
        Row(
            name=f"extra for {len(OTHERS)} recipients",
            value=hundred - one,
            unit="ms",
            limit=10,
            limited_by="budget of DESIGN §11",
        ),
    ]


def _median(sender: Client, recipients: Sequence[str]) -> float:
    taken: list[float] = []
    for number in range(DOCUMENTS + 3):
        sending = make_sending(number, 10_000)
        started = time.perf_counter()
        sender.send(sending.document, sending.files, recipients)
        taken.append((time.perf_counter() - started) * 1000)
    return percentile(taken[3:], 0.5)
