"""The workers around certificates: status is fetched, and what ends soon is told.

The operator is told by figures and the log; organisations by their feeds, durably, once each.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from datetime import datetime
from typing import Final

from attrs import define, field

from lienthong.errors import LienthongError
from lienthong.pki.expiry import WARNED_AHEAD, days_left, warning
from lienthong_node.certificate_ends import Ending, authority_ends, credential_ends, last_of_each
from lienthong_node.certificate_status import CertificateStatus
from lienthong_node.committer import Committer, Outcome
from lienthong_node.core.commands import AXIS, TellExpiry
from lienthong_node.core.expiring import warning_due
from lienthong_node.metrics import Metrics
from lienthong_node.security_log import Deed, Event
from lienthong_node.services.context import NodeContext
from lienthong_node.stores import Recorded, Registry

log = logging.getLogger(__name__)

STATUS_S: Final = 1.0
ENDINGS_S: Final = 600.0
_SHARE: Final = 64
"""Commands that wait at once: at most a quarter of a batch, so that requests go on."""


@define(eq=False)
class EndingWatch:
    """Tells each warning once: 60, 30 and 7 days ahead, and at the end."""

    told: set[tuple[str, str, datetime, int]] = field(factory=set)

    def look(self, found: Iterable[Ending], metrics: Metrics, now: datetime) -> None:
        """Show the figures, and log what is new."""
        ahead = dict.fromkeys((*WARNED_AHEAD, 0), 0)
        first = dict[str, datetime]()
        for one in found:
            due = warning(one.not_after, now)
            if one.not_after > now:
                first[one.use] = min(one.not_after, first.get(one.use, one.not_after))
            if due is None:
                continue
            ahead[due] += 1
            key = one.use, one.whose, one.not_after, due
            if key not in self.told:
                self.told.add(key)
                days = days_left(one.not_after, now)
                log.warning("the %s certificate of %s ends in %d days", one.use, one.whose, days)
        metrics.certificates_ending(ahead)
        for use, ends in first.items():
            metrics.certificate_ends(use, ends)


@define(eq=False)
class ExpiryWatch:
    """Has the journal tell organisations which of their certificates end; no clock of its own.

    What was told is in the journal: after a restart it is asked again, and not told again.
    """

    committer: Committer
    answered: Callable[[Future[list[Outcome]]], list[Outcome]] = Future.result
    """Waits for the committer; one that is not started is driven by it."""

    _told: set[tuple[str, int]] = field(factory=set, init=False)
    """Certificates with the warning that the journal has."""

    def step(self, now: datetime) -> None:
        """Tell what is due; what cannot be told now is told at the next step.

        A single one that fails, as on a damaged entry, holds nothing else up.
        """
        asked = list(self._due(self.committer.registry, now))
        for first in range(0, len(asked), _SHARE):
            part = asked[first : first + _SHARE]
            commands = [TellExpiry(caller=AXIS, fingerprint=one) for one, _ in part]
            outcomes = self.answered(self.committer.submit(commands))
            told = zip(part, outcomes, strict=True)
            self._told |= {one for one, outcome in told if isinstance(outcome, Recorded)}
            errors = [one for one in outcomes if isinstance(one, LienthongError)]
            if errors:
                log.warning("ends of %d certificates are not told yet: %s", len(errors), errors[0])
            if any(one.retryable for one in errors):
                return

    def _due(self, registry: Registry, now: datetime) -> Iterator[tuple[str, int]]:
        credentials, directory = registry.credentials, registry.directory
        for one in credentials.by_fingerprint.values():
            due = warning_due(one, credentials, directory, now)
            if due is not None and (one.fingerprint, due) not in self._told:
                yield one.fingerprint, due


async def tell_endings(node: NodeContext, metrics: Metrics) -> None:
    """Every ten minutes: which certificates end soon."""
    watch, expiry = EndingWatch(), ExpiryWatch(node.committer)
    while True:
        found = credential_ends(node.registry.credentials.by_fingerprint.values())
        if node.status is not None:
            found += authority_ends(node.status.store.trust.authorities)
        watch.look(last_of_each(found), metrics, node.clock())
        await node.run_long(expiry.step, node.clock())
        await asyncio.sleep(ENDINGS_S)


async def keep_status_fresh(status: CertificateStatus, node: NodeContext, metrics: Metrics) -> None:
    """Fetch status as it comes due; what begins to fail is in the security log."""
    while True:
        done = await node.run_long(status.turn)
        if done is not None and not done.busy:
            for one in done.failed:
                log.warning("status was not fetched: %s: %s", one.url, one.reason)
                if one.failures == 1:
                    deed = Deed(event=Event.STATUS_MISSED, who="node", what=one.url)
                    node.security.note(deed, one.reason)
            kept = await node.run_long(status.kept)
            known = [one.confirmed_at for one in kept if one.confirmed_at is not None]
            metrics.status_stands(min(known, default=None), sum(bool(one.reason) for one in kept))
        await asyncio.sleep(STATUS_S)
