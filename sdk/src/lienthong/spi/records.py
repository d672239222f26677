"""The rows that a record store keeps; plain values, equal on every store.

Instants are microseconds since 1970-01-01T00:00Z. Organisation codes are canonical. Bytes that
were signed or hashed are kept exactly as they came.
"""

from __future__ import annotations

from attrs import field, frozen


@frozen(kw_only=True)
class Head:
    """Where the journal and the directory stand."""

    size: int = 0
    """Number of journal entries."""

    recorded_us: int = 0
    """Instant of the newest entry; time never goes back behind it."""

    directory_version: int = 0

    frontier: tuple[bytes, ...] = ()
    """Roots of the complete subtrees that make up the tree, largest first (32 bytes each)."""


@frozen(kw_only=True)
class JournalRow:
    """One journal entry with what its receipt needs."""

    index: int
    entry: bytes
    """Serialised JournalEntry: the Merkle leaf."""

    leaf_hash: bytes
    proof: tuple[bytes, ...]
    """Inclusion proof in the tree of ``checkpoint_size``."""

    checkpoint_size: int
    recorded_us: int
    subject_id: bytes
    """Package id, statement id, or the UTF-8 canonical code for directory changes, checks and ends
    of certificates."""

    package_id: bytes
    """What it is about: a package, or by its SHA-256 a certificate whose end is told; empty for
    changes of the directory and checks."""

    envelope: bytes = field(repr=False)
    """Serialised Envelope; for a change of the directory the organisations or the credential after
    it, one line of JSON each, of which the entry holds the hash."""

    parties: tuple[str, ...]
    """Organisations whose feeds show it."""


@frozen(kw_only=True)
class UnusedFileRow:
    """An uploaded file that no package has named yet."""

    organ_id: str
    """Who uploaded it."""

    sha256: bytes
    unused_since_us: int


@frozen(kw_only=True)
class CheckpointRow:
    """A signed checkpoint."""

    size: int
    note: str


@frozen(kw_only=True)
class StampRow:
    """A time-stamp token over the journal."""

    number: int
    """From 1 on, without gaps: the order in which stamps were made."""

    kind: str
    """``checkpoint`` or ``renewal``."""

    size: int
    """Entries that it covers."""

    text: str = field(repr=False)
    """What was stamped: a signed checkpoint, or the statement of a renewal."""

    algorithm: str
    """Of the digest that was stamped: ``SHA-512``."""

    token: bytes = field(repr=False)
    """Time-stamp token (RFC 3161), DER."""

    stamped_us: int
    """When, as the token says."""

    until_us: int
    """When the first certificate of the authority's path ends."""

    blocks: bytes = field(default=b"", repr=False)
    """Of a renewal: hashes that its proofs are computed from."""


@frozen(kw_only=True)
class TileRow:
    """A full Merkle tile of 256 hashes (C2SP tlog-tiles)."""

    level: int
    index: int
    hashes: bytes = field(repr=False)
    root: bytes
    """Root of the tile: the hash at (level + 1, index)."""


@frozen(kw_only=True)
class FileRow:
    """A file as a package declares it."""

    sha256: bytes
    size: int
    name: str
    role: str


@frozen(kw_only=True)
class PackageRow:
    """An acknowledged package."""

    package_id: bytes
    kind: str
    sender: str
    payload_sha256: bytes
    index: int
    target_package_id: bytes
    reply_requested: bool
    files: tuple[FileRow, ...]


@frozen(kw_only=True)
class DeadlineRow:
    """Something that is to be done with a delivery by an instant."""

    kind: str
    since_us: int
    """From when it counts."""

    due_us: int
    """The last instant in time; 2^62 while that is not known yet."""

    warn_us: int
    """From then on it is at risk."""

    stage: str = ""
    """What the journal has told of it: empty, AT_RISK or OVERDUE."""

    rule_set: str = ""
    calendar: str = ""
    """Versions of the rule set and the calendar by which it was computed."""

    provisional: bool = False


@frozen(kw_only=True)
class JudgementRow:
    """What a decision table said of a delivery."""

    value: str
    rows: tuple[int, ...]
    """Numbers of the rows that applied, the deciding one first."""

    rule_set: str
    """Version of the rule set."""

    by_axis: bool = False
    """It rests on what the axis itself has verified, not on what somebody reported."""


@frozen(kw_only=True)
class DeliveryRow:
    """One package on its way to one recipient."""

    package_id: bytes
    recipient: str
    sender: str
    kind: str
    state: str
    resume_state: str
    """State to go back to when a pending request is refused; empty otherwise."""

    has_lead: bool
    pending_package_id: bytes
    """The recall, update or replacement that waits for an answer; empty otherwise."""

    sent_us: int
    updated_us: int
    updated_index: int
    subject: str
    number: str
    urgency: str
    deadlines: tuple[DeadlineRow, ...] = ()
    """What still has to be done with it."""

    look_us: int = 0
    """When the next of its deadlines is at risk or over; 0 when none is open."""

    paper: JudgementRow | None = None
    """In which form it goes to the recipient."""

    legal_value: JudgementRow | None = None
    """What the document is worth at the recipient's."""


@frozen(kw_only=True)
class StatementRow:
    """A recorded status report."""

    statement_id: bytes
    package_id: bytes
    recipient: str
    event: str
    payload_sha256: bytes
    content_sha256: bytes
    """SHA-256 over what the report says, without its id and time: equal content, equal value."""

    index: int


@frozen(kw_only=True)
class OrganisationRow:
    """An organisation as the directory codec wrote it."""

    organ_id: str
    version: int
    body: bytes


@frozen(kw_only=True)
class CredentialRow:
    """A credential as the node wrote it."""

    fingerprint: bytes
    organ_id: str
    version: int
    body: bytes


@frozen(kw_only=True)
class LawRow:
    """A rule set or a calendar as it was entered."""

    subject: str
    """``rule_set`` or ``calendar``."""

    organ_id: str
    """Whose it is, with all that is under it; empty for the whole axis."""

    name: str
    """Its own; there may be several a subject and organisation."""

    version: int
    body: bytes
    """Its text, in UTF-8."""
