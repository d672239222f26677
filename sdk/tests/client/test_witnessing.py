"""A client that keeps checkpoints, against an axis that loses, rewrites or hides its history."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest

from lienthong.client import Client
from lienthong.errors import (
    CheckpointInvalid,
    ConnectionFailed,
    InvalidValue,
    JournalForked,
    Malformed,
)
from lienthong.evidence.fork import ForkFinding, ForkKind, load_fork, verify_fork
from lienthong.evidence.tiles import subtree_root
from lienthong.evidence.witness import load_kept
from lienthong.model.ids import OrganId, Sha256
from lienthong.model.journal import DirectoryRecord
from lienthong.testing.journal import MemoryJournal
from lienthong.testing.signer import MemorySigner

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

BODY = DirectoryRecord(
    version=1, subject="organisation", organ_id=OrganId("H53"), change_sha256=Sha256(bytes(32))
)


def grow(axis: ScriptedAxis, size: int) -> None:
    while len(axis.journal) < size:
        axis.journal.commit([BODY])


def rewrite(axis: ScriptedAxis, size: int, *, keep: int = 0) -> None:
    """Another history with the same key: the first *keep* entries are as they were."""
    old, dice = axis.journal, random.Random(f"{size} {keep}")
    axis.journal = MemoryJournal(
        signer=old.signer, clock=lambda: axis.pki.now, random=dice.randbytes
    )
    if keep:
        # The tree only knows hashes, so that is all there is to take over.
        axis.journal._hashes = list(old.leaf_hashes(0, keep))
        axis.journal._frontier = frontier_of(old, keep)
        axis.journal.checkpoints = {at: note for at, note in old.checkpoints.items() if at <= keep}
        axis.journal.checkpoint = axis.journal.checkpoints.get(keep, "")
    grow(axis, size)


def frontier_of(journal: MemoryJournal, size: int) -> tuple[bytes, ...]:
    found, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            found.append(subtree_root(b"".join(journal.leaf_hashes(start, 1 << level))))
            start += 1 << level
    return tuple(found)


def finding(axis: ScriptedAxis, path: Path) -> ForkFinding:
    return verify_fork(load_fork(path.read_bytes()), axis.journal.key)


def sizes(path: Path) -> Sequence[int]:
    return [int(item.checkpoint.split("\n")[1]) for item in load_kept(path.read_bytes())]


def test_a_witness_keeps_what_continues(axis: ScriptedAxis, sender: Client, tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    grow(axis, 3)
    first = sender.witness(path)
    assert (first.checkpoint.size, first.kept, first.added) == (3, 1, True)
    assert not sender.witness(path).added
    grow(axis, 9)
    second = sender.witness(path)
    assert (second.checkpoint.size, second.kept, second.added) == (9, 2, True)
    assert sizes(path) == [3, 9]
    assert sender.compare_witnesses([path]).agreed
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == [path.name]


@pytest.mark.parametrize("kept", [3, 4, 6, 8])
@pytest.mark.parametrize("tells", [True, False])
def test_a_rewritten_journal_is_proven(
    axis: ScriptedAxis, sender: Client, tmp_path: Path, kept: int, tells: bool
) -> None:
    """Whether or not the axis shows what it signed at that size, and at powers of two as well."""
    path = tmp_path / "kept.jsonl"
    grow(axis, kept)
    sender.witness(path)
    before = path.read_bytes()
    rewrite(axis, 12, keep=2)
    axis.faults.tells_checkpoints = tells
    with pytest.raises(JournalForked) as caught:
        sender.witness(path)
    assert caught.value.facts["kind"] == "CONTRADICTION"
    found = finding(axis, tmp_path / "kept.jsonl.fork.json")
    assert found.fork.kind is ForkKind.CONTRADICTION
    assert (found.older.size, found.newer.size) == (kept, kept if tells else 12)
    assert path.read_bytes() == before


def test_a_rewritten_journal_of_the_same_size(
    axis: ScriptedAxis, sender: Client, tmp_path: Path
) -> None:
    grow(axis, 5)
    sender.witness(tmp_path / "kept.jsonl")
    rewrite(axis, 5, keep=4)
    with pytest.raises(JournalForked):
        sender.witness(tmp_path / "kept.jsonl", evidence=tmp_path / "chosen.json")
    assert finding(axis, tmp_path / "chosen.json").fork.kind.conclusive


def test_a_journal_that_was_set_back(axis: ScriptedAxis, sender: Client, tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    for size in (3, 9):
        grow(axis, size)
        sender.witness(path)
    rewrite(axis, 5, keep=5)
    with pytest.raises(JournalForked):
        sender.witness(path)
    found = finding(axis, tmp_path / "kept.jsonl.fork.json")
    assert found.fork.kind is ForkKind.ROLLBACK
    assert (found.older.size, found.newer.size) == (5, 9)


def test_a_journal_that_was_set_back_and_went_on_is_proven(
    axis: ScriptedAxis, sender: Client, tmp_path: Path
) -> None:
    """Shorter than what was kept last, but another one than what was kept before."""
    path = tmp_path / "kept.jsonl"
    for size in (3, 9):
        grow(axis, size)
        sender.witness(path)
    rewrite(axis, 5, keep=2)
    with pytest.raises(JournalForked):
        sender.witness(path)
    assert finding(axis, tmp_path / "kept.jsonl.fork.json").fork.kind.conclusive


@pytest.mark.parametrize("answer", [(), (bytes(32),), (b"short",) * 3, (bytes(32),) * 65], ids=len)
def test_a_proof_that_is_not_given_is_owed(
    axis: ScriptedAxis, sender: Client, tmp_path: Path, answer: Sequence[bytes]
) -> None:
    path = tmp_path / "kept.jsonl"
    grow(axis, 3)
    sender.witness(path)
    rewrite(axis, 12)
    axis.faults.tells_checkpoints = False
    axis.faults.proof = answer
    with pytest.raises(JournalForked):
        sender.witness(path)
    assert finding(axis, tmp_path / "kept.jsonl.fork.json").fork.kind is ForkKind.UNPROVEN


def test_a_refusal_is_told(axis: ScriptedAxis, sender: Client, tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    grow(axis, 3)
    sender.witness(path)
    grow(axis, 6)
    refusal = InvalidValue(field="old_size", found="3", expected="no questions")
    _refuse_proofs(axis, refusal)
    with pytest.raises(JournalForked):
        sender.witness(path)
    fork = finding(axis, tmp_path / "kept.jsonl.fork.json").fork
    assert fork.kind is ForkKind.UNPROVEN
    assert "no questions" in fork.answer


def _refuse_proofs(axis: ScriptedAxis, refusal: InvalidValue) -> None:
    inner = axis._unary

    async def unary(name: str, context: object) -> None:
        if name in {"ProveConsistency", "GetTile"}:
            axis.faults.unary.append(refusal)
        await inner(name, context)

    axis._unary = unary  # type: ignore[method-assign]


def test_an_axis_that_cannot_be_reached_is_not_accused(
    axis: ScriptedAxis, sender: Client, tmp_path: Path
) -> None:
    path = tmp_path / "kept.jsonl"
    grow(axis, 3)
    sender.witness(path)
    before = path.read_bytes()
    grow(axis, 6)
    axis.faults.unary.extend([grpc.StatusCode.UNAVAILABLE] * 9)
    with pytest.raises(ConnectionFailed):
        sender.witness(path)
    assert path.read_bytes() == before
    assert not (tmp_path / "kept.jsonl.fork.json").exists()


def test_a_checkpoint_of_another_key_is_not_kept(
    axis: ScriptedAxis, sender: Client, tmp_path: Path
) -> None:
    axis.journal = MemoryJournal(signer=MemorySigner.checkpoint(b"\3" * 32))
    grow(axis, 3)
    with pytest.raises(CheckpointInvalid):
        sender.witness(tmp_path / "kept.jsonl")
    assert not (tmp_path / "kept.jsonl").exists()


def test_two_witnesses_who_were_shown_two_histories(
    axis: ScriptedAxis, sender: Client, recipient: Client, tmp_path: Path
) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    grow(axis, 7)
    sender.witness(one)
    recipient.witness(other)
    grow(axis, 20)
    sender.witness(one)
    rewrite(axis, 31, keep=9)
    recipient.witness(other)
    with pytest.raises(JournalForked):
        sender.compare_witnesses([one, other])
    found = finding(axis, tmp_path / "one.jsonl.fork.json")
    assert found.fork.kind.conclusive
    assert found.older.size == 20


def test_missing_proofs_are_asked_for(
    axis: ScriptedAxis, sender: Client, recipient: Client, tmp_path: Path
) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    for size, client, path in ((5, sender, one), (8, recipient, other), (13, sender, one)):
        grow(axis, size)
        client.witness(path)
    found = sender.compare_witnesses([one, other])
    assert (found.agreed, found.sizes) == (True, (5, 8, 13))
    axis.faults.tells_checkpoints = False
    axis.faults.proof = ()
    with pytest.raises(JournalForked):
        sender.compare_witnesses([one, other])


def test_files_that_cannot_be_used(axis: ScriptedAxis, sender: Client, tmp_path: Path) -> None:
    grow(axis, 3)
    with pytest.raises(InvalidValue):
        sender.witness(tmp_path)
    with pytest.raises(InvalidValue):
        sender.witness(tmp_path / "nowhere" / "kept.jsonl")
    with pytest.raises(InvalidValue):
        sender.compare_witnesses([])
    with pytest.raises(InvalidValue):
        sender.compare_witnesses([tmp_path / "nothing.jsonl"])
    broken = tmp_path / "broken.jsonl"
    broken.write_bytes(b"{")
    with pytest.raises(Malformed):
        sender.witness(broken)
    assert broken.read_bytes() == b"{"


def test_weaker_evidence_does_not_replace_a_proof(
    axis: ScriptedAxis, sender: Client, tmp_path: Path
) -> None:
    """An axis that has contradicted itself must not make that go away by going back."""
    path, proof = tmp_path / "kept.jsonl", tmp_path / "kept.jsonl.fork.json"
    for size in (3, 9):
        grow(axis, size)
        sender.witness(path)
    honest = axis.journal
    rewrite(axis, 12, keep=2)
    with pytest.raises(JournalForked):
        sender.witness(path)
    before = proof.read_bytes()
    axis.journal = honest
    rewrite(axis, 5, keep=5)
    with pytest.raises(JournalForked) as caught:
        sender.witness(path)
    assert proof.read_bytes() == before
    later = tmp_path / "kept.jsonl.fork.later.json"
    assert caught.value.facts["file"] == str(later)
    assert finding(axis, later).fork.kind is ForkKind.ROLLBACK


def test_nothing_agrees_with_nobody(axis: ScriptedAxis, sender: Client, tmp_path: Path) -> None:
    grow(axis, 3)
    own, cut = tmp_path / "own.jsonl", tmp_path / "cut.jsonl"
    sender.witness(own)
    cut.touch()
    for other in (cut, tmp_path / "missing.jsonl"):
        with pytest.raises(InvalidValue, match="no checkpoint"):
            sender.compare_witnesses([own, other])
