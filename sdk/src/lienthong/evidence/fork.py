"""Evidence that an axis does not continue the journal that it has signed.

Two signed checkpoints of one journal, and what shows that they do not belong together. Anyone can
check it with the axis's public key, without the axis and without whoever found it.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from datetime import datetime
from hmac import compare_digest
from typing import Any, Final

from attrs import Attribute, field, frozen

from lienthong.codec.json import from_data, parse, to_data
from lienthong.errors import ForkUnproven, Malformed, ProofInvalid, TooLarge
from lienthong.evidence.checkpoint import Checkpoint, open_checkpoint
from lienthong.evidence.merkle import HASH_SIZE, proven_prefix, verify_consistency
from lienthong.evidence.note import VerifierKey
from lienthong.model.checks import as_tuple, many, octets, text
from lienthong.model.journal import MAX_CHECKPOINT_CHARACTERS
from lienthong.model.time import aware

FORMAT: Final = "lienthong-fork"
VERSION: Final = 1
MAX_FORK_BYTES: Final = 1024 * 1024
MAX_ANSWER: Final = 2000
MAX_CONSISTENCY_PROOF: Final = 64
"""Hashes; a tree of 2^63 leaves has no longer one."""


class ForkKind(enum.Enum):
    """What two checkpoints that do not belong together show."""

    CONTRADICTION = "CONTRADICTION"
    """The axis has signed two histories that exclude each other; this needs no witness."""

    ROLLBACK = "ROLLBACK"
    """The axis gave a checkpoint as its newest that is older than one that it has signed."""

    UNPROVEN = "UNPROVEN"
    """The axis did not prove that one checkpoint continues the other."""

    @property
    def proves(self) -> Mapping[str, str]:
        """What the evidence proves, in each language."""
        return _PROVES[self]

    @property
    def conclusive(self) -> bool:
        """Whether the evidence stands by itself, whoever has found it."""
        return self is ForkKind.CONTRADICTION


_HASH: Final = octets(HASH_SIZE, HASH_SIZE)
_ADDED: Final = frozenset({"format", "version", "proves"})
"""What the file says beside the fields of ``Fork``."""

_PROVES: Final[Mapping[ForkKind, Mapping[str, str]]] = {
    ForkKind.CONTRADICTION: {
        "en": "the axis's key signed two histories of one journal that exclude each other",
        "vi": "khóa của trục đã ký hai lịch sử loại trừ nhau của cùng một nhật ký",
    },
    ForkKind.ROLLBACK: {
        "en": "the axis's key signed both checkpoints; whoever found it says that the axis gave "
        "the older one as its newest: it has lost or hides what came after",
        "vi": "khóa của trục đã ký cả hai điểm kiểm tra; bên phát hiện cho biết trục đưa ra điểm "
        "cũ như điểm mới nhất: trục đã mất hoặc che giấu phần sau",
    },
    ForkKind.UNPROVEN: {
        "en": "the axis's key signed both checkpoints; whoever found it says that the axis owes "
        "the proof that one continues the other: ask the axis for it",
        "vi": "khóa của trục đã ký cả hai điểm kiểm tra; bên phát hiện cho biết trục còn nợ bằng "
        "chứng điểm này nối tiếp điểm kia: yêu cầu trục đưa ra",
    },
}


@frozen(kw_only=True)
class Fork:
    """Two checkpoints of one journal that do not belong together."""

    kind: ForkKind
    found_at: datetime = field(validator=aware)
    older: str = field(repr=False, validator=text(MAX_CHECKPOINT_CHARACTERS, lines=True))
    """The signed checkpoint of the smaller size."""

    newer: str = field(repr=False, validator=text(MAX_CHECKPOINT_CHARACTERS, lines=True))
    """The signed checkpoint of the larger size, or another one of the same."""

    other_root: bytes | None = field(default=None, repr=False)
    """For a contradiction: the root that the newer tree has at the older size."""

    proof: tuple[bytes, ...] = field(
        default=(),
        repr=False,
        converter=as_tuple,
        validator=many(bytes, most=MAX_CONSISTENCY_PROOF),
    )
    """Consistency proof (RFC 6962 2.1.2) as the axis gave it."""

    answer: str = field(default="", validator=text(MAX_ANSWER, lines=True))
    """What the axis said where it gave no proof."""

    @other_root.validator
    def _check_root(self, attribute: Attribute[Any], value: bytes | None) -> None:
        if value is not None:
            _HASH(self, attribute, value)

    @proof.validator
    def _check_proof(self, attribute: Attribute[Any], value: tuple[bytes, ...]) -> None:
        for item in value:
            _HASH(self, attribute, item)


@frozen(kw_only=True)
class ForkFinding:
    """What was checked about evidence of a fork."""

    fork: Fork
    older: Checkpoint
    newer: Checkpoint


def contradiction(
    older: str,
    newer: str,
    *,
    key: VerifierKey,
    at: datetime,
    proof: tuple[bytes, ...] = (),
    other_root: bytes | None = None,
) -> Fork | None:
    """Evidence that two checkpoints exclude each other, as far as they and a proof show it.

    Args:
        older: signed checkpoint of the smaller size.
        newer: signed checkpoint of the larger size, or of the same.
        key: the axis's verifier key.
        at: when it was found.
        proof: what the axis gave as consistency proof.
        other_root: what the newer tree is said to begin with, at sizes whose proofs leave it out.

    Returns:
        None when they show nothing of the kind.

    Raises:
        CheckpointInvalid: *key* has not signed one of them.
    """
    first, second = open_checkpoint(older, key), open_checkpoint(newer, key)
    if first.size == second.size:
        other_root, proof = second.root, ()
    else:
        found = proven_prefix(first.size, second.size, proof, second.root)
        other_root = found or other_root
    fork = Fork(
        kind=ForkKind.CONTRADICTION,
        found_at=at,
        older=older,
        newer=newer,
        other_root=other_root,
        proof=proof,
    )
    try:
        verify_fork(fork, key)
    except ForkUnproven:
        return None
    return fork


def verify_fork(fork: Fork, key: VerifierKey) -> ForkFinding:
    """Check evidence with nothing but the axis's public key.

    1. Both checkpoints are signed by *key*, and so are of one journal.
    2. The older one is of no larger size.
    3. A contradiction: the tree of the newer checkpoint begins with another root than the one
       that was signed at the older size. A rollback: the sizes differ. Otherwise: the proof in it
       does not hold.

    Raises:
        CheckpointInvalid: step 1.
        ForkUnproven: step 2 or 3.
    """
    older, newer = open_checkpoint(fork.older, key), open_checkpoint(fork.newer, key)
    if older.size > newer.size:
        raise ForkUnproven(
            reason=f"the older checkpoint is of {older.size} entries, the newer of {newer.size}"
        )
    if fork.kind is ForkKind.CONTRADICTION:
        _check_contradiction(fork, older, newer)
    elif older.size == newer.size:
        raise ForkUnproven(reason=f"both checkpoints are of {older.size} entries")
    elif fork.kind is ForkKind.UNPROVEN and _is_proven(fork.proof, older, newer):
        raise ForkUnproven(reason="the proof in it holds")
    return ForkFinding(fork=fork, older=older, newer=newer)


def _check_contradiction(fork: Fork, older: Checkpoint, newer: Checkpoint) -> None:
    other = fork.other_root
    if other is None or compare_digest(other, older.root):
        raise ForkUnproven(reason="it names no other root")
    try:
        verify_consistency(older.size, newer.size, fork.proof, other, newer.root)
    except ProofInvalid as error:
        raise ForkUnproven(reason=f"the newer tree is not shown to begin so: {error}") from error


def _is_proven(proof: tuple[bytes, ...], older: Checkpoint, newer: Checkpoint) -> bool:
    try:
        verify_consistency(older.size, newer.size, proof, older.root, newer.root)
    except ProofInvalid:
        return False
    return True


def dump_fork(fork: Fork) -> bytes:
    """The evidence as a file that people can read, too."""
    data = {
        "format": FORMAT,
        "version": VERSION,
        "proves": dict(fork.kind.proves),
        **to_data(fork),
    }
    return json.dumps(data, ensure_ascii=False, indent=1).encode() + b"\n"


def load_fork(data: bytes) -> Fork:
    """Read evidence; what it shows is not checked here.

    Raises:
        Malformed: it is no such file, or another text was put into it.
        TooLarge: it has more than 1 MiB.
        InputError: a field is missing or wrong.
    """
    what = "the evidence of a fork"
    if len(data) > MAX_FORK_BYTES:
        found = f"{len(data)} bytes"
        raise TooLarge(what=what, found=found, limit=f"{MAX_FORK_BYTES} bytes")
    values = parse(data, what=what)
    if not isinstance(values, dict) or (values.get("format"), values.get("version")) != (
        FORMAT,
        VERSION,
    ):
        raise Malformed(what=what, reason=f"it is no {FORMAT} of version {VERSION}")
    rest = {name: value for name, value in values.items() if name not in _ADDED}
    fork = from_data(Fork, rest)
    if values.get("proves") != fork.kind.proves:
        raise Malformed(what=what, reason="it says something else than such evidence proves")
    return fork
