"""What the entries of a case did, played again through the delivery machine.

The entry of a report says which deliveries it changed, and how; every change is made anew from the
signed content, and has to come out the same. The entry of a package names the deliveries that it
begins. What a recall, update or replacement does to deliveries of its target is not in the entry,
which all its recipients see and which would tell them each other's processing: it follows from the
machine.

A bundle may leave out entries that its exporter may not see (reports of other recipients). A
delivery that stands elsewhere than it was left is followed no further than its single moves. It is
marked as incomplete, and so is one that a package moved while nothing shows that the exporter sees
its reports.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field, frozen

from lienthong.codec.signed import dump_statement_content
from lienthong.errors import BundleInvalid, InvalidMove, LienthongError
from lienthong.evidence.findings import DeliveryOutcome
from lienthong.evidence.parts import receipt_name
from lienthong.evidence.receipt import Recorded, RecordedPackage
from lienthong.flow.delivery import (
    ADVANCED_WHILE_PENDING,
    MOVES,
    PENDING,
    TABLE,
    Context,
    Outcome,
    Step,
    step,
)
from lienthong.flow.machine import Actor
from lienthong.flow.packages import (
    CARRIES_DOCUMENT,
    EVENT_AT_TARGET,
    context_of,
    names_lead,
    step_at_target,
)
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import Effect, PackageRecord, StatementRecord
from lienthong.model.package import Manifest, PackageKind
from lienthong.model.report import Statement


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

    def __init__(self, case: Iterable[Recorded]) -> None:
        """Prepare to play a case.

        Args:
            case: all its entries; who reports in it decides what can be followed.
        """
        self._followed = _followed(case)
        self._packages: dict[PackageId, _Package] = {}
        self._absent: set[PackageId] = set()
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

    def take(self, index: int, recorded: Recorded) -> tuple[Effect, ...]:
        """Play the entry with this journal index.

        Returns:
            What it changed: the effects that it records, and those that follow from it. What it
            did to a delivery whose reports the exporter may not see is left out.

        Raises:
            BundleInvalid: it belongs to no package before it, or its effects are not those that
                the delivery machine gives.
        """
        try:
            if isinstance(recorded, RecordedPackage):
                return self._take_package(recorded.record, recorded.manifest)
            return self._take_statement(recorded.record, recorded.statement)
        except (_Mismatch, LienthongError) as error:
            raise BundleInvalid(part=receipt_name(index), reason=str(error)) from error

    def _take_package(self, record: PackageRecord, manifest: Manifest) -> tuple[Effect, ...]:
        _check(record.package_id not in self._packages, "the package was recorded before")
        _check(record.package_id not in self._absent, "what replaces it was recorded before")
        if record.target is not None and record.target not in self._packages:
            # Who received only the replacement may not see what it replaces.
            reason = f"its target, package {record.target}, is not in the bundle"
            _check(record.kind is PackageKind.REPLACE, reason)
            self._absent.add(record.target)
        self._packages[record.package_id] = _Package(
            record=record, reply_requested=manifest.document.reply_requested
        )
        self._begin(record)
        derived = self._act(record, record.target) if record.target is not None else []
        return (*record.effects, *derived)

    def _begin(self, record: PackageRecord) -> None:
        """Begin the deliveries of a new document: one for each recipient."""
        begun = record.effects
        expected = record.recipients if record.kind in CARRIES_DOCUMENT else ()
        _check(
            tuple(effect.recipient for effect in begun) == expected
            and all(effect.package_id == record.package_id for effect in begun)
            and all(effect.from_state is None for effect in begun),
            "its effects are not new deliveries to its recipients",
        )
        issued = step(None, DeliveryEvent.ISSUE, Context(actor=Actor.SENDER))
        sent = step(issued.state, DeliveryEvent.TRANSMIT_OK, Context(actor=Actor.AXIS))
        for effect in begun:
            _check(effect.to_state is sent.state, f"a delivery begins as {effect.to_state.name}")
            self._deliveries[effect.package_id, effect.recipient] = _Delivery(state=sent.state)

    def _act(self, record: PackageRecord, target: PackageId) -> list[Effect]:
        """What follows for the deliveries of a package's target."""
        found = []
        for recipient in record.recipients:
            delivery = self._deliveries.get((target, recipient))
            if delivery is None:
                continue
            before = delivery.state
            delivery.complete = delivery.complete and recipient in self._followed
            _move_at_target(delivery, record.kind)
            if delivery.complete and delivery.state is not before:
                found.append(_effect(target, recipient, before, delivery.state))
        return found

    def _take_statement(self, record: StatementRecord, statement: Statement) -> tuple[Effect, ...]:
        package = self._packages.get(record.package_id)
        if package is None:
            raise _Mismatch(f"its package {record.package_id} is not in the bundle")
        own = [effect for effect in record.effects if effect.package_id == record.package_id]
        others = [effect for effect in record.effects if effect.package_id != record.package_id]
        _check(len(own) <= 1 and len(others) <= 1, "it changes too many deliveries")
        _check(
            all(effect.recipient == record.recipient for effect in record.effects),
            "it changes a delivery to another recipient",
        )
        delivery = self._find(record.package_id, record.recipient)
        context = _context(statement, package, delivery, _actor(record, package))
        if own:
            self._move(delivery, own[0], record.event, context)
        else:
            _check_unmoved(delivery, record.event, context)
        for effect in others:
            self._replace(effect, record, package)
        if own and not others and record.event is DeliveryEvent.ACCEPT:
            self._check_nothing_replaced(record, package)
        delivery.reports[record.event] = dump_statement_content(statement)
        return record.effects

    def _find(self, package_id: PackageId, recipient: OrganId) -> _Delivery:
        delivery = self._deliveries.get((package_id, recipient))
        if delivery is None:
            raise _Mismatch(f"package {package_id} has no delivery to {recipient}")
        return delivery

    def _move(
        self, delivery: _Delivery, effect: Effect, event: DeliveryEvent, context: Context
    ) -> None:
        if delivery.state is not effect.from_state:
            delivery.complete = False
        if delivery.complete:
            found = step(delivery.state, event, context)
            _check_effect(effect, found)
            delivery.resume_state = found.resume_state
            delivery.has_lead = delivery.has_lead or names_lead(found, context)
        else:
            _check_possible(effect, event, context.actor)
        delivery.state = effect.to_state

    def _replace(self, effect: Effect, record: StatementRecord, package: _Package) -> None:
        """The old document goes when the new one is accepted (regulations D23)."""
        _check(
            record.event is DeliveryEvent.ACCEPT and effect.package_id == package.record.target,
            "it changes a delivery that it is not about",
        )
        name = (effect.package_id, effect.recipient)
        if name not in self._deliveries and effect.package_id in self._absent:
            state = effect.from_state or effect.to_state
            self._deliveries[name] = _Delivery(state=state, complete=False)
        context = Context(actor=Actor.AXIS)
        self._move(self._find(*name), effect, DeliveryEvent.REPLACE, context)

    def _check_nothing_replaced(self, record: StatementRecord, package: _Package) -> None:
        if package.record.target is None:
            return
        old = self._deliveries.get((package.record.target, record.recipient))
        if old is not None and old.complete:
            found = step(old.state, DeliveryEvent.REPLACE, Context(actor=Actor.AXIS))
            _check(found.outcome is not Outcome.MOVED, "it leaves what it replaces as it was")


class _Mismatch(Exception):
    """An entry does not fit the case."""


def _check(condition: bool, reason: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise _Mismatch(reason)


def _followed(case: Iterable[Recorded]) -> frozenset[OrganId]:
    """The recipients whose reports the exporter sees.

    A report concerns the sender and one recipient, so whoever has one has all about that recipient;
    and a package to one recipient is seen by nobody else.
    """
    found: set[OrganId] = set()
    for each in case:
        if not isinstance(each, RecordedPackage):
            found.add(each.record.recipient)
        elif len(each.record.recipients) == 1:
            found.update(each.record.recipients)
    return frozenset(found)


def _move_at_target(delivery: _Delivery, kind: PackageKind) -> None:
    if not delivery.complete:
        move = TABLE.find(delivery.state, EVENT_AT_TARGET[kind], Actor.SENDER)
        if move is not None and move.target is not None:
            delivery.state = move.target
        return
    try:
        found = step_at_target(kind, delivery.state, delivery.resume_state)
    except InvalidMove:
        # The axis took it over, so there was a report that is not in the bundle.
        delivery.complete = False
        return
    if found is not None:
        delivery.state, delivery.resume_state = found.state, found.resume_state


def _effect(
    package_id: PackageId, recipient: OrganId, before: DeliveryState, after: DeliveryState
) -> Effect:
    return Effect(package_id=package_id, recipient=recipient, from_state=before, to_state=after)


def _check_effect(effect: Effect, found: Step) -> None:
    moved = found.outcome is Outcome.MOVED
    if not moved or found.state is not effect.to_state:
        reached = found.state.name if moved else "no change"
        raise _Mismatch(f"it records {effect.to_state.name}, the machine gives {reached}")


def _check_unmoved(delivery: _Delivery, event: DeliveryEvent, context: Context) -> None:
    """A report without effect has to be a repeated or a late one."""
    if not delivery.complete:
        return
    found = step(delivery.state, event, context)
    if found.outcome is Outcome.MOVED:
        raise _Mismatch(f"it records no effect of {event.name} in {delivery.state.name}")
    delivery.has_lead = delivery.has_lead or names_lead(found, context)


def _check_possible(effect: Effect, event: DeliveryEvent, actor: Actor) -> None:
    """Check a single move of a delivery whose earlier moves are not known."""
    source, target = effect.from_state, effect.to_state
    if source is target and source in ADVANCED_WHILE_PENDING:
        crosses = event in ADVANCED_WHILE_PENDING[source] and TABLE.may_cause(actor, event)
        _check(crosses, f"{event.name} does not cross {source.name}")
        return
    possible = any(
        move.source is source
        and move.event is event
        and actor in move.actors
        and (move.target is target or (move.target is None and target in _interrupted(source)))
        for move in MOVES
    )
    state = "-" if source is None else source.name
    _check(possible, f"{event.name} does not lead from {state} to {target.name}")


def _interrupted(pending: DeliveryState | None) -> set[DeliveryState | None]:
    """Where a request that is refused or done can lead back to."""
    sources = {move.source for move in MOVES if move.target is pending}
    for other in sources & PENDING:
        sources |= _interrupted(other)
    return sources - PENDING


def _actor(record: StatementRecord, package: _Package) -> Actor:
    """Who reports, by the codes that the axis recorded; the report itself may name older ones."""
    if record.reporter == record.recipient:
        return Actor.RECIPIENT
    _check(record.reporter == package.record.sender, f"{record.reporter} is no party to it")
    return Actor.SENDER


def _context(statement: Statement, package: _Package, delivery: _Delivery, actor: Actor) -> Context:
    earlier = delivery.reports.get(statement.event)
    return context_of(
        statement,
        actor=actor,
        reply_requested=package.reply_requested,
        has_lead=delivery.has_lead,
        same_content=None if earlier is None else earlier == dump_statement_content(statement),
        resume_state=delivery.resume_state,
    )
