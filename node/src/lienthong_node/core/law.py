"""The law of the axis as it is stored; what it says is the business of ``lienthong.rules.law``."""

from __future__ import annotations

from lienthong.errors import DataCorrupt, InputError, LaterRelease, UnknownField
from lienthong.rules.law import (
    WHOLE_AXIS,
    Kept,
    Law,
    Subject,
    Value,
    read_value,
    write_value,
)
from lienthong.spi.records import LawRow

__all__ = [
    "WHOLE_AXIS",
    "Kept",
    "Law",
    "Subject",
    "Value",
    "law_row",
    "load_law",
    "read_value",
    "write_value",
]


def law_row(kept: Kept) -> LawRow:
    """A rule set or a calendar as it is stored."""
    subject, organ_id, name = kept.key
    return LawRow(
        subject=subject.value,
        organ_id=organ_id,
        name=name,
        version=kept.version,
        body=write_value(kept.value).encode(),
    )


def load_law(row: LawRow) -> Kept:
    """A stored rule set or calendar.

    Raises:
        LaterRelease: a setting in it is known to later releases only.
        DataCorrupt: it is not what was stored.
    """
    what = f"the {row.subject} {row.name}"
    try:
        value = read_value(Subject(row.subject), row.body.decode())
    except UnknownField as error:
        raise LaterRelease(what=what, key=error.facts["key"]) from error
    except (InputError, ValueError) as error:
        raise DataCorrupt(what=what) from error
    return Kept(organ_id=row.organ_id, value=value, version=row.version)
