"""How the contract's rows are laid out in columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, TypeAlias

from lienthong.errors import DataCorrupt, InvalidValue
from lienthong.spi.records import (
    CheckpointRow,
    CredentialRow,
    DeadlineRow,
    DeliveryRow,
    FileRow,
    Head,
    JournalRow,
    JudgementRow,
    LawRow,
    OrganisationRow,
    PackageRow,
    StampRow,
    StatementRow,
    UnusedFileRow,
)
from lienthong_storage_sqlite.checksums import crc_of, crc_of_entry, without_crc

Columns: TypeAlias = tuple[Any, ...]

_HASH: Final = 32
_KNOWN: Final = 1024
"""Judgements and deadlines that are remembered: deliveries of one batch share theirs."""

_KNOWN_PARTIES: Final = 256
"""Likewise; each may be long."""

_DEADLINE_NAMES: Final = (
    "kind",
    "since_us",
    "due_us",
    "warn_us",
    "stage",
    "rule_set",
    "calendar",
    "provisional",
)
_DEADLINE: Final = attrgetter(*_DEADLINE_NAMES)


def join_hashes(hashes: Sequence[bytes], field: str) -> bytes:
    """Put hashes one after the other.

    Raises:
        InvalidValue: one is not 32 bytes long.
    """
    lengths = set(map(len, hashes))
    if lengths - {_HASH}:
        raise InvalidValue(field=field, found=f"{min(lengths)} bytes", expected="32 bytes each")
    return b"".join(hashes)


def split_hashes(joined: bytes) -> tuple[bytes, ...]:
    """Take joined hashes apart."""
    return tuple([joined[at : at + _HASH] for at in range(0, len(joined), _HASH)])


def dump_head(head: Head) -> Columns:
    """Columns of the head."""
    frontier = join_hashes(head.frontier, "head.frontier")
    return head.size, head.recorded_us, head.directory_version, frontier


def load_head(row: Columns) -> Head:
    """The head from its columns."""
    return Head(
        size=row[0],
        recorded_us=row[1],
        directory_version=row[2],
        frontier=split_hashes(row[3]),
    )


def dump_journal(row: JournalRow) -> Columns:
    """Columns of a journal entry."""
    columns = (
        row.index,
        row.leaf_hash,
        row.checkpoint_size,
        row.recorded_us,
        row.subject_id,
        row.package_id,
        _dump_parties(row.parties),
        join_hashes(row.proof, "journal.proof"),
        row.entry,
        row.envelope,
    )
    return *columns, crc_of_entry(columns)


def load_journal(row: Columns) -> JournalRow:
    """A journal entry from its columns.

    Raises:
        DataCorrupt: they are not what was stored.
    """
    *columns, checksum = row
    try:
        sound = crc_of_entry(columns) == checksum
    except TypeError:
        sound = False
    if not sound:
        raise DataCorrupt(what=f"journal entry {row[0]}")
    return JournalRow(
        index=row[0],
        leaf_hash=row[1],
        checkpoint_size=row[2],
        recorded_us=row[3],
        subject_id=row[4],
        package_id=row[5],
        parties=_load_parties(row[6]),
        proof=split_hashes(row[7]),
        entry=row[8],
        envelope=row[9],
    )


@lru_cache(maxsize=_KNOWN_PARTIES)
def _dump_parties(parties: tuple[str, ...]) -> str:
    return json.dumps(parties)


@lru_cache(maxsize=_KNOWN_PARTIES)
def _load_parties(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def dump_checkpoint(row: CheckpointRow) -> Columns:
    """Columns of a checkpoint, with their checksum."""
    return row.size, row.note, crc_of(row.size, row.note)


def load_checkpoint(row: Columns) -> CheckpointRow:
    """A checkpoint from its columns.

    Raises:
        DataCorrupt: they are not what was stored.
    """
    size, note = without_crc(row, f"the checkpoint of size {row[0]}")
    return CheckpointRow(size=size, note=note)


def dump_package(row: PackageRow) -> Columns:
    """Columns of a package without its files."""
    return (
        row.package_id,
        row.kind,
        row.sender,
        row.payload_sha256,
        row.index,
        row.target_package_id,
        int(row.reply_requested),
    )


def dump_files(row: PackageRow) -> list[Columns]:
    """Columns of a package's files, in order."""
    return [
        (row.package_id, position, file.sha256, file.size, file.name, file.role)
        for position, file in enumerate(row.files)
    ]


def load_package(row: Columns, files: Sequence[Columns]) -> PackageRow:
    """A package from its columns and those of its files."""
    return PackageRow(
        package_id=row[0],
        kind=row[1],
        sender=row[2],
        payload_sha256=row[3],
        index=row[4],
        target_package_id=row[5],
        reply_requested=bool(row[6]),
        files=tuple(FileRow(sha256=f[0], size=f[1], name=f[2], role=f[3]) for f in files),
    )


def dump_delivery(row: DeliveryRow) -> Columns:
    """Columns of a delivery, with their checksum."""
    columns = (
        row.package_id,
        row.recipient,
        row.sender,
        row.kind,
        row.state,
        row.resume_state,
        int(row.has_lead),
        row.pending_package_id,
        row.sent_us,
        row.updated_us,
        row.updated_index,
        row.subject,
        row.number,
        row.urgency,
        _dump_deadlines(row.deadlines),
        row.look_us,
        _dump_judgement(row.paper),
        _dump_judgement(row.legal_value),
    )
    return *columns, crc_of(*columns)


def load_delivery(row: Columns) -> DeliveryRow:
    """A delivery from its columns and their checksum.

    Raises:
        DataCorrupt: they are not what was stored.
    """
    return load_listed_delivery(without_crc(row, _delivery_name(row)))


def _delivery_name(delivery: Columns) -> str:
    package_id, recipient = delivery[:2]
    shown = package_id.hex() if isinstance(package_id, bytes) else package_id
    return f"the delivery of {shown} to {recipient}"


def load_listed_delivery(row: Columns) -> DeliveryRow:
    """A delivery from its columns without their checksum, which is not looked at in lists.

    Raises:
        DataCorrupt: they cannot be what was stored.
    """
    try:
        deadlines = _load_deadlines(row[14]) if row[14] else ()
        paper = _load_judgement(row[16]) if row[16] else None
        legal_value = _load_judgement(row[17]) if row[17] else None
    except (TypeError, ValueError) as error:
        raise DataCorrupt(what=_delivery_name(row)) from error
    return DeliveryRow(
        package_id=row[0],
        recipient=row[1],
        sender=row[2],
        kind=row[3],
        state=row[4],
        resume_state=row[5],
        has_lead=bool(row[6]),
        pending_package_id=row[7],
        sent_us=row[8],
        updated_us=row[9],
        updated_index=row[10],
        subject=row[11],
        number=row[12],
        urgency=row[13],
        deadlines=deadlines,
        look_us=row[15],
        paper=paper,
        legal_value=legal_value,
    )


@lru_cache(maxsize=_KNOWN)
def _dump_deadlines(rows: tuple[DeadlineRow, ...]) -> str:
    return json.dumps([_DEADLINE(one) for one in rows]) if rows else ""


@lru_cache(maxsize=_KNOWN)
def _load_deadlines(text: str) -> tuple[DeadlineRow, ...]:
    rows = json.loads(text)
    return tuple(DeadlineRow(**dict(zip(_DEADLINE_NAMES, row, strict=True))) for row in rows)


@lru_cache(maxsize=_KNOWN)
def _dump_judgement(row: JudgementRow | None) -> str:
    if row is None:
        return ""
    said: list[object] = [row.value, row.rows, row.rule_set]
    return json.dumps([*said, True] if row.by_axis else said)


@lru_cache(maxsize=_KNOWN)
def _load_judgement(text: str) -> JudgementRow:
    value, rows, rule_set, *by_axis = json.loads(text)
    return JudgementRow(value=value, rows=tuple(rows), rule_set=rule_set, by_axis=by_axis == [True])


def delivery_key(row: Columns) -> tuple[int, bytes, str]:
    """The key that orders deliveries, from their columns."""
    return row[10], row[0], row[1]


def dump_statement(row: StatementRow) -> Columns:
    """Columns of a status report."""
    return (
        row.statement_id,
        row.package_id,
        row.recipient,
        row.event,
        row.payload_sha256,
        row.content_sha256,
        row.index,
    )


def load_statement(row: Columns) -> StatementRow:
    """A status report from its columns."""
    return StatementRow(
        statement_id=row[0],
        package_id=row[1],
        recipient=row[2],
        event=row[3],
        payload_sha256=row[4],
        content_sha256=row[5],
        index=row[6],
    )


def dump_stamp(row: StampRow) -> Columns:
    """Columns of a time-stamp."""
    return (
        row.number,
        row.kind,
        row.size,
        row.algorithm,
        row.stamped_us,
        row.until_us,
        row.text,
        row.token,
        row.blocks,
    )


def load_stamp(row: Columns) -> StampRow:
    """A time-stamp from its columns."""
    return StampRow(
        number=row[0],
        kind=row[1],
        size=row[2],
        algorithm=row[3],
        stamped_us=row[4],
        until_us=row[5],
        text=row[6],
        token=row[7],
        blocks=row[8],
    )


def load_unused(row: Columns) -> UnusedFileRow:
    """A file that waits for a package, from its columns."""
    return UnusedFileRow(organ_id=row[0], sha256=row[1], unused_since_us=row[2])


def load_organisation(row: Columns) -> OrganisationRow:
    """An organisation from its columns."""
    return OrganisationRow(organ_id=row[0], version=row[1], body=row[2])


def load_credential(row: Columns) -> CredentialRow:
    """A credential from its columns."""
    return CredentialRow(fingerprint=row[0], organ_id=row[1], version=row[2], body=row[3])


def load_law(row: Columns) -> LawRow:
    """A rule set or a calendar from its columns."""
    return LawRow(subject=row[0], organ_id=row[1], name=row[2], version=row[3], body=row[4])


def load_single(row: Columns) -> bytes:
    """The value of a row with one column."""
    value: bytes = row[0]
    return value
