"""Builds a case, from the package to the last report, with all its evidence and without a node."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from io import BytesIO
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from attrs import evolve

from lienthong.codec.signed import dump_manifest, dump_statement
from lienthong.evidence.checkpoint import Checkpoint
from lienthong.evidence.note import split_note
from lienthong.evidence.parts import (
    BundleContents,
    BundleEntry,
    BundleFile,
    ConsistencyProof,
    consistency_pairs,
)
from lienthong.flow.packages import CARRIES_DOCUMENT
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.document import Document, DocumentSigner
from lienthong.model.ids import DocumentNumber, OrganId, PackageId, Sha256, StatementId
from lienthong.model.journal import Effect, PackageRecord, StatementRecord
from lienthong.model.kinds import DocumentKind
from lienthong.model.package import FileEntry, Manifest, PackageKind, Recipient
from lienthong.model.report import (
    Assignment,
    CheckSummary,
    Reason,
    RegisterEntry,
    Statement,
)
from lienthong.model.signing import MANIFEST_TYPE, STATEMENT_TYPE
from lienthong.model.time import vietnam_date
from lienthong.model.words import FileRole
from lienthong.pki.envelope import sign_envelope
from lienthong.testing.clock import FixedClock
from lienthong.testing.journal import MemoryJournal
from lienthong.testing.pki import KeyKind, TestPKI

SENDER: Final = OrganId("G22.99.01")
RECIPIENT: Final = OrganId("G22.99.02")

Change: TypeAlias = tuple[PackageId, OrganId, DeliveryState | None, DeliveryState]
"""Package, recipient, and the states before and after."""

_UNKNOWN: Final = Sha256(bytes(32))


class CaseBuilder:
    """A sender, its recipients, and an axis that records what the test tells it to.

    The effects of an entry are given by the test, so that wrong ones can be recorded too. Not
    shared between threads.
    """

    def __init__(
        self,
        *,
        axis: str = "axis.test",
        pki: TestPKI | None = None,
        key_kind: KeyKind = KeyKind.P256,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.clock = FixedClock()
        self.pki = pki or TestPKI(self.clock())
        self.journal = MemoryJournal(axis, clock=self.clock, random=random)
        self.entries: list[BundleEntry] = []
        self.files: dict[Sha256, bytes] = {}
        self._key_kind = key_kind
        self._random = random

    def send(
        self,
        *contents: bytes,
        kind: PackageKind = PackageKind.NEW,
        target: PackageId | None = None,
        recipients: Sequence[OrganId] = (RECIPIENT,),
        changes: Iterable[Change] = (),
        document: Mapping[str, Any] = MappingProxyType({}),
    ) -> PackageId:
        """Record a package.

        Args:
            contents: of its files, the main one first.
            kind: what it does.
            target: the earlier package that it is about.
            recipients: who is to receive it.
            changes: further effects; the entry of a package has none.
            document: fields of the document in place of the usual ones.
        """
        now = self.clock()
        manifest = Manifest(
            package_id=PackageId.new(now, self._random(10)),
            kind=kind,
            audience=self.journal.axis,
            sender=SENDER,
            recipients=tuple(Recipient(organ_id=organ) for organ in recipients),
            document=self.document(**document),
            files=tuple(self._file(at, content) for at, content in enumerate(contents)),
            created_at=now,
            target=target,
            reason="" if target is None else "Sai thể thức",
        )
        self.record_package(manifest, changes)
        return manifest.package_id

    def record_package(self, manifest: Manifest, changes: Iterable[Change] = ()) -> None:
        """Sign a manifest as its sender, and record it with the deliveries that it begins."""
        recipients = tuple(recipient.organ_id for recipient in manifest.recipients)
        begun = [
            Effect(package_id=manifest.package_id, recipient=organ, to_state=DeliveryState.SENT)
            for organ in (recipients if manifest.kind in CARRIES_DOCUMENT else ())
        ]
        record = PackageRecord(
            package_id=manifest.package_id,
            kind=manifest.kind,
            sender=manifest.sender,
            recipients=recipients,
            payload_sha256=_UNKNOWN,
            envelope_sha256=_UNKNOWN,
            target=manifest.target,
            effects=(*begun, *map(_effect, changes)),
        )
        self._record(record, manifest.sender, MANIFEST_TYPE, dump_manifest(manifest))

    def report(
        self,
        event: DeliveryEvent,
        package_id: PackageId,
        before: DeliveryState | None = None,
        after: DeliveryState | None = None,
        *,
        recipient: OrganId = RECIPIENT,
        reporter: OrganId | None = None,
        alias: OrganId | None = None,
        changes: Iterable[Change] = (),
        **parts: Any,
    ) -> StatementId:
        """Record a status report.

        Args:
            event: what is reported.
            package_id: with *recipient*, the delivery that it is about.
            before: state of the delivery before; None for a report without effect.
            after: state of the delivery after it.
            recipient: of the delivery.
            reporter: who reports; the recipient without.
            alias: another code of the recipient, by which the report names it.
            changes: what it changes at other deliveries.
            parts: fields of the statement in place of those that the event demands.
        """
        now = self.clock()
        statement = Statement(
            statement_id=StatementId.new(now, self._random(10)),
            audience=self.journal.axis,
            package_id=package_id,
            recipient=alias or recipient,
            reporter=reporter or alias or recipient,
            event=event,
            created_at=now,
            **{**self.parts_of(event), **parts},
        )
        own = [] if after is None else [_effect((package_id, recipient, before, after))]
        self.record_report(
            statement,
            (*own, *map(_effect, changes)),
            recipient=recipient,
            reporter=reporter or recipient,
        )
        return statement.statement_id

    def record_report(
        self,
        statement: Statement,
        effects: Iterable[Effect],
        *,
        recipient: OrganId | None = None,
        reporter: OrganId | None = None,
    ) -> None:
        """Sign a statement as its reporter, and record it with these effects.

        *recipient* and *reporter* are the codes to record, where the statement names others.
        """
        record = StatementRecord(
            statement_id=statement.statement_id,
            package_id=statement.package_id,
            recipient=recipient or statement.recipient,
            reporter=reporter or statement.reporter,
            event=statement.event,
            payload_sha256=_UNKNOWN,
            envelope_sha256=_UNKNOWN,
            effects=tuple(effects),
        )
        self._record(record, record.reporter, STATEMENT_TYPE, dump_statement(statement))

    def contents(self, *, with_files: bool = True) -> BundleContents:
        """Everything recorded so far, for a bundle."""
        pairs = consistency_pairs((item.receipt for item in self.entries), self.journal.checkpoint)
        return BundleContents(
            entries=tuple(self.entries),
            checkpoint=self.journal.checkpoint,
            consistency=tuple(
                ConsistencyProof(old_size=old, new_size=new, hashes=self.journal.prove(old, new))
                for old, new in pairs
            ),
            files=tuple(
                BundleFile(sha256=sha256, open=lambda data=content: BytesIO(data))  # type: ignore[misc]
                for sha256, content in self.files.items()
                if with_files
            ),
        )

    def document(self, **changes: Any) -> Document:
        """A plain official letter."""
        document = Document(
            issuer_code=SENDER,
            issuer_name="Ủy ban nhân dân tỉnh",
            number=DocumentNumber.parse("12/UBND-VX"),
            issued_date=vietnam_date(self.clock()),
            kind=DocumentKind.CONG_VAN,
            subject="V/v rà soát văn bản quy phạm pháp luật",
            signer=DocumentSigner(full_name="Chánh Văn phòng", position="Chủ tịch"),
        )
        return evolve(document, **changes)

    def parts_of(self, event: DeliveryEvent) -> dict[str, Any]:
        """The parts that a report of this event must have."""
        if event is DeliveryEvent.ACCEPT:
            checked = CheckSummary(
                complete=True, intact=True, authentic=True, checked_at=self.clock(), checker="test"
            )
            entry = RegisterEntry(number=1, date=date(2026, 3, 2))
            return {"check": checked, "register": entry}
        if event is DeliveryEvent.FORWARD:
            return {"assignments": (Assignment(unit="Phòng Tổng hợp"),)}
        if event in _WITH_REASON:
            return {"reason": Reason(text="Không đúng nơi nhận")}
        return {}

    def _record(
        self, record: PackageRecord | StatementRecord, organ: OrganId, kind: str, payload: bytes
    ) -> None:
        signer = self.pki.organisation(str(organ), self._key_kind).signer()
        envelope = sign_envelope(signer, kind, payload)
        receipt = self.journal.record(record, envelope)
        self.entries.append(BundleEntry(receipt=receipt, envelope=envelope))
        self.clock.advance(timedelta(minutes=1))

    def _file(self, position: int, content: bytes) -> FileEntry:
        sha256 = Sha256.of(content)
        self.files[sha256] = content
        return FileEntry(
            name=f"tệp {position}.pdf",
            media_type="application/pdf",
            size=len(content),
            sha256=sha256,
            role=FileRole.ATTACHMENT if position else FileRole.MAIN,
        )


_WITH_REASON: Final = frozenset(
    {
        DeliveryEvent.REFUSE,
        DeliveryEvent.REOPEN,
        DeliveryEvent.REQUEST_TAKE_BACK,
        DeliveryEvent.REFUSE_TAKE_BACK,
        DeliveryEvent.REJECT_RECALL,
        DeliveryEvent.REFUSE_UPDATE,
    }
)


def _effect(change: Change) -> Effect:
    package_id, recipient, before, after = change
    return Effect(package_id=package_id, recipient=recipient, from_state=before, to_state=after)


def newest(case: CaseBuilder) -> Checkpoint:
    """The journal's newest checkpoint, as it was signed."""
    return Checkpoint.parse(split_note(case.journal.checkpoint)[0])
