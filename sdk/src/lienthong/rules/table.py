"""Decision tables: rows in the order in which they decide, each with its clause.

The first row that applies and has a value decides; every row that applies is a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from attrs import field, frozen

F = TypeVar("F")
V = TypeVar("V")


@frozen(kw_only=True)
class Row(Generic[F, V]):
    """One row about facts of one kind."""

    number: int
    """As in the regulations' table."""

    clause: str
    en: str
    vi: str
    applies: Callable[[F], bool] = field(repr=False, eq=False)
    value: V | None = None
    """What it decides; None when it only adds something."""


def applying(table: Sequence[Row[F, V]], facts: F) -> tuple[Row[F, V], ...]:
    """The rows that apply, the deciding one first, the others in their order.

    Every table ends with what holds otherwise, or covers all facts; its tests show that.
    """
    found = [row for row in table if row.applies(facts)]
    deciding = next(row for row in found if row.value is not None)
    return (deciding, *(row for row in found if row is not deciding))


def rows_of(
    table: Sequence[Row[F, V]], numbers: Iterable[int], value: V | None = None
) -> tuple[Row[F, V], ...]:
    """The rows of these numbers, in their order; a number that the table does not have is left out.

    Args:
        table: where to look.
        numbers: as they were recorded.
        value: what was decided: of several rows with one number, the one with this value.
    """
    found = [[row for row in table if row.number == number] for number in numbers]
    return tuple(
        next((row for row in rows if row.value == value), rows[0]) for rows in found if rows
    )
