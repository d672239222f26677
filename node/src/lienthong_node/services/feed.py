"""Feeds: what concerns an organisation, in index order, from a cursor on."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Final

from lienthong.spi.records import FileRow, JournalRow
from lienthong.spi.storage import ReadView
from lienthong_node import wire
from lienthong_node.services.context import NodeContext
from lienthong_node.stores import read_recorded
from lienthong_node.uploads import CHUNK_LIMIT
from lienthong_proto.axis.v1 import exchange_pb2

MAX_WAIT_MS: Final = 60_000
IDLE_S: Final = 25.0
"""A follower looks again after so long even without news: wake-ups may come from elsewhere."""

PAGE_BYTES: Final = 512 * 1024
"""Small files in one page, so that a message stays below the clients' 4 MiB."""


async def follow(
    node: NodeContext, request: exchange_pb2.SubscribeRequest, organ: str
) -> AsyncIterator[exchange_pb2.SubscribeResponse]:
    """Pages of the feed; with ``follow`` for ever, otherwise until caught up."""
    cursor = request.from_index
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
    rows = view.feed(organ, cursor, wire.page_size(request.page_size))
    limit = min(request.inline_limit, CHUNK_LIMIT)
    items = []
    room = PAGE_BYTES
    notes: dict[int, str] = {}
    for row in rows:
        note = notes.get(row.checkpoint_size)
        if note is None:
            note = notes[row.checkpoint_size] = read_recorded(view, row.index).checkpoint.note
        files = _inline(node, view, row, min(limit, room)) if limit else []
        room -= sum(map(len, files))
        items.append(wire.feed_item(row, note, files))
    return exchange_pb2.SubscribeResponse(
        items=items, next_index=rows[-1].index + 1 if rows else cursor
    )


def _inline(node: NodeContext, view: ReadView, row: JournalRow, room: int) -> list[bytes]:
    """The package's small files that fit; others are downloaded."""
    package = view.package(row.subject_id) if row.subject_id == row.package_id else None
    files: tuple[FileRow, ...] = package.files if package else ()
    found = []
    for file in files:
        if file.size <= room:
            room -= file.size
            found.append(node.blobs.read(file.sha256))
    return found
