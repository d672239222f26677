"""Whether the axis takes over a package, and what that does to deliveries."""

from __future__ import annotations

from collections.abc import Container
from datetime import date, timedelta
from typing import Final

from lienthong.errors import (
    ClosedRecipient,
    ClosedSender,
    DuplicateRecipient,
    FileMissing,
    IdReused,
    InvalidValue,
    MainFileChanged,
    OrganisationUnknown,
    SizeMismatch,
    TargetUnknown,
    TooLarge,
    UnknownRecipient,
)
from lienthong.flow.delivery import Context, step
from lienthong.flow.machine import Actor
from lienthong.flow.packages import CARRIES_DOCUMENT, step_at_target
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId, Sha256
from lienthong.model.journal import PackageRecord
from lienthong.model.organisation import Directory
from lienthong.model.package import Manifest, PackageKind
from lienthong.model.time import vietnam_date
from lienthong.model.words import FileRole
from lienthong.spi.records import DeliveryRow, FileRow, PackageRow
from lienthong_node.core.checks import (
    acting_organ,
    check_audience,
    check_created,
    check_open,
    check_signer,
    holder,
    repeated,
    with_representatives,
)
from lienthong_node.core.commands import SubmitPackage
from lienthong_node.core.decision import Accepted, Decision, Moment, Repeated
from lienthong_node.core.deliveries import effect, moved
from lienthong_node.core.facts import SubmitFacts
from lienthong_node.core.guards import check_allowed_package
from lienthong_node.core.policy import Policy

_ISSUED: Final = step(None, DeliveryEvent.ISSUE, Context(actor=Actor.SENDER)).state
_FIRST: Final = step(_ISSUED, DeliveryEvent.TRANSMIT_OK, Context(actor=Actor.AXIS)).state.value
"""In which state the axis sees a delivery first."""


def decide_submit(
    command: SubmitPackage, facts: SubmitFacts, moment: Moment, policy: Policy
) -> Decision:
    """Decide on a package.

    Who could hand over the very same bytes when they were recorded is given their entry again.
    Otherwise, each step with the error that ends it:
        1. the caller may send for its sender (SenderMismatch);
        2. the same id with the same bytes is the same package (IdReused);
        3. its signing certificate is bound to the sender's side now (CredentialUnknown …), it is
           meant for this axis, recent, and of a sender that exists (WrongAudience, ClockSkew,
           ClosedSender, NotYetOpen);
        4. recipients exist, are open and are named once (UnknownRecipient, ClosedRecipient,
           NotYetOpen, DuplicateRecipient);
        5. counts and sizes are within limits (TooLarge);
        6. the sender has shown every file (FileMissing, SizeMismatch);
        7. the target is the sender's own, or of an organisation whose successor it is, and was
           sent to these recipients (TargetUnknown, MainFileChanged), and its deliveries can make
           the move (InvalidMove);
        8. the sender's rule set allows what it does (SettingForbids).
    """
    if (known := repeated(command.manifest.sender, command, facts)) is not None:
        return known
    manifest = command.manifest
    today = vietnam_date(moment.now)
    sender = acting_organ(manifest.sender, command.caller, facts.directory, today)
    if facts.existing is not None:
        return _repeat(command, facts.existing)
    check_signer(command.signer, sender, command.caller, facts, moment)
    check_audience(manifest.audience, policy)
    check_created(manifest.created_at, moment.clock, policy)
    if manifest.kind in CARRIES_DOCUMENT:
        check_open(manifest.sender, ClosedSender, facts.directory, today)
    target = _target(sender, facts, today)
    got = facts.target_deliveries if target else {}
    recipients = _recipients(manifest, sender, got, facts, today)
    _check_limits(manifest, policy)
    _check_files(manifest, facts)
    changed = _target_deliveries(manifest, target, recipients, facts, moment)
    check_allowed_package(manifest, sender, facts)
    created = new_deliveries(manifest, sender, recipients, moment)
    rulings = facts.rulings
    return Accepted(
        body=_record(command, sender, recipients, created),
        subject_id=manifest.package_id.bytes,
        package_id=manifest.package_id.bytes,
        envelope=command.envelope,
        parties=with_representatives((sender, *recipients), facts.directory, today),
        package=package_row(
            manifest, sender=sender, payload_sha256=command.payload_sha256, index=moment.index
        ),
        contents=command.contents,
        deliveries=(
            *(rulings.sent(row, manifest) for row in created),
            *(
                rulings.asked(facts.target_deliveries[row.recipient], row, manifest)
                for row in changed
            ),
        ),
    )


def _repeat(command: SubmitPackage, existing: PackageRow) -> Repeated:
    if existing.payload_sha256 != command.payload_sha256:
        raise IdReused(what=f"package id {command.manifest.package_id}")
    return Repeated(index=existing.index)


def _recipients(
    manifest: Manifest,
    sender: str,
    got: Container[str],
    facts: SubmitFacts,
    today: date,
) -> tuple[str, ...]:
    """Canonical codes in the order of the manifest; a forwarded one is the successor's."""
    found: dict[str, None] = {}
    for recipient in manifest.recipients:
        canonical = _recipient(recipient.organ_id, manifest.kind, got, facts, today)
        if canonical in found:
            raise DuplicateRecipient(organ=recipient.organ_id)
        if canonical == sender:
            raise InvalidValue(
                field="recipients",
                found=canonical,
                expected="an organisation other than the sender",
            )
        found[canonical] = None
    return tuple(found)


def _recipient(
    code: OrganId,
    kind: PackageKind,
    got: Container[str],
    facts: SubmitFacts,
    today: date,
) -> str:
    """Canonical code; a document needs an open recipient, a recall goes to who *got* its target.

    For the time that its rule set grants, a document to a closed code goes to its one successor:
    the manifest names the closed code, the entry at the same place the successor (regulations §10).
    """
    directory = facts.directory
    try:
        organisation = directory.resolve(code)
    except OrganisationUnknown:
        raise UnknownRecipient(organ=code) from None
    if kind not in CARRIES_DOCUMENT:
        return holder(code, got, directory, today)
    if directory.is_open(code, today):
        return str(organisation.organ_id)
    heirs = directory.current(code, today)
    _, closed_on = organisation.code_period(code, today)
    closed_for = timedelta(-1) if closed_on is None else today - closed_on
    grace = facts.rulings.law.closed_code_grace(str(organisation.organ_id), directory, today)
    if len(heirs) == 1 and timedelta(0) <= closed_for < grace:
        return str(heirs[0].organ_id)
    check_open(code, ClosedRecipient, directory, today)
    return str(organisation.organ_id)


def _check_limits(manifest: Manifest, policy: Policy) -> None:
    sizes = [file.size for file in manifest.files]
    for what, found, limit in (
        ("number of recipients", len(manifest.recipients), policy.max_recipients),
        ("number of files", len(sizes), policy.max_files),
        ("largest file in bytes", max(sizes, default=0), policy.max_file_bytes),
        ("package in bytes", sum(sizes), policy.max_package_bytes),
    ):
        if found > limit:
            raise TooLarge(what=what, found=found, limit=limit)


def _check_files(manifest: Manifest, facts: SubmitFacts) -> None:
    for file in manifest.files:
        size = facts.possessions.get(file.sha256.bytes)
        if size is None:
            raise FileMissing(file=file.name, sha256=file.sha256.hex)
        if size != file.size:
            raise SizeMismatch(what=file.name, found=size, expected=file.size)


def _target(sender: str, facts: SubmitFacts, today: date) -> PackageRow | None:
    """The document that the package is about, if it is the sender's to change."""
    target = facts.target
    if target is None or PackageKind(target.kind) not in CARRIES_DOCUMENT:
        return None
    return target if _owns(sender, target.sender, facts.directory, today) else None


def _target_deliveries(
    manifest: Manifest,
    target: PackageRow | None,
    recipients: tuple[str, ...],
    facts: SubmitFacts,
    moment: Moment,
) -> tuple[DeliveryRow, ...]:
    """The deliveries of the target as the package leaves them."""
    if manifest.target is None:
        return ()
    if target is None:
        raise TargetUnknown(package=manifest.target, action=manifest.kind.value)
    if manifest.kind is PackageKind.UPDATE:
        _check_main_file(manifest, target)
    changed = (
        _target_delivery(manifest, recipient, facts.target_deliveries.get(recipient), moment)
        for recipient in recipients
    )
    return tuple(row for row in changed if row is not None)


def _owns(sender: str, issuer: str, directory: Directory, today: date) -> bool:
    """Whether a document is the sender's own, or of an organisation whose successor it is."""
    if sender == issuer:
        return True
    heirs = directory.current(OrganId(issuer), today)
    return sender in {str(heir.organ_id) for heir in heirs}


def _target_delivery(
    manifest: Manifest, recipient: str, delivery: DeliveryRow | None, moment: Moment
) -> DeliveryRow | None:
    """One delivery of the target after the package, or None if it is not touched now."""
    if delivery is None:
        if manifest.kind is PackageKind.REPLACE:
            return None
        raise TargetUnknown(package=manifest.target, action=f"{manifest.kind.value} at {recipient}")
    return at_target(manifest, delivery, moment)


def at_target(manifest: Manifest, delivery: DeliveryRow, moment: Moment) -> DeliveryRow | None:
    """A delivery of the target after the package, or None if it is not touched now."""
    resume = DeliveryState(delivery.resume_state) if delivery.resume_state else None
    outcome = step_at_target(manifest.kind, DeliveryState(delivery.state), resume)
    if outcome is None:
        return None
    return moved(delivery, outcome, moment, pending=manifest.package_id.bytes)


def _check_main_file(manifest: Manifest, target: PackageRow) -> None:
    signed = {file.sha256 for file in target.files if file.role == FileRole.MAIN.value}
    sent = {file.sha256.bytes for file in manifest.files if file.role is FileRole.MAIN}
    if sent and sent != signed:
        raise MainFileChanged(package=manifest.target)


def new_deliveries(
    manifest: Manifest, sender: str, recipients: tuple[str, ...], moment: Moment
) -> tuple[DeliveryRow, ...]:
    """The deliveries that a package begins; the codes are canonical."""
    if manifest.kind not in CARRIES_DOCUMENT:
        return ()
    return tuple(
        DeliveryRow(
            package_id=manifest.package_id.bytes,
            recipient=recipient,
            sender=sender,
            kind=manifest.kind.value,
            state=_FIRST,
            resume_state="",
            has_lead=False,
            pending_package_id=b"",
            sent_us=moment.now_us,
            updated_us=moment.now_us,
            updated_index=moment.index,
            subject=manifest.document.subject,
            number=str(manifest.document.number),
            urgency=manifest.document.urgency.value,
        )
        for recipient in recipients
    )


def package_row(
    manifest: Manifest, *, sender: str, payload_sha256: bytes, index: int
) -> PackageRow:
    """The row of a package; *sender* is canonical."""
    return PackageRow(
        package_id=manifest.package_id.bytes,
        kind=manifest.kind.value,
        sender=sender,
        payload_sha256=payload_sha256,
        index=index,
        target_package_id=manifest.target.bytes if manifest.target else b"",
        reply_requested=manifest.document.reply_requested,
        files=tuple(
            FileRow(sha256=file.sha256.bytes, size=file.size, name=file.name, role=file.role.value)
            for file in manifest.files
        ),
    )


def _record(
    command: SubmitPackage,
    sender: str,
    recipients: tuple[str, ...],
    created: tuple[DeliveryRow, ...],
) -> PackageRecord:
    """What every party of the package may see.

    What a recall, update or replacement does to the deliveries of its target is not in it: that
    would tell the recipients each other's processing. It follows from the delivery machine.
    """
    return PackageRecord(
        package_id=command.manifest.package_id,
        kind=command.manifest.kind,
        sender=OrganId(sender),
        recipients=tuple(OrganId(recipient) for recipient in recipients),
        payload_sha256=Sha256(command.payload_sha256),
        envelope_sha256=Sha256(command.envelope_sha256),
        target=command.manifest.target,
        effects=tuple(effect(None, row) for row in created),
    )
