"""The contracts of record stores and blob stores.

Both are synchronous and batch-shaped; the node calls them from worker threads of its own. Files of
up to 256 KiB that travel with their package become durable with it, in the record store; larger
ones are uploaded to the blob store before. A store never interprets what it keeps: rules live in
the node's core. Any exception other than those named here is treated as a plugin failure: the batch
is not acknowledged.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from lienthong.spi.records import (
    CheckpointRow,
    CredentialRow,
    DeliveryRow,
    Head,
    JournalRow,
    LawRow,
    OrganisationRow,
    PackageRow,
    StampRow,
    StatementRow,
    TileRow,
    UnusedFileRow,
)


class ReadView(ABC):
    """A consistent look at the store: it never changes while it is open."""

    @abstractmethod
    def head(self) -> Head: ...

    @abstractmethod
    def package(self, package_id: bytes) -> PackageRow | None: ...

    @abstractmethod
    def followers(self, package_id: bytes) -> Sequence[PackageRow]:
        """Packages that recall, update or replace this one, in index order."""

    @abstractmethod
    def deliveries(self, package_id: bytes) -> Sequence[DeliveryRow]:
        """All deliveries of a package, ordered by recipient."""

    @abstractmethod
    def delivery(self, package_id: bytes, recipient: str) -> DeliveryRow | None:
        """One of them; a package may have a thousand."""

    @abstractmethod
    def statement(self, statement_id: bytes) -> StatementRow | None: ...

    @abstractmethod
    def statements(self, package_id: bytes, recipient: str) -> Sequence[StatementRow]:
        """The reports about one delivery, in index order."""

    @abstractmethod
    def possession(self, organ_id: str, sha256: bytes) -> int | None:
        """Size of a file that this organisation has uploaded, or None."""

    @abstractmethod
    def unused_bytes(self, organ_id: str) -> int:
        """Size of all files of this organisation that are noted as unused."""

    @abstractmethod
    def unused_files(self, before_us: int, limit: int) -> Sequence[UnusedFileRow]:
        """Files that are unused since before that instant, by instant, organisation and hash."""

    @abstractmethod
    def content(self, sha256: bytes) -> bytes | None:
        """A small file that came with its package, or None."""

    @abstractmethod
    def journal(self, start: int, limit: int) -> Sequence[JournalRow]:
        """Entries from index *start* on, in index order."""

    @abstractmethod
    def journal_of(self, package_id: bytes) -> Sequence[JournalRow]:
        """Entries about a package, or about the end of a certificate, in index order."""

    @abstractmethod
    def feed(self, organ_id: str, start: int, limit: int) -> Sequence[JournalRow]:
        """Entries with this party and an index of at least *start*, in index order."""

    @abstractmethod
    def list_deliveries(
        self,
        organ_id: str,
        *,
        incoming: bool,
        states: Sequence[str],
        before: tuple[int, bytes, str] | None,
        limit: int,
    ) -> Sequence[DeliveryRow]:
        """Deliveries to (incoming) or from an organisation, newest change first.

        Ordered by (updated_index, package_id, recipient) descending; *before* is the key of the
        last row of the page before; empty *states* means all.
        """

    @abstractmethod
    def watched_deliveries(
        self, before_us: int, after: tuple[int, bytes, str] | None, limit: int
    ) -> Sequence[DeliveryRow]:
        """Deliveries with a ``look_us`` above 0 and before that instant, earliest first.

        Ordered by (look_us, package_id, recipient); *after* is the key of the last row of the page
        before.
        """

    @abstractmethod
    def checkpoint(self, size: int | None = None) -> CheckpointRow | None:
        """The newest checkpoint, or the one of exactly this size."""

    @abstractmethod
    def stamps(self, after: int, limit: int, kind: str = "") -> Sequence[StampRow]:
        """Time-stamps with a number above *after*, in its order; of one kind, or of every kind."""

    @abstractmethod
    def last_stamp(self, kind: str) -> StampRow | None:
        """The one of this kind with the highest number."""

    @abstractmethod
    def stamp_covering(self, size: int) -> StampRow | None:
        """The first time-stamp of a checkpoint that covers at least so many entries."""

    @abstractmethod
    def stamps_end(self, after: int) -> int | None:
        """The smallest ``until_us`` of the time-stamps with a number above *after*."""

    @abstractmethod
    def tile(self, level: int, index: int) -> TileRow | None:
        """A full tile, or None while it is incomplete."""

    @abstractmethod
    def tile_roots(self, level: int, start: int, limit: int) -> Sequence[bytes]:
        """Roots of full tiles of a level from tile index *start* on, in order."""

    @abstractmethod
    def leaf_hashes(self, start: int, limit: int) -> Sequence[bytes]: ...

    @abstractmethod
    def organisations(self, since_version: int, limit: int) -> Sequence[OrganisationRow]:
        """Organisations with a version above *since_version*, ordered by version and code.

        The node gives every change a version of its own, so that a page never ends inside one.
        """

    @abstractmethod
    def credentials(self, since_version: int = 0) -> Sequence[CredentialRow]: ...

    @abstractmethod
    def laws(self, since_version: int = 0) -> Sequence[LawRow]:
        """Rule sets and calendars with a version above *since_version*, in its order."""


class WriteTransaction(ReadView):
    """The only writer: sees its own writes; all of it becomes durable, or nothing."""

    @abstractmethod
    def add_journal(self, rows: Sequence[JournalRow]) -> None: ...

    @abstractmethod
    def add_checkpoint(self, row: CheckpointRow) -> None: ...

    @abstractmethod
    def add_stamp(self, row: StampRow) -> None: ...

    @abstractmethod
    def add_tiles(self, rows: Sequence[TileRow]) -> None: ...

    @abstractmethod
    def set_head(self, head: Head) -> None: ...

    @abstractmethod
    def add_package(self, row: PackageRow) -> None: ...

    @abstractmethod
    def put_deliveries(self, rows: Sequence[DeliveryRow]) -> None:
        """Insert, or overwrite by (package_id, recipient)."""

    @abstractmethod
    def add_statement(self, row: StatementRow) -> None: ...

    @abstractmethod
    def add_possession(
        self, organ_id: str, sha256: bytes, size: int, unused_since_us: int | None = None
    ) -> None:
        """Note that the organisation has uploaded the file; repeating it is no error.

        Args:
            organ_id: canonical code.
            sha256: of the file.
            size: in bytes.
            unused_since_us: the instant, while no package names the file; the latest one counts.
                None once a package names it: from then on for ever.
        """

    @abstractmethod
    def drop_possession(self, organ_id: str, sha256: bytes, before_us: int) -> bool:
        """Forget a file that is unused since before that instant; any other stays.

        Returns whether some organisation, this one or another, is still noted to have the file.
        """

    @abstractmethod
    def add_contents(self, contents: Sequence[tuple[bytes, bytes]]) -> None:
        """Keep small files as (sha256, bytes) pairs; what is there already is left as it is."""

    @abstractmethod
    def put_organisation(self, row: OrganisationRow) -> None: ...

    @abstractmethod
    def put_credential(self, row: CredentialRow) -> None: ...

    @abstractmethod
    def put_law(self, row: LawRow) -> None:
        """Insert, or overwrite by (subject, organ_id, name)."""


class RecordStore(ABC):
    """Keeps the journal and the tables that answer queries, in one transaction."""

    @abstractmethod
    def write(self) -> AbstractContextManager[WriteTransaction]:
        """Open the one write transaction; waits for its turn.

        Leaving the block normally makes everything durable (synced to the medium) before it
        returns; leaving it by an exception rolls everything back. Several processes may call it
        where the store declares ``shared``; they take turns.

        Raises:
            DiskFull: the medium is full; nothing was written.
            StoreFailed: it could not be made durable; nothing is acknowledged, and the store has
                reopened and verified itself, or refuses every later call.
        """

    @abstractmethod
    def read(self) -> AbstractContextManager[ReadView]:
        """Open a consistent look; any number at once, never waiting for the writer."""

    @abstractmethod
    def backup(self, target: Path) -> None:
        """Write a consistent copy while the store is in use; *target* must not exist."""

    @abstractmethod
    def check(self) -> None:
        """Verify the medium's own integrity.

        Raises:
            DataCorrupt: naming what is damaged.
        """

    @abstractmethod
    def free_bytes(self) -> int:
        """Space left for new records."""

    @abstractmethod
    def close(self) -> None: ...


class Staging(ABC):
    """An upload in progress; bytes are hashed while they pass."""

    offset: int
    """Bytes already staged."""

    @abstractmethod
    def write(self, chunk: bytes) -> None:
        """Append. Raises DiskFull when the medium is full; what was staged before stays."""

    @abstractmethod
    def suspend(self) -> None:
        """Keep what is staged for a later resume."""

    @abstractmethod
    def publish(self, sha256: bytes, size: int) -> None:
        """Make the whole content durable under its hash.

        Raises:
            HashMismatch: the content has another hash; the staged bytes are dropped.
            SizeMismatch: there are more or fewer bytes; the staged bytes are dropped.
        """


class BlobStore(ABC):
    """Keeps file contents under their SHA-256: stored once, never changed."""

    @abstractmethod
    def stage(self, key: str) -> Staging:
        """Begin or resume the upload named *key* (chosen by the node, ``[0-9a-f-]{1,128}``).

        At most one open ``Staging`` a key.
        """

    @abstractmethod
    def put(self, contents: Sequence[tuple[bytes, bytes]]) -> None:
        """Store small contents as (sha256, bytes) pairs; all durable when it returns.

        Raises:
            HashMismatch: a content does not have its hash; nothing of the batch is visible.
        """

    @abstractmethod
    def size(self, sha256: bytes) -> int | None:
        """Bytes of a stored content, or None."""

    @abstractmethod
    def read(self, sha256: bytes, offset: int = 0, length: int | None = None) -> bytes:
        """A piece of a content.

        Raises:
            NotFound: it is not stored.
            DataCorrupt: a whole content was read and does not have its hash.
        """

    @abstractmethod
    def contents(self) -> Iterator[bytes]:
        """The hashes of all stored contents."""

    @abstractmethod
    def delete(self, sha256: bytes) -> None:
        """Forget a content; no error when it is not stored."""

    @abstractmethod
    def staged(self) -> Iterator[str]:
        """The keys of all uploads in progress, open or not, in no order."""

    @abstractmethod
    def drop_staging(self, *, idle_seconds: float) -> int:
        """Drop uploads that nobody has touched for so long; returns how many."""

    @abstractmethod
    def free_bytes(self) -> int: ...

    @abstractmethod
    def close(self) -> None: ...
