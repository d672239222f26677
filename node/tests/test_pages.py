"""Pages of feeds and histories: bounded by bytes, whatever a sender puts into its manifests."""

from __future__ import annotations

import asyncio
import os
import weakref
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from attrs import define, field

from lienthong.codec.signed import dump_envelope
from lienthong.errors import CursorBeyondJournal
from lienthong.model.journal import JournalBody
from lienthong.model.signing import MANIFEST_TYPE, Envelope, Signature, SignatureAlgorithm
from lienthong.spi.records import CheckpointRow, Head
from lienthong.testing.samples import journal_row
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.feeds import Feeds
from lienthong_node.interceptor import _write_all
from lienthong_node.services.context import NodeContext, Pools
from lienthong_node.services.feed import PAGE_BYTES, _page, follow, history_page
from lienthong_node.stores import Registry
from lienthong_proto.axis.v1 import exchange_pb2
from node.tests.said import BY_THE_AXIS, acceptance, add, package
from node.tests.support import DIRECTORY, NOW, A, B

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


def bare_node(**given: Any) -> NodeContext:
    """A node context for reads that need nothing else."""
    parts: dict[str, Any] = dict.fromkeys(attrs.fields_dict(NodeContext))
    parts |= {
        "committer": SimpleNamespace(registry=Registry(version=1, directory=DIRECTORY)),
        "clock": lambda: NOW,
        "pools": Pools(),
    }
    return NodeContext(**(parts | given))


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


@pytest.mark.parametrize("page_size", [1, 7, 500])
def test_a_feed_of_others_leaves_out_what_the_reader_has_said(page_size: int) -> None:
    """Also where pages hold nothing else, and the feed has to go on behind them."""
    store = MemoryRecordStore()
    add(store, *(package(B, A) if at % OWN == OWN - 1 else package(A, B) for at in range(MANY)))
    add(store, acceptance(A), acceptance(B), *BY_THE_AXIS)
    by_b = {at for at in range(MANY) if at % OWN == OWN - 1} | {MANY + 1}
    end = MANY + 2 + len(BY_THE_AXIS)
    own = {A: {*range(MANY + 2)} - by_b, B: by_b}
    with store.read() as view:
        for organ in (A, B):
            request = exchange_pb2.SubscribeRequest(page_size=page_size, others_only=True)
            seen, cursor = [], 0
            while (page := _page(bare_node(), request, organ, cursor, view)).next_index > cursor:
                seen += [item.receipt.index for item in page.items]
                cursor = page.next_index
            assert seen == sorted({*range(end)} - own[organ])
            assert cursor == end


@define(eq=False)
class Reading:
    """Pages that a reader is given while entries come."""

    store: MemoryRecordStore = field(factory=MemoryRecordStore)
    pages: list[tuple[list[int], int]] = field(factory=list)
    """Indexes of the items, and where to go on."""

    async def run(
        self, request: exchange_pb2.SubscribeRequest, *later: JournalBody, pause: float = 0.05
    ) -> None:
        """Read to the end, while what comes later comes, one after the other."""
        feeds = Feeds(asyncio.get_running_loop())
        node = bare_node(store=self.store, feeds=feeds, stopping=asyncio.Event())
        reader = asyncio.create_task(self._read(node, request))
        for body in later:
            await asyncio.sleep(pause)
            add(self.store, body)
            feeds.publish([A, B])
        await reader

    async def _read(self, node: NodeContext, request: exchange_pb2.SubscribeRequest) -> None:
        async for page in follow(node, request, A):
            self.pages.append(([item.receipt.index for item in page.items], page.next_index))


LONG_MS = 60_000


def test_a_long_poll_is_not_ended_by_what_is_left_out() -> None:
    reading = Reading()
    request = exchange_pb2.SubscribeRequest(wait_ms=LONG_MS, others_only=True)
    later = (package(A, B), acceptance(A), acceptance(B))
    asyncio.run(asyncio.wait_for(reading.run(request, *later), timeout=LONG_MS / 2000))
    assert [index for items, _ in reading.pages for index in items] == [2]
    assert reading.pages[-1] == ([2], 3)


def test_what_is_left_out_moves_the_cursor_of_the_reader() -> None:
    """Otherwise a reader that comes back would go over it again and again."""
    reading = Reading()
    add(reading.store, *(package(A, B) for _ in range(5)))
    request = exchange_pb2.SubscribeRequest(page_size=2, others_only=True)
    asyncio.run(reading.run(request))
    assert reading.pages == [([], 2), ([], 4), ([], 5)]


def test_a_long_poll_ends_when_it_has_shown_an_entry() -> None:
    reading = Reading()
    add(reading.store, package(B, A))
    request = exchange_pb2.SubscribeRequest(wait_ms=LONG_MS)
    asyncio.run(asyncio.wait_for(reading.run(request), timeout=LONG_MS / 2000))
    assert reading.pages == [([0], 1)]


def test_a_poll_without_news_ends_in_time() -> None:
    reading = Reading()
    poll = reading.run(exchange_pb2.SubscribeRequest(wait_ms=50))
    asyncio.run(asyncio.wait_for(poll, timeout=LONG_MS / 1000))
    assert reading.pages == []


def test_a_poll_ends_in_time_though_what_is_left_out_goes_on_coming() -> None:
    reading = Reading()
    request = exchange_pb2.SubscribeRequest(wait_ms=500, others_only=True)
    asyncio.run(reading.run(request, *(package(A, B) for _ in range(60))))
    assert reading.pages
    assert reading.pages[-1][1] < 60
    assert all(items == [] for items, _ in reading.pages)


@define(eq=False)
class Page:
    """A page that can be looked for when it should be gone."""

    next_index: int
    items: tuple[int, ...]


async def test_a_stream_that_waits_for_news_holds_no_page() -> None:
    made: list[weakref.ref[Page]] = []
    written: list[int] = []
    waiting = asyncio.Event()

    async def read(_: object) -> Page:
        page = Page(next_index=2, items=(1,)) if not made else Page(next_index=2, items=())
        made.append(weakref.ref(page))
        return page

    async def write(page: Page) -> None:
        written.append(page.next_index)

    async def wait(_: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    watch = SimpleNamespace(arm=lambda: None, wait=wait, close=lambda: None)
    feeds = SimpleNamespace(watch=lambda _: watch)
    node: Any = SimpleNamespace(read=read, feeds=feeds, stopping=asyncio.Event())
    context: Any = SimpleNamespace(write=write)
    pages = follow(node, exchange_pb2.SubscribeRequest(follow=True), A)
    writing = asyncio.create_task(_write_all(pages, context))
    async with asyncio.timeout(LONG_MS / 1000):
        await waiting.wait()
    assert written == [2]
    assert [page() for page in made] == [None, None]
    writing.cancel()
    await asyncio.wait([writing])


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
