"""Strict reading of protobuf messages: bounded, without unknown, repeated or mistyped fields.

Signed bytes may hold nothing that this version does not see; otherwise two readers could take the
same signature for different content.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

from lienthong.errors import Malformed, TooLarge, UnknownField

M = TypeVar("M", bound=Message)
_Holds: TypeAlias = Callable[[Message, str], bool]

_VARINT: Final = 0
_FIXED64: Final = 1
_LENGTH: Final = 2
_FIXED32: Final = 5
_BY_LENGTH: Final = frozenset(
    {FieldDescriptor.TYPE_MESSAGE, FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES}
)


def parse(kind: type[M], data: bytes, *, what: str, limit: int) -> M:
    """Read one message.

    Args:
        kind: class of the message.
        data: its bytes.
        what: how errors call it.
        limit: in bytes.

    Raises:
        TooLarge: there are more bytes than allowed.
        Malformed: they are no such message, or a field stands twice.
        UnknownField: they hold a field that this version does not know.
    """
    if not _is_octets(data):
        raise Malformed(what=what, reason=f"{type(data).__name__} is not bytes")
    if len(data) > limit:
        raise TooLarge(what=what, found=f"{len(data)} bytes", limit=f"{limit} bytes")
    try:
        message = kind.FromString(data)
    except (DecodeError, ValueError) as error:
        raise Malformed(what=what, reason="no valid protobuf message") from error
    check(message, data, what=what)
    return message


def check(message: Message, data: bytes, *, what: str) -> None:
    """Refuse what reading *data* as *message* dropped or put together.

    What is known and stands once is written back in as many bytes; if it is not, the bytes are
    walked through to tell an unknown or repeated field from another, legal way of writing. With an
    entry in a map they always are: it may be written in fewer bytes, without its empty key or
    value, and these would make room for a field that nobody sees.
    """
    message.DiscardUnknownFields()  # type: ignore[no-untyped-call,unused-ignore]
    if message.ByteSize() != len(data) or _has_map_entry(message):
        _walk(_descriptor(message), data, what)


def _has_map_entry(message: Message) -> bool:
    return any(holds(message, name) for name, holds in _to_maps(_descriptor(message)))


@functools.cache
def _to_maps(descriptor: Descriptor) -> tuple[tuple[str, _Holds], ...]:
    """The fields that are maps or lead to one; no signed message contains itself."""
    return tuple(
        (field.name, _way(field))
        for field in descriptor.fields
        if field.message_type is not None and (_is_map(field) or _to_maps(field.message_type))
    )


def _way(field: FieldDescriptor) -> _Holds:
    """How to tell whether there is an entry in or behind a field."""
    if _is_map(field):
        return lambda message, name: bool(getattr(message, name))
    if field.is_repeated:
        return lambda message, name: any(map(_has_map_entry, getattr(message, name)))
    return lambda message, name: message.HasField(name) and _has_map_entry(getattr(message, name))


def _is_map(field: FieldDescriptor) -> bool:
    kind = field.message_type
    return kind is not None and bool(kind.GetOptions().map_entry)


def _descriptor(message: Message) -> Descriptor:
    return cast("Descriptor", message.DESCRIPTOR)


def _is_octets(data: object) -> bool:
    return type(data) is bytes


def _walk(descriptor: Descriptor, data: bytes, what: str) -> None:
    seen: set[str] = set()
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        field = descriptor.fields_by_number.get(key >> 3)
        if field is None:
            raise UnknownField(what=what, field=f"number {key >> 3}")
        _check_wire_type(field, key & 7, what)
        _check_once(field, seen, what)
        start, position = _skip(data, position, key & 7, what)
        if field.message_type is not None:
            _walk(field.message_type, data[start:position], f"{what} {field.name}")


def _check_wire_type(field: FieldDescriptor, wire_type: int, what: str) -> None:
    by_length = field.type in _BY_LENGTH
    if by_length != (wire_type == _LENGTH) and not (field.is_repeated and not by_length):
        raise UnknownField(what=what, field=f"{field.name} of wire type {wire_type}")


def _check_once(field: FieldDescriptor, seen: set[str], what: str) -> None:
    if field.is_repeated:
        return
    choice = field.containing_oneof
    name = field.name if choice is None else choice.name
    if name in seen:
        raise Malformed(what=what, reason=f"{name} stands twice")
    seen.add(name)


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = data[position]
        position += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:  # noqa: PLR2004 - the top bit says that more follows
            return value, position
        shift += 7


def _skip(data: bytes, position: int, wire_type: int, what: str) -> tuple[int, int]:
    """Where the content of a field begins and ends."""
    if wire_type == _VARINT:
        return position, _varint(data, position)[1]
    if wire_type == _LENGTH:
        length, start = _varint(data, position)
        return start, start + length
    if wire_type in {_FIXED64, _FIXED32}:
        return position, position + (8 if wire_type == _FIXED64 else 4)
    raise Malformed(what=what, reason=f"wire type {wire_type}")
