"""Evidence bundles: one case in one file, verified offline with the axis's public key.

A bundle shows that certain organisations sent and reported certain things, that the axis recorded
them at certain times in a journal that it cannot rewrite, and where each delivery stood after the
last entry shown. It does not show that nothing else happened: entries may be left out, at the end
always, in between where the report marks a delivery as incomplete. Whether a certificate was bound
to the organisation, or was revoked, is a question for the directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from typing import BinaryIO
from zlib import crc32

from attrs import frozen

from lienthong.errors import BundleInvalid
from lienthong.evidence.archive import CHUNK_SIZE, ArchiveWriter
from lienthong.evidence.findings import (
    BundleReport,
    DeliveryOutcome,
    FileOutcome,
    StepDone,
    TimelineEntry,
)
from lienthong.evidence.parts import (
    BundleContents,
    BundleEntry,
    BundleFile,
    ConsistencyProof,
    consistency_pairs,
    declared_files,
    file_name,
    in_order,
    small_parts,
)
from lienthong.evidence.verification import verify_bundle
from lienthong.model.ids import Sha256
from lienthong.model.package import FileEntry

__all__ = [
    "BundleContents",
    "BundleEntry",
    "BundleFile",
    "BundleReport",
    "ConsistencyProof",
    "DeliveryOutcome",
    "FileOutcome",
    "StepDone",
    "TimelineEntry",
    "consistency_pairs",
    "dump_bundle",
    "verify_bundle",
    "write_bundle",
]


@frozen(kw_only=True)
class _Measured:
    file: BundleFile
    size: int
    crc: int


def write_bundle(contents: BundleContents, target: BinaryIO) -> None:
    """Write a bundle from its beginning to its end; the same contents always give the same bytes.

    Files are read twice, in chunks: first to check them, then to copy them. What is written is
    checked for form only; whoever exports should verify the bundle before handing it over.

    Args:
        contents: the case; the order within it does not matter.
        target: where to write; it needs no seeking and stays open.

    Raises:
        BundleInvalid: something is there twice, or a file is not what a package of the case names.
        LienthongError: an entry, manifest or checkpoint cannot be read.
    """
    ordered = in_order(contents)
    declared = declared_files(ordered.entries)
    measured = [_measure(file, declared) for file in ordered.files]
    writer = ArchiveWriter(target)
    for name, data in small_parts(ordered, [file.sha256 for file in ordered.files]):
        writer.add(name, data)
    for item in measured:
        name = file_name(item.file.sha256)
        writer.add_stream(name, item.file.open, size=item.size, crc=item.crc)
    writer.finish()


def dump_bundle(contents: BundleContents) -> bytes:
    """The whole bundle in memory; raises what ``write_bundle`` raises."""
    target = BytesIO()
    write_bundle(contents, target)
    return target.getvalue()


def _measure(file: BundleFile, declared: Mapping[Sha256, FileEntry]) -> _Measured:
    size = crc = 0
    digest = sha256()
    with file.open() as source:
        for chunk in iter(lambda: source.read(CHUNK_SIZE), b""):
            size, crc = size + len(chunk), crc32(chunk, crc)
            digest.update(chunk)
    expected = declared.get(file.sha256)
    if expected is None:
        reason = "no package of the case names it"
        raise BundleInvalid(part=file_name(file.sha256), reason=reason)
    if (digest.digest(), size) != (file.sha256.value, expected.size):
        reason = "the content is not the one that the package names"
        raise BundleInvalid(part=file_name(file.sha256), reason=reason)
    return _Measured(file=file, size=size, crc=crc)
