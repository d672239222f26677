"""Exporting a case as an evidence bundle: collecting what belongs together, and its proofs."""

from __future__ import annotations

import asyncio
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from lienthong.client.compose import AnyPackageId, as_package_id
from lienthong.client.core import load_anchors
from lienthong.client.download import download_to_path
from lienthong.client.files import ProgressCallback
from lienthong.client.reading import ReadingMethods
from lienthong.errors import InvalidValue, NotFound, RemoteError
from lienthong.evidence.bundle import (
    BundleContents,
    BundleEntry,
    BundleFile,
    ConsistencyProof,
    consistency_pairs,
    verify_bundle,
    write_bundle,
)
from lienthong.evidence.findings import BundleReport
from lienthong.evidence.parts import stamped_size, unverified_checkpoint
from lienthong.model.ids import PackageId, Sha256
from lienthong.model.journal import FeedItem, Receipt
from lienthong.model.package import FileEntry
from lienthong.model.stamps import StampProof

AT_ONCE: Final = 16
"""Consistency proofs asked for at the same time."""

MAX_INDEXES: Final = 500
"""Entries whose places are asked for with one time-stamp."""


class ExportMethods(ReadingMethods):
    """Evidence to hand over; see ``AsyncClient``."""

    async def export_bundle(
        self,
        package_id: AnyPackageId,
        target: str | os.PathLike[str],
        *,
        files: bool = True,
        progress: ProgressCallback | None = None,
    ) -> BundleReport:
        """Write everything that this organisation can prove about a case into one file.

        A case is the package, what it replaces, recalls or updates, what does so to it, and all
        reports about these. The bundle is verified before it appears under its name; anyone can
        verify it again with the axis's key alone.

        Args:
            package_id: any package of the case.
            target: path of the new file.
            files: include the contents of files, not only their hashes.
            progress: told how downloads go.

        Returns:
            What the bundle proves.

        Raises:
            NotFound: there is no such package, or it concerns others.
            BundleInvalid: what the axis gave does not fit together; the error names the part.
            InvalidValue: the target cannot be written.
            LienthongError: as ``get_package`` and ``download``.
        """
        path = Path(target)
        items = await self._case(as_package_id(package_id))
        receipts = [item.receipt for item in items]
        stamps = await self._stamps(receipts)
        checkpoint = await self._checkpoint_note()
        proofs = await self._proofs(receipts, checkpoint, stamps)
        try:
            with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
                contents = BundleContents(
                    entries=tuple(_entry(item) for item in items),
                    checkpoint=checkpoint,
                    consistency=proofs,
                    stamps=stamps,
                    files=await self._files(items, Path(folder), progress) if files else (),
                )
                part = Path(folder) / "bundle"
                report = await asyncio.to_thread(self._write_bundle, contents, part)
                part.replace(path)
        except OSError as error:
            found = error.strerror or type(error).__name__
            field = f"the file {path}"
            raise InvalidValue(field=field, found=found, expected="a writable place") from error
        return report

    async def _case(self, package_id: PackageId) -> list[FeedItem]:
        """All entries of the case, verified, in journal order."""
        waiting = [await self._first_of(package_id)]
        found: dict[int, FeedItem] = {}
        seen: set[PackageId] = set()
        while waiting:
            current = waiting.pop()
            seen.add(current)
            for item in await self.history(current):
                if item.envelope is None:
                    continue  # What the axis itself tells of a delivery proves nothing of it.
                found[item.entry.index] = item
                follower = item.manifest.package_id if item.manifest is not None else current
                if follower not in seen:
                    waiting.append(follower)
        return [found[index] for index in sorted(found)]

    async def _first_of(self, package_id: PackageId) -> PackageId:
        """The package that the others of its case recall, update or replace."""
        view = await self.get_package(package_id)
        while view.manifest.target is not None:
            try:
                view = await self.get_package(view.manifest.target)
            except NotFound:
                # This organisation received what follows, but not what it is about.
                break
        return view.manifest.package_id

    async def _stamps(self, receipts: list[Receipt]) -> tuple[StampProof, ...]:
        """The time-stamps of the entries, as far as there are any yet."""
        indexes = [receipt.index for receipt in receipts]
        found: dict[str, StampProof] = {}
        begin = end = 0
        for size in sorted({unverified_checkpoint(one.checkpoint).size for one in receipts}):
            # Of what an earlier one covers, no places are needed in this one.
            begin = begin if size <= end else end
            own = [index for index in indexes if begin <= index < size]
            try:
                proof = await self.time_stamp(size, own[-MAX_INDEXES:])
            except (NotFound, RemoteError):
                # The newest entries wait for one, or the axis is older than time-stamps.
                break
            found[proof.stamp.text] = proof
            end = stamped_size(proof)
        return tuple(found.values())

    async def _proofs(
        self, receipts: list[Receipt], checkpoint: str, stamps: tuple[StampProof, ...]
    ) -> tuple[ConsistencyProof, ...]:
        room = asyncio.Semaphore(AT_ONCE)

        async def prove(old_size: int, new_size: int) -> ConsistencyProof:
            async with room:
                return await self.consistency(old_size, new_size)

        pairs = consistency_pairs(receipts, checkpoint, stamps)
        return tuple(await asyncio.gather(*(prove(old, new) for old, new in pairs)))

    async def _files(
        self, items: list[FeedItem], folder: Path, progress: ProgressCallback | None
    ) -> tuple[BundleFile, ...]:
        wanted: dict[Sha256, tuple[PackageId, FileEntry]] = {}
        for item in items:
            if item.manifest is not None:
                for entry in item.manifest.files:
                    wanted.setdefault(entry.sha256, (item.manifest.package_id, entry))
        found = []
        for sha256, (package_id, entry) in wanted.items():
            place = folder / sha256.hex
            await download_to_path(self._connection, package_id, entry, place, progress)
            found.append(BundleFile(sha256=sha256, open=partial(_open, place)))
        return tuple(found)

    def _write_bundle(self, contents: BundleContents, part: Path) -> BundleReport:
        """Write, make durable and verify."""
        with part.open("x+b") as out:
            write_bundle(contents, out)
            out.flush()
            os.fsync(out.fileno())
            out.seek(0)
            return verify_bundle(out, self.profile.checkpoint_key, load_anchors(self.profile))


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _entry(item: FeedItem) -> BundleEntry:
    assert item.envelope is not None  # noqa: S101 - entries of a case have one
    return BundleEntry(receipt=item.receipt, envelope=item.envelope)
