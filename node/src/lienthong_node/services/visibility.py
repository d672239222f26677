"""The one place that decides what a caller may see: entries that name it as a party.

Who was told of an entry may read it again for ever. Besides, today's representatives of its sender
and recipients may; those of yesterday's representatives may not (docs/adr/0013).

What does not exist and what does not concern the caller are answered alike, in the same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from google.protobuf.message import DecodeError

from lienthong.codec.signed import load_entry
from lienthong.errors import LienthongError, NotFound
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import (
    DeadlineRecord,
    ExpiryRecord,
    InterconnectionRecord,
    PackageRecord,
    StatementRecord,
    VerificationRecord,
)
from lienthong.model.organisation import Directory
from lienthong.spi.records import DeliveryRow, JournalRow, PackageRow
from lienthong.spi.storage import ReadView
from lienthong_node.core.checks import may_act
from lienthong_node.core.commands import Caller
from lienthong_node.core.deadlines import sides_told
from lienthong_node.stores import Recorded, read_recorded
from lienthong_proto.axis.v1 import journal_pb2


def concerns(row: JournalRow, caller: Caller, directory: Directory, on: date) -> bool:
    """Whether the caller was told, or represents sender or a recipient on a day in Vietnam."""
    return caller.organ in row.parties or any(
        may_act(caller, organ, directory, on) for organ in _principals(row)
    )


def _principals(row: JournalRow) -> tuple[str, ...]:
    """The parties without who represented them when it was recorded, who come behind them."""
    match load_entry(row.entry).body:
        case PackageRecord(recipients=recipients):
            return row.parties[: 1 + len(recipients)]
        case StatementRecord() | VerificationRecord():
            return row.parties[:2]
        case DeadlineRecord(kind=kind, stage=stage):
            return row.parties[: sides_told(kind, stage)]
        case InterconnectionRecord() | ExpiryRecord():
            return row.parties[:1]
    return row.parties


def is_own(row: JournalRow, organ: str, directory: Directory, on: date) -> bool:
    """Whether an organisation itself sent or reported it, and need not act on it for a recipient.

    A body's office may send to the body, and then accepts for it. What cannot be read, or names
    somebody unknown, is not held back: its reader keeps it as evidence.

    Args:
        row: the entry.
        organ: canonical code of the organisation.
        directory: knows for whom it acts.
        on: the day in Vietnam.
    """
    try:
        # Without the checks of the codec: the node has made these bytes, and asks for each entry.
        entry = journal_pb2.JournalEntry.FromString(row.entry)
        if entry.package.sender != organ:
            return entry.statement.reporter == organ
        own, recipients = OrganId(organ), map(OrganId, entry.package.recipients)
        return not any(directory.acts_for(own, one, on) for one in recipients)
    except (DecodeError, LienthongError):
        return False


def visible_package(
    view: ReadView, package_id: bytes, caller: Caller, directory: Directory, on: date
) -> tuple[PackageRow, JournalRow]:
    """A package that the caller is a party to.

    Raises:
        NotFound: there is none, or it does not concern the caller.
    """
    package = view.package(package_id)
    if package is not None:
        rows = view.journal(package.index, 1)
        if rows and concerns(rows[0], caller, directory, on):
            return package, rows[0]
    raise NotFound(what=f"package {PackageId(package_id)}")


def visible_deliveries(
    view: ReadView, package: PackageRow, caller: Caller, directory: Directory, on: date
) -> list[DeliveryRow]:
    """For the sender's side all deliveries of the package, otherwise the caller's own."""
    deliveries = view.deliveries(package.package_id)
    if may_act(caller, package.sender, directory, on):
        return list(deliveries)
    return [row for row in deliveries if may_act(caller, row.recipient, directory, on)]


def sees_as_sender(row: DeliveryRow, caller: Caller, directory: Directory, on: date) -> bool:
    """Whether a caller has only its sender's right to see a delivery."""
    return not may_act(caller, row.recipient, directory, on)


def visible_list(
    view: ReadView,
    caller: Caller,
    directory: Directory,
    on: date,
    *,
    incoming: bool,
    states: Sequence[str],
    before: tuple[int, bytes, str] | None,
    limit: int,
) -> list[DeliveryRow]:
    """The newest deliveries of the caller and of all that it represents."""
    found = [
        row
        for organ in directory.represented_by(OrganId(caller.organ), on)
        for row in view.list_deliveries(
            str(organ), incoming=incoming, states=states, before=before, limit=limit
        )
        # The second wall: whatever the query gave, a row says itself whose it is.
        if may_act(caller, row.recipient if incoming else row.sender, directory, on)
    ]
    found.sort(key=lambda row: (row.updated_index, row.package_id, row.recipient), reverse=True)
    return found[:limit]


def visible_history(
    view: ReadView, package_id: bytes, caller: Caller, directory: Directory, on: date
) -> Sequence[JournalRow]:
    """Entries about a package, and about what recalls, updates or replaces it, oldest first.

    Raises:
        NotFound: there are none that concern the caller.
    """
    package, _ = visible_package(view, package_id, caller, directory, on)
    about = [package_id, *(row.package_id for row in view.followers(package.package_id))]
    rows = {row.index: row for one in about for row in view.journal_of(one)}
    return [rows[index] for index in sorted(rows) if concerns(rows[index], caller, directory, on)]


def visible_entry(
    view: ReadView, index: int | None, caller: Caller, directory: Directory, on: date, asked: str
) -> Recorded:
    """A journal entry that concerns the caller.

    Args:
        view: where to look.
        index: of the entry; None when nothing is known of what was asked for.
        caller: who asks.
        directory: says for whom the caller acts.
        on: the day in Vietnam.
        asked: what for, in the caller's own words: the index of others' entries is not told.

    Raises:
        NotFound: there is none, or it does not concern the caller.
    """
    rows = view.journal(index, 1) if index is not None else ()
    if not rows or not concerns(rows[0], caller, directory, on):
        raise NotFound(what=f"receipt of {asked}")
    return read_recorded(view, rows[0].index)
