"""A year that passes as quickly as its documents are handled."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from attrs import define

from lienthong_node import opening


@define
class YearClock:
    """The clock of the node and of every client; whoever plays the year sets it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def set_everywhere(clock: YearClock) -> Iterator[None]:
    """Let the node read this clock, wherever it reads the time of day.

    What it waits for by the monotonic clock, and what OpenSSL thinks of TLS certificates, stays
    with the machine.
    """
    real, name = opening.utc_now, "utc_now"
    readers = [
        module
        for path, module in sys.modules.items()
        if path.startswith("lienthong_node") and getattr(module, name, None) is real
    ]
    for module in readers:
        setattr(module, name, clock)
    try:
        yield
    finally:
        # What was imported meanwhile has the year's clock, too.
        for module in list(sys.modules.values()):
            if getattr(module, name, None) is clock:
                setattr(module, name, real)
