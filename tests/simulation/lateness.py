"""God's view of deadlines: what is due, by a clock of its own, and what was told of it.

The law of the simulated axis knows no days off but the weekend and, while somebody has entered it,
one more; it ends with the year.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as clock
from typing import Final

from attrs import define, evolve, field, frozen

from lienthong.model.deadline import DeadlineKind, DeadlineStage
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import PackageId
from lienthong.model.journal import DeadlineRecord, JournalEntry, PackageRecord, StatementRecord
from lienthong.model.package import PackageKind
from lienthong.model.time import from_us
from lienthong.rules.calendar import DayException
from lienthong.rules.calendar_table import CalendarTable
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.sections.exchange import Receiving
from lienthong.spi.records import DeadlineRow, DeliveryRow
from lienthong.spi.storage import ReadView
from lienthong_node.core.deadlines import NO_DUE_US
from tests.simulation.invariants import Broken

YEAR: Final = 2026
OFF: Final = date(2026, 3, 2)
"""The day on which every schedule begins, so that it moves what is due."""
HOUR: Final = timedelta(hours=1)
RULES: Final = RuleSet(name="mo-phong", title="Mô phỏng", receiving=Receiving(escalate_after=HOUR))
PLAIN: Final = CalendarTable(name="lich", first_year=YEAR, last_year=YEAR, exceptions=[])
DAY_OFF: Final = CalendarTable(
    name="lich",
    first_year=YEAR,
    last_year=YEAR,
    exceptions=[DayException(day=OFF, is_working=False, name="Nghỉ", basis="CĐ 1")],
)
_ZONE: Final = timezone(timedelta(hours=7))
_SESSIONS: Final = ((clock(7, 30), clock(11, 30)), (clock(13), clock(17)))
_DAYS_OFF: Final = {PLAIN.version: frozenset[date](), DAY_OFF.version: frozenset({OFF})}
_ENDED: Final = frozenset(
    {DeliveryEvent.ACCEPT, DeliveryEvent.REFUSE, DeliveryEvent.AGREE_TAKE_BACK}
)


def taken_by(at: datetime, days_off: frozenset[date]) -> datetime | None:
    """When an hour of office time has passed; None where the calendar does not reach so far."""
    left, day = HOUR, at.astimezone(_ZONE).date()
    while day.year == YEAR:
        for start, end in _SESSIONS if day.weekday() < 5 and day not in days_off else ():
            opens = max(at, datetime.combine(day, start, _ZONE))
            closes = datetime.combine(day, end, _ZONE)
            if opens < closes and left <= closes - opens:
                return (opens + left).astimezone(UTC)
            left -= max(timedelta(), closes - opens)
        day += timedelta(days=1)
    return None


@frozen(kw_only=True)
class _Sent:
    """A delivery that nobody has taken yet."""

    package: PackageId
    at: datetime
    is_stopped: bool = False
    """A recall waits for its answer."""


@define(eq=False)
class Lateness:
    """What is due and what was told, by the entries so far."""

    senders: dict[tuple[str, str], str] = field(factory=dict)
    untaken: dict[tuple[str, str], _Sent] = field(factory=dict)
    told: dict[tuple[str, str, DeadlineKind], set[tuple[DeadlineStage, datetime]]] = field(
        factory=dict
    )

    def take(self, entry: JournalEntry) -> Iterator[Broken]:
        """Judge the next entry."""
        body = entry.body
        if isinstance(body, PackageRecord):
            self._package(body, entry.recorded_at)
        elif isinstance(body, StatementRecord):
            self._report(body)
        elif isinstance(body, DeadlineRecord):
            for text in self._wrong(body, entry.recorded_at):
                yield Broken("DUE", f"entry {entry.index}: {text}")

    def missing(self, view: ReadView, now: datetime) -> Iterator[Broken]:
        """What has passed while it was open and was not told, or that nobody looks after."""
        for (name, recipient), sent in self.untaken.items():
            row = view.delivery(sent.package.bytes, recipient)
            found = [] if row is None else [from_us(one.due_us) for one in _taken(row)]
            right = {taken_by(sent.at, days) for days in _DAYS_OFF.values()}
            told = self.told.get((name, recipient, DeadlineKind.TAKEN), set())
            if sent.is_stopped:
                continue
            if not found and None not in right:
                yield Broken("DUE", f"nobody looks when {name} to {recipient} is late")
            for due in found:
                if due not in right:
                    yield Broken("DUE", f"{name} to {recipient} is not due at {due}")
                if due < now and (DeadlineStage.OVERDUE, due) not in told:
                    yield Broken("DUE", f"nobody was told that {name} to {recipient} is late")

    def parties(self, body: DeadlineRecord) -> frozenset[str]:
        """Whose business a deadline is."""
        recipient = str(body.recipient)
        is_late = body.stage is DeadlineStage.OVERDUE
        unheard = body.kind in {DeadlineKind.NOTICED, DeadlineKind.TAKEN} and is_late
        if unheard or body.kind in {DeadlineKind.REPLIED, DeadlineKind.RECALL_CONFIRMED}:
            return frozenset({recipient, self.senders[str(body.package_id), recipient]})
        return frozenset({recipient})

    def _package(self, body: PackageRecord, at: datetime) -> None:
        for effect in body.effects:
            name = str(effect.package_id), str(effect.recipient)
            self.senders[name] = str(body.sender)
            self.untaken[name] = _Sent(package=effect.package_id, at=at)
        if body.kind is PackageKind.NEW or body.kind is PackageKind.UPDATE:
            return
        for recipient in body.recipients:
            # Whether it ends or only stops depends on requests that cross: then nothing is asked.
            name = str(body.target), str(recipient)
            if name in self.untaken:
                self.untaken[name] = evolve(self.untaken[name], is_stopped=True)

    def _report(self, body: StatementRecord) -> None:
        for effect in body.effects:
            name = str(effect.package_id), str(effect.recipient)
            if body.event in _ENDED or effect.package_id != body.package_id:
                self.untaken.pop(name, None)

    def _wrong(self, body: DeadlineRecord, at: datetime) -> Iterator[str]:
        name = str(body.package_id), str(body.recipient)
        told = self.told.setdefault((*name, body.kind), set())
        if (body.stage, body.due_at) in told:
            yield f"{body.kind.name} {body.stage.name} of {name} is told twice"
        if (DeadlineStage.OVERDUE, body.due_at) in told:
            yield f"{body.kind.name} of {name} was late, and now it is not"
        told.add((body.stage, body.due_at))
        if (body.due_at < at) != (body.stage is DeadlineStage.OVERDUE):
            yield f"{body.kind.name} of {name} is due at {body.due_at}, and it is {at}"
        if body.kind is not DeadlineKind.TAKEN:
            return
        if len(told) > 2:
            yield f"{name} is told to be late again"
        if name not in self.untaken:
            yield f"{name} was taken, and is told all the same"
        elif body.due_at != taken_by(self.untaken[name].at, _DAYS_OFF[body.calendar]):
            yield f"{name} is not due at {body.due_at}"


def _taken(row: DeliveryRow) -> list[DeadlineRow]:
    """Where the calendar reaches so far."""
    taken = [one for one in row.deadlines if one.kind == DeadlineKind.TAKEN.value]
    return [one for one in taken if one.due_us != NO_DUE_US]
