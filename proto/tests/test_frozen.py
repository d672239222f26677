"""Old programs go on understanding new definitions: names, numbers and types stay.

buf says the same with more rules; this needs only protobuf, and is proven to notice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

IMAGE = Path(__file__).parents[1] / "frozen" / "axis-v1.binpb"
PACKAGE = "lienthong.axis.v1"

Facts = set[tuple[object, ...]]


def frozen() -> list[FileDescriptorProto]:
    image = FileDescriptorSet.FromString(IMAGE.read_bytes())
    return [file for file in image.file if file.package == PACKAGE]


def current(files: list[FileDescriptor]) -> list[FileDescriptorProto]:
    found = []
    for file in files:
        copy = FileDescriptorProto()
        file.CopyToProto(copy)
        found.append(copy)
    return found


def of_message(message: DescriptorProto, path: str) -> Iterator[tuple[object, ...]]:
    for field in message.field:
        group = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""
        yield path, field.name, field.number, field.type, field.label, field.type_name, group
    for nested in message.nested_type:
        yield from of_message(nested, f"{path}.{nested.name}")
    for enum in message.enum_type:
        yield from of_enum(enum, f"{path}.{enum.name}")


def of_enum(enum: EnumDescriptorProto, path: str) -> Iterator[tuple[object, ...]]:
    for value in enum.value:
        yield path, value.name, value.number


def promises(files: list[FileDescriptorProto]) -> Facts:
    """Everything that programs in use rely on."""
    found: Facts = set()
    for file in files:
        for message in file.message_type:
            found.update(of_message(message, message.name))
        for enum in file.enum_type:
            found.update(of_enum(enum, enum.name))
        for service in file.service:
            found.update(
                (
                    service.name,
                    method.name,
                    method.input_type,
                    method.output_type,
                    method.client_streaming,
                    method.server_streaming,
                )
                for method in service.method
            )
    return found


def test_every_frozen_promise_is_kept(files: list[FileDescriptor]) -> None:
    broken = promises(frozen()) - promises(current(files))
    assert broken == set(), "see CONTRIBUTING.md, Changing the wire contract"


def test_the_frozen_image_is_not_empty() -> None:
    assert len(promises(frozen())) > 300


def file_of(files: list[FileDescriptorProto], name: str) -> FileDescriptorProto:
    return next(file for file in files if file.name.endswith(f"/{name}.proto"))


def renumber(files: list[FileDescriptorProto]) -> None:
    file_of(files, "exchange").message_type[0].field[0].number = 99


def rename(files: list[FileDescriptorProto]) -> None:
    file_of(files, "exchange").message_type[0].field[0].name = "another"


def retype(files: list[FileDescriptorProto]) -> None:
    field = file_of(files, "exchange").message_type[0].field[0]
    field.type = field.TYPE_STRING


def drop_enum_value(files: list[FileDescriptorProto]) -> None:
    file = next(file for file in files if file.enum_type)
    del file.enum_type[0].value[-1]


def stop_streaming(files: list[FileDescriptorProto]) -> None:
    method = next(m for m in file_of(files, "exchange").service[0].method if m.client_streaming)
    method.client_streaming = False


def drop_method(files: list[FileDescriptorProto]) -> None:
    del file_of(files, "evidence").service[0].method[0]


@pytest.mark.parametrize(
    "spoil", [renumber, rename, retype, drop_enum_value, stop_streaming, drop_method]
)
def test_a_broken_promise_is_noticed(
    files: list[FileDescriptor], spoil: Callable[[list[FileDescriptorProto]], None]
) -> None:
    changed = current(files)
    spoil(changed)
    assert promises(frozen()) - promises(changed) != set()


def test_an_addition_breaks_nothing(files: list[FileDescriptor]) -> None:
    changed = current(files)
    file_of(changed, "exchange").message_type[0].field.add(name="later", number=900)
    assert promises(frozen()) - promises(changed) == set()
