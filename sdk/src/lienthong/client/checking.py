"""Checks of the interconnection (kiểm tra liên thông, QĐ 52/2019 Đ12.6): look, record, read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from lienthong.client.feed import FeedReader, FeedRequest
from lienthong.client.inspecting import LEAST_VALIDITY, MOST_SKEW, certificates_end, skew
from lienthong.client.wire import Direction
from lienthong.client.witnessing import AnyPath, WitnessMethods
from lienthong.codec.signed import load_entry
from lienthong.errors import LienthongError, ReceiptInvalid, RoleMissing
from lienthong.model.deadline import DeadlineKind, DeadlineStage
from lienthong.model.delivery import DeliveryState
from lienthong.model.journal import (
    CheckResult,
    FeedItem,
    InterconnectionRecord,
    JournalEntry,
    Receipt,
)
from lienthong.model.time import vietnam_date
from lienthong.pki.expiry import days_left, warning
from lienthong_proto.axis.v1 import exchange_pb2, journal_pb2

READ: Final = 500
"""Entries of the feed that a check asks for at once."""

BACK: Final = 1_000
"""Without a cursor, a check reads the own entries among so many newest of the journal.

With one, so many own ones at most.
"""

_SECOND: Final = timedelta(seconds=1)
_WAITING: Final = (DeliveryState.SENT, DeliveryState.ARRIVED)


@frozen(kw_only=True)
class Looked:
    """One thing that was looked at."""

    result: CheckResult
    error: LienthongError | None = None
    """Why it failed, where that was an error."""


class CheckingMethods(WitnessMethods):
    """Checks of the interconnection; see ``AsyncClient``."""

    async def check_interconnection(
        self, *, witness: AnyPath | None = None, after: int | None = None
    ) -> tuple[Looked, ...]:
        """Look whether everything works between this organisation and the axis.

        Nothing is recorded. What the credential's role may not ask for is left out.

        Args:
            witness: the file of a witness, with which the newest checkpoint is compared and in
                which it is kept.
            after: index of the first entry of the feed that is read; the newest by default.

        Raises:
            ConnectionFailed: the axis cannot be reached: there is nothing to look at.
            LienthongError: it does not answer as an axis, or refuses the credential.
        """
        await self.account()
        steps: tuple[tuple[str, Callable[[], Awaitable[Looked | None]]], ...] = (
            ("certificates", self._look_at_certificates),
            ("clock", self._look_at_clock),
            ("directory", self._look_at_directory),
            ("journal", lambda: self._look_at_journal(witness)),
            ("feed", lambda: self._look_at_feed(after)),
            ("receipt", self._look_at_receipt),
            ("deliveries", self._look_at_deliveries),
        )
        found = [await _tried(name, step) for name, step in steps]
        return tuple(one for one in found if one is not None)

    async def record_check(self, results: Iterable[CheckResult]) -> Receipt:
        """Write into the axis's journal that this organisation checked the interconnection.

        It is tried once: two of them are two checks, so after a lost answer look into ``checks``.

        Args:
            results: what was looked at, 1 to 50.

        Raises:
            InvalidValue: there are none, or too many.
            ReceiptInvalid: the receipt is for something else; also CheckpointInvalid, ProofInvalid.
            ConnectionFailed: the axis cannot be reached, or the answer was lost.
        """
        record = InterconnectionRecord(organ_id=self.organ, results=tuple(results))
        request = exchange_pb2.RecordCheckRequest(
            results=[
                journal_pb2.CheckResult(name=one.name, passed=one.passed, note=one.note)
                for one in record.results
            ]
        )
        answer = await self._connection.ask_once(
            lambda stubs: stubs.exchange.RecordCheck, request, unless_lost=True
        )
        verified = self._verifier.receipt(answer.receipt)
        body = verified.entry.body
        # The journal has the canonical code, which need not be the profile's.
        if (
            not isinstance(body, InterconnectionRecord)
            or evolve(body, organ_id=self.organ) != record
        ):
            raise ReceiptInvalid(reason="the axis recorded something else than this check")
        return verified.receipt

    async def checks(self, since: datetime, until: datetime) -> tuple[FeedItem, ...]:
        """The checks in this organisation's feed, made and missed, in journal order; verified.

        An operator's organisation sees those of everybody.

        Args:
            since: recorded from then on.
            until: recorded before then.

        Raises:
            RoleMissing: the credential may not read a feed.
            ReceiptInvalid: a check is not what the axis recorded; also CheckpointInvalid,
                ProofInvalid.
        """
        found: list[FeedItem] = []
        start = await self._first_since(since)
        async with aclosing(self._reader(start, READ).messages()) as messages:
            async for message in messages:
                entry = load_entry(message.receipt.entry)
                if entry.recorded_at >= until:
                    break
                if isinstance(entry.body, InterconnectionRecord):
                    found.append(self._verifier.item(message))
        return tuple(found)

    async def _first_since(self, since: datetime) -> int:
        """Where in the journal to begin; what is behind it in time is behind it in the feed."""
        low, high = 0, (await self.checkpoint()).size
        while low < high:
            middle = (low + high) // 2
            entry = await self._next_entry(middle)
            if entry is not None and entry.recorded_at < since:
                low = entry.index + 1
            else:
                high = middle
        return low

    async def _next_entry(self, index: int) -> JournalEntry | None:
        async with aclosing(self._reader(index, 1).messages()) as messages:
            async for message in messages:
                return load_entry(message.receipt.entry)
        return None

    def _reader(self, after: int, page_size: int) -> FeedReader:
        request = FeedRequest(
            after=after, follow=False, inline_limit=0, page_size=page_size, wait=0
        )
        return FeedReader(self._connection, request)

    async def _look_at_certificates(self) -> Looked:
        timeout = self._connection.policy.timeout
        ends = await asyncio.to_thread(certificates_end, self.profile, timeout)
        passed = min(ends) - self._clock() >= LEAST_VALIDITY
        days = " / ".join(_told(end, self._clock()) for end in ends)
        return _looked("certificates", days, passed=passed)

    async def _look_at_clock(self) -> Looked | None:
        before = self._clock()
        said = (await self.account()).now
        if said is None:
            return None
        found = skew(before, said, self._clock())
        return _looked("clock", f"{found / _SECOND:+.1f} s", passed=abs(found) <= MOST_SKEW)

    async def _look_at_directory(self) -> Looked:
        own = (await self.account()).organisation
        is_open = own.open_on(vietnam_date(self._clock()))
        can_receive = (await self.resolve(own.organ_id)).can_receive
        return _looked("directory", str(own.organ_id), passed=is_open and can_receive)

    async def _look_at_journal(self, witness: AnyPath | None) -> Looked:
        newest = await self.checkpoint()
        if witness is not None:
            newest = (await self.witness(witness)).checkpoint
        return _looked("journal", str(newest.size))

    async def _look_at_feed(self, after: int | None) -> Looked:
        start = max(0, (await self.checkpoint()).size - BACK) if after is None else after
        count, last, more = 0, start, ""
        async with aclosing(self._reader(start, READ).items(self._verifier)) as items:
            async for item in items:
                if count == BACK:
                    more = "+"
                    break
                count, last = count + 1, item.next_index
        return _looked("feed", f"{start}–{last} ({count}{more})")

    async def _look_at_receipt(self) -> Looked | None:
        """Ask again for the receipt of a young entry that concerns this organisation."""
        start = max(0, (await self.checkpoint()).size - BACK)
        entry = await self._next_entry(start)
        if entry is None:
            return None
        await self.receipt(entry.index)
        return _looked("receipt", str(entry.index))

    async def _look_at_deliveries(self) -> Looked:
        """How many nobody has taken; that the time for it is over fails the check (M10)."""
        waiting = late = 0
        async with aclosing(self.list_deliveries(Direction.INCOMING, _WAITING)) as deliveries:
            async for delivery in deliveries:
                waiting += 1
                late += any(
                    one.kind is DeadlineKind.TAKEN and one.stage is DeadlineStage.OVERDUE
                    for one in delivery.deadlines
                )
        return _looked("deliveries", f"{waiting} / {late}", passed=not late)


async def _tried(name: str, look: Callable[[], Awaitable[Looked | None]]) -> Looked | None:
    try:
        return await look()
    except RoleMissing:
        return None
    except LienthongError as error:
        result = CheckResult(name=name, passed=False, note=error.code)
        return Looked(result=result, error=error)


def _told(end: datetime, now: datetime) -> str:
    """The day on which a certificate ends; within 60 days with how many are left."""
    ahead = "" if warning(end, now) is None else f" ({days_left(end, now)} d)"
    return f"{vietnam_date(end)}{ahead}"


def _looked(name: str, note: str, *, passed: bool = True) -> Looked:
    return Looked(result=CheckResult(name=name, passed=passed, note=note))
