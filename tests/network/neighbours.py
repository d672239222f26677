"""Honest organisations that go on calling during an attack; what happens to them is counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final, Self

from attrs import define, field

from lienthong_node.local import LocalAxis
from tests.e2e.conftest import B, C, D
from tests.e2e.raw import Answer, Party

PAUSE_S: Final = 0.005
AT_LEAST: Final = 5
"""Calls that each makes, however short the attack is."""


@define(eq=False)
class Neighbours:
    """Calls of each, and the answers that were no good."""

    calls: Counter[str] = field(factory=Counter)
    failed: list[Answer] = field(factory=list)

    @classmethod
    @contextmanager
    def calling(cls, axis: LocalAxis, codes: Sequence[str] = (B, C, D)) -> Iterator[Self]:
        """Let them call until the block ends."""
        made, stop = cls(), threading.Event()
        with ExitStack() as stack:
            threads = [
                threading.Thread(
                    target=made._call,
                    args=(stack.enter_context(Party.opened(axis.profile(code))), stop),
                )
                for code in codes
            ]
            for thread in threads:
                thread.start()
            try:
                yield made
            finally:
                stop.set()
                for thread in threads:
                    thread.join()

    @property
    def summary(self) -> str:
        return f"{sum(self.calls.values())} calls of others, {len(self.failed)} failed"

    def check(self) -> None:
        """Every call has succeeded.

        Raises:
            AssertionError: one has not.
        """
        assert not self.failed, self.failed[:3]
        assert self.calls
        assert min(self.calls.values()) >= AT_LEAST

    def _call(self, party: Party, stop: threading.Event) -> None:
        while not stop.wait(PAUSE_S) or self.calls[party.organ] < AT_LEAST:
            answer = party.ask("Directory/GetOrganisation", b"")
            self.calls[party.organ] += 1
            if not answer.ok:
                self.failed.append(answer)
