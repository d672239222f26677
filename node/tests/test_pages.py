"""Pages of feeds and histories: bounded by bytes, whatever a sender puts into its manifests."""

from __future__ import annotations

import os
from typing import Any

import attrs
import pytest

from lienthong.codec.signed import dump_entry, dump_envelope
from lienthong.errors import CursorBeyondJournal
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId, Sha256, StatementId
from lienthong.model.journal import (
    DirectoryRecord,
    JournalBody,
    JournalEntry,
    PackageRecord,
    StatementRecord,
)
from lienthong.model.package import PackageKind
from lienthong.model.signing import MANIFEST_TYPE, Envelope, Signature, SignatureAlgorithm
from lienthong.spi.records import CheckpointRow, Head
from lienthong.testing.samples import journal_row
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.services.context import NodeContext
from lienthong_node.services.feed import PAGE_BYTES, _page, history_page
from lienthong_proto.axis.v1 import exchange_pb2
from node.tests.support import NOW, A, B, package_id

LARGE = 400_000
COUNT = 12
MANY = 240
OWN = 60
"""Of so many entries one after the other, the last is of somebody else."""


def filled() -> MemoryRecordStore:
    """A store whose entries are all large."""
    signature = Signature(algorithm=SignatureAlgorithm.ED25519, value=b"\1" * 64, chain=(b"x",))
    store = MemoryRecordStore()
    with store.write() as tx:
        for index in range(COUNT):
            envelope = Envelope(
                payload=os.urandom(LARGE), payload_type=MANIFEST_TYPE, signatures=(signature,)
            )
            row = journal_row(index, parties=(A,), envelope=dump_envelope(envelope))
            tx.add_journal([row])
            tx.add_checkpoint(CheckpointRow(size=row.checkpoint_size, note=f"note {index}\n"))
        tx.set_head(Head(size=COUNT))
    return store


def bare_node() -> NodeContext:
    """A node context for reads that need nothing else."""
    parts: dict[str, Any] = dict.fromkeys(attrs.fields_dict(NodeContext))
    return NodeContext(**parts)


def test_feed_gives_everything_in_pages_that_fit_a_message() -> None:
    store, cursor, seen = filled(), 0, []
    with store.read() as view:
        while True:
            request = exchange_pb2.SubscribeRequest(page_size=500)
            page = _page(bare_node(), request, A, cursor, view)
            if not page.items:
                break
            assert page.ByteSize() <= PAGE_BYTES + 2 * LARGE
            seen += [item.receipt.index for item in page.items]
            cursor = page.next_index
    assert seen == list(range(COUNT))


def package_record(sender: str) -> PackageRecord:
    return PackageRecord(
        package_id=package_id(),
        kind=PackageKind.NEW,
        sender=OrganId(sender),
        recipients=[OrganId(A), OrganId(B)],
        payload_sha256=Sha256(bytes(32)),
        envelope_sha256=Sha256(bytes(32)),
    )


def acceptance(reporter: str) -> StatementRecord:
    return StatementRecord(
        statement_id=StatementId.new(NOW, bytes(10)),
        package_id=package_id(),
        recipient=OrganId(B),
        reporter=OrganId(reporter),
        event=DeliveryEvent.ACCEPT,
        payload_sha256=Sha256(bytes(32)),
        envelope_sha256=Sha256(bytes(32)),
    )


def said() -> MemoryRecordStore:
    """A store of many entries: A's own, those of B, and one of the axis itself at the end."""
    store = MemoryRecordStore()
    bodies: list[JournalBody] = [
        *(package_record(B if index % OWN == OWN - 1 else A) for index in range(MANY)),
        *(acceptance(organ) for organ in (A, B)),
        DirectoryRecord(
            version=1,
            subject="organisation",
            organ_id=OrganId(A),
            change_sha256=Sha256(bytes(32)),
        ),
    ]
    with store.write() as tx:
        for index, body in enumerate(bodies):
            entry = JournalEntry(
                index=index, nonce=bytes(32), recorded_at=NOW, axis="axis.test", body=body
            )
            row = journal_row(index, parties=(A, B), envelope=b"", entry=dump_entry(entry))
            tx.add_journal([row])
            tx.add_checkpoint(CheckpointRow(size=row.checkpoint_size, note=f"note {index}\n"))
        tx.set_head(Head(size=len(bodies)))
    return store


@pytest.mark.parametrize("page_size", [1, 7, 500])
def test_a_feed_of_others_leaves_out_what_the_reader_has_said(page_size: int) -> None:
    """Also where pages hold nothing else, and the feed has to go on behind them."""
    by_b = [index for index in range(MANY) if index % OWN == OWN - 1]
    own = {A: {*range(MANY), MANY} - {*by_b}, B: {*by_b, MANY + 1}}
    with said().read() as view:
        for organ in (A, B):
            request = exchange_pb2.SubscribeRequest(page_size=page_size, others_only=True)
            seen, cursor = [], 0
            while (page := _page(bare_node(), request, organ, cursor, view)).next_index > cursor:
                seen += [item.receipt.index for item in page.items]
                cursor = page.next_index
            assert seen == sorted({*range(MANY + 3)} - own[organ])
            assert cursor == MANY + 3


def test_history_goes_on_where_the_answer_before_ended() -> None:
    store, start, seen = filled(), 0, []
    with store.read() as view:
        rows = list(view.journal(0, COUNT))
        while True:
            page = history_page(view, [row for row in rows if row.index >= start])
            assert page.ByteSize() <= PAGE_BYTES + 2 * LARGE
            seen += [item.receipt.index for item in page.items]
            start = page.next_index
            if not start:
                break
    assert seen == list(range(COUNT))


def test_a_cursor_that_no_page_has_given_is_refused() -> None:
    """At the end of the journal there is nothing yet; behind it there never was anything."""
    request = exchange_pb2.SubscribeRequest(page_size=500)
    with filled().read() as view:
        assert not _page(bare_node(), request, A, COUNT, view).items
        with pytest.raises(CursorBeyondJournal, match=f"{COUNT + 1} .* {COUNT} entries"):
            _page(bare_node(), request, A, COUNT + 1, view)
