"""Laws for tests: of a province, an organisation of it, and one below that."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import pytest
from attrs import evolve

from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong.model.time import to_us
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.rules import law as rules_law
from lienthong.rules.calendar import DayException, WorkCalendar
from lienthong.rules.calendar_table import CalendarTable, calendar_of, load_calendar
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.sections.office import OwnHours
from lienthong.rules.sections.paper import Bodies
from lienthong_node.core.commands import PutLaw
from lienthong_node.core.credentials import Credentials, Role
from lienthong_node.core.decision import Accepted, Moment
from lienthong_node.core.facts import RegistryFacts
from lienthong_node.core.law import Law
from lienthong_node.core.law_change import LawChange, decide_law, entered
from node.tests.support import B_NEW_CODE, NOW, TODAY, A, B, C, caller, organisation

PROVINCE: Final = find_rule_set("tay-ninh-2019")
VIETNAM: Final = find_calendar("vietnam")
DIRECTORY: Final = Directory(
    (
        organisation(A),
        organisation(B, aliases=(B_NEW_CODE,), parent=OrganId(A)),
        organisation(C, parent=OrganId(B)),
    )
)
OPERATOR: Final = caller("000.00.01.H53", Role.OPERATOR)
MOMENT: Final = Moment(index=7, now=NOW, now_us=to_us(NOW), clock=NOW, directory_version=40)
FESTIVAL: Final = date(2026, 3, 4)
STRICT: Final = evolve(PROVINCE, name="strict", inherits="")


def own_days(*days: date, base: str = "vietnam", **fields: Any) -> CalendarTable:
    """An organisation's calendar in which these days are off."""
    values: dict[str, Any] = {
        "name": "ours",
        "base": base,
        "first_year": 2026,
        "last_year": 2026,
        "exceptions": [
            DayException(day=day, is_working=False, name="Lễ hội", basis="QĐ 1") for day in days
        ],
    }
    return CalendarTable(**(values | fields))


def named(name: str, **fields: Any) -> RuleSet:
    """The province's rule set under another name."""
    return evolve(PROVINCE, name=name, inherits="", **fields)


def law(*given: tuple[str, RuleSet | CalendarTable]) -> Law:
    """The law after these were entered, in this order."""
    return Law().after(
        entered(organ, value, DIRECTORY, version)
        for version, (organ, value) in enumerate(given, start=1)
    )


WHOLE: Final = law(("", PROVINCE), ("", VIETNAM))


def change(
    value: RuleSet | CalendarTable, organ: str = "", known: Law = WHOLE, version: int = 99
) -> LawChange:
    wanted = entered(organ, value, DIRECTORY, version)
    return LawChange(wanted=wanted, before=known, directory=DIRECTORY, today=TODAY)


def crowded() -> CalendarTable:
    """A calendar that was read from less than 1 MiB, and whose own text is longer."""
    first = date(1976, 1, 1)
    days = (first + timedelta(days=4 * number) for number in range(16_000))
    line = "{day}={{working=false,name='a',basis='b',status='official'}}"
    text = "\n".join(line.format(day=day) for day in days)
    return load_calendar(f"name='big'\nfirst_year=1976\nlast_year=2199\n[exceptions]\n{text}")


def put(
    value: RuleSet | CalendarTable, organ: str = "", known: Law = WHOLE, **more: Any
) -> Accepted:
    command = PutLaw(caller=OPERATOR, organ_id=organ, value=value, **more)
    facts = RegistryFacts(directory=DIRECTORY, credentials=Credentials(), law=known)
    return decide_law(command, facts, MOMENT)


def naming(code: str, key: str) -> RuleSet:
    """A rule set that says something of one organisation."""
    organ, [hours] = OrganId(code), PROVINCE.office.hours
    own = OwnHours(organisation=organ, hours=[evolve(hours, weekdays=range(6))])
    sections: dict[str, dict[str, Any]] = {
        "office.own_hours": {"office": evolve(PROVINCE.office, own_hours=(own,))},
        "directory.not_ready": {"directory": evolve(PROVINCE.directory, not_ready=(organ,))},
        "paper.bodies": {"paper": evolve(PROVINCE.paper, bodies=Bodies(PARTY=(organ,)))},
    }
    return named("naming", **sections[key])


def laid_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Versions of the calendars that are laid out from now on."""
    made, real = list[str](), calendar_of

    def counted(table: CalendarTable, *given: Any) -> WorkCalendar:
        made.append(table.version)
        return real(table, *given)

    monkeypatch.setattr(rules_law, "calendar_of", counted)
    return made


def rules_of(kept: Law, organ: str) -> RuleSet | None:
    return kept.rules(organ, DIRECTORY, TODAY)


def working(kept: Law, organ: str, day: date) -> bool:
    """Whether it is a working day of an organisation."""
    calendar = kept.calendar(organ, DIRECTORY, TODAY)
    assert calendar is not None
    return calendar.is_working(day)
