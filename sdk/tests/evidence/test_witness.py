"""Checkpoints that witnesses have kept: what they prove together, and what a fork looks like."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from lienthong.errors import (
    CheckpointInvalid,
    ForkUnproven,
    InputError,
    InvalidValue,
    Malformed,
    TooLarge,
)
from lienthong.evidence import fork as fork_module
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.evidence.fork import (
    Fork,
    ForkKind,
    contradiction,
    dump_fork,
    load_fork,
    verify_fork,
)
from lienthong.evidence.merkle import proven_prefix
from lienthong.evidence.note import VerifierKey
from lienthong.evidence.tiles import subtree_root
from lienthong.evidence.witness import Kept, compare, dump_kept, load_kept
from lienthong.model.ids import OrganId, Sha256
from lienthong.model.journal import DirectoryRecord
from lienthong.testing.journal import MemoryJournal
from lienthong.testing.signer import MemorySigner

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SIGNER = MemorySigner.checkpoint()
KEY = VerifierKey.of_signer("axis.test", SIGNER)
STRANGER = VerifierKey.of_signer("axis.test", MemorySigner.checkpoint(b"\3" * 32))
BODY = DirectoryRecord(
    version=1, subject="organisation", organ_id=OrganId("H53"), change_sha256=Sha256(bytes(32))
)


def journal(size: int, *, forked_at: int | None = None) -> MemoryJournal:
    """A journal of *size* batches of one entry; from *forked_at* on it is another one."""
    same, other = random.Random("same"), random.Random("other")
    made: MemoryJournal

    def nonce(length: int) -> bytes:
        dice = same if forked_at is None or len(made) < forked_at else other
        return dice.randbytes(length)

    made = MemoryJournal(signer=SIGNER, random=nonce)
    for _ in range(size):
        made.commit([BODY])
    return made


def kept(source: MemoryJournal, *sizes: int) -> tuple[Kept, ...]:
    """What a witness keeps that looks at these sizes."""
    pairs = zip((0, *sizes), sizes, strict=False)
    return tuple(
        Kept(
            checkpoint=source.checkpoints[size],
            kept_at=NOW,
            since=since,
            proof=source.prove(since, size) if since else (),
        )
        for since, size in pairs
    )


HONEST = journal(40)
FORKED = journal(40, forked_at=11)


@pytest.mark.parametrize("old", range(1, 33))
def test_a_proof_of_another_tree_shows_what_that_tree_begins_with(old: int) -> None:
    proof = FORKED.prove(old, 33)
    newer = FORKED.checkpoints[33]
    other = subtree_root(b"".join(FORKED.leaf_hashes(0, old))) if old.bit_count() == 1 else None
    found = contradiction(
        HONEST.checkpoints[old], newer, key=KEY, at=NOW, proof=proof, other_root=other
    )
    assert (found is not None) == (old > 11)
    if found is not None:
        assert verify_fork(load_fork(dump_fork(found)), KEY).older.size == old


def test_a_proof_that_leads_nowhere_shows_nothing() -> None:
    older, newer = HONEST.checkpoints[20], FORKED.checkpoints[33]
    proof = FORKED.prove(20, 33)
    for broken in ((), proof[:-1], (*proof, bytes(32)), tuple(reversed(proof)), (b"x", *proof[1:])):
        assert proven_prefix(20, 33, broken, bytes(32)) is None
        if all(len(item) == 32 for item in broken):
            assert contradiction(older, newer, key=KEY, at=NOW, proof=broken) is None
    assert contradiction(HONEST.checkpoints[5], newer, key=KEY, at=NOW) is None


def test_two_roots_of_one_size_need_no_proof() -> None:
    found = contradiction(HONEST.checkpoints[20], FORKED.checkpoints[20], key=KEY, at=NOW)
    assert found is not None
    assert found.kind.conclusive
    assert found.proof == ()
    verify_fork(found, KEY)
    same = contradiction(HONEST.checkpoints[5], FORKED.checkpoints[5], key=KEY, at=NOW)
    assert same is None


def good_fork() -> Fork:
    found = contradiction(
        HONEST.checkpoints[20],
        FORKED.checkpoints[33],
        key=KEY,
        at=NOW,
        proof=FORKED.prove(20, 33),
    )
    assert found is not None
    return found


def root_of(source: MemoryJournal, size: int) -> bytes:
    value = proven_prefix(size, 40, source.prove(size, 40), root_at_end(source))
    assert value is not None
    return value


def root_at_end(source: MemoryJournal) -> bytes:
    return open_checkpoint(source.checkpoint, KEY).root


BAD: dict[str, Callable[[Fork], Fork]] = {
    "no other root": lambda fork: evolve(fork, other_root=None),
    "the root that was signed": lambda fork: evolve(fork, other_root=root_of(HONEST, 20)),
    "a root of nothing": lambda fork: evolve(fork, other_root=bytes(32)),
    "no proof": lambda fork: evolve(fork, proof=()),
    "another proof": lambda fork: evolve(fork, proof=HONEST.prove(20, 33)),
    "the wrong way round": lambda fork: evolve(fork, older=fork.newer, newer=fork.older),
    "one history": lambda fork: evolve(fork, older=FORKED.checkpoints[20]),
    "a rollback to the same size": lambda fork: evolve(
        fork, kind=ForkKind.ROLLBACK, older=fork.newer
    ),
    "a proof that holds": lambda fork: evolve(
        fork, kind=ForkKind.UNPROVEN, older=FORKED.checkpoints[20]
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_evidence_that_shows_nothing_is_refused(name: str) -> None:
    with pytest.raises(ForkUnproven):
        verify_fork(BAD[name](good_fork()), KEY)


def test_evidence_counts_only_with_the_key_of_the_axis() -> None:
    with pytest.raises(CheckpointInvalid):
        verify_fork(good_fork(), STRANGER)
    forged = MemoryJournal(signer=MemorySigner.checkpoint(b"\3" * 32))
    forged.commit([BODY])
    with pytest.raises(CheckpointInvalid):
        contradiction(HONEST.checkpoints[1], forged.checkpoint, key=KEY, at=NOW)


@pytest.mark.parametrize("kind", [ForkKind.ROLLBACK, ForkKind.UNPROVEN])
def test_claims_are_told_apart_from_proofs(kind: ForkKind) -> None:
    fork = evolve(good_fork(), kind=kind, other_root=None, proof=(), answer="không")
    found = verify_fork(load_fork(dump_fork(fork)), KEY)
    assert found.fork == fork
    assert not kind.conclusive
    assert "whoever found it" in kind.proves["en"]


def test_a_file_of_evidence_says_what_it_proves_and_nothing_else() -> None:
    data = dump_fork(good_fork())
    assert b"exclude each other" in data
    for old, new in (
        (b"exclude each other", b"are all in order"),
        (b"lienthong-fork", b"lienthong-spoon"),
        (b'"version": 1', b'"version": 2'),
        (b"{", b"["),
        (b'"answer"', b'"another"'),
        (b"CONTRADICTION", b"OPINION"),
    ):
        with pytest.raises(InputError):
            load_fork(data.replace(old, new, 1))
    with pytest.raises(Malformed):
        load_fork(b"[]")
    with pytest.raises(TooLarge):
        load_fork(b" " * (fork_module.MAX_FORK_BYTES + 1))
    with pytest.raises(InvalidValue):
        evolve(good_fork(), other_root=b"short")
    with pytest.raises(InvalidValue):
        evolve(good_fork(), proof=(b"short",))


# --- Files of witnesses ------------------------------------------------------------------------


def test_a_file_is_read_as_it_was_written() -> None:
    lines = kept(HONEST, 3, 7, 20)
    assert load_kept(b"".join(map(dump_kept, lines))) == lines
    assert load_kept(b"") == ()


def test_a_published_checkpoint_counts_too() -> None:
    note = HONEST.checkpoints[7]
    (found,) = load_kept(note.encode() + b"\n\n")
    assert (found.checkpoint, found.kept_at, found.since) == (note, None, 0)
    with pytest.raises(CheckpointInvalid):
        load_kept(b"\xff")


@pytest.mark.parametrize("bad", [b"{", b'{"since":0}', b"{}\nx", b'{"checkpoint":"x","more":1}'])
def test_other_files_are_refused(bad: bytes) -> None:
    with pytest.raises(InputError):
        load_kept(bad)


def test_a_huge_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lienthong.evidence.witness.MAX_WITNESS_BYTES", 10)
    with pytest.raises(TooLarge):
        load_kept(b"{" * 11)


# --- Comparing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "unproven"),
    [
        ((3, 7, 20), (5, 20), ()),
        ((3, 7, 20), (5, 18), (18,)),
        ((3, 7, 20, 40), (7, 19), (19,)),
        ((20,), (18, 19), (19,)),
        ((20,), (20,), ()),
    ],
)
def test_one_history(one: Sequence[int], other: Sequence[int], unproven: Sequence[int]) -> None:
    found = compare([*kept(HONEST, *one), *kept(HONEST, *other)], KEY, at=NOW)
    assert found.fork is None
    assert found.sizes == tuple(sorted({*one, *other}))
    assert found.newest.checkpoint == HONEST.checkpoints[max(*one, *other)]
    left = [item.checkpoint for item in found.unproven]
    assert left == [HONEST.checkpoints[size] for size in unproven]
    assert found.agreed == (not unproven)


def test_two_histories_with_a_size_in_common() -> None:
    found = compare([*kept(HONEST, 3, 20), *kept(FORKED, 5, 20, 30)], KEY, at=NOW)
    assert found.fork is not None
    assert not found.agreed
    assert verify_fork(found.fork, KEY).newer.size == 20


def test_two_histories_before_they_part() -> None:
    assert compare([*kept(HONEST, 3, 11), *kept(FORKED, 5, 11)], KEY, at=NOW).agreed


def test_two_histories_without_a_size_in_common_are_not_called_one() -> None:
    found = compare([*kept(HONEST, 3, 20), *kept(FORKED, 5, 30)], KEY, at=NOW)
    assert found.fork is None
    assert [item.checkpoint for item in found.unproven] == [HONEST.checkpoints[20]]


def test_two_heads_that_continue_one_beginning_are_not_called_one() -> None:
    """Both are proven to continue entry 5; that says nothing about each other."""
    found = compare([*kept(HONEST, 5, 20), *kept(FORKED, 5, 30)], KEY, at=NOW)
    assert [item.checkpoint for item in found.unproven] == [HONEST.checkpoints[20]]


def test_a_proof_in_a_file_can_show_the_fork() -> None:
    """A careless witness kept a proof that belongs to another history than its checkpoints."""
    bad = evolve(kept(FORKED, 20, 30)[1], since=20)
    found = compare([*kept(HONEST, 20), bad], KEY, at=NOW)
    assert found.fork is not None
    verify_fork(found.fork, KEY)


@pytest.mark.parametrize("proof", [(), (bytes(32),), tuple(HONEST.prove(7, 20))])
def test_a_proof_that_does_not_hold_counts_as_missing(proof: tuple[bytes, ...]) -> None:
    first, second = kept(HONEST, 3, 20)
    found = compare([first, evolve(second, proof=proof)], KEY, at=NOW)
    assert found.fork is None
    assert found.unproven == (first,)


def test_nothing_to_compare() -> None:
    with pytest.raises(InvalidValue):
        compare([], KEY, at=NOW)
    with pytest.raises(CheckpointInvalid):
        compare(kept(HONEST, 3), STRANGER, at=NOW)


@pytest.mark.parametrize("data", [b"", b"x" * 32 * 3, b"x" * 33, b"x"])
def test_what_is_no_subtree_has_no_root(data: Any) -> None:
    with pytest.raises(InvalidValue):
        subtree_root(data)
