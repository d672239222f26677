"""A small axis for tests: organisations, commands, and the core run against a store in memory."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, Final

from attrs import define, evolve, field

from lienthong.codec.signed import (
    dump_envelope,
    dump_manifest,
    dump_statement,
    dump_statement_content,
)
from lienthong.evidence.digests import envelope_digest
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.document import Document, DocumentSigner
from lienthong.model.ids import DocumentNumber, OrganId, PackageId, Sha256, StatementId
from lienthong.model.kinds import DocumentKind
from lienthong.model.organisation import Directory, OrganCode, Organisation, OrganName
from lienthong.model.package import FileEntry, Manifest, PackageKind, Recipient
from lienthong.model.report import Assignment, CheckSummary, Reason, RegisterEntry, Statement
from lienthong.model.signing import (
    MANIFEST_TYPE,
    STATEMENT_TYPE,
    Envelope,
    Signature,
    SignatureAlgorithm,
)
from lienthong.model.time import to_us
from lienthong.model.words import FileRole
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.sections.directory import DirectoryRules
from lienthong.spi.records import DeliveryRow
from lienthong.testing.clock import START
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.core.commands import Caller, Command, ReportStatus, SubmitPackage
from lienthong_node.core.credentials import Credential, Credentials, Role, Use
from lienthong_node.core.decision import Accepted, Amended, Decision, Moment
from lienthong_node.core.law import Kept, Law
from lienthong_node.core.policy import Policy
from lienthong_node.deciding import decide
from lienthong_node.stores import Registry, write_rows

AXIS: Final = "axis.test"
NOW: Final = START
TODAY: Final = date(2026, 3, 2)
A: Final = "000.00.00.H53"
B: Final = "000.00.13.H53"
C: Final = "000.00.11.H53"
D: Final = "000.00.14.H53"
B_NEW_CODE: Final = "H53.13"
OFFICE: Final = "000.00.01.H53"
"""The contact point of BODY."""

BODY: Final = "000.00.77.H53"
CLOSED: Final = "000.00.21.H53"
HEIR: Final = "000.00.22.H53"
NOBODY: Final = "000.00.99.H53"
POLICY: Final = Policy(axis=AXIS)

MAIN: Final = b"%PDF-1.4 the main file"
ANNEX: Final = b"an annex"

_numbers = count(1)


def organisation(code: str, *, aliases: tuple[str, ...] = (), **fields: Any) -> Organisation:
    """An organisation named after its code; any field can be given."""
    codes = [OrganId(value) for value in (code, *aliases)]
    values: dict[str, Any] = {
        "organ_id": codes[0],
        "codes": [OrganCode(scheme=value.scheme, value=value) for value in codes],
        "names": [OrganName(value=f"Cơ quan {code}")],
    }
    return Organisation(**(values | fields))


ORGANISATIONS: Final = (
    organisation(A),
    organisation(B, aliases=(B_NEW_CODE,)),
    organisation(C),
    organisation(D),
    organisation(OFFICE, contact_point_of=[OrganId(BODY)]),
    organisation(BODY),
    organisation(CLOSED, valid_to=date(2025, 7, 1), successors=[OrganId(HEIR)]),
    organisation(HEIR),
)
DIRECTORY: Final = Directory(ORGANISATIONS)


def caller(organ: str = A, role: Role = Role.AGENCY) -> Caller:
    """Somebody with a certificate of *organ*."""
    return Caller(
        organ=organ,
        roles=frozenset({role.value}),
        fingerprint=hashlib.sha256(organ.encode()).digest(),
    )


def credential(organ: str = A, **fields: Any) -> Credential:
    """A transport credential in force; any field can be given."""
    values: dict[str, Any] = {
        "fingerprint": hashlib.sha256(organ.encode()).hexdigest(),
        "organ_id": organ,
        "use": Use.TRANSPORT,
        "roles": (Role.AGENCY,),
        "subject": f"CN={organ}",
        "not_before": NOW - timedelta(days=1),
        "not_after": NOW + timedelta(days=365),
        "registered_at": NOW,
    }
    return Credential(**(values | fields))


def signing(organ: str) -> Credential:
    """The signing certificate of an organisation, in force."""
    return credential(organ, use=Use.SIGNING, roles=())


def document(**fields: Any) -> Document:
    """A valid document; any field can be given."""
    values: dict[str, Any] = {
        "issuer_code": OrganId(A),
        "issuer_name": "UBND tỉnh",
        "number": DocumentNumber.parse("52/2026/QĐ-UBND"),
        "issued_date": TODAY,
        "kind": DocumentKind.QUYET_DINH,
        "subject": "Về việc gửi, nhận văn bản điện tử",
        "signer": DocumentSigner(full_name="Chủ tịch", position="Chủ tịch UBND tỉnh"),
    }
    return Document(**(values | fields))


def file(content: bytes = MAIN, name: str = "quyet-dinh.pdf", **fields: Any) -> FileEntry:
    """The manifest's line of a file."""
    values: dict[str, Any] = {
        "name": name,
        "media_type": "application/pdf",
        "size": len(content),
        "sha256": Sha256.of(content),
    }
    return FileEntry(**(values | fields))


def package_id() -> PackageId:
    """A new identifier."""
    return PackageId.new(NOW, next(_numbers).to_bytes(10))


def manifest(*recipients: str, **fields: Any) -> Manifest:
    """A manifest of A, to B without recipients; any field can be given."""
    values: dict[str, Any] = {
        "package_id": package_id(),
        "audience": AXIS,
        "sender": OrganId(A),
        "recipients": [Recipient(organ_id=OrganId(code)) for code in recipients or (B,)],
        "document": document(),
        "files": [file()],
        "created_at": NOW,
    }
    return Manifest(**(values | fields))


def submit(
    value: Manifest, *, by: str | None = None, contents: tuple[bytes, ...] = (MAIN, ANNEX)
) -> SubmitPackage:
    """The command that hands a manifest over; its files come with it."""
    envelope = _envelope(dump_manifest(value), MANIFEST_TYPE)
    declared = {file.sha256.bytes for file in value.files}
    pairs = [(hashlib.sha256(content).digest(), content) for content in contents]
    return SubmitPackage(
        caller=caller(by or str(value.sender)),
        manifest=value,
        signer=signer_of(by or str(value.sender)),
        payload_sha256=hashlib.sha256(envelope.payload).digest(),
        envelope_sha256=envelope_digest(envelope),
        envelope=dump_envelope(envelope),
        contents=tuple(pair for pair in pairs if pair[0] in declared),
    )


def statement(
    event: DeliveryEvent, package: PackageId, *, recipient: str = B, **fields: Any
) -> Statement:
    """A valid report of the recipient; any field can be given."""
    values: dict[str, Any] = {
        "statement_id": StatementId.new(NOW, next(_numbers).to_bytes(10)),
        "audience": AXIS,
        "package_id": package,
        "recipient": OrganId(recipient),
        "reporter": OrganId(recipient),
        "event": event,
        "created_at": NOW,
    }
    return Statement(**(values | _parts(event) | fields))


def report(value: Statement, *, by: str | None = None) -> ReportStatus:
    """The command that hands a report over."""
    envelope = _envelope(dump_statement(value), STATEMENT_TYPE)
    return ReportStatus(
        caller=caller(by or str(value.reporter)),
        statement=value,
        signer=signer_of(by or str(value.reporter)),
        payload_sha256=hashlib.sha256(envelope.payload).digest(),
        content_sha256=hashlib.sha256(dump_statement_content(value)).digest(),
        envelope_sha256=envelope_digest(envelope),
        envelope=dump_envelope(envelope),
    )


def grace_of(days: int) -> Law:
    """A rule set of the whole axis by which closed codes lead on for so many days."""
    rules = RuleSet(
        name="grace", title="Grace", directory=DirectoryRules(closed_code_grace_days=days)
    )
    return Law().after([Kept(organ_id="", value=rules, version=1)])


def signer_of(organ: str) -> str:
    """Fingerprint of the signing certificate of whoever answers to a code."""
    code = OrganId(organ)
    known = DIRECTORY.resolve(code).organ_id if code in DIRECTORY else code
    return hashlib.sha256(str(known).encode()).hexdigest()


def signing_credentials(**fields: Any) -> Credentials:
    """A signing certificate in force for every organisation; any field can be given."""
    return Credentials(
        evolve(signing(str(organisation.organ_id)), **fields)
        for organisation in DIRECTORY.organisations
    )


def _parts(event: DeliveryEvent) -> dict[str, Any]:
    """What an event demands."""
    reason = Reason(text="lý do")
    parts: dict[DeliveryEvent, dict[str, Any]] = {
        DeliveryEvent.ACCEPT: {
            "register": RegisterEntry(number=125, date=TODAY),
            "check": CheckSummary(complete=True, intact=True, authentic=True, checked_at=NOW),
        },
        DeliveryEvent.REFUSE: {"reason": reason},
        DeliveryEvent.FORWARD: {"assignments": [Assignment(unit="Phòng CNTT")]},
        DeliveryEvent.REQUEST_TAKE_BACK: {"reason": reason},
        DeliveryEvent.REFUSE_TAKE_BACK: {"reason": reason},
        DeliveryEvent.REJECT_RECALL: {"reason": reason},
        DeliveryEvent.REFUSE_UPDATE: {"reason": reason},
        DeliveryEvent.REOPEN: {"reason": reason},
    }
    return parts.get(event, {})


def _envelope(payload: bytes, payload_type: str) -> Envelope:
    """Signed by nobody: whoever needs the signature has verified it before."""
    signature = Signature(
        algorithm=SignatureAlgorithm.ED25519, value=b"\1" * 64, chain=(b"certificate",)
    )
    return Envelope(payload=payload, payload_type=payload_type, signatures=(signature,))


@define(eq=False)
class World:
    """The core with a store: what was accepted is there for what comes next."""

    store: MemoryRecordStore = field(factory=MemoryRecordStore)
    directory: Directory = DIRECTORY
    credentials: Credentials = field(factory=signing_credentials)
    policy: Policy = POLICY
    law: Law = field(factory=lambda: grace_of(0))
    now: datetime = NOW
    size: int = 0

    def decide(self, command: Command) -> Decision:
        """Let the core decide and keep what it accepts."""
        moment = Moment(
            index=self.size,
            now=self.now,
            now_us=to_us(self.now),
            clock=self.now,
            directory_version=0,
        )
        registry = Registry(directory=self.directory, credentials=self.credentials, law=self.law)
        with self.store.write() as tx:
            decision = decide(tx, command, registry, moment, self.policy, lambda: False)
            if isinstance(decision, Accepted):
                write_rows(tx, decision)
                self.size += 1
            elif isinstance(decision, Amended):
                tx.put_deliveries((decision.delivery,))
        return decision

    def send(self, *recipients: str, **fields: Any) -> PackageId:
        """Have a package accepted."""
        value = manifest(*recipients, **fields)
        assert isinstance(self.decide(submit(value)), Accepted)
        return value.package_id

    def say(
        self, event: DeliveryEvent, package: PackageId, recipient: str = B, **fields: Any
    ) -> Accepted:
        """Have a report accepted."""
        value = statement(event, package, recipient=recipient, **fields)
        decision = self.decide(report(value))
        assert isinstance(decision, Accepted)
        return decision

    def ask_back(self, package: PackageId, recipient: str = B) -> Accepted:
        """Have the sender ask for a delivery back."""
        event = DeliveryEvent.REQUEST_TAKE_BACK
        return self.say(event, package, recipient, reporter=OrganId(A))

    def bring_to(self, state: DeliveryState, package: PackageId, recipient: str = B) -> None:
        """Move a delivery forward to one of the states of ordinary work."""
        for target, event in _WAY:
            self.say(event, package, recipient)
            if target is state:
                return
        raise ValueError(state)

    def delivery(self, package: PackageId, recipient: str = B) -> DeliveryRow:
        """The delivery's row."""
        with self.store.read() as view:
            rows = {row.recipient: row for row in view.deliveries(package.bytes)}
        return rows[recipient]

    def state(self, package: PackageId, recipient: str = B) -> DeliveryState:
        return DeliveryState(self.delivery(package, recipient).state)

    def possess(self, organ: str, content: bytes) -> None:
        """Note that an organisation has uploaded a file."""
        with self.store.write() as tx:
            tx.add_possession(organ, hashlib.sha256(content).digest(), len(content))


_WAY: Final = (
    (DeliveryState.ARRIVED, DeliveryEvent.ARRIVE),
    (DeliveryState.ACCEPTED, DeliveryEvent.ACCEPT),
    (DeliveryState.FORWARDED, DeliveryEvent.FORWARD),
    (DeliveryState.IN_PROGRESS, DeliveryEvent.START),
    (DeliveryState.COMPLETED, DeliveryEvent.COMPLETE),
)


def recall(target: PackageId, *recipients: str, **fields: Any) -> Manifest:
    """A recall of A."""
    values: dict[str, Any] = {"files": [], "reason": "ban hành nhầm"}
    return manifest(*recipients, kind=PackageKind.RECALL, target=target, **(values | fields))


def update(target: PackageId, *recipients: str, **fields: Any) -> Manifest:
    """An update of A that brings an annex."""
    annex = file(ANNEX, "phu-luc.pdf", role=FileRole.ATTACHMENT)
    values: dict[str, Any] = {"files": [annex], "reason": "thiếu phụ lục"}
    return manifest(*recipients, kind=PackageKind.UPDATE, target=target, **(values | fields))


def replace(target: PackageId, *recipients: str, **fields: Any) -> Manifest:
    """A replacement of A."""
    values: dict[str, Any] = {"reason": "sai thể thức"}
    return manifest(*recipients, kind=PackageKind.REPLACE, target=target, **(values | fields))


def changed(value: Manifest, **fields: Any) -> Manifest:
    """The same manifest with other content."""
    return evolve(value, **fields)
