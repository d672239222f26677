"""Canaries: texts that must appear nowhere but where they were put (N-17)."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable, Iterator
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

WRAPPINGS: Final = (
    "{}",
    '\r\n{{"event": "{}"}}\r\n',
    "\x1b[31m{}\x1b[0m\x07",
    "\u202e{}\u2066",
    "\x00{}\x85\u2028",
)
"""Line ends, terminal codes, signs that turn text round: what forges lines and hides words."""

KNOWN_KEYS: Final = frozenset({"event", "level", "timestamp", "logger"})


class Canaries:
    """Makes canaries and remembers them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._wrappings = itertools.cycle(WRAPPINGS)
        self.made: list[str] = []

    def text(self) -> str:
        """A canary alone."""
        self.made.append(f"canary{self._random.getrandbits(64):016x}")
        return self.made[-1]

    def hostile(self) -> str:
        """A canary in one of the wrappings, in turn."""
        return next(self._wrappings).format(self.text())


def requests(kind: type[Message], canaries: Canaries, depth: int = 4) -> Iterator[Message]:
    """Requests with a canary in each text and bytes field, also in messages inside."""
    for field in kind.DESCRIPTOR.fields:
        for value in _values(field, canaries, depth):
            message = kind()
            _put(message, field, value)
            yield message


def _values(field: Any, canaries: Canaries, depth: int) -> Iterator[Any]:
    if field.message_type is not None:
        if depth and not field.message_type.GetOptions().map_entry:
            yield from requests(GetMessageClass(field.message_type), canaries, depth - 1)
    elif field.type == FieldDescriptor.TYPE_STRING:
        yield canaries.hostile()
    elif field.type == FieldDescriptor.TYPE_BYTES:
        yield canaries.hostile().encode()


def _put(message: Message, field: Any, value: Any) -> None:
    if field.is_repeated:
        getattr(message, field.name).append(value)
    elif field.message_type is not None:
        getattr(message, field.name).CopyFrom(value)
    else:
        setattr(message, field.name, value)


def leaked(canaries: Iterable[str], *texts: str) -> list[str]:
    """The canaries that stand in one of the texts."""
    return [canary for canary in canaries if any(canary in text for text in texts)]


def injected(log: str) -> list[str]:
    """Lines of a log that are not one JSON object with the keys of every line."""
    found = []
    for line in log.split("\n")[:-1]:
        try:
            values = json.loads(line)
        except ValueError:
            values = None
        if not isinstance(values, dict) or not values.keys() >= KNOWN_KEYS:
            found.append(line)
    return found
