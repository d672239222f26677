"""Rules of the wire contract that buf does not know."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FileDescriptor

SOURCE = Path(__file__).parents[1] / "src"
PACKAGE = "lienthong.axis.v1"


def modules() -> list[str]:
    paths = sorted(SOURCE.rglob("*_pb2*.py"))
    return [".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in paths]


def messages(files: list[FileDescriptor]) -> Iterator[Descriptor]:
    """All messages, nested ones too, without the entries of maps."""

    def walk(message: Descriptor) -> Iterator[Descriptor]:
        if not message.GetOptions().map_entry:
            yield message
        for nested in message.nested_types:
            yield from walk(nested)

    for file in files:
        for message in file.message_types_by_name.values():
            yield from walk(message)


def enums(files: list[FileDescriptor]) -> Iterator[EnumDescriptor]:
    for file in files:
        yield from file.enum_types_by_name.values()
    for message in messages(files):
        yield from message.enum_types


@pytest.mark.parametrize("module", modules())
def test_module_is_imported_by_itself(module: str) -> None:
    importlib.import_module(module)


def test_there_is_something_to_test(files: list[FileDescriptor]) -> None:
    assert len(files) >= 7
    assert len(list(messages(files))) > 50
    assert len(list(enums(files))) >= 5


def test_one_package_holds_everything(files: list[FileDescriptor]) -> None:
    assert {file.package for file in files} == {PACKAGE}


def test_every_enum_begins_with_unspecified(files: list[FileDescriptor]) -> None:
    for enum in enums(files):
        first = enum.values[0]
        assert first.number == 0
        assert first.name.endswith("_UNSPECIFIED"), enum.full_name


def test_requests_and_responses_belong_to_one_method(files: list[FileDescriptor]) -> None:
    uses: Counter[str] = Counter()
    for file in files:
        for service in file.services_by_name.values():
            for method in service.methods:
                assert method.input_type.name == f"{method.name}Request"
                assert method.output_type.name == f"{method.name}Response"
                uses.update({method.input_type.full_name, method.output_type.full_name})
    assert {name for name, count in uses.items() if count > 1} == set()


def test_no_message_holds_a_floating_point_number(files: list[FileDescriptor]) -> None:
    # What is signed or compared must not depend on rounding.
    for message in messages(files):
        for field in message.fields:
            assert field.type not in {field.TYPE_DOUBLE, field.TYPE_FLOAT}, field.full_name
