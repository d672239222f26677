"""An axis with the law of a province, its deadline worker and a clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from attrs import define, evolve, field

from lienthong.codec.signed import load_entry
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import PackageId
from lienthong.model.journal import DeadlineRecord
from lienthong.model.time import VIETNAM, from_us, to_us
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.rules.calendar_table import CalendarTable
from lienthong.rules.ruleset import RuleSet
from lienthong.spi.records import DeadlineRow, DeliveryRow
from lienthong.testing.clock import FixedClock
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.committer import Committer, Outcome
from lienthong_node.core.commands import (
    Command,
    PutCredential,
    PutLaw,
    PutOrganisations,
)
from lienthong_node.core.deadlines import NO_DUE_US, is_sound
from lienthong_node.deadline_watch import DeadlineWatch
from lienthong_node.stores import Recorded
from node.tests.committing import OPERATOR, filled, make
from node.tests.support import (
    ORGANISATIONS,
    B,
    document,
    file,
    manifest,
    report,
    signing,
    statement,
    submit,
)

PROVINCE: Final = evolve(find_rule_set("tay-ninh-2019"), inherits="")
VIETNAM_DAYS: Final = find_calendar("vietnam")
E: Final = DeliveryEvent
MORNING: Final = "02/03/2026 08:30"
"""A Monday; office hours are 07:30 to 11:30 and 13:00 to 17:00."""


def local(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=VIETNAM).astimezone(UTC)


def shown(us: int) -> str:
    return from_us(us).astimezone(VIETNAM).strftime("%d/%m %H:%M")


UNNOTICED: Final = {"NOTICED": "03/03 00:00"}
"""What is open besides while a recipient has told nothing of what was sent at MORNING."""

UNHEARD: Final = "NOTICED OVERDUE 03/03 00:00"
"""What is told of that."""


def settling_in(days: int) -> RuleSet:
    return evolve(PROVINCE, receiving=evolve(PROVINCE.receiving, settle_working_days=days))


@define(eq=False)
class Axis:
    """A store with its committer and its deadline worker, driven by a clock that stands still."""

    store: MemoryRecordStore = field(factory=filled)
    clock: FixedClock = field(factory=lambda: FixedClock(local(MORNING)))
    committer: Committer = field(init=False)
    watch: DeadlineWatch = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin another life on the same store."""
        self.committer = make(self.store, clock=self.clock)
        self.watch = DeadlineWatch(self.store, self.committer, answered=self.drive)

    def drive(self, answer: Any) -> list[Outcome]:
        while self.committer.work_once():
            pass
        outcomes: list[Outcome] = answer.result(0)
        return outcomes

    def do(self, command: Command) -> Recorded:
        [outcome] = self.drive(self.committer.submit([command]))
        assert isinstance(outcome, Recorded), outcome
        return outcome

    def enter(self, *values: RuleSet | CalendarTable) -> None:
        for value in values:
            self.do(PutLaw(caller=OPERATOR, value=value))

    def at(self, text: str) -> list[str]:
        """Set the clock, let the worker do its work; what it told."""
        self.clock.set(local(text))
        size = self.size
        self.watch.step(self.clock())
        return [
            f"{body.kind.value} {body.stage.value} {shown(to_us(body.due_at))}"
            for body, _ in self.told(size)
        ]

    def told(self, since: int = 0) -> list[tuple[DeadlineRecord, tuple[str, ...]]]:
        with self.store.read() as view:
            rows = view.journal(since, 10_000)
        bodies = ((load_entry(row.entry).body, row.parties) for row in rows)
        return [(body, parties) for body, parties in bodies if isinstance(body, DeadlineRecord)]

    @property
    def size(self) -> int:
        with self.store.read() as view:
            return view.head().size

    def send(self, recipient: str = B, files: tuple[Any, ...] = (), **about: Any) -> PackageId:
        value = manifest(
            recipient,
            created_at=self.clock(),
            files=[file(), *files],
            document=document(**about),
        )
        self.do(submit(value))
        return value.package_id

    def say(self, event: DeliveryEvent, package: PackageId, to: str = B, **more: Any) -> None:
        values: dict[str, Any] = {"created_at": self.clock()}
        self.do(report(statement(event, package, recipient=to, **(values | more))))

    def row(self, package: PackageId, recipient: str = B) -> DeliveryRow:
        with self.store.read() as view:
            found = view.delivery(package.bytes, recipient)
        assert found is not None
        assert is_sound(found)
        return found

    def due(self, package: PackageId, recipient: str = B) -> dict[str, str]:
        """Those that have an instant; the others wait for the calendar to be continued."""
        deadlines = self.row(package, recipient).deadlines
        return {one.kind: shown(one.due_us) for one in deadlines if one.due_us != NO_DUE_US}

    def open(self, package: PackageId, kind: str) -> DeadlineRow:
        [found] = [one for one in self.row(package).deadlines if one.kind == kind]
        return found


def lawful() -> Axis:
    """With the law of the province."""
    found = Axis()
    found.enter(PROVINCE, VIETNAM_DAYS)
    return found


def registered() -> MemoryRecordStore:
    """A store of which every row is in the journal."""
    store = MemoryRecordStore()
    committer = make(store)
    committer.submit([PutOrganisations(caller=OPERATOR, organisations=ORGANISATIONS)])
    for one in ORGANISATIONS:
        command = PutCredential(caller=OPERATOR, credential=signing(str(one.organ_id)))
        committer.submit([command])
    while committer.work_once():
        pass
    return store
