"""The rule sets and calendars that an axis keeps, and which of them hold for whom.

What an organisation has of its own goes before what is above it, and that before what the whole
axis has. A calendar with a base changes the one above it, whatever that is called; one without
stands alone.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import cached_property, reduce
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar
from weakref import WeakValueDictionary

from attrs import Factory, define, field, frozen

from lienthong.errors import CalendarContradiction, InvalidValue
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.calendar_table import (
    CalendarTable,
    calendar_of,
    dump_calendar,
    load_calendar,
    overridden,
)
from lienthong.rules.reading import load_rule_set
from lienthong.rules.ruleset import RuleSet, in_force
from lienthong.rules.sections.directory import DirectoryRules
from lienthong.rules.writing import dump_resolved

A = TypeVar("A")
Value: TypeAlias = RuleSet | CalendarTable

WHOLE_AXIS: Final = ""
"""In place of an organisation's code: for all of the axis."""

_REMEMBERED: Final = 100_000
"""Answers that are kept to be given again."""


class Subject(enum.Enum):
    """What a text of the law is about; the words of journal and wire."""

    RULE_SET = "rule_set"
    CALENDAR = "calendar"


@frozen(kw_only=True)
class Kept:
    """A rule set or a calendar as it was entered."""

    organ_id: str
    """Canonical code of whose it is; ``WHOLE_AXIS`` for everybody's."""

    value: Value
    version: int
    """Directory version of its last change."""

    @property
    def subject(self) -> Subject:
        return Subject.RULE_SET if isinstance(self.value, RuleSet) else Subject.CALENDAR

    @property
    def key(self) -> tuple[Subject, str, str]:
        return self.subject, self.organ_id, self.value.name

    @property
    def order(self) -> tuple[str, str, str]:
        """Where it stands in a list: by whose it is, what it is about, and its name."""
        return self.organ_id, self.subject.value, self.value.name

    @property
    def place(self) -> tuple[Subject, str, date | None]:
        """Of several in one place only the one entered last holds."""
        begins = self.value.valid_from if isinstance(self.value, RuleSet) else None
        return self.subject, self.organ_id, begins


def read_value(subject: Subject, text: str) -> Value:
    """The rule set or the calendar of a text that needs no other file.

    Raises:
        InputError: it is wrong, or a rule set inherits from another one.
    """
    if subject is Subject.CALENDAR:
        return load_calendar(text, subject.value)
    return load_rule_set(text, subject.value, _no_base)


def write_value(value: Value) -> str:
    """A text that ``read_value`` reads as the same, whatever later releases know besides."""
    return dump_calendar(value) if isinstance(value, CalendarTable) else dump_resolved(value)


@frozen(kw_only=True)
class Held:
    """What holds for one organisation on one day; None where nothing is kept."""

    rules: RuleSet | None
    table: CalendarTable | None
    """Its days, those above it included."""

    calendar: WorkCalendar | None
    """Its days and office hours."""

    version: int
    """Directory version of what was entered last, for whomever."""


@frozen(kw_only=True)
class Parts:
    """What an organisation's calendar is made of."""

    tables: tuple[CalendarTable, ...]
    """The one that stands alone, then what changes it."""

    rules: RuleSet
    organ: OrganId | None

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal ones make equal calendars."""
        office = self.rules.office
        hours = office.hours if self.organ is None else office.hours_of(self.organ)
        versions = tuple(table.version for table in self.tables)
        return versions, self.rules.calendar.culture_day, hours

    def laid_out(self) -> WorkCalendar:
        """The calendar. Raises as ``Law.fitting_calendar``."""
        return calendar_of(reduce(overridden, self.tables), self.rules, self.organ)


@define(eq=False)
class _Memo:
    """Answers by one state of the directory."""

    directory: Directory
    rules: dict[tuple[str, date], RuleSet | None] = Factory(dict)
    calendars: dict[tuple[str, date], WorkCalendar | None] = Factory(dict)


@frozen(kw_only=True)
class Law:
    """All rule sets and calendars of the axis at one version; may be shared by threads."""

    kept: Mapping[tuple[Subject, str, str], Kept] = MappingProxyType({})
    """By what they are about, whose they are, and their own name."""

    _memo: _Memo = field(init=False, eq=False, repr=False, factory=lambda: _Memo(Directory(())))
    _built: dict[Any, WorkCalendar] = field(init=False, eq=False, repr=False, factory=dict)
    _shared: WeakValueDictionary[Any, WorkCalendar] = field(
        eq=False, repr=False, factory=WeakValueDictionary
    )
    """Calendars that this law, or one before or after it, still uses: none is laid out twice."""

    @property
    def ordered(self) -> tuple[Kept, ...]:
        """All of it, that of the whole axis first."""
        return tuple(sorted(self.kept.values(), key=lambda kept: kept.order))

    @cached_property
    def version(self) -> int:
        """Directory version of what was entered last; 0 while nothing is kept."""
        return max((kept.version for kept in self.kept.values()), default=0)

    def after(self, changed: Iterable[Kept]) -> Law:
        """The law once something was entered."""
        new = {kept.key: kept for kept in changed}
        if not new:
            return self
        return Law(kept=MappingProxyType({**self.kept, **new}), shared=self._shared)

    def rules(self, organ: str, directory: Directory, on: date) -> RuleSet | None:
        """The rule set in force for an organisation on a day in Vietnam; None where none is kept.

        Of several that are, the one that came into force last; of those the one entered last.

        Args:
            organ: its canonical code.
            directory: knows what is above it.
            on: the day.
        """
        answers, key = self._answers(directory).rules, (organ, on)
        try:
            return answers[key]
        except KeyError:
            return _remembered(answers, key, self._rules(organ, directory, on))

    def calendar(self, organ: str, directory: Directory, on: date) -> WorkCalendar | None:
        """The working days and hours of an organisation, by what holds on a day in Vietnam.

        None where no calendar or no rule set is kept for it. An own calendar that does not fit what
        is above it, as after it came under another organisation, is passed over.
        """
        answers, key = self._answers(directory).calendars, (organ, on)
        try:
            return answers[key]
        except KeyError:
            return _remembered(answers, key, self._calendar(organ, directory, on))

    def fitting_calendar(self, organ: str, directory: Directory, on: date) -> WorkCalendar | None:
        """As ``calendar``, but nothing is passed over.

        Raises:
            CalendarContradiction: a working day has no hours, or two kinds of hours.
            InvalidValue: between an own calendar and the one above it are years of which neither
                speaks.
        """
        parts = self.parts(organ, directory, on)
        if parts is None:
            return None
        key = parts.key
        found = self._built.get(key)
        if found is None:
            found = self._built[key] = self._shared.get(key) or parts.laid_out()
            self._shared[key] = found
        return found

    def parts(self, organ: str, directory: Directory, on: date) -> Parts | None:
        """What ``fitting_calendar`` is made of; None where nothing is kept."""
        rules, tables = self.rules(organ, directory, on), self._tables(organ, directory, on)
        if rules is None or not tables or tables[0].base:
            return None
        return Parts(tables=tuple(tables), rules=rules, organ=OrganId(organ) if organ else None)

    def is_laid_out(self, parts: Parts) -> bool:
        """Whether the calendar of these parts is there already."""
        return parts.key in self._shared

    def held(self, organ: str, directory: Directory, on: date) -> Held:
        """All that holds for an organisation on a day. Raises as ``table``."""
        return Held(
            rules=self.rules(organ, directory, on),
            table=self.table(organ, directory, on),
            calendar=self.calendar(organ, directory, on),
            version=self.version,
        )

    def closed_code_grace(self, organ: str, directory: Directory, on: date) -> timedelta:
        """For how long a document to a closed code goes to its one successor (regulations §10)."""
        rules = self.rules(organ, directory, on)
        if rules is None:
            return timedelta(days=DirectoryRules().closed_code_grace_days)
        return timedelta(days=rules.directory.closed_code_grace_days)

    def table(self, organ: str, directory: Directory, on: date) -> CalendarTable | None:
        """The days of an organisation's calendar, without its hours; None where none is kept.

        Raises:
            InvalidValue: there are years of which none speaks.
        """
        tables = self._tables(organ, directory, on)
        return reduce(overridden, tables) if tables and not tables[0].base else None

    def table_above(self, organ: str, directory: Directory, on: date) -> CalendarTable | None:
        """The calendar that an own one of the organisation changes. Raises as ``table``."""
        above = list(owners(organ, directory, on))[1:2]
        return self.table(above[0], directory, on) if above else None

    def _answers(self, directory: Directory) -> _Memo:
        memo = self._memo
        if memo.directory is not directory:
            memo = _Memo(directory)
            object.__setattr__(self, "_memo", memo)
        return memo

    def _rules(self, organ: str, directory: Directory, on: date) -> RuleSet | None:
        for owner in owners(organ, directory, on):
            given = [one for one in self._own(RuleSet, owner) if one.holds_on(on)]
            if given:
                return in_force(given, on)
        return None

    def _tables(self, organ: str, directory: Directory, on: date) -> list[CalendarTable]:
        """The one that stands alone, then what changes it; the last is the nearest."""
        found: list[CalendarTable] = []
        for owner in owners(organ, directory, on):
            given = self._own(CalendarTable, owner)
            if given:
                found.insert(0, given[0])
                if not given[0].base:
                    break
        return found

    def _calendar(self, organ: str, directory: Directory, on: date) -> WorkCalendar | None:
        """The nearest one that fits."""
        for owner in owners(organ, directory, on):
            with suppress(CalendarContradiction, InvalidValue):
                return self.fitting_calendar(owner, directory, on)
        return None

    def _own(self, kind: type[Any], owner: str) -> list[Any]:
        """What one organisation, or the axis, has; what was entered last comes first."""
        return [value for value in self._by_owner.get(owner, ()) if isinstance(value, kind)]

    @cached_property
    def _by_owner(self) -> Mapping[str, Sequence[Value]]:
        found: dict[str, list[Value]] = {}
        for kept in sorted(self.kept.values(), key=lambda kept: kept.version, reverse=True):
            found.setdefault(kept.organ_id, []).append(kept.value)
        return found


def owners(organ: str, directory: Directory, on: date) -> Iterator[str]:
    """Whose law an organisation follows on a day, nearest first; the whole axis's at the end."""
    seen = set[str]()
    code = OrganId(organ) if organ else None
    while code is not None and str(code) not in seen:
        seen.add(str(code))
        yield str(code)
        above = directory.resolve(code).parent_on(on) if code in directory else None
        known = above is not None and above in directory
        code = directory.resolve(above).organ_id if above is not None and known else None
    yield WHOLE_AXIS


def _remembered(answers: dict[tuple[str, date], A], key: tuple[str, date], answer: A) -> A:
    if len(answers) >= _REMEMBERED:
        answers.clear()
    answers[key] = answer
    return answer


def _no_base(name: str) -> RuleSet:
    expected = "no other rule set: all settings resolved"
    raise InvalidValue(field="inherits", found=name, expected=expected)
