"""What was read from the store before a decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from attrs import frozen

from lienthong.model.journal import JournalEntry
from lienthong.model.organisation import Directory
from lienthong.spi.records import DeliveryRow, PackageRow, StatementRow
from lienthong_node.core.credentials import Credentials
from lienthong_node.core.law import Law
from lienthong_node.core.rulings import Rulings


@frozen(kw_only=True)
class SubmitFacts:
    """For a package."""

    directory: Directory
    credentials: Credentials
    existing: PackageRow | None
    """The package with the same id."""

    existing_on: date | None = None
    """The day in Vietnam on which that was recorded."""

    possessions: Mapping[bytes, int]
    """Sizes of the files that the sender's side has uploaded, by SHA-256."""

    target: PackageRow | None
    target_deliveries: Mapping[str, DeliveryRow]
    """By recipient."""

    rulings: Rulings


@frozen(kw_only=True)
class ReportFacts:
    """For a status report."""

    directory: Directory
    credentials: Credentials
    existing: StatementRow | None
    """The report with the same id."""

    existing_on: date | None = None
    """The day in Vietnam on which that was recorded."""

    package: PackageRow | None
    delivery: DeliveryRow | None
    earlier: tuple[StatementRow, ...]
    """Reports about the same delivery, in index order."""

    replaced: DeliveryRow | None
    """The delivery that this one replaces, for replacement packages."""

    rulings: Rulings


@frozen(kw_only=True)
class RegistryFacts:
    """For changes of organisations, credentials and the law."""

    directory: Directory
    credentials: Credentials
    law: Law = Law()


@frozen(kw_only=True)
class VerificationFacts:
    """For what the axis found in the files of one delivery."""

    directory: Directory
    delivery: DeliveryRow | None
    rulings: Rulings


@frozen(kw_only=True)
class ExpiryFacts:
    """For the end of one certificate."""

    directory: Directory
    credentials: Credentials
    told: JournalEntry | None = None
    """What has told of it last."""


@frozen(kw_only=True)
class DeadlineFacts:
    """For the deadlines of one delivery."""

    directory: Directory
    law: Law
    delivery: DeliveryRow | None
