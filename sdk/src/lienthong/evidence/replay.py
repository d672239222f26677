"""What the entries of a case did, played again through the delivery machine.

The journal says for each entry which deliveries changed, and how. Here every change is made anew
from the signed content alone, and has to come out the same. A bundle may leave out entries that its
exporter may not see (reports of other recipients); a delivery that then stands elsewhere than it
was left is followed no further than its single moves, and marked as incomplete.
"""

from __future__ import annotations

from typing import Final

from attrs import define, field, frozen

from lienthong.codec.signed import dump_statement_content
from lienthong.errors import BundleInvalid, LienthongError
from lienthong.evidence.findings import DeliveryOutcome
from lienthong.evidence.parts import receipt_name
from lienthong.evidence.receipt import Recorded, RecordedPackage
from lienthong.flow.delivery import ADVANCED_WHILE_PENDING, MOVES, Context, Outcome, Step, step
from lienthong.flow.machine import Actor
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import Effect, PackageRecord, StatementRecord
from lienthong.model.package import Manifest, PackageKind
from lienthong.model.report import Statement
from lienthong.model.words import AssignmentRole

_EVENT_AT_TARGET: Final = {
    PackageKind.RECALL: DeliveryEvent.RECALL,
    PackageKind.UPDATE: DeliveryEvent.UPDATE,
    PackageKind.REPLACE: DeliveryEvent.REPLACE,
}
_CARRIES_DOCUMENT: Final = frozenset({PackageKind.NEW, PackageKind.REPLACE})


@define(kw_only=True, eq=False)
class _Delivery:
    state: DeliveryState
    resume_state: DeliveryState | None = None
    has_lead: bool = False
    complete: bool = True
    reports: dict[DeliveryEvent, bytes] = field(factory=dict)
    """What was last reported of each kind."""


@frozen(kw_only=True)
class _Package:
    record: PackageRecord
    reply_requested: bool


class Replay:
    """Takes the entries of a case in journal order; for one thread."""

    def __init__(self) -> None:
        self._packages: dict[PackageId, _Package] = {}
        self._deliveries: dict[tuple[PackageId, OrganId], _Delivery] = {}

    @property
    def deliveries(self) -> tuple[DeliveryOutcome, ...]:
        """Every delivery of the case, in the order in which they began."""
        return tuple(
            DeliveryOutcome(
                package_id=package_id,
                recipient=recipient,
                state=delivery.state,
                complete=delivery.complete,
            )
            for (package_id, recipient), delivery in self._deliveries.items()
        )

    def take(self, index: int, recorded: Recorded) -> None:
        """Play the entry with this journal index.

        Raises:
            BundleInvalid: it belongs to no package before it, or its effects are not those that
                the delivery machine gives.
        """
        try:
            if isinstance(recorded, RecordedPackage):
                self._take_package(recorded.record, recorded.manifest)
            else:
                self._take_statement(recorded.record, recorded.statement)
        except (_Mismatch, LienthongError) as error:
            raise BundleInvalid(part=receipt_name(index), reason=str(error)) from error

    def _take_package(self, record: PackageRecord, manifest: Manifest) -> None:
        if record.package_id in self._packages:
            raise _Mismatch("the package was recorded before")
        if record.target is not None and record.target not in self._packages:
            raise _Mismatch(f"its target, package {record.target}, is not in the bundle")
        self._packages[record.package_id] = _Package(
            record=record, reply_requested=manifest.document.reply_requested
        )
        begun = [effect for effect in record.effects if effect.from_state is None]
        self._begin(record, begun)
        for effect in record.effects:
            if effect.from_state is not None:
                _check(effect.package_id == record.target, "it acts on another package")
                event = _EVENT_AT_TARGET[record.kind]
                self._move(effect, event, Context(actor=Actor.SENDER))

    def _begin(self, record: PackageRecord, begun: list[Effect]) -> None:
        """Begin the deliveries of a new document: one for each recipient."""
        expected = record.recipients if record.kind in _CARRIES_DOCUMENT else ()
        _check(
            tuple(effect.recipient for effect in begun) == expected
            and all(effect.package_id == record.package_id for effect in begun),
            "its deliveries are not those of its recipients",
        )
        issued = step(None, DeliveryEvent.ISSUE, Context(actor=Actor.SENDER))
        sent = step(issued.state, DeliveryEvent.TRANSMIT_OK, Context(actor=Actor.AXIS))
        for effect in begun:
            _check(effect.to_state is sent.state, f"a delivery begins as {effect.to_state.name}")
            self._deliveries[effect.package_id, effect.recipient] = _Delivery(state=sent.state)

    def _take_statement(self, record: StatementRecord, statement: Statement) -> None:
        package = self._packages.get(record.package_id)
        if package is None:
            raise _Mismatch(f"its package {record.package_id} is not in the bundle")
        own = [effect for effect in record.effects if effect.package_id == record.package_id]
        others = [effect for effect in record.effects if effect.package_id != record.package_id]
        _check(len(own) <= 1, "it changes two deliveries of one package")
        recipient = own[0].recipient if own else record.recipient
        delivery = self._find(record.package_id, recipient)
        context = _context(statement, package, delivery, _actor(record, package, recipient))
        if own:
            self._move(own[0], record.event, context)
        else:
            _check_unmoved(delivery, record.event, context)
        for effect in others:
            _check(
                record.event is DeliveryEvent.ACCEPT
                and effect.package_id == package.record.target
                and effect.recipient == recipient,
                "it changes a delivery that it is not about",
            )
            self._move(effect, DeliveryEvent.REPLACE, Context(actor=Actor.AXIS))
        delivery.reports[record.event] = dump_statement_content(statement)

    def _find(self, package_id: PackageId, recipient: OrganId) -> _Delivery:
        delivery = self._deliveries.get((package_id, recipient))
        if delivery is None:
            raise _Mismatch(f"package {package_id} has no delivery to {recipient}")
        return delivery

    def _move(self, effect: Effect, event: DeliveryEvent, context: Context) -> None:
        delivery = self._find(effect.package_id, effect.recipient)
        if delivery.state is not effect.from_state:
            delivery.complete = False
        if delivery.complete:
            found = step(delivery.state, event, context)
            _check_effect(effect, found)
            delivery.resume_state = found.resume_state
            delivery.has_lead = delivery.has_lead or context.lead_count == 1
        else:
            _check_possible(effect, event, context.actor)
        delivery.state = effect.to_state


class _Mismatch(Exception):
    """An entry does not fit the case."""


def _check(condition: bool, reason: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise _Mismatch(reason)


def _check_effect(effect: Effect, found: Step) -> None:
    moved = found.outcome is Outcome.MOVED
    if not moved or found.state is not effect.to_state:
        reached = found.state.name if moved else "no change"
        raise _Mismatch(f"it records {effect.to_state.name}, the machine gives {reached}")


def _check_unmoved(delivery: _Delivery, event: DeliveryEvent, context: Context) -> None:
    """A report without effect has to be a repeated or a late one."""
    if delivery.complete and step(delivery.state, event, context).outcome is Outcome.MOVED:
        raise _Mismatch(f"it records no effect of {event.name} in {delivery.state.name}")


def _check_possible(effect: Effect, event: DeliveryEvent, actor: Actor) -> None:
    """Check a single move of a delivery whose earlier moves are not known."""
    source, target = effect.from_state, effect.to_state
    if source is target and source in ADVANCED_WHILE_PENDING:
        crosses = event in ADVANCED_WHILE_PENDING[source]
        _check(crosses, f"{event.name} does not cross {source.name}")
        return
    possible = any(
        move.source is source
        and move.event is event
        and actor in move.actors
        and (move.target is target or (move.target is None and _resumes(source, target)))
        for move in MOVES
    )
    state = "-" if source is None else source.name
    _check(possible, f"{event.name} does not lead from {state} to {target.name}")


def _resumes(pending: DeliveryState | None, target: DeliveryState) -> bool:
    """Whether a request that is refused or done can lead back to *target*."""
    return any(move.source is target and move.target is pending for move in MOVES)


def _actor(record: StatementRecord, package: _Package, recipient: OrganId) -> Actor:
    """Who reports; a reporter under an older code is known by its recipient's line."""
    if record.reporter in {recipient, record.recipient}:
        return Actor.RECIPIENT
    _check(
        record.reporter == package.record.sender or record.event in _BY_SENDER,
        f"{record.reporter} is no party to it",
    )
    return Actor.SENDER


_BY_SENDER: Final = frozenset(
    move.event for move in MOVES if move.event.reported and move.actors == {Actor.SENDER}
)


def _context(statement: Statement, package: _Package, delivery: _Delivery, actor: Actor) -> Context:
    earlier = delivery.reports.get(statement.event)
    same = None if earlier is None else earlier == dump_statement_content(statement)
    return Context(
        actor=actor,
        checked=statement.check is not None and statement.check.passed,
        register_number=statement.register.number if statement.register else None,
        lead_count=sum(each.role is AssignmentRole.LEAD for each in statement.assignments),
        has_lead=delivery.has_lead,
        information_only=statement.information_only,
        reply_requested=package.reply_requested,
        reply_given=statement.reply is not None,
        same_content=same,
        resume_state=delivery.resume_state,
    )
