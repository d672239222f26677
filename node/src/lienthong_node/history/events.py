"""One line of a history: an operation of a client, and how far it came.

A history is a file of JSON lines in the order in which things happened: one object a line, empty
values left out. Every operation begins with an ``invoke``; it ends with ``ok``, with ``fail`` (the
axis refused it for good) or with ``unknown`` (no answer: it may have happened, and the same bytes
are handed over again until the outcome is known).
"""

from __future__ import annotations

import enum
import json as standard
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from attrs import Attribute, asdict, field, frozen

from lienthong.codec import json
from lienthong.errors import InvalidValue, LienthongError, Malformed, MissingField


class Operation(enum.Enum):
    """What a client does."""

    SEND = "send"
    """Hand a package over."""

    REPORT = "report"
    """Hand a status report over."""

    READ = "read"
    """Read the feed; one ``ok`` for each entry."""

    HEAD = "head"
    """Learn the newest checkpoint."""

    END = "end"
    """Everybody has stopped, every outcome is known, and every reader has read to the end."""


class Outcome(enum.Enum):
    """How far an operation came."""

    INVOKE = "invoke"
    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"


def _whole(_: object, attribute: Attribute[Any], value: int | None) -> None:
    if value is not None and value < 0:
        raise InvalidValue(field=f"Event.{attribute.name}", found=value, expected="at least 0")


def _hash(_: object, attribute: Attribute[Any], value: str) -> None:
    if value and not (len(value) == _HASH_DIGITS and set(value) <= _HEX):
        raise InvalidValue(
            field=f"Event.{attribute.name}", found=repr(value[:80]), expected="64 hex digits"
        )


_HASH_DIGITS: Final = 64
_HEX: Final = frozenset("0123456789abcdef")


@frozen(kw_only=True)
class Event:
    """One line. Hashes are SHA-256, 64 lower-case hex digits; indexes count from 0."""

    op: Operation
    type: Outcome
    by: str = ""
    """Canonical code of the organisation that does it."""

    id: str = ""
    """Of the package or report; for ``read`` of what the entry is about."""

    payload: str = field(default="", validator=_hash)
    """Hash of the signed bytes."""

    to: tuple[str, ...] = ()
    """Recipients of a package."""

    package: str = ""
    """What a report is about."""

    event: str = ""
    """What a report says."""

    again: bool = False
    """It was handed over before this history begins."""

    index: int | None = field(default=None, validator=_whole)
    """Of the journal entry."""

    receipt: str = field(default="", validator=_hash)
    """Hash of the receipt's bytes."""

    reader: str = ""
    """Name of one reading application, of which each has a cursor of its own."""

    cursor: int | None = field(default=None, validator=_whole)
    """Where the reader goes on."""

    size: int | None = field(default=None, validator=_whole)
    """Entries under a checkpoint."""

    root: str = field(default="", validator=_hash)
    """Root of the checkpoint's tree."""

    code: str = ""
    """Of the error."""

    def __attrs_post_init__(self) -> None:
        needed = _NEEDED.get((self.op, self.type))
        if needed is None:
            raise InvalidValue(
                field="Event.type", found=self.type.value, expected=f"one that {self.op.value} has"
            )
        for name in needed:
            if getattr(self, name) in {None, ""}:
                raise MissingField(field=f"Event.{name}", clause=f"{self.op.value}")


_HANDED_OVER: Final = ("by", "id", "index", "receipt")
_NEEDED: Final[Mapping[tuple[Operation, Outcome], tuple[str, ...]]] = {
    (Operation.SEND, Outcome.INVOKE): ("by", "id"),
    (Operation.SEND, Outcome.OK): _HANDED_OVER,
    (Operation.SEND, Outcome.FAIL): ("by", "id", "code"),
    (Operation.SEND, Outcome.UNKNOWN): ("by", "id", "code"),
    (Operation.REPORT, Outcome.INVOKE): ("by",),
    (Operation.REPORT, Outcome.OK): _HANDED_OVER,
    (Operation.REPORT, Outcome.FAIL): ("by", "code"),
    (Operation.REPORT, Outcome.UNKNOWN): ("by", "code"),
    (Operation.READ, Outcome.INVOKE): ("by", "reader", "cursor"),
    (Operation.READ, Outcome.OK): ("by", "reader", "index"),
    (Operation.READ, Outcome.FAIL): ("by", "reader", "code"),
    (Operation.READ, Outcome.UNKNOWN): ("by", "reader", "code"),
    (Operation.HEAD, Outcome.OK): ("by", "size", "root"),
    (Operation.END, Outcome.OK): (),
}
"""What the judge needs of each; other combinations do not exist."""


def dump_event(event: Event) -> str:
    """The event as one line, with its line end."""
    kept = {
        name: value
        for name, value in asdict(event, value_serializer=_plain).items()
        if value is not False and value not in (None, "", (), [])
    }
    return standard.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n"


def _plain(_: object, __: object, value: object) -> object:
    return value.value if isinstance(value, enum.Enum) else value


def load_event(text: str, line: int) -> Event:
    """The event on one line.

    Raises:
        Malformed: naming the line and the field that is wrong.
    """
    try:
        return json.load(Event, text)
    except LienthongError as error:
        raise Malformed(what=f"line {line} of the history", reason=str(error)) from error


def read_events(path: Path, *, newest_bytes: int | None = None) -> list[Event]:
    """A history so far; a last line that is still being written is left out.

    Args:
        path: the history.
        newest_bytes: look only at so many bytes at its end.

    Raises:
        Malformed: naming the line, counted from where reading began, and its field.
        OSError: it cannot be read.
    """
    with path.open("rb") as source:
        start = 0 if newest_bytes is None else max(0, path.stat().st_size - newest_bytes)
        source.seek(start)
        *lines, rest = source.read().split(b"\n")[bool(start) :]
    found = [_read(line, number) for number, line in enumerate(lines, start=1)]
    with suppress(Malformed):
        found.append(_read(rest, len(lines) + 1))
    return found


def _read(line: bytes, number: int) -> Event:
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise Malformed(what=f"line {number} of the history", reason="it is not UTF-8") from error
    return load_event(text, number)
