"""Reading the feed: in order, verified, across reconnections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from attrs import frozen

from lienthong.client.connection import Connection
from lienthong.client.retry import pause
from lienthong.client.verify import Verifier
from lienthong.errors import LienthongError, ReceiptInvalid
from lienthong.model.journal import FeedItem
from lienthong_proto.axis.v1 import exchange_pb2

_NAME: Final = "Subscribe"


@frozen(kw_only=True)
class FeedRequest:
    """What to read."""

    after: int
    """Index of the first entry to be seen."""

    follow: bool
    inline_limit: int
    page_size: int
    wait: float
    """Seconds to wait for a first entry, without ``follow``."""

    others_only: bool = False
    """Without packages and reports of the reader's own organisation."""

    def at(self, cursor: int) -> exchange_pb2.SubscribeRequest:
        return exchange_pb2.SubscribeRequest(
            from_index=cursor,
            page_size=self.page_size,
            follow=self.follow,
            wait_ms=round(self.wait * 1000),
            inline_limit=self.inline_limit,
            others_only=self.others_only,
        )


class FeedReader:
    """One reading of the feed.

    The cursor moves past an entry only when the reader asks for the next one, and never back, so
    that no entry is skipped or seen twice whatever the connection does.
    """

    def __init__(self, connection: Connection, request: FeedRequest) -> None:
        self._connection = connection
        self._request = request
        self._cursor = request.after
        self._failures = 0

    async def items(self, verifier: Verifier) -> AsyncGenerator[FeedItem, None]:
        """Verified items. Raises as ``AsyncClient.feed``."""
        async with aclosing(self.messages()) as messages:
            async for message in messages:
                yield verifier.item(message)

    async def messages(self) -> AsyncGenerator[exchange_pb2.FeedItem, None]:
        """Items as they come, in order, **not verified**."""
        while True:
            before = self._cursor
            try:
                async with aclosing(self._pages()) as pages:
                    async for page in pages:
                        for message in page.items:
                            self._check_order(message.receipt.index)
                            yield message
                            self._cursor = message.receipt.index + 1
                        self._advance(page)
                if not self._request.follow:
                    return
                # The axis ends a long stream now and then; one that ends at once is a failure.
                if self._cursor == before:
                    await self._pause(self._connection.lost("the axis ended the feed"))
            except LienthongError as error:
                await self._pause(error)

    async def _pages(self) -> AsyncGenerator[exchange_pb2.SubscribeResponse, None]:
        call = self._connection.stubs.exchange.Subscribe(self._request.at(self._cursor))
        pages = call.__aiter__()
        try:
            while True:
                with self._connection.translating(call, _NAME):
                    async with asyncio.timeout(self._patience):
                        page = await anext(pages, None)
                if page is None:
                    return
                yield page
        finally:
            call.cancel()

    @property
    def _patience(self) -> float | None:
        """How long a page may take; for ever while following, where keepalive finds a dead axis."""
        if self._request.follow:
            return None
        return self._connection.policy.timeout + self._request.wait

    def _check_order(self, index: int) -> None:
        if index < self._cursor:
            found = f"entry {index} came again or out of order"
            raise ReceiptInvalid(reason=f"{found}, expected {self._cursor} or later")

    def _advance(self, page: exchange_pb2.SubscribeResponse) -> None:
        self._cursor = max(self._cursor, page.next_index)
        self._failures = 0

    async def _pause(self, error: LienthongError) -> None:
        self._failures += 1
        if not self._connection.renew_after(error):
            policy = self._connection.policy
            await pause(policy, self._failures, error, forever=self._request.follow)
