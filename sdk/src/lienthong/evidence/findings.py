"""What the verification of an evidence bundle reports."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen

from lienthong.evidence.checkpoint import Checkpoint
from lienthong.evidence.receipt import Recorded, RecordedPackage
from lienthong.evidence.stamp_findings import StampFinding
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.ids import OrganId, PackageId, Sha256
from lienthong.model.journal import Effect, JournalEntry
from lienthong.model.package import PackageKind
from lienthong.pki.envelope import EnvelopeEvidence


@frozen(kw_only=True)
class StepDone:
    """A step that found nothing wrong."""

    number: int
    name: str
    name_vi: str
    count: int
    """How many things it looked at."""


@frozen(kw_only=True)
class TimelineEntry:
    """One entry of the journal: what happened, who signed it, what it changed."""

    index: int
    recorded_at: datetime
    """When the axis took it over, UTC."""

    package_id: PackageId
    what: PackageKind | DeliveryEvent
    organ: OrganId
    """Sender of the package, or who reports."""

    effects: tuple[Effect, ...]
    """What the entry records, and what follows from it at deliveries that the exporter sees."""

    recorded: Recorded = field(repr=False)
    """The manifest or the report, with what the axis recorded about it."""

    signer: EnvelopeEvidence
    stamp: StampFinding | None = None
    """What time-stamps prove about it; None where the bundle has none that covers it."""

    @classmethod
    def of(
        cls,
        entry: JournalEntry,
        recorded: Recorded,
        signer: EnvelopeEvidence,
        effects: tuple[Effect, ...],
        stamp: StampFinding | None = None,
    ) -> TimelineEntry:
        """Put together what was verified about one entry."""
        if isinstance(recorded, RecordedPackage):
            what: PackageKind | DeliveryEvent = recorded.record.kind
            organ = recorded.record.sender
        else:
            what, organ = recorded.record.event, recorded.record.reporter
        return cls(
            index=entry.index,
            recorded_at=entry.recorded_at,
            package_id=recorded.record.package_id,
            what=what,
            organ=organ,
            effects=effects,
            recorded=recorded,
            signer=signer,
            stamp=stamp,
        )


@frozen(kw_only=True)
class DeliveryOutcome:
    """Where one delivery stands after the last entry of the bundle.

    Entries that are not in the bundle may have moved it since.
    """

    package_id: PackageId
    recipient: OrganId
    state: DeliveryState
    complete: bool
    """The bundle holds what decides on every change from its beginning to this state.

    Otherwise it is where the entries of the bundle lead, and reports that the exporter may not see
    may have led elsewhere.
    """


@frozen(kw_only=True)
class FileOutcome:
    """A file that a package of the case names."""

    name: str
    sha256: Sha256
    size: int
    included: bool
    """Its content is in the bundle; otherwise only its hash is known."""


@frozen(kw_only=True)
class BundleReport:
    """What a bundle was found to prove."""

    axis: str
    checkpoint: Checkpoint
    """The newest state of the journal that the bundle knows."""

    steps: tuple[StepDone, ...]
    timeline: tuple[TimelineEntry, ...]
    deliveries: tuple[DeliveryOutcome, ...]
    files: tuple[FileOutcome, ...]
