"""Checks of the interconnection: what is recorded, whose duty they are, and which were missed.

QĐ 52/2019 Đ12.6: who operates the axis has staff check the interconnection of data at least twice a
day. Others may, and theirs are recorded likewise; but only of whose duty it is a check is missed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from attrs import define, evolve, field

from lienthong.errors import ClosedSender, InvalidValue
from lienthong.model.ids import OrganId
from lienthong.model.journal import (
    MISSED_TOLD_WITHIN,
    DirectoryRecord,
    InterconnectionRecord,
    JournalBody,
)
from lienthong.model.time import vietnam_date
from lienthong.rules.interconnection import DueCheck, checks_due_on, missed
from lienthong.rules.sections.directory import Duty
from lienthong_node.core.checks import check_open, with_representatives
from lienthong_node.core.commands import RecordCheck
from lienthong_node.core.credentials import Credentials, Role
from lienthong_node.core.decision import Accepted, Moment
from lienthong_node.core.facts import RegistryFacts
from lienthong_node.core.law import Law, Subject

PATIENCE: Final = timedelta(minutes=1)
"""How long after its end a check is waited for: one made in time may still be on its way.

Beside one that a store takes longer to write, a missed check is told; reports count the made one.
"""

_DAY: Final = timedelta(days=1)
_LAW: Final = frozenset(subject.value for subject in Subject)


def decide_check(command: RecordCheck, facts: RegistryFacts, moment: Moment) -> Accepted:
    """Write down a check, or that one was missed; two that are alike are two checks.

    It is for the organisation, who represents it, and the operators of the axis.

    Raises:
        OrganisationUnknown: the directory does not know the organisation.
        ClosedSender: it has ended, and checks nothing any more.
        NotYetOpen: it does not exist yet.
        InvalidValue: a check cannot have been missed that can still be made.
    """
    record, today = command.record, vietnam_date(moment.now)
    organisation = facts.directory.resolve(record.organ_id)
    if record.missed_at is None and not organisation.open_on(today):
        check_open(record.organ_id, ClosedSender, facts.directory, today)
    if record.missed_at is not None and record.missed_at > moment.now:
        found = record.missed_at.isoformat()
        raise InvalidValue(
            field="InterconnectionRecord.missed_at", found=found, expected="an instant past"
        )
    organ = str(organisation.organ_id)
    own = with_representatives((organ,), facts.directory, today)
    parties = dict.fromkeys((*own, *operators(facts.credentials, moment.now)))
    body = evolve(record, organ_id=organisation.organ_id)
    return Accepted(body=body, subject_id=organ.encode(), parties=tuple(parties))


def operators(credentials: Credentials, at: datetime) -> tuple[str, ...]:
    """Canonical codes of the organisations that may administer the axis at an instant, or could."""
    found = {
        credential.organ_id
        for credential in credentials.by_fingerprint.values()
        if Role.OPERATOR in credential.roles
        and max(credential.not_before, credential.registered_at) <= at <= credential.not_after
        and (credential.revoked_at is None or at < credential.revoked_at)
    }
    return tuple(sorted(found))


def bound_to_check(facts: RegistryFacts, at: datetime) -> tuple[str, ...]:
    """Canonical codes of whose duty a check at an instant is, by the law of now.

    Of the operator whom the rule set names by its code; otherwise, and where that has ended, of
    each operating organisation.
    """
    day = vietnam_date(at)
    found = (_bound(organ, facts, day) for organ in operators(facts.credentials, at))
    return tuple(dict.fromkeys(organ for organ in found if _is_open(OrganId(organ), facts, day)))


def _bound(operator: str, facts: RegistryFacts, on: date) -> str:
    rules = facts.law.rules(operator, facts.directory, on)
    holder = rules.directory.holder(Duty.AXIS_OPERATOR, on) if rules is not None else None
    named = holder.organisation if holder is not None else None
    if named is None or not _is_open(named, facts, on):
        return operator
    return str(facts.directory.resolve(named).organ_id)


def _is_open(organ: OrganId, facts: RegistryFacts, on: date) -> bool:
    return organ in facts.directory and facts.directory.resolve(organ).open_on(on)


@define(eq=False)
class CheckLog:
    """What the journal of the last month says of checks, and of the law by which they are due.

    A check is due by the law that held when its time was over. The journal does not tell what the
    law said before it was changed, so what was over by then is not judged by the new one.
    """

    made: defaultdict[str, set[datetime]] = field(factory=lambda: defaultdict(set))
    """When each organisation checked, by its canonical code."""

    told: defaultdict[str, set[datetime]] = field(factory=lambda: defaultdict(set))
    """Check times whose check was missed, as the journal tells already; likewise."""

    law: dict[int, datetime] = field(factory=dict)
    """When rule sets and calendars were entered or changed, by directory version."""

    def learn(self, body: JournalBody, recorded_at: datetime) -> None:
        """Take in an entry; once more changes nothing."""
        match body:
            case DirectoryRecord(subject=subject, version=version) if subject in _LAW:
                self.law[version] = recorded_at
            case InterconnectionRecord(organ_id=organ, missed_at=None):
                self.made[str(organ)].add(recorded_at)
            case InterconnectionRecord(organ_id=organ, missed_at=datetime() as missed_at):
                self.told[str(organ)].add(missed_at)

    def forget(self, now: datetime) -> None:
        """Drop the checks that are too long ago to be told of."""
        oldest = now - MISSED_TOLD_WITHIN - _DAY
        for instants in (*self.made.values(), *self.told.values()):
            instants -= {at for at in instants if at < oldest}

    def untold(self, organ: str, facts: RegistryFacts, now: datetime) -> Iterator[DueCheck]:
        """The checks that an organisation missed and that the journal does not tell of yet."""
        since = self._since(facts.law, now)
        made, told = sorted(self.made[organ]), self.told[organ]
        day = vietnam_date(since)
        while day <= vietnam_date(now):
            due = (one for one in _due(organ, facts, day) if one.at >= since and one.at not in told)
            for one in missed(due, made, now - PATIENCE):
                if self._is_duty(organ, one, facts):
                    yield one
            day += _DAY

    def _since(self, law: Law, now: datetime) -> datetime:
        """Check times before this are nobody's to miss: too long ago, or there was no law at all.

        There was none before its first entry that was read, unless some of what is kept is older,
        or a check was missed before.
        """
        farthest = now - MISSED_TOLD_WITHIN
        if not self.law or any(kept.version < min(self.law) for kept in law.kept.values()):
            return farthest
        begun = self.law[min(self.law)]
        is_older = any(at < begun for told in self.told.values() for at in told)
        return farthest if is_older else max(farthest, begun)

    def _is_duty(self, organ: str, one: DueCheck, facts: RegistryFacts) -> bool:
        """Whether the check was the organisation's to make, as far as the law of now can say.

        Whom only the rule set names may be named since its last change: it need not have known
        of a check time before that.
        """
        if organ not in bound_to_check(facts, one.at):
            return False
        operates = organ in operators(facts.credentials, one.at)
        return all((one.end if operates else one.at) > at for at in self.law.values())


def _due(organ: str, facts: RegistryFacts, day: date) -> tuple[DueCheck, ...]:
    rules = facts.law.rules(organ, facts.directory, day)
    if rules is None:
        return ()
    return checks_due_on(day, rules.reports, facts.law.calendar(organ, facts.directory, day))
