"""The rules of a node's reports: a rule set and a table of working days, put together."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from attrs import field, frozen

from lienthong.model.ids import OrganId, OrganScheme
from lienthong.model.organisation import Directory
from lienthong.model.words import Urgency
from lienthong.reports.terms import Terms
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.calendar_table import CalendarTable, calendar_of
from lienthong.rules.deadlines import SentBasis
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.sections.exchange import UrgentTimes

_PROJECTION: Final = "3"
"""Grows when the same journal gives other facts or counts than before."""

_MOST_LEVELS: Final = 9
_RIGHT_TO_LEFT: Final = frozenset({OrganScheme.QCVN102, OrganScheme.PRE2016})


@frozen(kw_only=True)
class Rules:
    """By which rules a node reports."""

    rule_set: RuleSet
    table: CalendarTable = field(repr=False)
    _calendars: dict[OrganId | None, WorkCalendar] = field(factory=dict, repr=False, eq=False)

    @property
    def version(self) -> str:
        """Names everything that decides what the same journal gives."""
        return f"{_PROJECTION} {self.rule_set.version} {self.table.version}"

    def calendar(self, organ: OrganId | None = None) -> WorkCalendar:
        """The calendar of an organisation; without one that of everybody else."""
        own = {one.organisation for one in self.rule_set.office.own_hours}
        key = organ if organ in own else None
        if key not in self._calendars:
            self._calendars[key] = calendar_of(self.table, self.rule_set, key)
        return self._calendars[key]

    def terms(self, directory: Directory) -> Terms:
        """What the projection needs."""
        sending, receiving = self.rule_set.sending, self.rule_set.receiving
        return Terms(
            calendar_of=self.calendar,
            is_outside=lambda one, other, on: (
                province(one, directory, on) != province(other, directory, on)
            ),
            urgent_send=_by_urgency(sending.urgent_within),
            urgent_forward=_by_urgency(receiving.urgent_forward_within),
            urgent_settle=_by_urgency(receiving.urgent_settle_within),
            urgent_in_office_hours=receiving.urgent_in_office_hours,
            take_within=receiving.escalate_after,
            settle_within=receiving.settle_working_days or None,
            recall_within=self.rule_set.flow.recall_confirm_working_days,
            lunch_is_outside=self.rule_set.office.lunch_is_outside,
            sent_when_issued=sending.sent_basis is SentBasis.ISSUED,
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


def _by_urgency(times: UrgentTimes) -> dict[Urgency, timedelta]:
    found = {urgency: times.of(urgency) for urgency in Urgency}
    return {urgency: within for urgency, within in found.items() if within is not None}
