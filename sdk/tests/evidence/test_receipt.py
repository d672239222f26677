"""Receipts: verified by us, and by a second program that shares no code with us (L-05)."""

from __future__ import annotations

import random
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from attrs import evolve
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lienthong.codec.signed import dump_entry, dump_receipt, load_entry, load_receipt
from lienthong.errors import (
    CheckpointInvalid,
    LienthongError,
    NewerEntry,
    ProofInvalid,
    ReceiptInvalid,
)
from lienthong.evidence.checkpoint import Checkpoint, sign_checkpoint
from lienthong.evidence.digests import envelope_digest
from lienthong.evidence.merkle import append
from lienthong.evidence.note import VerifierKey, split_note
from lienthong.evidence.receipt import CheckpointCache, verify_receipt
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId, PackageId, Sha256
from lienthong.model.journal import DirectoryRecord, PackageRecord, Receipt
from lienthong.model.signing import MANIFEST_TYPE, STATEMENT_TYPE, Envelope, Signature
from lienthong.pki.envelope import sign_envelope
from lienthong.testing.case import RECIPIENT, SENDER, CaseBuilder
from lienthong.testing.journal import MemoryJournal
from lienthong.testing.signer import MemorySigner


def build() -> CaseBuilder:
    case = CaseBuilder()
    package = case.send(b"main file")
    case.report(DeliveryEvent.ARRIVE, package, DeliveryState.SENT, DeliveryState.ARRIVED)
    return case


CASE = build()
KEY = CASE.journal.key
PACKAGE, REPORT = CASE.entries


def sealed(entry: bytes, signer: MemorySigner | None = None, axis: str = KEY.name) -> Receipt:
    """A receipt whose proof and checkpoint are right for whatever the entry is."""
    tree = append((), 0, [entry])
    checkpoint = Checkpoint(origin=axis, size=1, root=tree.root)
    note = sign_checkpoint(checkpoint, signer or CASE.journal.signer)
    return Receipt(entry=entry, index=0, inclusion_proof=tree.proofs[0], checkpoint=note)


def test_a_receipt_proves_what_was_recorded_and_when() -> None:
    found = verify_receipt(REPORT.receipt, KEY, envelope=REPORT.envelope)
    assert found.entry == load_entry(REPORT.receipt.entry)
    assert (found.checkpoint.origin, found.checkpoint.size) == (KEY.name, 2)
    assert found.recorded is not None
    assert verify_receipt(REPORT.receipt, KEY).recorded is None


def test_the_cache_changes_nothing_but_the_time() -> None:
    cache = CheckpointCache(capacity=1)
    for _ in range(2):
        for item in CASE.entries:
            assert verify_receipt(item.receipt, KEY, cache=cache) == verify_receipt(
                item.receipt, KEY
            )
    other = VerifierKey.of_signer(KEY.name, MemorySigner.checkpoint())
    with pytest.raises(CheckpointInvalid):
        verify_receipt(REPORT.receipt, other, cache=cache)


# --- Step 1: the checkpoint


def test_a_checkpoint_of_another_key_is_refused() -> None:
    forged = sealed(PACKAGE.receipt.entry, MemorySigner.checkpoint())
    with pytest.raises(CheckpointInvalid):
        verify_receipt(forged, KEY)


def test_a_cosigned_checkpoint_is_accepted_unless_it_must_be_exact() -> None:
    witness = MemorySigner.checkpoint()
    checkpoint = Checkpoint.parse(split_note(PACKAGE.receipt.checkpoint)[0])
    line = sign_checkpoint(evolve(checkpoint, origin="witness"), witness).rpartition("\n\n")[2]
    cosigned = evolve(PACKAGE.receipt, checkpoint=PACKAGE.receipt.checkpoint + line)
    verify_receipt(cosigned, KEY)
    with pytest.raises(CheckpointInvalid):
        verify_receipt(cosigned, KEY, require_exact=True)


# --- Step 2: the proof


@pytest.mark.parametrize(
    "receipt",
    [
        evolve(REPORT.receipt, inclusion_proof=()),
        evolve(REPORT.receipt, inclusion_proof=(bytes(32),)),
        evolve(REPORT.receipt, inclusion_proof=REPORT.receipt.inclusion_proof * 2),
        evolve(REPORT.receipt, index=0),
        evolve(REPORT.receipt, index=2),
        evolve(REPORT.receipt, entry=PACKAGE.receipt.entry),
        evolve(REPORT.receipt, checkpoint=PACKAGE.receipt.checkpoint),
    ],
)
def test_an_entry_that_is_not_in_the_journal_is_refused(receipt: Receipt) -> None:
    with pytest.raises(ProofInvalid):
        verify_receipt(receipt, KEY)


# --- Step 3: the entry


def test_an_entry_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ReceiptInvalid, match="cannot be read"):
        verify_receipt(sealed(b"rubbish"), KEY)


def test_an_entry_of_a_newer_axis_is_no_damage() -> None:
    """Who reads a feed is told to upgrade, not that the journal was altered."""
    entry = load_entry(PACKAGE.receipt.entry)
    data = dump_entry(entry) + b"\xfa\x01\x02hi"
    with pytest.raises(NewerEntry, match="31") as caught:
        load_entry(data)
    assert caught.value.code == "codec.newer_entry"
    with pytest.raises(NewerEntry):
        verify_receipt(sealed(data), KEY)


def test_an_entry_with_another_index_is_refused() -> None:
    with pytest.raises(ReceiptInvalid, match="number 1, not 0"):
        verify_receipt(sealed(REPORT.receipt.entry), KEY)


def test_an_entry_of_another_axis_is_refused() -> None:
    entry = evolve(load_entry(PACKAGE.receipt.entry), axis="other.example")
    with pytest.raises(ReceiptInvalid, match="of other"):
        verify_receipt(sealed(dump_entry(entry)), KEY)


# --- Step 4: the envelope


def test_a_receipt_for_another_envelope_is_refused() -> None:
    with pytest.raises(ReceiptInvalid, match="another envelope"):
        verify_receipt(PACKAGE.receipt, KEY, envelope=REPORT.envelope)


@pytest.mark.parametrize("part", ["payload", "payload_type", "value", "algorithm", "chain"])
def test_every_part_of_the_envelope_is_bound(part: str) -> None:
    signature = PACKAGE.envelope.signatures[0]
    others: dict[str, Any] = {
        "payload": PACKAGE.envelope.payload + b".",
        "payload_type": STATEMENT_TYPE,
        "value": signature.value[:-1] + bytes([signature.value[-1] ^ 1]),
        "algorithm": REPORT_ALGORITHM,
        "chain": signature.chain[:1],
    }
    if part.startswith("payload"):
        altered = evolve(PACKAGE.envelope, **{part: others[part]})
    else:
        changed = evolve(signature, **{part: others[part]})
        altered = evolve(PACKAGE.envelope, signatures=(changed,))
    with pytest.raises(ReceiptInvalid, match="another envelope"):
        verify_receipt(PACKAGE.receipt, KEY, envelope=altered)


REPORT_ALGORITHM = next(
    each for each in type(REPORT.envelope.signatures[0].algorithm) if each.value == "ED25519"
)


def test_signatures_cannot_trade_parts_without_changing_the_digest() -> None:
    def envelope(*chains: tuple[bytes, ...]) -> Envelope:
        algorithm = REPORT_ALGORITHM
        signatures = tuple(
            Signature(algorithm=algorithm, value=b"v", chain=chain) for chain in chains
        )
        return Envelope(payload=b"p", payload_type=MANIFEST_TYPE, signatures=signatures)

    together = envelope((b"a", b"ED25519", b"v", b"b"))
    apart = envelope((b"a",), (b"b",))
    assert envelope_digest(together) != envelope_digest(apart)


def misrecorded(**changes: Any) -> Receipt:
    """A receipt whose entry says something else about the package than its manifest."""
    entry = load_entry(PACKAGE.receipt.entry)
    return sealed(dump_entry(evolve(entry, body=evolve(entry.body, **changes))))


@pytest.mark.parametrize(
    "changes",
    [
        {"package_id": PackageId.new(CASE.clock(), bytes(10))},
        {"target": PackageId.new(CASE.clock(), bytes(10))},
        {"recipients": (RECIPIENT, SENDER)},
    ],
    ids=["package", "target", "recipients"],
)
def test_an_entry_that_contradicts_its_manifest_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ReceiptInvalid, match="something else"):
        verify_receipt(misrecorded(**changes), KEY, envelope=PACKAGE.envelope)


def test_an_entry_that_contradicts_its_report_is_refused() -> None:
    entry = load_entry(REPORT.receipt.entry)
    body = evolve(entry.body, event=DeliveryEvent.ACCEPT)  # type: ignore[arg-type]
    receipt = sealed(dump_entry(evolve(entry, index=0, body=body)))
    with pytest.raises(ReceiptInvalid, match="something else"):
        verify_receipt(receipt, KEY, envelope=REPORT.envelope)


def test_a_package_for_another_axis_is_refused() -> None:
    other = CaseBuilder(axis="other.example", pki=CASE.pki)
    other.send(b"main file")
    entry = evolve(load_entry(other.entries[0].receipt.entry), axis=KEY.name)
    with pytest.raises(ReceiptInvalid, match="something else"):
        verify_receipt(sealed(dump_entry(entry)), KEY, envelope=other.entries[0].envelope)


def record(kind: str, payload: bytes) -> tuple[Receipt, Envelope]:
    envelope = sign_envelope(CASE.pki.organisation("x").signer(), kind, payload)
    journal = MemoryJournal(KEY.name, signer=CASE.journal.signer)
    body = load_entry(PACKAGE.receipt.entry).body
    assert isinstance(body, PackageRecord)
    return journal.record(body, envelope), envelope


def test_an_unreadable_payload_is_refused() -> None:
    receipt, envelope = record(MANIFEST_TYPE, b"rubbish")
    with pytest.raises(ReceiptInvalid, match="cannot be read"):
        verify_receipt(receipt, KEY, envelope=envelope)


def test_a_statement_is_no_package() -> None:
    receipt, envelope = record(STATEMENT_TYPE, PACKAGE.envelope.payload)
    with pytest.raises(ReceiptInvalid, match="another kind"):
        verify_receipt(receipt, KEY, envelope=envelope)


def test_a_change_of_the_directory_has_no_envelope() -> None:
    journal = MemoryJournal(KEY.name, signer=CASE.journal.signer)
    body = DirectoryRecord(
        version=1, subject="organisation", organ_id=SENDER, change_sha256=Sha256(bytes(32))
    )
    receipt = journal.commit([body])[0]
    assert verify_receipt(receipt, KEY).entry.body == body
    with pytest.raises(ReceiptInvalid, match="the axis itself"):
        verify_receipt(receipt, KEY, envelope=PACKAGE.envelope)


# --- Many receipts, a second program, and planted faults (L-05) ----------------------------------


def fields(data: bytes) -> dict[int, list[Any]]:
    """A protobuf message by field number; enough for receipts."""
    found: dict[int, list[Any]] = {}
    position = 0

    def varint() -> int:
        nonlocal position
        value = shift = 0
        while True:
            octet = data[position]
            position += 1
            value |= (octet & 127) << shift
            if octet < 128:
                return value
            shift += 7

    while position < len(data):
        key = varint()
        if key & 7 == 0:
            found.setdefault(key >> 3, []).append(varint())
        else:
            size = varint()
            found.setdefault(key >> 3, []).append(data[position : position + size])
            position += size
    return found


class SecondProgram:
    """Verifies serialised receipts with hashlib and Ed25519 alone, as RFC 6962 words it."""

    def __init__(self, key: str) -> None:
        self.name, _, rest = key.partition("+")
        self.public = b64decode(rest.partition("+")[2])[1:]
        self.notes: dict[bytes, tuple[int, bytes]] = {}

    def accepts(self, data: bytes) -> bool:
        try:
            receipt = fields(data)
            size, root = self.open(receipt[4][0])
            index = receipt.get(2, [0])[0]
            entry, proof = receipt[1][0], receipt.get(3, [])
            inside = self.root(index, size, sha256(b"\x00" + entry).digest(), proof) == root
            return inside and fields(entry).get(1, [0])[0] == index
        except (IndexError, KeyError, ValueError, InvalidSignature):
            return False

    def open(self, note: bytes) -> tuple[int, bytes]:
        if note not in self.notes:
            text, _, line = note.rpartition(b"\n\n")
            value = b64decode(line.split(b" ")[2].strip(), validate=True)
            Ed25519PublicKey.from_public_bytes(self.public).verify(value[4:], text + b"\n")
            origin, size, root = text.decode().split("\n")
            if origin != self.name:
                raise ValueError(origin)
            self.notes[note] = int(size), b64decode(root)
        return self.notes[note]

    def root(self, index: int, size: int, leaf: bytes, proof: list[bytes]) -> bytes:
        """MTH of a tree of *size* from PATH(index), taken apart from its root side."""
        if size == 1:
            if index or proof:
                raise ValueError("no such leaf")
            return leaf
        half = 1 << ((size - 1).bit_length() - 1)
        if index < half:
            left, right = self.root(index, half, leaf, proof[:-1]), proof[-1]
        else:
            left, right = proof[-1], self.root(index - half, size - half, leaf, proof[:-1])
        return sha256(b"\x01" + left + right).digest()


def many(count: int) -> tuple[VerifierKey, list[bytes]]:
    dice = random.Random("receipts")
    journal = MemoryJournal(random=dice.randbytes)
    receipts: list[bytes] = []
    while len(receipts) < count:
        bodies = [
            DirectoryRecord(
                version=dice.randrange(1, 2**40),
                subject="organisation",
                organ_id=OrganId(f"G22.{dice.randrange(1, 99):02d}"),
                change_sha256=Sha256(dice.randbytes(32)),
            )
            for _ in range(min(dice.randrange(1, 200), count - len(receipts)))
        ]
        receipts.extend(map(dump_receipt, journal.commit(bodies)))
    return journal.key, receipts


def ours(key: VerifierKey) -> Callable[[bytes], bool]:
    cache = CheckpointCache()

    def accepts(data: bytes) -> bool:
        try:
            verify_receipt(load_receipt(data), key, cache=cache)
        except LienthongError:
            return False
        return True

    return accepts


@pytest.fixture(scope="module")
def receipts() -> tuple[VerifierKey, list[bytes]]:
    return many(10_000)


def altered(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


def test_both_programs_accept_ten_thousand_receipts(
    receipts: tuple[VerifierKey, list[bytes]],
) -> None:
    key, found = receipts
    mine, second = ours(key), SecondProgram(str(key)).accepts
    assert sum(map(mine, found)) == sum(map(second, found)) == 10_000


def test_no_altered_receipt_is_accepted(receipts: tuple[VerifierKey, list[bytes]]) -> None:
    key, found = receipts
    dice = random.Random("altered")
    mutants = [altered(dice.choice(found), dice) for _ in range(1_000)]
    assert sum(map(ours(key), mutants)) == 0


def without_proof(key: VerifierKey) -> Callable[[bytes], bool]:
    """Planted: believes the checkpoint without looking for the entry in its tree."""

    def accepts(data: bytes) -> bool:
        try:
            receipt = load_receipt(data)
            CheckpointCache().open(receipt.checkpoint, key)
            return load_entry(receipt.entry).index == receipt.index
        except LienthongError:
            return False

    return accepts


def without_signature(_key: VerifierKey) -> Callable[[bytes], bool]:
    """Planted: checks the proof against a checkpoint that nobody signed."""

    def accepts(data: bytes) -> bool:
        try:
            receipt = load_receipt(data)
            checkpoint = Checkpoint.parse(split_note(receipt.checkpoint)[0])
            resigned = MemorySigner.checkpoint()
            note = sign_checkpoint(checkpoint, resigned)
            key = VerifierKey.of_signer(checkpoint.origin, resigned)
            verify_receipt(evolve(receipt, checkpoint=note), key)
        except LienthongError:
            return False
        return True

    return accepts


@pytest.mark.parametrize("planted", [without_proof, without_signature])
def test_a_broken_verifier_is_caught(
    planted: Callable[[VerifierKey], Callable[[bytes], bool]],
    receipts: tuple[VerifierKey, list[bytes]],
) -> None:
    key, found = receipts
    dice = random.Random("planted")
    mutants = [altered(dice.choice(found), dice) for _ in range(300)]
    assert sum(map(planted(key), mutants)) > 0
