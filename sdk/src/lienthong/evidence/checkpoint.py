"""Checkpoints (C2SP tlog-checkpoint): what the axis signs about its journal."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Final, Self

from attrs import field, frozen

from lienthong.errors import CheckpointInvalid
from lienthong.evidence.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE
from lienthong.evidence.note import VerifierKey, check_name, decode_base64, open_note, sign_note
from lienthong.spi.signer import Signer

_DECIMAL: Final = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z")
_LINES: Final = 4
"""Origin, size, root, and the nothing after the last newline."""


@frozen(kw_only=True)
class Checkpoint:
    """The journal's size and root at one moment; the origin is the name of the axis."""

    origin: str
    size: int
    root: bytes = field(repr=bytes.hex)

    def __attrs_post_init__(self) -> None:
        check_name(self.origin)
        if not 0 <= self.size < MAX_SIZE:
            raise CheckpointInvalid(reason=f"a tree cannot have the size {self.size}")
        if len(self.root) != HASH_SIZE:
            raise CheckpointInvalid(reason=f"its root has {len(self.root)} bytes, expected 32")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise CheckpointInvalid(reason="an empty tree has another root")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of an opened note.

        Raises:
            CheckpointInvalid: it is not exactly three lines in canonical form. Extension lines
                are refused: nobody could audit them.
        """
        lines = text.split("\n")
        if len(lines) != _LINES or lines[-1]:
            raise CheckpointInvalid(reason=f"it has {len(lines) - 1} lines, expected 3")
        origin, size, root, _ = lines
        if not _DECIMAL.match(size):
            raise CheckpointInvalid(reason="its size is not a canonical decimal number")
        return cls(origin=origin, size=int(size), root=decode_base64(root, "its root"))

    def dump(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> str:
    """Sign a checkpoint; the key's name is the origin.

    Raises:
        KeyUnusable: the signer does not hold an Ed25519 key.
    """
    return sign_note(checkpoint.dump(), checkpoint.origin, signer)


def open_checkpoint(note: str, key: VerifierKey, *, require_exact: bool = False) -> Checkpoint:
    """Read a checkpoint that *key* has signed for the log of its own name.

    Args:
        note: the whole signed note.
        key: the axis's verifier key.
        require_exact: refuse signature lines of others, so that no byte is unchecked.

    Raises:
        CheckpointInvalid: it is malformed, of another log, or not signed by *key*.
    """
    checkpoint = Checkpoint.parse(open_note(note, key, require_exact=require_exact))
    if checkpoint.origin != key.name:
        raise CheckpointInvalid(reason=f"it is of {checkpoint.origin}, expected {key.name}")
    return checkpoint
