"""Results as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from lienthong.cli.output import facts, local_time, safe, table
from lienthong.cli.texts import Words
from lienthong.codec.signed import load_entry
from lienthong.flow.packages import CARRIES_DOCUMENT
from lienthong.model.deadline import OpenDeadline
from lienthong.model.delivery import Delivery, DeliveryState
from lienthong.model.journal import (
    DeadlineRecord,
    DirectoryRecord,
    Effect,
    ExpiryRecord,
    FeedItem,
    InterconnectionRecord,
    JournalBody,
    JournalEntry,
    PackageRecord,
    Receipt,
    StatementRecord,
    VerificationRecord,
)
from lienthong.model.organisation import Organisation
from lienthong.model.package import FileEntry, Manifest
from lienthong.model.report import Statement
from lienthong.model.words import IssueForm, RefusalCode
from lienthong.rules.legal_value import TABLE as LEGAL
from lienthong.rules.legal_value import LegalRow
from lienthong.rules.paper import TABLE as PAPER
from lienthong.rules.paper import PaperRow
from lienthong.rules.table import rows_of

if TYPE_CHECKING:
    from datetime import date

    from lienthong.client import PackageView
    from lienthong.model.ids import OrganId
    from lienthong.rules.legal_value import Judgement
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

_USES = {"signing": "certificate_signing", "transport": "certificate_transport"}
_LOOKED_AT = {
    "certificates": "check_of_certificates",
    "clock": "check_of_clock",
    "deliveries": "check_of_deliveries",
    "directory": "check_of_directory",
    "feed": "check_of_feed",
    "journal": "check_of_journal",
    "receipt": "check_of_receipt",
}


def of_paper(words: Words, who: str, decision: PaperDecision) -> str:
    """In which form somebody gets a document, and the first reason with its clause."""
    first = decision.reasons[0]
    said = words(_FORMS[decision.form], who=who)
    return f"{said}: {words.of(first.en, first.vi)} ({first.clause})"


def of_worth(words: Words, judgement: Judgement) -> str:
    """What a document is worth, and the deciding reason with its clause."""
    because = _because(words, judgement.reasons[:1])
    return f"{words('worth')}: {words.label(judgement.value)}{because}"


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
    if isinstance(entry.body, PackageRecord | StatementRecord):
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
        "due": [_next_due(words, one) for one in deliveries],
        "subject": [one.subject for one in deliveries],
    }
    needless = ({str(own)}, {""})
    shown = {name: column for name, column in cells.items() if {*map(str, column)} not in needless}
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
        _changed(words, entry.body),
    )


def item_line(words: Words, item: FeedItem) -> Text:
    """One entry as one line, for a feed that goes on."""
    index, time, who, event, state = item_row(words, item)
    body = item.entry.body
    package = getattr(body, "package_id", "")
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
    lines = [Text(safe(line)) for one in view.deliveries for line in of_rulings(words, one)]
    return Group(table(columns, rows), *lines)


def of_rulings(words: Words, delivery: Delivery) -> Iterator[str]:
    """By when what is to be done with a delivery, in which form it goes and what it is worth."""
    who = delivery.recipient
    for deadline in sorted(delivery.deadlines, key=lambda one: one.due_at):
        yield f"{who}: {of_deadline(words, deadline)} ({deadline.kind.clause})"
    paper, value = delivery.paper, delivery.legal_value
    if paper is not None:
        because = _because(words, rows_of(PAPER, paper.rows[:1]))
        yield f"{words(_FORMS[paper.value], who=who)}{because}"
    if value is not None:
        because = _because(words, rows_of(LEGAL, value.rows[:1], value.value))
        yield f"{who}: {words.label(value.value)}{because}"


def of_deadline(words: Words, deadline: OpenDeadline) -> str:
    """What is due when, and that it is late."""
    open_until = f"{words.label(deadline.kind)}, {words('due')} {words.instant(deadline.due_at)}"
    marks = [words.label(deadline.stage)] if deadline.stage else []
    marks += [words("day_open")] if deadline.provisional else []
    return f"{open_until} [{', '.join(marks)}]" if marks else open_until


def _because(words: Words, reasons: Sequence[PaperRow | LegalRow]) -> str:
    return "".join(f": {words.of(row.en, row.vi)} ({row.clause})" for row in reasons)


def _next_due(words: Words, delivery: Delivery) -> str:
    """The deadline that ends first."""
    first = min(delivery.deadlines, key=lambda one: one.due_at, default=None)
    return "" if first is None else of_deadline(words, first)


def _what(words: Words, entry: JournalEntry) -> str:
    body = entry.body
    if isinstance(body, DirectoryRecord):
        return f"{body.subject} {body.organ_id}"
    if isinstance(body, DeadlineRecord):
        due = local_time(body.due_at)
        return f"{words.label(body.stage)}: {words.label(body.kind)}, {words('due')} {due}"
    if isinstance(body, InterconnectionRecord):
        return _check(words, body)
    if isinstance(body, ExpiryRecord):
        return _expiry(words, body)
    if isinstance(body, VerificationRecord):
        return f"{words('axis_verified')}: {words.label(body.value)}"
    return words.label(body.kind if isinstance(body, PackageRecord) else body.event)


def _who(entry: JournalEntry) -> str:
    body = entry.body
    if isinstance(body, InterconnectionRecord) and body.missed_at is None:
        return str(body.organ_id)
    if not isinstance(body, PackageRecord | StatementRecord):
        return entry.axis
    return str(body.sender if isinstance(body, PackageRecord) else body.reporter)


def check_name(words: Words, name: str) -> str:
    """What a check of the interconnection looked at; names that we do not know stay themselves."""
    return words(_LOOKED_AT[name]) if name in _LOOKED_AT else name


def _expiry(words: Words, body: ExpiryRecord) -> str:
    """Which certificate ends when; how to tell it from others by the start of its hash."""
    ended = "certificate_ends" if body.days_ahead else "certificate_ended"
    return words(
        ended,
        use=words(_USES[body.use]),
        when=local_time(body.not_after),
        digest=body.certificate_sha256.hex[:16],
    )


def _check(words: Words, body: InterconnectionRecord) -> str:
    """Whether a check of the interconnection was made, and what it found wrong."""
    if body.missed_at is not None:
        return f"{body.organ_id}: {words('check_missed')} {local_time(body.missed_at)}"
    failed = [check_name(words, one.name) for one in body.results if not one.passed]
    outcome = f"{words('check_failed')}: {', '.join(failed)}" if failed else words("check_passed")
    return f"{words('check')}: {outcome}"


def _changed(words: Words, body: JournalBody) -> str:
    """What an entry changed; of a recall or update it says only for whom."""
    if isinstance(body, DeadlineRecord | VerificationRecord):
        return str(body.recipient)
    if isinstance(body, ExpiryRecord):
        return str(body.organ_id)
    if not isinstance(body, PackageRecord | StatementRecord):
        return ""
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
