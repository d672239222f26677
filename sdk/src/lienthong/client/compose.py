"""Making manifests and statements: what the client fills in for its caller."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from attrs import field, frozen

from lienthong.client.clock import Clock, Randomness
from lienthong.client.files import PreparedFile
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.document import Document, DocumentReference
from lienthong.model.ids import OrganId, PackageId, StatementId
from lienthong.model.package import Manifest, PackageKind, Recipient
from lienthong.model.report import Assignment, CheckSummary, Reason, RegisterEntry, Statement
from lienthong.model.signing import Envelope

AnyOrgan: TypeAlias = str | OrganId
AnyPackageId: TypeAlias = str | PackageId
AnyRecipient: TypeAlias = str | OrganId | Recipient

_RANDOM: int = 10


@frozen(kw_only=True)
class PreparedPackage:
    """A signed package before it is handed over.

    Keep ``envelope`` where it survives a crash if the same package must be repeated afterwards:
    the axis knows a repetition by its bytes.
    """

    manifest: Manifest
    envelope: Envelope
    files: tuple[PreparedFile, ...] = field(repr=False)

    @property
    def package_id(self) -> PackageId:
        return self.manifest.package_id


@frozen(kw_only=True)
class Parts:
    """What a status report says beside its event; only what the event demands is set."""

    reason: Reason | None = None
    register: RegisterEntry | None = None
    check: CheckSummary | None = None
    assignments: tuple[Assignment, ...] = ()
    reply: DocumentReference | None = None
    information_only: bool = False
    note: str = ""
    responsible: str = ""


class Composer:
    """Fills in audience, sender, identifiers and times."""

    def __init__(self, *, axis: str, organ: OrganId, clock: Clock, randomness: Randomness) -> None:
        self._axis = axis
        self._organ = organ
        self._clock = clock
        self._randomness = randomness

    def manifest(
        self,
        kind: PackageKind,
        document: Document,
        files: Sequence[PreparedFile],
        recipients: Iterable[AnyRecipient],
        *,
        package_id: AnyPackageId | None = None,
        sender: AnyOrgan | None = None,
        target: PackageId | None = None,
        reason: str = "",
    ) -> Manifest:
        """A manifest of this moment. Raises what ``Manifest`` raises."""
        now = self._clock()
        if package_id is None:
            package_id = PackageId.new(now, self._randomness(_RANDOM))
        return Manifest(
            package_id=as_package_id(package_id),
            kind=kind,
            audience=self._axis,
            sender=self._organ if sender is None else as_organ(sender),
            recipients=tuple(as_recipient(one) for one in recipients),
            document=document,
            files=tuple(file.entry for file in files),
            created_at=now,
            target=target,
            reason=reason,
        )

    def statement(
        self,
        event: DeliveryEvent,
        package_id: PackageId,
        recipient: OrganId,
        reporter: OrganId,
        parts: Parts,
    ) -> Statement:
        """A statement of this moment. Raises what ``Statement`` raises."""
        now = self._clock()
        return Statement(
            statement_id=StatementId.new(now, self._randomness(_RANDOM)),
            audience=self._axis,
            package_id=package_id,
            recipient=recipient,
            reporter=reporter,
            event=event,
            created_at=now,
            reason=parts.reason,
            register=parts.register,
            check=parts.check,
            assignments=parts.assignments,
            reply=parts.reply,
            information_only=parts.information_only,
            note=parts.note,
            responsible=parts.responsible,
        )


def as_package_id(value: AnyPackageId) -> PackageId:
    """Read an identifier that may be given as text."""
    return value if isinstance(value, PackageId) else PackageId.parse(value)


def as_organ(value: AnyOrgan) -> OrganId:
    """Read a code that may be given as text."""
    return value if isinstance(value, OrganId) else OrganId(value)


def as_recipient(value: AnyRecipient) -> Recipient:
    """Read a recipient that may be given by its code alone."""
    return value if isinstance(value, Recipient) else Recipient(organ_id=as_organ(value))
