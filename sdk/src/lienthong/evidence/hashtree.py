"""Merkle trees of RFC 6962's shape over any digest: what renewals of time-stamps cover.

The journal's own tree (``merkle``) is made for SHA-256 and for growing by batches. This one
outlives SHA-256, and is cut into blocks of 256 leaves: with the roots of the blocks, a proof needs
the leaves of one block only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from lienthong.errors import ProofInvalid

Digest: TypeAlias = Callable[[bytes], bytes]
"""Content to hash."""

BLOCK: Final = 256
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
_KIND: Final = "renewal"


def leaf_of(content: bytes, digest: Digest) -> bytes:
    """Hash of a leaf."""
    return digest(_LEAF + content)


def root_of(hashes: Sequence[bytes], digest: Digest) -> bytes:
    """Root over leaves, or over the roots of blocks; that of nothing is the hash of nothing."""
    if not hashes:
        return digest(b"")
    level = list(hashes)
    while len(level) > 1:
        level = _above(level, digest)
    return level[0]


def blocks_of(
    leaves: Iterable[bytes], digest: Digest, *, known: Sequence[bytes] = ()
) -> list[bytes]:
    """Roots of blocks: the *known* ones, which are full, and those of the leaves that follow."""
    roots, block = list(known), list[bytes]()
    for leaf in leaves:
        block.append(leaf)
        if len(block) == BLOCK:
            roots.append(root_of(block, digest))
            block.clear()
    return [*roots, root_of(block, digest)] if block else roots


def path_in(hashes: Sequence[bytes], index: int, digest: Digest) -> list[bytes]:
    """What leads from one of the hashes to their root, lowest first."""
    found, level = [], list(hashes)
    while len(level) > 1:
        if (sibling := index ^ 1) < len(level):
            found.append(level[sibling])
        level, index = _above(level, digest), index >> 1
    return found


def lead(leaf: bytes, index: int, size: int, path: Sequence[bytes], digest: Digest) -> bytes:
    """The root that a path leads to from leaf number *index* of *size*.

    Raises:
        ProofInvalid: the path has not the length that belongs to the place, or a hash of it has
            not the digest's.
    """
    if not 0 <= index < size or any(len(one) != len(leaf) for one in path):
        raise ProofInvalid(kind=_KIND, reason=f"no leaf {index} of {size} is led to by this path")
    rest, last = list(path), size - 1
    while last:
        if index & 1 or index < last:
            if not rest:
                raise ProofInvalid(kind=_KIND, reason="the path ends early")
            pair = rest.pop(0) + leaf if index & 1 else leaf + rest.pop(0)
            leaf = digest(_NODE + pair)
        index, last = index >> 1, last >> 1
    if rest:
        raise ProofInvalid(kind=_KIND, reason="the path is too long")
    return leaf


def _above(level: list[bytes], digest: Digest) -> list[bytes]:
    """The next level; what has no sibling moves up as it is."""
    pairs = zip(level[::2], level[1::2], strict=False)
    above = [digest(_NODE + left + right) for left, right in pairs]
    return [*above, level[-1]] if len(level) % 2 else above
