"""Every wire message comes back as it went, with any content that its fields allow."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SOURCE = Path(__file__).parents[1] / "src"
DEPTH = 3

SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=40),
    FieldDescriptor.TYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_STRING: st.text(max_size=20),
    FieldDescriptor.TYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: st.integers(0, 2**64 - 1),
}


def descriptors() -> list[Descriptor]:
    found: list[Descriptor] = []
    for path in sorted(SOURCE.rglob("*.proto")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts) + "_pb2"
        found += importlib.import_module(name).DESCRIPTOR.message_types_by_name.values()
    return found


def is_map(field: FieldDescriptor) -> bool:
    kind = field.message_type
    return kind is not None and bool(kind.GetOptions().map_entry)


def one(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    if field.type == FieldDescriptor.TYPE_ENUM:
        assert field.enum_type is not None
        return st.sampled_from([value.number for value in field.enum_type.values])
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        assert field.message_type is not None
        return contents(field.message_type, depth - 1)
    return SCALARS[field.type]


def contents(descriptor: Descriptor, depth: int = DEPTH) -> st.SearchStrategy[Message]:
    """Messages of a type with any subset of their fields set."""

    @st.composite
    def build(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Message:
        message: Any = message_factory.GetMessageClass(descriptor)()
        for field in descriptor.fields:
            if field.message_type is not None and depth == 0:
                continue
            if draw(st.booleans()):
                fill(draw, message, field, depth)
        return message  # type: ignore[no-any-return]

    return build()


def fill(draw: Any, message: Any, field: FieldDescriptor, depth: int) -> None:
    target = getattr(message, field.name)
    if is_map(field):
        assert field.message_type is not None
        entry = field.message_type.fields_by_name
        pairs = st.dictionaries(one(entry["key"], depth), one(entry["value"], depth), max_size=3)
        target.update(draw(pairs))
    elif field.is_repeated:
        target.extend(draw(st.lists(one(field, depth), max_size=3)))
    elif field.message_type is not None:
        target.CopyFrom(draw(one(field, depth)))
    else:
        setattr(message, field.name, draw(one(field, depth)))


@pytest.mark.parametrize("descriptor", descriptors(), ids=lambda d: d.name)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_message_comes_back_as_it_went(descriptor: Descriptor, data: st.DataObject) -> None:
    message = data.draw(contents(descriptor))
    sent = message.SerializeToString()
    back = type(message).FromString(sent)
    assert back == message
    assert back.SerializeToString(deterministic=True) == message.SerializeToString(
        deterministic=True
    )


@pytest.mark.parametrize("descriptor", descriptors(), ids=lambda d: d.name)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_noise_is_refused_or_read_but_never_crashes(
    descriptor: Descriptor, data: st.DataObject
) -> None:
    noise = data.draw(st.binary(max_size=200))
    try:
        message_factory.GetMessageClass(descriptor).FromString(noise)
    except DecodeError:
        return
