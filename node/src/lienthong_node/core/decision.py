"""What the core answers: a record for the journal with the rows that go with it."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from attrs import field, frozen

from lienthong.model.journal import DirectoryRecord, PackageRecord, StatementRecord
from lienthong.spi.records import (
    CredentialRow,
    DeliveryRow,
    OrganisationRow,
    PackageRow,
    StatementRow,
)

Body: TypeAlias = PackageRecord | StatementRecord | DirectoryRecord


@frozen(kw_only=True)
class Moment:
    """Where in the journal a decision is made."""

    index: int
    """Index that the entry gets if the command is accepted."""

    now: datetime
    """Instant of the entry, UTC; never before that of the entry in front of it."""

    now_us: int
    clock: datetime
    """What the node's clock says; behind ``now`` after it was set back."""

    directory_version: int


@frozen(kw_only=True)
class Accepted:
    """The command becomes a journal entry; the rows are written in the same transaction."""

    body: Body
    subject_id: bytes
    package_id: bytes = b""
    envelope: bytes = field(default=b"", repr=False)
    """What the entry holds the hash of; see ``JournalRow``."""

    parties: tuple[str, ...]
    package: PackageRow | None = None
    contents: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    """Small files, as (sha256, bytes) pairs."""

    deliveries: tuple[DeliveryRow, ...] = ()
    statement: StatementRow | None = None
    organisations: tuple[OrganisationRow, ...] = ()
    credential: CredentialRow | None = None

    @property
    def directory_changes(self) -> int:
        """By how much the directory version grows."""
        return len(self.organisations) + (self.credential is not None)


@frozen(kw_only=True)
class Repeated:
    """The command was accepted before; its receipt is that of this entry."""

    index: int


Decision: TypeAlias = Accepted | Repeated
