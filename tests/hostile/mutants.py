"""Requests that nobody should send, made from the wire contract (S-16)."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Sequence
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor

_VARINT, _FIXED64, _BYTES, _BEGIN, _END, _FIXED32 = range(6)
_WIRE: Final = {
    FieldDescriptor.CPPTYPE_MESSAGE: _BYTES,
    FieldDescriptor.CPPTYPE_STRING: _BYTES,
    FieldDescriptor.CPPTYPE_DOUBLE: _FIXED64,
    FieldDescriptor.CPPTYPE_FLOAT: _FIXED32,
}
ODD_NUMBERS: Final = (0, 1, 2, 77, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)
ODD_BYTES: Final = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",  # a surrogate, which UTF-8 does not have
    b"\xc0\xaf",  # an overlong "/"
    b"\xf4\x90\x80\x80",  # beyond the last code point
    b"a\x00b\r\n\x1b[31m",
    "\u202e../../etc/passwd".encode(),
    bytes(16),
    bytes(32),
    b"\xff" * 40,
    b"x" * 5_000,
)
MANY: Final = 2_000
DEEP: Final = 150
LONGEST: Final = 4 * 1024 * 1024
"""Bytes; gRPC refuses what is longer."""


def varint(value: int) -> bytes:
    """A number as the wire has it."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(number: int, wire: int) -> bytes:
    return varint(number << 3 | wire)


def counted(number: int, content: bytes) -> bytes:
    """A field with its length in front."""
    return tag(number, _BYTES) + varint(len(content)) + content


class Mutants:
    """Bytes for one method; the same ones for the same seed."""

    def __init__(self, kind: Any, templates: Sequence[bytes], seed: int) -> None:
        self._kind = kind
        self._templates = templates
        self._random = random.Random(f"{seed} {kind.full_name}")

    def one(self) -> bytes:
        """The next one."""
        chance = self._random
        if chance.random() < 0.45:
            return self._of_fields(self._kind, 5)[:LONGEST]
        data = bytearray(chance.choice(self._templates))
        for _ in range(chance.randint(1, 4)):
            chance.choice(_CHANGES)(self, data)
        return bytes(data[:LONGEST])

    def _of_fields(self, kind: Any, depth: int) -> bytes:
        """Fields of a message, some of them odd."""
        chance, fields = self._random, list(kind.fields)
        chosen = chance.choices(fields, k=chance.randint(0, len(fields) + 1)) if fields else []
        return b"".join(self._field(field, depth) for field in chosen)

    def _field(self, field: FieldDescriptor, depth: int) -> bytes:
        chance = self._random
        if chance.random() < 0.05:
            return self.odd_field()
        wire = _WIRE.get(field.cpp_type, _VARINT)
        if chance.random() < 0.05:
            wire = chance.choice((_VARINT, _FIXED64, _BYTES, _FIXED32))
        times = 1
        if field.is_repeated:
            times = MANY if chance.random() < 0.03 else chance.choice((1, 1, 2, 3))
        content = self._content(field, wire, depth if times < MANY else 0)
        return content * times

    def _content(self, field: FieldDescriptor, wire: int, depth: int) -> bytes:
        chance, number = self._random, field.number
        if wire == _VARINT:
            return tag(number, wire) + varint(chance.choice(ODD_NUMBERS))
        if wire == _FIXED64:
            return tag(number, wire) + chance.randbytes(8)
        if wire == _FIXED32:
            return tag(number, wire) + chance.randbytes(4)
        if field.message_type is not None and depth and chance.random() < 0.9:
            return counted(number, self._of_fields(field.message_type, depth - 1))
        odd = chance.choice((*ODD_BYTES, chance.randbytes(chance.randint(0, 40))))
        return counted(number, odd)

    def odd_field(self) -> bytes:
        """A field that the contract does not have, or that no message may have."""
        chance = self._random
        number = chance.choice((0, 1, 15, 16, 1_000, 19_001, 2**29 - 1))
        return chance.choice(
            (
                counted(number, chance.randbytes(8)),
                _groups(number),
                tag(number, _BEGIN),
                tag(number, _END),
                tag(number, 6) + b"x",
                tag(number, 7),
                tag(number, _VARINT) + b"\xff" * 11,
                tag(number, _BYTES) + varint(2**31 - 1),
                tag(number, _BYTES) + varint(2**64 - 1) + b"x",
                nested(number, DEEP),
            )
        )

    def turn_bits(self, data: bytearray) -> None:
        for _ in range(self._random.randint(1, 3)):
            if data:
                data[self._random.randrange(len(data))] ^= 1 << self._random.randrange(8)

    def put_in(self, data: bytearray) -> None:
        at = self._random.randint(0, len(data))
        data[at:at] = self._random.choice((*ODD_BYTES, self._random.randbytes(4)))

    def take_out(self, data: bytearray) -> None:
        at = self._random.randint(0, len(data))
        del data[at : at + self._random.randint(1, 30)]

    def cut(self, data: bytearray) -> None:
        del data[self._random.randint(0, len(data)) :]

    def double(self, data: bytearray) -> None:
        at = self._random.randint(0, len(data))
        data[at:at] = data[at : at + self._random.randint(1, 200)]

    def add_field(self, data: bytearray) -> None:
        data += self.odd_field()

    def merge(self, data: bytearray) -> None:
        """A second message behind the first: protobuf takes both for one."""
        data += self._of_fields(self._kind, 4)


_CHANGES: Final[tuple[Callable[[Mutants, bytearray], Any], ...]] = (
    Mutants.turn_bits,
    Mutants.turn_bits,
    Mutants.put_in,
    Mutants.take_out,
    Mutants.cut,
    Mutants.double,
    Mutants.add_field,
    Mutants.merge,
)


@functools.cache
def _groups(number: int) -> bytes:
    """A group in a group in a group."""
    return tag(number, _BEGIN) * DEEP + tag(number, _END) * DEEP


@functools.cache
def nested(number: int, depth: int) -> bytes:
    """A message in a message in a message."""
    data = b""
    for _ in range(depth):
        data = counted(number, data)
    return data
