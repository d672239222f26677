"""The year, played behind the node's doors: what it decides, keeps, tells and reports.

The same committer, rules, store and worker as behind TLS, driven instant by instant. Signatures and
transport are left out, so that a whole province's year fits into one night.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import closing
from datetime import timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from attrs import define, evolve

from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import Sha256, StatementId
from lienthong.model.package import FileEntry, Manifest, PackageKind, Recipient
from lienthong.model.report import Assignment, CheckSummary, Reason, RegisterEntry, Statement
from lienthong.model.time import to_us, vietnam_date
from lienthong.spi.storage import RecordStore
from lienthong.testing.signer import MemorySigner
from lienthong_node.committer import Committer, Outcome
from lienthong_node.core.commands import (
    Command,
    PutCredential,
    PutLaw,
    PutOrganisations,
)
from lienthong_node.core.credentials import Role
from lienthong_node.deadline_watch import DeadlineWatch
from lienthong_node.org_plan import load_plan
from lienthong_node.stores import Recorded
from lienthong_storage_sqlite.store import SQLiteRecordStore
from node.tests.support import AXIS, POLICY, caller, report, signing, submit
from tests.year.clock import YearClock
from tests.year.play import ENTERED_AT, rules_of_the_year
from tests.year.province import OPERATOR, ORGANS, calendar, organisations, plan_text
from tests.year.story import FIRST, LAST, Act, Deed, Story, reference_to

_EVENTS: Final = {
    Deed.ARRIVE: DeliveryEvent.ARRIVE,
    Deed.ACCEPT: DeliveryEvent.ACCEPT,
    Deed.REFUSE: DeliveryEvent.REFUSE,
    Deed.FORWARD: DeliveryEvent.FORWARD,
    Deed.START: DeliveryEvent.START,
    Deed.COMPLETE: DeliveryEvent.COMPLETE,
    Deed.ASK_BACK: DeliveryEvent.REQUEST_TAKE_BACK,
    Deed.GIVE_BACK: DeliveryEvent.AGREE_TAKE_BACK,
    Deed.CONFIRM_RECALL: DeliveryEvent.CONFIRM_RECALL,
}
_SIGNER: Final = MemorySigner.checkpoint(b"\7" * 32)
_FILE: Final = b"%PDF-1.7 of the year"


@define(eq=False)
class Behind:
    """A committer that is driven by whoever plays, on a store on disk."""

    clock: YearClock
    committer: Committer
    watch: DeadlineWatch

    @classmethod
    def opened(cls, store: RecordStore, clock: YearClock) -> Behind:
        committer = Committer(store, policy=POLICY, signer=_SIGNER, clock=clock)
        watch = DeadlineWatch(store, committer, answered=partial(_driven, committer))
        return cls(clock, committer, watch)

    def play(self, story: Story) -> None:
        """The whole year; what is late is told before the deeds of each instant."""
        self.do(_beginning())
        merged = False
        for at, acts in groupby(story.acts, key=attrgetter("at")):
            if not merged and at >= ENTERED_AT:
                self._look(ENTERED_AT)
                self.do([self._merger()])
                merged = True
            self._look(at)
            self.do([_command(act) for act in acts])
        self._look(LAST)

    def do(self, commands: Sequence[Command]) -> None:
        """Have commands recorded, all of them."""
        for outcome in _driven(self.committer, self.committer.submit(commands)):
            if not isinstance(outcome, Recorded):
                raise outcome

    def _look(self, at: Any) -> None:
        self.clock.now = at
        if self.watch.next_look_us() < to_us(at):
            self.watch.step(at)

    def _merger(self) -> Command:
        known = self.committer.registry.directory
        changed = load_plan(plan_text(), "thang-7.toml").applied_to(known)
        return PutOrganisations(caller=_OPERATOR, organisations=changed)


def play(database: Path, story: Story) -> None:
    """Play a story into a new record store."""
    with closing(SQLiteRecordStore(database)) as store:
        Behind.opened(store, YearClock(FIRST - timedelta(hours=1))).play(story)


def _driven(committer: Committer, answer: Future[list[Outcome]]) -> list[Outcome]:
    while committer.work_once():
        pass
    return answer.result(0)


_OPERATOR: Final = caller(str(OPERATOR), Role.OPERATOR)


def _beginning() -> list[Command]:
    """What the operator enters before the year begins."""
    put = PutOrganisations(caller=_OPERATOR, organisations=tuple(organisations()))
    since, until = FIRST - timedelta(days=1), LAST + timedelta(days=1)
    return [
        put,
        *(
            PutCredential(
                caller=_OPERATOR,
                credential=evolve(signing(str(organ)), not_before=since, not_after=until),
            )
            for organ in ORGANS
        ),
        PutLaw(caller=_OPERATOR, value=rules_of_the_year()),
        PutLaw(caller=_OPERATOR, value=calendar()),
    ]


def _command(act: Act) -> Command:
    by = str(act.by)
    if act.deed is Deed.SEND:
        return submit(_manifest(act), by=by, contents=(_FILE,))
    if act.deed is Deed.RECALL:
        return submit(_recall(act), by=by, contents=())
    return report(_statement(act), by=by)


def _manifest(act: Act) -> Manifest:
    file = FileEntry(
        name="van-ban.pdf",
        media_type="application/pdf",
        size=len(_FILE),
        sha256=Sha256.of(_FILE),
    )
    return Manifest(
        package_id=act.package_id,
        audience=AXIS,
        sender=act.by,
        recipients=[Recipient(organ_id=organ) for organ in act.addressed],
        document=act.document,
        files=[file],
        created_at=act.at,
    )


def _recall(act: Act) -> Manifest:
    assert act.other_id is not None
    return Manifest(
        package_id=act.other_id,
        kind=PackageKind.RECALL,
        audience=AXIS,
        sender=act.by,
        recipients=[Recipient(organ_id=act.recipient)],
        document=act.document,
        created_at=act.at,
        target=act.package_id,
        reason="ban hành nhầm",
    )


def _statement(act: Act) -> Statement:
    sender, whose = act.document.issuer_code, act.recipient
    values: dict[str, Any] = {
        "statement_id": StatementId.new(act.at, _name(act)),
        "audience": AXIS,
        "package_id": act.package_id,
        "recipient": whose,
        "reporter": sender if act.deed is Deed.ASK_BACK else whose,
        "event": _EVENTS[act.deed],
        "created_at": act.at,
    }
    return Statement(**values, **_details(act))


def _name(act: Act) -> bytes:
    """Ten bytes of its own: of one delivery nothing is said twice at one instant."""
    return Sha256.of(f"{act.package_id} {act.recipient} {act.deed}".encode()).bytes[:10]


def _details(act: Act) -> dict[str, Any]:
    """What a report says beside the event."""
    if act.deed is Deed.ACCEPT:
        day = vietnam_date(act.at)
        check = CheckSummary(complete=True, intact=True, authentic=True, checked_at=act.at)
        return {"register": RegisterEntry(number=act.number, date=day), "check": check}
    if act.deed is Deed.REFUSE:
        return {"reason": Reason(code=act.reason, text="không nhận")}
    if act.deed is Deed.FORWARD:
        return {"assignments": [Assignment(unit="Phòng Tổng hợp")]}
    if act.deed is Deed.ASK_BACK:
        return {"reason": Reason(text="gửi nhầm")}
    if act.deed is Deed.COMPLETE and act.document.reply_requested:
        return {"reply": reference_to(1)}
    return {}
