"""What an evidence bundle consists of, and the one way in which each part is written.

Members, in this order::

    index.json                       what is inside; everything in it follows from the other parts
    checkpoint.txt                   the newest signed checkpoint
    consistency/<old>-<new>.bin      hashes of the proof between two checkpoints, 32 bytes each
    entries/<index>.receipt          serialised Receipt
    entries/<index>.envelope         serialised Envelope
    stamps/<size>.stamp              serialised StampProof of the checkpoint of that size
    files/<sha256>                   contents, as far as they are included

Sizes and indices in names have 19 digits, so that they sort. Every part can be made anew from what
was read from it; a part that then differs was altered.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final

from attrs import evolve, field, frozen

from lienthong.codec.signed import (
    dump_envelope,
    dump_receipt,
    load_entry,
    load_manifest,
)
from lienthong.codec.stamps import dump_stamp_proof
from lienthong.errors import BundleInvalid
from lienthong.evidence.archive import Opener
from lienthong.evidence.checkpoint import Checkpoint
from lienthong.evidence.note import split_note
from lienthong.model.ids import PackageId, Sha256
from lienthong.model.journal import JournalEntry, PackageRecord, Receipt, StatementRecord
from lienthong.model.package import FileEntry
from lienthong.model.signing import Envelope
from lienthong.model.stamps import StampProof
from lienthong.model.time import format_vietnam

FORMAT: Final = "lienthong-bundle"
VERSION: Final = 1
STAMPED_VERSION: Final = 2
"""Of bundles with time-stamps, which readers of the first version refuse."""

INDEX: Final = "index.json"
CHECKPOINT: Final = "checkpoint.txt"
CONSISTENCY: Final = "consistency/"
ENTRIES: Final = "entries/"
STAMPS: Final = "stamps/"
FILES: Final = "files/"

MAX_ENTRIES: Final = 20_000


@frozen(kw_only=True)
class BundleEntry:
    """One journal entry of the case with the envelope that it records."""

    receipt: Receipt
    envelope: Envelope = field(repr=False)


@frozen(kw_only=True)
class ConsistencyProof:
    """That the journal at the older size is a prefix of that at the newer one."""

    old_size: int
    new_size: int
    hashes: tuple[bytes, ...] = field(repr=False)


@frozen(kw_only=True)
class BundleFile:
    """A file of a package, to be copied into the bundle."""

    sha256: Sha256
    open: Opener = field(repr=False, eq=False)


@frozen(kw_only=True)
class BundleContents:
    """Everything that goes into a bundle: one case, from the package to the last report."""

    entries: tuple[BundleEntry, ...]
    """In journal order: the packages of the case and all reports about them."""

    checkpoint: str
    """The newest signed checkpoint that the exporter has."""

    consistency: tuple[ConsistencyProof, ...] = ()
    """One for each pair that ``consistency_pairs`` names."""

    stamps: tuple[StampProof, ...] = field(default=(), repr=False)
    """Time-stamps of checkpoints up to the newest one."""

    files: tuple[BundleFile, ...] = field(default=(), repr=False)
    """The files to include; of the others the bundle holds the hashes only."""


def consistency_pairs(
    receipts: Iterable[Receipt], checkpoint: str, stamps: Iterable[StampProof] = ()
) -> tuple[tuple[int, int], ...]:
    """The (old size, new size) pairs for which a bundle needs a consistency proof.

    Raises:
        CheckpointInvalid: a checkpoint is malformed.
    """
    notes = {receipt.checkpoint for receipt in receipts} | {checkpoint}
    notes |= {proof.stamp.text for proof in stamps}
    sizes = sorted({unverified_checkpoint(note).size for note in notes})
    return tuple(pairwise(sizes))


def unverified_checkpoint(note: str) -> Checkpoint:
    """What a checkpoint says, **before** its signature was checked.

    Raises:
        CheckpointInvalid: it is malformed.
    """
    return Checkpoint.parse(split_note(note)[0])


def in_order(contents: BundleContents) -> BundleContents:
    """The contents in the order of the archive.

    Raises:
        BundleInvalid: something is there twice, or too often.
    """
    entries = sorted(contents.entries, key=lambda item: item.receipt.index)
    proofs = sorted(contents.consistency, key=lambda item: (item.old_size, item.new_size))
    files = sorted(contents.files, key=lambda item: item.sha256.value)
    stamps = sorted(contents.stamps, key=stamped_size)
    _check_unique(ENTRIES, [item.receipt.index for item in entries])
    _check_unique(CONSISTENCY, [(item.old_size, item.new_size) for item in proofs])
    _check_unique(FILES, [item.sha256 for item in files])
    _check_unique(STAMPS, [stamped_size(item) for item in stamps])
    if len(entries) > MAX_ENTRIES:
        raise BundleInvalid(part=ENTRIES, reason=f"there are more than {MAX_ENTRIES} entries")
    return evolve(
        contents,
        entries=tuple(entries),
        consistency=tuple(proofs),
        stamps=tuple(stamps),
        files=tuple(files),
    )


def small_parts(
    contents: BundleContents, included: Iterable[Sha256]
) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every part but the files, in the order of the archive.

    Args:
        contents: in order.
        included: hashes of the files that are in the bundle.

    Raises:
        LienthongError: an entry or a manifest cannot be read.
    """
    yield INDEX, _index(contents, frozenset(included))
    yield CHECKPOINT, contents.checkpoint.encode()
    for proof in contents.consistency:
        yield proof_name(proof), b"".join(proof.hashes)
    for item in contents.entries:
        yield receipt_name(item.receipt.index), dump_receipt(item.receipt)
        yield envelope_name(item.receipt.index), dump_envelope(item.envelope)
    for stamp in contents.stamps:
        yield stamp_name(stamp), dump_stamp_proof(stamp)


def declared_files(entries: Iterable[BundleEntry]) -> Mapping[Sha256, FileEntry]:
    """The files that the packages of the case name, by hash.

    Raises:
        BundleInvalid: two packages give one content different sizes.
        LienthongError: an entry or a manifest cannot be read.
    """
    found: dict[Sha256, FileEntry] = {}
    for item in entries:
        if not isinstance(load_entry(item.receipt.entry).body, PackageRecord):
            continue
        for file in load_manifest(item.envelope.payload).files:
            if found.setdefault(file.sha256, file).size != file.size:
                raise BundleInvalid(
                    part=envelope_name(item.receipt.index), reason=f"another size of {file.name}"
                )
    return found


def receipt_name(index: int) -> str:
    """Name of the receipt of an entry."""
    return f"{ENTRIES}{index:019d}.receipt"


def envelope_name(index: int) -> str:
    """Name of the envelope of an entry."""
    return f"{ENTRIES}{index:019d}.envelope"


def proof_name(proof: ConsistencyProof) -> str:
    """Name of a consistency proof."""
    return f"{CONSISTENCY}{proof.old_size:019d}-{proof.new_size:019d}.bin"


def stamped_size(proof: StampProof) -> int:
    """How many entries a time-stamp says to cover, before its token was verified.

    Raises:
        CheckpointInvalid: what was stamped is no checkpoint.
    """
    return unverified_checkpoint(proof.stamp.text).size


def stamp_name(proof: StampProof) -> str:
    """Name of a time-stamp."""
    return f"{STAMPS}{stamped_size(proof):019d}.stamp"


def file_name(sha256: Sha256) -> str:
    """Name of a file."""
    return f"{FILES}{sha256.hex}"


def _index(contents: BundleContents, included: frozenset[Sha256]) -> bytes:
    checkpoint = unverified_checkpoint(contents.checkpoint)
    declared = declared_files(contents.entries)
    value = {
        "format": FORMAT,
        "version": STAMPED_VERSION if contents.stamps else VERSION,
        "axis": checkpoint.origin,
        "checkpoint": {"size": checkpoint.size, "root": checkpoint.root.hex()},
        "entries": [_entry_line(load_entry(item.receipt.entry)) for item in contents.entries],
        "files": [
            {"sha256": sha256.hex, "size": declared[sha256].size, "included": sha256 in included}
            for sha256 in sorted(declared, key=lambda each: each.value)
        ],
    }
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


def _entry_line(entry: JournalEntry) -> dict[str, object]:
    return {
        "index": entry.index,
        "recorded_at": format_vietnam(entry.recorded_at),
        **_subject(entry),
    }


def _subject(entry: JournalEntry) -> dict[str, str]:
    body = entry.body
    if isinstance(body, PackageRecord):
        return {"kind": body.kind.value, "package": str(body.package_id)}
    if isinstance(body, StatementRecord):
        package: PackageId = body.package_id
        return {"kind": body.event.value, "package": str(package), "report": str(body.statement_id)}
    reason = "a change of the directory is no part of a case"
    raise BundleInvalid(part=receipt_name(entry.index), reason=reason)


def _check_unique(part: str, keys: list[object]) -> None:
    if len(set(keys)) != len(keys):
        raise BundleInvalid(part=part, reason="something is there twice")
