"""100 000 random instants against every minute of three years, marked open or closed one by one."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from itertools import compress, count

import pytest
from attrs import frozen

from lienthong.model.time import VIETNAM
from lienthong.rules import deadlines
from lienthong.rules.calendar import WorkCalendar
from sdk.tests.rules.conftest import DAYS_OFF, SWAPPED, UNDECIDED, make_calendar

INSTANTS = 100_000
SEED = 20260101
FIRST = datetime(2025, 1, 1, tzinfo=VIETNAM)
DAYS = 3 * 365
DAY = 24 * 60
"""Minutes."""

OPEN = b"\x01"
SESSIONS = ((7 * 60 + 30, 11 * 60 + 30), (13 * 60, 17 * 60))
USED = 3 * 365 - 60
"""Days from which instants are taken; what follows from the last one still lies in the calendar."""


def is_working(day: date) -> bool:
    """Read from the lists themselves, not from the calendar under test."""
    name = day.isoformat()
    off = name[5:] in DAYS_OFF[day.year].split() or name == UNDECIDED
    return name in SWAPPED or (day.weekday() < 5 and not off)


@frozen
class Minutes:
    """Whether each minute is in office hours."""

    marks: bytes
    opened: tuple[int, ...]
    """The open ones."""

    place: tuple[int, ...]
    """How many open ones lie before each."""

    @classmethod
    def step(cls) -> Minutes:
        marks = bytearray()
        for number in range(DAYS):
            works = is_working((FIRST + timedelta(days=number)).date())
            for minute in range(DAY):
                marks.append(works and any(start <= minute < end for start, end in SESSIONS))
        opened, place, seen = tuple(compress(count(), marks)), [], 0
        for mark in marks:
            place.append(seen)
            seen += mark
        return cls(bytes(marks), opened, tuple(place))

    def received(self, minute: int) -> int:
        """The first open one from there on."""
        return self.marks.index(OPEN, minute)

    def forwarded(self, minute: int) -> int:
        """The end of the last open one of the next day that has any."""
        day = self.marks.index(OPEN, (minute // DAY + 1) * DAY) // DAY
        return self.marks.rindex(OPEN, day * DAY, (day + 1) * DAY) + 1

    def sent(self, minute: int) -> int:
        """The end of the first stretch of open ones of the next day that has any."""
        first = self.marks.index(OPEN, (minute // DAY + 1) * DAY)
        return self.marks.index(b"\x00", first)

    def worked(self, minute: int, amount: int) -> int:
        """The end of the *amount*-th open one from there on."""
        return self.opened[self.place[minute] + amount - 1] + 1


@pytest.fixture(scope="module")
def minutes() -> Minutes:
    return Minutes.step()


def at(minute: int) -> datetime:
    return FIRST + timedelta(minutes=minute)


def disagreements(calendar: WorkCalendar, minutes: Minutes, amount: int) -> list[str]:
    """Instants for which rules and minutes differ, with both answers."""
    chance = random.Random(SEED)
    found: list[str] = []
    for _ in range(amount):
        minute, second = chance.randrange(USED * DAY), chance.randrange(60)
        work = chance.randrange(1, 600)
        start = at(minute)
        instant = start + timedelta(seconds=second)
        received = minutes.received(minute)
        in_hours = received == minute
        pairs = (
            (deadlines.received_at(instant, calendar).at, instant if in_hours else at(received)),
            (deadlines.forward_by(instant, calendar).at, at(minutes.forwarded(minute))),
            (deadlines.send_by(instant, calendar).at, at(minutes.sent(minute))),
            (
                deadlines.add_working_time(start, timedelta(minutes=work), calendar),
                at(minutes.worked(minute, work)),
            ),
        )
        found += [f"{instant}: {one} and {other}" for one, other in pairs if one != other]
    return found


def test_rules_agree_with_the_minutes(minutes: Minutes) -> None:
    assert disagreements(make_calendar(), minutes, INSTANTS) == []


def test_a_rule_that_counts_the_lunch_break_is_noticed(
    minutes: Minutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = deadlines.received_at
    monkeypatch.setattr(deadlines, "received_at", lambda *args: rule(*args, lunch_is_outside=False))
    assert disagreements(make_calendar(), minutes, 1000)


def test_a_missing_swap_is_noticed(minutes: Minutes) -> None:
    known = make_calendar()
    others = [one for one in known.exceptions if one.day != date.fromisoformat(SWAPPED[-1])]
    plain = WorkCalendar(
        version="no-swap",
        first_year=known.first_year,
        last_year=known.last_year,
        hours=known.hours,
        exceptions=others,
    )
    assert disagreements(plain, minutes, 5000)
