"""Time-stamps of the journal, and what proves offline that one covers an entry.

A time-stamp covers a text: a signed checkpoint, or the statement of a renewal. A renewal covers all
time-stamps before it, so that they prove something beyond the end of their authority's certificate
(RFC 4998 5.2). Where the digest of the journal itself grows weak, a renewal covers the entries too,
by another digest (RFC 4998 5.3)::

    lienthong-renewal/1
    truc.example
    SHA-512
    stamps 1204 <base64 of the root over all time-stamps before>
    entries 90817 <base64 of the root over all entries>

The last line is there only then. Both roots are those of ``hashtree``.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Final, Self

from attrs import field, frozen

from lienthong.errors import Malformed
from lienthong.evidence.digests import envelope_digest, joined
from lienthong.evidence.merkle import MAX_SIZE
from lienthong.evidence.note import check_name, decode_base64
from lienthong.model.signing import Envelope
from lienthong.model.stamps import Stamp
from lienthong.pki.cms import DIGESTS

FIRST_LINE: Final = "lienthong-renewal/1"
CHECKPOINT: Final = "checkpoint"
RENEWAL: Final = "renewal"
"""Kinds of time-stamps, as record stores keep them."""

_WHAT: Final = "the statement of a renewal"
_COVERED: Final = re.compile(r"(stamps|entries) (0|[1-9][0-9]{0,18}) (\S+)\Z")


@frozen(kw_only=True)
class Covered:
    """So many things under one root."""

    size: int
    root: bytes = field(repr=bytes.hex)


@frozen(kw_only=True)
class Statement:
    """What a renewal says that it covers."""

    axis: str
    algorithm: str
    stamps: Covered
    entries: Covered | None = None

    def dump(self) -> str:
        """The text that is stamped."""
        lines = [FIRST_LINE, self.axis, self.algorithm, _line("stamps", self.stamps)]
        lines += [] if self.entries is None else [_line("entries", self.entries)]
        return "\n".join(lines) + "\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a text that was stamped.

        Raises:
            Malformed: it is not, to the byte, what ``dump`` writes.
        """
        lines = text.split("\n")
        if len(lines) not in (5, 6) or lines[0] != FIRST_LINE or lines[2] not in DIGESTS:
            raise Malformed(what=_WHAT, reason="it has not its lines")
        check_name(lines[1])
        stamps = _covered(lines[3], "stamps", lines[2])
        entries = _covered(lines[4], "entries", lines[2]) if lines[4] else None
        found = cls(axis=lines[1], algorithm=lines[2], stamps=stamps, entries=entries)
        if found.dump() != text:
            raise Malformed(what=_WHAT, reason="it is not in its one form")
        return found


def stamp_content(stamp: Stamp) -> bytes:
    """What a later renewal hashes of a time-stamp."""
    return joined(stamp.text.encode(), stamp.algorithm.encode(), stamp.token)


def entry_content(
    entry: bytes, recorded: Envelope | bytes, files: Iterable[bytes], algorithm: str
) -> bytes:
    """What a renewal hashes of an entry: everything that the entry holds only a SHA-256 of.

    Args:
        entry: the leaf of the journal's tree.
        recorded: the envelope; for what the axis itself says the bytes that are kept with it.
        files: digests of the files that a package names, by *algorithm*.
        algorithm: of the renewal.
    """
    if isinstance(recorded, Envelope):
        digest = envelope_digest(recorded, algorithm)
    else:
        digest = DIGESTS[algorithm](recorded)
    return joined(entry, digest, *files)


def is_renewal(text: str) -> bool:
    """Whether a stamped text is the statement of a renewal, rather than a checkpoint."""
    return text.startswith(FIRST_LINE + "\n")


def _line(word: str, covered: Covered) -> str:
    return f"{word} {covered.size} {b64encode(covered.root).decode()}"


def _covered(line: str, word: str, algorithm: str) -> Covered:
    found = _COVERED.match(line)
    if found is None or found[1] != word or int(found[2]) >= MAX_SIZE:
        raise Malformed(what=_WHAT, reason=f"the line of {word} cannot be read")
    root = decode_base64(found[3], "a root")
    if len(root) != len(DIGESTS[algorithm](b"")):
        raise Malformed(what=_WHAT, reason=f"the root of {word} is no {algorithm}")
    return Covered(size=int(found[2]), root=root)
