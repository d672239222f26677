"""A history of successors and offices is good: they hear and answer in the name of others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import evolve

from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId
from lienthong_node.core.commands import PutOrganisations
from lienthong_node.history import Event, Journal, Operation, Outcome, judge
from lienthong_node.history.journal import Entry, entries
from node.tests.support import BODY, DIRECTORY, HEIR, OFFICE, TODAY, B, caller, statement
from node.tests.support import report as reporting
from node.tests.test_visibility import Axis


def accepted(axis: Axis, recipient: str, by: str) -> tuple[str, int]:
    """Something sent to one is accepted by another; the package, and the entry of that."""
    package = axis.send(recipient).package_id
    axis.do(reporting(statement(DeliveryEvent.ARRIVE, package, recipient=recipient), by=recipient))
    if by == HEIR:
        ended = evolve(
            DIRECTORY.resolve(OrganId(recipient)), valid_to=TODAY, successors=[OrganId(HEIR)]
        )
        axis.do(PutOrganisations(caller=caller(), organisations=(ended,)))
    axis.do(reporting(statement(DeliveryEvent.ACCEPT, package, recipient=recipient), by=by))
    return str(package), axis.entries[-1]


def seen(axis: Axis, reader: str, known: tuple[Entry, ...]) -> Iterator[Event]:
    """The feed of an organisation, read to its end."""
    yield Event(op=Operation.READ, type=Outcome.INVOKE, by=reader, reader="app", cursor=0)
    with axis.store.read() as view:
        rows = view.feed(reader, 0, 100)
    for row in rows:
        entry = known[row.index]
        yield Event(
            op=Operation.READ,
            type=Outcome.OK,
            by=reader,
            reader="app",
            index=row.index,
            cursor=row.index + 1,
            id=entry.id,
            payload=entry.payload,
        )


def said(entry: Entry, by: str, package: str) -> Iterator[Event]:
    """The report of an entry, handed over and acknowledged."""
    one = Event(
        op=Operation.REPORT,
        type=Outcome.INVOKE,
        by=by,
        id=entry.id,
        payload=entry.payload,
        package=package,
        event="ACCEPT",
    )
    yield one
    yield evolve(one, type=Outcome.OK, index=entry.index, receipt=entry.receipt)


@pytest.mark.parametrize(("recipient", "by"), [(B, HEIR), (BODY, OFFICE)])
def test_who_speaks_for_another_breaks_no_promise(recipient: str, by: str) -> None:
    axis = Axis()
    package, index = accepted(axis, recipient, by)
    with axis.store.read() as view:
        known = tuple(entries(view))
    events = [*seen(axis, by, known), *said(known[index], by, package)]
    events.append(Event(op=Operation.END, type=Outcome.OK))
    journal = Journal(entries=known)
    assert judge(events, journal) == []
    lost = evolve(journal, entries=tuple(evolve(one, accepted=()) for one in known))
    [finding] = judge(events, lost)
    assert finding.text == f"{package} was accepted by {by}, the journal has it not"


def test_who_begins_to_speak_later_has_not_heard_what_came_before() -> None:
    axis = Axis()
    _, index = accepted(axis, B, HEIR)
    with axis.store.read() as view:
        told = [entry.index for entry in entries(view) if HEIR in entry.parties and entry.id]
    assert told == [index]
