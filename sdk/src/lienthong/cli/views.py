"""Results as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from lienthong.cli.output import facts, local_time, safe, table
from lienthong.cli.texts import Words
from lienthong.codec.signed import load_entry
from lienthong.model.delivery import Delivery, DeliveryState
from lienthong.model.journal import (
    DirectoryRecord,
    Effect,
    FeedItem,
    JournalEntry,
    PackageRecord,
    Receipt,
)
from lienthong.model.organisation import Organisation
from lienthong.model.package import FileEntry, Manifest
from lienthong.model.report import Statement

if TYPE_CHECKING:
    from datetime import date

    from lienthong.client import PackageView

_COLOURS = {
    DeliveryState.REFUSED: "red",
    DeliveryState.RECALLED: "red",
    DeliveryState.TAKEN_BACK: "red",
    DeliveryState.TAKE_BACK_PENDING: "yellow",
    DeliveryState.RECALL_PENDING: "yellow",
    DeliveryState.UPDATE_PENDING: "yellow",
    DeliveryState.SENT: "cyan",
    DeliveryState.ARRIVED: "cyan",
}


def of_receipt(words: Words, receipt: Receipt) -> RenderableType:
    """When the axis recorded what, and what that changed."""
    entry = load_entry(receipt.entry)
    rows: list[tuple[str, object]] = [
        (words("index"), entry.index),
        (words("recorded"), local_time(entry.recorded_at)),
        (words("event"), _what(words, entry)),
    ]
    if not isinstance(entry.body, DirectoryRecord):
        rows.append((words("package"), entry.body.package_id))
        rows.append((words("state"), _effects(words, entry.body.effects)))
    return facts(rows)


def of_deliveries(words: Words, deliveries: Sequence[Delivery]) -> RenderableType:
    """One line for each delivery."""
    if not deliveries:
        return Text(words("no_deliveries"))
    columns = [
        words(key)
        for key in ("package", "state", "number", "subject", "sender", "recipient", "updated")
    ]
    rows = [
        (
            one.package_id,
            state_text(words, one.state),
            one.number,
            one.subject,
            one.sender,
            one.recipient,
            local_time(one.updated_at),
        )
        for one in deliveries
    ]
    return table(columns, rows)


def of_package(words: Words, view: PackageView) -> RenderableType:
    """A package: its document, files and deliveries."""
    manifest, document = view.manifest, view.manifest.document
    head = facts(
        [
            (words("package"), manifest.package_id),
            (words("kind"), words.label(manifest.kind)),
            (words("target"), manifest.target),
            (words("reason"), manifest.reason),
            (words("sender"), manifest.sender),
            (words("number"), document.number),
            (words("document"), f"{document.kind.label_vi}, {document.issued_date.isoformat()}"),
            (words("subject"), document.subject),
            (words("signed_by"), f"{document.signer.full_name}, {document.signer.position}"),
            (words("urgency"), words.label(document.urgency)),
            (words("index"), view.entry.index),
            (words("recorded"), local_time(view.entry.recorded_at)),
        ]
    )
    return Group(head, Text(), of_files(words, manifest.files), Text(), _states(words, view))


def of_files(words: Words, files: Sequence[FileEntry]) -> RenderableType:
    """One line for each file of a manifest."""
    columns = [words(key) for key in ("file", "size", "kind", "hash")]
    rows = [(one.name, f"{one.size:,}", words.label(one.role), one.sha256) for one in files]
    return table(columns, rows)


def of_items(words: Words, items: Iterable[FeedItem]) -> RenderableType:
    """A history: one line for each entry."""
    columns = [words(key) for key in ("index", "time", "who", "event", "state")]
    return table(columns, [item_row(words, item) for item in items])


def item_row(words: Words, item: FeedItem) -> tuple[object, ...]:
    """One entry: index, time, who, what, and what it changed."""
    entry = item.entry
    details = _details(words, item.manifest, item.statement)
    what = _what(words, entry)
    effects = () if isinstance(entry.body, DirectoryRecord) else entry.body.effects
    return (
        entry.index,
        local_time(entry.recorded_at),
        _who(entry),
        f"{what}: {details}" if details else what,
        _effects(words, effects),
    )


def item_line(words: Words, item: FeedItem) -> Text:
    """One entry as one line, for a feed that goes on."""
    line = "  ".join(str(cell) for cell in item_row(words, item) if str(cell))
    return Text(safe(line))


def of_organisations(words: Words, found: Sequence[Organisation], on: date) -> RenderableType:
    """One line for each organisation."""
    if not found:
        return Text(words("no_organisations"))
    columns = [words(key) for key in ("code", "name", "valid")]
    return table(columns, [(one.organ_id, one.name_on(on), _period(one)) for one in found])


def state_text(words: Words, state: DeliveryState) -> Text:
    """A state with its colour."""
    return Text(words.label(state), style=_COLOURS.get(state, "green"))


def _states(words: Words, view: PackageView) -> RenderableType:
    columns = [words(key) for key in ("recipient", "state", "updated")]
    rows = [
        (one.recipient, state_text(words, one.state), local_time(one.updated_at))
        for one in view.deliveries
    ]
    return table(columns, rows)


def _what(words: Words, entry: JournalEntry) -> str:
    body = entry.body
    if isinstance(body, DirectoryRecord):
        return f"{body.subject} {body.organ_id}"
    return words.label(body.kind if isinstance(body, PackageRecord) else body.event)


def _who(entry: JournalEntry) -> str:
    body = entry.body
    if isinstance(body, DirectoryRecord):
        return entry.axis
    return str(body.sender if isinstance(body, PackageRecord) else body.reporter)


def _effects(words: Words, effects: Iterable[Effect]) -> str:
    return ", ".join(f"{one.recipient} → {words.label(one.to_state)}" for one in effects)


def _details(words: Words, manifest: Manifest | None, statement: Statement | None) -> str:
    if manifest is not None:
        parts = [f"{manifest.document.number}", manifest.document.subject, manifest.reason]
        return " · ".join(part for part in parts if part)
    if statement is None:
        return ""
    found = []
    if statement.register is not None:
        found.append(f"{words('register')} {statement.register.number}")
    if statement.reason is not None:
        found.append(f"{words.label(statement.reason.code)}, {statement.reason.text}")
    if statement.assignments:
        found.append(", ".join(one.unit for one in statement.assignments))
    if statement.reply is not None:
        found.append(f"{words('reply')} {statement.reply.number}")
    return " · ".join([*found, *filter(None, [statement.note])])


def _period(organisation: Organisation) -> str:
    start, end = organisation.valid_from, organisation.valid_to
    if start is None and end is None:
        return ""
    return f"{start.isoformat() if start else '…'} – {end.isoformat() if end else '…'}"
