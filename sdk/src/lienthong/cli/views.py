"""Results as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from lienthong.cli.output import facts, local_time, safe, table
from lienthong.cli.texts import Words
from lienthong.codec.signed import load_entry
from lienthong.flow.packages import CARRIES_DOCUMENT
from lienthong.model.delivery import Delivery, DeliveryState
from lienthong.model.journal import (
    DirectoryRecord,
    Effect,
    FeedItem,
    JournalEntry,
    PackageRecord,
    Receipt,
    StatementRecord,
)
from lienthong.model.organisation import Organisation
from lienthong.model.package import FileEntry, Manifest
from lienthong.model.report import Statement
from lienthong.model.words import IssueForm, RefusalCode

if TYPE_CHECKING:
    from datetime import date

    from lienthong.client import PackageView
    from lienthong.model.ids import OrganId
    from lienthong.rules.paper import PaperDecision

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


_FORMS = {
    IssueForm.E_ONLY: "paper_e_only",
    IssueForm.E_AND_PAPER: "paper_e_and_paper",
    IssueForm.PAPER_ONLY: "paper_paper_only",
}


def of_paper(words: Words, who: str, decision: PaperDecision) -> str:
    """In which form somebody gets a document, and the first reason with its clause."""
    first = decision.reasons[0]
    said = words(_FORMS[decision.form], who=who)
    return f"{said}: {words.of(first.en, first.vi)} ({first.clause})"


def of_receipt(words: Words, receipt: Receipt) -> RenderableType:
    """When the axis recorded what, and what that changed."""
    entry = load_entry(receipt.entry)
    rows: list[tuple[str, object]] = [
        (words("index"), entry.index),
        (words("recorded"), local_time(entry.recorded_at)),
        (words("event"), _what(words, entry)),
    ]
    if isinstance(entry.body, PackageRecord):
        rows.append((words("target"), entry.body.target))
    if not isinstance(entry.body, DirectoryRecord):
        changed = _changed(words, entry.body)
        name = "state" if entry.body.effects or not changed else "recipient"
        rows.append((words("package"), entry.body.package_id))
        rows.append((words(name), changed or words("unchanged")))
    return facts(rows)


def of_deliveries(words: Words, deliveries: Sequence[Delivery], own: OrganId) -> RenderableType:
    """One line for each delivery; a side that is always *own* is not repeated."""
    if not deliveries:
        return Text(words("no_deliveries"))
    cells: dict[str, list[object]] = {
        "package": [one.package_id for one in deliveries],
        "state": [state_text(words, one.state) for one in deliveries],
        "number": [one.number for one in deliveries],
        "sender": [one.sender for one in deliveries],
        "recipient": [one.recipient for one in deliveries],
        "updated": [local_time(one.updated_at) for one in deliveries],
        "subject": [one.subject for one in deliveries],
    }
    shown = {name: column for name, column in cells.items() if set(map(str, column)) != {str(own)}}
    rows = list(zip(*shown.values(), strict=True))
    return table([words(name) for name in shown], rows, long=(len(shown) - 1,))


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
            (words("issuer"), f"{document.issuer_code} {document.issuer_name}"),
            (words("number"), document.number),
            (words("document"), f"{document.kind.label_vi}, {document.issued_date.isoformat()}"),
            (words("subject"), document.subject),
            (words("description"), document.description),
            (words("signed_by"), f"{document.signer.full_name}, {document.signer.position}"),
            (words("urgency"), words.label(document.urgency)),
            (words("due_date"), document.due_date),
            (words("index"), view.entry.index),
            (words("recorded"), local_time(view.entry.recorded_at)),
        ]
    )
    return Group(head, Text(), of_files(words, manifest.files), Text(), _states(words, view))


def of_files(words: Words, files: Sequence[FileEntry]) -> RenderableType:
    """One line for each file of a manifest."""
    columns = [words(key) for key in ("file", "size", "kind", "hash")]
    rows = [(one.name, f"{one.size:,}", words.label(one.role), one.sha256) for one in files]
    return table(columns, rows, long=(0,))


def of_items(words: Words, items: Iterable[FeedItem]) -> RenderableType:
    """A history: one line for each entry."""
    columns = [words(key) for key in ("index", "time", "who", "event", "state")]
    return table(columns, [_with_id(item_row(words, item), item) for item in items], long=(3, 4))


def _with_id(row: tuple[object, ...], item: FeedItem) -> tuple[object, ...]:
    """What is about another package has an id of its own, by which people can look at it."""
    body = item.entry.body
    if not isinstance(body, PackageRecord) or body.target is None:
        return row
    index, time, who, event, state = row
    return index, time, who, f"{event} ({body.package_id})", state


def item_row(words: Words, item: FeedItem) -> tuple[object, ...]:
    """One entry: index, time, who, what, and what it changed."""
    entry = item.entry
    details = _details(words, item.manifest, item.statement)
    what = _what(words, entry)
    return (
        entry.index,
        local_time(entry.recorded_at),
        _who(entry),
        f"{what}: {details}" if details else what,
        "" if isinstance(entry.body, DirectoryRecord) else _changed(words, entry.body),
    )


def item_line(words: Words, item: FeedItem) -> Text:
    """One entry as one line, for a feed that goes on."""
    index, time, who, event, state = item_row(words, item)
    body = item.entry.body
    package = "" if isinstance(body, DirectoryRecord) else body.package_id
    cells = map(str, (index, time, package, who, event, state))
    return Text(safe("  ".join(filter(None, cells))))


def of_organisations(words: Words, found: Sequence[Organisation], on: date) -> RenderableType:
    """One line for each organisation."""
    if not found:
        return Text(words("no_organisations"))
    columns = [words(key) for key in ("code", "name", "valid")]
    rows = [(one.organ_id, one.name_on(on), _period(one)) for one in found]
    return table(columns, rows, long=(1,))


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


def _changed(words: Words, body: PackageRecord | StatementRecord) -> str:
    """What an entry changed; of a recall or update it says only for whom."""
    if isinstance(body, PackageRecord) and body.kind not in CARRIES_DOCUMENT:
        return ", ".join(map(str, body.recipients))
    return of_effects(words, body.effects)


def of_effects(words: Words, effects: Iterable[Effect]) -> str:
    """Which delivery is in which state now, on one line."""
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
        kind = statement.reason.code
        name = [] if kind is RefusalCode.OTHER else [words.label(kind)]
        found.append(", ".join([*name, statement.reason.text]))
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
