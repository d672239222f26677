"""Being a witness: keeping the axis's checkpoints, and finding out when it changes its history."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

from attrs import evolve, frozen

from lienthong.client.exporting import ExportMethods
from lienthong.client.synced import unusable, write_synced
from lienthong.errors import InputError, InvalidValue, JournalForked, LienthongError, NotFound
from lienthong.evidence.checkpoint import Checkpoint
from lienthong.evidence.fork import (
    MAX_ANSWER,
    MAX_CONSISTENCY_PROOF,
    MAX_FORK_BYTES,
    Fork,
    ForkKind,
    contradiction,
    dump_fork,
    load_fork,
)
from lienthong.evidence.merkle import HASH_SIZE
from lienthong.evidence.parts import unverified_checkpoint
from lienthong.evidence.tiles import TILE_HEIGHT, subtree_root
from lienthong.evidence.witness import (
    MAX_WITNESS_BYTES,
    Comparison,
    Kept,
    compare,
    dump_kept,
    is_continued,
    load_kept,
)
from lienthong_proto.axis.v1 import evidence_pb2

AnyPath: TypeAlias = str | os.PathLike[str]
EVIDENCE_SUFFIX: Final = ".fork.json"


@frozen(kw_only=True)
class Witnessed:
    """What a witness knows after it has looked."""

    checkpoint: Checkpoint
    """The axis's newest."""

    kept: int
    """Checkpoints in the witness's file."""

    added: bool
    """The newest one is new in the file."""


class WitnessMethods(ExportMethods):
    """Keeping and comparing checkpoints; see ``AsyncClient``."""

    async def witness(self, path: AnyPath, *, evidence: AnyPath | None = None) -> Witnessed:
        """Ask for the newest checkpoint, prove that it continues the kept ones, and keep it.

        The file is replaced as a whole and synced; it is left as it was when something is wrong.

        Args:
            path: the witness's file; made when it is not there.
            evidence: where evidence of a fork goes; ``<path>.fork.json`` by default.

        Raises:
            JournalForked: the axis does not continue what it has signed; the evidence was written.
            CheckpointInvalid: the axis's key has not signed a checkpoint.
            InvalidValue: a file cannot be read or written.
            Malformed: the witness's file is none.
        """
        place = Path(path)
        known = await asyncio.to_thread(read_witness, place)
        note = await self._checkpoint_note()
        newest = self._verifier.checkpoint(note)
        judged = await self._continue(known, note, newest)
        if isinstance(judged, Fork):
            raise await self._reported(judged, evidence_path(place, evidence))
        if judged is None:
            return Witnessed(checkpoint=newest, kept=len(known), added=False)
        lines = b"".join(map(dump_kept, (*known, judged)))
        await asyncio.to_thread(write_synced, place, lines)
        return Witnessed(checkpoint=newest, kept=len(known) + 1, added=True)

    async def compare_witnesses(
        self, paths: Iterable[AnyPath], *, evidence: AnyPath | None = None
    ) -> Comparison:
        """Compare what witnesses have kept; the axis is asked for the proofs that are missing.

        Args:
            paths: witness files, or files with one published checkpoint.
            evidence: where evidence of a fork goes; beside the first file by default.

        Raises:
            JournalForked: the axis has signed two histories, or does not prove that it has one.
            CheckpointInvalid: the axis's key has not signed a checkpoint.
            InvalidValue: a file cannot be read or written, or holds no checkpoint.
        """
        places = [Path(path) for path in paths]
        kept: list[Kept] = []
        for place in places:
            own = await asyncio.to_thread(read_witness, place)
            check_kept(place, own)
            kept += own
        found = compare(kept, self.profile.checkpoint_key, at=self._clock())
        fork = found.fork
        for item in () if fork else found.unproven:
            fork = fork or await self._disprove(item, found.newest)
        if fork is not None:
            raise await self._reported(fork, evidence_path(places[0], evidence))
        return evolve(found, unproven=())

    async def _continue(
        self, known: Sequence[Kept], note: str, newest: Checkpoint
    ) -> Kept | Fork | None:
        """What to keep; None when it is kept already."""
        seen = [(self._verifier.checkpoint(item.checkpoint), item) for item in known]
        last, base = _newest(seen), _newest([one for one in seen if one[0].size <= newest.size])
        proof: tuple[bytes, ...] = ()
        if base is not None:
            judged = await self._judge(base[1], note)
            if isinstance(judged, Fork):
                return judged
            proof = judged
        if last is not None and last[0].size > newest.size:
            return Fork(
                kind=ForkKind.ROLLBACK,
                found_at=self._clock(),
                older=note,
                newer=last[1].checkpoint,
            )
        if base is not None and base[0] == newest:
            return None
        since = base[0].size if base is not None else 0
        return Kept(checkpoint=note, kept_at=self._clock(), since=since, proof=proof)

    async def _disprove(self, older: Kept, newer: Kept) -> Fork | None:
        judged = await self._judge(older, newer.checkpoint)
        return judged if isinstance(judged, Fork) else None

    async def _judge(self, kept: Kept, newer: str) -> Fork | tuple[bytes, ...]:
        """The proof that *newer* continues what was kept, or evidence that it does not."""
        first, second = self._verifier.checkpoint(kept.checkpoint), self._verifier.checkpoint(newer)
        if first.size in {0, second.size}:
            return self._contradiction(kept.checkpoint, newer) or ()
        proof, answer = await self._ask_proof(first.size, second.size)
        if is_continued(first, second, proof):
            return proof
        return (
            await self._own_checkpoint(first.size, kept.checkpoint)
            or self._contradiction(kept.checkpoint, newer, proof)
            or await self._other_beginning(first.size, kept.checkpoint, newer, proof)
            or Fork(
                kind=ForkKind.UNPROVEN,
                found_at=self._clock(),
                older=kept.checkpoint,
                newer=newer,
                proof=proof,
                answer=answer,
            )
        )

    async def _ask_proof(self, old_size: int, new_size: int) -> tuple[tuple[bytes, ...], str]:
        """The axis's proof as far as it is one, and what was wrong with it."""
        try:
            hashes = (await self.consistency(old_size, new_size)).hashes
        except (InputError, NotFound) as error:
            return (), str(error)[:MAX_ANSWER]
        if len(hashes) > MAX_CONSISTENCY_PROOF or any(len(one) != HASH_SIZE for one in hashes):
            return (), f"{len(hashes)} hashes that are no consistency proof"
        return hashes, ""

    async def _own_checkpoint(self, size: int, kept: str) -> Fork | None:
        """What the axis itself has signed at a size: one size has one root, whoever asks."""
        with suppress(InputError, NotFound):
            answer = await self._connection.ask(
                lambda stubs: stubs.evidence.ProveConsistency,
                evidence_pb2.ProveConsistencyRequest(old_size=size, new_size=size),
            )
            if answer.checkpoint and self._verifier.checkpoint(answer.checkpoint).size == size:
                return self._contradiction(kept, answer.checkpoint)
        return None

    async def _other_beginning(
        self, size: int, kept: str, newer: str, proof: tuple[bytes, ...]
    ) -> Fork | None:
        """At powers of two the proof leaves out what the newer tree begins with; a tile has it."""
        if size.bit_count() != 1:
            return None
        level, height = divmod(size.bit_length() - 1, TILE_HEIGHT)
        with suppress(InputError, NotFound):
            answer = await self._connection.ask(
                lambda stubs: stubs.evidence.GetTile,
                evidence_pb2.GetTileRequest(level=level, index=0, width=1 << height),
            )
            root = subtree_root(answer.hashes)
            return self._contradiction(kept, newer, proof, root)
        return None

    def _contradiction(
        self,
        older: str,
        newer: str,
        proof: tuple[bytes, ...] = (),
        other_root: bytes | None = None,
    ) -> Fork | None:
        return contradiction(
            older,
            newer,
            key=self.profile.checkpoint_key,
            at=self._clock(),
            proof=proof,
            other_root=other_root,
        )

    async def _reported(self, fork: Fork, place: Path) -> JournalForked:
        """Write the evidence; the error that tells of it."""
        written = await asyncio.to_thread(write_evidence, fork, place)
        return forked(fork, self.profile.axis, written)


def forked(fork: Fork, axis: str, place: Path) -> JournalForked:
    """The error that tells of evidence."""
    older, newer = (unverified_checkpoint(note).size for note in (fork.older, fork.newer))
    return JournalForked(axis=axis, kind=fork.kind.value, older=older, newer=newer, file=str(place))


def evidence_path(path: Path, chosen: AnyPath | None) -> Path:
    """Where evidence goes: where it was wanted, or beside the witness's file."""
    return Path(chosen) if chosen is not None else path.with_name(path.name + EVIDENCE_SUFFIX)


def write_evidence(fork: Fork, place: Path) -> Path:
    """Write evidence where it does not replace a stronger one; returns where.

    An axis that has contradicted itself once could otherwise have the proof of that overwritten by
    answering nothing at all the next time.

    Raises:
        InvalidValue: the place cannot be written.
    """
    if not fork.kind.conclusive and _is_conclusive(place):
        place = place.with_name(f"{place.stem}.later{place.suffix}")
    write_synced(place, dump_fork(fork))
    return place


def check_kept(path: Path, kept: Sequence[Kept]) -> None:
    """Refuse to compare with nothing: it would agree with everybody.

    Raises:
        InvalidValue: no checkpoint was kept.
    """
    if not kept:
        raise InvalidValue(field=str(path), found="no checkpoint", expected="a witness's file")


def _is_conclusive(place: Path) -> bool:
    try:
        with place.open("rb") as source:
            return load_fork(source.read(MAX_FORK_BYTES)).kind.conclusive
    except (OSError, LienthongError):
        return False


def read_witness(path: Path) -> tuple[Kept, ...]:
    """What a witness's file holds; nothing when it is not there.

    Raises:
        InvalidValue: it cannot be read.
        LienthongError: as ``load_kept``.
    """
    try:
        with path.open("rb") as source:
            return load_kept(source.read(MAX_WITNESS_BYTES + 1))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise unusable(path, error) from error


def _newest(seen: Sequence[tuple[Checkpoint, Kept]]) -> tuple[Checkpoint, Kept] | None:
    return max(seen, key=lambda one: one[0].size, default=None)
