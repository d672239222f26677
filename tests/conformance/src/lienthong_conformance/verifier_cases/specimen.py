"""What the author of a verifier gives the cases to look at."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen

from lienthong.model.trust import StatusEvidence, Trust


@frozen(kw_only=True)
class Specimen:
    """A file that passes every check, and what it passes by."""

    signed: bytes = field(repr=False)
    """Signed validly at ``at`` or shortly before, and not time-stamped."""

    unsigned: bytes = field(repr=False)
    """Of the same media type, without a signature; one that cannot be read where the type has no
    such files."""

    trust: Trust
    at: datetime
    """The moment for which it passes."""

    evidence: StatusEvidence
    """Nobody revoked; current at ``at``, and not inside the file."""

    revoked: StatusEvidence
    """The same, but the signer's certificate was revoked before it signed."""

    content: bytes | None = field(default=None, repr=False)
    """What a detached signature is over."""
