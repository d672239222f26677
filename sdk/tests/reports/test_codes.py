"""Changes of codes, against what was done to organisations."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import define, evolve, field

from lienthong.model.ids import OrganId, OrganScheme
from lienthong.model.organisation import (
    Directory,
    OrganCode,
    Organisation,
    OrganLink,
    OrganName,
)
from lienthong.reports.codes import CodeChange, CodeEvent, State, code_changes
from lienthong.reports.period import Period, PeriodKind
from lienthong.reports.rollup import stands_under

OWN, HEIR, ABOVE, OTHER = map(OrganId, ("H53.13", "H53.14", "H53", "H39"))
ALIAS = OrganId("000.00.13.H53")
ENTERED = datetime(2026, 6, 30, 18, tzinfo=UTC)
"""1 July in Vietnam."""

DAY = date(2026, 7, 1)
_E = CodeEvent


def organ(**fields: Any) -> Organisation:
    values: dict[str, Any] = {
        "organ_id": OWN,
        "names": [OrganName(value="Sở Thông tin và Truyền thông")],
        "parent": ABOVE,
    }
    return Organisation(**(values | fields))


def changes(*states: Organisation) -> list[CodeChange]:
    """Entered one day after the other."""
    return list(
        code_changes(
            State(organisation=one, entered_at=ENTERED + timedelta(days=place), entry=place)
            for place, one in enumerate(states)
        )
    )


def told(*states: Organisation) -> list[tuple[object, ...]]:
    """What the last state changed."""
    return [
        (one.event, str(one.code), one.effective, one.before, one.after, one.withdrawn)
        for one in changes(*states)
        if one.entry == len(states) - 1
    ]


def test_what_says_the_same_changes_nothing() -> None:
    assert told(organ(), organ(version=7, level=2, in_charge="UBND tỉnh")) == []


def test_what_was_wrong_is_taken_back() -> None:
    """The day of a closing was corrected, and then it does not close at all."""
    wrong, right = organ(valid_to=DAY), organ(valid_to=DAY + timedelta(days=30))
    assert told(organ(), wrong, right) == [
        (_E.CLOSED, "H53.13", DAY, "", "", True),
        (_E.CLOSED, "H53.13", DAY + timedelta(days=30), "", "", False),
    ]
    assert told(organ(), wrong, organ()) == [(_E.CLOSED, "H53.13", DAY, "", "", True)]


def test_a_name_that_was_put_right_without_a_day_counts_from_its_entry() -> None:
    [change] = changes(organ(), organ(names=[OrganName(value="Sở TT&TT")]))[1:]
    assert (change.event, change.effective) == (_E.RENAMED, None)
    assert (change.before, change.after) == ("Sở Thông tin và Truyền thông", "Sở TT&TT")
    assert change.counts_on == change.day == DAY + timedelta(days=1)


def test_who_took_over_may_come_later() -> None:
    closed = organ(valid_to=DAY)
    [taken_back, again] = changes(closed, evolve(closed, successors=[HEIR]))[2:]
    assert taken_back.withdrawn
    assert again.successors == (HEIR,)


def test_all_codes_of_what_ends_are_closed() -> None:
    codes = [
        OrganCode(scheme=OrganScheme.QCVN102, value=ALIAS),
        OrganCode(scheme=OrganScheme.QD20, value=OWN, valid_to=DAY - timedelta(days=9)),
    ]
    before = organ(codes=codes)
    found = changes(before, evolve(before, valid_to=DAY, successors=[HEIR]))
    assert [(one.event, one.code, one.effective, one.successors) for one in found] == [
        (_E.OPENED, OWN, None, ()),
        (_E.CLOSED, OWN, DAY - timedelta(days=9), ()),
        (_E.OPENED, ALIAS, None, ()),
        (_E.CLOSED, ALIAS, DAY, (HEIR,)),
    ]


def test_a_code_that_would_begin_after_its_organisation_has_ended_never_is() -> None:
    late = OrganCode(scheme=OrganScheme.QCVN102, value=ALIAS, valid_from=DAY)
    assert {one.code for one in changes(organ(codes=[late], valid_to=DAY))} == {OWN}


def test_a_move_and_a_new_name_are_of_their_day() -> None:
    then = organ(
        names=[
            OrganName(value="Sở Khoa học và Công nghệ", valid_from=DAY),
            OrganName(value="Sở Thông tin và Truyền thông", valid_to=DAY),
        ],
        former_parents=[OrganLink(organ_id=ABOVE, valid_to=DAY)],
        parent=OTHER,
    )
    names = ("Sở Thông tin và Truyền thông", "Sở Khoa học và Công nghệ")
    assert told(organ(), then) == [
        (_E.RENAMED, "H53.13", DAY, *names, False),
        (_E.MOVED, "H53.13", DAY, "H53", "H39", False),
    ]


@pytest.mark.parametrize(("days", "expected"), [(-40, 0), (0, 0), (40, 40)])
def test_a_change_counts_once_it_is_in_force_and_entered(days: int, expected: int) -> None:
    [_, closed] = changes(organ(), organ(valid_to=DAY + timedelta(days=1 + days)))[0:2]
    assert closed.counts_on == DAY + timedelta(days=1 + expected)


@define
class _Office:
    """An organisation, and what was done to it, as it was done."""

    state: Organisation
    done: list[tuple[object, ...]] = field(factory=list)
    states: list[Organisation] = field(factory=list)

    def put(self, *events: tuple[object, ...], **fields: Any) -> None:
        self.state = evolve(self.state, **fields)
        self.states.append(self.state)
        self.done += events

    def rename(self, day: date, name: str) -> None:
        *others, last = self.state.names
        self.put(
            (_E.RENAMED, day, last.value, name, False),
            names=[*others, evolve(last, valid_to=day), OrganName(value=name, valid_from=day)],
        )

    def move(self, day: date, parent: OrganId) -> None:
        link = OrganLink(organ_id=self.state.parent or ABOVE, valid_to=day)
        self.put(
            (_E.MOVED, day, str(self.state.parent), str(parent), False),
            former_parents=[*self.state.former_parents, link],
            parent=parent,
        )

    def close(self, day: date) -> None:
        was = self.state.valid_to
        wrong = [] if was is None else [(_E.CLOSED, was, "", "", True)]
        self.put(*wrong, (_E.CLOSED, day, "", "", False), valid_to=day, successors=[HEIR])


def _lived(chance: random.Random) -> _Office:
    day = date(2026, 1, 1) + timedelta(days=chance.randrange(60))
    office = _Office(organ(valid_from=chance.choice([None, day])))
    office.put((_E.OPENED, office.state.valid_from, "", "", False))
    for number in range(chance.randrange(6)):
        day += timedelta(days=chance.randrange(1, 60))
        if chance.random() < 0.5:
            office.rename(day, f"Sở số {number}")
        else:
            office.move(day, OrganId(f"H53.{20 + number}"))
    for _ in range(chance.choice((0, 1, 2))):
        day += timedelta(days=chance.randrange(1, 60))
        office.close(day)
    return office


@pytest.mark.parametrize("seed", range(30))
def test_changes_are_what_was_done(seed: int) -> None:
    office = _lived(random.Random(seed))
    found = changes(*office.states)
    seen = [(one.event, one.effective, one.before, one.after, one.withdrawn) for one in found]
    assert seen == office.done
    assert seen != office.done[:-1], "what is left out would be seen"


@pytest.mark.parametrize("seed", range(10))
def test_each_change_is_in_the_report_of_one_month(seed: int) -> None:
    found = changes(*_lived(random.Random(seed)).states)
    months = [
        Period(kind=PeriodKind.MONTH, year=year, number=number)
        for year in (2026, 2027)
        for number in range(1, 13)
    ]
    assert all(sum(one.counts_on in month for month in months) == 1 for one in found)


def test_what_has_ended_stands_under_what_took_it_over() -> None:
    """With all that was under it; until then under what it stood under."""
    ended = Organisation(
        organ_id=OTHER, names=[OrganName(value="Long An")], valid_to=DAY, successors=[ABOVE]
    )
    unit = organ(organ_id=HEIR, parent=OTHER, valid_to=DAY)
    top = organ(organ_id=ABOVE, parent=None)
    directory = Directory((ended, unit, top, organ()))
    eve = DAY - timedelta(days=1)
    assert [stands_under(HEIR, ABOVE, directory, day) for day in (eve, DAY)] == [False, True]
    assert stands_under(HEIR, OTHER, directory, eve)
    assert not stands_under(ABOVE, OWN, directory, DAY)
    assert not stands_under(OrganId("H53.99"), ABOVE, directory, DAY)


def test_what_stands_under_itself_is_looked_at_once() -> None:
    one, other = organ(parent=HEIR), organ(organ_id=HEIR, parent=OWN)
    assert not stands_under(OWN, ABOVE, Directory((one, other)), DAY)
