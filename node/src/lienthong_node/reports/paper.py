"""A report as it is to be shown: titles, tables and texts, without any format."""

from __future__ import annotations

import enum
from typing import TypeAlias

from attrs import field, frozen

from lienthong.model.checks import as_tuple

Cell: TypeAlias = str | int


class Align(enum.Enum):
    """Where the text of a column stands."""

    LEFT = "LEFT"
    RIGHT = "RIGHT"
    CENTER = "CENTER"


@frozen
class Column:
    """Heading of a column."""

    title: str
    width: int = 10
    """Relative to the other columns."""

    align: Align = Align.LEFT


@frozen(kw_only=True)
class Table:
    """Rows under headings."""

    title: str
    columns: tuple[Column, ...] = field(converter=as_tuple)
    rows: tuple[tuple[Cell, ...], ...] = field(converter=as_tuple, repr=False)
    empty: str = "Không phát sinh."
    """What stands there when there are no rows."""


@frozen(kw_only=True)
class Text:
    """A text under a title."""

    title: str
    text: str = ""
    """Empty where somebody has to write something."""


Block: TypeAlias = Table | Text


@frozen(kw_only=True)
class Paper:
    """One report."""

    kind: str
    organisation: str
    organ_id: str
    title: str
    subtitle: str
    period: str
    first: str
    """First day of the period, ISO 8601; and the last one."""

    last: str
    blocks: tuple[Block, ...] = field(converter=as_tuple)
    source: tuple[tuple[str, str], ...] = field(converter=as_tuple)
    """What it was made from and by which rules, as names and values."""

    reach: tuple[str, ...] = ()
    """The options that make it another report of the same organisation and period."""

    landscape: bool = False
    """Its tables are wide."""

    is_bound: bool = False
    """Its tables are bound separately: each begins a page."""

    issued_by: str = ""
    """Who makes it, where that is not the organisation that it is about."""

    addressees: tuple[str, ...] = field(default=(), converter=as_tuple)
    """To whom it is sent."""

    signed_by: str = "THỦ TRƯỞNG ĐƠN VỊ"
