"""Proofs by time-stamps that the journal had an entry at a time (RFC 3161, RFC 4998)."""

from __future__ import annotations

from attrs import field, frozen

from lienthong.model.checks import as_tuple


@frozen(kw_only=True)
class Stamp:
    """A text, and the token over its digest."""

    text: str = field(repr=False)
    """A signed checkpoint, or the statement of a renewal."""

    algorithm: str
    """Of the digest: ``SHA-256``, ``SHA-384`` or ``SHA-512``."""

    token: bytes = field(repr=False)
    """RFC 3161, DER."""


@frozen(kw_only=True)
class Place:
    """Where something lies in a tree of a renewal."""

    index: int
    path: tuple[bytes, ...] = field(repr=False, converter=as_tuple)


@frozen(kw_only=True)
class EntryPlace:
    """Where an entry of the journal lies in a renewal that covers entries."""

    index: int
    files: tuple[bytes, ...] = field(default=(), repr=False, converter=as_tuple)
    """Digests of the files that the package names, in its order, by the renewal's algorithm."""

    path: tuple[bytes, ...] = field(repr=False, converter=as_tuple)


@frozen(kw_only=True)
class Renewal:
    """A later time-stamp that covers all the earlier ones of a proof."""

    stamp: Stamp
    stamps: tuple[Place, ...] = field(converter=as_tuple)
    """One for each earlier time-stamp of the proof, the first one first."""

    entries: tuple[EntryPlace, ...] = field(default=(), converter=as_tuple)
    """Those that were asked for, when it covers entries."""


@frozen(kw_only=True)
class StampProof:
    """A time-stamp of a checkpoint with all renewals that keep it alive, oldest first."""

    stamp: Stamp
    renewals: tuple[Renewal, ...] = field(default=(), converter=as_tuple)
