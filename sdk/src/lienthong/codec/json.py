"""Values as strict JSON: directory rows, ``--json`` output, settings.

Types are exact ("5" is no number, 1 no truth value), unknown and repeated keys are refused, dates
and instants are ISO 8601 with a zone, bytes are base64, identifiers and words are text.
"""

from __future__ import annotations

import json
from typing import Any, Final, TypeVar

from cattrs import BaseValidationError, ClassValidationError, IterableValidationError
from cattrs.errors import ForbiddenExtraKeysError

from lienthong.codec.converter import Mismatch, make_converter
from lienthong.errors import (
    InvalidValue,
    LienthongError,
    Malformed,
    MissingField,
    TooLarge,
    UnknownField,
)

T = TypeVar("T")

MAX_JSON_BYTES: Final = 16 * 1024 * 1024

_CONVERTER: Final = make_converter()


def dump(value: object) -> bytes:
    """A value as UTF-8 JSON without spaces; equal values of a type have equal bytes."""
    text = json.dumps(to_data(value), ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def to_data(value: object) -> Any:
    """A value as the dictionaries, lists and texts that JSON has."""
    return _CONVERTER.unstructure(value)


def load(kind: type[T], data: bytes | str) -> T:
    """The value of JSON text.

    Raises:
        TooLarge: there are more than 16 MiB.
        Malformed: it is no JSON, or a key stands twice.
        UnknownField: there is a key that this version does not know.
        MissingField: a required key is missing.
        InvalidValue: a value has the wrong type or breaks its definition.
    """
    name = kind.__name__
    if len(data) > MAX_JSON_BYTES:
        raise TooLarge(what=name, found=f"{len(data)} bytes", limit=f"{MAX_JSON_BYTES} bytes")
    return from_data(kind, parse(data, what=name))


def parse(data: bytes | str, *, what: str) -> Any:
    """Plain JSON data.

    Raises:
        Malformed: it is no JSON, or a key stands twice.
    """
    try:
        text = data if isinstance(data, str) else data.decode()
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed(what=what, reason=_short(error)) from error


def from_data(kind: type[T], data: object) -> T:
    """The value of plain JSON data.

    Raises:
        UnknownField: there is a key that this version does not know.
        MissingField: a required key is missing.
        InvalidValue: a value has the wrong type or breaks its definition.
    """
    try:
        return _CONVERTER.structure(data, kind)
    except (BaseValidationError, LienthongError, Mismatch, TypeError, ValueError) as error:
        raise _translated(error, kind.__name__) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _translated(error: BaseException, path: str) -> LienthongError:
    """The first fault inside an error of the converter, with the path to it."""
    error, path = _leaf(error, path)
    if isinstance(error, LienthongError):
        return type(error)(**{**error.facts, "field": _field_at(path, error)})
    if isinstance(error, Mismatch):
        return InvalidValue(field=path, found=error.found, expected=error.expected)
    if isinstance(error, ForbiddenExtraKeysError):
        return UnknownField(what=path, field=", ".join(sorted(map(str, error.extra_fields))))
    if isinstance(error, KeyError):
        return MissingField(field=path, clause="its definition")
    return Malformed(what=path, reason=_short(error))


def _field_at(path: str, error: LienthongError) -> str:
    """Where the class of the error's field ("Document.subject") stands in the data."""
    _, dot, name = str(error.facts.get("field", "")).partition(".")
    return f"{path}{dot}{name}"


def _leaf(error: BaseException, path: str) -> tuple[BaseException, str]:
    while isinstance(error, ClassValidationError | IterableValidationError):
        noted, bare = error.group_exceptions()
        if bare:
            error = bare[0]
            continue
        error, note = noted[0]
        name = getattr(note, "name", None)
        path += f"[{note.index}]" if name is None else f".{name}"
    return error, path


def _short(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
