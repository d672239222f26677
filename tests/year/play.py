"""The year, played: a real node behind TLS, and a client for each organisation.

Everything is real but the clock: keys, signatures, gRPC, SQLite, files, the telling of deadlines.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import define, evolve, field

from lienthong.client import AsyncClient, FileSource
from lienthong.model.ids import OrganId
from lienthong.model.time import to_us
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.sections.exchange import UrgentTimes
from lienthong_node import certificates, server
from lienthong_node.admin_port import administration
from lienthong_node.deadline_watch import DeadlineWatch
from lienthong_node.local import LocalAxis
from lienthong_node.org_plan import read_plan
from lienthong_node.provision import issue_profile
from sdk.tests.reports.recount import TAKE_H, URGENT_FORWARD_H, URGENT_SEND_H
from tests.year.clock import YearClock, set_everywhere
from tests.year.province import MERGED_AT, calendar, organisations, plan_text
from tests.year.story import FIRST, LAST, Act, Deed, Story, reference_to

WORKERS: Final = 64
"""Deeds of one instant that are done at the same time."""

CERTIFICATE_DAYS: Final = 365 * 15
"""TLS looks at the machine's clock, signatures at that of the year."""

ENTERED_AT: Final = MERGED_AT - timedelta(days=10)
"""When the operator enters the decision of July."""


def rules_of_the_year() -> RuleSet:
    """Those of the province, with the times that the recount counts by."""
    known = find_rule_set("tay-ninh-2019")
    return evolve(
        known,
        name="tay-ninh-year",
        sending=evolve(known.sending, urgent_within=_hours(URGENT_SEND_H)),
        receiving=evolve(
            known.receiving,
            urgent_forward_within=_hours(URGENT_FORWARD_H),
            escalate_after=timedelta(hours=TAKE_H),
        ),
    )


def _hours(count: int) -> UrgentTimes:
    return UrgentTimes(**dict.fromkeys(("KHAN", "THUONG_KHAN", "HOA_TOC"), timedelta(hours=count)))


@contextmanager
def made_axis(folder: Path, clock: YearClock) -> Iterator[LocalAxis]:
    """The province's axis, made at the beginning of the year; the clock is set meanwhile."""
    with pytest.MonkeyPatch.context() as patch, set_everywhere(clock):
        lasting = partial(issue_profile, days=CERTIFICATE_DAYS)
        patch.setattr(certificates, "SERVER_DAYS", CERTIFICATE_DAYS)
        patch.setattr("lienthong_node.local.issue_profile", lasting)
        # Here the year's clock wakes who tells deadlines, and nobody checks the interconnection.
        patch.setattr("lienthong_node.deadline_watch.tell_deadlines", _waiting)
        patch.setattr("lienthong_node.checking.tell_missed", _waiting)
        axis = LocalAxis.create(
            folder,
            organisations(),
            disk_reserve_bytes=0,
            burst=1_000_000,
            requests_per_second=100_000,
            documents_per_second=100_000,
            connections_per_address=0,
        )
        with administration(axis.data) as admin:
            admin.put_law(rules_of_the_year())
            admin.put_law(calendar())
        yield axis


async def _waiting(*_: object) -> None:
    """A worker that nothing wakes."""
    await asyncio.Event().wait()


@define(eq=False)
class Player:
    """Does the acts of a story, one instant after the other."""

    axis: LocalAxis
    clock: YearClock
    watch: DeadlineWatch
    open: AsyncExitStack
    clients: dict[OrganId, AsyncClient] = field(factory=dict)

    async def play(self, story: Story) -> None:
        """The whole year; what is late is told before the deeds of each instant."""
        merged = False
        for at, acts in groupby(story.acts, key=attrgetter("at")):
            if not merged and at >= ENTERED_AT:
                await self._enter_merger()
                merged = True
            self.clock.now = at
            await self.tell_deadlines()
            await self._do(list(acts))
        self.clock.now = LAST
        await self.tell_deadlines()

    async def tell_deadlines(self) -> None:
        """What the node's worker does when it wakes: here it is woken by the clock of the year."""
        if self.watch.next_look_us() < to_us(self.clock.now):
            await asyncio.to_thread(self.watch.step, self.clock.now)

    async def _enter_merger(self) -> None:
        self.clock.now = ENTERED_AT
        await self.tell_deadlines()
        plan = self.axis.folder / "thang-7.toml"
        plan.write_text(plan_text(), encoding="utf-8")

        def enter() -> None:
            with administration(self.axis.data) as admin:
                known = admin.directory()
                admin.put_organisations(read_plan(plan).applied_to(known), known)

        await asyncio.to_thread(enter)

    async def _do(self, acts: list[Act]) -> None:
        gate = asyncio.Semaphore(WORKERS)

        async def one(act: Act) -> None:
            async with gate:
                await self._act(act)

        async with asyncio.TaskGroup() as group:
            for act in acts:
                group.create_task(one(act))

    async def client(self, organ: OrganId) -> AsyncClient:
        """The client of an organisation, opened when it is needed first."""
        if organ not in self.clients:
            made = AsyncClient(self.axis.profile(str(organ)), clock=self.clock)
            self.clients[organ] = await self.open.enter_async_context(made)
        return self.clients[organ]

    async def _act(self, act: Act) -> None:
        client, package = await self.client(act.by), act.package_id
        if act.deed is Deed.SEND:
            file = FileSource.of_bytes("van-ban.pdf", b"%PDF-1.7 " + package.bytes)
            await client.send(act.document, [file], act.addressed, package_id=package)
        elif act.deed is Deed.ASK_BACK:
            await client.take_back(package, [act.recipient], reason="gửi nhầm")
        elif act.deed is Deed.RECALL:
            reason, notice = "ban hành nhầm", act.other_id
            recipients = [act.recipient]
            await client.recall(package, reason=reason, recipients=recipients, package_id=notice)
        else:
            whose = {} if act.by == act.recipient else {"recipient": act.recipient}
            await _METHODS[act.deed](client, package, **_details(act), **whose)


def _details(act: Act) -> dict[str, Any]:
    """What a report says beside the event."""
    if act.deed is Deed.ACCEPT:
        return {"register_number": act.number}
    if act.deed is Deed.REFUSE:
        return {"reason": act.reason, "text": "không nhận"}
    if act.deed is Deed.FORWARD:
        return {"unit": "Phòng Tổng hợp"}
    if act.deed is Deed.COMPLETE and act.document.reply_requested:
        return {"reply": reference_to(1)}
    return {}


_METHODS: Final[Mapping[Deed, Callable[..., Awaitable[object]]]] = {
    Deed.ARRIVE: AsyncClient.arrived,
    Deed.ACCEPT: AsyncClient.accept,
    Deed.REFUSE: AsyncClient.refuse,
    Deed.FORWARD: AsyncClient.forward,
    Deed.START: AsyncClient.start,
    Deed.COMPLETE: AsyncClient.complete,
    Deed.GIVE_BACK: AsyncClient.agree_take_back,
    Deed.CONFIRM_RECALL: AsyncClient.confirm_recall,
}


@asynccontextmanager
async def playing(axis: LocalAxis, clock: YearClock) -> AsyncIterator[Player]:
    """The node, served in this process, and who plays with it."""
    node = await server.start(axis.data)
    try:
        async with AsyncExitStack() as opened:
            watch = DeadlineWatch(node.context.store, node.context.committer)
            yield Player(axis, clock, watch, opened)
    finally:
        await node.stop()


async def play(folder: Path, story: Story) -> LocalAxis:
    """Make an axis in a new folder and play a story through it; the records are left there."""
    clock = YearClock(FIRST - timedelta(hours=1))
    with made_axis(folder, clock) as axis:
        async with playing(axis, clock) as player:
            await player.play(story)
    return axis
