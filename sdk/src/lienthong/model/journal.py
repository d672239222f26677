"""The journal: one ordered log of everything that the axis took over (DESIGN §6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from attrs import Attribute, field, frozen

from lienthong.errors import InvalidValue
from lienthong.model.checks import (
    a,
    as_tuple,
    many,
    maybe,
    octets,
    path_of,
    refuse,
    shown,
    text,
    whole,
)
from lienthong.model.deadline import DeadlineKind, DeadlineStage
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.file_signature import LegalValue, SignaturesFound
from lienthong.model.ids import OrganId, PackageId, Sha256, StatementId
from lienthong.model.package import MAX_RECIPIENTS, Manifest, PackageKind
from lienthong.model.report import Statement
from lienthong.model.signing import Envelope
from lienthong.model.time import as_utc, aware, maybe_aware, maybe_utc

NONCE_BYTES: Final = 32
HASH_BYTES: Final = 32
MAX_ENTRY_BYTES: Final = 1024 * 1024
MAX_PROOF: Final = 63
"""A tree of 2^63 leaves has no longer proof."""

MAX_CHECKPOINT_CHARACTERS: Final = 64 * 1024
MAX_RESULTS: Final = 50
MISSED_TOLD_WITHIN: Final = timedelta(days=31)
"""How long after it was due the axis tells that a check was missed, at the latest."""

"""Results of one check of the interconnection."""

DIRECTORY_SUBJECTS: Final = frozenset(
    {"organisation", "credential", "contact_point", "rule_set", "calendar"}
)

CERTIFICATE_USES: Final = frozenset({"transport", "signing"})

_HASH: Final = octets(HASH_BYTES, HASH_BYTES)
_HASH_SIZES: Final = frozenset({HASH_BYTES})
_BODY_KINDS: Final = (
    "PackageRecord, StatementRecord, DirectoryRecord, DeadlineRecord, InterconnectionRecord,"
    " VerificationRecord or ExpiryRecord"
)


@frozen(kw_only=True)
class Effect:
    """A delivery changed its state."""

    package_id: PackageId = field(validator=a(PackageId))
    recipient: OrganId = field(validator=a(OrganId))
    from_state: DeliveryState | None = field(default=None, validator=maybe(DeliveryState))
    """None for a new delivery."""

    to_state: DeliveryState = field(validator=a(DeliveryState))


@frozen(kw_only=True)
class PackageRecord:
    """The axis took over a package; codes are canonical, as the directory knew them then."""

    package_id: PackageId = field(validator=a(PackageId))
    kind: PackageKind = field(validator=a(PackageKind))
    sender: OrganId = field(validator=a(OrganId))
    recipients: tuple[OrganId, ...] = field(
        converter=as_tuple, validator=many(OrganId, least=1, most=MAX_RECIPIENTS)
    )
    payload_sha256: Sha256 = field(validator=a(Sha256))
    """Of the signed payload."""

    envelope_sha256: Sha256 = field(validator=a(Sha256))
    """Over everything that the envelope says (``evidence.digests``)."""

    target: PackageId | None = field(default=None, validator=maybe(PackageId))
    effects: tuple[Effect, ...] = field(
        default=(), converter=as_tuple, validator=many(Effect, most=4 * MAX_RECIPIENTS)
    )
    """The new deliveries of this package, and nothing else.

    What it does to deliveries of its target follows from the delivery machine
    (``flow.packages.step_at_target``): every recipient sees the entry, and would learn from it how
    the others process the document.
    """


@frozen(kw_only=True)
class StatementRecord:
    """The axis took over a status report; codes are canonical, which the report's need not be."""

    statement_id: StatementId = field(validator=a(StatementId))
    package_id: PackageId = field(validator=a(PackageId))
    recipient: OrganId = field(validator=a(OrganId))
    reporter: OrganId = field(validator=a(OrganId))
    event: DeliveryEvent = field(validator=a(DeliveryEvent))
    payload_sha256: Sha256 = field(validator=a(Sha256))
    envelope_sha256: Sha256 = field(validator=a(Sha256))
    effects: tuple[Effect, ...] = field(
        default=(), converter=as_tuple, validator=many(Effect, most=4 * MAX_RECIPIENTS)
    )
    """Empty when the report was late and only recorded."""

    @event.validator
    def _check_event(self, attribute: Attribute[Any], value: DeliveryEvent) -> None:
        if not value.reported:
            raise InvalidValue(
                field=path_of(self, attribute),
                found=value.name,
                expected="an event that organisations report",
            )


@frozen(kw_only=True)
class DirectoryRecord:
    """The directory, or the law that the axis keeps, changed."""

    version: int = field(validator=whole(1, 2**63 - 1))
    """Directory version after the change."""

    subject: str = field()
    """One of ``DIRECTORY_SUBJECTS``."""

    organ_id: OrganId = field(validator=a(OrganId))
    change_sha256: Sha256 = field(validator=a(Sha256))
    """Of the serialised change."""

    @subject.validator
    def _check_subject(self, attribute: Attribute[Any], value: object) -> None:
        if value not in DIRECTORY_SUBJECTS:
            raise InvalidValue(
                field=path_of(self, attribute),
                found=shown(value),
                expected="one of " + ", ".join(sorted(DIRECTORY_SUBJECTS)),
            )


@frozen(kw_only=True)
class DeadlineRecord:
    """The axis tells that a deadline of a delivery comes near, or has passed.

    Nobody else may see it than those whose business it is: it is in their feeds alone.
    """

    package_id: PackageId = field(validator=a(PackageId))
    recipient: OrganId = field(validator=a(OrganId))
    kind: DeadlineKind = field(validator=a(DeadlineKind))
    stage: DeadlineStage = field(validator=a(DeadlineStage))
    due_at: datetime = field(converter=as_utc, validator=aware)
    """The last instant in time, UTC."""

    rule_set: str = field(default="", validator=text(100))
    """Version of the rule set by which it was computed."""

    calendar: str = field(default="", validator=text(100))
    """Version of the calendar; empty where it follows from none."""

    provisional: bool = field(default=False, validator=a(bool))
    """It touches days whose plan is not official yet (T12)."""


@frozen(kw_only=True)
class VerificationRecord:
    """The axis verified the legal signatures in a package's files for a recipient.

    The recipient's rule set wants it (QĐ 52/2019 Đ8.1); what the recipient itself finds stands
    above it.
    """

    package_id: PackageId = field(validator=a(PackageId))
    recipient: OrganId = field(validator=a(OrganId))
    found: SignaturesFound = field(validator=a(SignaturesFound))
    """With the hash of the report that the axis keeps."""

    value: LegalValue = field(validator=a(LegalValue))
    """What the document is worth by that."""

    rule_set: str = field(validator=text(100))
    """Version of the rule set by which it was judged."""

    checked_at: datetime = field(converter=as_utc, validator=aware)
    """UTC."""

    checker: str = field(validator=text(200, required=True))
    """Name and version of the software that checked."""


@frozen(kw_only=True)
class CheckResult:
    """One thing that a check of the interconnection looked at."""

    name: str = field(validator=text(50, required=True))
    """Such as ``feed`` or ``clock``."""

    passed: bool = field(validator=a(bool))
    note: str = field(default="", validator=text(200))


@frozen(kw_only=True)
class InterconnectionRecord:
    """An organisation checked the interconnection of data, or missed to (QĐ 52/2019 Đ12.6)."""

    organ_id: OrganId = field(validator=a(OrganId))
    results: tuple[CheckResult, ...] = field(
        default=(), converter=as_tuple, validator=many(CheckResult, most=MAX_RESULTS)
    )
    """What was looked at; empty when it was missed."""

    missed_at: datetime | None = field(default=None, converter=maybe_utc, validator=maybe_aware)
    """When the check was due that nobody made, UTC; None for one that was made."""

    def __attrs_post_init__(self) -> None:
        if bool(self.results) == (self.missed_at is not None):
            expected = "results, or when it was missed, and not both"
            raise refuse(self, "results", found=f"{len(self.results)} results", expected=expected)

    @property
    def passed(self) -> bool:
        """Whether a check was made and found nothing wrong."""
        return bool(self.results) and all(result.passed for result in self.results)


@frozen(kw_only=True)
class ExpiryRecord:
    """The axis tells an organisation that a certificate of it ends soon, or has ended."""

    organ_id: OrganId = field(validator=a(OrganId))
    certificate_sha256: Sha256 = field(validator=a(Sha256))
    use: str = field()
    """One of ``CERTIFICATE_USES``."""

    not_after: datetime = field(converter=as_utc, validator=aware)
    """Until when it is valid, UTC."""

    days_ahead: int = field(validator=whole(0, 366))
    """Which warning it is: within so many days; 0 after the end."""

    @use.validator
    def _check_use(self, attribute: Attribute[Any], value: object) -> None:
        if value not in CERTIFICATE_USES:
            raise InvalidValue(
                field=path_of(self, attribute),
                found=shown(value),
                expected="one of " + ", ".join(sorted(CERTIFICATE_USES)),
            )


SignedRecord: TypeAlias = PackageRecord | StatementRecord
"""The axis took over what an organisation has signed."""

JournalBody: TypeAlias = (
    SignedRecord
    | DirectoryRecord
    | DeadlineRecord
    | InterconnectionRecord
    | VerificationRecord
    | ExpiryRecord
)


@frozen(kw_only=True)
class JournalEntry:
    """One entry; its serialised bytes, made once by the axis, are the Merkle leaf."""

    index: int = field(validator=whole(0, 2**63 - 1))
    """Gap-free, from 0."""

    nonce: bytes = field(repr=False, validator=octets(NONCE_BYTES, NONCE_BYTES))
    """Random, so that public hashes reveal nothing of the content."""

    recorded_at: datetime = field(converter=as_utc, validator=aware)
    """UTC; never goes back."""

    axis: str = field(validator=text(255, required=True))
    body: JournalBody = field()

    @body.validator
    def _check_body(self, attribute: Attribute[Any], value: object) -> None:
        if not isinstance(value, JournalBody):
            found = shown(value)
            field_path = path_of(self, attribute)
            raise InvalidValue(field=field_path, found=found, expected=_BODY_KINDS)


@frozen(kw_only=True)
class Receipt:
    """A journal entry together with what proves it offline."""

    entry: bytes = field(repr=False, validator=octets(1, MAX_ENTRY_BYTES))
    """Serialised JournalEntry."""

    index: int = field(validator=whole(0, 2**63 - 1))
    inclusion_proof: tuple[bytes, ...] = field(
        default=(), repr=False, converter=as_tuple, validator=many(bytes, most=MAX_PROOF)
    )
    """RFC 6962 inclusion proof in the tree of the checkpoint, leaf side first."""

    checkpoint: str = field(
        repr=False, validator=text(MAX_CHECKPOINT_CHARACTERS, required=True, lines=True)
    )
    """C2SP tlog-checkpoint as a signed note."""

    @inclusion_proof.validator
    def _check_proof(self, attribute: Attribute[Any], value: tuple[bytes, ...]) -> None:
        if not set(map(len, value)) <= _HASH_SIZES:
            # One by one only to name the wrong one; that all are bytes was checked before.
            for item in value:
                _HASH(self, attribute, item)


def _files(value: Mapping[Sha256, bytes]) -> Mapping[Sha256, bytes]:
    return MappingProxyType(dict(value))


@frozen(kw_only=True)
class FeedItem:
    """One journal entry that concerns the reader, with what it is about.

    For a package ``envelope`` and ``manifest`` are set, for a report ``envelope`` and
    ``statement``; for what the axis itself says none of them.
    """

    receipt: Receipt = field(validator=a(Receipt))
    entry: JournalEntry = field(validator=a(JournalEntry))
    envelope: Envelope | None = field(default=None, validator=maybe(Envelope))
    manifest: Manifest | None = field(default=None, validator=maybe(Manifest))
    statement: Statement | None = field(default=None, validator=maybe(Statement))
    inline_files: Mapping[Sha256, bytes] = field(
        factory=dict, repr=False, converter=_files, hash=False
    )
    """Contents of small files by their hash."""

    @property
    def next_index(self) -> int:
        """Where to go on: what the next reading of the feed begins after."""
        return self.entry.index + 1
