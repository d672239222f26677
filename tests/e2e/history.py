"""Judges what clients saw (``load.py``) against what the node's store holds at the end."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from attrs import frozen

from lienthong.codec.signed import dump_receipt, load_entry, receipt_from_message
from lienthong.errors import DataCorrupt
from lienthong.model.delivery import DeliveryState
from lienthong.model.journal import DirectoryRecord, PackageRecord, Receipt
from lienthong.spi.records import JournalRow
from lienthong.spi.storage import ReadView
from lienthong_node import wire
from lienthong_node.audit import audit
from lienthong_node.opening import open_for_audit
from lienthong_node.stores import read_recorded

PAGE: Final = 500
TAIL: Final = 256 * 1024
"""Bytes of the history that are looked at after each restart."""

Event: TypeAlias = Mapping[str, Any]


@frozen(kw_only=True)
class Entry:
    """What the checker needs to know of one journal entry."""

    index: int
    id: str = ""
    """Of the package or report."""

    parties: frozenset[str] = frozenset()
    accepted: tuple[tuple[str, str], ...] = ()
    """Deliveries (package, recipient) that this entry brought to ACCEPTED."""

    receipt: str = ""
    """SHA-256 of the receipt that the node gives for it."""


def digest(receipt: Receipt) -> str:
    """SHA-256 of a receipt's bytes."""
    return hashlib.sha256(dump_receipt(receipt)).hexdigest()


def read_events(path: Path) -> list[Event]:
    """The history so far; a line that is still being written is left out."""
    lines = path.read_text("utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines]


def newest_events(path: Path) -> list[Event]:
    """The end of the history; reading all of it again and again would take longer and longer."""
    with path.open("rb") as source:
        start = max(0, path.stat().st_size - TAIL)
        source.seek(start)
        lines = source.read().decode("utf-8", "ignore").split("\n")
    return [json.loads(line) for line in lines[bool(start) : -1]]


def read_journal(data: Path) -> tuple[list[Entry], list[str]]:
    """The journal of a data folder that no node uses, and what the audit finds wrong."""
    with open_for_audit(data, None) as (store, blobs, key):
        try:
            for _ in audit(store, key, blobs):
                pass
            faults = []
        except DataCorrupt as error:
            faults = [f"audit: {error}"]
        with store.read() as view:
            return list(_entries(view)), faults


def judge(events: Sequence[Event], journal: Sequence[Entry]) -> list[str]:
    """Everything that breaks a promise; empty when all is well."""
    return [
        *_gaps(journal),
        *_twice(journal),
        *_unanswered(events),
        *_lost(events, {entry.index: entry for entry in journal}),
        *_other_receipts(events, journal),
        *_feeds(events, journal),
    ]


def _gaps(journal: Sequence[Entry]) -> Iterator[str]:
    for expected, entry in enumerate(journal):
        if entry.index != expected:
            yield f"the journal has entry {entry.index} in place of {expected}"
            return


def _twice(journal: Sequence[Entry]) -> Iterator[str]:
    for name, count in Counter(entry.id for entry in journal if entry.id).items():
        if count > 1:
            yield f"{name} is in the journal {count} times"
    confirmed = Counter(delivery for entry in journal for delivery in entry.accepted)
    for (package, recipient), count in confirmed.items():
        if count > 1:
            yield f"the delivery of {package} to {recipient} was confirmed {count} times"


def _unanswered(events: Iterable[Event]) -> Iterator[str]:
    open_ = dict.fromkeys(event["id"] for event in events if event["what"] == "send")
    for event in events:
        if event["what"] == "sent":
            open_.pop(event["id"], None)
    for name in open_:
        yield f"{name} was never answered"


def _lost(events: Iterable[Event], by_index: Mapping[int, Entry]) -> Iterator[str]:
    """What was acknowledged is where the receipt says."""
    for event in events:
        entry = by_index.get(event.get("index", -1))
        if event["what"] == "sent" and (entry is None or entry.id != event["id"]):
            yield f"{event['id']} was acknowledged as entry {event['index']} and is lost"
        if event["what"] == "accepted":
            if entry is None:
                yield f"an acceptance was acknowledged as entry {event['index']} and is lost"
            elif (event["id"], event["organ"]) not in entry.accepted and not any(
                (event["id"], event["organ"]) in other.accepted for other in by_index.values()
            ):
                yield f"{event['id']} was accepted by {event['organ']}, the journal has it not"


def _other_receipts(events: Iterable[Event], journal: Sequence[Entry]) -> Iterator[str]:
    """The node gives the receipt that it gave, byte for byte, each time."""
    now = {entry.id: entry.receipt for entry in journal if entry.id}
    for event in events:
        if event["what"] == "sent" and event["sha"] != now.get(event["id"], event["sha"]):
            yield f"the receipt of {event['id']} is another one than before"


def _feeds(events: Iterable[Event], journal: Sequence[Entry]) -> Iterator[str]:
    """Each reader saw exactly what concerns it, in order, once."""
    seen: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for event in events:
        if event["what"] == "read":
            seen[event["reader"]].append((event["index"], event["id"]))
    for reader, items in seen.items():
        organ = reader.split()[-1]
        expected = [(entry.index, entry.id) for entry in journal if organ in entry.parties]
        if items != expected:
            yield f"{reader} {_difference(items, expected)}"


def _difference(items: list[tuple[int, str]], expected: list[tuple[int, str]]) -> str:
    indexes = [index for index, _ in items]
    if len(set(indexes)) < len(indexes):
        return f"saw entries twice: {[i for i, n in Counter(indexes).items() if n > 1][:5]}"
    if indexes != sorted(indexes):
        return "saw entries out of order"
    missing, more = set(expected) - set(items), set(items) - set(expected)
    return f"did not see {sorted(missing)[:5]}, saw {sorted(more)[:5]} that is not there"


def _entries(view: ReadView) -> Iterator[Entry]:
    senders: dict[str, str] = {}
    start = 0
    while rows := view.journal(start, PAGE):
        for row in rows:
            yield _entry(view, row, senders)
        start = rows[-1].index + 1


def _entry(view: ReadView, row: JournalRow, senders: dict[str, str]) -> Entry:
    """Whom an entry concerns is worked out anew, not taken from the node's table."""
    body = load_entry(row.entry).body
    receipt = digest(receipt_from_message(wire.receipt(read_recorded(view, row.index))))
    if isinstance(body, DirectoryRecord):
        return Entry(index=row.index, parties=frozenset(row.parties), receipt=receipt)
    package = str(body.package_id)
    if isinstance(body, PackageRecord):
        senders[package] = str(body.sender)
        name, parties = package, {str(body.sender), *map(str, body.recipients)}
    else:
        name, parties = str(body.statement_id), {senders[package], str(body.recipient)}
    accepted = tuple(
        (str(effect.package_id), str(effect.recipient))
        for effect in body.effects
        if effect.to_state is DeliveryState.ACCEPTED
    )
    return Entry(
        index=row.index,
        id=name,
        parties=frozenset(parties),
        accepted=accepted,
        receipt=receipt,
    )
