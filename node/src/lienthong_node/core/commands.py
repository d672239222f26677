"""What the axis is asked to do; already decoded, its signatures already verified."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeAlias

from attrs import field, frozen

from lienthong.model.file_signature import SignaturesFound
from lienthong.model.journal import InterconnectionRecord
from lienthong.model.organisation import Organisation
from lienthong.model.package import Manifest
from lienthong.model.report import Statement
from lienthong_node.core.credentials import Credential
from lienthong_node.core.law import Value


@frozen(kw_only=True)
class Caller:
    """Who is asking, by the certificate of the connection and nothing else."""

    organ: str
    """Canonical code of the organisation that the certificate is bound to."""

    roles: frozenset[str]
    fingerprint: bytes
    """SHA-256 of the certificate."""


AXIS: Final = Caller(organ="", roles=frozenset(), fingerprint=b"")
"""The axis itself: nobody on the wire has this code."""


@frozen(kw_only=True)
class SubmitPackage:
    """Take over a package."""

    caller: Caller
    manifest: Manifest
    signer: str
    """Fingerprint of the certificate whose signature was verified; the core judges its binding."""

    payload_sha256: bytes
    envelope_sha256: bytes
    envelope: bytes = field(repr=False)
    """Serialised Envelope."""

    contents: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    """Small files that came with it, as (sha256, bytes) pairs whose hashes were checked."""

    @property
    def weight(self) -> int:
        """About how many bytes it holds."""
        return len(self.envelope) + sum(len(content) for _, content in self.contents)


@frozen(kw_only=True)
class ReportStatus:
    """Take over a status report."""

    caller: Caller
    statement: Statement
    signer: str
    """As in ``SubmitPackage``."""

    payload_sha256: bytes
    content_sha256: bytes
    envelope_sha256: bytes
    envelope: bytes = field(repr=False)

    @property
    def weight(self) -> int:
        """About how many bytes it holds."""
        return len(self.envelope)


@frozen(kw_only=True)
class PutOrganisations:
    """Enter or change organisations; all or nothing."""

    caller: Caller
    organisations: tuple[Organisation, ...]
    expected_version: int | None = None
    """The newest version of any organisation that the change was made from; None for any."""

    @property
    def weight(self) -> int:
        """About how many bytes it holds."""
        return 1024 * len(self.organisations)


@frozen(kw_only=True)
class PutCredential:
    """Bind a certificate, or end its use."""

    caller: Caller
    credential: Credential

    @property
    def weight(self) -> int:
        """About how many bytes it holds."""
        return 1024


@frozen(kw_only=True)
class PutLaw:
    """Enter or change a rule set or a calendar."""

    caller: Caller
    organ_id: str = ""
    """Whose it is, with all that is under it; empty for the whole axis."""

    value: Value
    expected_version: int | None = None
    """Its version that the change was made from, 0 for none; None for any."""

    @property
    def weight(self) -> int:
        """About how many bytes it holds."""
        return 64 * 1024


@frozen(kw_only=True)
class RecordCheck:
    """Write down a check of the interconnection, or that one was missed."""

    caller: Caller
    record: InterconnectionRecord

    @property
    def weight(self) -> int:
        """About how many bytes it holds."""
        return 1024


@frozen(kw_only=True)
class TellDeadline:
    """Tell that a deadline of a delivery comes near or has passed; the axis asks itself."""

    caller: Caller
    package_id: bytes
    recipient: str

    @property
    def weight(self) -> int:
        """About how many bytes it holds."""
        return 1024


@frozen(kw_only=True)
class RecomputeDeadlines:
    """Compute the open deadlines of a delivery by the law as it is now; likewise."""

    caller: Caller
    package_id: bytes
    recipient: str

    @property
    def weight(self) -> int:
        """About how many bytes it holds."""
        return 1024


@frozen(kw_only=True)
class TellVerified:
    """Tell what the axis found of the signatures in a package's files; the axis asks itself."""

    caller: Caller
    package_id: bytes
    recipient: str
    found: SignaturesFound
    checked_at: datetime
    checker: str

    @property
    def weight(self) -> int:
        """About how many bytes it holds."""
        return 1024


@frozen(kw_only=True)
class TellExpiry:
    """Tell that a certificate ends; the axis asks itself, about each one at a time."""

    caller: Caller
    fingerprint: str

    @property
    def weight(self) -> int:
        """About how many bytes it holds."""
        return 1024


Command: TypeAlias = (
    SubmitPackage
    | ReportStatus
    | PutOrganisations
    | PutCredential
    | PutLaw
    | RecordCheck
    | TellDeadline
    | RecomputeDeadlines
    | TellVerified
    | TellExpiry
)
