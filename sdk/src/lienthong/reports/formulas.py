"""How the value of a metric follows from counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from lienthong.model.time import vietnam_date
from lienthong.reports.counting import Measure
from lienthong.reports.counts import Basis
from lienthong.reports.facts import UnitFacts
from lienthong.reports.period import PeriodKind
from lienthong.reports.values import NO_DATA, Hours, Number, Rate, Ratio, Value
from lienthong.rules.deadlines import report_day

SENT: Final = (Measure.SENT_INSIDE, Measure.SENT_OUTSIDE)
RECEIVED: Final = (Measure.RECEIVED_INSIDE, Measure.RECEIVED_OUTSIDE)
_EXPIRING: Final = timedelta(days=60)


def number(*measures: Measure) -> Callable[[Basis], Value]:
    return lambda basis: Number(sum(basis.counts[measure] for measure in measures))


def ratio(part: Measure, *whole: Measure) -> Callable[[Basis], Value]:
    return lambda basis: Ratio(basis.counts[part], sum(basis.counts[each] for each in whole))


def verified(part: Measure) -> Callable[[Basis], Value]:
    """Of issued documents that were verified; of the others nothing is known."""

    def value(basis: Basis) -> Value:
        checked = basis.counts[Measure.SIGNATURES_CHECKED]
        if basis.counts[Measure.ISSUED] and not checked:
            return NO_DATA
        return Ratio(basis.counts[part], checked)

    return value


def refusal_rate(basis: Basis) -> Value:
    """No share: what is refused may have arrived in the period before."""
    return Rate(basis.counts[Measure.REFUSED], sum(basis.counts[each] for each in RECEIVED))


def median(measure: Measure) -> Callable[[Basis], Value]:
    def value(basis: Basis) -> Value:
        times = sorted((int(minutes), n) for minutes, n in basis.counts.details(measure).items())
        total = sum(n for _, n in times)
        if not total:
            return Hours(None)
        middle = [_at(times, (total - 1) // 2), _at(times, total // 2)]
        return Hours(sum(middle) / 2)

    return value


def _at(times: Sequence[tuple[int, int]], position: int) -> int:
    """The value at a place of what was counted."""
    for minutes, n in times:
        position -= n
        if position < 0:
            return minutes
    raise IndexError(position)


def average_settling(basis: Basis) -> Value:
    settled = basis.counts[Measure.SETTLED]
    return Hours(basis.counts[Measure.SETTLED_MINUTES] / settled if settled else None)


def listed(measure: Measure) -> Callable[[Basis], Mapping[str, int]]:
    return lambda basis: basis.counts.details(measure)


def by_recipient(measure: Measure) -> Callable[[Basis], Mapping[str, int]]:
    """By recipient: what a delivery's name ends with."""

    def by_organ(basis: Basis) -> Mapping[str, int]:
        found: Counter[str] = Counter()
        for name, n in basis.counts.details(measure).items():
            found[name.rpartition("/")[2]] += n
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    return by_organ


def _days_to_check(basis: Basis) -> Iterator[date]:
    """Those of the period that are over."""
    until = vietnam_date(basis.as_of) - timedelta(days=1)
    days = basis.period.days(until)
    return (day for day in days if basis.checks_every_day or basis.calendar.is_working(day))


def checked_days(basis: Basis) -> Value:
    """Of the days of each unit: what one unit checks is no check by another."""
    if basis.checks is None:
        return NO_DATA
    days = sum(1 for _ in _days_to_check(basis)) * len(basis.checks)
    return Ratio(days - len(missed_days(basis)), days)


def missed_days(basis: Basis) -> Mapping[str, int]:
    """``unit/day`` of working days with too few checks, with how many there were."""
    days, found = [day.isoformat() for day in _days_to_check(basis)], {}
    for unit, counts in (basis.checks or {}).items():
        checks = counts.details(Measure.CHECKS)
        for day in days:
            if checks.get(day, 0) < basis.checks_a_day:
                found[f"{unit}/{day}"] = checks.get(day, 0)
    return found


def stated(part: str, whole: str) -> Callable[[Basis], Value]:
    """A share of figures that units stated; units that stated none are left out."""

    def value(basis: Basis) -> Value:
        units = [unit for unit in basis.units if getattr(unit, whole) is not None]
        if not units:
            return NO_DATA
        return Ratio(
            sum(getattr(unit, part) for unit in units), sum(getattr(unit, whole) for unit in units)
        )

    return value


def available(basis: Basis) -> Value:
    """Minutes without downtime, of all minutes of the period that have passed."""
    down = [unit.downtime_minutes for unit in basis.units if unit.downtime_minutes is not None]
    if not down:
        return NO_DATA
    days = sum(1 for _ in basis.period.days(vietnam_date(basis.as_of) - timedelta(days=1)))
    elapsed = days * 24 * 60 * len(down)
    return Ratio(max(0, elapsed - sum(down)), elapsed)


def certified(basis: Basis) -> Value:
    """Of all units; one that states nothing has shown no certificate."""
    if all(unit.has_certificate is None for unit in basis.units):
        return NO_DATA
    return Ratio(sum(_holds_certificate(unit, basis) for unit in basis.units), len(basis.units))


def _holds_certificate(unit: UnitFacts, basis: Basis) -> bool:
    valid_to = unit.certificate_valid_to
    in_force = valid_to is None or valid_to >= vietnam_date(basis.as_of)
    return unit.has_certificate is True and in_force


def certified_by_level(basis: Basis) -> Mapping[str, int]:
    found = Counter(f"{unit.level}" for unit in basis.units if _holds_certificate(unit, basis))
    return dict(sorted(found.items()))


def expiring(basis: Basis) -> Value:
    if all(unit.has_certificate is None for unit in basis.units):
        return NO_DATA
    return Number(len(expiring_units(basis)))


def expiring_units(basis: Basis) -> Mapping[str, int]:
    """Units whose certificate ends soon, with the days that are left."""
    today = vietnam_date(basis.as_of)
    ends = {
        unit.organ_id.value: unit.certificate_valid_to
        for unit in basis.units
        if unit.certificate_valid_to is not None and _holds_certificate(unit, basis)
    }
    return {organ: (end - today).days for organ, end in ends.items() if end <= today + _EXPIRING}


def reported(basis: Basis) -> Value:
    """Units whose report came in time; only quarters have one, and only once its day is over."""
    deadline = _report_deadline(basis)
    if deadline is None or not basis.units:
        return NO_DATA
    return Ratio(len(basis.units) - len(unreported(basis)), len(basis.units))


def unreported(basis: Basis) -> Mapping[str, int]:
    deadline = _report_deadline(basis)
    if deadline is None:
        return {}
    return {
        unit.organ_id.value: 1
        for unit in basis.units
        if unit.report_received_on is None or unit.report_received_on > deadline
    }


def _report_deadline(basis: Basis) -> date | None:
    if basis.period.kind is not PeriodKind.QUARTER:
        return None
    found = report_day(
        basis.period.year, basis.period.last_month, basis.calendar, basis.on_day_off
    ).day
    return found if found < vietnam_date(basis.as_of) else None
