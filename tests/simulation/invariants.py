"""The invariants, as small pure functions; each yields what breaks it.

God sees what no client sees: what everybody made, and what is durable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from attrs import frozen

from lienthong.codec.signed import load_entry
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.journal import DirectoryRecord, JournalEntry, PackageRecord, StatementRecord
from lienthong.spi.records import JournalRow


@frozen(kw_only=True)
class Made:
    """What somebody really made and signed under an identifier."""

    by: str
    payload: bytes
    parties: frozenset[str]
    """Whom it concerns: sender and recipients."""

    honest: bool = True

    def is_recorded_by(self, entry: JournalEntry) -> bool:
        """Whether an entry is about just this."""
        return self.honest and self.payload == _payload(entry)


@frozen(kw_only=True)
class Ack:
    """A receipt that reached a client."""

    id: str
    by: str
    index: int
    payload: bytes
    receipt: bytes


@frozen
class Broken:
    """An invariant that does not hold."""

    invariant: str
    text: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.text}"


def acknowledged_is_recorded(acks: Sequence[Ack], rows: Sequence[JournalRow]) -> Iterator[Broken]:
    """I1: what was acknowledged is durable, where its receipt says."""
    for ack in acks:
        row = rows[ack.index] if ack.index < len(rows) else None
        if row is None or _payload(load_entry(row.entry)) != ack.payload:
            yield Broken("I1", f"{ack.id} was acknowledged as entry {ack.index} and is lost")


def only_what_was_made(entry: JournalEntry, made: Mapping[str, Sequence[Made]]) -> Iterator[Broken]:
    """I2, T5: an entry is what its sender signed, and nobody's in whose name it is not."""
    body = entry.body
    if not isinstance(body, PackageRecord | StatementRecord):
        return
    one = _made(subject_of(entry), _payload(entry), made)
    if one is None:
        yield Broken("I2", f"entry {entry.index} is nothing that anybody made")
    elif not one.honest:
        who = body.sender if isinstance(body, PackageRecord) else body.reporter
        yield Broken("I8", f"entry {entry.index} was forged by {one.by} in the name of {who}")


def not_after_revocation(
    entry: JournalEntry, made: Mapping[str, Sequence[Made]], revoked: Mapping[str, int]
) -> Iterator[Broken]:
    """T11: what a revoked key signed is recorded no more, however early it came in."""
    one = _made(subject_of(entry), _payload(entry), made)
    if one is not None and one.by in revoked:
        text = f"entry {entry.index} is signed with the key of {one.by}, revoked by entry"
        yield Broken("I8", f"{text} {revoked[one.by]}")


def unaltered(entry: JournalEntry, payload: bytes) -> Iterator[Broken]:
    """I2: the bytes that are delivered are those that the entry records."""
    if _payload(entry) != hashlib.sha256(payload).digest():
        yield Broken("I2", f"entry {entry.index} was delivered with other bytes")


def recorded_once(entry: JournalEntry, known: Mapping[str, int]) -> Iterator[Broken]:
    """I3: an identifier has one entry."""
    name = subject_of(entry)
    if name and known.get(name, entry.index) != entry.index:
        yield Broken("I3", f"{name} is entry {known[name]} and entry {entry.index}")


def confirmed_once(entry: JournalEntry, known: Mapping[tuple[str, str], int]) -> Iterator[Broken]:
    """I3: a delivery is confirmed once."""
    for delivery in confirmations(entry):
        if delivery in known:
            text = f"{delivery} is confirmed by entries {known[delivery]} and {entry.index}"
            yield Broken("I3", text)


def gap_free(rows: Sequence[JournalRow], start: int) -> Iterator[Broken]:
    """I4: indexes follow each other, also inside the entries."""
    for index, row in enumerate(rows, start=start):
        if not index == row.index == load_entry(row.entry).index:
            yield Broken("I4", f"entry {row.index} stands at place {index}")


def order_of_time(ack: Ack, acknowledged_before: int) -> Iterator[Broken]:
    """I4: what was first handed over after an acknowledgement comes after it."""
    if ack.index <= acknowledged_before:
        text = f"{ack.id} is entry {ack.index}, begun after entry {acknowledged_before} was known"
        yield Broken("I4", text)


def read_in_order(reader: str, seen: Sequence[int], new: Sequence[int]) -> Iterator[Broken]:
    """I3, I4: a reader sees each entry once, in index order."""
    last = seen[-1] if seen else -1
    for index in new:
        if index <= last:
            yield Broken("I4", f"{reader} saw entry {index} after {last}")
        last = max(last, index)


def nothing_skipped(
    reader: str, seen: Sequence[int], concerning: Sequence[int], cursor: int
) -> Iterator[Broken]:
    """I1: a reader has seen everything before its cursor that concerns it."""
    missing = sorted({index for index in concerning if index < cursor} - set(seen))
    if missing:
        yield Broken("I1", f"{reader} at cursor {cursor} has not seen {missing[:5]}")


def receipt_is_final(ack: Ack, first: Ack) -> Iterator[Broken]:
    """I5: the same bytes get the same receipt for ever, and other bytes none."""
    if ack.payload != first.payload:
        yield Broken("I5", f"{ack.id} was acknowledged for two contents")
    elif (ack.index, ack.receipt) != (first.index, first.receipt):
        yield Broken("I5", f"{ack.id} has another receipt than before")


def only_appended(before: Sequence[JournalRow], after: Sequence[JournalRow]) -> Iterator[Broken]:
    """I6: what was durable stays, byte for byte."""
    if list(after[: len(before)]) != list(before):
        at = next((i for i, row in enumerate(before) if after[i : i + 1] != [row]), 0)
        yield Broken("I6", f"entry {at} of {len(before)} was there, and is gone or another one")


def are_heads_of_one(
    heads: Sequence[tuple[int, bytes]], journals: Sequence[Sequence[bytes]], who: str
) -> Iterator[Broken]:
    """I6: the heads (size, root) that somebody believes are heads of one and the same journal.

    A journal is told by the root of its tree of each size.
    """
    if not any(
        all(size < len(roots) and roots[size] == root for size, root in heads) for roots in journals
    ):
        sizes = [size for size, _ in heads]
        yield Broken("I6", f"{who} believes heads of sizes {sizes} that are of no one journal")


def concerns(reader: str, entry: JournalEntry, parties: frozenset[str]) -> Iterator[Broken]:
    """I8: a reader sees only what it is a party to."""
    body = entry.body
    if isinstance(body, DirectoryRecord):
        if str(body.organ_id) != reader and not body.subject.startswith("organisation"):
            yield Broken("I8", f"{reader} saw entry {entry.index} about {body.organ_id}")
    elif reader not in parties:
        yield Broken("I8", f"{reader} saw entry {entry.index}, which does not concern it")


def time_goes_on(rows: Sequence[JournalRow], before_us: int) -> Iterator[Broken]:
    """I12: the journal's time never goes back."""
    for row in rows:
        if row.recorded_us < before_us:
            yield Broken("I12", f"entry {row.index} is {before_us - row.recorded_us} us too early")
        before_us = max(before_us, row.recorded_us)


def root_after(stack: list[tuple[int, bytes]], leaf: bytes) -> bytes:
    """Append a leaf; the new root, straight from RFC 6962 2.1: no code shared with the product.

    *stack* holds the complete subtrees with their heights, largest first.
    """
    stack.append((0, hashlib.sha256(b"\0" + leaf).digest()))
    while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
        (height, left), (_, right) = stack[-2:]
        stack[-2:] = [(height + 1, hashlib.sha256(b"\1" + left + right).digest())]
    root = stack[-1][1]
    for _, left in reversed(stack[:-1]):
        root = hashlib.sha256(b"\1" + left + root).digest()
    return root


EMPTY_ROOT: Final = hashlib.sha256().digest()


def subject_of(entry: JournalEntry) -> str:
    """Identifier of the package or report; empty for the directory."""
    body = entry.body
    if isinstance(body, PackageRecord):
        return str(body.package_id)
    return str(body.statement_id) if isinstance(body, StatementRecord) else ""


def confirmations(entry: JournalEntry) -> list[tuple[str, str]]:
    """The delivery that an entry confirms: an acceptance with an effect."""
    body = entry.body
    if not isinstance(body, StatementRecord) or body.event is not DeliveryEvent.ACCEPT:
        return []
    return [
        (str(effect.package_id), str(effect.recipient))
        for effect in body.effects
        if effect.package_id == body.package_id
    ]


def _payload(entry: JournalEntry) -> bytes:
    body = entry.body
    if not isinstance(body, PackageRecord | StatementRecord):
        return b""
    return body.payload_sha256.value


def _made(name: str, payload: bytes, made: Mapping[str, Sequence[Made]]) -> Made | None:
    return next((one for one in made.get(name, ()) if one.payload == payload), None)
