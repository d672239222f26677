"""When each deadline of the year must be told, worked out from lives by hand.

Days and sessions are stepped through one by one, in local time; nothing of the product's rules,
calendars or machines is used.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Final, NamedTuple

from attrs import evolve, frozen

from lienthong.model.words import Urgency
from sdk.tests.reports.generated import Life
from sdk.tests.reports.recount import TAKE_H, URGENT_FORWARD_H, Recount, local, utc

ONE_DAY: Final = timedelta(days=1)


class Told(NamedTuple):
    """What the axis says of one deadline at one instant."""

    package: str
    recipient: str
    kind: str
    stage: str
    due: datetime
    told_at: datetime


@frozen(kw_only=True)
class _Span:
    """A deadline while it counts: from when, until when, and when somebody met it or it ended."""

    kind: str
    since: datetime
    due: datetime
    begins: datetime
    ends: datetime | None


@frozen
class Oracle:
    """The deadlines of lives; *work* knows the days and the sessions."""

    work: Recount
    instants: Sequence[datetime]
    """When the axis looks, in order; what happens at one of them happens after it has looked."""

    def told(self) -> Iterator[Told]:
        """Everything that must be told, in no order."""
        for life in self.work.journal.lives:
            warned = set[str]()
            for span in self._spans(life):
                for stage, at in self._stages(span):
                    if stage == "AT_RISK" and span.kind in warned:
                        continue
                    warned.add(span.kind)
                    yield Told(
                        str(life.package_id), str(life.recipient), span.kind, stage, span.due, at
                    )

    def _spans(self, life: Life) -> Iterator[_Span]:
        gone = life.given_back or life.noted_refusal
        received = local(self.work.received(life.recorded)).date()
        yield _Span(
            kind="NOTICED",
            since=life.recorded,
            due=utc(datetime.combine(received + ONE_DAY, time(0))),
            begins=life.recorded,
            ends=life.noticed,
        )
        taken = _first(life.accepted, gone)
        due = self.work.after_work(life.recorded, TAKE_H)
        yield _Span(kind="TAKEN", since=life.recorded, due=due, begins=life.recorded, ends=taken)
        if life.entered is not None:
            yield from self._forwarding(
                life, life.entered, _first(life.forwarded, gone, life.recalled)
            )
        if life.due is not None:
            yield _Span(
                kind="REPLIED" if life.wants_reply else "SETTLED",
                since=life.recorded,
                due=utc(datetime.combine(life.due + ONE_DAY, time(0))),
                begins=life.recorded,
                ends=_first(life.completed, gone, life.recalled),
            )
        if life.recalled is not None:
            day = self.work.next_day(local(self.work.received(life.recalled)).date())
            yield _Span(
                kind="RECALL_CONFIRMED",
                since=life.recalled,
                due=utc(datetime.combine(day, self.work.closing)),
                begins=life.recalled,
                ends=life.recall_confirmed,
            )

    def _forwarding(self, life: Life, entered: datetime, ends: datetime | None) -> Iterator[_Span]:
        received = self.work.received(entered)
        if life.urgency is Urgency.THUONG:
            day = self.work.next_day(local(received).date())
            due = utc(datetime.combine(day, self.work.closing))
            yield _Span(kind="FORWARDED", since=entered, due=due, begins=entered, ends=ends)
            return
        due = self.work.after_work(received, URGENT_FORWARD_H)
        span = _Span(kind="FORWARDED", since=entered, due=due, begins=entered, ends=ends)
        accepted = life.accepted
        # A clerk on duty may take it before it counts as received: before the office opens, or at
        # lunch. From then on the time runs at any hour; in office hours it goes on as it was.
        if accepted is None or accepted >= received:
            yield span
            return
        soon = accepted + timedelta(hours=URGENT_FORWARD_H)
        if soon >= due:
            yield span
        else:
            yield evolve(span, ends=accepted)
            yield evolve(span, due=soon, begins=accepted)

    def _stages(self, span: _Span) -> Iterator[tuple[str, datetime]]:
        """At which looks it is told that it is at risk, and that it is over."""
        warned = self._look_after(max(self._warn(span), span.begins))
        over = self._look_after(max(span.due, span.begins))
        ends = span.ends
        if warned and warned <= span.due and (ends is None or warned <= ends):
            yield "AT_RISK", warned
        if over and (ends is None or over <= ends):
            yield "OVERDUE", over

    def _look_after(self, at: datetime) -> datetime | None:
        place = bisect_right(self.instants, at)
        return self.instants[place] if place < len(self.instants) else None

    def _warn(self, span: _Span) -> datetime:
        half = span.since + max(span.due - span.since, timedelta()) / 2
        return min(max(half, self._last_morning(span.due)), span.due)

    def _last_morning(self, due: datetime) -> datetime:
        day = local(due).date()
        while True:
            for begin, _ in self.work.sessions(day)[:1]:
                if utc(begin) < due:
                    return utc(begin)
            day -= ONE_DAY


def _first(*instants: datetime | None) -> datetime | None:
    return min((at for at in instants if at is not None), default=None)
