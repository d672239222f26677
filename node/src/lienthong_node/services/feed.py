"""Feeds: what concerns an organisation, in index order, from a cursor on."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Final

from lienthong.spi.records import JournalRow
from lienthong.spi.storage import ReadView
from lienthong_node import wire
from lienthong_node.contents import read_content
from lienthong_node.services.context import NodeContext
from lienthong_node.stores import checkpoint_of
from lienthong_node.uploads import CHUNK_LIMIT
from lienthong_proto.axis.v1 import exchange_pb2

MAX_WAIT_MS: Final = 60_000
IDLE_S: Final = 25.0
"""A follower looks again after so long even without news: wake-ups may come from elsewhere."""

PAGE_BYTES: Final = 512 * 1024
"""Small files in one page; a single item may exceed it, and stays below 6 MiB."""


async def follow(
    node: NodeContext, request: exchange_pb2.SubscribeRequest, organ: str
) -> AsyncIterator[exchange_pb2.SubscribeResponse]:
    """Pages of the feed; with ``follow`` for ever, otherwise until caught up."""
    cursor = wire.check_index(request.from_index, "from_index")
    wait_ms = min(request.wait_ms, MAX_WAIT_MS)
    with closing(node.feeds.watch(organ)) as watch:
        while not node.stopping.is_set():
            watch.arm()
            page = await node.read(functools.partial(_page, node, request, organ, cursor))
            if page.items:
                cursor = page.next_index
                yield page
            elif request.follow:
                await watch.wait(IDLE_S)
            elif wait_ms:
                await watch.wait(wait_ms / 1000)
                wait_ms = 0
            else:
                return


def _page(
    node: NodeContext,
    request: exchange_pb2.SubscribeRequest,
    organ: str,
    cursor: int,
    view: ReadView,
) -> exchange_pb2.SubscribeResponse:
    limit = min(request.inline_limit, CHUNK_LIMIT)
    items: list[exchange_pb2.FeedItem] = []
    notes: dict[int, str] = {}
    room = PAGE_BYTES
    for row in view.feed(organ, cursor, wire.page_size(request.page_size)):
        files = _small_files(node, view, row, limit) if limit else []
        room -= sum(map(len, files))
        if room < 0 and items:
            break
        if row.checkpoint_size not in notes:
            notes[row.checkpoint_size] = checkpoint_of(view, row).note
        items.append(wire.feed_item(row, notes[row.checkpoint_size], files))
        cursor = row.index + 1
    return exchange_pb2.SubscribeResponse(items=items, next_index=cursor)


def _small_files(node: NodeContext, view: ReadView, row: JournalRow, limit: int) -> list[bytes]:
    """The package's files up to *limit* bytes; others are downloaded."""
    if row.subject_id != row.package_id:
        return []
    package = view.package(row.package_id)
    files = package.files if package else ()
    return [read_content(view, node.blobs, file.sha256) for file in files if file.size <= limit]
