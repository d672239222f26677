"""Receipts of random documents and reports: good ones, altered ones, and lies of an axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from random import Random
from typing import Any, Final, TypeAlias

from attrs import evolve, frozen

from lienthong.codec.signed import (
    dump_envelope,
    dump_manifest,
    dump_receipt,
    dump_statement,
    load_envelope,
    load_receipt,
)
from lienthong.evidence.digests import envelope_digest
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import DocumentNumber, OrganId, PackageId, Sha256, StatementId
from lienthong.model.journal import JournalBody, PackageRecord, Receipt, StatementRecord
from lienthong.model.package import FileEntry, Manifest, PackageKind, Recipient
from lienthong.model.report import Statement
from lienthong.model.signing import (
    MANIFEST_TYPE,
    STATEMENT_TYPE,
    Envelope,
    Signature,
    SignatureAlgorithm,
)
from lienthong.model.words import FileRole
from lienthong.pki.dsse import pre_authentication_encoding
from lienthong.pki.envelope import sign_envelope
from lienthong.spi.signer import Signer
from lienthong.testing.case import CaseBuilder
from lienthong.testing.journal import MemoryJournal
from lienthong.testing.pki import Identity, KeyKind, TestPKI

LETTERS: Final = "abcdeghiklmnopqrstuvxyăâđêôơưáàảãạếềểễệ ộỡữự-,./(0123456789)"
EVENTS: Final = tuple(event for event in DeliveryEvent if event.reported)
UNKNOWN: Final = Sha256(bytes(32))

Recorded: TypeAlias = tuple[PackageRecord | StatementRecord, Envelope]


@frozen
class Case:
    """What a verifier is shown."""

    receipt: bytes
    envelope: bytes | None


class Maker:
    """Makes what agencies send, and an axis that records it."""

    def __init__(self, seed: str) -> None:
        self.dice = Random(seed)
        self.pki = TestPKI()
        self.builder = CaseBuilder(pki=self.pki, random=self.dice.randbytes)
        self.builder.clock.set(self.pki.now)
        self.journal = MemoryJournal(
            clock=self.builder.clock, random=self.dice.randbytes, signer=self.builder.journal.signer
        )
        kinds = [*[KeyKind.P256] * 4, KeyKind.P384, KeyKind.ED25519, KeyKind.RSA2048]
        self._signers: list[Signer] = [
            self.pki.organisation(f"cơ quan {number}", kind).signer()
            for number, kind in enumerate(kinds)
        ]
        rsa = self.pki.organisation("cơ quan 6", KeyKind.RSA2048)
        self._signers += [
            rsa.signer(algorithm) for algorithm in SignatureAlgorithm if "RSA" in algorithm.value
        ]

    def good(self, count: int) -> Iterator[Case]:
        """Receipts as an axis gives them, in batches of any size."""
        made = 0
        while made < count:
            recorded = [self.recorded() for _ in range(min(self.dice.randint(1, 90), count - made))]
            made += len(recorded)
            yield from self.receipts(recorded)

    def receipts(self, recorded: list[Recorded]) -> Iterator[Case]:
        self.builder.clock.advance(timedelta(milliseconds=self.dice.randint(0, 900)))
        bodies: list[JournalBody] = [body for body, _ in recorded]
        for receipt, (_, envelope) in zip(self.journal.commit(bodies), recorded, strict=True):
            yield Case(dump_receipt(receipt), dump_envelope(envelope))

    def recorded(self) -> Recorded:
        if self.dice.random() < 0.5:
            return self.package(self.manifest())
        return self.report(self.statement())

    def package(self, manifest: Manifest, envelope: Envelope | None = None) -> Recorded:
        envelope = envelope or self.signed(MANIFEST_TYPE, dump_manifest(manifest))
        record = PackageRecord(
            package_id=manifest.package_id,
            kind=manifest.kind,
            sender=manifest.sender,
            recipients=tuple(recipient.organ_id for recipient in manifest.recipients),
            target=manifest.target,
            **digests(envelope),
        )
        return record, envelope

    def report(self, statement: Statement, envelope: Envelope | None = None) -> Recorded:
        envelope = envelope or self.signed(STATEMENT_TYPE, dump_statement(statement))
        record = StatementRecord(
            statement_id=statement.statement_id,
            package_id=statement.package_id,
            recipient=statement.recipient,
            reporter=statement.reporter,
            event=statement.event,
            **digests(envelope),
        )
        return record, envelope

    def signed(self, kind: str, payload: bytes) -> Envelope:
        """Signed by one organisation, now and then by two."""
        found = sign_envelope(self.dice.choice(self._signers), kind, payload)
        if self.dice.random() < 0.1:
            second = sign_envelope(self.dice.choice(self._signers), kind, payload)
            found = evolve(found, signatures=(*found.signatures, *second.signatures))
        return found

    def manifest(self) -> Manifest:
        dice, now = self.dice, self.builder.clock()
        kind = dice.choice(list(PackageKind))
        target = None if kind is PackageKind.NEW else self.package_id()
        number = DocumentNumber.parse(f"{dice.randint(10, 9999)}/{dice.choice(('QĐ', 'CV'))}-UBND")
        carries = kind in {PackageKind.NEW, PackageKind.REPLACE}
        return Manifest(
            package_id=self.package_id(),
            kind=kind,
            audience=self.journal.axis,
            sender=self.organ(),
            recipients=tuple(
                Recipient(organ_id=OrganId(f"H53.{place}.{dice.randint(1, 99)}"))
                for place in range(1, dice.randint(2, 9))
            ),
            document=self.builder.document(subject=self.text(), number=number),
            files=tuple(self.file(at) for at in range(dice.randint(1, 4) if carries else 0)),
            created_at=now,
            target=target,
            reason="" if target is None else self.text(),
        )

    def statement(self) -> Statement:
        event = self.dice.choice(EVENTS)
        recipient = self.organ()
        return Statement(
            statement_id=StatementId.new(self.builder.clock(), self.dice.randbytes(10)),
            audience=self.journal.axis,
            package_id=self.package_id(),
            recipient=recipient,
            reporter=recipient,
            event=event,
            created_at=self.builder.clock(),
            note=self.text() if self.dice.random() < 0.5 else "",
            **self.builder.parts_of(event),
        )

    def file(self, at: int) -> FileEntry:
        return FileEntry(
            name=f"tệp {at} {self.text()[:20].replace('/', '')}.pdf",
            media_type="application/pdf",
            size=self.dice.randint(1, 10**9),
            sha256=Sha256(self.dice.randbytes(32)),
            role=FileRole.ATTACHMENT if at else FileRole.MAIN,
        )

    def package_id(self) -> PackageId:
        return PackageId.new(self.builder.clock(), self.dice.randbytes(10))

    def organ(self) -> OrganId:
        return OrganId(f"000.00.{self.dice.randint(10, 99)}.H53")

    def text(self) -> str:
        letters = self.dice.choices(LETTERS, k=self.dice.randint(1, 120))
        return "V" + "".join(letters).strip()


def digests(envelope: Envelope) -> dict[str, Any]:
    return {
        "payload_sha256": Sha256.of(envelope.payload),
        "envelope_sha256": Sha256(envelope_digest(envelope)),
    }


def altered(dice: Random, good: list[Case]) -> Case:
    """A receipt with one thing changed, in its bytes or in what they say."""
    case, other = dice.sample(good, 2)
    assert case.envelope is not None
    match dice.randrange(6):
        case 0:
            return Case(_damaged(dice, case.receipt), case.envelope)
        case 1:
            return Case(case.receipt, _damaged(dice, case.envelope))
        case 2:
            return Case(case.receipt, other.envelope)
        case 3:
            return Case(dump_receipt(_mixed(dice, case.receipt, other.receipt)), case.envelope)
        case 4:
            return Case(_other_proof(dice, case.receipt), case.envelope)
        case _:
            return Case(case.receipt, _other_envelope(dice, case.envelope, other.envelope or b""))


def _damaged(dice: Random, data: bytes) -> bytes:
    """A bit, a byte less, or the end missing."""
    at = dice.randrange(len(data))
    choice = dice.randrange(3)
    if choice == 0:
        return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]
    return data[:at] + data[at + 1 :] if choice == 1 else data[:at]


def _mixed(dice: Random, one: bytes, other: bytes) -> Receipt:
    mine, theirs = load_receipt(one), load_receipt(other)
    while True:
        name = dice.choice(("entry", "index", "inclusion_proof", "checkpoint"))
        if getattr(mine, name) != getattr(theirs, name):
            return evolve(mine, **{name: getattr(theirs, name)})


def _other_proof(dice: Random, data: bytes) -> bytes:
    receipt = load_receipt(data)
    proof = list(receipt.inclusion_proof)
    match dice.randrange(4):
        case 0 if proof:
            del proof[dice.randrange(len(proof))]
        case 1 if len(proof) > 1:
            proof.reverse()
        case 2 if proof:
            proof[dice.randrange(len(proof))] = dice.randbytes(32)
        case _:
            proof.insert(dice.randrange(len(proof) + 1), dice.randbytes(32))
    return dump_receipt(evolve(receipt, inclusion_proof=tuple(proof)))


def _other_envelope(dice: Random, one: bytes, other: bytes) -> bytes:
    """Signed again, or with parts of another one."""
    mine, theirs = load_envelope(one), load_envelope(other)
    first = mine.signatures[0]
    choices = [
        evolve(mine, signatures=theirs.signatures),
        evolve(mine, payload=theirs.payload, payload_type=theirs.payload_type),
        evolve(mine, signatures=(first, *mine.signatures)),
        evolve(mine, signatures=(evolve(first, chain=first.chain[:1]),)),
        evolve(mine, signatures=(evolve(first, chain=first.chain[::-1]),)),
    ]
    return dump_envelope(dice.choice([made for made in choices if made != mine]))


def lies(maker: Maker) -> Mapping[str, Case]:
    """What a lying axis signs, and envelopes whose signers may not sign, by name."""
    manifest, statement = maker.manifest(), maker.statement()
    package, envelope = maker.package(manifest)
    report, second = maker.report(statement)
    assert isinstance(package, PackageRecord)
    assert isinstance(report, StatementRecord)
    another = PackageKind.NEW if manifest.kind is PackageKind.RECALL else PackageKind.RECALL
    made: dict[str, Recorded] = {
        "another package id": (evolve(package, package_id=maker.package_id()), envelope),
        "another kind": (evolve(package, kind=another), envelope),
        "another target": (evolve(package, target=maker.package_id()), envelope),
        "a recipient more": (
            evolve(package, recipients=(*package.recipients, maker.organ())),
            envelope,
        ),
        "another report id": (
            evolve(report, statement_id=StatementId.new(maker.pki.now, bytes(10))),
            second,
        ),
        "a report about another package": (evolve(report, package_id=maker.package_id()), second),
        "another event": (evolve(report, event=EVENTS[EVENTS.index(report.event) - 1]), second),
        "another payload's hash": (evolve(package, payload_sha256=UNKNOWN), envelope),
        "another envelope's hash": (evolve(package, envelope_sha256=UNKNOWN), envelope),
        "for another axis": maker.package(evolve(manifest, audience="other.axis")),
        "a manifest as a report": (evolve(report, **digests(envelope)), envelope),
        "a report as a manifest": (evolve(package, **digests(second)), second),
    }
    for name, bad in _bad_envelopes(maker, dump_manifest(manifest)).items():
        made[name] = maker.package(manifest, bad)
    return {name: next(maker.receipts([recorded])) for name, recorded in made.items()}


def _bad_envelopes(maker: Maker, payload: bytes) -> Mapping[str, Envelope]:
    pki = maker.pki
    good = pki.organisation("cơ quan 0")
    signed: Callable[[Identity], Envelope] = lambda who: sign_envelope(  # noqa: E731
        who.signer(), MANIFEST_TYPE, payload
    )
    bad = {
        "expired": signed(pki.expired()),
        "not yet valid": signed(pki.not_yet_valid()),
        "not for signing": signed(pki.wrong_usage()),
        "a stranger's": signed(pki.foreign()),
        "weak": signed(pki.weak()),
        "of the authority": signed(_authority(pki)),
    }
    value = good.signer().sign(pre_authentication_encoding(STATEMENT_TYPE, payload))
    bad["signed as a report"] = _with(value, good.chain, payload)
    bad["signed without its type"] = _with(good.signer().sign(payload), good.chain, payload)
    fine = signed(good)
    bad["another one's chain"] = _with(
        fine.signatures[0].value, pki.organisation("cơ quan 1").chain, payload
    )
    bad["a chain without its middle"] = _with(fine.signatures[0].value, good.chain[:1], payload)
    bad["the wrong algorithm"] = _with(
        fine.signatures[0].value, good.chain, payload, SignatureAlgorithm.ED25519
    )
    return bad


def _authority(pki: TestPKI) -> Identity:
    above = pki.intermediate
    return Identity(name=above.name, key=above.key, chain=above.links)


def _with(
    value: bytes,
    chain: tuple[bytes, ...],
    payload: bytes,
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ECDSA_P256_SHA256,
) -> Envelope:
    signature = Signature(algorithm=algorithm, value=value, chain=chain)
    return Envelope(payload=payload, payload_type=MANIFEST_TYPE, signatures=(signature,))
