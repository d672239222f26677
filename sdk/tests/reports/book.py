from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from attrs import define, evolve, field

from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import PackageRecord
from lienthong.model.package import Manifest
from lienthong.model.report import Statement
from lienthong.model.words import Urgency
from lienthong.reports.facts import DeliveryFacts, DocumentFacts
from lienthong.reports.projection import Changes, project_package, project_statement
from lienthong.reports.terms import Terms
from lienthong.rules.calendar import DayException, OfficeHours, Session, WorkCalendar
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.sections.exchange import Receiving, Sending, UrgentTimes
from lienthong.rules.sections.flow import Flow
from sdk.tests.reports.cast import ELSEWHERE
from sdk.tests.reports.generated import Entry
from sdk.tests.reports.recount import TAKE_H, URGENT_FORWARD_H, URGENT_SEND_H, URGENT_SETTLE_H

DAYS_OFF: Final = tuple(
    date.fromisoformat(f"2026-{day}")
    for day in (
        *("01-01", "01-02", "02-16", "02-17", "02-18", "02-19", "02-20"),
        *("04-27", "04-30", "05-01", "08-31", "09-01", "09-02"),
    )
)
SWAPPED: Final = (date(2026, 1, 10), date(2026, 8, 22))
NOW: Final = datetime(2026, 11, 2, 3, tzinfo=UTC)
CALENDAR: Final = WorkCalendar(
    version="h53-2026",
    first_year=2025,
    last_year=2027,
    hours=[OfficeHours(sessions=[Session(time(7, 30), time(11, 30)), Session(time(13), time(17))])],
    exceptions=[
        DayException(day=day, is_working=day in SWAPPED, name="nghỉ", basis="12729/VPCP-KGVX")
        for day in (*DAYS_OFF, *SWAPPED)
    ],
)
URGENT: Final = (Urgency.KHAN, Urgency.THUONG_KHAN, Urgency.HOA_TOC)


def _hours(count: int) -> UrgentTimes:
    return UrgentTimes(**{urgency.name: timedelta(hours=count) for urgency in URGENT})


RULES: Final = RuleSet(
    name="h53-2026",
    title="Quy chế gửi, nhận văn bản điện tử",
    sending=Sending(urgent_within=_hours(URGENT_SEND_H)),
    receiving=Receiving(
        urgent_forward_within=_hours(URGENT_FORWARD_H),
        urgent_settle_within=_hours(URGENT_SETTLE_H),
        escalate_after=timedelta(hours=TAKE_H),
    ),
    flow=Flow(recall_confirm_working_days=1),
)


def terms(rules: RuleSet = RULES, **fields: Any) -> Terms:
    """One law for everybody."""
    values: dict[str, Any] = {
        "rules_of": lambda _organ, _on: rules,
        "calendar_of": lambda _organ, _on: CALENDAR,
        "is_outside": lambda one, other, _on: ELSEWHERE in (one, other) and one != other,
    }
    return Terms(**(values | fields))


TERMS: Final = terms()


def with_receiving(**settings: Any) -> RuleSet:
    """The rules, but for some settings of receiving."""
    return evolve(RULES, receiving=evolve(RULES.receiving, **settings))


@define
class Book:
    """The facts so far, in memory."""

    deliveries: dict[tuple[PackageId, OrganId], DeliveryFacts] = field(factory=dict)
    documents: dict[PackageId, DocumentFacts] = field(factory=dict)

    def delivery(self, package_id: PackageId, recipient: OrganId) -> DeliveryFacts | None:
        return self.deliveries.get((package_id, recipient))

    def document(self, reference: str, code: str = "") -> DocumentFacts | None:
        found = [
            one
            for one in self.documents.values()
            if (one.code == code if one.code and code else one.reference == reference)
        ]
        return found[0] if found else None

    def brought_by(self, package_id: PackageId) -> DocumentFacts | None:
        return self.documents.get(package_id)

    def keep(self, changes: Changes) -> None:
        self.deliveries |= {(one.package_id, one.recipient): one for one in changes.deliveries}
        self.documents |= {one.package_id: one for one in changes.documents}

    def take(self, entry: Entry, terms: Terms = TERMS) -> Changes:
        """Project an entry and keep what it changes."""
        record, content = entry.record, entry.content
        if isinstance(record, PackageRecord):
            assert isinstance(content, Manifest)
            changes = project_package(record, content, entry.recorded_at, self, terms)
        else:
            assert isinstance(content, Statement)
            changes = project_statement(record, content, entry.recorded_at, self, terms)
        self.keep(changes)
        return changes

    @classmethod
    def of(cls, entries: Iterable[Entry], used: Terms = TERMS) -> Book:
        found = cls()
        for entry in entries:
            found.take(entry, used)
        return found
