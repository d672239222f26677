"""What the scripted axis remembers, and what a package or report does to it."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define

from lienthong.codec.signed import (
    dump_statement_content,
    load_entry,
    load_manifest,
    load_statement,
)
from lienthong.errors import (
    FileMissing,
    IdReused,
    NotFound,
)
from lienthong.flow.delivery import Context, Outcome, step
from lienthong.flow.machine import Actor
from lienthong.flow.packages import CARRIES_DOCUMENT, step_at_target
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId, PackageId, Sha256, StatementId
from lienthong.model.journal import (
    Effect,
    InterconnectionRecord,
    PackageRecord,
    Receipt,
    StatementRecord,
)
from lienthong.model.package import Manifest
from lienthong.model.report import Statement
from lienthong.model.signing import MANIFEST_TYPE, Envelope
from lienthong.testing.journal import MemoryJournal
from lienthong.testing.pki import TestPKI

AXIS = "axis.test"


@define(eq=False)
class Record:
    """One journal entry as the feed shows it."""

    receipt: Receipt
    envelope: Envelope | None
    parties: frozenset[str]

    @property
    def said_by(self) -> str:
        """Who sent or reported it; empty for the axis itself."""
        match load_entry(self.receipt.entry).body:
            case PackageRecord(sender=organ) | StatementRecord(reporter=organ):
                return str(organ)
        return ""


class ScriptedRecords:
    """Entries and states in memory; it believes what clients sign."""

    def __init__(self, pki: TestPKI) -> None:
        self.journal = MemoryJournal(AXIS, clock=lambda: pki.now)
        self.files: dict[bytes, bytes] = {}
        self.records: list[Record] = []
        self.packages: dict[PackageId, tuple[Manifest, Record]] = {}
        self.statements: dict[StatementId, Receipt] = {}
        self.states: dict[tuple[PackageId, OrganId], DeliveryState] = {}
        self.resumed: dict[tuple[PackageId, OrganId], DeliveryState | None] = {}
        self.said: dict[tuple[PackageId, OrganId, DeliveryEvent], bytes] = {}

    def _record(self, envelope: Envelope) -> Receipt:
        if envelope.payload_type == MANIFEST_TYPE:
            return self._record_package(load_manifest(envelope.payload), envelope)
        return self._record_statement(load_statement(envelope.payload), envelope)

    def _record_package(self, manifest: Manifest, envelope: Envelope) -> Receipt:
        known = self.packages.get(manifest.package_id)
        if known is not None:
            if known[1].envelope is None or known[1].envelope.payload != envelope.payload:
                raise IdReused(what="package id")
            return known[1].receipt
        for file in manifest.files:
            if file.sha256.bytes not in self.files:
                raise FileMissing(file=file.name, sha256=file.sha256)
        if manifest.target is not None:
            self._act(manifest, manifest.target)
        effects = self._begin(manifest)
        body = PackageRecord(
            package_id=manifest.package_id,
            kind=manifest.kind,
            sender=manifest.sender,
            recipients=tuple(one.organ_id for one in manifest.recipients),
            payload_sha256=Sha256.of(b""),
            envelope_sha256=Sha256.of(b""),
            target=manifest.target,
            effects=tuple(effects),
        )
        organs = [manifest.sender, *body.recipients]
        record = self._commit(body, envelope, organs)
        self.packages[manifest.package_id] = (manifest, record)
        return record.receipt

    def _begin(self, manifest: Manifest) -> list[Effect]:
        if manifest.kind not in CARRIES_DOCUMENT:
            return []
        for one in manifest.recipients:
            self.states[manifest.package_id, one.organ_id] = DeliveryState.SENT
        return [
            Effect(
                package_id=manifest.package_id,
                recipient=one.organ_id,
                to_state=DeliveryState.SENT,
            )
            for one in manifest.recipients
        ]

    def _act(self, manifest: Manifest, target: PackageId) -> None:
        for one in manifest.recipients:
            key = (target, one.organ_id)
            if key in self.states:
                outcome = step_at_target(manifest.kind, self.states[key], self.resumed.get(key))
                if outcome is not None:
                    self.states[key], self.resumed[key] = outcome.state, outcome.resume_state

    def _replaced(self, statement: Statement) -> list[Effect]:
        """What the acceptance of a replacement does to the old delivery."""
        target = self.packages[statement.package_id][0].target
        if target is None or statement.event is not DeliveryEvent.ACCEPT:
            return []
        key = (target, statement.recipient)
        before = self.states.get(key)
        if before is None:
            return []
        outcome = step(before, DeliveryEvent.REPLACE, Context(actor=Actor.AXIS))
        if outcome.outcome is not Outcome.MOVED:
            return []
        after = self.states[key] = outcome.state
        return [Effect(package_id=target, recipient=key[1], from_state=before, to_state=after)]

    def _record_statement(self, statement: Statement, envelope: Envelope) -> Receipt:
        if statement.statement_id in self.statements:
            return self.statements[statement.statement_id]
        key = (statement.package_id, statement.recipient)
        if key not in self.states:
            raise NotFound(what="package")
        before = self.states[key]
        by_recipient = statement.reporter == statement.recipient
        content = dump_statement_content(statement)
        earlier = self.said.get((*key, statement.event))
        context = Context(
            actor=Actor.RECIPIENT if by_recipient else Actor.SENDER,
            checked=statement.check is not None,
            register_number=statement.register.number if statement.register else None,
            lead_count=statement.lead_count,
            has_lead=True,
            information_only=statement.information_only,
            resume_state=self.resumed.get(key),
            same_content=None if earlier is None else earlier == content,
        )
        outcome = step(before, statement.event, context)
        after = self.states[key] = outcome.state
        self.resumed[key] = outcome.resume_state
        self.said[(*key, statement.event)] = content
        body = StatementRecord(
            statement_id=statement.statement_id,
            package_id=statement.package_id,
            recipient=statement.recipient,
            reporter=statement.reporter,
            event=statement.event,
            payload_sha256=Sha256.of(b""),
            envelope_sha256=Sha256.of(b""),
            effects=(
                Effect(package_id=key[0], recipient=key[1], from_state=before, to_state=after),
                *self._replaced(statement),
            ),
        )
        sender = self.packages[statement.package_id][0].sender
        record = self._commit(body, envelope, [sender, statement.recipient])
        self.statements[statement.statement_id] = record.receipt
        return record.receipt

    def _commit(
        self, body: PackageRecord | StatementRecord, envelope: Envelope, organs: Sequence[OrganId]
    ) -> Record:
        receipt = self.journal.record(body, envelope)
        record = Record(receipt, envelope, frozenset(map(str, organs)))
        self.records.append(record)
        return record

    def _visible(self, organ: str, start: int) -> list[Record]:
        return [one for one in self.records[start:] if organ in one.parties]

    def tell(self, body: InterconnectionRecord, *parties: str) -> Receipt:
        """Record what no envelope belongs to."""
        [receipt] = self.journal.commit([body])
        self.records.append(Record(receipt, None, frozenset({str(body.organ_id), *parties})))
        return receipt
