"""Whether a time-stamp still proves something, and by which renewals (RFC 4998 5).

A token proves by itself as long as its authority's certificates and its algorithms last. From then
on it proves only what a later token has covered before that moment; and so on, up to one that lasts
at the moment of verification. What it covers likewise: an entry is held by the journal's SHA-256 as
long as that is relied upon, and after that by renewals that have covered the entry itself before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

from attrs import field, frozen

from lienthong.errors import AlgorithmUnsupported, ProofInvalid
from lienthong.evidence.hashtree import lead, leaf_of
from lienthong.evidence.lifetimes import JOURNAL_DIGEST, Lifetimes
from lienthong.evidence.stamps import (
    Covered,
    Statement,
    entry_content,
    is_renewal,
    stamp_content,
)
from lienthong.model.signing import Envelope
from lienthong.model.stamps import EntryPlace, Place, Renewal, Stamp, StampProof
from lienthong.pki.chain import TrustAnchors
from lienthong.pki.cms import DIGESTS, digest_name, read_signed_data
from lienthong.pki.timestamp import TimeStamp, verify_token

LEAD: Final = timedelta(days=365)
"""So long before an end a renewal is due."""

WARNING: Final = timedelta(days=120)
"""So long before an end it is reported that nothing was renewed: by 90 days at the latest, however
seldom somebody looks."""


@frozen(kw_only=True)
class Link:
    """A time-stamp whose token was verified."""

    stamp: Stamp
    token: TimeStamp
    ends: datetime
    """Until when it proves something by itself."""

    statement: Statement | None
    """What it covers, if it is a renewal."""

    @property
    def at(self) -> datetime:
        return self.token.gen_time

    @property
    def entries(self) -> Covered | None:
        """The entries that it covers by its own digest."""
        return None if self.statement is None else self.statement.entries


@frozen(kw_only=True)
class Way:
    """A time-stamp of a checkpoint, and renewals of which each came in time."""

    links: tuple[Link, ...]
    digest: str = JOURNAL_DIGEST
    """By which the entry is held in the end."""

    def ends(self, lifetimes: Lifetimes) -> datetime:
        """Until when it proves something."""
        return min(self.links[-1].ends, lifetimes.of([self.digest]))

    def extended(self, later: Link, lifetimes: Lifetimes, *, by_entry: bool) -> Way | None:
        """The way with one more renewal; None where that came too late.

        Args:
            later: the renewal.
            lifetimes: of algorithms.
            by_entry: it covers the entry itself.
        """
        if later.at > self.links[-1].ends:
            return None
        digest = self.digest
        if by_entry and later.statement is not None and later.at <= lifetimes.of([digest]):
            digest = later.statement.algorithm
        return Way(links=(*self.links, later), digest=digest)


@frozen(kw_only=True)
class Held:
    """An entry with what is known about it by whoever verifies."""

    index: int
    entry: bytes
    recorded: Envelope | bytes
    files: Sequence[Mapping[str, bytes]] = ()
    """Of each file that the package names, its digests by algorithm, as far as it is at hand."""


@frozen(kw_only=True)
class Proven:
    """What a proof was found to show; who reads it compares ``ends`` with the present."""

    stamped_at: datetime
    """When the entry existed at the latest, by the authority's clock; UTC."""

    accuracy: timedelta
    authority: str
    """Subject of its certificate."""

    renewals: int
    """How many of the renewals came in time."""

    ends: datetime
    """After it the proof shows nothing any more."""


def open_stamp(stamp: Stamp, anchors: TrustAnchors, lifetimes: Lifetimes) -> Link:
    """Verify a token and read what it covers.

    Raises:
        TimestampInvalid, Malformed, SignatureInvalid, CertificateExpired: the token proves nothing.
        ChainUntrusted, CertificateUnfit, AlgorithmUnsupported: its authority is not trusted, or
            uses what is not accepted.
        CheckpointInvalid: the statement of a renewal names no axis, or a root is no base64.
    """
    if stamp.algorithm not in DIGESTS:
        raise AlgorithmUnsupported(found=f"digest {stamp.algorithm}")
    digest = DIGESTS[stamp.algorithm](stamp.text.encode())
    token = verify_token(stamp.token, digest, anchors, algorithm=stamp.algorithm)
    statement = Statement.parse(stamp.text) if is_renewal(stamp.text) else None
    digests = [digest_name(read_signed_data(stamp.token, what="a time-stamp").signer.digest)]
    digests += [] if statement is None else [statement.algorithm]
    ends = min(lifetimes.end_of(token), lifetimes.of(digests))
    return Link(stamp=stamp, token=token, ends=ends, statement=statement)


def best_way(first: Link, renewals: Iterable[Link], index: int, lifetimes: Lifetimes) -> Way:
    """The way that lasts longest from a time-stamp on; of those that with the oldest renewals.

    Args:
        first: a time-stamp of a checkpoint that covers the entry.
        renewals: all that were made since, oldest first; each covers all before it.
        index: of the entry.
        lifetimes: of algorithms.
    """
    best = Way(links=(first,))
    ways = [best]
    for later in renewals:
        by_entry = later.entries is not None and index < later.entries.size
        found: dict[str, Way] = {}
        for way in ways:
            longer = way.extended(later, lifetimes, by_entry=by_entry)
            if longer is not None and _is_shorter(longer, found.get(longer.digest)):
                found[longer.digest] = longer
        ways = [*(way for way in ways if way.links[-1].ends >= later.at), *found.values()]
        best = max([best, *found.values()], key=lambda way: way.ends(lifetimes))
    return best


@frozen(kw_only=True)
class OpenedProof:
    """A proof whose time-stamps were verified, and found to cover each other."""

    first: Link
    renewals: tuple[Link, ...]
    places: tuple[Mapping[int, EntryPlace], ...] = field(repr=False)
    """Of each renewal, those of entries by their index."""


def open_proof(proof: StampProof, opened: Callable[[Stamp], Link]) -> OpenedProof:
    """Check what a proof says of time-stamps, whatever entry it is for.

    1. Every token is verified, its authority's certificates at the time that it says.
    2. Each renewal covers every time-stamp before it.

    *opened* does ``open_stamp``, and may remember what it has verified.

    Raises:
        as ``open_stamp``, and ProofInvalid: step 2.
    """
    stamps = [proof.stamp, *(renewal.stamp for renewal in proof.renewals)]
    first, *later = map(opened, stamps)
    if first.statement is not None:
        raise ProofInvalid(kind="renewal", reason="its first time-stamp is not of a checkpoint")
    axis = proof.stamp.text.partition("\n")[0]
    for number, (renewal, link) in enumerate(zip(proof.renewals, later, strict=True), start=1):
        _check_renewal(renewal, link, stamps[:number], axis)
    return OpenedProof(
        first=first,
        renewals=tuple(later),
        places=tuple({one.index: one for one in renewal.entries} for renewal in proof.renewals),
    )


def check_entry(proof: OpenedProof, held: Held, lifetimes: Lifetimes) -> Proven:
    """Check what a proof shows of an entry; its checkpoint must cover it, which is not asked here.

    1. Where a renewal covers entries, the entry with its envelope and files is among them.
    2. Each renewal came before the end of what it keeps alive. The first one that did not, and all
       after it, count for nothing.

    Raises:
        ProofInvalid: step 1.
    """
    way = Way(links=(proof.first,))
    by_entry = [
        _holds(link, held, at) for link, at in zip(proof.renewals, proof.places, strict=True)
    ]
    for link, holds in zip(proof.renewals, by_entry, strict=True):
        longer = way.extended(link, lifetimes, by_entry=holds)
        if longer is None:
            break
        way = longer
    return Proven(
        stamped_at=proof.first.at,
        accuracy=proof.first.token.accuracy,
        authority=proof.first.token.authority.subject,
        renewals=len(way.links) - 1,
        ends=way.ends(lifetimes),
    )


def _is_shorter(way: Way, known: Way | None) -> bool:
    return known is None or len(way.links) < len(known.links)


def _check_renewal(renewal: Renewal, link: Link, stamps: Sequence[Stamp], axis: str) -> None:
    said = link.statement
    if said is None or said.axis != axis or len(renewal.stamps) != len(stamps):
        raise ProofInvalid(kind="renewal", reason="it does not say what it renews")
    for stamp, place in zip(stamps, renewal.stamps, strict=True):
        _check_place(stamp_content(stamp), place, said.stamps, said.algorithm)


def _holds(link: Link, held: Held, places: Mapping[int, EntryPlace]) -> bool:
    """Whether a renewal covers the entry itself."""
    said, own = link.statement, places.get(held.index)
    if said is None or said.entries is None or own is None:
        return False
    _check_files(own, held, said.algorithm)
    content = entry_content(held.entry, held.recorded, own.files, said.algorithm)
    _check_place(content, own, said.entries, said.algorithm)
    return True


def _check_place(
    content: bytes, place: Place | EntryPlace, covered: Covered, algorithm: str
) -> None:
    digest = DIGESTS[algorithm]
    found = lead(leaf_of(content, digest), place.index, covered.size, place.path, digest)
    if not compare_digest(found, covered.root):
        raise ProofInvalid(kind="renewal", reason=f"number {place.index} leads to another root")


def _check_files(place: EntryPlace, held: Held, algorithm: str) -> None:
    if len(place.files) != len(held.files):
        raise ProofInvalid(kind="renewal", reason="it names another number of files")
    for digest, known in zip(place.files, held.files, strict=True):
        if algorithm in known and not compare_digest(known[algorithm], digest):
            raise ProofInvalid(kind="renewal", reason="a file has another content")
