"""The cattrs converter behind the JSON codec: exact types, nothing guessed, nothing dropped."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Final, TypeVar, get_args, get_origin
from uuid import UUID

import attrs
from cattrs import Converter
from cattrs.gen import (
    make_dict_structure_fn,
    make_dict_unstructure_fn,
    mapping_structure_factory,
    override,
)

from lienthong.errors import LienthongError
from lienthong.model.checks import shown
from lienthong.model.ids import (
    DocumentCode,
    DocumentNumber,
    OrganId,
    PackageId,
    Sha256,
    StatementId,
)
from lienthong.model.time import check_aware, parse_date

T = TypeVar("T")

_PRIMITIVES: Final = (bool, int, float, str)
_PARSED: Final[tuple[tuple[type, Callable[[str], Any]], ...]] = (
    (OrganId, OrganId),
    (DocumentNumber, DocumentNumber.parse),
    (DocumentCode, DocumentCode.parse),
    (PackageId, PackageId.parse),
    (StatementId, StatementId.parse),
    (Sha256, Sha256.parse),
    (UUID, UUID),
)


class Mismatch(Exception):
    """Data has another type or form than the field; only the caller knows the path."""

    def __init__(self, found: object, expected: str) -> None:
        self.found = shown(found)
        self.expected = expected
        super().__init__(f"{self.found}, expected {expected}")


def make_converter() -> Converter:
    """A strict converter for the values of the model and other attrs classes."""
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    for primitive in _PRIMITIVES:
        converter.register_structure_hook(primitive, _exact(primitive))
    for kind, parse in _PARSED:
        converter.register_structure_hook(kind, _from_text(parse))
        converter.register_unstructure_hook(kind, str)
    converter.register_structure_hook(bytes, _read_bytes)
    converter.register_unstructure_hook(bytes, _write_bytes)
    converter.register_structure_hook(datetime, _read_instant)
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_structure_hook(date, _read_date)
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_structure_hook_func(_is_enum, _read_enum)
    converter.register_structure_hook_factory(_is_list_like, _list_like)
    converter.register_structure_hook_factory(_is_mapping, _mapping)
    converter.register_unstructure_hook_func(_is_frozenset, _write_frozenset)
    converter.register_structure_hook_factory(attrs.has, _class_reader)
    converter.register_unstructure_hook_factory(attrs.has, _class_writer)
    return converter


def _exact(kind: type[T]) -> Callable[[object, object], T]:
    def read(data: object, _kind: object) -> T:
        if type(data) is not kind:
            raise Mismatch(data, kind.__name__)
        if kind is str:
            _check_encodable(data)
        return data

    return read


def _check_encodable(data: object) -> None:
    # JSON can spell half of a surrogate pair, which no other codec can write.
    try:
        str(data).encode()
    except UnicodeEncodeError as error:
        raise Mismatch(data, "Unicode text") from error


def _from_text(parse: Callable[[str], T]) -> Callable[[object, object], T]:
    def read(data: object, kind: object) -> T:
        name = getattr(kind, "__name__", "text")
        if not isinstance(data, str):
            raise Mismatch(data, f"{name} as text")
        try:
            return parse(data)
        except LienthongError:
            raise
        except ValueError as error:
            raise Mismatch(data, name) from error

    return read


def _read_bytes(data: object, _kind: object) -> bytes:
    if isinstance(data, str):
        try:
            value = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            pass
        else:
            # One content has one text: no spare bits in the last character.
            if _write_bytes(value) == data:
                return value
    raise Mismatch(data, "base64 text")


def _write_bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _read_instant(data: object, _kind: object) -> datetime:
    if isinstance(data, str):
        try:
            value = datetime.fromisoformat(data)
        except ValueError:
            pass
        else:
            check_aware(value, field="instant")
            return value
    raise Mismatch(data, "an instant as ISO 8601 text")


def _read_date(data: object, _kind: object) -> date:
    if not isinstance(data, str):
        raise Mismatch(data, "a date as YYYY-MM-DD")
    return parse_date(data, field="date")


def _is_enum(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _read_enum(data: object, kind: type[Enum]) -> Enum:
    for member in kind:
        if type(data) is type(member.value) and data == member.value:
            return member
    raise Mismatch(data, "one of " + ", ".join(str(member.value) for member in kind))


def _is_list_like(kind: object) -> bool:
    return get_origin(kind) in {tuple, frozenset}


def _list_like(kind: Any, converter: Converter) -> Callable[[object, object], Any]:
    """A list, never text or a mapping, whose characters or keys would pass for items."""
    container = get_origin(kind)
    parts = get_args(kind)
    same = container is frozenset or (len(parts) == 2 and parts[1] is Ellipsis)  # noqa: PLR2004
    inner = converter.get_structure_hook(list[parts[0]]) if same else None  # type: ignore[valid-type]

    def read(data: object, _kind: object) -> Any:
        if type(data) is not list:
            raise Mismatch(data, "a list")
        if inner is not None:
            return container(inner(data, list))
        if len(data) != len(parts):
            raise Mismatch(data, f"a list of {len(parts)} items")
        return tuple(
            converter.structure(item, part) for item, part in zip(data, parts, strict=True)
        )

    return read


def _is_frozenset(kind: object) -> bool:
    return kind is frozenset or get_origin(kind) is frozenset


def _write_frozenset(value: frozenset[Any]) -> list[Any]:
    return sorted(value)


def _is_mapping(kind: object) -> bool:
    return get_origin(kind) in {dict, Mapping}


def _mapping(kind: Any, converter: Converter) -> Callable[[object, object], Any]:
    inner = mapping_structure_factory(kind, converter)

    def read(data: object, _kind: object) -> Any:
        if not isinstance(data, dict):
            raise Mismatch(data, "an object")
        return inner(data, kind)

    return read


def _has_extra(kind: type) -> bool:
    return any(attribute.name == "extra" for attribute in attrs.fields(kind))


def _class_reader(kind: Any, converter: Converter) -> Callable[[object, object], Any]:
    """An object with the keys of an attrs class; ``extra`` is a mapping of texts."""
    if _has_extra(kind):
        extra = override(struct_hook=_read_extra)
        inner = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True, extra=extra)
    else:
        inner = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True)

    def read(data: object, _kind: object) -> Any:
        if not isinstance(data, dict):
            raise Mismatch(data, "an object")
        return inner(data, kind)

    return read


def _class_writer(kind: Any, converter: Converter) -> Callable[[Any], dict[str, Any]]:
    if _has_extra(kind):
        return make_dict_unstructure_fn(kind, converter, extra=override(unstruct_hook=dict))
    return make_dict_unstructure_fn(kind, converter)


def _read_extra(data: object, _kind: object) -> dict[str, str]:
    if not isinstance(data, dict):
        raise Mismatch(data, "an object")
    text = _exact(str)
    return {text(key, str): text(value, str) for key, value in data.items()}
