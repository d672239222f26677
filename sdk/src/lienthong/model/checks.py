"""Converters and validators that the values share; cheap, because every package passes them.

Each refusal names the field as ``Class.field``, what was found, what was expected and, where a
text demands it, the clause.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Final, TypeAlias

from attrs import Attribute

from lienthong.errors import InvalidValue, MissingField

Validator: TypeAlias = Callable[[Any, "Attribute[Any]", Any], None]

_SHOWN: Final = 60
_PAIR: Final = 2
# Control characters and lone surrogates: neither can be shown, and surrogates cannot be encoded.
_UNFIT_LINE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNFIT_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def is_text(value: object) -> bool:
    """Whether a caller who ignores annotations gave text."""
    return isinstance(value, str)


def shown(value: object) -> str:
    """A short, harmless picture of a refused value for an error text."""
    picture = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return picture if len(picture) <= _SHOWN else picture[: _SHOWN - 1] + "…"


def path_of(instance: object, attribute: Attribute[Any]) -> str:
    """Name of a field in error texts."""
    return f"{type(instance).__name__}.{attribute.name}"


def as_tuple(value: Iterable[Any]) -> tuple[Any, ...]:
    """Freeze a list; anything that is no sequence of items is left for the validator to refuse."""
    if isinstance(value, list):
        return tuple(value)
    return value  # type: ignore[return-value]


def as_pairs(value: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Freeze a mapping as pairs ordered by key; anything else is left for the validator."""
    if value == ():
        return ()
    if isinstance(value, Mapping):
        return tuple(sorted(value.items(), key=_key_of))
    if isinstance(value, list | tuple) and all(_is_pair(item) for item in value):
        return tuple(sorted((tuple(item) for item in value), key=_key_of))
    return value  # type: ignore[return-value]


def text(limit: int, *, required: bool = False, clause: str = "", lines: bool = False) -> Validator:
    """Accept text of at most *limit* characters.

    Args:
        limit: in Unicode characters.
        required: refuse the empty text and mere white space with MissingField.
        clause: what demands the field.
        lines: allow line breaks and tabs.
    """
    unfit = (_UNFIT_TEXT if lines else _UNFIT_LINE).search

    def validate(instance: object, attribute: Attribute[Any], value: object) -> None:
        if type(value) is str and len(value) <= limit and value.isprintable():
            if not required or (value and not value.isspace()):
                return
        elif not isinstance(value, str):
            raise _wrong(instance, attribute, value, "text", clause)
        if len(value) > limit:
            found = f"{len(value)} characters long"
            raise _refused(instance, attribute, found, f"at most {limit} characters", clause)
        if not value.isprintable() and unfit(value):
            expected = "text without control characters"
            raise _wrong(instance, attribute, value, expected, clause)
        if required and (not value or value.isspace()):
            wanted_by = clause or "its definition"
            raise MissingField(field=path_of(instance, attribute), clause=wanted_by)

    return validate


def whole(low: int, high: int, *, clause: str = "") -> Validator:
    """Accept a whole number from *low* to *high*; a bool is none."""

    def validate(instance: object, attribute: Attribute[Any], value: object) -> None:
        if type(value) is not int or not low <= value <= high:
            expected = f"a whole number from {low} to {high}"
            raise _wrong(instance, attribute, value, expected, clause)

    return validate


def a(kind: type, *, clause: str = "") -> Validator:
    """Accept a value of exactly this class: no bool for an int, no datetime for a date."""

    def validate(instance: object, attribute: Attribute[Any], value: object) -> None:
        if type(value) is not kind:
            raise _wrong_class(instance, attribute, value, kind, clause)

    return validate


def maybe(kind: type, *, clause: str = "") -> Validator:
    """Accept None or a value of exactly this class."""

    def validate(instance: object, attribute: Attribute[Any], value: object) -> None:
        if value is not None and type(value) is not kind:
            raise _wrong_class(instance, attribute, value, kind, clause)

    return validate


def many(kind: type, *, most: int, least: int = 0, clause: str = "") -> Validator:
    """Accept a tuple of *least* to *most* values of exactly this class."""

    def validate(instance: object, attribute: Attribute[Any], value: object) -> None:
        if value == () and not least:
            return
        if not isinstance(value, tuple):
            raise _wrong(instance, attribute, value, f"a list of {kind.__name__}", clause)
        for item in value:
            if type(item) is not kind:
                expected = f"a list of {kind.__name__}"
                raise _wrong(instance, attribute, item, expected, clause)
        _check_count(instance, attribute, len(value), least=least, most=most, clause=clause)

    return validate


def texts(limit: int, *, most: int, total: int | None = None, clause: str = "") -> Validator:
    """Accept at most *most* texts of at most *limit* characters, *total* characters together."""
    check = text(limit, required=True, clause=clause)

    def validate(instance: object, attribute: Attribute[Any], value: object) -> None:
        if value == ():
            return
        if not isinstance(value, tuple):
            raise _wrong(instance, attribute, value, "a list of texts", clause)
        _check_count(instance, attribute, len(value), least=0, most=most, clause=clause)
        for item in value:
            check(instance, attribute, item)
        if total is not None and sum(map(len, value)) > total:
            found = f"{sum(map(len, value))} characters long"
            expected = f"at most {total} characters together"
            raise _refused(instance, attribute, found, expected, clause)

    return validate


def pairs(*, key_limit: int, value_limit: int, most: int, clause: str = "") -> Validator:
    """Accept at most *most* pairs of non-empty texts with different keys."""
    check_key = text(key_limit, required=True, clause=clause)
    check_value = text(value_limit, required=True, clause=clause, lines=True)

    def validate(instance: object, attribute: Attribute[Any], value: object) -> None:
        if value == ():
            return
        if not isinstance(value, tuple) or not all(_is_pair(item) for item in value):
            raise _wrong(instance, attribute, value, "a mapping of texts", clause)
        _check_count(instance, attribute, len(value), least=0, most=most, clause=clause)
        for key, content in value:
            check_key(instance, attribute, key)
            check_value(instance, attribute, content)
        if len({key for key, _ in value}) != len(value):
            raise _refused(instance, attribute, "a repeated key", "different keys", clause)

    return validate


def octets(least: int, most: int, *, clause: str = "") -> Validator:
    """Accept bytes of *least* to *most* octets; their content is never shown."""

    def validate(instance: object, attribute: Attribute[Any], value: object) -> None:
        if not isinstance(value, bytes):
            raise _wrong(instance, attribute, type(value).__name__, "bytes", clause)
        if not least <= len(value) <= most:
            expected = f"{least} bytes" if least == most else f"{least} to {most} bytes"
            raise _refused(instance, attribute, f"{len(value)} bytes long", expected, clause)

    return validate


def refuse(
    instance: object, name: str, *, found: object, expected: str, clause: str = ""
) -> InvalidValue:
    """The error for a rule that binds several fields of one value."""
    field = f"{type(instance).__name__}.{name}"
    return InvalidValue(field=field, found=shown(found), expected=expected, clause=clause)


def missing(instance: object, name: str, clause: str) -> MissingField:
    """The error for a field that other fields make necessary."""
    return MissingField(field=f"{type(instance).__name__}.{name}", clause=clause)


def _key_of(pair: tuple[Any, Any]) -> str:
    return str(pair[0])


def _is_pair(item: object) -> bool:
    return isinstance(item, list | tuple) and len(item) == _PAIR


def _wrong(
    instance: object, attribute: Attribute[Any], value: object, expected: str, clause: str
) -> InvalidValue:
    return _refused(instance, attribute, shown(value), expected, clause)


def _refused(
    instance: object, attribute: Attribute[Any], found: str, expected: str, clause: str
) -> InvalidValue:
    field = path_of(instance, attribute)
    return InvalidValue(field=field, found=found, expected=expected, clause=clause)


def _wrong_class(
    instance: object, attribute: Attribute[Any], value: object, kind: type, clause: str
) -> InvalidValue | MissingField:
    if value is None:
        return MissingField(field=path_of(instance, attribute), clause=clause or "its definition")
    expected = kind.__name__
    if issubclass(kind, Enum):
        expected = "one of " + ", ".join(member.name for member in kind)
    return _refused(instance, attribute, shown(value), expected, clause)


def _check_count(
    instance: object, attribute: Attribute[Any], count: int, *, least: int, most: int, clause: str
) -> None:
    if count < least:
        raise MissingField(field=path_of(instance, attribute), clause=clause or "its definition")
    if count > most:
        found = f"{count} items long"
        raise _refused(instance, attribute, found, f"at most {most} items", clause)
