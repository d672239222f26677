"""Results as the objects that ``--json`` prints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lienthong.codec.json import to_data
from lienthong.codec.signed import load_entry
from lienthong.model.journal import (
    DirectoryRecord,
    Effect,
    FeedItem,
    JournalEntry,
    PackageRecord,
    Receipt,
)

if TYPE_CHECKING:
    from lienthong.client import PackageView


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
    return {
        "about": "report",
        "what": body.event.value,
        "package_id": str(body.package_id),
        "statement_id": str(body.statement_id),
        "organ_id": str(body.reporter),
        "recipient": str(body.recipient),
        "effects": of_effects(body.effects),
    }


def of_effects(effects: Iterable[Effect]) -> list[dict[str, Any]]:
    """Changes of deliveries."""
    return [to_data(effect) for effect in effects]
