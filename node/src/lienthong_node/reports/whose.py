"""Whose report it is, and what every report is made from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from attrs import frozen

from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong.model.time import vietnam_date
from lienthong.reports.rollup import heirs, with_predecessors, with_units
from lienthong.rules.calendar import WorkCalendar
from lienthong_node.reports.book import ReportBook
from lienthong_node.reports.terms import Rules


@frozen(kw_only=True)
class Asked:
    """For which organisations a report is wanted."""

    organ: str
    """Any code of the organisation, also an old one."""

    with_units: bool = False
    """Also of all that are under it."""

    as_was: bool = False
    """By the structure of then: without what it took over from closed organisations."""

    @property
    def reach(self) -> tuple[str, ...]:
        """Of which organisations it is, as the options say it."""
        asked = {"with-units": self.with_units, "as-was": self.as_was}
        return tuple(name for name, wanted in asked.items() if wanted)

    def groups(
        self, organ: OrganId, directory: Directory, today: date
    ) -> Mapping[OrganId, frozenset[OrganId]]:
        """The units of the report, each with the codes that it takes in."""
        successor_of = {} if self.as_was else heirs(directory, today)
        units = with_units(organ, directory, today) if self.with_units else {organ}
        shown = {unit for unit in units if successor_of.get(unit) not in units}
        return {unit: with_predecessors([unit], successor_of) for unit in sorted(shown)}


@frozen(kw_only=True)
class Whose:
    """The organisations of a report, and what it is made from."""

    book: ReportBook
    rules: Rules
    directory: Directory
    organ: OrganId
    groups: Mapping[OrganId, frozenset[OrganId]]
    """The units that are shown, each with the codes whose counts it takes in."""

    as_of: datetime

    @property
    def members(self) -> frozenset[OrganId]:
        """All codes together."""
        return frozenset().union(*self.groups.values())

    @property
    def today(self) -> date:
        """The day in Vietnam of what was counted last."""
        return vietnam_date(self.as_of)

    def calendar(self, organ: OrganId) -> WorkCalendar:
        """The working days and hours that an organisation has now. Raises as ``Rules.calendar``."""
        return self.rules.calendar(organ, self.directory, self.today)

    def name(self, organ: OrganId | str) -> str:
        """An organisation as people call it."""
        code = organ if isinstance(organ, OrganId) else OrganId(organ)
        if code not in self.directory:
            return str(code)
        return self.directory.resolve(code).name_on(self.today)
