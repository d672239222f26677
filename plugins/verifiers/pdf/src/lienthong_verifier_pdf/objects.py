"""Reading entries of PDF objects, which may be there or stand for others."""

from __future__ import annotations

from typing import Any


def entry(holder: Any, *names: str) -> Any:
    """What an entry of a dictionary holds, or of one in it, and so on; None where there is none.

    Args:
        holder: a dictionary of pyHanko.
        names: from the outer to the inner one, each with its slash.
    """
    for name in names:
        # Unlike get, this follows a reference to what it stands for.
        holder = holder[name] if name in holder else None  # noqa: SIM401
        if holder is None:
            return None
    return holder


def form_fields(reader: Any) -> list[Any]:
    """The form's fields that are not nested in others.

    Args:
        reader: of pyHanko.
    """
    fields = entry(reader.root, "/AcroForm", "/Fields") or ()
    return [one.get_object() for one in fields]


def numbers(found: Any) -> list[float]:
    """The numbers of an array; none for what is no array."""
    return [float(number) for number in found or ()]
