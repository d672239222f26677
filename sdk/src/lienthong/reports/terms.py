"""By when something must be done with a delivery: the deadlines that facts carry.

The rules themselves are ``rules.duties``; here is whose law is asked, and of which day: that of who
must act, on the day of the journal entry. Where nobody says anything, or no calendar reaches so
far, there is no deadline.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Final, Self, TypeAlias

from attrs import evolve, frozen

from lienthong.errors import InvalidValue, OutsideCalendar
from lienthong.model.document import Document
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong.model.time import check_aware, vietnam_date
from lienthong.reports.facts import DeliveryFacts
from lienthong.rules import duties, moments
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.deadlines import SentBasis
from lienthong.rules.law import Law
from lienthong.rules.moments import Moment
from lienthong.rules.ruleset import RuleSet

_MINUTE: Final = timedelta(minutes=1)
_Rule: TypeAlias = Callable[[RuleSet, WorkCalendar], Moment | None]


@frozen(kw_only=True)
class Terms:
    """Whose law holds, and who belongs together."""

    rules_of: Callable[[OrganId, date], RuleSet | None]
    """The rule set of an organisation on a day in Vietnam; None where nobody says any."""

    calendar_of: Callable[[OrganId, date], WorkCalendar | None]
    """Likewise its working days and hours."""

    is_outside: Callable[[OrganId, OrganId, date], bool]
    """Whether sender and recipient belong to different provinces on a day in Vietnam."""

    own: frozenset[OrganId] = frozenset()
    """Whose deliveries are followed; empty for all. A vendor's feed says nothing of what other
    recipients of a package do with it."""

    @classmethod
    def of(
        cls,
        law: Law,
        directory: Directory,
        is_outside: Callable[[OrganId, OrganId, date], bool],
        own: frozenset[OrganId] = frozenset(),
    ) -> Self:
        """Those of the rule sets and calendars that an axis keeps."""
        return cls(
            rules_of=lambda organ, on: law.rules(str(organ), directory, on),
            calendar_of=lambda organ, on: law.calendar(str(organ), directory, on),
            is_outside=is_outside,
            own=own,
        )

    def instant(self, organ: OrganId, entry_at: datetime, rule: _Rule) -> datetime | None:
        """What a rule finds by the law of an organisation on the day of an entry; None: nothing."""
        on = vietnam_date(entry_at)
        rules, calendar = self.rules_of(organ, on), self.calendar_of(organ, on)
        if rules is None or calendar is None:
            return None
        with suppress(OutsideCalendar, InvalidValue):
            found = rule(rules, calendar)
            if found is not None:
                check_aware(found.at, field="at")
                return found.at
        return None


def sent_when_issued(sender: OrganId, recorded_at: datetime, terms: Terms) -> bool:
    """Whether the time of issue counts, once there is an acknowledgement, not that of it (T1)."""
    rules = terms.rules_of(sender, vietnam_date(recorded_at))
    return rules is None or rules.sending.sent_basis is SentBasis.ISSUED


def send_deadlines(
    sender: OrganId, document: Document, recorded_at: datetime, terms: Terms
) -> tuple[datetime | None, datetime | None]:
    """T3 or T4, and that of NĐ 30; none where no credible time of signing is known."""
    signed_at, urgency = document.signed_at, document.urgency
    if signed_at is None or signed_at > recorded_at:
        return None, None

    def of(name: str) -> datetime | None:
        def rule(rules: RuleSet, calendar: WorkCalendar) -> Moment | None:
            found = duties.sending_deadlines(urgency, signed_at, rules, calendar)
            return next((due.moment for due in found if due.name == name), None)

        return terms.instant(sender, recorded_at, rule)

    return of("sent"), of("sent_decree_30")


def notice_by(recipient: OrganId, recorded_at: datetime, terms: Terms) -> datetime | None:
    """By when the recipient is to tell that it has it (NĐ 30/2020 Đ21.2c)."""
    return terms.instant(
        recipient,
        recorded_at,
        lambda rules, calendar: duties.noticing(recorded_at, rules, calendar),
    )


def take_by(recipient: OrganId, recorded_at: datetime, terms: Terms) -> datetime | None:
    """From when on nobody having taken it up is worth telling."""
    return terms.instant(
        recipient, recorded_at, lambda rules, calendar: duties.taking(recorded_at, rules, calendar)
    )


def recall_by(recipient: OrganId, at: datetime, terms: Terms) -> datetime | None:
    """By when a recall is to be carried out and confirmed (QĐ 52/2019 Đ8.3)."""
    return terms.instant(
        recipient, at, lambda rules, calendar: duties.confirming_recall(at, rules, calendar)
    )


def entered(
    facts: DeliveryFacts, at: datetime, recorded_at: datetime, terms: Terms
) -> DeliveryFacts:
    """It has entered the recipient's system: when it counts as received, and T6."""
    received = terms.instant(
        facts.recipient,
        recorded_at,
        lambda rules, calendar: duties.received_at(at, rules, calendar),
    )
    forward_by = terms.instant(
        facts.recipient,
        recorded_at,
        lambda rules, calendar: duties.forwarding(facts.urgency, at, rules, calendar),
    )
    return evolve(facts, entered_at=at, received_at=received or at, forward_by=forward_by)


def accepted(
    facts: DeliveryFacts, at: datetime, recorded_at: datetime, terms: Terms
) -> DeliveryFacts:
    """It was accepted: what names no day is settled by the rules, and sent on perhaps sooner.

    A deadline that has passed when the axis hears of it does not move (T12).
    """
    since = facts.entered_at or at
    due_at, forward_by = facts.due_at, facts.forward_by
    if due_at is None:
        due_at = terms.instant(
            facts.recipient,
            recorded_at,
            lambda rules, calendar: duties.settling(facts.urgency, since, rules, calendar),
        )
    if forward_by is not None and forward_by > recorded_at:
        sooner = terms.instant(
            facts.recipient,
            recorded_at,
            lambda rules, calendar: duties.forwarding(
                facts.urgency, since, rules, calendar, accepted_at=at
            ),
        )
        forward_by = min(forward_by, sooner or forward_by)
    return evolve(facts, accepted_at=at, due_at=due_at, forward_by=forward_by)


def worked_minutes(
    facts: DeliveryFacts, end: datetime, recorded_at: datetime, terms: Terms
) -> int | None:
    """Office time from receipt to *end* (T9)."""
    calendar = terms.calendar_of(facts.recipient, vietnam_date(recorded_at))
    if facts.received_at is None or calendar is None:
        return None
    try:
        return calendar.worked(facts.received_at, end) // _MINUTE
    except OutsideCalendar:
        return None


def end_of(day: date | None) -> datetime | None:
    """24:00 of a day in Vietnam (BLDS 2015 Đ148.6); none of a day that no instant can express."""
    with suppress(InvalidValue):
        return None if day is None else moments.end_of(day)
    return None
