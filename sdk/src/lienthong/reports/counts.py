"""The counts of a period, and what else the metrics of a report are computed from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import field, frozen

from lienthong.model.checks import a, as_tuple, many, whole
from lienthong.model.ids import OrganId
from lienthong.model.time import aware
from lienthong.reports.counting import Measure, Tally
from lienthong.reports.facts import UnitFacts
from lienthong.reports.period import Period
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.deadlines import OnDayOff


@frozen(eq=False)
class Counts:
    """Counts of one period, of one unit or of many together."""

    sums: dict[Measure, Counter[str]] = field(factory=dict, repr=False)
    """By measure, and within it by detail."""

    @classmethod
    def of(cls, tally: Tally, organs: Iterable[OrganId], period: Period) -> Counts:
        """What a tally holds of some organisations in a period."""
        own, found = frozenset(organs), cls()
        for key, amount in tally.items():
            if key.organ in own and key.day in period:
                found.add(key.measure, key.detail, amount)
        return found

    @classmethod
    def merged(cls, parts: Iterable[Counts]) -> Counts:
        """The sum; in which order does not matter."""
        found = cls()
        for part in parts:
            for measure, details in part.sums.items():
                found.sums.setdefault(measure, Counter()).update(details)
        return found

    def add(self, measure: Measure, detail: str, amount: int) -> None:
        """Count more."""
        self.sums.setdefault(measure, Counter())[detail] += amount

    def __getitem__(self, measure: Measure) -> int:
        return sum(self.sums.get(measure, {}).values())

    def details(self, measure: Measure) -> Mapping[str, int]:
        """By reason, sender, delivery or day: the most frequent first, then by name."""
        found = [(detail, n) for detail, n in self.sums.get(measure, {}).items() if n]
        return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Counts):
            return NotImplemented
        measures = {*self.sums, *other.sums}
        return all(self.details(measure) == other.details(measure) for measure in measures)

    __hash__ = None  # type: ignore[assignment]  # counts grow


@frozen(kw_only=True)
class Basis:
    """All that the metrics of one report are computed from."""

    counts: Counts = field(validator=a(Counts))
    period: Period = field(validator=a(Period))
    as_of: datetime = field(validator=aware)
    calendar: WorkCalendar = field(validator=a(WorkCalendar), repr=False)
    on_day_off: OnDayOff = field(default=OnDayOff.NEXT, validator=a(OnDayOff))
    units: tuple[UnitFacts, ...] = field(
        default=(), converter=as_tuple, validator=many(UnitFacts, most=100_000)
    )
    checks: Mapping[OrganId, Counts] | None = None
    """Checks of the interconnection by each unit; None when no journal of them exists."""

    checks_a_day: int = field(default=2, validator=whole(1, 100))
    """Least number of checks (QĐ 52/2019 Đ12.6)."""

    checks_every_day: bool = False
    """On days off, too."""
