"""What a client has signed itself comes back twice: with its receipt, and in the feed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from lienthong.client import Client, FileSource, verify
from lienthong.client.verify import VerifiedReceipt, Verifier
from lienthong.codec.signed import (
    dump_envelope,
    envelope_to_message,
    load_entry,
    load_envelope,
    load_manifest,
    load_statement,
    receipt_to_message,
)
from lienthong.errors import (
    ChainUntrusted,
    FileUndeclared,
    LienthongError,
    ProofInvalid,
    ReceiptInvalid,
)
from lienthong.evidence.parts import BundleEntry
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.document import Document
from lienthong.model.journal import FeedItem, PackageRecord, StatementRecord
from lienthong.model.signing import MANIFEST_TYPE, Envelope
from lienthong.pki.chain import TrustAnchors
from lienthong.pki.envelope import EnvelopeEvidence, sign_envelope
from lienthong.testing.case import SENDER, CaseBuilder
from lienthong.testing.pki import Identity
from lienthong_proto.axis.v1 import exchange_pb2, journal_pb2

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

FILE = FileSource.of_bytes("a.pdf", b"content")


class WatchedVerifier(Verifier):
    """Notes what it spends time on."""

    def __init__(self, case: CaseBuilder) -> None:
        anchors = TrustAnchors([case.pki.root.certificate])
        super().__init__(key=case.journal.key, axis=case.journal.axis, anchors=anchors)
        self.judged: list[Envelope] = []
        self.proven = 0

    def envelope(self, envelope: Envelope, at: datetime) -> EnvelopeEvidence:
        self.judged.append(envelope)
        return super().envelope(envelope, at)

    def receipt(self, message: journal_pb2.Receipt) -> VerifiedReceipt:
        self.proven += 1
        return super().receipt(message)


class Own:
    """A package and a report that were signed here, as the axis tells them."""

    def __init__(self) -> None:
        self.case = CaseBuilder()
        package = self.case.send(b"main file")
        self.case.report(DeliveryEvent.ARRIVE, package, DeliveryState.SENT, DeliveryState.ARRIVED)
        self.package, self.report = self.case.entries
        self.verifier = WatchedVerifier(self.case)
        for entry in (self.package, self.report):
            self.verifier.signed(entry.envelope, content(entry))

    def answered(self, entry: BundleEntry) -> None:
        message = receipt_to_message(entry.receipt)
        verified = self.verifier.receipt_for(message, entry.envelope, content(entry))
        assert verified.receipt == entry.receipt

    def read(self, entry: BundleEntry, change: Callable[[Any], None] | None = None) -> FeedItem:
        message = exchange_pb2.FeedItem(
            receipt=receipt_to_message(entry.receipt), envelope=envelope_to_message(entry.envelope)
        )
        if change is not None:
            change(message)
        return self.verifier.item(message)

    def again(self, entry: BundleEntry, identity: Identity) -> BundleEntry:
        """The same payload, signed once more and recorded as another entry."""
        envelope = sign_envelope(
            identity.signer(), entry.envelope.payload_type, entry.envelope.payload
        )
        record = load_entry(entry.receipt.entry).body
        assert isinstance(record, PackageRecord | StatementRecord)
        return evolve(entry, envelope=envelope, receipt=self.case.journal.record(record, envelope))


@pytest.fixture
def own() -> Own:
    return Own()


def content(entry: BundleEntry) -> Any:
    read = load_manifest if entry.envelope.payload_type == MANIFEST_TYPE else load_statement
    return read(entry.envelope.payload)


def test_either_may_come_first_and_nothing_is_done_twice(own: Own) -> None:
    own.answered(own.package)
    own.read(own.package)
    own.read(own.report)
    own.answered(own.report)
    assert own.verifier.judged == []
    assert own.verifier.proven == 2


def test_it_reads_as_it_does_for_others(own: Own) -> None:
    for entry in (own.package, own.report):
        mine = own.read(entry)
        own.answered(entry)
        assert mine == own.read(entry)
    assert own.verifier.judged == [own.package.envelope, own.report.envelope]


def test_what_was_told_twice_is_forgotten(own: Own) -> None:
    own.read(own.package)
    own.read(own.package)
    assert own.verifier.judged == []
    own.read(own.package)
    assert own.verifier.judged == [own.package.envelope]
    own.answered(own.package)


def test_what_was_not_signed_here_is_judged(own: Own) -> None:
    """A forged envelope was given to ``submit``; a lying axis has a receipt, and tells it."""
    stranger = own.case.pki.foreign()
    forged = own.again(own.package, stranger)
    own.answered(forged)
    with pytest.raises(ChainUntrusted):
        own.read(forged)
    assert own.verifier.judged == [forged.envelope]


def other_signature(item: Any) -> None:
    value = item.envelope.signatures[0].value
    item.envelope.signatures[0].value = value[:-1] + bytes([value[-1] ^ 1])


def other_entry(item: Any) -> None:
    item.receipt.entry = item.receipt.entry[:-1] + bytes([item.receipt.entry[-1] ^ 1])


def unproven(item: Any) -> None:
    del item.receipt.inclusion_proof[:]


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (other_signature, ReceiptInvalid),
        (other_entry, ProofInvalid),
        (unproven, ProofInvalid),
    ],
)
def test_a_feed_that_lies_about_it_is_refused(
    own: Own, change: Callable[[Any], None], expected: type[LienthongError], *, answered: bool
) -> None:
    if answered:
        own.answered(own.report)
    with pytest.raises(expected):
        own.read(own.report, change)
    assert own.read(own.report).statement == content(own.report)


def other_file(item: Any) -> None:
    item.inline_files.append(b"which nobody has declared")


@pytest.mark.parametrize("answered", [False, True])
def test_files_that_it_does_not_declare_are_refused(own: Own, *, answered: bool) -> None:
    if answered:
        own.answered(own.package)
    with pytest.raises(FileUndeclared):
        own.read(own.package, other_file)


@pytest.mark.parametrize("read", [False, True])
def test_a_receipt_of_something_else_is_refused(own: Own, *, read: bool) -> None:
    if read:
        own.read(own.package)
    message = receipt_to_message(own.report.receipt)
    for _ in range(2):
        with pytest.raises(ReceiptInvalid):
            own.verifier.receipt_for(message, own.package.envelope, content(own.package))
    own.answered(own.package)


def test_a_receipt_that_differs_is_checked(own: Own) -> None:
    """As at a later checkpoint: it is right, and not the one that was seen."""
    record = load_entry(own.package.receipt.entry).body
    assert isinstance(record, PackageRecord)
    later = own.case.journal.record(record, own.package.envelope)
    own.answered(own.package)
    own.answered(evolve(own.package, receipt=later))
    own.read(evolve(own.package, receipt=later))
    assert (own.verifier.proven, own.verifier.judged) == (2, [])


@pytest.mark.parametrize(("is_known", "expected"), [(True, None), (False, ChainUntrusted)])
def test_the_same_payload_signed_otherwise_is_judged(
    own: Own, expected: type[LienthongError] | None, *, is_known: bool
) -> None:
    """Another system of the organisation may have been faster, or somebody who has read it."""
    pki = own.case.pki
    again = own.again(own.package, pki.organisation(str(SENDER)) if is_known else pki.foreign())
    with pytest.raises(expected) if expected else nullcontext():
        own.read(again)
    assert own.verifier.judged == [again.envelope]
    own.answered(own.package)


@pytest.mark.parametrize(("name", "limit"), [("OWN_ENVELOPES", 1), ("OWN_BYTES", 10)])
def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, name: str, limit: int) -> None:
    monkeypatch.setattr(verify, name, limit)
    own = Own()
    own.read(own.package)
    assert own.verifier.judged == [own.package.envelope]
    own.answered(own.package)


def test_an_envelope_that_was_kept_as_bytes_is_known_again(own: Own) -> None:
    kept = load_envelope(dump_envelope(own.package.envelope))
    message = receipt_to_message(own.package.receipt)
    own.verifier.receipt_for(message, kept, content(own.package))
    own.read(own.package)
    assert (own.verifier.proven, own.verifier.judged) == (1, [])


def test_what_is_remembered_holds_no_page_of_a_feed(own: Own) -> None:
    """A part of a message keeps all of it: 4 096 pages would be gigabytes."""
    page = exchange_pb2.SubscribeResponse()
    item = page.items.add()
    item.receipt.CopyFrom(receipt_to_message(own.package.receipt))
    item.envelope.CopyFrom(envelope_to_message(own.package.envelope))
    own.verifier.item(item)
    item.receipt.index += 1
    own.answered(own.package)
    assert own.verifier.proven == 1


class TestClient:
    """Of the clients here: only what they have signed is known to them."""

    @pytest.fixture
    def judged(self, monkeypatch: pytest.MonkeyPatch) -> list[Envelope]:
        found: list[Envelope] = []
        inner = Verifier.envelope

        def envelope(verifier: Verifier, one: Envelope, at: datetime) -> EnvelopeEvidence:
            found.append(one)
            return inner(verifier, one, at)

        monkeypatch.setattr(Verifier, "envelope", envelope)
        return found

    def test_own_packages_and_reports_are_not_judged(
        self, sender: Client, recipient: Client, document: Document, judged: list[Envelope]
    ) -> None:
        sender.send(document, [FILE], ["000.00.13.H53"])
        [package] = sender.feed()
        assert judged == []
        assert list(recipient.feed()) == [package]
        assert package.manifest is not None
        recipient.arrived(package.manifest.package_id)
        assert len(list(recipient.feed(after=package.next_index))) == 1
        assert judged == [package.envelope]

    def test_what_was_given_to_submit_is_judged(
        self, axis: ScriptedAxis, sender: Client, document: Document, judged: list[Envelope]
    ) -> None:
        signer = axis.pki.organisation("000.00.00.H53").signer()
        profile = axis.profile("000.00.00.H53")
        with Client(profile, signer=signer, clock=lambda: axis.pki.now) as other:
            package = other.prepare(document, [FILE], ["000.00.13.H53"])
        sender.submit(package.envelope, [FILE])
        [item] = sender.feed()
        assert judged == [item.envelope]
