"""What of a history does not fit the journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from lienthong_node.history.attempts import Line, Reading, Sorted
from lienthong_node.history.events import Event, Operation
from lienthong_node.history.findings import Finding, Promise
from lienthong_node.history.journal import Entry, Journal

FEW = 5
"""Entries that a finding names."""


def judge_journal(found: Sorted, journal: Journal) -> Iterator[Finding]:
    """Everything that the journal shows to be broken; of one case only what it contains."""
    by_index = {entry.index: entry for entry in journal.entries}
    by_id = {entry.id: entry for entry in journal.entries if entry.id}
    for fault in journal.faults:
        yield Finding(promise=Promise.I6, text=f"audit: {fault}")
    yield from _twice(journal)
    for line in found.indexed():
        yield from _entry(line, by_index, whole=journal.whole)
    yield from _refused(found, by_id)
    if journal.whole:
        yield from _gaps(journal)
        yield from _confirmed(found, journal, by_id)
        yield from _heads(found, journal)
        for reading in found.readings.values():
            end = len(journal.entries) if found.ended else reading.position
            yield from _feed(reading, journal, end)


def _gaps(journal: Journal) -> Iterator[Finding]:
    for expected, entry in enumerate(journal.entries):
        if entry.index != expected:
            text = f"the journal has entry {entry.index} in place of {expected}"
            yield Finding(promise=Promise.I6, text=text)
            return


def _twice(journal: Journal) -> Iterator[Finding]:
    for name, count in Counter(entry.id for entry in journal.entries if entry.id).items():
        if count > 1:
            yield Finding(promise=Promise.I3, text=f"{name} is in the journal {count} times")
    confirmed = Counter(delivery for entry in journal.entries for delivery in entry.accepted)
    for (package, recipient), count in confirmed.items():
        if count > 1:
            text = f"the delivery of {package} to {recipient} was confirmed {count} times"
            yield Finding(promise=Promise.I3, text=text)


def _entry(line: Line, by_index: Mapping[int, Entry], *, whole: bool) -> Iterator[Finding]:
    """What was acknowledged or seen is where it was said to be, and is the same."""
    number, event = line
    entry = by_index.get(-1 if event.index is None else event.index)
    if entry is None and not whole:
        return
    if entry is None or entry.id != event.id:
        yield _missing(number, event)
    elif event.payload and entry.payload and event.payload != entry.payload:
        text = f"the journal has another content of {event.id or f'entry {event.index}'}"
        yield Finding(promise=Promise.I2, text=text, line=number)
    elif event.receipt and entry.receipt and event.receipt != entry.receipt:
        text = f"the receipt of {event.id} is another one than before"
        yield Finding(promise=Promise.I5, text=text, line=number)


def _missing(number: int, event: Event) -> Finding:
    if event.op is Operation.READ:
        text = f"{event.reader} saw {event.id} as entry {event.index}, that is not there"
        return Finding(promise=Promise.I2, text=text, line=number)
    text = f"{event.id} was acknowledged as entry {event.index} and is lost"
    return Finding(promise=Promise.I1, text=text, line=number)


def _refused(found: Sorted, by_id: Mapping[str, Entry]) -> Iterator[Finding]:
    for attempts in found.attempts.values():
        if attempts.is_refused and attempts.id in by_id:
            text = f"{attempts.id} was refused and is entry {by_id[attempts.id].index}"
            yield Finding(promise=Promise.I2, text=text, line=attempts.fails[-1][0])


def _confirmed(found: Sorted, journal: Journal, by_id: Mapping[str, Entry]) -> Iterator[Finding]:
    """An acknowledged acceptance had its effect, with this report or an earlier one.

    Who accepts for another organisation names it in the report, of which the journal has the entry.
    """
    accepted = {delivery for entry in journal.entries for delivery in entry.accepted}
    for attempts in found.attempts.values():
        for number, event in attempts.oks[:1]:
            accepts = event.op is Operation.REPORT and event.event == "ACCEPT" and event.package
            entry = by_id.get(event.id)
            own = entry.delivery if entry is not None else None
            if accepts and (own or (event.package, event.by)) not in accepted:
                text = f"{event.package} was accepted by {event.by}, the journal has it not"
                yield Finding(promise=Promise.I1, text=text, line=number)


def _heads(found: Sorted, journal: Journal) -> Iterator[Finding]:
    """The journal begins with what every checkpoint covered."""
    for number, event in found.heads:
        size = event.size or 0
        if size > len(journal.entries):
            text = f"the journal has {len(journal.entries)} entries, a checkpoint covered {size}"
            yield Finding(promise=Promise.I6, text=text, line=number)
        elif size and journal.entries[size - 1].root not in {"", event.root}:
            text = f"the journal's first {size} entries were rewritten"
            yield Finding(promise=Promise.I6, text=text, line=number)


def _feed(reading: Reading, journal: Journal, end: int) -> Iterator[Finding]:
    """A reader saw all that concerns it, and nothing else."""
    concerning = {
        entry.index
        for entry in journal.entries
        if reading.organ in entry.parties and reading.start <= entry.index < end
    }
    seen = {event.index: number for number, event in reading.items if event.index is not None}
    missing = sorted(concerning - seen.keys())
    if missing:
        yield Finding(promise=Promise.I1, text=f"{reading.name} did not see {missing[:FEW]}")
    known = {entry.index for entry in journal.entries}
    for index in sorted((seen.keys() & known) - concerning)[:FEW]:
        text = f"{reading.name} saw entry {index}, which does not concern {reading.organ}"
        yield Finding(promise=Promise.I2, text=text, line=seen[index])
