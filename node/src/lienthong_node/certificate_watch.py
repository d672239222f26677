"""The workers around certificates: status is fetched, and what ends soon is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from attrs import define, field

from lienthong.pki.expiry import WARNED_AHEAD, days_left, warning
from lienthong_node.certificate_ends import Ending, authority_ends, credential_ends, last_of_each
from lienthong_node.certificate_status import CertificateStatus
from lienthong_node.metrics import Metrics
from lienthong_node.security_log import Deed, Event
from lienthong_node.services.context import NodeContext

log = logging.getLogger(__name__)

STATUS_S: Final = 1.0
ENDINGS_S: Final = 600.0


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


async def tell_endings(node: NodeContext, metrics: Metrics) -> None:
    """Every ten minutes: which certificates end soon."""
    watch = EndingWatch()
    while True:
        found = credential_ends(node.registry.credentials.by_fingerprint.values())
        if node.status is not None:
            found += authority_ends(node.status.store.trust.authorities)
        watch.look(last_of_each(found), metrics, node.clock())
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
