"""What a setting of a rule set looks like: how it is read, written, checked and called.

A form knows one type of value in its three shapes: the Python value that rules work with, the plain
value that TOML holds, and the words that help and documentation use.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from typing import Any, Final

import attrs
from attrs import Attribute, frozen

from lienthong.codec.toml_values import (
    Reader,
    calendar_day,
    exact,
    flag,
    parsed,
    plain_text,
    table,
    text_list,
    whole_number,
    word,
)
from lienthong.errors import InvalidValue, MissingField
from lienthong.model.checks import Validator, a, many, maybe, path_of, shown, text, texts, whole
from lienthong.model.ids import OrganId

MOST: Final = 500
"""Items of a list."""

_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")
_DURATION: Final = re.compile(r"([0-9]{1,6}) (second|minute|hour|day)s?")
_UNITS: Final[Mapping[str, timedelta]] = {
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}


@frozen(kw_only=True)
class Form:
    """One type of setting."""

    words: str
    """What is expected, for people."""

    read: Reader
    """From the plain value and its key to the Python value; raises InputError."""

    plain: Callable[[Any], Any]
    """From the Python value to what TOML and JSON both hold; equal values become equal."""

    check: Validator


def _same(value: Any) -> Any:
    return value


def whole_form(low: int, high: int, unit: str = "") -> Form:
    """A whole number of some unit."""
    counted = f"a whole number of {unit}" if unit else "a whole number"
    words = f"{counted}, {low} to {high}"
    return Form(words=words, read=whole_number, plain=_same, check=whole(low, high))


def word_form(kind: type[enum.Enum], *allowed: enum.Enum) -> Form:
    """One word of an enumeration, or of those members that are allowed."""
    members = allowed or tuple(kind)
    words = " | ".join(member.name for member in members)

    def check(instance: object, attribute: Attribute[Any], value: object) -> None:
        if value not in members:
            raise InvalidValue(
                field=path_of(instance, attribute), found=_name(value), expected=words
            )

    return Form(words=words, read=word(kind), plain=_name, check=check)


def words_form(kind: type[enum.Enum]) -> Form:
    """A list of different words; their order means nothing."""
    order = list(kind)

    def plain(value: tuple[enum.Enum, ...]) -> list[str]:
        return [member.name for member in sorted(value, key=order.index)]

    return Form(
        words="a list of " + " | ".join(member.name for member in kind),
        read=in_order(listed(word(kind)), order.index),
        plain=plain,
        check=all_of(many(kind, most=MOST), different),
    )


def choice_form(*allowed: str) -> Form:
    """One of some texts."""
    words = " | ".join(f'"{one}"' for one in allowed)

    def check(instance: object, attribute: Attribute[Any], value: object) -> None:
        if value not in allowed:
            raise InvalidValue(
                field=path_of(instance, attribute), found=shown(value), expected=words
            )

    return Form(words=words, read=plain_text, plain=_same, check=check)


def duration_form(least: timedelta, most: timedelta) -> Form:
    """A length of time in whole seconds: ``15 minutes``, ``2 hours``."""
    words = f'a time such as "30 minutes", {_duration(least)} to {_duration(most)}'

    def check(instance: object, attribute: Attribute[Any], value: object) -> None:
        if not isinstance(value, timedelta):
            raise InvalidValue(
                field=path_of(instance, attribute), found=shown(value), expected=words
            )
        if not least <= value <= most or value % _UNITS["second"]:
            found = _duration(value)
            raise InvalidValue(field=path_of(instance, attribute), found=found, expected=words)

    return Form(words=words, read=_read_duration, plain=_duration, check=check)


def text_form(limit: int, *, required: bool = False) -> Form:
    """A text of at most so many characters."""
    words = f"text of at most {limit} characters"
    return Form(words=words, read=plain_text, plain=_same, check=text(limit, required=required))


def texts_form(limit: int, what: str, pattern: str = ".*") -> Form:
    """A list of different texts, in their order."""
    fits = re.compile(pattern).fullmatch

    def check(instance: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
        for item in value:
            if not fits(item):
                raise InvalidValue(
                    field=path_of(instance, attribute), found=shown(item), expected=what
                )

    return Form(
        words=f"a list of {what}",
        read=text_list,
        plain=list,
        check=all_of(texts(limit, most=MOST), different, check),
    )


def values_form(kind: type, words: str, row: Mapping[str, Form], *, least: int = 0) -> Form:
    """Tables that become values of a class with the same attributes, in their order."""
    readers = {key: form.read for key, form in row.items()}
    one = table(_made(kind), readers)

    def plain(value: tuple[Any, ...]) -> list[dict[str, Any]]:
        return [plain_row(item, row) for item in value]

    check = all_of(many(kind, least=least, most=MOST), different)
    return Form(words=words, read=listed(one), plain=plain, check=check)


def value_form(kind: type, words: str, row: Mapping[str, Form]) -> Form:
    """One table that becomes one value of a class with the same attributes."""
    readers = {key: form.read for key, form in row.items()}
    read = table(_made(kind), readers)
    return Form(words=words, read=read, plain=lambda item: plain_row(item, row), check=a(kind))


def mapping_form(kind: type[enum.Enum], each: Form) -> Form:
    """A table from words of an enumeration to values, held as pairs."""
    order = list(kind)
    read_word = word(kind)

    def read(value: object, key: str) -> tuple[tuple[Any, Any], ...]:
        rows = exact(value, key, dict, "a table")
        found = (
            (read_word(name, f"{key}.{name}"), each.read(item, f"{key}.{name}"))
            for name, item in rows.items()
        )
        return tuple(sorted(found, key=lambda row: order.index(row[0])))

    def plain(value: tuple[tuple[Any, Any], ...]) -> dict[str, Any]:
        rows = sorted(value, key=lambda row: order.index(row[0]))
        return {member.name: each.plain(item) for member, item in rows}

    def check(instance: object, attribute: Attribute[Any], value: tuple[Any, ...]) -> None:
        many(tuple, most=MOST)(instance, attribute, value)
        for row in value:
            a(kind)(instance, attribute, row[0])
            each.check(instance, attribute, row[-1])
        different(instance, attribute, tuple(row[0] for row in value))

    words = "a table from " + " | ".join(member.name for member in kind) + f" to {each.words}"
    return Form(words=words, read=read, plain=plain, check=check)


def plain_row(value: Any, row: Mapping[str, Form]) -> dict[str, Any]:
    """The attributes of a value that say something."""
    held = {key: getattr(value, key) for key in row}
    defaults = {one.name: one.default for one in attrs.fields(type(value))}
    return {key: row[key].plain(item) for key, item in held.items() if item != defaults[key]}


def all_of(*checks: Validator) -> Validator:
    """Accept what every check accepts."""

    def check(instance: object, attribute: Attribute[Any], value: object) -> None:
        for one in checks:
            one(instance, attribute, value)

    return check


def different(instance: object, attribute: Attribute[Any], value: tuple[Any, ...]) -> None:
    """Validator: refuse a list that holds something twice."""
    seen = set[Any]()
    for item in value:
        if item in seen:
            found = f"{_name(item)} twice"
            raise InvalidValue(
                field=path_of(instance, attribute), found=found, expected="each only once"
            )
        seen.add(item)


def _made(kind: type) -> Callable[..., Any]:
    """The class as a function that names missing arguments."""
    needed = [one.name for one in attrs.fields(kind) if one.default is attrs.NOTHING and one.init]

    def make(**given: Any) -> Any:
        for name in needed:
            if name not in given:
                raise MissingField(field=f"{kind.__name__}.{name}", clause="its definition")
        return kind(**given)

    return make


def listed(read: Reader) -> Reader:
    def read_all(value: object, key: str) -> tuple[Any, ...]:
        items = exact(value, key, list, "a list")
        return tuple(read(item, f"{key}[{place}]") for place, item in enumerate(items))

    return read_all


def in_order(read: Reader, rank: Callable[[Any], Any] | None = None) -> Reader:
    """For lists whose order means nothing: the same list however it is written."""
    return lambda value, key: tuple(sorted(read(value, key), key=rank))


def _name(value: object) -> str:
    return value.name if isinstance(value, enum.Enum) else shown(value)


def _read_duration(value: object, key: str) -> timedelta:
    given = plain_text(value, key)
    found = _DURATION.fullmatch(given)
    if found is None:
        expected = 'a number with seconds, minutes, hours or days, such as "30 minutes"'
        raise InvalidValue(field=key, found=shown(given), expected=expected)
    return int(found[1]) * _UNITS[found[2]]


def _duration(value: timedelta) -> str:
    """The largest unit in which it is a whole number."""
    for name, unit in _UNITS.items():
        count, rest = divmod(value, unit)
        if count and not rest:
            return f"{count} {name}" + ("s" if count != 1 else "")
    return f"{value // _UNITS['second']} seconds"


def read_time(value: object, key: str) -> time:
    """``07:30``, a time of a Vietnamese day."""
    given = plain_text(value, key)
    if not _TIME.fullmatch(given):
        raise InvalidValue(field=key, found=shown(given), expected="a time as HH:MM")
    return time.fromisoformat(given)


def plain_time(value: time) -> str:
    """``07:30``; with seconds only where there are any."""
    return value.isoformat("seconds" if value.second else "minutes")


FLAG: Final = Form(words="true | false", read=flag, plain=_same, check=a(bool))
DAY: Final = Form(
    words="a date as YYYY-MM-DD", read=calendar_day, plain=date.isoformat, check=maybe(date)
)
TIMES: Final = Form(
    words="a list of times as HH:MM",
    read=in_order(listed(read_time)),
    plain=lambda value: [plain_time(item) for item in sorted(value)],
    check=all_of(many(time, most=24), different),
)
ORGAN: Final = Form(
    words="a code of an organisation", read=parsed(OrganId), plain=str, check=a(OrganId)
)
ORGANS: Final = Form(
    words="a list of codes of organisations",
    read=in_order(listed(parsed(OrganId))),
    plain=lambda value: sorted(map(str, value)),
    check=all_of(many(OrganId, most=MOST), different),
)
