"""The rules of a node's reports: the law that the axis keeps, for everybody and every day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Final, Self

from attrs import evolve, frozen

from lienthong.errors import NotFound
from lienthong.model.ids import OrganId, OrganScheme
from lienthong.model.organisation import Directory
from lienthong.reports.terms import Terms
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.calendar_table import CalendarTable
from lienthong.rules.ruleset import RuleSet
from lienthong_node.core.law import WHOLE_AXIS, Kept, Law, Subject, read_value, write_value

_PROJECTION: Final = "7"
"""Grows when the same journal gives other facts or counts than before."""

_MOST_LEVELS: Final = 9
_RIGHT_TO_LEFT: Final = frozenset({OrganScheme.QCVN102, OrganScheme.PRE2016})
_HASH_DIGITS: Final = 12


@frozen(kw_only=True)
class Rules:
    """By which rules a node reports."""

    law: Law
    """Whose law holds when; it says something for everybody and every day."""

    rule_set: RuleSet
    """What decides how the report itself is made: that of the organisation that it is for."""

    @classmethod
    def for_all(cls, rule_set: RuleSet, table: CalendarTable) -> Self:
        """The same for everybody."""
        return cls(law=completed(Law(), rule_set, table), rule_set=rule_set)

    @cached_property
    def version(self) -> str:
        """Names everything that decides what the same journal gives."""
        digest = hashlib.sha256(dump_law(self.law).encode()).hexdigest()
        return f"{_PROJECTION} {digest[:_HASH_DIGITS]}"

    def rules_of(self, organ: OrganId, directory: Directory, on: date) -> RuleSet:
        """The rule set of an organisation on a day in Vietnam."""
        return self.law.rules(str(organ), directory, on) or self.rule_set

    def calendar(self, organ: OrganId, directory: Directory, on: date) -> WorkCalendar:
        """The working days and hours of an organisation, by what holds on a day in Vietnam.

        Raises:
            CalendarContradiction: rule set and calendar do not fit each other.
            NotFound: none is kept.
        """
        code = str(organ)
        found = self.law.calendar(code, directory, on)
        found = found or self.law.fitting_calendar(code, directory, on)
        if found is None:
            raise NotFound(what=f"the calendar of {code}")
        return found

    def terms(self, directory: Directory) -> Terms:
        """What the projection needs."""

        def is_outside(one: OrganId, other: OrganId, on: date) -> bool:
            return province(one, directory, on) != province(other, directory, on)

        return Terms.of(self.law, directory, is_outside)


def dump_law(law: Law) -> str:
    """A text that ``load_law`` reads."""
    rows = [
        [kept.subject.value, kept.organ_id, kept.version, write_value(kept.value)]
        for kept in law.ordered
    ]
    return json.dumps(sorted(rows), ensure_ascii=False)


def load_law(text: str) -> Law:
    """What ``dump_law`` wrote. Raises LienthongError, ValueError or TypeError for anything else."""
    return _law(
        Kept(organ_id=organ_id, value=read_value(Subject(subject), body), version=version)
        for subject, organ_id, version, body in json.loads(text)
    )


def completed(law: Law, rule_set: RuleSet, table: CalendarTable) -> Law:
    """The law, with what holds where it says nothing."""
    whenever = evolve(rule_set, valid_from=None, valid_to=None)
    rest = [Kept(organ_id=WHOLE_AXIS, value=value, version=0) for value in (whenever, table)]
    return _law([*rest, *law.kept.values()])


def without(law: Law, subject: Subject) -> Law:
    """The law, but for all rule sets, or all calendars."""
    return _law(kept for kept in law.kept.values() if kept.subject is not subject)


def _law(given: Iterable[Kept]) -> Law:
    """What was never entered has no name, so that it replaces nothing that was."""
    nameless = (WHOLE_AXIS, "")
    return Law(
        kept=MappingProxyType(
            {kept.key if kept.version else (kept.subject, *nameless): kept for kept in given}
        )
    )


def province(organ: OrganId, directory: Directory, on: date) -> str:
    """The province or ministry of an organisation on a day in Vietnam.

    It is the highest level in the code of what stands on top of it then.
    """
    top = organ
    for _ in range(_MOST_LEVELS):
        known = directory.resolve(top) if top in directory else None
        above = known.parent_on(on) if known is not None else None
        if above is None:
            break
        top = above
    groups = top.value.split(".")
    return groups[-1] if top.scheme in _RIGHT_TO_LEFT else groups[0]
