"""The judge: everything in a history that breaks a promise.

Some promises show in the history alone: receipts that change, cursors that go back, heads that do
not fit each other. The rest needs the journal: what it lost, altered, doubled, or hid from readers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lienthong_node.history.attempts import Attempts, Reading, Sorted, sort
from lienthong_node.history.events import Event
from lienthong_node.history.findings import Finding, Promise
from lienthong_node.history.journal import Journal
from lienthong_node.history.judge_journal import judge_journal


def judge(events: Sequence[Event], journal: Journal | None = None) -> list[Finding]:
    """Everything that breaks a promise; empty when all is well.

    Args:
        events: the history, in the order in which things happened.
        journal: what the node holds at the end; without it only the history itself is judged.
    """
    found = sort(events)
    own = [
        *_unanswered(found),
        *(finding for one in found.attempts.values() for finding in _receipts(one)),
        *_phantoms(found),
        *_one_thing_at_an_index(found),
        *(finding for one in found.readings.values() for finding in _order(one)),
        *_skipped(found),
        *_real_time(found),
        *_heads(found),
    ]
    return own + (list(judge_journal(found, journal)) if journal is not None else [])


def _unanswered(found: Sorted) -> Iterator[Finding]:
    """At the end every outcome is known: the same bytes were handed over until it was."""
    if not found.ended:
        return
    for attempts in found.attempts.values():
        if attempts.is_open:
            text = f"{attempts.id} was never answered"
            yield Finding(promise=Promise.I1, text=text, line=attempts.invokes[-1][0])


def _receipts(attempts: Attempts) -> Iterator[Finding]:
    """The same bytes get the same receipt for ever, and other bytes none."""
    if not attempts.oks:
        return
    _, first = attempts.oks[0]
    for line, event in attempts.oks[1:]:
        if event.index != first.index:
            text = f"{event.id} stands in the journal twice, as {first.index} and {event.index}"
            yield Finding(promise=Promise.I3, text=text, line=line)
        elif event.receipt != first.receipt:
            text = f"the receipt of {event.id} is another one than before"
            yield Finding(promise=Promise.I5, text=text, line=line)
        elif event.payload and first.payload and event.payload != first.payload:
            text = f"{event.id} was acknowledged for two different contents"
            yield Finding(promise=Promise.I5, text=text, line=line)
    made = {event.payload for _, event in attempts.invokes if event.payload}
    for line, event in attempts.oks:
        if event.payload and made and event.payload not in made:
            text = f"{event.id} was acknowledged with a content that nobody handed over"
            yield Finding(promise=Promise.I2, text=text, line=line)


def _phantoms(found: Sorted) -> Iterator[Finding]:
    """What a reader sees was handed over, was not refused, and is unaltered."""
    for reading in found.readings.values():
        for line, event in reading.items:
            attempts = found.attempts.get(event.id)
            if attempts is None:
                continue
            made = {invoke.payload for _, invoke in attempts.invokes if invoke.payload}
            if attempts.is_refused:
                text = f"{event.id} was refused, and {event.reader} saw it"
                yield Finding(promise=Promise.I2, text=text, line=line)
            elif event.payload and made and event.payload not in made:
                text = f"{event.reader} saw {event.id} with another content than was handed over"
                yield Finding(promise=Promise.I2, text=text, line=line)


def _one_thing_at_an_index(found: Sorted) -> Iterator[Finding]:
    """An entry is about one thing, whoever looks; a thing has one entry."""
    at: dict[int, Event] = {}
    where: dict[str, int] = {}
    for line, event in found.indexed():
        if event.index is None:
            continue
        known = at.setdefault(event.index, event)
        if known.id != event.id:
            text = f"entry {event.index} was {known.id or 'of the directory'}, and now {event.id}"
            yield Finding(promise=Promise.I6, text=text, line=line)
        elif event.payload and known.payload and event.payload != known.payload:
            text = f"entry {event.index} has another content than before"
            yield Finding(promise=Promise.I6, text=text, line=line)
        if event.id and where.setdefault(event.id, event.index) != event.index:
            text = f"{event.id} was seen as entry {where[event.id]} and as {event.index}"
            yield Finding(promise=Promise.I3, text=text, line=line)


def _order(reading: Reading) -> Iterator[Finding]:
    """A reader sees each entry once, in index order, and its cursor never goes back."""
    position, seen = reading.start, set[int]()
    for line, event in reading.steps:
        if event.index is not None:
            if event.index in seen:
                text = f"{event.reader} saw entry {event.index} twice"
                yield Finding(promise=Promise.I3, text=text, line=line)
            elif event.index < position:
                text = f"{event.reader} saw entry {event.index} out of order, after {position - 1}"
                yield Finding(promise=Promise.I4, text=text, line=line)
            seen.add(event.index)
            position = max(position, event.index + 1)
        if event.cursor is not None:
            if event.cursor < position:
                text = f"the cursor of {event.reader} went back from {position} to {event.cursor}"
                yield Finding(promise=Promise.I4, text=text, line=line)
            position = max(position, event.cursor)


def _skipped(found: Sorted) -> Iterator[Finding]:
    """A recipient that has read past an acknowledged package has seen it."""
    sent = [
        (line, event.index, event.id, {code for _, made in one.invokes for code in made.to})
        for one in found.attempts.values()
        for line, event in one.oks[:1]
        if event.index is not None
    ]
    for reading in found.readings.values():
        seen = {event.index for _, event in reading.items}
        start, position = reading.start, reading.position
        for line, index, name, to in sent:
            if start <= index < position and reading.organ in to and index not in seen:
                text = f"{reading.name} read past entry {index} ({name}), unseen"
                yield Finding(promise=Promise.I1, text=text, line=line)


def _real_time(found: Sorted) -> Iterator[Finding]:
    """What was handed over after an acknowledgement comes after it in the journal."""
    begun = sorted(
        (one.invokes[0][0], one.oks[0][1].index, one.id)
        for one in found.attempts.values()
        if one.invokes and one.oks and not any(event.again for _, event in one.invokes)
    )
    done = sorted((line, event) for one in found.attempts.values() for line, event in one.oks[:1])
    highest, at = -1, 0
    for line, index, name in begun:
        while at < len(done) and done[at][0] < line:
            highest, at = max(highest, done[at][1].index or 0), at + 1
        if index is not None and index < highest:
            text = f"{name} was handed over after entry {highest} was acknowledged, and is {index}"
            yield Finding(promise=Promise.I4, text=text, line=line)


def _heads(found: Sorted) -> Iterator[Finding]:
    """Checkpoints only grow, and one size has one root, whoever looks."""
    roots: dict[int, str] = {}
    newest: dict[str, int] = {}
    for line, event in found.heads:
        size = event.size or 0
        if roots.setdefault(size, event.root) != event.root:
            text = f"two different checkpoints of size {size} were shown"
            yield Finding(promise=Promise.I6, text=text, line=line)
        if size < newest.get(event.by, 0):
            text = f"{event.by} was shown size {size} after size {newest[event.by]}"
            yield Finding(promise=Promise.I6, text=text, line=line)
        newest[event.by] = max(size, newest.get(event.by, 0))
