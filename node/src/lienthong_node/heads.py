"""The newest head that this node has signed, kept beside the records.

Records that go back - an old backup put in place, a log of the database that lost its end - would
let the axis sign a second history. So the file ``head`` in the data folder holds the newest signed
checkpoint, durable before any receipt of its batch is given. A node whose journal does not continue
it refuses to sign, and so does one whose file is missing, as it is in a backup, until the operator
confirms the restore (``lienthong-node restore``).

The file has two slots of one disk block each, written in turn: whatever a crash does to the one,
the other holds the head before.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Self

from attrs import define, field

from lienthong.errors import (
    DataCorrupt,
    JournalRolledBack,
    LienthongError,
    RestoreUnconfirmed,
    StoreFailed,
)
from lienthong.evidence.checkpoint import Checkpoint, open_checkpoint
from lienthong.evidence.merkle import EMPTY_ROOT, tree_root
from lienthong.evidence.note import VerifierKey
from lienthong.evidence.tiles import node_reader
from lienthong.spi.storage import ReadView
from lienthong_node.stores import hash_reader

FILE_NAME: Final = "head"
SLOT: Final = 4096
"""Bytes; a signed checkpoint has a few hundred."""

NOTHING: Final = b"nothing was signed yet\n"
"""In place of a checkpoint, in the folder of a new node."""


@define(eq=False)
class HeadFile:
    """The file ``head`` of a data folder; written by one thread."""

    path: Path
    newest: Checkpoint
    """What it holds."""

    _slot: int
    """Where the next head goes."""

    _unkept: str = field(default="", init=False)
    """A head that could not be written."""

    @classmethod
    def opened(cls, folder: Path, key: VerifierKey, view: ReadView) -> Self:
        """Open the file of a data folder; make it where nothing was signed yet.

        Raises:
            RestoreUnconfirmed: the journal has entries, and there is no file or no head in it.
            JournalRolledBack, DataCorrupt: the journal does not continue the head.
        """
        path, entries = folder / FILE_NAME, view.head().size
        if not path.exists() and entries == 0:
            write_head(folder, "")
        try:
            newest, slot = _read(path, key)
        except DataCorrupt as error:
            reason = error.facts["what"]
            raise RestoreUnconfirmed(entries=entries, folder=folder, reason=reason) from error
        check_continues(view, newest, "the head file")
        return cls(path, newest, 1 - slot)

    def keep(self, note: str) -> None:
        """Make a signed checkpoint durable as the newest.

        Raises:
            StoreFailed: it could not be written; no receipt under it may be given.
        """
        self._unkept = note
        block = note.encode().ljust(SLOT, b"\0")
        try:
            _write(self.path, block, self._slot * SLOT)
        except OSError as error:
            raise StoreFailed(reason=f"the head file: {error.strerror}") from error
        self._unkept, self._slot = "", 1 - self._slot

    def catch_up(self) -> None:
        """Write what could not be written before, so that at most one batch is ever ahead.

        Raises:
            StoreFailed: it still cannot be written.
        """
        if self._unkept:
            self.keep(self._unkept)


def write_head(folder: Path, note: str) -> None:
    """Make the file anew, durably: with a checkpoint, or with none for a new journal."""
    part = folder / f"{FILE_NAME}.part"
    content = note.encode() or NOTHING
    part.unlink(missing_ok=True)
    _write(part, content.ljust(2 * SLOT, b"\0"), 0, os.O_CREAT | os.O_EXCL)
    part.rename(folder / FILE_NAME)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_head(folder: Path, key: VerifierKey) -> Checkpoint | None:
    """The newest head that the file holds; None where it is missing, or holds none."""
    try:
        return _read(folder / FILE_NAME, key)[0]
    except DataCorrupt:
        return None


def check_continues(view: ReadView, checkpoint: Checkpoint, witness: str) -> None:
    """Check that the journal begins with exactly what a checkpoint covers.

    Args:
        view: the journal.
        checkpoint: signed by the axis.
        witness: who has it, for the error.

    Raises:
        JournalRolledBack: the journal is shorter.
        DataCorrupt: it was rewritten.
    """
    size = view.head().size
    if checkpoint.size > size:
        raise JournalRolledBack(found=size, witness=witness, expected=checkpoint.size)
    root = tree_root(checkpoint.size, node_reader(checkpoint.size, hash_reader(view)))
    if root != checkpoint.root:
        raise DataCorrupt(what=f"the journal's first {checkpoint.size} entries were rewritten")


def _read(path: Path, key: VerifierKey) -> tuple[Checkpoint, int]:
    """The newest head and its slot.

    Raises:
        DataCorrupt: there is none.
    """
    try:
        content = path.read_bytes()[: 2 * SLOT]
    except OSError as error:
        raise DataCorrupt(what=f"the head file is missing ({error.strerror})") from error
    slots = (content[:SLOT], content[SLOT:])
    heads = [(head, n) for n, slot in enumerate(slots) if (head := _head(slot, key)) is not None]
    if not heads:
        raise DataCorrupt(what="the head file holds no head that the axis has signed")
    return max(heads, key=lambda found: found[0].size)


def _head(slot: bytes, key: VerifierKey) -> Checkpoint | None:
    """What a slot holds; None for one that is unused, half written or damaged."""
    text = slot.rstrip(b"\0")
    if text == NOTHING:
        return Checkpoint(origin=key.name, size=0, root=EMPTY_ROOT)
    try:
        return open_checkpoint(text.decode("utf-8", "replace"), key)
    except LienthongError:
        return None


def _write(path: Path, content: bytes, offset: int, flags: int = 0) -> None:
    """Write bytes through a descriptor of their own: after a failed sync none is used again."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | flags, 0o600)
    try:
        if os.pwrite(descriptor, content, offset) != len(content):
            raise OSError(0, "a short write")
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
