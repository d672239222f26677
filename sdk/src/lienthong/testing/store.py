"""A record store in memory: slow, obviously right, and failing on command.

It is the oracle that the contract suite compares other stores with.
"""

from __future__ import annotations

import pickle
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from attrs import Factory, define, fields

from lienthong.errors import Closed, DataCorrupt, DataDirectoryInUse, InvalidValue, StoreFailed
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
from lienthong.spi.storage import ReadView, RecordStore, WriteTransaction

_FREE_BYTES = 1 << 40
Key = TypeVar("Key")
Item = TypeVar("Item")


@define
class MemoryRecords:
    """Everything that a store keeps; outlives the store object, as a disk does."""

    head: Head = Factory(Head)
    journal: dict[int, JournalRow] = Factory(dict)
    checkpoints: dict[int, CheckpointRow] = Factory(dict)
    stamps: dict[int, StampRow] = Factory(dict)
    tiles: dict[tuple[int, int], TileRow] = Factory(dict)
    packages: dict[bytes, PackageRow] = Factory(dict)
    deliveries: dict[tuple[bytes, str], DeliveryRow] = Factory(dict)
    statements: dict[bytes, StatementRow] = Factory(dict)
    possessions: dict[tuple[str, bytes], int] = Factory(dict)
    unused_since: dict[tuple[str, bytes], int] = Factory(dict)
    contents: dict[bytes, bytes] = Factory(dict)
    organisations: dict[str, OrganisationRow] = Factory(dict)
    credentials: dict[bytes, CredentialRow] = Factory(dict)
    laws: dict[tuple[str, str, str], LawRow] = Factory(dict)

    def copy(self) -> MemoryRecords:
        """A copy that later changes do not reach."""
        copies = {table.name: getattr(self, table.name) for table in fields(MemoryRecords)[1:]}
        return MemoryRecords(self.head, **{name: dict(rows) for name, rows in copies.items()})


@define(eq=False)
class MemoryMedium:
    """The "disk" under a memory store: hand it to the next store to reopen."""

    records: MemoryRecords = Factory(MemoryRecords)
    in_use: bool = False


class MemoryReadView(ReadView):
    """A look at records that nobody changes."""

    def __init__(self, records: MemoryRecords) -> None:
        self._kept: MemoryRecords | None = records

    @property
    def _records(self) -> MemoryRecords:
        if self._kept is None:
            raise Closed(what="the look at the record store")
        return self._kept

    def end(self) -> None:
        """Refuse later calls."""
        self._kept = None

    def head(self) -> Head:
        return self._records.head

    def package(self, package_id: bytes) -> PackageRow | None:
        return self._records.packages.get(package_id)

    def followers(self, package_id: bytes) -> Sequence[PackageRow]:
        if not package_id:
            return ()
        packages = self._records.packages.values()
        found = (row for row in packages if row.target_package_id == package_id)
        return tuple(sorted(found, key=attrgetter("index")))

    def deliveries(self, package_id: bytes) -> Sequence[DeliveryRow]:
        found = (r for r in self._records.deliveries.values() if r.package_id == package_id)
        return tuple(sorted(found, key=attrgetter("recipient")))

    def delivery(self, package_id: bytes, recipient: str) -> DeliveryRow | None:
        return self._records.deliveries.get((package_id, recipient))

    def statement(self, statement_id: bytes) -> StatementRow | None:
        return self._records.statements.get(statement_id)

    def statements(self, package_id: bytes, recipient: str) -> Sequence[StatementRow]:
        found = (
            row
            for row in self._records.statements.values()
            if (row.package_id, row.recipient) == (package_id, recipient)
        )
        return tuple(sorted(found, key=attrgetter("index")))

    def possession(self, organ_id: str, sha256: bytes) -> int | None:
        return self._records.possessions.get((organ_id, sha256))

    def unused_bytes(self, organ_id: str) -> int:
        unused, sizes = self._records.unused_since, self._records.possessions
        return sum(sizes[key] for key in unused if key[0] == organ_id)

    def unused_files(self, before_us: int, limit: int) -> Sequence[UnusedFileRow]:
        found = (
            UnusedFileRow(organ_id=organ, sha256=sha256, unused_since_us=since)
            for (organ, sha256), since in self._records.unused_since.items()
            if since < before_us
        )
        return _first(limit, sorted(found, key=attrgetter("unused_since_us", "organ_id", "sha256")))

    def content(self, sha256: bytes) -> bytes | None:
        return self._records.contents.get(sha256)

    def _journal(self) -> list[JournalRow]:
        return [row for _, row in sorted(self._records.journal.items())]

    def journal(self, start: int, limit: int) -> Sequence[JournalRow]:
        return _first(limit, (row for row in self._journal() if row.index >= start))

    def journal_of(self, package_id: bytes) -> Sequence[JournalRow]:
        if not package_id:
            return ()
        return tuple(row for row in self._journal() if row.package_id == package_id)

    def feed(self, organ_id: str, start: int, limit: int) -> Sequence[JournalRow]:
        shown = (r for r in self._journal() if r.index >= start and organ_id in r.parties)
        return _first(limit, shown)

    def list_deliveries(
        self,
        organ_id: str,
        *,
        incoming: bool,
        states: Sequence[str],
        before: tuple[int, bytes, str] | None,
        limit: int,
    ) -> Sequence[DeliveryRow]:
        found = [
            row
            for row in self._records.deliveries.values()
            if (row.recipient if incoming else row.sender) == organ_id
            and (not states or row.state in states)
            and (before is None or _delivery_key(row) < before)
        ]
        return _first(limit, sorted(found, key=_delivery_key, reverse=True))

    def watched_deliveries(
        self, before_us: int, after: tuple[int, bytes, str] | None, limit: int
    ) -> Sequence[DeliveryRow]:
        found = [
            row
            for row in self._records.deliveries.values()
            if 0 < row.look_us < before_us and (after is None or _watch_key(row) > after)
        ]
        return _first(limit, sorted(found, key=_watch_key))

    def checkpoint(self, size: int | None = None) -> CheckpointRow | None:
        checkpoints = self._records.checkpoints
        return checkpoints.get(max(checkpoints, default=0) if size is None else size)

    def _stamps(self, kind: str) -> list[StampRow]:
        return [row for _, row in sorted(self._records.stamps.items()) if kind in ("", row.kind)]

    def stamps(self, after: int, limit: int, kind: str = "") -> Sequence[StampRow]:
        return _first(limit, (row for row in self._stamps(kind) if row.number > after))

    def last_stamp(self, kind: str) -> StampRow | None:
        return next(reversed(self._stamps(kind)), None)

    def stamp_covering(self, size: int) -> StampRow | None:
        rows = sorted(self._stamps("checkpoint"), key=attrgetter("size", "number"))
        return next((row for row in rows if row.size >= size), None)

    def stamps_end(self, after: int) -> int | None:
        return min((row.until_us for row in self._stamps("") if row.number > after), default=None)

    def tile(self, level: int, index: int) -> TileRow | None:
        return self._records.tiles.get((level, index))

    def tile_roots(self, level: int, start: int, limit: int) -> Sequence[bytes]:
        rows = (row for _, row in sorted(self._records.tiles.items()))
        return _first(limit, (r.root for r in rows if r.level == level and r.index >= start))

    def leaf_hashes(self, start: int, limit: int) -> Sequence[bytes]:
        return tuple(row.leaf_hash for row in self.journal(start, limit))

    def organisations(self, since_version: int, limit: int) -> Sequence[OrganisationRow]:
        newer = (r for r in self._records.organisations.values() if r.version > since_version)
        return _first(limit, sorted(newer, key=attrgetter("version", "organ_id")))

    def credentials(self, since_version: int = 0) -> Sequence[CredentialRow]:
        newer = (r for r in self._records.credentials.values() if r.version > since_version)
        return tuple(sorted(newer, key=attrgetter("version", "fingerprint")))

    def laws(self, since_version: int = 0) -> Sequence[LawRow]:
        newer = (r for r in self._records.laws.values() if r.version > since_version)
        return tuple(sorted(newer, key=attrgetter("version", "subject", "organ_id", "name")))


class MemoryWriteTransaction(MemoryReadView, WriteTransaction):
    """Changes a copy of the records; once a call has failed it can only be rolled back."""

    def __init__(self, records: MemoryRecords) -> None:
        super().__init__(records)
        self.failure: StoreFailed | None = None

    def _add(self, table: dict[Key, Item], key: Key, row: Item) -> None:
        if key in table:
            self.failure = StoreFailed(reason=f"{type(row).__name__} {key!r} is there already")
            raise self.failure
        table[key] = row

    def add_journal(self, rows: Sequence[JournalRow]) -> None:
        for row in rows:
            self._add(self._records.journal, row.index, row)

    def add_checkpoint(self, row: CheckpointRow) -> None:
        self._add(self._records.checkpoints, row.size, row)

    def add_stamp(self, row: StampRow) -> None:
        self._add(self._records.stamps, row.number, row)

    def add_tiles(self, rows: Sequence[TileRow]) -> None:
        for row in rows:
            self._add(self._records.tiles, (row.level, row.index), row)

    def set_head(self, head: Head) -> None:
        self._records.head = head

    def add_package(self, row: PackageRow) -> None:
        self._add(self._records.packages, row.package_id, row)

    def put_deliveries(self, rows: Sequence[DeliveryRow]) -> None:
        self._records.deliveries.update({(row.package_id, row.recipient): row for row in rows})

    def add_statement(self, row: StatementRow) -> None:
        self._add(self._records.statements, row.statement_id, row)

    def add_possession(
        self, organ_id: str, sha256: bytes, size: int, unused_since_us: int | None = None
    ) -> None:
        key, unused = (organ_id, sha256), self._records.unused_since
        is_used = key in self._records.possessions and key not in unused
        self._records.possessions.setdefault(key, size)
        if unused_since_us is None:
            unused.pop(key, None)
        elif not is_used:
            unused[key] = max(unused_since_us, unused.get(key, unused_since_us))

    def drop_possession(self, organ_id: str, sha256: bytes, before_us: int) -> bool:
        key, unused = (organ_id, sha256), self._records.unused_since
        if unused.get(key, before_us) < before_us:
            del unused[key], self._records.possessions[key]
        return any(kept == sha256 for _, kept in self._records.possessions)

    def add_contents(self, contents: Sequence[tuple[bytes, bytes]]) -> None:
        for sha256, content in contents:
            self._records.contents.setdefault(sha256, content)

    def put_organisation(self, row: OrganisationRow) -> None:
        self._records.organisations[row.organ_id] = row

    def put_credential(self, row: CredentialRow) -> None:
        self._records.credentials[row.fingerprint] = row

    def put_law(self, row: LawRow) -> None:
        self._records.laws[row.subject, row.organ_id, row.name] = row


class MemoryRecordStore(RecordStore):
    """Keeps records in memory; may be shared between threads.

    A write works on a copy of everything and replaces the whole when it commits.
    """

    def __init__(self, medium: MemoryMedium | None = None) -> None:
        """Open the store on a medium of its own, or on one that an earlier store has left.

        Raises:
            DataDirectoryInUse: another store has the medium open.
        """
        self.medium = medium or MemoryMedium()
        if self.medium.in_use:
            raise DataDirectoryInUse(path="memory")
        self.medium.in_use = True
        self._turn = threading.Lock()
        self._closed = False
        self._faults: deque[tuple[Exception, bool]] = deque()

    def fail_next(self, error: Exception, *, committed: bool = False) -> None:
        """Let the next commit that has no fault yet fail with *error*.

        Args:
            error: what it raises.
            committed: whether the transaction counts all the same, as when the answer of a sync
                is lost.
        """
        self._faults.append((error, committed))

    def _check_open(self) -> None:
        if self._closed:
            raise Closed(what="the record store")

    @contextmanager
    def write(self) -> Iterator[WriteTransaction]:
        with self._turn:
            self._check_open()
            records = self.medium.records.copy()
            transaction = MemoryWriteTransaction(records)
            try:
                yield transaction
            finally:
                transaction.end()
            if transaction.failure is not None:
                raise transaction.failure
            self._commit(records)

    def _commit(self, records: MemoryRecords) -> None:
        error, committed = self._faults.popleft() if self._faults else (None, True)
        if committed:
            self.medium.records = records
        if error is not None:
            raise error

    @contextmanager
    def read(self) -> Iterator[ReadView]:
        self._check_open()
        view = MemoryReadView(self.medium.records)
        try:
            yield view
        finally:
            view.end()

    def backup(self, target: Path) -> None:
        self._check_open()
        try:
            with target.open("xb") as file:
                pickle.dump(self.medium.records, file)
        except OSError as error:
            place = "a file that does not exist, in a folder that does"
            raise InvalidValue(field="backup target", found=str(target), expected=place) from error

    @classmethod
    def restore(cls, source: Path) -> MemoryRecordStore:
        """Open a new store on what ``backup`` of another one wrote."""
        with source.open("rb") as file:
            return cls(MemoryMedium(records=pickle.load(file)))  # noqa: S301 - our own test's file

    def check(self) -> None:
        self._check_open()
        records = self.medium.records
        if sorted(records.journal) != list(range(records.head.size)):
            raise DataCorrupt(what=f"the journal is not gap-free up to {records.head.size}")

    def free_bytes(self) -> int:
        return _FREE_BYTES

    def close(self) -> None:
        with self._turn:
            if not self._closed:
                self._closed = True
                self.medium.in_use = False


def _first(limit: int, rows: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(rows)[: max(limit, 0)]


def _delivery_key(row: DeliveryRow) -> tuple[int, bytes, str]:
    return row.updated_index, row.package_id, row.recipient


def _watch_key(row: DeliveryRow) -> tuple[int, bytes, str]:
    return row.look_us, row.package_id, row.recipient
