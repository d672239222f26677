"""Random lives of a delivery against an oracle that counts the minutes of its calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from attrs import define, evolve, field
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import PackageId
from lienthong.model.journal import DeadlineRecord
from lienthong.model.time import VIETNAM
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.rules import duties
from lienthong_node.core import deadlines, telling
from lienthong_node.core.commands import AXIS, TellDeadline
from lienthong_node.core.decision import Accepted
from lienthong_node.core.law import Law
from lienthong_node.core.law_change import entered
from node.tests.support import (
    DIRECTORY,
    B,
    World,
    document,
    manifest,
    recall,
    report,
    statement,
    submit,
)

FIRST: Final = datetime(2026, 1, 1, tzinfo=VIETNAM)
DAYS: Final = 360
DAY: Final = 24 * 60
OPEN: Final = b"\x01"
E: Final = DeliveryEvent

PROVINCE: Final = find_rule_set("tay-ninh-2019")
LAW: Final = Law().after(
    [
        entered("", evolve(PROVINCE, inherits=""), DIRECTORY, 1),
        entered("", find_calendar("vietnam"), DIRECTORY, 2),
    ]
)
OFF: Final = frozenset(one.day for one in find_calendar("vietnam").exceptions if not one.is_working)
SWAPPED: Final = frozenset(one.day for one in find_calendar("vietnam").exceptions if one.is_working)
NEXT: Final = {
    "SENT": (E.ARRIVE, E.ACCEPT, E.REFUSE, E.RECALL),
    "ARRIVED": (E.ACCEPT, E.REFUSE, E.RECALL),
    "ACCEPTED": (E.FORWARD, E.RECALL),
    "FORWARDED": (E.START, E.RECALL),
    "IN_PROGRESS": (E.COMPLETE, E.RECALL),
    "RECALL_PENDING": (E.CONFIRM_RECALL, E.REJECT_RECALL),
}
"""A few moves of each state; a recall is a package."""


def _marks() -> bytes:
    """Whether each minute of the year is in office hours."""
    found = bytearray()
    for number in range(DAYS):
        day = (FIRST + timedelta(days=number)).date()
        works = day in SWAPPED or (day.weekday() < 5 and day not in OFF)
        for minute in range(DAY):
            found.append(works and (450 <= minute < 690 or 780 <= minute < 1020))
    return bytes(found)


MARKS: Final = _marks()


def minute_of(at: datetime) -> int:
    return int((at - FIRST) / timedelta(minutes=1))


def instant(minute: float) -> datetime:
    return (FIRST + timedelta(minutes=minute)).astimezone(UTC)


def worked(minute: int, amount: int) -> int:
    """When so many open minutes have passed."""
    while amount:
        amount -= MARKS[minute]
        minute += 1
    return minute


def evening_after(minute: int) -> int:
    """The end of the last open minute of the next day that has any."""
    day = MARKS.index(OPEN, (minute // DAY + 1) * DAY) // DAY
    return MARKS.rindex(OPEN, day * DAY, (day + 1) * DAY) + 1


@define
class Expected:
    """One deadline as the oracle sees it."""

    kind: str
    since: int
    due: int
    told: str = ""

    @property
    def warn(self) -> float:
        morning = MARKS.rindex(OPEN, 0, self.due) // DAY * DAY
        first = MARKS.index(OPEN, morning)
        return max((self.since + self.due) / 2, first)


@define(eq=False)
class Oracle:
    """What is open, and what is to be told next."""

    open: dict[str, Expected] = field(factory=dict)
    suspended: dict[str, Expected] = field(factory=dict)
    state: str = "SENT"
    before: str = ""

    def begin(self, minute: int, due: date | None, reply: bool) -> None:
        self._add("NOTICED", minute, (MARKS.index(OPEN, minute) // DAY + 1) * DAY)
        self._add("TAKEN", minute, worked(minute, 8 * 60))
        if due is not None:
            end = minute_of(datetime(due.year, due.month, due.day, tzinfo=VIETNAM)) + DAY
            self._add("REPLIED" if reply else "SETTLED", minute, end)

    def step(self, event: DeliveryEvent, minute: int) -> None:
        if event is E.RECALL:
            if self.state in {"SENT", "ARRIVED"}:
                self._end("RECALLED")
                return
            self.before, self.state = self.state, "RECALL_PENDING"
            self.suspended, self.open = self.open, {}
            self._add("RECALL_CONFIRMED", minute, evening_after(MARKS.index(OPEN, minute)))
        elif event is E.REJECT_RECALL:
            self.state, self.open, self.suspended = self.before, self.suspended, {}
        elif event in {E.REFUSE, E.COMPLETE, E.CONFIRM_RECALL}:
            self._end("ENDED")
        elif event is E.ARRIVE:
            self._enter("ARRIVED", minute)
        elif event is E.ACCEPT and self.state == "SENT":
            self._enter("ACCEPTED", minute)
            self.open.pop("TAKEN")
        else:
            ended, self.state = {
                E.ACCEPT: ("TAKEN", "ACCEPTED"),
                E.FORWARD: ("FORWARDED", "FORWARDED"),
                E.START: ("FORWARDED", "IN_PROGRESS"),
            }[event]
            self.open.pop(ended, None)

    def _enter(self, state: str, minute: int) -> None:
        self.state = state
        self.open.pop("NOTICED")
        self._add("FORWARDED", minute, evening_after(MARKS.index(OPEN, minute)))

    def due_now(self, minute: int) -> Iterator[tuple[str, str, datetime]]:
        """Everything that is to be told at this minute, in the order of its end."""
        for one in sorted(self.open.values(), key=lambda one: (one.due, one.kind)):
            stage = "OVERDUE" if one.due < minute else "AT_RISK" if one.warn < minute else ""
            if stage and one.told not in {stage, "OVERDUE"}:
                one.told = stage
                yield one.kind, stage, instant(one.due)

    def _add(self, kind: str, since: int, due: int) -> None:
        self.open[kind] = Expected(kind, since, due)

    def _end(self, state: str) -> None:
        self.state, self.open, self.suspended = state, {}, {}


@define(eq=False)
class Life:
    """A delivery on a real core, and what the oracle says of it."""

    minute: int
    due: date | None
    reply: bool
    world: World = field(factory=lambda: World(law=LAW))
    oracle: Oracle = field(factory=Oracle)
    package: PackageId = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.world.now = instant(self.minute)
        about = document(due_date=self.due, reply_requested=self.reply)
        value = manifest(created_at=self.world.now, document=about)
        self.world.decide(submit(value))
        self.package = value.package_id
        self.oracle.begin(self.minute, self.due, self.reply)

    def wait(self, minutes: int) -> None:
        """Time passes, and the worker looks."""
        self.minute += minutes
        self.world.now = instant(self.minute)
        told = []
        command = TellDeadline(caller=AXIS, package_id=self.package.bytes, recipient=B)
        while isinstance(decision := self.world.decide(command), Accepted):
            assert isinstance(decision.body, DeadlineRecord)
            body = decision.body
            told.append((body.kind.value, body.stage.value, body.due_at))
            assert len(told) < 9
        assert told == list(self.oracle.due_now(self.minute))

    def move(self, number: int) -> None:
        choices = NEXT.get(self.oracle.state, ())
        if not choices:
            return
        event = choices[number % len(choices)]
        if event is E.RECALL:
            self.world.decide(submit(recall(self.package, created_at=self.world.now)))
        else:
            about: dict[str, Any] = {"created_at": self.world.now}
            if event is E.COMPLETE and self.reply:
                about["reply"] = document().reference
            self.world.decide(report(statement(event, self.package, **about)))
        self.oracle.step(event, self.minute)


STEPS: Final = st.lists(
    st.tuples(st.integers(1, 3 * DAY), st.integers(0, 5)), min_size=1, max_size=9
)
BEGINS: Final = st.integers(61 * DAY, 250 * DAY)
DUE: Final = st.none() | st.integers(0, 9)


def live(minute: int, due: int | None, reply: bool, steps: list[tuple[int, int]]) -> None:
    day = None if due is None else (FIRST + timedelta(days=minute // DAY + due)).date()
    life = Life(minute, day, reply and day is not None)
    for waited, number in steps:
        life.wait(waited)
        life.move(number)
    life.wait(20 * DAY)


@settings(max_examples=150, deadline=None)
@given(BEGINS, DUE, st.booleans(), STEPS)
def test_told_is_what_the_minutes_say(
    minute: int, due: int | None, reply: bool, steps: list[tuple[int, int]]
) -> None:
    live(minute, due, reply, steps)


@pytest.mark.planted("receipt notice not watched")
def test_a_notice_that_nobody_watches_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    unnoticed = (65 * DAY + 600, None, False, [(2 * DAY, 0)])
    live(*unnoticed)
    monkeypatch.setattr(duties, "noticing", lambda *_: None)
    with pytest.raises(AssertionError):
        live(*unnoticed)


STEADY: Final = [(1, 0), (2 * DAY, 0), (3 * DAY, 0), (DAY, 0), (DAY, 0)]
RECALLED: Final = [(1, 0), (1, 0), (1, 1), (9 * DAY, 1)]
AT_ONCE: Final = [(1, 1), (4 * DAY, 0)]


@pytest.mark.parametrize(
    ("name", "defect", "steps"),
    [
        ("next_told", lambda row, now_us: None, STEADY),
        ("warned late", None, STEADY),
        ("open_kinds", lambda row: frozenset({"TAKEN", "FORWARDED", "REPLIED"}), STEADY),
        ("running", lambda row: list(row.deadlines), RECALLED),
        ("BY_RECIPIENT", frozenset({E.ARRIVE}), AT_ONCE),
    ],
)
def test_a_defect_is_noticed(
    name: str, defect: object, steps: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told nothing; warned late; met ones stay open; a recall stops nothing; nothing entered."""
    minute = 65 * DAY + 600
    live(minute, 3, True, steps)
    if defect is None:
        monkeypatch.setattr(duties, "at_risk_from", lambda _, due, __: due)
    else:
        monkeypatch.setattr(deadlines, name, defect)
        monkeypatch.setattr(telling, name, defect, raising=False)
    with pytest.raises(AssertionError):
        live(minute, 3, True, steps)
