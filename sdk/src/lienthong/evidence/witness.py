"""Witnesses: organisations that keep an axis's checkpoints, so that its history cannot change.

A witness keeps a file with one line of JSON for each checkpoint: the signed note, and the proof
that it continues one that was kept before. Whoever has such files of several organisations can
compare them without the axis: two checkpoints of one size must have one root, and each must be
proven to be a beginning of the newest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from hmac import compare_digest
from typing import Any, Final

from attrs import Attribute, field, frozen

from lienthong.codec import json
from lienthong.errors import CheckpointInvalid, InvalidValue, ProofInvalid, TooLarge
from lienthong.evidence.checkpoint import Checkpoint, open_checkpoint
from lienthong.evidence.fork import MAX_CONSISTENCY_PROOF, Fork, contradiction
from lienthong.evidence.merkle import HASH_SIZE, MAX_SIZE, verify_consistency
from lienthong.evidence.note import VerifierKey
from lienthong.model.checks import as_tuple, many, octets, text, whole
from lienthong.model.journal import MAX_CHECKPOINT_CHARACTERS
from lienthong.model.time import maybe_aware

MAX_WITNESS_BYTES: Final = 64 * 1024 * 1024
_HASH: Final = octets(HASH_SIZE, HASH_SIZE)
_WHAT: Final = "the witness file"


@frozen(kw_only=True)
class Kept:
    """One checkpoint that a witness has kept."""

    checkpoint: str = field(
        repr=False, validator=text(MAX_CHECKPOINT_CHARACTERS, required=True, lines=True)
    )
    """The signed note."""

    kept_at: datetime | None = field(default=None, validator=maybe_aware)
    """The witness's own time; None for a checkpoint that was only published."""

    since: int = field(default=0, validator=whole(0, MAX_SIZE - 1))
    """Size of the kept checkpoint that the proof begins at; 0 for the first one."""

    proof: tuple[bytes, ...] = field(
        default=(),
        repr=False,
        converter=as_tuple,
        validator=many(bytes, most=MAX_CONSISTENCY_PROOF),
    )
    """Consistency proof (RFC 6962 2.1.2)."""

    @proof.validator
    def _check_proof(self, attribute: Attribute[Any], value: tuple[bytes, ...]) -> None:
        for item in value:
            _HASH(self, attribute, item)


@frozen(kw_only=True)
class Comparison:
    """What kept checkpoints of one axis say together."""

    newest: Kept
    sizes: tuple[int, ...]
    """Of all checkpoints, each once, smallest first."""

    unproven: tuple[Kept, ...]
    """Those that nothing yet shows to be a beginning of the newest: ask the axis for the proof."""

    fork: Fork | None
    """What shows that the axis has signed two histories; the first such pair."""

    @property
    def agreed(self) -> bool:
        """Whether all of them were proven to be of one history."""
        return self.fork is None and not self.unproven


def dump_kept(kept: Kept) -> bytes:
    """The line of a witness file."""
    return json.dump(kept) + b"\n"


def load_kept(data: bytes) -> tuple[Kept, ...]:
    """The checkpoints of a witness file, or the one of a file that is just a signed note.

    Raises:
        CheckpointInvalid: it is neither.
        Malformed: a line is no JSON.
        TooLarge: it has more than 64 MiB.
        InputError: a field of a line is missing or wrong.
    """
    if len(data) > MAX_WITNESS_BYTES:
        limit = f"{MAX_WITNESS_BYTES} bytes"
        raise TooLarge(what=_WHAT, found=f"{len(data)} bytes", limit=limit)
    if data and not data.startswith(b"{"):
        return (_published(data),)
    lines = data.removesuffix(b"\n").split(b"\n") if data else []
    return tuple(
        json.from_data(Kept, json.parse(line, what=f"line {number} of {_WHAT}"))
        for number, line in enumerate(lines, start=1)
    )


def compare(kept: Iterable[Kept], key: VerifierKey, *, at: datetime) -> Comparison:
    """Compare checkpoints that several witnesses have kept.

    1. Every checkpoint is signed by *key*.
    2. Checkpoints of one size have one root.
    3. Proofs are checked; one that shows that a checkpoint continues another history is a fork,
       any other that does not hold counts as missing.
    4. Every checkpoint must be led to the newest by proofs.

    Args:
        kept: of all of them, in any order.
        key: the axis's verifier key.
        at: the present instant, for the evidence of a fork.

    Raises:
        InvalidValue: there is none.
        CheckpointInvalid: step 1.
    """
    lines = [(open_checkpoint(item.checkpoint, key), item) for item in kept]
    if not lines:
        raise InvalidValue(field="checkpoints", found="none", expected="at least one")
    lines.sort(key=lambda line: line[0].size)
    by_size: dict[int, tuple[Checkpoint, Kept]] = {}
    links: dict[int, set[int]] = {}
    fork: Fork | None = None
    for checkpoint, item in lines:
        known, first = by_size.setdefault(checkpoint.size, (checkpoint, item))
        if not compare_digest(known.root, checkpoint.root):
            fork = fork or contradiction(first.checkpoint, item.checkpoint, key=key, at=at)
        older = by_size.get(item.since)
        if older is None or item.since == checkpoint.size:
            continue
        if is_continued(older[0], checkpoint, item.proof):
            links.setdefault(checkpoint.size, set()).add(item.since)
        else:
            notes = older[1].checkpoint, item.checkpoint
            fork = fork or contradiction(*notes, key=key, at=at, proof=item.proof)
    newest = lines[-1][1]
    return Comparison(
        newest=newest,
        sizes=tuple(by_size),
        unproven=_unproven(by_size, links),
        fork=fork,
    )


def is_continued(older: Checkpoint, newer: Checkpoint, proof: tuple[bytes, ...]) -> bool:
    """Whether a proof shows that the newer checkpoint continues the older one."""
    with suppress(ProofInvalid):
        if older.size:
            verify_consistency(older.size, newer.size, proof, older.root, newer.root)
        return True
    return False


def _unproven(
    by_size: Mapping[int, tuple[Checkpoint, Kept]], links: Mapping[int, set[int]]
) -> tuple[Kept, ...]:
    """The largest checkpoints from which no chain of proofs leads to the newest."""
    reached, newest = {0}, max(by_size)
    found: list[Kept] = []
    for size in sorted(by_size, reverse=True):
        if size not in reached and size != newest:
            found.append(by_size[size][1])
        _reach(size, links, reached)
    return tuple(found)


def _reach(size: int, links: Mapping[int, set[int]], reached: set[int]) -> None:
    waiting = [size]
    while waiting:
        at = waiting.pop()
        reached.add(at)
        waiting.extend(links.get(at, set()) - reached)


def _published(data: bytes) -> Kept:
    try:
        # Pages and tools that pass a note on add empty lines at its end.
        return Kept(checkpoint=data.decode().rstrip() + "\n")
    except UnicodeDecodeError as error:
        raise CheckpointInvalid(reason="it is neither a signed note nor kept lines") from error
