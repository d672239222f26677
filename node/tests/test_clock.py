"""The clock that certificates are judged by never goes back behind the journal."""

from __future__ import annotations

from datetime import timedelta

from lienthong.model.time import to_us
from lienthong.testing.clock import START, FixedClock
from lienthong_node.clock import JournalClock

DAY = timedelta(days=1)


def test_follows_the_machine_while_that_goes_on() -> None:
    machine = FixedClock()
    clock = JournalClock(machine, to_us(START - DAY))
    assert clock() == START
    later = machine.advance(DAY)
    assert clock() == later


def test_stays_at_the_newest_entry_when_the_machine_goes_back() -> None:
    machine = FixedClock()
    clock = JournalClock(machine, 0)
    clock.advance(to_us(START + DAY))
    clock.advance(to_us(START))
    machine.advance(-400 * DAY)
    assert clock() == START + DAY


def test_begins_where_the_journal_ended() -> None:
    assert JournalClock(FixedClock(START - 400 * DAY), to_us(START))() == START
