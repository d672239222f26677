"""The worker that has the journal time-stamped by authorities outside, and renews what grows old.

One time-stamp of the newest checkpoint covers every entry before it: after an outage of any length
a single token brings everything up to date. The authorities take turns, so that what one of them
has stamped soon stands under another one's key as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import define, evolve, field, frozen

from lienthong.errors import (
    DataCorrupt,
    Draining,
    LienthongError,
    StoreFailed,
    TimestampInvalid,
)
from lienthong.evidence.lifetimes import Lifetimes
from lienthong.evidence.renewal import WARNING, Link, open_stamp
from lienthong.evidence.stamps import CHECKPOINT, RENEWAL
from lienthong.model.stamps import Stamp
from lienthong.model.time import format_vietnam, to_us
from lienthong.pki.chain import TrustAnchors
from lienthong.pki.cms import DIGESTS
from lienthong.pki.revocation import Reason, Revocation
from lienthong.spi.records import StampRow
from lienthong.spi.storage import BlobStore, RecordStore
from lienthong.spi.time import TimeStamper
from lienthong_node.metrics import Metrics
from lienthong_node.stamp_guard import StampGuard, read_state
from lienthong_node.stamp_trees import is_due, newest_number, renewal_of, stamp_of

if TYPE_CHECKING:
    from lienthong_node.services.context import NodeContext

log = logging.getLogger(__name__)

LOOK_S: Final = 1.0
RETRY: Final = timedelta(seconds=10)
SKEW: Final = timedelta(minutes=5)
"""How far an authority's time may lie from this machine's."""

LOOK_AT_RENEWALS: Final = timedelta(hours=1)

_KEY_IS_SAFE: Final = {
    Reason.AFFILIATION_CHANGED,
    Reason.SUPERSEDED,
    Reason.CESSATION_OF_OPERATION,
}
"""Why an authority was revoked whose earlier time-stamps still count (RFC 3161 4); "unspecified",
which it counts too where it is written out, is not told apart from no reason at all."""

KnownRevocations: TypeAlias = Callable[[Sequence[bytes]], Sequence[Revocation]]
"""Told of the path of a time-stamp authority (DER, leaf first, anchor last)."""


def nothing_known(_: Sequence[bytes]) -> tuple[Revocation, ...]:
    """Where no status of authorities is asked."""
    return ()


@frozen(kw_only=True)
class Source:
    """An authority that gives time-stamps."""

    uri: str
    stamper: TimeStamper


@frozen(kw_only=True)
class StampRules:
    """How time-stamps are got and judged."""

    anchors: TrustAnchors
    lifetimes: Lifetimes
    algorithm: str = "SHA-512"
    interval: timedelta = timedelta(seconds=60)
    revocations: KnownRevocations = nothing_known

    def opened(self, stamp: Stamp) -> Link:
        """A verified time-stamp, with its end by what is known now; raises as ``open_stamp``."""
        return self.as_known(open_stamp(stamp, self.anchors, self.lifetimes))

    def as_known(self, link: Link) -> Link:
        """The link as it is known now: with its authority's revocation, it has ended."""
        ended = [
            one.revoked_at
            for one in self.revocations(link.token.authority.path)
            if one.revoked_at and (one.revoked_at <= link.at or one.reason not in _KEY_IS_SAFE)
        ]
        return evolve(link, ends=min([link.ends, *ended]))

    def end_of(self, row: StampRow) -> datetime:
        """Until when a stored time-stamp proves something by itself; raises as ``open_stamp``."""
        return self.opened(stamp_of(row)).ends


@define(eq=False, kw_only=True)
class Stamping:
    """Gets time-stamps; no thread of its own, used by one at a time."""

    store: RecordStore
    blobs: BlobStore
    axis: str
    sources: Sequence[Source]
    rules: StampRules
    clock: Callable[[], datetime]
    guard: StampGuard
    stopping: Callable[[], bool] = lambda: False
    """A node that is being stopped asks nobody any more."""

    ends_at: datetime | None = field(default=None, init=False)
    """When the first time-stamps end that nothing newer outlives; None before the first look."""

    _next_try: datetime | None = field(default=None, init=False)
    _next_look: datetime | None = field(default=None, init=False)
    _has_ended: bool = field(default=False, init=False)
    """The newest time-stamp of a checkpoint proves nothing any more: it is given anew."""

    def step(self) -> StampRow | None:
        """Stamp the newest checkpoint if it is time to, and something is new since the last one.

        Likewise where the last one proves nothing any more, which ``renew`` finds out.

        Raises:
            LienthongError: no authority gave a good token, or it could not be stored; it is tried
                again soon, and what is wrong stands in the guard.
        """
        now = self.clock()
        if _waits(self._next_try, now, max(RETRY, self.rules.interval)):
            return None
        self._next_try = now + min(RETRY, self.rules.interval)
        try:
            with self.store.read() as view:
                newest, last = view.checkpoint(), view.last_stamp(CHECKPOINT)
            if newest is None or not (last is None or self._has_ended or last.size < newest.size):
                self.guard.failing = ""
                return None
            link = self.stamped(newest.note, last.number if last else 0)
            row = self.keep(link, CHECKPOINT, newest.size)
        except LienthongError as error:
            self.guard.failing = str(error)
            raise
        self.guard.stamped()
        self._has_ended = False
        self._next_try = now + self.rules.interval
        return row

    def renew(self, *, wanted: bool = False) -> list[StampRow]:
        """Have everything that was stamped so far covered anew, by each authority that answers.

        Looks only once an hour whether that is due, unless it is *wanted* at once.

        Raises:
            LienthongError: no authority gave a good token, or a stored time-stamp is missing.
        """
        now = self.clock()
        if not wanted and _waits(self._next_look, now, LOOK_AT_RENEWALS):
            return []
        self._next_look = now + LOOK_AT_RENEWALS
        with self.store.read() as view:
            due = is_due(view, now, self.rules.lifetimes, self.rules.algorithm, self.rules.end_of)
            last = view.last_stamp(CHECKPOINT)
        self._has_ended = last is not None and not self._counts(last, now)
        if self._has_ended:
            self._go_on()
        self.ends_at = due.ends_at
        if not (wanted or due.renewal):
            return []
        return self._renew_by_all(entries=due.entries)

    def _counts(self, row: StampRow, now: datetime) -> bool:
        """Whether a time-stamp proves something by itself."""
        try:
            return self.rules.end_of(row) > now
        except LienthongError:
            return False

    def _renew_by_all(self, *, entries: bool) -> list[StampRow]:
        rows: list[StampRow] = []
        failed: LienthongError | None = None
        for source in self.sources:
            text, blocks, size = self._renewal(entries=entries)
            try:
                rows.append(self.keep(self._ask(source, text), RENEWAL, size, blocks))
            except LienthongError as error:
                failed = error
                log.warning("no renewal from %s: %s", source.uri, error)
        if failed is not None and not rows:
            raise failed
        return rows

    def _renewal(self, *, entries: bool) -> tuple[str, bytes, int]:
        """What a renewal covers; time-stamps alone while a stored file is damaged."""
        parts = self.store, self.blobs, self.axis, self.rules.algorithm
        try:
            return renewal_of(*parts, entries=entries, between=self._go_on)
        except DataCorrupt as error:
            if not entries:
                raise
            log.error("entries are not covered by another digest: %s", error)  # noqa: TRY400
            return renewal_of(*parts, entries=False)

    def _go_on(self) -> None:
        """The newest checkpoint is time-stamped, however long it takes to read all files."""
        if self.stopping():
            raise Draining
        with suppress(LienthongError):
            self.step()

    def close(self) -> None:
        """Let go of the authorities."""
        for source in self.sources:
            source.stamper.close()

    def stamped(self, text: str, turn: int) -> Link:
        """A verified time-stamp of a text, from the authority whose turn it is, or from the next.

        Raises:
            LienthongError: none gave a good one; of the last that was asked.
        """
        start = turn % len(self.sources)
        failed: LienthongError | None = None
        for source in (*self.sources[start:], *self.sources[:start]):
            if self.stopping():
                raise Draining
            try:
                return self._ask(source, text)
            except LienthongError as error:
                failed = error
                log.info("no time-stamp from %s: %s", source.uri, error)
        raise failed or StoreFailed(reason="no authority is configured")

    def keep(self, link: Link, kind: str, size: int, blocks: bytes = b"") -> StampRow:
        """Store a time-stamp durably. Raises what the store raises."""
        with self.store.write() as tx:
            row = StampRow(
                number=newest_number(tx) + 1,
                kind=kind,
                size=size,
                text=link.stamp.text,
                algorithm=link.stamp.algorithm,
                token=link.stamp.token,
                stamped_us=to_us(link.at),
                until_us=to_us(link.ends),
                blocks=blocks,
            )
            tx.add_stamp(row)
        return row

    def _ask(self, source: Source, text: str) -> Link:
        """What a plugin gives is believed no more than what a stranger sends."""
        algorithm, begun = self.rules.algorithm, self.clock()
        token = source.stamper.stamp(DIGESTS[algorithm](text.encode()), algorithm)
        stamp = Stamp(text=text, algorithm=algorithm, token=token)
        link = self.rules.opened(stamp)
        if not begun - SKEW <= link.at <= self.clock() + SKEW:
            reason = f"its time is {format_vietnam(link.at)}, this machine's is another"
            raise TimestampInvalid(reason=reason)
        if link.ends <= max(link.at, begun):
            ended = format_vietnam(link.ends)
            reason = f"its authority or an algorithm of it ended, or was revoked, on {ended}"
            raise TimestampInvalid(reason=reason)
        return link


def _waits(until: datetime | None, now: datetime, longest: timedelta) -> bool:
    """Whether it is too early; a clock that was set back must not put things off for days."""
    return until is not None and now < until <= now + longest


async def keep_stamped(stamping: Stamping, node: NodeContext, metrics: Metrics) -> None:
    """Every second: get the time-stamp that is due, if one is, and show how they stand."""
    said, said_on = "", None
    while True:
        for work in (stamping.step, stamping.renew):
            try:
                await node.run_long(work)
            except LienthongError as error:
                metrics.stamps_failed.inc()
                if said != str(error):
                    log.warning("the journal was not time-stamped: %s", error)
                said = str(error)
        said = said if stamping.guard.failing else ""
        state, now = await node.read(read_state), node.clock()
        metrics.stamps_stand(state.covered, state.pending_since, stamping.ends_at, now)
        if stamping.ends_at is not None and stamping.ends_at - now < WARNING:
            if said_on != node.today():
                log.warning("time-stamps end on %s: renew them", stamping.ends_at.date())
            said_on = node.today()
        await asyncio.sleep(LOOK_S)
