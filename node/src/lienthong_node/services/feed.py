"""Feeds: what concerns an organisation, in index order, from a cursor on."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import closing
from typing import Final

from lienthong.errors import CursorBeyondJournal, DataCorrupt
from lienthong.spi.records import JournalRow
from lienthong.spi.storage import ReadView
from lienthong_node import wire
from lienthong_node.contents import read_content
from lienthong_node.services.context import NodeContext
from lienthong_node.services.visibility import is_own
from lienthong_node.stores import checkpoint_of
from lienthong_node.uploads import CHUNK_LIMIT
from lienthong_proto.axis.v1 import exchange_pb2

MAX_WAIT_MS: Final = 60_000
IDLE_S: Final = 25.0
"""A follower looks again after so long even without news: wake-ups may come from elsewhere."""

PAGE_BYTES: Final = 1024 * 1024
"""One page; a single item may exceed it."""

STEP: Final = 50
"""Entries that are read at once: each may be large."""

log = logging.getLogger(__name__)


async def follow(
    node: NodeContext, request: exchange_pb2.SubscribeRequest, organ: str
) -> AsyncGenerator[exchange_pb2.SubscribeResponse, None]:
    """Pages of the feed; with ``follow`` for ever, otherwise until caught up."""
    cursor = wire.check_index(request.from_index, "from_index")
    clock = asyncio.get_running_loop().time
    until = clock() + min(request.wait_ms, MAX_WAIT_MS) / 1000
    with closing(node.feeds.watch(organ)) as watch:
        while not node.stopping.is_set():
            watch.arm()
            page = await node.read(functools.partial(_page, node, request, organ, cursor))
            if page.next_index > cursor:
                cursor = page.next_index
                if page.items:
                    until = 0.0
                # Also without items: what was left out is not gone over again.
                yield page
                continue
            # Thousands may wait here: none of them holds a page meanwhile.
            del page
            if request.follow:
                await watch.wait(IDLE_S)
            elif (left := until - clock()) > 0:
                await watch.wait(left)
            else:
                return


def _page(
    node: NodeContext,
    request: exchange_pb2.SubscribeRequest,
    organ: str,
    cursor: int,
    view: ReadView,
) -> exchange_pb2.SubscribeResponse:
    limit, start = min(request.inline_limit, CHUNK_LIMIT), cursor
    wanted, room, longest = wire.page_size(request.page_size), PAGE_BYTES, STEP
    page, notes = exchange_pb2.SubscribeResponse(), dict[int, str]()
    items, admit = page.items, _door(node, organ, others_only=request.others_only)
    while wanted > 0 and room > 0:
        step = min(wanted, longest)
        try:
            rows = view.feed(organ, cursor, step)
        except DataCorrupt:
            # A damaged entry ends the feed, but not before what stands in front of it was shown.
            if cursor > start:
                break
            if step == 1:
                raise
            longest = 1
            continue
        if not rows:
            _check_cursor(view, cursor)
        for row in rows:
            if not admit(row):
                cursor = row.index + 1
                continue
            files = _small_files(node, view, row, limit) if limit else []
            if row.checkpoint_size not in notes:
                notes[row.checkpoint_size] = checkpoint_of(view, row).note
            room -= wire.add_item(items, row, notes[row.checkpoint_size], files).ByteSize()
            if room < 0 and len(items) > 1:
                items.pop()
                break
            cursor = row.index + 1
        wanted = wanted - step if len(rows) == step else 0
    page.next_index = cursor
    return page


def _door(node: NodeContext, organ: str, *, others_only: bool) -> Callable[[JournalRow], bool]:
    """Lets through what comes with a feed, and tells of what should never have come so far."""

    def admit(row: JournalRow) -> bool:
        if organ not in row.parties:
            # The second wall: whatever the index of feeds says, the entry itself decides.
            _tell_stray(node, row, organ)
            return False
        return not (others_only and is_own(row, organ, node.registry.directory, node.today()))

    return admit


def _tell_stray(node: NodeContext, row: JournalRow, organ: str) -> None:
    what = f"entry {row.index} stands in the feed of {organ}, which is no party to it"
    log.error("%s", what)
    node.security.refused(DataCorrupt(what=what), who="node", certificate="", what=what)


def _check_cursor(view: ReadView, cursor: int) -> None:
    """Refuse a cursor that this journal has never given; waiting would last for ever.

    Raises:
        CursorBeyondJournal: the journal went back since, or it is another axis's cursor.
    """
    size = view.head().size
    if cursor > size:
        raise CursorBeyondJournal(cursor=cursor, size=size)


def history_page(view: ReadView, rows: Sequence[JournalRow]) -> exchange_pb2.GetHistoryResponse:
    """As many of these entries as one answer holds, and where to go on."""
    room, page = PAGE_BYTES, exchange_pb2.GetHistoryResponse()
    for row in rows:
        room -= wire.add_item(page.items, row, checkpoint_of(view, row).note).ByteSize()
        if room < 0 and len(page.items) > 1:
            page.items.pop()
            page.next_index = row.index
            break
    return page


def _small_files(node: NodeContext, view: ReadView, row: JournalRow, limit: int) -> list[bytes]:
    """The package's files up to *limit* bytes; others are downloaded.

    A file that is damaged is left out: that harms its readers, not the whole feed.
    """
    package = view.package(row.package_id) if row.subject_id == row.package_id else None
    found = []
    for file in package.files if package else ():
        if file.size <= limit:
            try:
                found.append(read_content(view, node.blobs, file.sha256))
            except DataCorrupt as error:
                log.exception("a file is left out of a feed")
                what = f"file {file.sha256.hex()}"
                node.security.refused(error, who="node", certificate="", what=what)
    return found
