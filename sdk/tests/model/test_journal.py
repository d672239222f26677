"""Journal entries, receipts and feed items."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from lienthong.errors import InvalidValue, LienthongError
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import Sha256
from lienthong.model.journal import (
    DirectoryRecord,
    Effect,
    ExpiryRecord,
    FeedItem,
    JournalEntry,
    PackageRecord,
    Receipt,
    StatementRecord,
)
from lienthong.model.package import PackageKind
from lienthong.testing.values import NOW, RECIPIENT, SENDER, package_id, statement_id

HASH = Sha256.of(b"x")
EFFECT = Effect(package_id=package_id(), recipient=RECIPIENT, to_state=DeliveryState.SENT)
PACKAGE = PackageRecord(
    package_id=package_id(),
    kind=PackageKind.NEW,
    sender=SENDER,
    recipients=[RECIPIENT],
    payload_sha256=HASH,
    envelope_sha256=HASH,
    effects=[EFFECT],
)
STATEMENT = StatementRecord(
    statement_id=statement_id(),
    package_id=package_id(),
    recipient=RECIPIENT,
    reporter=RECIPIENT,
    event=DeliveryEvent.ARRIVE,
    payload_sha256=HASH,
    envelope_sha256=HASH,
)
DIRECTORY = DirectoryRecord(version=1, subject="organisation", organ_id=SENDER, change_sha256=HASH)
EXPIRY = ExpiryRecord(
    organ_id=SENDER, certificate_sha256=HASH, use="signing", not_after=NOW, days_ahead=30
)
ENTRY = JournalEntry(index=0, nonce=b"n" * 32, recorded_at=NOW, axis="axis", body=PACKAGE)
RECEIPT = Receipt(entry=b"e", index=0, inclusion_proof=[b"h" * 32], checkpoint="axis\n1\nx\n")


@pytest.mark.parametrize("body", [PACKAGE, STATEMENT, DIRECTORY, EXPIRY])
def test_an_entry_records_one_thing(body: Any) -> None:
    assert attrs.evolve(ENTRY, body=body).body == body


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        (ENTRY, {"index": -1}),
        (ENTRY, {"index": 2**63}),
        (ENTRY, {"nonce": b"n" * 31}),
        (ENTRY, {"nonce": b"n" * 33}),
        (ENTRY, {"axis": ""}),
        (ENTRY, {"body": None}),
        (ENTRY, {"body": EFFECT}),
        (PACKAGE, {"recipients": []}),
        (PACKAGE, {"recipients": ["H53"]}),
        (PACKAGE, {"payload_sha256": b"x" * 32}),
        (STATEMENT, {"event": DeliveryEvent.RECALL}),
        (STATEMENT, {"event": "ARRIVE"}),
        (DIRECTORY, {"version": 0}),
        (DIRECTORY, {"subject": "person"}),
        (DIRECTORY, {"subject": None}),
        (EXPIRY, {"use": "both"}),
        (EXPIRY, {"use": None}),
        (EXPIRY, {"days_ahead": -1}),
        (EXPIRY, {"days_ahead": True}),
        (EXPIRY, {"certificate_sha256": b"x" * 32}),
        (EXPIRY, {"not_after": NOW.replace(tzinfo=None)}),
        (EFFECT, {"to_state": None}),
        (EFFECT, {"from_state": "SENT"}),
        (RECEIPT, {"entry": b""}),
        (RECEIPT, {"index": -1}),
        (RECEIPT, {"inclusion_proof": [b"h" * 31]}),
        (RECEIPT, {"inclusion_proof": [b"h" * 32] * 64}),
        (RECEIPT, {"inclusion_proof": b"h" * 32}),
        (RECEIPT, {"checkpoint": ""}),
        (RECEIPT, {"checkpoint": b"x"}),
    ],
)
def test_refuses_what_breaks_its_definition(value: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(LienthongError, match=f"{type(value).__name__}.{next(iter(changes))}"):
        attrs.evolve(value, **changes)


def test_the_files_of_a_feed_item_cannot_be_changed() -> None:
    files = {HASH: b"x"}
    item = FeedItem(receipt=RECEIPT, entry=ENTRY, inline_files=files)
    files.clear()
    assert item.inline_files == {HASH: b"x"}
    with pytest.raises(TypeError):
        item.inline_files[HASH] = b"y"  # type: ignore[index]
    assert hash(item) == hash(FeedItem(receipt=RECEIPT, entry=ENTRY, inline_files={HASH: b"x"}))


def test_a_feed_item_holds_values_of_the_model() -> None:
    with pytest.raises(InvalidValue):
        FeedItem(receipt=RECEIPT, entry=ENTRY, envelope=b"x")  # type: ignore[arg-type]
