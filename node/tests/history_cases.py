"""Hand-made histories: one that is good, and small changes of it that are good or bad (D-21).

The story: A sends a package to B and C; B reads it and accepts it; everybody reads to the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from attrs import evolve, frozen

from lienthong_node.history import Entry, Event, Journal, Operation, Outcome

A: Final = "000.00.00.H53"
B: Final = "000.00.13.H53"
C: Final = "000.00.11.H53"

SEND, REPORT, READ = Operation.SEND, Operation.REPORT, Operation.READ
INVOKE, OK, FAIL, UNKNOWN = Outcome.INVOKE, Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def event(op: Operation, type_: Outcome, by: str, id_: str = "", **fields: Any) -> Event:
    return Event(op=op, type=type_, by=by, id=id_, **fields)


def send(id_: str, by: str = A, to: tuple[str, ...] = (B, C), **fields: Any) -> Event:
    values: dict[str, Any] = {"payload": digest(id_), "to": to}
    return event(SEND, INVOKE, by, id_, **(values | fields))


def sent(id_: str, index: int, by: str = A, **fields: Any) -> Event:
    values: dict[str, Any] = {"index": index, "receipt": digest(f"receipt {id_}")}
    return event(SEND, OK, by, id_, **(values | fields))


def report(id_: str, by: str = B, says: str = "ACCEPT", package: str = "p") -> Event:
    payload = digest(id_)
    return event(REPORT, INVOKE, by, id_, payload=payload, package=package, event=says)


def reported(id_: str, index: int, by: str = B, package: str = "p", says: str = "ACCEPT") -> Event:
    receipt = digest(f"receipt {id_}")
    return event(REPORT, OK, by, id_, index=index, receipt=receipt, package=package, event=says)


def ended(type_: Outcome, id_: str, by: str = A, op: Operation = SEND) -> Event:
    code = "wire.unavailable" if type_ is UNKNOWN else "exchange.unknown_recipient"
    return event(op, type_, by, id_, code=code)


def begins(reader: str, cursor: int) -> Event:
    return event(READ, INVOKE, reader.rsplit(maxsplit=1)[-1], reader=reader, cursor=cursor)


def read(reader: str, index: int, id_: str, **fields: Any) -> Event:
    values: dict[str, Any] = {"cursor": index + 1, "payload": digest(id_) if id_ else ""}
    by = reader.rsplit(maxsplit=1)[-1]
    return event(READ, OK, by, id_, reader=reader, index=index, **(values | fields))


def head(size: int, root: str = "", by: str = A) -> Event:
    return event(Operation.HEAD, OK, by, size=size, root=root or digest(f"root {size}"))


END: Final = Event(op=Operation.END, type=OK)
RA, RB, RC = f"app {A}", f"app {B}", f"app {C}"

STORY: Final = (
    send("p"),
    sent("p", 1),
    begins(RB, 0),
    read(RB, 1, "p"),
    report("s"),
    reported("s", 2),
    read(RB, 2, "s"),
    read(RA, 1, "p"),
    read(RA, 2, "s"),
    read(RC, 1, "p"),
    head(2),
    head(3),
    END,
)


def entry(index: int, id_: str, *parties: str, **fields: Any) -> Entry:
    values: dict[str, Any] = {
        "payload": digest(id_) if id_ else "",
        "receipt": digest(f"receipt {id_}"),
        "root": digest(f"root {index + 1}"),
    }
    return Entry(index=index, id=id_, parties=frozenset(parties), **(values | fields))


ENTRIES: Final = (
    entry(0, ""),
    entry(1, "p", A, B, C),
    entry(2, "s", A, B, accepted=(("p", B),)),
)
JOURNAL: Final = Journal(entries=ENTRIES)
CASE: Final = Journal(entries=ENTRIES[1:], whole=False)
"""Of the same journal, what a bundle shows."""


@frozen
class Story:
    """A history, what it is compared with, and what the judge must find ("" for nothing)."""

    name: str
    events: Sequence[Event]
    journal: Journal | None = JOURNAL
    promise: str = ""
    text: str = ""


def without(*lines: int) -> tuple[Event, ...]:
    return tuple(one for number, one in enumerate(STORY, start=1) if number not in lines)


def with_(line: int, *events: Event) -> tuple[Event, ...]:
    """The story with events put in front of a line."""
    return (*STORY[: line - 1], *events, *STORY[line - 1 :])


def but(line: int, **fields: Any) -> tuple[Event, ...]:
    """The story with one line changed."""
    return (*STORY[: line - 1], evolve(STORY[line - 1], **fields), *STORY[line:])


def holding(*entries: Entry, **fields: Any) -> Journal:
    return Journal(entries=entries, **fields)


def other(index: int, **fields: Any) -> Journal:
    """The journal with one entry changed."""
    changed = [evolve(e, **fields) if e.index == index else e for e in ENTRIES]
    return Journal(entries=tuple(changed))
