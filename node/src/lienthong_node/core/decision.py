"""What the core answers: a record for the journal with the rows that go with it."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from attrs import field, frozen

from lienthong.model.journal import JournalBody
from lienthong.spi.records import (
    CredentialRow,
    DeliveryRow,
    LawRow,
    OrganisationRow,
    PackageRow,
    StatementRow,
)
from lienthong_node.core.law import Law


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

    body: JournalBody
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
    law: LawRow | None = None
    law_after: Law | None = field(default=None, repr=False)
    """All that is kept then, where that changes: what was checked is what holds."""

    @property
    def directory_changes(self) -> int:
        """By how much the directory version grows."""
        single = (self.credential, self.law)
        return len(self.organisations) + sum(row is not None for row in single)


@frozen(kw_only=True)
class Repeated:
    """The command was accepted before; its receipt is that of this entry."""

    index: int


@frozen(kw_only=True)
class Amended:
    """What the axis keeps of a delivery has changed, without an entry of its own."""

    index: int
    """Entry that has moved the delivery last."""

    delivery: DeliveryRow


Decision: TypeAlias = Accepted | Repeated | Amended
