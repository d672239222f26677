"""The tables that answer questions, compared with the journal that they were made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from attrs import Factory, define, frozen

from lienthong.codec.signed import dump_statement_content, load_manifest, load_statement
from lienthong.errors import DataCorrupt, LienthongError
from lienthong.evidence.tiles import TILE_HEIGHT, TILE_WIDTH, tile_root
from lienthong.flow.packages import CARRIES_DOCUMENT
from lienthong.model.journal import DirectoryRecord, PackageRecord, StatementRecord
from lienthong.model.package import Manifest
from lienthong.spi.records import DeliveryRow, JournalRow, OrganisationRow, PackageRow
from lienthong.spi.storage import ReadView
from lienthong_node.audit_journal import Read
from lienthong_node.core.report import statement_row
from lienthong_node.core.submit import package_row
from lienthong_node.stores import hash_reader

PAGE = 500


def check_package(view: ReadView, read: Read, body: PackageRecord) -> PackageRow:
    """Check the rows that a package has made.

    Raises:
        DataCorrupt: naming what is wrong.
    """
    manifest = _manifest(read)
    expected = package_row(
        manifest,
        sender=str(body.sender),
        payload_sha256=body.payload_sha256.bytes,
        index=read.row.index,
    )
    if view.package(body.package_id.bytes) != expected:
        raise DataCorrupt(what=f"the package {body.package_id}")
    _check_keys(read, body.package_id.bytes, body.package_id.bytes)
    _check_parties(read, (expected.sender, *map(str, body.recipients)))
    if body.kind in CARRIES_DOCUMENT:
        deliveries = {row.recipient: row for row in view.deliveries(expected.package_id)}
        for recipient in body.recipients:
            row = deliveries.get(str(recipient))
            if row is not None and _facts(row) != _expected_facts(expected, manifest, read.row):
                raise DataCorrupt(what=f"{_delivery_name(expected.package_id, row.recipient)}")
    return expected


def check_statement(view: ReadView, read: Read, body: StatementRecord) -> None:
    """Check the row that a report has made.

    Raises:
        DataCorrupt: naming what is wrong.
    """
    found = view.statement(body.statement_id.bytes)
    package = view.package(body.package_id.bytes)
    if found is None or package is None:
        raise DataCorrupt(what=f"the statement {body.statement_id} or its package is missing")
    try:
        statement = load_statement(_payload(read))
    except LienthongError as error:
        raise DataCorrupt(what=f"{read.name}: {error}") from error
    content = hashlib.sha256(dump_statement_content(statement)).digest()
    expected = statement_row(
        statement,
        recipient=found.recipient,
        payload_sha256=body.payload_sha256.bytes,
        content_sha256=content,
        index=read.row.index,
    )
    if found != expected:
        raise DataCorrupt(what=f"the statement {body.statement_id}")
    _check_keys(read, body.statement_id.bytes, body.package_id.bytes)
    _check_parties(read, (package.sender, found.recipient))


def check_states(view: ReadView, states: Mapping[tuple[bytes, str], tuple[str, int]]) -> None:
    """Check that the deliveries are exactly those of the journal, in the states that it says.

    Raises:
        DataCorrupt: naming a delivery.
    """
    missing = set(states)
    for row in _deliveries(view):
        name = _delivery_name(row.package_id, row.recipient)
        state, index = states.get((row.package_id, row.recipient), ("nothing", row.updated_index))
        if (row.state, row.updated_index) != (state, index):
            found = f"{row.state} since entry {row.updated_index}"
            raise DataCorrupt(what=f"{name} is {found}, the journal says {state} since {index}")
        missing.discard((row.package_id, row.recipient))
    for package_id, recipient in missing:
        raise DataCorrupt(what=f"{_delivery_name(package_id, recipient)} is missing")


def check_tiles(view: ReadView, size: int) -> None:
    """Check that every full tile is there and holds the hashes that are below it.

    Raises:
        DataCorrupt: naming a tile.
    """
    read, level = hash_reader(view), 0
    while count := size >> TILE_HEIGHT * (level + 1):
        for index in range(count):
            tile = view.tile(level, index)
            hashes = b"".join(read(level, index * TILE_WIDTH, TILE_WIDTH))
            if tile is None or tile.hashes != hashes or tile.root != tile_root(hashes):
                raise DataCorrupt(what=f"the tile {level}/{index}")
        level += 1


@frozen(kw_only=True)
class _Change:
    """What an entry says about the directory."""

    read: Read
    body: DirectoryRecord
    first: int
    """First directory version that it made."""


@define
class DirectoryReplay:
    """Changes of the directory, to be compared with its tables.

    The tables keep the newest version of each organisation. An entry whose organisations have all
    changed since can no longer be compared; credentials have an entry for each version.
    """

    _version: int = 0
    _changes: list[_Change] = Factory(list)

    def take(self, read: Read, body: DirectoryRecord) -> None:
        """Note a change."""
        self._changes.append(_Change(read=read, body=body, first=self._version + 1))
        self._version = body.version

    def finish(self, view: ReadView) -> None:
        """Check what the tables hold now.

        Raises:
            DataCorrupt: naming an organisation, a credential or an entry.
        """
        organisations = {row.version: row.body for row in _organisations(view)}
        credentials = {row.version: row.body for row in view.credentials()}
        tables = {"organisation": organisations, "credential": credentials}
        made = {
            (change.body.subject, version)
            for change in self._changes
            for version in range(change.first, change.body.version + 1)
        }
        for subject, rows in tables.items():
            for version in rows:
                if (subject, version) not in made:
                    raise DataCorrupt(what=f"the {subject} of directory version {version}")
        for change in self._changes:
            _check_change(change, tables.get(change.body.subject, {}))


def _check_change(change: _Change, rows: Mapping[int, bytes]) -> None:
    versions = range(change.first, change.body.version + 1)
    bodies = [rows[version] for version in versions if version in rows]
    if len(bodies) != len(versions):
        return
    if hashlib.sha256(b"\n".join(bodies)).digest() != change.body.change_sha256.bytes:
        organ = change.body.organ_id
        raise DataCorrupt(what=f"{change.read.name}: the {change.body.subject} {organ}")


def _check_keys(read: Read, subject_id: bytes, package_id: bytes) -> None:
    if (read.row.subject_id, read.row.package_id) != (subject_id, package_id):
        raise DataCorrupt(what=f"{read.name}: what it is about does not fit")


def _check_parties(read: Read, organs: Iterable[str]) -> None:
    left_out = set(organs) - set(read.row.parties)
    if left_out:
        raise DataCorrupt(what=f"{read.name}: the parties lack {', '.join(sorted(left_out))}")


def _payload(read: Read) -> bytes:
    return read.envelope.payload if read.envelope else b""


def _manifest(read: Read) -> Manifest:
    try:
        return load_manifest(_payload(read))
    except LienthongError as error:
        raise DataCorrupt(what=f"{read.name}: {error}") from error


def _facts(row: DeliveryRow) -> tuple[object, ...]:
    """What never changes about a delivery."""
    return row.sender, row.kind, row.subject, row.number, row.urgency, row.sent_us


def _expected_facts(package: PackageRow, manifest: Manifest, row: JournalRow) -> tuple[object, ...]:
    document = manifest.document
    return (
        package.sender,
        package.kind,
        document.subject,
        str(document.number),
        document.urgency.value,
        row.recorded_us,
    )


def _delivery_name(package_id: bytes, recipient: str) -> str:
    return f"the delivery of {package_id.hex()} to {recipient}"


def _deliveries(view: ReadView) -> Iterator[DeliveryRow]:
    """All deliveries to organisations of the directory; nobody else can see any."""
    for organisation in _organisations(view):
        before: tuple[int, bytes, str] | None = None
        while rows := view.list_deliveries(
            organisation.organ_id, incoming=True, states=(), before=before, limit=PAGE
        ):
            yield from rows
            last = rows[-1]
            before = last.updated_index, last.package_id, last.recipient


def _organisations(view: ReadView) -> Iterator[OrganisationRow]:
    since = 0
    while rows := view.organisations(since, PAGE):
        yield from rows
        since = rows[-1].version
