"""Verifying an evidence bundle: numbered steps, each of which can refuse it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256, sha384, sha512
from itertools import pairwise
from typing import BinaryIO, Final

from attrs import define, field, frozen

from lienthong.codec.signed import (
    MAX_ENVELOPE_BYTES,
    MAX_RECEIPT_BYTES,
    load_envelope,
    load_receipt,
)
from lienthong.codec.stamps import MAX_STAMP_PROOF_BYTES, load_stamp_proof
from lienthong.errors import BundleInvalid, LienthongError
from lienthong.evidence.archive import Passing, read_archive
from lienthong.evidence.checkpoint import Checkpoint
from lienthong.evidence.findings import (
    BundleReport,
    DeliveryOutcome,
    FileOutcome,
    StepDone,
    TimelineEntry,
)
from lienthong.evidence.merkle import HASH_SIZE, verify_consistency
from lienthong.evidence.note import VerifierKey
from lienthong.evidence.parts import (
    CHECKPOINT,
    CONSISTENCY,
    ENTRIES,
    FILES,
    INDEX,
    MAX_ENTRIES,
    STAMPS,
    BundleContents,
    BundleEntry,
    ConsistencyProof,
    consistency_pairs,
    declared_files,
    envelope_name,
    file_name,
    in_order,
    proof_name,
    receipt_name,
    small_parts,
    stamp_name,
)
from lienthong.evidence.receipt import (
    CheckpointCache,
    Recorded,
    match_envelope,
    verify_receipt,
)
from lienthong.evidence.replay import Replay
from lienthong.evidence.stamp_findings import StampFinding, StampJudge, judge_entries
from lienthong.model.ids import Sha256
from lienthong.model.journal import Effect, JournalEntry
from lienthong.pki.chain import ChainCache, TrustAnchors
from lienthong.pki.envelope import EnvelopeEvidence, verify_envelope

MAX_TEXT_SIZE: Final = 16 * 1024 * 1024
"""Bytes of the index and of a checkpoint."""

MAX_SMALL_PARTS: Final = 512 * 1024 * 1024
"""Bytes of everything but the files, together; it is held in memory."""

_PROOF_NAME: Final = re.compile(re.escape(CONSISTENCY) + r"([0-9]{19})-([0-9]{19})\.bin")
_LIMITS: Final = {
    INDEX: MAX_TEXT_SIZE,
    CHECKPOINT: MAX_TEXT_SIZE,
    ".bin": 64 * HASH_SIZE,
    ".receipt": MAX_RECEIPT_BYTES,
    ".envelope": MAX_ENVELOPE_BYTES,
    ".stamp": MAX_STAMP_PROOF_BYTES,
}


@define(kw_only=True, eq=False)
class _Case:
    """What the steps know and leave for each other."""

    source: BinaryIO
    key: VerifierKey
    anchors: TrustAnchors
    judge: StampJudge | None
    parts: dict[str, bytes] = field(factory=dict)
    included: dict[str, Sha256] = field(factory=dict)
    """Hash of each file in the bundle, by the name of its part."""

    is_stamped: bool = False
    digests: dict[Sha256, dict[str, bytes]] = field(factory=dict)
    """Further digests of these, where there are time-stamps."""

    contents: BundleContents = field(init=False)
    opened: CheckpointCache = field(factory=lambda: CheckpointCache(MAX_ENTRIES + 1))
    checkpoints: list[Checkpoint] = field(factory=list)
    """All of them, the newest last."""

    entries: list[JournalEntry] = field(factory=list)
    recorded: list[Recorded] = field(factory=list)
    signers: list[EnvelopeEvidence] = field(factory=list)
    files: tuple[FileOutcome, ...] = ()
    effects: list[tuple[Effect, ...]] = field(factory=list)
    deliveries: tuple[DeliveryOutcome, ...] = ()
    stamps: list[StampFinding | None] = field(factory=list)


@frozen(kw_only=True)
class _Step:
    number: int
    name: str
    name_vi: str
    run: Callable[[_Case], int]


def verify_bundle(
    source: BinaryIO, key: VerifierKey, anchors: TrustAnchors, stamps: StampJudge | None = None
) -> BundleReport:
    """Verify a bundle, reading it once from its beginning; memory stays flat however large.

    1. The archive has its one canonical form, and every checksum fits.
    2. Every part can be read.
    3. Every checkpoint is signed by *key*.
    4. Every entry is in the journal of its checkpoint and records its envelope.
    5. All checkpoints are of one journal that only grew.
    6. Every envelope is signed, by a chain that was valid when the axis recorded it.
    7. Every file that is included has the hash and size that its package names.
    8. The index says what is inside, nothing else is, and every part has its one canonical form.
    9. Entries are in order, and their effects are those of the delivery machine, by which recalls,
       updates and replacements are played out.
    10. No time-stamp is false. The report says what each proves: it may have ended.

    Args:
        source: the bundle, at its first byte.
        key: the axis's verifier key, from a trusted source.
        anchors: the authorities that are trusted.
        stamps: judges time-stamps; without it nothing is proven by them.

    Raises:
        BundleInvalid: naming the part that is wrong; no byte of the file is left unchecked.
    """
    return _verify(source, key, anchors, STEPS, stamps)


def _verify(
    source: BinaryIO,
    key: VerifierKey,
    anchors: TrustAnchors,
    steps: Sequence[_Step],
    stamps: StampJudge | None = None,
) -> BundleReport:
    case = _Case(source=source, key=key, anchors=anchors, judge=stamps)
    done = tuple(
        StepDone(number=step.number, name=step.name, name_vi=step.name_vi, count=step.run(case))
        for step in steps
    )
    return BundleReport(
        axis=key.name,
        checkpoint=case.checkpoints[-1],
        steps=done,
        timeline=tuple(
            TimelineEntry.of(*one)
            for one in zip(
                case.entries, case.recorded, case.signers, case.effects, case.stamps, strict=False
            )
        ),
        deliveries=case.deliveries,
        files=case.files,
    )


@contextmanager
def _part(name: str) -> Iterator[None]:
    """Whatever is found wrong inside is wrong with this part."""
    try:
        yield
    except BundleInvalid:
        raise
    except LienthongError as error:
        raise BundleInvalid(part=name, reason=str(error)) from error


# --- Step 1: the archive


def _read(case: _Case) -> int:
    count = total = 0
    for member in read_archive(case.source):
        count += 1
        if member.name.startswith(FILES):
            case.included[member.name] = _hash(case, member)
            continue
        if case.included:
            raise BundleInvalid(part=member.name, reason="it comes after the files")
        data = member.read(_limit(member.name))
        total += len(data)
        if member.name in case.parts or total > MAX_SMALL_PARTS:
            raise BundleInvalid(part=member.name, reason="it is there twice, or all is too much")
        case.parts[member.name] = data
        case.is_stamped |= member.name.startswith(STAMPS)
    return count


def _limit(name: str) -> int:
    for end, limit in _LIMITS.items():
        if name.endswith(end):
            return limit
    raise BundleInvalid(part=name, reason="no such part belongs into a bundle")


def _hash(case: _Case, member: Passing) -> Sha256:
    digest = sha256()
    others = {"SHA-384": sha384(), "SHA-512": sha512()} if case.is_stamped else {}
    for chunk in member.chunks:
        for each in (digest, *others.values()):
            each.update(chunk)
    found = Sha256(digest.digest())
    case.digests[found] = {name: each.digest() for name, each in others.items()}
    if member.name != file_name(found):
        raise BundleInvalid(part=member.name, reason=f"its content has the hash {found.hex}")
    return found


# --- Step 2: the parts


def _decode(case: _Case) -> int:
    names = [name for name in case.parts if name.startswith(ENTRIES) and name.endswith(".receipt")]
    if not names or len(names) > MAX_ENTRIES:
        raise BundleInvalid(part=ENTRIES, reason=f"there are {len(names)} entries")
    proofs = [item for item in case.parts.items() if item[0].startswith(CONSISTENCY)]
    stamps = []
    for name in filter(lambda name: name.startswith(STAMPS), case.parts):
        with _part(name):
            stamps.append(load_stamp_proof(case.parts[name]))
    found = BundleContents(
        entries=tuple(_entry(case, name) for name in names),
        checkpoint=_text(case, CHECKPOINT),
        consistency=tuple(_proof(name, data) for name, data in proofs),
        stamps=tuple(stamps),
    )
    case.contents = in_order(found)
    return len(case.parts)


def _entry(case: _Case, name: str) -> BundleEntry:
    with _part(name):
        receipt = load_receipt(case.parts[name])
    second = envelope_name(receipt.index)
    with _part(second):
        return BundleEntry(receipt=receipt, envelope=load_envelope(_bytes(case, second)))


def _proof(name: str, data: bytes) -> ConsistencyProof:
    sizes = _PROOF_NAME.fullmatch(name)
    if sizes is None or len(data) % HASH_SIZE:
        raise BundleInvalid(part=name, reason="it is no consistency proof")
    hashes = tuple(data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE))
    return ConsistencyProof(old_size=int(sizes[1]), new_size=int(sizes[2]), hashes=hashes)


def _text(case: _Case, name: str) -> str:
    try:
        return _bytes(case, name).decode()
    except UnicodeDecodeError:
        raise BundleInvalid(part=name, reason="it is not valid UTF-8") from None


def _bytes(case: _Case, name: str) -> bytes:
    try:
        return case.parts[name]
    except KeyError:
        raise BundleInvalid(part=name, reason="it is missing") from None


# --- Steps 3 to 5: the journal


def _open_checkpoints(case: _Case) -> int:
    found = set()
    for item in case.contents.entries:
        with _part(receipt_name(item.receipt.index)):
            note = item.receipt.checkpoint
            found.add(case.opened.open(note, case.key, require_exact=True))
    for proof in case.contents.stamps:
        with _part(stamp_name(proof)):
            found.add(case.opened.open(proof.stamp.text, case.key, require_exact=True))
    with _part(CHECKPOINT):
        newest = case.opened.open(case.contents.checkpoint, case.key, require_exact=True)
    case.checkpoints = sorted(found | {newest}, key=lambda each: (each.size, each.root))
    # Another root of the newest size is no newer checkpoint but another journal: step 5 says so.
    if case.checkpoints[-1].size > newest.size:
        raise BundleInvalid(part=CHECKPOINT, reason="an entry or a time-stamp has a newer one")
    return len(case.checkpoints)


def _check_receipts(case: _Case) -> int:
    for item in case.contents.entries:
        with _part(receipt_name(item.receipt.index)):
            found = verify_receipt(item.receipt, case.key, cache=case.opened, require_exact=True)
            case.entries.append(found.entry)
            case.recorded.append(match_envelope(found.entry, item.envelope))
    return len(case.entries)


def _check_consistency(case: _Case) -> int:
    proofs = {(each.old_size, each.new_size): each for each in case.contents.consistency}
    receipts = (item.receipt for item in case.contents.entries)
    wanted = consistency_pairs(receipts, case.contents.checkpoint, case.contents.stamps)
    if tuple(proofs) != wanted:
        raise BundleInvalid(part=CONSISTENCY, reason="a proof is missing or too many")
    for old, new in pairwise(case.checkpoints):
        proof = proofs.get((old.size, new.size))
        if proof is None:
            raise BundleInvalid(part=CHECKPOINT, reason=f"two journals of size {old.size}")
        with _part(proof_name(proof)):
            verify_consistency(old.size, new.size, proof.hashes, old.root, new.root)
    return len(proofs)


# --- Steps 6 and 7: what organisations signed


def _check_signatures(case: _Case) -> int:
    cache = ChainCache()
    for item, entry in zip(case.contents.entries, case.entries, strict=True):
        with _part(envelope_name(entry.index)):
            found = verify_envelope(item.envelope, case.anchors, entry.recorded_at, cache)
            case.signers.append(found)
    return len(case.signers)


def _check_files(case: _Case) -> int:
    declared = declared_files(case.contents.entries)
    included = set(case.included.values())
    for name, digest in case.included.items():
        if digest not in declared:
            raise BundleInvalid(part=name, reason="no package of the case names it")
    case.files = tuple(
        FileOutcome(name=file.name, sha256=digest, size=file.size, included=digest in included)
        for digest, file in declared.items()
    )
    return len(included)


# --- Steps 8 and 9: the whole


def _check_form(case: _Case) -> int:
    with _part(INDEX):
        expected = dict(small_parts(case.contents, case.included.values()))
    if list(case.parts) != list(expected):
        strange = next((name for name in case.parts if name not in expected), INDEX)
        raise BundleInvalid(part=strange, reason="parts are missing, too many, or out of order")
    if list(case.included) != sorted(case.included):
        raise BundleInvalid(part=FILES, reason="the files are out of order")
    for name, data in expected.items():
        if data != case.parts[name]:
            raise BundleInvalid(part=name, reason="it is not what the other parts make it")
    return len(expected) + len(case.included)


def _play(case: _Case) -> int:
    for earlier, later in pairwise(case.entries):
        if earlier.recorded_at > later.recorded_at:
            reason = "the journal's time goes back before it"
            raise BundleInvalid(part=receipt_name(later.index), reason=reason)
    replay = Replay(case.recorded)
    for entry, recorded in zip(case.entries, case.recorded, strict=True):
        case.effects.append(replay.take(entry.index, recorded))
    case.deliveries = replay.deliveries
    return len(case.entries)


# --- Step 10: when, by the clocks of others


def _judge_stamps(case: _Case) -> int:
    case.stamps = judge_entries(case.judge, case.contents, case.recorded, case.digests)
    return len(case.contents.stamps)


STEPS: Final = (
    _Step(number=1, name="archive", name_vi="tệp nén", run=_read),
    _Step(number=2, name="parts", name_vi="các thành phần", run=_decode),
    _Step(number=3, name="checkpoints", name_vi="điểm kiểm tra", run=_open_checkpoints),
    _Step(number=4, name="receipts", name_vi="hồi báo", run=_check_receipts),
    _Step(number=5, name="consistency", name_vi="tính nhất quán", run=_check_consistency),
    _Step(number=6, name="signatures", name_vi="chữ ký", run=_check_signatures),
    _Step(number=7, name="files", name_vi="tệp đính kèm", run=_check_files),
    _Step(number=8, name="form", name_vi="hình thức", run=_check_form),
    _Step(number=9, name="timeline", name_vi="diễn biến", run=_play),
    _Step(number=10, name="time-stamps", name_vi="dấu thời gian", run=_judge_stamps),
)
