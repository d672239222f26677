"""Garbage in any field, and any bytes at all: never an unknown or internal error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.errors import Malformed
from lienthong_node.local import LocalAxis
from tests.e2e.conftest import B
from tests.e2e.patient import patient_axis, status
from tests.e2e.raw import METHODS, Answer, Party, call, request_class


@pytest.fixture(scope="module")
def axis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAxis]:
    with patient_axis(tmp_path_factory.mktemp("axis")) as made:
        yield made


INTEGERS: Final = (0, 1, 255, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1, -1, -(2**63))
TEXTS: Final = (
    "",
    "\x00",
    "../../etc",
    "' OR 1=1 --",
    "000.00.00.h53",
    "ÁO DÀI \U0001f1fb\U0001f1f3",
    "x" * 20_000,
    "\u202e\r\n\x1b[31m",
)
OCTETS: Final = (b"", b"\x00", bytes(16), b"\xff" * 16, bytes(32), b"\xff" * 32, bytes(50_000))


def garbage(field: Any, depth: int = 2) -> Iterator[Any]:
    """Values of a field that nobody should send."""
    if field.message_type is not None:
        kind = GetMessageClass(field.message_type)
        yield kind()
        if depth and not field.message_type.GetOptions().map_entry:
            for inner in field.message_type.fields:
                yield from with_garbage(kind, inner, depth - 1)
    elif field.enum_type is not None:
        yield from (0, 1, 2, 77, -1)
    elif field.type == FieldDescriptor.TYPE_STRING:
        yield from TEXTS
    elif field.type == FieldDescriptor.TYPE_BYTES:
        yield from OCTETS
    elif field.type == FieldDescriptor.TYPE_BOOL:
        yield from (False, True)
    else:
        yield from INTEGERS


def with_garbage(kind: type[Message], field: Any, depth: int = 2) -> Iterator[Message]:
    """Messages with one field spoilt in every way."""
    for value in garbage(field, depth):
        message = kind()
        try:
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                continue
            if field.is_repeated:
                getattr(message, field.name).extend([value, value])
            elif field.message_type is not None:
                getattr(message, field.name).CopyFrom(value)
            else:
                setattr(message, field.name, value)
        except (ValueError, OverflowError):
            continue  # the field cannot hold it, so that it cannot be sent either
        yield message


def sensible(answer: Answer, what: str) -> None:
    """A refusal has a code of ours; nothing is unknown or internal."""
    assert answer.status not in {"UNKNOWN", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}, (what, answer)
    if not answer.ok and answer.status != "DEADLINE_EXCEEDED":
        assert answer.code, (what, answer)
        assert answer.code != "plugin.failed", (what, answer)


@pytest.mark.parametrize("name", METHODS)
def test_garbage_in_any_field_gets_a_clear_answer(a: Party, operator: Party, name: str) -> None:
    method = METHODS[name]
    party = operator if name.startswith("Admin/") else a
    kind, count = request_class(method), 0
    for field in kind.DESCRIPTOR.fields:
        for message in with_garbage(kind, field):
            follow = name == "Exchange/Subscribe"
            answer = call(
                party.channel,
                f"/{method.containing_service.full_name}/{method.name}",
                [message.SerializeToString()],
                client_streaming=method.client_streaming,
                server_streaming=method.server_streaming,
                seconds=0.5 if follow else 20.0,
            )
            sensible(answer, f"{name} {field.name} {str(message)[:200]}")
            count += 1
    assert count or not kind.DESCRIPTOR.fields


@pytest.mark.parametrize("name", METHODS)
def test_a_request_that_is_no_protobuf_is_malformed(a: Party, operator: Party, name: str) -> None:
    party = operator if name.startswith("Admin/") else a
    for octets in (b"\xff\xff\xff", b"\x0a\xff", b"\x00", b"\x0b" * 200):
        answer = party.ask(name, octets)
        assert (answer.status, answer.code) == ("INVALID_ARGUMENT", Malformed.code), octets


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=300), st.sampled_from(sorted(set(METHODS) - {"Exchange/Subscribe"})))
def test_any_bytes_get_a_clear_answer(a: Party, operator: Party, octets: bytes, name: str) -> None:
    party = operator if name.startswith("Admin/") else a
    sensible(party.ask(name, octets), f"{name} {octets!r}")


def test_methods_that_nobody_declared_do_not_exist(a: Party) -> None:
    for path in (
        "/lienthong.axis.v1.Exchange/Nothing",
        "/lienthong.axis.v2.Exchange/Submit",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        "/grpc.channelz.v1.Channelz/GetServers",
    ):
        assert call(a.channel, path, [b""]).status == "UNIMPLEMENTED"


def test_the_node_is_still_well(axis: LocalAxis, a: Party, operator: Party) -> None:
    """After all of the above it works, and it has logged no error of its own."""
    a.send(B)
    assert status(operator).accepting
    log = axis.log.read_text("utf-8")
    assert "internal error" not in log
    assert '"level": "error"' not in log
