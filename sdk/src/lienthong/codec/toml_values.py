"""Single values of ``document.toml``: exact types, faults named by their key."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Protocol, TypeAlias, TypeVar

from lienthong.errors import InputError, InvalidValue, NaiveTime, UnknownField
from lienthong.model.checks import shown
from lienthong.model.folding import folded
from lienthong.model.time import parse_date

T = TypeVar("T")

Reader: TypeAlias = Callable[[object, str], Any]
"""Given a value and the path of its key, returns what the model takes."""


class LabelledWord(Protocol):
    """A member of an enumeration with a Vietnamese name."""

    @property
    def name(self) -> str: ...

    @property
    def label_vi(self) -> str: ...


def plain_text(value: object, key: str) -> str:
    """Text."""
    return exact(value, key, str, "text")


def whole_number(value: object, key: str) -> int:
    """A whole number; ``true`` is none."""
    return exact(value, key, int, "a whole number")


def flag(value: object, key: str) -> bool:
    """``true`` or ``false``."""
    return exact(value, key, bool, "true or false")


def text_list(value: object, key: str) -> tuple[str, ...]:
    """A list of texts."""
    items = exact(value, key, list, "a list of texts")
    return tuple(plain_text(item, f"{key}[{place}]") for place, item in enumerate(items))


def text_pairs(value: object, key: str) -> dict[str, str]:
    """A table of texts."""
    table = exact(value, key, dict, "a table of texts")
    return {name: plain_text(item, f"{key}.{name}") for name, item in table.items()}


def calendar_day(value: object, key: str) -> date:
    """A TOML date, or text as YYYY-MM-DD."""
    if isinstance(value, str):
        return parse_date(value, field=key)
    return exact(value, key, date, "a date as YYYY-MM-DD")


def instant(value: object, key: str) -> datetime:
    """A TOML date and time with its zone."""
    found = exact(value, key, datetime, "a time such as 2026-01-05T08:30:00+07:00")
    if found.tzinfo is None:
        raise NaiveTime(field=key, found=found.isoformat(), clause="QĐ 52/2019 Đ10.3")
    return found


def parsed(parse: Callable[[str], T]) -> Reader:
    """Text that an identifier's own parser reads."""

    def read(value: object, key: str) -> T:
        given = plain_text(value, key)
        try:
            return parse(given)
        except InputError as error:
            raise type(error)(**{**error.facts, "field": key}) from error

    return read


def word(kind: type[Enum]) -> Reader:
    """A word of an enumeration, or its Vietnamese name if it has one; case and marks aside."""
    members: list[Any] = list(kind)
    by_text = {folded(getattr(member, "label_vi", member.name)): member for member in members}
    by_text |= {folded(member.name): member for member in members}

    def read(value: object, key: str) -> Any:
        given = plain_text(value, key)
        member = by_text.get(" ".join(folded(given).split()))
        if member is None:
            near = nearest(given.upper(), [item.name for item in members])
            expected = f"→ {near}?" if near else "one of " + ", ".join(m.name for m in members)
            raise InvalidValue(field=key, found=shown(given), expected=expected)
        return member

    return read


def table(build: Callable[..., T], readers: Mapping[str, Reader]) -> Reader:
    """One table that becomes one value."""

    def read(value: object, key: str) -> T:
        rows = exact(value, key, dict, "a table")
        given = read_table(rows, readers, f"{key}.")
        try:
            return build(**given)
        except InputError as error:
            raise located(error, key) from error

    return read


def tables(build: Callable[..., T], readers: Mapping[str, Reader]) -> Reader:
    """A list of tables that become one value each."""
    one = table(build, readers)

    def read(value: object, key: str) -> tuple[T, ...]:
        items = exact(value, key, list, f"tables under [[{key}]]")
        return tuple(one(item, f"{key}[{place}]") for place, item in enumerate(items))

    return read


def read_table(
    rows: Mapping[str, object], readers: Mapping[str, Reader], prefix: str
) -> dict[str, Any]:
    """The values of a table by their keys.

    Raises:
        UnknownField: there is a key that does not exist; the nearest existing one is named.
        InputError: a value is wrong.
    """
    for key in rows:
        if key not in readers:
            suggestion = nearest(key, readers)
            hint = f" (→ {suggestion}?)" if suggestion else ""
            raise UnknownField(
                what="", field=f"{prefix}{key}{hint}", key=f"{prefix}{key}", nearest=suggestion
            )
    return {key: readers[key](value, f"{prefix}{key}") for key, value in rows.items()}


def located(error: InputError, key: str) -> InputError:
    """The same error, its field named by keys instead of classes."""
    _, _, name = str(error.facts.get("field", "")).partition(".")
    path = ".".join(part for part in (key, name) if part)
    return type(error)(**{**error.facts, "field": path})


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that looks most like this one, or the empty text."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else ""


def exact(value: object, key: str, kind: type[T], expected: str) -> T:
    """The value, if it is of exactly this class; raises InvalidValue otherwise."""
    if type(value) is not kind:
        raise InvalidValue(field=key, found=shown(value), expected=expected)
    return value
