"""A store with a generated journal, as a node would have written it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from lienthong.codec.json import dump
from lienthong.codec.signed import dump_entry, dump_envelope, dump_manifest, dump_statement
from lienthong.evidence.merkle import append, leaf_hash
from lienthong.model.ids import OrganId, Sha256
from lienthong.model.journal import DirectoryRecord, JournalBody, JournalEntry
from lienthong.model.organisation import OrganCode, Organisation, OrganName
from lienthong.model.package import Manifest
from lienthong.model.signing import (
    MANIFEST_TYPE,
    STATEMENT_TYPE,
    Envelope,
    Signature,
    SignatureAlgorithm,
)
from lienthong.model.time import to_us
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set
from lienthong.spi.records import Head, JournalRow, OrganisationRow
from lienthong.spi.storage import RecordStore, WriteTransaction
from lienthong.testing.store import MemoryRecordStore
from lienthong_node.opening import plugin_host, under
from lienthong_node.reports.terms import Rules
from lienthong_node.settings import load_settings
from sdk.tests.reports.cast import AXIS, ELSEWHERE, FINANCE, JUSTICE, NAMES, OLD_OFFICE, UBND
from sdk.tests.reports.generated import Entry

RULES: Final = Rules.for_all(find_rule_set("tay-ninh-2019"), find_calendar("vietnam"))
NEW_CODE: Final = "H53.11"
_SIGNATURE: Final = Signature(
    algorithm=SignatureAlgorithm.ED25519, value=b"\1" * 64, chain=(b"certificate",)
)


def organisation(organ: OrganId, **fields: Any) -> Organisation:
    values: dict[str, Any] = {
        "organ_id": organ,
        "names": [OrganName(value=NAMES[organ])],
        "parent": None if organ in {UBND, ELSEWHERE} else UBND,
    }
    return Organisation(**(values | fields))


ORGANISATIONS: Final = (
    organisation(UBND),
    organisation(
        FINANCE,
        codes=[OrganCode(scheme=OrganId(NEW_CODE).scheme, value=OrganId(NEW_CODE))],
    ),
    organisation(JUSTICE),
    organisation(OLD_OFFICE, valid_to=date(2026, 7, 1), successors=[JUSTICE]),
    organisation(ELSEWHERE),
)


def filled(entries: Iterable[Entry]) -> MemoryRecordStore:
    """A store of this process with a journal and the directory."""
    made = MemoryRecordStore()
    fill(made, entries)
    return made


def records_of(folder: Path) -> RecordStore:
    """The store of a node's folder, which does not run."""
    settings = load_settings(folder)
    return plugin_host(folder, settings).open_record_store(under(folder, settings.records))


def fill(store: RecordStore, entries: Iterable[Entry]) -> None:
    """Write a journal and the directory into a store, after what it has."""
    with store.write() as tx:
        head = tx.head()
        known = {row.organ_id for row in tx.organisations(0, 1000)}
        version = head.directory_version
        if str(FINANCE) not in known:
            for version, each in enumerate(ORGANISATIONS, head.directory_version + 1):
                body = dump(each)
                tx.put_organisation(
                    OrganisationRow(organ_id=str(each.organ_id), version=version, body=body)
                )
        rows = [_row(head.size + number, entry) for number, entry in enumerate(entries)]
        tree = append(head.frontier, head.size, [row.entry for row in rows])
        tx.add_journal(rows)
        tx.set_head(
            Head(
                size=tree.size,
                recorded_us=rows[-1].recorded_us if rows else head.recorded_us,
                directory_version=version,
                frontier=tree.frontier,
            )
        )


def enter(store: RecordStore, moment: datetime, *organisations: Organisation) -> None:
    """Write a change of the directory into a store, as a node does."""
    lines = [dump(each) for each in organisations]
    with store.write() as tx:
        head = tx.head()
        version = head.directory_version + len(lines)
        for place, (each, line) in enumerate(zip(organisations, lines, strict=True), 1):
            row = OrganisationRow(
                organ_id=str(each.organ_id), version=head.directory_version + place, body=line
            )
            tx.put_organisation(row)
        envelope = b"\n".join(lines)
        record = DirectoryRecord(
            version=version,
            subject="organisation",
            organ_id=organisations[0].organ_id,
            change_sha256=Sha256.of(envelope),
        )
        _write(tx, moment, record, envelope, version)


def write(store: RecordStore, moment: datetime, record: JournalBody) -> None:
    """Write what needs no envelope into a store: a check of the interconnection."""
    with store.write() as tx:
        _write(tx, moment, record, b"", tx.head().directory_version)


def _write(
    tx: WriteTransaction, moment: datetime, record: JournalBody, envelope: bytes, version: int
) -> None:
    head = tx.head()
    data = _entry(head.size, moment, record)
    tree = append(head.frontier, head.size, [data])
    tx.add_journal([_journal_row(head.size, moment, data, b"", envelope)])
    tx.set_head(
        Head(
            size=tree.size,
            recorded_us=to_us(moment),
            directory_version=version,
            frontier=tree.frontier,
        )
    )


def _row(index: int, entry: Entry) -> JournalRow:
    content = entry.content
    if isinstance(content, Manifest):
        payload, kind = dump_manifest(content), MANIFEST_TYPE
    else:
        payload, kind = dump_statement(content), STATEMENT_TYPE
    data = _entry(index, entry.recorded_at, entry.record)
    envelope = Envelope(payload=payload, payload_type=kind, signatures=(_SIGNATURE,))
    package_id = entry.record.package_id.bytes
    return _journal_row(index, entry.recorded_at, data, package_id, dump_envelope(envelope))


def _entry(index: int, moment: datetime, body: JournalBody) -> bytes:
    return dump_entry(
        JournalEntry(
            index=index, nonce=index.to_bytes(32), recorded_at=moment, axis=AXIS, body=body
        )
    )


def _journal_row(
    index: int, moment: datetime, data: bytes, package_id: bytes, envelope: bytes
) -> JournalRow:
    return JournalRow(
        index=index,
        entry=data,
        leaf_hash=leaf_hash(data),
        proof=(),
        checkpoint_size=0,
        recorded_us=to_us(moment),
        subject_id=b"",
        package_id=package_id,
        envelope=envelope,
        parties=(),
    )


def at(day: str) -> datetime:
    """Noon in Vietnam."""
    return datetime.fromisoformat(f"{day}T12:00:00+07:00")
