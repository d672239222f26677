"""What the judge of a history finds."""

from __future__ import annotations

import enum

from attrs import frozen


class Promise(enum.Enum):
    """The invariants that a history can break."""

    I1 = "nothing acknowledged is lost"
    I2 = "nothing is delivered that was not accepted, and nothing altered"
    I3 = "one effect: nothing twice"
    I4 = "order: sequences and cursors never go back"
    I5 = "a receipt is final"
    I6 = "the journal is only appended to"


@frozen(kw_only=True)
class Finding:
    """One break of a promise."""

    promise: Promise
    text: str
    line: int = 0
    """Of the history, from 1; 0 where no single line shows it."""

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{self.promise.name}: {where}{self.text}"
