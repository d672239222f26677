"""A node without a network whose operators check the interconnection."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

import pytest
from attrs import define, evolve, field

from lienthong.codec.signed import load_entry
from lienthong.model.ids import OrganId
from lienthong.model.journal import CheckResult, InterconnectionRecord
from lienthong.model.time import VIETNAM
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.rules.calendar_table import CalendarTable
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.sections.directory import Duty, DutyHolder
from lienthong.testing.clock import FixedClock
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.checking import Checking
from lienthong_node.committer import Committer, Outcome
from lienthong_node.core.commands import (
    Command,
    PutCredential,
    PutLaw,
    PutOrganisations,
    RecordCheck,
)
from lienthong_node.core.credentials import Role
from lienthong_node.stores import Recorded
from node.tests.committing import OPERATOR, SECONDS, filled, make
from node.tests.support import (
    OFFICE,
    TODAY,
    caller,
    credential,
)

METHOD: Final = "/lienthong.axis.v1.Exchange/RecordCheck"
GOOD: Final = CheckResult(name="feed", passed=True)
PROVINCE: Final = find_rule_set("tay-ninh-2019")
CALENDAR: Final = find_calendar("vietnam")
DAY: Final = timedelta(days=1)


def at(text: str, days: int = 0) -> datetime:
    """A time of the day on which the node was set up, a Monday, or of a day after it."""
    return datetime.combine(TODAY + days * DAY, time.fromisoformat(text), VIETNAM)


def of(organ: str = OFFICE, *results: CheckResult) -> RecordCheck:
    """A check by an organisation."""
    record = InterconnectionRecord(organ_id=OrganId(organ), results=results or (GOOD,))
    return RecordCheck(caller=caller(organ), record=record)


def missing(organ: str, missed_at: datetime) -> RecordCheck:
    record = InterconnectionRecord(organ_id=OrganId(organ), missed_at=missed_at)
    return RecordCheck(caller=caller(organ), record=record)


@define(eq=False)
class Desk:
    """A node without a network, at 08:30: its operator is an office, and it keeps the law."""

    clock: FixedClock = field(factory=FixedClock)
    store: MemoryRecordStore = field(factory=filled)
    committer: Committer = field(init=False)
    checking: Checking = field(factory=Checking)

    def __attrs_post_init__(self) -> None:
        self.committer = make(self.store, clock=self.clock)
        operating = credential(OFFICE, roles=(Role.OPERATOR,), fingerprint="ab" * 32)
        self.done(PutCredential(caller=OPERATOR, credential=operating))

    def keep(self, *values: RuleSet | CalendarTable) -> None:
        for value in values:
            self.done(PutLaw(caller=OPERATOR, value=value))

    def ask(self, *commands: Command) -> list[Outcome]:
        answer = self.committer.submit(commands)
        while self.committer.work_once():
            pass
        return answer.result(SECONDS)

    def done(self, *commands: Command) -> list[Recorded]:
        outcomes = self.ask(*commands)
        assert all(isinstance(one, Recorded) for one in outcomes), outcomes
        return [one for one in outcomes if isinstance(one, Recorded)]

    def check(self, when: datetime, organ: str = OFFICE) -> None:
        self.clock.set(when)
        self.done(of(organ))

    def look(self, when: datetime) -> list[str]:
        """What the worker tells at an instant, and does."""
        self.clock.set(when)
        with self.store.read() as view:
            commands = self.checking.look(view, self.committer.registry, self.clock())
        self.done(*commands)
        return [told(command.record) for command in commands]

    def restart(self) -> None:
        """The process is another one; the journal is the same."""
        self.committer = make(self.store, clock=self.clock)
        self.checking = Checking()

    def journal(self, organ: str) -> list[InterconnectionRecord]:
        """The checks in the feed of an organisation."""
        with self.store.read() as view:
            bodies = [load_entry(row.entry).body for row in view.feed(organ, 0, 1000)]
        return [body for body in bodies if isinstance(body, InterconnectionRecord)]


def told(record: InterconnectionRecord) -> str:
    assert record.missed_at is not None
    return f"{record.organ_id} {record.missed_at.astimezone(VIETNAM):%d %H:%M}"


def named(organ: str) -> RuleSet:
    """The rule set that names whose duty the checks are."""
    duty = DutyHolder(duty=Duty.AXIS_OPERATOR, name=organ, organisation=OrganId(organ))
    return evolve(PROVINCE, directory=evolve(PROVINCE.directory, duties=(duty,)))


def with_times(*hours: int) -> RuleSet:
    times = tuple(map(time, hours))
    return evolve(PROVINCE, reports=evolve(PROVINCE.reports, check_times=times))


def close(desk: Desk, organ: str, end: date) -> None:
    known = desk.committer.registry.directory.resolve(OrganId(organ))
    ended = evolve(known, valid_to=end)
    desk.done(PutOrganisations(caller=OPERATOR, organisations=(ended,)))


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    made.keep(PROVINCE, CALENDAR)
    return made
