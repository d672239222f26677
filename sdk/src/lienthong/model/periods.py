"""Stretches of days, half open, of which either end may not be known."""

from __future__ import annotations

from datetime import date

from lienthong.model.checks import refuse


def covers(start: date | None, end: date | None, day: date) -> bool:
    """Whether a day lies in a period; *end* is the first one that does not."""
    return (start is None or start <= day) and (end is None or day < end)


def check_period(instance: object, start: date | None, end: date | None) -> None:
    """Refuse a value whose period ends before it begins.

    Raises:
        InvalidValue: it does; its ``valid_to`` is named.
    """
    if start is not None and end is not None and end < start:
        expected = f"a day not before {start.isoformat()}"
        raise refuse(instance, "valid_to", found=end.isoformat(), expected=expected)
