"""One file that is to be judged."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen

from lienthong.model.ids import Sha256
from lienthong.model.trust import NO_EVIDENCE, StatusEvidence


@frozen(kw_only=True)
class Case:
    """A file, and what is known of it before it is read."""

    data: bytes = field(repr=False)
    media_type: str
    at: datetime
    """Aware; the moment for which to judge."""

    evidence: StatusEvidence = field(default=NO_EVIDENCE, repr=False)
    content: bytes | None = field(default=None, repr=False)
    """What a detached signature is over."""

    @property
    def sha256(self) -> Sha256:
        return Sha256.of(self.data)

    @property
    def content_sha256(self) -> Sha256 | None:
        return None if self.content is None else Sha256.of(self.content)
