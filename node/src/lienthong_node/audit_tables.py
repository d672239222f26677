"""The tables that answer questions, compared with the journal that they were made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from attrs import Factory, define

from lienthong.codec.json import load
from lienthong.codec.signed import dump_statement_content, load_manifest, load_statement
from lienthong.errors import DataCorrupt, LienthongError
from lienthong.evidence.tiles import TILE_HEIGHT, TILE_WIDTH, tile_root
from lienthong.flow.packages import CARRIES_DOCUMENT
from lienthong.model.journal import (
    DirectoryRecord,
    ExpiryRecord,
    InterconnectionRecord,
    PackageRecord,
    StatementRecord,
)
from lienthong.model.organisation import Organisation
from lienthong.model.package import Manifest
from lienthong.model.report import Statement
from lienthong.spi.records import (
    CredentialRow,
    DeliveryRow,
    JournalRow,
    LawRow,
    OrganisationRow,
    PackageRow,
    StatementRow,
)
from lienthong.spi.storage import ReadView
from lienthong_node.audit_journal import Read
from lienthong_node.core.credentials import Credential
from lienthong_node.core.law import Subject
from lienthong_node.core.report import statement_row
from lienthong_node.core.submit import package_row
from lienthong_node.stores import hash_reader

PAGE = 500
_LAW = frozenset(subject.value for subject in Subject)


def check_package(view: ReadView, read: Read, body: PackageRecord) -> tuple[PackageRow, Manifest]:
    """Check the rows that a package has made; returns its row and its manifest.

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
        raise DataCorrupt(what=f"{read.name}: the package {body.package_id}")
    _check_keys(read, body.package_id.bytes, body.package_id.bytes)
    _check_parties(read, (expected.sender, *map(str, body.recipients)))
    if body.kind in CARRIES_DOCUMENT:
        deliveries = {row.recipient: row for row in view.deliveries(expected.package_id)}
        for recipient in body.recipients:
            row = deliveries.get(str(recipient))
            if row is not None and _facts(row) != _expected_facts(expected, manifest, read.row):
                name = _delivery_name(expected.package_id, row.recipient)
                raise DataCorrupt(what=f"{read.name}: {name}")
    return expected, manifest


def check_statement(
    view: ReadView, read: Read, body: StatementRecord
) -> tuple[PackageRow, Statement, StatementRow]:
    """Check the row that a report has made; returns its package, itself and its row.

    Raises:
        DataCorrupt: naming what is wrong.
    """
    found = view.statement(body.statement_id.bytes)
    package = view.package(body.package_id.bytes)
    if found is None or package is None:
        what = f"the statement {body.statement_id} or its package is missing"
        raise DataCorrupt(what=f"{read.name}: {what}")
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
        raise DataCorrupt(what=f"{read.name}: the statement {body.statement_id}")
    _check_keys(read, body.statement_id.bytes, body.package_id.bytes)
    _check_parties(read, (package.sender, found.recipient))
    return package, statement, expected


def check_interconnection(read: Read, body: InterconnectionRecord) -> None:
    """Check that a check of the interconnection is told to who made or missed it.

    Raises:
        DataCorrupt: naming what is wrong.
    """
    organ = str(body.organ_id)
    _check_keys(read, organ.encode(), b"")
    _check_parties(read, (organ,))
    if body.missed_at is not None and body.missed_at > read.entry.recorded_at:
        raise DataCorrupt(what=f"{read.name}: a check was missed that could still be made")


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


@define
class DirectoryReplay:
    """The directory as the journal's changes make it, to be compared with its tables."""

    _version: int = 0
    _organisations: dict[str, OrganisationRow] = Factory(dict)
    _credentials: dict[str, CredentialRow] = Factory(dict)
    _laws: dict[str, LawRow] = Factory(dict)
    _told: dict[str, int] = Factory(dict)
    """By certificate: how many days ahead its end was told last."""

    def take(self, read: Read, body: DirectoryRecord) -> None:
        """Make a change.

        Raises:
            DataCorrupt: it cannot be read, or is not so many changes as its entry says.
        """
        changed = read.row.envelope.split(b"\n")
        if self._version + len(changed) != body.version:
            raise DataCorrupt(what=f"{read.name}: its directory version does not fit")
        try:
            for line in changed:
                self._version += 1
                self._take(body.subject, line)
        except LienthongError as error:
            raise DataCorrupt(what=f"{read.name}: {error}") from error

    def expiry(self, read: Read, body: ExpiryRecord) -> None:
        """Check that the end of a certificate is told to whose it is, once and not too early.

        Raises:
            DataCorrupt: naming what is wrong.
        """
        fingerprint, organ = body.certificate_sha256, str(body.organ_id)
        _check_keys(read, organ.encode(), fingerprint.bytes)
        if read.row.parties[:1] != (organ,):
            raise DataCorrupt(what=f"{read.name}: its first party is not {organ}")
        row = self._credentials.get(fingerprint.hex)
        known = load(Credential, row.body) if row is not None else None
        said = organ, body.use, body.not_after
        if known is None or (known.organ_id, known.use.value, known.not_after) != said:
            raise DataCorrupt(what=f"{read.name}: there is no such certificate to end")
        told, ahead = self._told.get(fingerprint.hex), body.days_ahead
        early = read.entry.recorded_at < body.not_after - timedelta(days=ahead)
        if early or (told is not None and told <= ahead):
            raise DataCorrupt(what=f"{read.name}: the end of a certificate is not to be told then")
        self._told[fingerprint.hex] = ahead

    def _take(self, subject: str, line: bytes) -> None:
        if subject == "organisation":
            organ_id = str(load(Organisation, line).organ_id)
            self._organisations[organ_id] = OrganisationRow(
                organ_id=organ_id, version=self._version, body=line
            )
            return
        if subject in _LAW:
            law = load(LawRow, line)
            if (law.subject, law.version) != (subject, self._version):
                raise DataCorrupt(what=f"the {subject} {law.name}")
            self._laws[_law_name(law)] = law
            return
        credential = load(Credential, line)
        self._credentials[credential.fingerprint] = CredentialRow(
            fingerprint=bytes.fromhex(credential.fingerprint),
            organ_id=credential.organ_id,
            version=self._version,
            body=line,
        )

    def finish(self, view: ReadView) -> None:
        """Check that the tables hold just what the changes have left.

        Raises:
            DataCorrupt: naming an organisation, a credential, a rule set or a calendar.
        """
        organisations = {row.organ_id: row for row in _organisations(view)}
        credentials = {row.fingerprint.hex(): row for row in view.credentials()}
        _check_same("organisation", organisations, self._organisations)
        _check_same("credential", credentials, self._credentials)
        _check_same("law", {_law_name(row): row for row in view.laws()}, self._laws)


def _law_name(row: LawRow) -> str:
    return f"{row.subject} {row.name} of {row.organ_id or 'the whole axis'}"


def _check_same(what: str, found: Mapping[str, object], made: Mapping[str, object]) -> None:
    for name in {**made, **found}:
        if found.get(name) != made.get(name):
            raise DataCorrupt(what=f"the {what} {name}")


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


def _organisations(view: ReadView) -> Iterator[OrganisationRow]:
    since = 0
    while rows := view.organisations(since, PAGE):
        yield from rows
        since = rows[-1].version
