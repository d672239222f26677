"""A medium that loses power: what was written but not synced is there, or not, or in part.

The model is hostile: unsynced writes reach the platter in any order, whole, not at all, or in
pieces of a sector; a new name is lost without a sync of its folder, also when its file was synced;
and the sync of a file that fails loses for ever what it covered, although that can still be read
until the power goes, and although a second sync succeeds. (File systems keep names in a journal:
when a sync of a folder fails they stay unsynced, or nothing can be written any more.)
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

from attrs import define, field, frozen

SECTOR: Final = 512
FOLDER: Final = 0
"""The inode number of every folder: only their names matter."""

Image: TypeAlias = dict[str, bytes | None]
"""What is on the platter: the bytes of each file by its path, None for a folder."""


@frozen(kw_only=True)
class Named:
    """A path was given to a file or folder; to None: it was taken away."""

    path: str
    inode: int | None


@frozen(kw_only=True)
class Written:
    inode: int
    offset: int
    data: bytes


@frozen(kw_only=True)
class Resized:
    inode: int
    size: int


@frozen(kw_only=True)
class Synced:
    inode: int
    failed: bool = False


@frozen(kw_only=True)
class FolderSynced:
    path: str
    failed: bool = False


@frozen(kw_only=True)
class AllSynced:
    """As ``sync(2)``: every file and every folder."""


@frozen(kw_only=True)
class Said:
    """What the store promised: from this step on no power cut may take it back."""

    what: object


Step: TypeAlias = Named | Written | Resized | Synced | FolderSynced | AllSynced | Said


@define
class _File:
    durable: bytes = b""
    pending: list[Written | Resized] = field(factory=list)

    def sync(self, landed: Sequence[Written | Resized]) -> None:
        self.durable = _apply(self.durable, landed)
        self.pending.clear()


@define
class _Name:
    durable: int | None = None
    pending: list[int | None] = field(factory=list)

    def sync(self) -> None:
        self.durable = self.may_be()[-1]
        self.pending.clear()

    def may_be(self) -> list[int | None]:
        return [self.durable, *self.pending]


class Medium:
    """Follows the steps of a run and says what a power cut after any of them leaves."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._files: dict[int, _File] = {}
        self._names: dict[str, _Name] = {}

    def apply(self, step: Step) -> None:
        match step:
            case Named(path=path, inode=inode):
                self._names.setdefault(path, _Name()).pending.append(inode)
                if inode:
                    self._files.setdefault(inode, _File())
            case Written(inode=inode) | Resized(inode=inode):
                self._files[inode].pending.append(step)
            case Synced(inode=inode, failed=failed):
                self._sync(self._files[inode], failed=failed)
            case FolderSynced(path=folder, failed=False):
                for path, name in self._names.items():
                    if str(PurePosixPath(path).parent) == folder:
                        name.sync()
            case AllSynced():
                self._sync_all()
            case FolderSynced() | Said():
                pass

    def _sync_all(self) -> None:
        for file in self._files.values():
            self._sync(file, failed=False)
        for name in self._names.values():
            name.sync()

    def _sync(self, file: _File, *, failed: bool) -> None:
        file.sync(list(self._landed(file.pending)) if failed else file.pending)

    def cut(self) -> Image:
        """What is on the platter when the power goes now."""
        contents: dict[int, bytes] = {}
        image: Image = {}
        for path in sorted(self._names):
            inode = self._chance.choice(self._names[path].may_be())
            parent = str(PurePosixPath(path).parent)
            if inode is None or (parent in self._names and image.get(parent, b"") is not None):
                continue
            if inode != FOLDER and inode not in contents:
                file = self._files[inode]
                contents[inode] = _apply(file.durable, list(self._landed(file.pending)))
            image[path] = None if inode == FOLDER else contents[inode]
        return image

    def kept(self) -> Image:
        """What is there when only the process ends: everything."""
        image: Image = {}
        for path in sorted(self._names):
            inode = self._names[path].may_be()[-1]
            if inode is not None:
                file = self._files.get(inode, _File())
                image[path] = None if inode == FOLDER else _apply(file.durable, file.pending)
        return image

    def _landed(self, pending: Sequence[Written | Resized]) -> Iterator[Written | Resized]:
        """The part of unsynced changes that reaches the platter, in the order it does.

        Changes of the length stay in their place: file systems keep their order.
        """
        likely = self._chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        run: list[Written] = []
        for change in pending:
            if isinstance(change, Written):
                run.append(change)
            elif self._chance.random() < likely:
                yield from self._shuffled(run, likely)
                yield change
                run = []
        yield from self._shuffled(run, likely)

    def _shuffled(self, run: list[Written], likely: float) -> Iterator[Written]:
        if self._chance.random() < 0.5:
            run = self._chance.sample(run, len(run))
        for change in run:
            if self._chance.random() < likely:
                yield change
            elif self._chance.random() < 0.3:
                yield from self._torn(change)

    def _torn(self, change: Written) -> Iterator[Written]:
        """Some sectors of a write; one that the power cut met may hold anything."""
        start = change.offset
        while start < change.offset + len(change.data):
            end = min((start // SECTOR + 1) * SECTOR, change.offset + len(change.data))
            piece = change.data[start - change.offset : end - change.offset]
            fate = self._chance.random()
            if fate < 0.05:
                yield Written(
                    inode=change.inode, offset=start, data=self._chance.randbytes(len(piece))
                )
            elif fate < 0.5:
                yield Written(inode=change.inode, offset=start, data=piece)
            start = end


def _apply(content: bytes, changes: Sequence[Written | Resized]) -> bytes:
    result = bytearray(content)
    for change in changes:
        if isinstance(change, Resized):
            result = result[: change.size].ljust(change.size, b"\0")
        else:
            end = change.offset + len(change.data)
            result.extend(bytes(max(0, end - len(result))))
            result[change.offset : end] = change.data
    return bytes(result)


def cuts(
    steps: Sequence[Step], points: Iterable[int], chance: random.Random, *, kill: bool = False
) -> Iterator[tuple[Image, list[object]]]:
    """Cut the power after some of the steps: what is left, and what had been said.

    With *kill* only the process ends.
    """
    medium, said, done = Medium(chance), list[object](), 0
    for point in sorted(points):
        for step in steps[done:point]:
            medium.apply(step)
            if isinstance(step, Said):
                said.append(step.what)
        done = point
        yield medium.kept() if kill else medium.cut(), list(said)


def write_image(image: Image, root: Path, target: Path) -> None:
    """Make the files of a platter below *target*; they were recorded below *root*."""
    target.mkdir(parents=True)
    for path, content in image.items():
        place = target / PurePosixPath(path).relative_to(root)
        if content is None:
            place.mkdir()
        else:
            place.write_bytes(content)
