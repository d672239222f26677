"""Whether the axis takes over a status report, and what it does to the delivery."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, TypeAlias

import attrs

from lienthong.errors import IdReused, InvalidValue, NotFound, TooLarge
from lienthong.flow.delivery import Context, Outcome, Step, step
from lienthong.flow.machine import Actor
from lienthong.flow.packages import context_of, names_lead
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId, Sha256
from lienthong.model.journal import StatementRecord
from lienthong.model.organisation import Directory
from lienthong.model.report import Statement
from lienthong.model.time import vietnam_date
from lienthong.spi.records import DeliveryRow, PackageRow, StatementRow
from lienthong_node.core.checks import (
    acting_organ,
    check_audience,
    check_created,
    check_signer,
    may_act,
    repeated,
    with_representatives,
)
from lienthong_node.core.commands import ReportStatus
from lienthong_node.core.decision import Accepted, Decision, Moment, Repeated
from lienthong_node.core.deliveries import effect, moved
from lienthong_node.core.facts import ReportFacts
from lienthong_node.core.guards import check_allowed_report
from lienthong_node.core.policy import Policy
from lienthong_node.core.rulings import Rulings

Change: TypeAlias = tuple[DeliveryRow, DeliveryRow]
"""A delivery before and after."""

MAX_REPORTS: Final = 500
"""Reports about one delivery."""


def decide_report(
    command: ReportStatus, facts: ReportFacts, moment: Moment, policy: Policy
) -> Decision:
    """Decide on a status report.

    Who could hand over the very same bytes when they were recorded is given their entry again.
    Otherwise, each step with the error that ends it:
        1. the caller may report for its reporter (SenderMismatch);
        2. the delivery exists and the reporter is a party to it (NotFound, the same for both);
        3. the same id with the same bytes is the same report (IdReused);
        4. its signing certificate is bound to the reporter's side now (CredentialUnknown …), it is
           for this axis, recent (WrongAudience, ClockSkew) and not registered early (InvalidValue);
        5. there are not too many reports about the delivery already (TooLarge);
        6. the machine has the move (InvalidMove, GuardFailed, ConflictingReport); late and repeated
           reports are recorded without an effect;
        7. the recipient's rule set allows it (SettingForbids).
    """
    if (known := repeated(command.statement.reporter, command, facts)) is not None:
        return known
    statement = command.statement
    directory, today = facts.directory, vietnam_date(moment.now)
    organ = acting_organ(statement.reporter, command.caller, directory, today)
    package, delivery = _delivery(statement, facts)
    reporter = _reporter(command, organ, delivery, directory, today)
    actor = Actor.RECIPIENT if reporter == delivery.recipient else Actor.SENDER
    sides = (delivery.sender, delivery.recipient)
    if facts.existing is not None:
        return _repeat(command, facts.existing)
    check_signer(command.signer, reporter, command.caller, facts, moment)
    check_audience(statement.audience, policy)
    check_created(statement.created_at, moment.clock, policy)
    _check_register(statement)
    _check_count(facts.earlier)
    changed, rows = delivery_changes(
        statement,
        actor=actor,
        package=package,
        delivery=delivery,
        same_content=_same_content(command, facts.earlier),
        replaced=facts.replaced,
        moment=moment,
    )
    if changed:
        check_allowed_report(statement, delivery.recipient, facts)
    return Accepted(
        body=_record(command, reporter, delivery, changed),
        subject_id=statement.statement_id.bytes,
        package_id=statement.package_id.bytes,
        envelope=command.envelope,
        parties=with_representatives(sides, directory, today),
        statement=statement_row(
            statement,
            recipient=delivery.recipient,
            payload_sha256=command.payload_sha256,
            content_sha256=command.content_sha256,
            index=moment.index,
        ),
        deliveries=_by_law(statement, changed, delivery, facts.rulings) or rows,
    )


def _by_law(
    statement: Statement, changed: Sequence[Change], delivery: DeliveryRow, rulings: Rulings
) -> tuple[DeliveryRow, ...]:
    """The rows that a report changes with what the law says of them now.

    What moves nothing may still tell more of the signatures.
    """
    if not changed:
        return rulings.examined(delivery, statement)
    return tuple(
        rulings.reported(before, after, statement)
        if after.package_id == statement.package_id.bytes
        else rulings.asked(before, after)
        for before, after in changed
    )


def _record(
    command: ReportStatus, reporter: str, delivery: DeliveryRow, changed: Iterable[Change]
) -> StatementRecord:
    statement = command.statement
    return StatementRecord(
        statement_id=statement.statement_id,
        package_id=statement.package_id,
        recipient=OrganId(delivery.recipient),
        reporter=OrganId(reporter),
        event=statement.event,
        payload_sha256=Sha256(command.payload_sha256),
        envelope_sha256=Sha256(command.envelope_sha256),
        effects=tuple(effect(before, after) for before, after in changed),
    )


def delivery_changes(
    statement: Statement,
    *,
    actor: Actor,
    package: PackageRow,
    delivery: DeliveryRow,
    same_content: bool | None,
    replaced: DeliveryRow | None,
    moment: Moment,
) -> tuple[tuple[Change, ...], tuple[DeliveryRow, ...]]:
    """What a report does: the changes that its entry tells, and the rows to write.

    Args:
        statement: the report.
        actor: as whom its reporter acts.
        package: what it is about.
        delivery: what it is about, before.
        same_content: whether the event was reported before, and then whether it said the same.
        replaced: the delivery that the package replaces, if it does.
        moment: of the entry.

    Raises:
        InvalidMove, GuardFailed, ConflictingReport: the machine does not have the move.
    """
    known = context_of(
        statement,
        actor=actor,
        reply_requested=package.reply_requested,
        has_lead=delivery.has_lead,
        same_content=same_content,
        resume_state=DeliveryState(delivery.resume_state) if delivery.resume_state else None,
    )
    outcome = step(DeliveryState(delivery.state), statement.event, known)
    changed = _changes(known, delivery, outcome, replaced, moment)
    return changed, tuple(row for _, row in changed) or _late_lead(known, delivery, outcome)


def _check_register(statement: Statement) -> None:
    """Nobody has entered a document into a register of tomorrow (NĐ 30/2020 Đ22)."""
    made = vietnam_date(statement.created_at)
    if statement.register is not None and statement.register.date > made:
        raise InvalidValue(
            field="Statement.register.date",
            found=statement.register.date.isoformat(),
            expected=f"not after {made.isoformat()}",
        )


def _check_count(earlier: tuple[StatementRow, ...]) -> None:
    """Reports that change nothing are recorded too; without an end they would fill the journal."""
    if len(earlier) >= MAX_REPORTS:
        what = "number of reports about this delivery"
        raise TooLarge(what=what, found=len(earlier) + 1, limit=MAX_REPORTS)


def _repeat(command: ReportStatus, existing: StatementRow) -> Repeated:
    if existing.payload_sha256 != command.payload_sha256:
        raise IdReused(what=f"statement id {command.statement.statement_id}")
    return Repeated(index=existing.index)


def _delivery(statement: Statement, facts: ReportFacts) -> tuple[PackageRow, DeliveryRow]:
    if facts.package is None or facts.delivery is None:
        raise NotFound(what=f"package {statement.package_id}")
    return facts.package, facts.delivery


def _reporter(
    command: ReportStatus, organ: str, delivery: DeliveryRow, directory: Directory, today: date
) -> str:
    """Who reports; under the closed code of a forwarded document the successor who got it."""
    statement = command.statement
    if organ in {delivery.sender, delivery.recipient}:
        return organ
    forwarded = organ == str(directory.resolve(statement.recipient).organ_id)
    if forwarded and may_act(command.caller, delivery.recipient, directory, today):
        return delivery.recipient
    raise NotFound(what=f"package {statement.package_id}")


def _same_content(command: ReportStatus, earlier: tuple[StatementRow, ...]) -> bool | None:
    """Whether the event was reported before, and then whether it said the same."""
    before = [row for row in earlier if row.event == command.statement.event.value]
    return before[-1].content_sha256 == command.content_sha256 if before else None


def _changes(
    known: Context,
    delivery: DeliveryRow,
    outcome: Step,
    replaced: DeliveryRow | None,
    moment: Moment,
) -> tuple[Change, ...]:
    """The deliveries that change, before and after."""
    if outcome.outcome is not Outcome.MOVED:
        return ()
    pending, lead = delivery.pending_package_id, names_lead(outcome, known)
    own = (delivery, moved(delivery, outcome, moment, pending=pending, lead=lead))
    accepted = outcome.move is not None and outcome.move.target is DeliveryState.ACCEPTED
    return (own, *_replaced(replaced, moment)) if accepted else (own,)


def _late_lead(known: Context, delivery: DeliveryRow, outcome: Step) -> tuple[DeliveryRow, ...]:
    """A late FORWARD changes no state, but who leads is known from then on."""
    if names_lead(outcome, known) and not delivery.has_lead:
        return (attrs.evolve(delivery, has_lead=True),)
    return ()


def _replaced(
    replaced: DeliveryRow | None, moment: Moment
) -> tuple[tuple[DeliveryRow, DeliveryRow], ...]:
    """The old delivery when its replacement is accepted (regulations D23)."""
    if replaced is None:
        return ()
    state = DeliveryState(replaced.state)
    outcome = step(state, DeliveryEvent.REPLACE, Context(actor=Actor.AXIS))
    if outcome.outcome is not Outcome.MOVED:
        return ()
    return ((replaced, moved(replaced, outcome, moment)),)


def statement_row(
    statement: Statement,
    *,
    recipient: str,
    payload_sha256: bytes,
    content_sha256: bytes,
    index: int,
) -> StatementRow:
    """The row of a report; *recipient* is canonical."""
    return StatementRow(
        statement_id=statement.statement_id.bytes,
        package_id=statement.package_id.bytes,
        recipient=recipient,
        event=statement.event.value,
        payload_sha256=payload_sha256,
        content_sha256=content_sha256,
        index=index,
    )
