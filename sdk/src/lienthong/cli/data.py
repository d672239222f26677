"""Results as the objects that ``--json`` prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from lienthong.codec.json import to_data
from lienthong.codec.signed import load_entry
from lienthong.model.journal import (
    DeadlineRecord,
    DirectoryRecord,
    Effect,
    ExpiryRecord,
    FeedItem,
    InterconnectionRecord,
    JournalEntry,
    PackageRecord,
    Receipt,
    StatementRecord,
    VerificationRecord,
)

if TYPE_CHECKING:
    from lienthong.cli.texts import Words
    from lienthong.client import PackageView
    from lienthong.rules.legal_value import LegalRow
    from lienthong.rules.paper import PaperDecision, PaperRow

_ABOUT: Final[Mapping[type, str]] = {
    DeadlineRecord: "deadline",
    ExpiryRecord: "certificate",
    InterconnectionRecord: "check",
    VerificationRecord: "verification",
}
"""What is shown just as it stands in the journal."""


def of_paper(words: Words, recipient: str | None, decision: PaperDecision) -> dict[str, Any]:
    """In which form somebody gets a document, and by which rows; without a recipient: any."""
    return {
        "organ_id": recipient,
        "form": decision.form.name,
        "basis": decision.basis.name if decision.basis else None,
        "blocks_printing": decision.blocks_printing,
        "reasons": of_reasons(words, decision.reasons),
    }


def of_reasons(words: Words, rows: Iterable[PaperRow | LegalRow]) -> list[dict[str, Any]]:
    """Rows of a table of rules."""
    return [
        {"row": row.number, "clause": row.clause, "text": words.of(row.en, row.vi)} for row in rows
    ]


def of_receipt(receipt: Receipt) -> dict[str, Any]:
    """What a receipt says, without its proof."""
    return of_entry(load_entry(receipt.entry))


def of_entry(entry: JournalEntry) -> dict[str, Any]:
    """A journal entry: when, about what, with which effects."""
    return {
        "index": entry.index,
        "recorded_at": to_data(entry.recorded_at),
        "axis": entry.axis,
        **_subject(entry),
    }


def of_item(item: FeedItem) -> dict[str, Any]:
    """An item of a feed or history with what it is about."""
    data = of_entry(item.entry) | {"next_index": item.next_index}
    if item.manifest is not None:
        data["manifest"] = to_data(item.manifest)
    if item.statement is not None:
        data["statement"] = to_data(item.statement)
    return data


def of_package(view: PackageView) -> dict[str, Any]:
    """A package with its receipt and deliveries."""
    return {
        "manifest": to_data(view.manifest),
        "receipt": of_entry(view.entry),
        "deliveries": [to_data(delivery) for delivery in view.deliveries],
    }


def _subject(entry: JournalEntry) -> dict[str, Any]:
    body = entry.body
    if isinstance(body, DirectoryRecord):
        return {"about": "directory", "subject": body.subject, "organ_id": str(body.organ_id)}
    if isinstance(body, PackageRecord):
        return {
            "about": "package",
            "what": body.kind.value,
            "package_id": str(body.package_id),
            "target": None if body.target is None else str(body.target),
            "organ_id": str(body.sender),
            "recipients": [str(recipient) for recipient in body.recipients],
            "effects": of_effects(body.effects),
        }
    if isinstance(body, StatementRecord):
        return {
            "about": "report",
            "what": body.event.value,
            "package_id": str(body.package_id),
            "statement_id": str(body.statement_id),
            "organ_id": str(body.reporter),
            "recipient": str(body.recipient),
            "effects": of_effects(body.effects),
        }
    names = (one.name for one in attrs.fields(type(body)))
    return {"about": _ABOUT[type(body)]} | {name: to_data(getattr(body, name)) for name in names}


def of_effects(effects: Iterable[Effect]) -> list[dict[str, Any]]:
    """Changes of deliveries."""
    return [to_data(effect) for effect in effects]
