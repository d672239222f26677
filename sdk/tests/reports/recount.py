"""What the metrics must be, counted from lives by hand: no projection, no tally, no rules.

Days and sessions are stepped through one by one, in local time without a zone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Final

from attrs import frozen

from lienthong.model.ids import OrganId
from lienthong.model.words import IssueForm, Urgency
from sdk.tests.reports.cast import ELSEWHERE
from sdk.tests.reports.generated import Generated, Life

URGENT_SEND_H: Final = 2
URGENT_FORWARD_H: Final = 4
URGENT_SETTLE_H: Final = 8
TAKE_H: Final = 16
SESSIONS: Final = ((time(7, 30), time(11, 30)), (time(13), time(17)))
ONE_DAY: Final = timedelta(days=1)
INSTANT: Final = timedelta(microseconds=1)
"""What ends at midnight, as a clerk's on duty may, belongs to the day that ends."""
TICK: Final = timedelta(microseconds=1)
"""What is due at midnight is due on the day before."""


@frozen(kw_only=True)
class Recount:
    """Counts by hand for some organisations, a period and an instant.

    ``closing`` is when the afternoon ends; the tests change it to show that they can fail.
    """

    journal: Generated
    organs: Collection[OrganId]
    first: date
    end: date
    as_of: datetime
    days_off: Collection[date]
    swapped: Collection[date]
    closing: time = time(17)

    def values(self) -> dict[str, object]:
        """By number of the metric: a count, a pair, or hours."""
        return {
            **self._exchange(),
            **self._sending(),
            **self._receiving(),
            **self._settling(),
            **self._requests(),
        }

    def _mine(self, lives: Iterable[Life], side: str) -> list[Life]:
        return [life for life in lives if getattr(life, side) in self.organs]

    def _in(self, at: datetime | None) -> bool:
        return at is not None and self.first <= local(at).date() < self.end

    def _exchange(self) -> dict[str, object]:
        sent = [one for one in self._mine(self.journal.lives, "sender") if self._in(one.sent)]
        got = [
            one
            for one in self._mine(self.journal.lives, "recipient")
            if one.entered and self._in(self.received(one.entered))
        ]
        issued = [
            issue
            for issue in self.journal.issues
            if issue.sender in self.organs and self._in(issue.issued)
        ]
        answers = sum(issue.answers for issue in issued)
        return {
            "M1a": sum(not outside(one) for one in sent),
            "M1b": sum(outside(one) for one in sent),
            "M1c": sum(not outside(one) for one in got),
            "M1d": sum(outside(one) for one in got),
            "M2a": len(issued),
            "M2": (sum(issue.form is IssueForm.E_ONLY for issue in issued), len(issued)),
            "M2b": sum(issue.overridden for issue in issued),
            "M17": (answers, answers),
            "M19": (sum(one.noticed is not None for one in sent), len(sent)),
        }

    def _sending(self) -> dict[str, object]:
        found: Counter[str] = Counter()
        for one in self._mine(self.journal.lives, "sender"):
            if one.signed is None:
                found["unknown"] += self._in(one.sent)
                continue
            if one.urgency is not Urgency.THUONG:
                due = one.signed + timedelta(hours=URGENT_SEND_H)
                found["urgent"] += self._in(due - INSTANT)
                found["urgent in time"] += self._in(due) and one.sent <= due
                continue
            day = self.next_day(local(one.signed).date())
            due = utc(datetime.combine(day, SESSIONS[0][1]))
            if self._in(due):
                found["due"] += 1
                found["in time"] += one.sent <= due
                found["same day"] += local(one.sent).date() == local(one.signed).date()
                found["decree"] += one.sent <= utc(datetime.combine(day + ONE_DAY, time(0)))
        return {
            "M4": (found["in time"], found["due"]),
            "M4b": (found["same day"], found["due"]),
            "M4c": (found["decree"], found["due"]),
            "M4u": (found["urgent in time"], found["urgent"]),
            "M4x": found["unknown"],
        }

    def _receiving(self) -> dict[str, object]:
        notices = received = not_taken = 0
        forward = {True: [0, 0], False: [0, 0]}
        refusals: list[Life] = []
        for one in self._mine(self.journal.lives, "recipient"):
            refusals += [one] if self._in(one.refused) else []
            not_taken += self._is_not_taken(one)
            if one.entered is None or one.noticed is None:
                continue
            at = self.received(one.entered)
            if self._in(at):
                received += 1
                notices += local(one.noticed).date() <= local(at).date()
            due = self.forward_due(one, at)
            taken = one.accepted or not gone(one)
            late = one.forwarded is None and taken and (gone(one) or self.as_of) > due
            if self._in(due - INSTANT) and (one.forwarded or late):
                forward[one.urgency is not Urgency.THUONG][1] += 1
                in_time = one.forwarded is not None and one.forwarded <= due
                forward[one.urgency is not Urgency.THUONG][0] += in_time
        times = [minutes(one.entered, one.refused) for one in refusals]
        return {
            "M5": (notices, received),
            "M6": tuple(forward[False]),
            "M6u": tuple(forward[True]),
            "M8a": len(refusals),
            "M8a list": dict(Counter(one.reason.name for one in refusals if one.reason)),
            "M8": (len(refusals), received),
            "M8 list": dict(Counter(one.sender.value for one in refusals)),
            "M8b": median(times) if times else None,
            "M10": not_taken,
        }

    def _is_not_taken(self, one: Life) -> bool:
        if one.accepted or one.refused or one.given_back:
            return False
        due = self.after_work(one.recorded, TAKE_H)
        return self._in(due) and self.as_of > due

    def _settling(self) -> dict[str, object]:
        in_time = due_count = overdue = unanswered = 0
        worked: list[int] = []
        for one in self._mine(self.journal.lives, "recipient"):
            due = self.settle_due(one)
            if self._in(one.completed):
                assert one.entered is not None
                assert one.completed is not None
                worked.append(self.work_minutes(self.received(one.entered), one.completed))
            if due is None or not self._in(due - TICK):
                continue
            missed = not one.completed and (gone(one) or self.as_of) > due
            open_late = not one.completed and not gone(one) and self.as_of > due
            if one.accepted and (one.completed or missed):
                due_count += 1
                in_time += one.completed is not None and one.completed <= due
                overdue += open_late
            unanswered += open_late and one.wants_reply
        return {
            "M7": (in_time, due_count),
            "M7b": overdue,
            "M7c": sum(worked) / len(worked) if worked else None,
            "M17b": unanswered,
        }

    def _requests(self) -> dict[str, object]:
        sent = self._mine(self.journal.lives, "sender")
        got = self._mine(self.journal.lives, "recipient")
        recalled = [one for one in sent if self._in(one.recalled)]
        times = [
            minutes(one.recalled, one.recall_confirmed)
            for one in recalled
            if one.recall_confirmed is not None
        ]
        return {
            "M9a": len(recalled),
            "M9b": sum(self._in(one.asked_back) for one in sent),
            "M9e": median(times) if times else None,
            "M9f": sum(one.recall_confirmed is None for one in recalled),
            "M9g": sum(self._in(one.recalled) and one.recall_confirmed is None for one in got),
        }

    def forward_due(self, one: Life, received: datetime) -> datetime:
        """What is urgent may have been accepted before it counts as received."""
        if one.urgency is Urgency.THUONG:
            return utc(datetime.combine(self.next_day(local(received).date()), self.closing))
        due = self.after_work(received, URGENT_FORWARD_H)
        if one.accepted is None or one.accepted >= received:
            return due
        return min(due, one.accepted + timedelta(hours=URGENT_FORWARD_H))

    def settle_due(self, one: Life) -> datetime | None:
        """The day that the document names; what is urgent and names none has so many hours."""
        if one.due is not None:
            return utc(datetime.combine(one.due + ONE_DAY, time(0)))
        if one.urgency is Urgency.THUONG or one.accepted is None or one.entered is None:
            return None
        return self.after_work(self.received(one.entered), URGENT_SETTLE_H)

    def is_working(self, day: date) -> bool:
        return (day.weekday() < 5 or day in self.swapped) and day not in self.days_off

    def next_day(self, day: date) -> date:
        day += ONE_DAY
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def sessions(self, day: date) -> list[tuple[datetime, datetime]]:
        if not self.is_working(day):
            return []
        ends = (SESSIONS[0][1], self.closing)
        return [
            (datetime.combine(day, begin), datetime.combine(day, end))
            for (begin, _), end in zip(SESSIONS, ends, strict=True)
        ]

    def received(self, entered: datetime) -> datetime:
        at = local(entered)
        day = at.date()
        while True:
            for begin, end in self.sessions(day):
                if at < end:
                    return utc(max(at, begin))
            day += ONE_DAY

    def after_work(self, start: datetime, hours: int) -> datetime:
        at, left = local(start), timedelta(hours=hours)
        day = at.date()
        while True:
            for begin, end in self.sessions(day):
                have = end - max(begin, at)
                if have <= timedelta():
                    continue
                if left <= have:
                    return utc(max(begin, at) + left)
                left -= have
            day += ONE_DAY

    def work_minutes(self, start: datetime, end: datetime) -> int:
        total, day = timedelta(), local(start).date()
        while day <= local(end).date():
            for begin, close in self.sessions(day):
                part = min(close, local(end)) - max(begin, local(start))
                total += max(part, timedelta())
            day += ONE_DAY
        return int(total.total_seconds()) // 60


def gone(life: Life) -> datetime | None:
    """Since when there is nothing more to handle."""
    return life.noted_refusal or life.given_back or life.recalled


def outside(life: Life) -> bool:
    return life.recipient == ELSEWHERE


def minutes(start: datetime | None, end: datetime | None) -> int:
    assert start is not None
    assert end is not None
    return int((end - start).total_seconds()) // 60


def local(at: datetime) -> datetime:
    """Local time, without a zone."""
    return (at.astimezone(UTC) + timedelta(hours=7)).replace(tzinfo=None)


def utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) - timedelta(hours=7)
