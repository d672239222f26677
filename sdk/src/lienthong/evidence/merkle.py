"""The RFC 6962 Merkle tree over journal entries: append, prove, verify.

Nodes are named ``(level, index)``: the node covers the leaves from ``index << level`` up to, not
including, ``(index + 1) << level``, and is *complete* when all of them exist. The right edge of a
tree whose size is no power of two also holds incomplete nodes; they are never stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import Final, TypeAlias

from attrs import frozen

from lienthong.errors import ProofInvalid

HASH_SIZE: Final = 32
MAX_SIZE: Final = 2**63
"""Sizes from here on are refused, so that no proof is longer than 64 hashes."""

EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of the tree without leaves (RFC 6962 2.1)."""

NodeAt: TypeAlias = Callable[[int, int], bytes]
"""Given level and index of a complete node, returns its hash."""

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


@frozen(kw_only=True)
class Appended:
    """The tree after a batch of leaves, with what their receipts need."""

    size: int
    frontier: tuple[bytes, ...]
    """Roots of the complete subtrees that make up the tree, largest first."""

    root: bytes
    leaf_hashes: tuple[bytes, ...]
    """Hashes of the new leaves, in order."""

    proofs: tuple[tuple[bytes, ...], ...]
    """Inclusion proof of each new leaf in the tree of the new size, leaf side first."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf; the prefix keeps leaves and nodes apart (RFC 6962 2.1)."""
    return sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (RFC 6962 2.1)."""
    return sha256(_NODE + left + right).digest()


def frontier_root(frontier: Sequence[bytes]) -> bytes:
    """Root of the tree that consists of these complete subtrees, largest first."""
    if not frontier:
        return EMPTY_ROOT
    root = frontier[-1]
    for left in reversed(frontier[:-1]):
        root = node_hash(left, root)
    return root


def append(frontier: Sequence[bytes], size: int, leaves: Sequence[bytes]) -> Appended:
    """Append the serialised entries *leaves* to a tree of which only the frontier is known.

    Args:
        frontier: roots of the complete subtrees, largest first; one for each bit set in *size*.
        size: number of leaves so far.
        leaves: the new leaves' data, in index order; may be empty.

    Raises:
        ProofInvalid: the frontier does not fit the size.
    """
    if size < 0 or size + len(leaves) >= MAX_SIZE or len(frontier) != size.bit_count():
        raise ProofInvalid(kind="frontier", reason=f"{len(frontier)} hashes for size {size}")
    hashes = [sha256(_LEAF + leaf).digest() for leaf in leaves]
    new_size = size + len(hashes)
    levels = _grow(frontier, size, hashes)
    ragged = _ragged_edge(levels, new_size)
    return Appended(
        size=new_size,
        frontier=tuple(
            levels[level][-1]
            for level in reversed(range(new_size.bit_length()))
            if new_size >> level & 1
        ),
        root=ragged[-1] or EMPTY_ROOT,
        leaf_hashes=tuple(hashes),
        proofs=_prove_new(levels, ragged, size, new_size),
    )


def inclusion_proof(index: int, size: int, node_at: NodeAt) -> tuple[bytes, ...]:
    """Prove that leaf *index* is in the tree of *size* (RFC 6962 2.1.1), leaf side first.

    Raises:
        ProofInvalid: there is no such leaf.
    """
    if not 0 <= index < size < MAX_SIZE:
        raise ProofInvalid(kind="inclusion", reason=f"no leaf {index} in a tree of size {size}")
    return tuple(_siblings(index, 0, size, node_at))


def consistency_proof(old_size: int, new_size: int, node_at: NodeAt) -> tuple[bytes, ...]:
    """Prove that the tree of *old_size* is a prefix of that of *new_size* (RFC 6962 2.1.2).

    Equal sizes need no proof: the answer is empty.

    Raises:
        ProofInvalid: the sizes are in the wrong order, or the older tree is empty and so
            can prove nothing.
    """
    _check_sizes(old_size, new_size)
    if old_size == new_size:
        return ()
    level = _trailing_zeros(old_size)
    seed = [] if old_size.bit_count() == 1 else [node_at(level, (old_size >> level) - 1)]
    return (*seed, *_siblings(old_size - 1, level, new_size, node_at))


def tree_root(size: int, node_at: NodeAt) -> bytes:
    """Root of the tree of *size*."""
    return _edge_hash(size, size.bit_length(), node_at) if size else EMPTY_ROOT


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that the leaf with hash *leaf* is number *index* of the tree with this root.

    Raises:
        ProofInvalid: it is not proven.
    """
    kind = "inclusion"
    if not 0 <= index < size < MAX_SIZE:
        raise ProofInvalid(kind=kind, reason=f"no leaf {index} in a tree of size {size}")
    inner = (index ^ (size - 1)).bit_length()
    _check_length(kind, proof, inner + (index >> inner).bit_count())
    _check_hashes(kind, leaf, root, *proof)
    found = _climb(leaf, proof[:inner], index)
    for left in proof[inner:]:
        found = sha256(_NODE + left + found).digest()
    if not compare_digest(found, root):
        raise ProofInvalid(kind=kind, reason=f"leaf {index} leads to another root")


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Check that the newer tree begins with exactly the leaves of the older one.

    Raises:
        ProofInvalid: it is not proven; also when the older tree is empty, because then nothing
            can be.
    """
    kind = "consistency"
    _check_sizes(old_size, new_size)
    if old_size == new_size:
        _check_length(kind, proof, 0)
        _check_equal_roots(old_size, old_root, new_root)
        return
    _check_hashes(kind, old_root, new_root, *proof)
    found_old, found_new = _roots_of(old_size, new_size, proof, old_root)
    if not compare_digest(found_old, old_root):
        raise ProofInvalid(kind=kind, reason=f"it leads to another root at size {old_size}")
    if not compare_digest(found_new, new_root):
        raise ProofInvalid(kind=kind, reason=f"it leads to another root at size {new_size}")


def proven_prefix(
    old_size: int, new_size: int, proof: Sequence[bytes], new_root: bytes
) -> bytes | None:
    """Root that the newer tree has at the older size, as a consistency proof says it.

    Where it differs from the root that was signed at that size, the proof shows that the newer
    tree is no continuation of what was signed.

    Returns:
        None when the proof does not lead to the newer root, or leaves the older one out, as it
        does at sizes that are powers of two (RFC 6962 2.1.2).
    """
    if old_size.bit_count() < 2 or not old_size < new_size < MAX_SIZE:  # noqa: PLR2004
        return None
    try:
        _check_hashes("consistency", new_root, *proof)
        found_old, found_new = _roots_of(old_size, new_size, proof, b"")
    except ProofInvalid:
        return None
    return found_old if compare_digest(found_new, new_root) else None


def _roots_of(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes
) -> tuple[bytes, bytes]:
    """The older and the newer root that a consistency proof leads to.

    Raises:
        ProofInvalid: it has not the length that belongs to the sizes.
    """
    level = _trailing_zeros(old_size)
    index = (old_size - 1) >> level
    inner = ((old_size - 1) ^ (new_size - 1)).bit_length() - level
    seeded = old_size.bit_count() > 1
    _check_length("consistency", proof, seeded + inner + (index >> inner).bit_count())
    seed, path = (proof[0], proof[1:]) if seeded else (old_root, proof)
    found_old, found_new = seed, _climb(seed, path[:inner], index)
    for height, sibling in enumerate(path[:inner]):
        if index >> height & 1:
            found_old = node_hash(sibling, found_old)
    for left in path[inner:]:
        found_old, found_new = node_hash(left, found_old), node_hash(left, found_new)
    return found_old, found_new


def _grow(frontier: Sequence[bytes], size: int, hashes: list[bytes]) -> list[list[bytes]]:
    """Complete nodes of each level that are new, or siblings of new ones.

    The list of a level begins at the even index ``(size >> level) & ~1``.
    """
    old = iter(reversed(frontier))
    levels: list[list[bytes]] = []
    fresh = hashes
    for level in range((size + len(hashes)).bit_length()):
        nodes = [next(old), *fresh] if size >> level & 1 else fresh
        levels.append(nodes)
        fresh = [
            sha256(_NODE + left + right).digest()
            for left, right in zip(nodes[::2], nodes[1::2], strict=False)
        ]
    return levels


def _ragged_edge(levels: list[list[bytes]], size: int) -> list[bytes | None]:
    """For each level, and one above: hash of the leaves right of its last complete node."""
    edge: bytes | None = None
    ragged: list[bytes | None] = [edge]
    for level, nodes in enumerate(levels):
        if size >> level & 1:
            edge = node_hash(nodes[-1], edge) if edge else nodes[-1]
        ragged.append(edge)
    return ragged


def _prove_new(
    levels: list[list[bytes]], ragged: list[bytes | None], size: int, new_size: int
) -> tuple[tuple[bytes, ...], ...]:
    """Proofs of the leaves from *size* on, built from the root down so that tails are shared."""
    if new_size == size:
        return ()
    proofs: list[tuple[bytes, ...]] = [()]
    for level in reversed(range((new_size - 1).bit_length())):
        nodes, edge = levels[level], ragged[level]
        start, complete = (size >> level) & ~1, new_size >> level
        first, last = size >> level, (new_size - 1) >> level
        above = first >> 1
        grown: list[tuple[bytes, ...]] = []
        for index in range(first, last + 1):
            sibling, tail = index ^ 1, proofs[(index >> 1) - above]
            if sibling < complete:
                grown.append((nodes[sibling - start], *tail))
            elif sibling == complete and edge:
                grown.append((edge, *tail))
            else:
                grown.append(tail)
        proofs = grown
    return tuple(proofs)


def _siblings(leaf: int, level: int, size: int, node_at: NodeAt) -> list[bytes]:
    """Siblings on the way from the node over *leaf* at *level* up to the root."""
    found = []
    for height in range(level, (size - 1).bit_length()):
        sibling, complete = leaf >> height ^ 1, size >> height
        if sibling < complete:
            found.append(node_at(height, sibling))
        elif sibling == complete and complete << height != size:
            found.append(_edge_hash(size, height, node_at))
    return found


def _edge_hash(size: int, level: int, node_at: NodeAt) -> bytes:
    """Hash of the last ``size % 2**level`` leaves (at least one)."""
    parts = [node_at(height, (size >> height) - 1) for height in range(level) if size >> height & 1]
    return frontier_root(parts[::-1])


def _climb(seed: bytes, siblings: Sequence[bytes], index: int) -> bytes:
    found = seed
    for sibling in siblings:
        pair = sibling + found if index & 1 else found + sibling
        found = sha256(_NODE + pair).digest()
        index >>= 1
    return found


def _trailing_zeros(size: int) -> int:
    return (size & -size).bit_length() - 1


def _check_sizes(old_size: int, new_size: int) -> None:
    if not 0 <= old_size <= new_size < MAX_SIZE:
        reason = f"sizes {old_size} and {new_size} are out of order"
        raise ProofInvalid(kind="consistency", reason=reason)
    if old_size == 0 and new_size > 0:
        raise ProofInvalid(kind="consistency", reason="an empty tree proves nothing")


def _check_equal_roots(size: int, old_root: bytes, new_root: bytes) -> None:
    expected = old_root if size else EMPTY_ROOT
    if not (compare_digest(expected, old_root) and compare_digest(expected, new_root)):
        raise ProofInvalid(kind="consistency", reason=f"two different roots at size {size}")


def _check_length(kind: str, proof: Sequence[bytes], expected: int) -> None:
    if len(proof) != expected:
        reason = f"it holds {len(proof)} hashes, expected {expected}"
        raise ProofInvalid(kind=kind, reason=reason)


def _check_hashes(kind: str, *hashes: bytes) -> None:
    if not set(map(len, hashes)) <= {HASH_SIZE}:
        raise ProofInvalid(kind=kind, reason="a hash is not 32 bytes long")
