"""By when something is to be done with a delivery: what is open, when to look, what is told.

Instants follow from the law of who must act, the recipient, as it holds on the day on which the
time begins: whenever they are computed again, they are the same until what holds on that day is
changed. Where no law is kept there is no deadline; where a calendar does not reach so far, it gets
its instant once the calendar does. The document goes its way. What has been met is dropped, so a
row holds what is still to be done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from types import MappingProxyType
from typing import Final, NamedTuple

from attrs import evolve, field, frozen

from lienthong.errors import InvalidValue, OutsideCalendar
from lienthong.flow.delivery import BY_RECIPIENT
from lienthong.model.deadline import DeadlineKind, DeadlineStage
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.document import Document
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong.model.report import Statement
from lienthong.model.time import from_us, to_us, vietnam_date
from lienthong.model.words import AssignmentRole, Urgency
from lienthong.rules import duties
from lienthong.rules.calendar import WorkCalendar
from lienthong.rules.deadlines import due_on
from lienthong.rules.moments import Deadline
from lienthong.rules.ruleset import RuleSet
from lienthong.spi.records import DeadlineRow, DeliveryRow
from lienthong_node.core.deliveries import changed
from lienthong_node.core.law import Law

FAR_US: Final = 2**62
"""When to look at deadlines of which all has been told: they are counted, and computed anew."""

NO_DUE_US: Final = FAR_US
"""In place of the instant of a deadline that the calendar does not reach yet."""

_S, _K = DeliveryState, DeadlineKind
_NOTICED, _TAKEN, _FORWARDED = _K.NOTICED.value, _K.TAKEN.value, _K.FORWARDED.value
_SETTLED, _REPLIED = _K.SETTLED.value, _K.REPLIED.value
_RECALL = _K.RECALL_CONFIRMED.value
_AT_RISK, _OVERDUE = DeadlineStage.AT_RISK.value, DeadlineStage.OVERDUE.value
_UNTAKEN: Final = frozenset({_TAKEN, _FORWARDED, _SETTLED, _REPLIED})
_HANDLED: Final = frozenset({_SETTLED, _REPLIED})
_OPEN: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        _S.SENT.value: _UNTAKEN | {_NOTICED},
        _S.ARRIVED.value: _UNTAKEN,
        _S.ACCEPTED.value: frozenset({_FORWARDED, *_HANDLED}),
        _S.FORWARDED.value: _HANDLED,
        _S.IN_PROGRESS.value: _HANDLED,
    }
)
"""What may be left to do, by the state that no request interrupts; nothing in the others."""

_WAITED_FOR: Final = frozenset({_K.REPLIED, _K.RECALL_CONFIRMED})
"""What a sender waits for."""

_UNHEARD: Final = frozenset({_K.NOTICED, _K.TAKEN})
"""What a sender is told of once it is late."""

_ORDINARY: Final = Urgency.THUONG.value


class Open(NamedTuple):
    """What is to be done with a delivery, and when to look at it next."""

    deadlines: tuple[DeadlineRow, ...]
    look_us: int


@frozen(kw_only=True)
class Terms:
    """What holds for who must act, for time that began on one day."""

    rules: RuleSet
    calendar: WorkCalendar


@frozen(kw_only=True)
class Bound:
    """Who must act, and where the law stands by which it must."""

    recipient: str
    law: Law
    directory: Directory
    _days: dict[date, Terms | None] = field(init=False, eq=False, repr=False, factory=dict)

    def since(self, at: datetime) -> Terms | None:
        """What holds for time that begins at an instant; None where nothing is kept."""
        on = vietnam_date(at)
        if on not in self._days:
            self._days[on] = self._terms(on)
        return self._days[on]

    def _terms(self, on: date) -> Terms | None:
        organ = acting(self.recipient, self.directory, on)
        rules = self.law.rules(organ, self.directory, on)
        calendar = self.law.calendar(organ, self.directory, on)
        return Terms(rules=rules, calendar=calendar) if rules and calendar else None


def acting(organ: str, directory: Directory, on: date) -> str:
    """Whose law an organisation's work follows on a day: its one successor's once it has ended."""
    code = OrganId(organ)
    if code not in directory or not directory.resolve(code).ended_by(on):
        return organ
    return str(directory.successor_of(code, on).organ_id)


def begun(row: DeliveryRow, document: Document, now: datetime, bound: Bound) -> Open:
    """Of a new delivery: to be noticed, to be taken, and what the day the document names is for."""
    found = [_by_rule(kind, row, now, bound) for kind in (_NOTICED, _TAKEN)]
    if document.due_date is not None:
        kind = _REPLIED if document.reply_requested else _SETTLED
        found.append(_by_day(kind, document.due_date, now, bound))
    return _open(row, found)


def asked(before: DeliveryRow, after: DeliveryRow, now: datetime, bound: Bound) -> Open:
    """After a package about its document: a recall is to be carried out."""
    if after.state == _S.RECALL_PENDING.value != before.state:
        return _open(after, (_by_rule(_RECALL, after, now, bound),))
    return _open(after)


def reported(
    before: DeliveryRow,
    after: DeliveryRow,
    statement: Statement,
    now: datetime,
    bound: Bound,
) -> Open:
    """After a report that moved it.

    What it says happened when its reporter signed it, within what the axis saw.

    Args:
        before: the delivery before.
        after: likewise, as the delivery machine left it.
        statement: the report.
        now: instant of its entry.
        bound: by which the recipient must act.
    """
    at = min(max(statement.created_at, from_us(before.sent_us)), now)
    found = list(_begun_by(before, after, statement, at, bound))
    if statement.event is DeliveryEvent.ACCEPT:
        known = {one.kind: one for one in (*before.deadlines, *filter(None, found))}
        found.append(_sooner(known.get(_FORWARDED), after, at, now, bound))
    return _open(_heard_of(after) if statement.event in BY_RECIPIENT else after, found)


def _heard_of(row: DeliveryRow) -> DeliveryRow:
    """Its recipient has told that it has it, though its state may not (a request was answered)."""
    return changed(row, deadlines=tuple(one for one in row.deadlines if one.kind != _NOTICED))


def _begun_by(
    before: DeliveryRow, after: DeliveryRow, statement: Statement, at: datetime, bound: Bound
) -> Iterator[DeadlineRow | None]:
    known = {one.kind: one for one in before.deadlines}
    is_accepted = statement.event is DeliveryEvent.ACCEPT
    begins = is_accepted or _effective(before) == _S.SENT.value
    if begins and statement.event in BY_RECIPIENT and _FORWARDED not in known:
        yield _by_rule(_FORWARDED, after, at, bound)
    if is_accepted and known.keys().isdisjoint(_HANDLED):
        entered = from_us(known[_FORWARDED].since_us) if _FORWARDED in known else at
        yield _by_rule(_SETTLED, after, entered, bound)
    for assignment in statement.assignments:
        if assignment.role is AssignmentRole.LEAD and assignment.due_date is not None:
            yield _by_day(_SETTLED, assignment.due_date, at, bound)


def _sooner(
    known: DeadlineRow | None, row: DeliveryRow, accepted_at: datetime, now: datetime, bound: Bound
) -> DeadlineRow | None:
    """To be sent on sooner because a clerk on duty has accepted it; None where that is not so.

    Only what is urgent is (T6). What has passed when the axis hears of it does not move.
    """
    if row.urgency == _ORDINARY or known is None or is_over(known, to_us(now)):
        return None
    found = _by_rule(_FORWARDED, row, from_us(known.since_us), bound, accepted_at)
    if found is None or not found.due_us < known.due_us:
        return None
    return evolve(found, stage=known.stage)


def next_told(row: DeliveryRow, now_us: int) -> DeadlineRow | None:
    """What is to be told of a delivery now: the deadline that ends first, at its new stage.

    AT_RISK is passed over where it has passed already, and each stage is told at most once.
    """
    found = [
        evolve(one, stage=stage)
        for one in running(row)
        if (stage := _stage_at(one, now_us)) != one.stage
    ]
    return min(found, key=lambda one: (one.due_us, one.kind), default=None)


def with_told(row: DeliveryRow, told: DeadlineRow) -> DeliveryRow:
    """A delivery once a stage of one of its deadlines has been told."""
    return changed(row, **_open(row, (told,))._asdict())


def recomputed(row: DeliveryRow, now_us: int, bound: Bound) -> DeliveryRow:
    """A delivery after the law or the directory has changed; itself where nothing does.

    A deadline that has passed never moves (T12), nor does one that follows from no calendar: a day
    that somebody named, or elapsed time. What the law now says nothing of stays as it was.
    """
    moving = (one for one in row.deadlines if one.calendar and not is_over(one, now_us))
    found = _open(row, [_anew(one, row, bound) for one in moving])
    return row if found == (row.deadlines, row.look_us) else changed(row, **found._asdict())


def _anew(known: DeadlineRow, row: DeliveryRow, bound: Bound) -> DeadlineRow | None:
    """None where it stays."""
    since = from_us(known.since_us)
    terms = bound.since(since)
    if terms is None or (known.rule_set, known.calendar) == _versions(terms):
        return None
    fresh = _by_rule(known.kind, row, since, bound)
    if fresh is None or (known.due_us != NO_DUE_US == fresh.due_us):
        return None
    return evolve(fresh, stage=known.stage)


def is_over(deadline: DeadlineRow, now_us: int) -> bool:
    """Whether a deadline has passed."""
    return deadline.stage == _OVERDUE or deadline.due_us <= now_us


def sides_told(kind: DeadlineKind, stage: DeadlineStage) -> int:
    """To how many sides it is told: the recipient, or 2 for the sender as well.

    The sender is told of what it waits for, and of what nobody has noticed or taken up; passing on
    and settling are the recipient's own affair. Who may see an old entry follows from this too: for
    a kind and stage that was ever told, the answer must never change.
    """
    unheard = kind in _UNHEARD and stage is DeadlineStage.OVERDUE
    return 2 if unheard or kind in _WAITED_FOR else 1


def shown_to_sender(deadline: DeadlineRow) -> bool:
    """Whether a sender sees it in its deliveries: what it is told of when it is late."""
    return sides_told(_K(deadline.kind), DeadlineStage.OVERDUE) > 1


def open_kinds(row: DeliveryRow) -> frozenset[str]:
    """What may be left to do in a delivery's state."""
    found = _OPEN.get(_effective(row), frozenset())
    return found | {_RECALL} if row.state == _S.RECALL_PENDING.value else found


def counting_kinds(row: DeliveryRow) -> frozenset[str]:
    """What may be told in a delivery's state: a recall stops everything else."""
    is_recalled = row.state == _S.RECALL_PENDING.value
    return frozenset({_RECALL}) if is_recalled else open_kinds(row)


def is_sound(row: DeliveryRow) -> bool:
    """Whether nothing is open that cannot be, and it is looked at when it must be."""
    return _open(row) == (row.deadlines, row.look_us)


def _effective(row: DeliveryRow) -> str:
    """The state that counts for the work: the one that a pending request interrupts."""
    return row.resume_state or row.state


def _open(row: DeliveryRow, added: Iterable[DeadlineRow | None] = ()) -> Open:
    """What is open in the row's state; what is added stands in for what it had.

    What was told stays told where the instant is the same.
    """
    allowed = open_kinds(row)
    found = {one.kind: one for one in row.deadlines if one.kind in allowed}
    for new in added:
        if new is not None and new.kind in allowed:
            known = found.get(new.kind)
            same = known is not None and known.due_us == new.due_us and not new.stage
            found[new.kind] = evolve(new, stage=known.stage) if same and known else new
    deadlines = tuple(found.values())
    return Open(deadlines, _look_us(row.state, deadlines))


def running(row: DeliveryRow) -> list[DeadlineRow]:
    """The deadlines that count in the delivery's state."""
    return _running(row.state, row.deadlines)


def _running(state: str, deadlines: Iterable[DeadlineRow]) -> list[DeadlineRow]:
    """A recall stops everything else until it is answered; what goes on then counts as before."""
    recalled = state == _S.RECALL_PENDING.value
    return [
        one
        for one in deadlines
        if one.due_us != NO_DUE_US and (not recalled or one.kind == _RECALL)
    ]


def _look_us(state: str, deadlines: tuple[DeadlineRow, ...]) -> int:
    looks = [
        FAR_US if one.stage == _OVERDUE else one.due_us if one.stage else one.warn_us
        for one in _running(state, deadlines)
    ]
    return min(looks, default=FAR_US if deadlines else 0)


def _stage_at(deadline: DeadlineRow, now_us: int) -> str:
    """The stage at an instant, never one before what was told."""
    if deadline.due_us < now_us or deadline.stage == _OVERDUE:
        return _OVERDUE
    return _AT_RISK if deadline.warn_us < now_us else deadline.stage


def _by_rule(
    kind: str,
    row: DeliveryRow,
    since: datetime,
    bound: Bound,
    accepted_at: datetime | None = None,
) -> DeadlineRow | None:
    terms = bound.since(since)
    if terms is None:
        return None
    with suppress(InvalidValue):
        try:
            found = _deadline(kind, Urgency(row.urgency), since, terms, accepted_at)
        except OutsideCalendar:
            return _undated(kind, since, terms)
        return None if found is None else _row(kind, found, since, terms, by=terms.rules.version)
    return None


def _undated(kind: str, since: datetime, terms: Terms) -> DeadlineRow:
    """By when is not known before the calendar is continued."""
    rule_set, calendar = _versions(terms)
    return DeadlineRow(
        kind=kind,
        since_us=to_us(since),
        due_us=NO_DUE_US,
        warn_us=NO_DUE_US,
        rule_set=rule_set,
        calendar=calendar,
    )


def _versions(terms: Terms) -> tuple[str, str]:
    return terms.rules.version, terms.calendar.version


def _by_day(kind: str, day: date, since: datetime, bound: Bound) -> DeadlineRow | None:
    """Somebody named the day: no rule set says it."""
    terms = bound.since(since)
    if terms is None:
        return None
    with suppress(InvalidValue):
        return _row(kind, due_on(day), since, terms, by="")
    return None


def _deadline(
    kind: str, urgency: Urgency, since: datetime, terms: Terms, accepted_at: datetime | None
) -> Deadline | None:
    rules, calendar = terms.rules, terms.calendar
    if kind == _NOTICED:
        return duties.noticing(since, rules, calendar)
    if kind == _TAKEN:
        return duties.taking(since, rules, calendar)
    if kind == _FORWARDED:
        return duties.forwarding(urgency, since, rules, calendar, accepted_at=accepted_at)
    if kind == _SETTLED:
        return duties.settling(urgency, since, rules, calendar)
    return duties.confirming_recall(since, rules, calendar) if kind == _RECALL else None


def _row(kind: str, found: Deadline, since: datetime, terms: Terms, by: str) -> DeadlineRow:
    return DeadlineRow(
        kind=kind,
        since_us=to_us(since),
        due_us=to_us(found.at),
        warn_us=to_us(duties.at_risk_from(since, found.at, terms.calendar)),
        rule_set=by,
        calendar=found.calendar_version,
        provisional=found.provisional,
    )
