# ruff: noqa: S608 - statements are put together from constants of this file
"""A node's files in the hands of somebody who wants to change them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import apsw
from attrs import evolve, frozen

from lienthong.codec.signed import dump_entry, load_entry
from lienthong.evidence.merkle import leaf_hash
from lienthong.evidence.note import VerifierKey
from lienthong.model.delivery import DeliveryEvent
from lienthong.model.ids import OrganId
from lienthong.model.journal import CheckResult, InterconnectionRecord
from lienthong.model.words import FileRole
from lienthong.rules.calendar_table import CalendarTable
from lienthong.testing.signer import MemorySigner
from lienthong_node.audit import Audited, audit
from lienthong_node.core.commands import (
    Command,
    PutCredential,
    PutLaw,
    PutOrganisations,
    RecordCheck,
)
from lienthong_node.core.credentials import Role
from lienthong_storage_fs.store import FSBlobStore
from lienthong_storage_sqlite.checksums import crc_of
from lienthong_storage_sqlite.store import SQLiteRecordStore
from node.tests.support import (
    AXIS,
    NOBODY,
    ORGANISATIONS,
    A,
    B,
    C,
    caller,
    file,
    manifest,
    organisation,
    recall,
    report,
    signing,
    statement,
    submit,
)

LARGE: Final = b"a file that was uploaded" * 1000
SIGNER: Final = MemorySigner.checkpoint(b"\7" * 32)
KEY: Final = VerifierKey.of_signer(AXIS, SIGNER)
CHECK: Final = InterconnectionRecord(
    organ_id=OrganId(A), results=[CheckResult(name="feed", passed=True)]
)
DAYS: Final = CalendarTable(name="days", first_year=2026, last_year=2026)
OPERATOR: Final = caller("000.00.01.H53", Role.OPERATOR)
COLUMNS: Final = (
    "idx",
    "leaf_hash",
    "checkpoint_size",
    "recorded_us",
    "subject_id",
    "package_id",
    "parties",
    "proof",
    "entry",
    "envelope",
)

SEALED: Final = ("checkpoint", "delivery")
"""Tables whose rows have a checksum of their own, beside the journal."""


@frozen
class Disk:
    """The files of a node, open to whoever has them."""

    folder: Path
    sql: apsw.Connection

    @classmethod
    def unguarded(cls, folder: Path, connection: apsw.Connection) -> Disk:
        """Without the triggers that keep a careless hand from changing something."""
        connection.execute("DROP TRIGGER journal_no_update; DROP TRIGGER journal_no_delete")
        connection.create_scalar_function("crc_of", crc_of)
        return cls(folder, connection)

    def reseal(self) -> None:
        """Give deliveries and checkpoints checksums that fit, as a forger would."""
        for table in SEALED:
            names = [row[1] for row in self.run(f"PRAGMA table_info({table})") if row[1] != "crc"]
            self.run(f"UPDATE {table} SET crc = crc_of({', '.join(names)})")

    def run(self, statement: str, *values: Any) -> list[Any]:
        return self.sql.execute(statement, values).fetchall()

    def row(self, index: int) -> dict[str, Any]:
        """A journal row by column."""
        [found] = self.run(f"SELECT {', '.join(COLUMNS)} FROM journal WHERE idx = ?", index)
        return dict(zip(COLUMNS, found, strict=True))

    def rewrite(self, index: int, **changes: Any) -> None:
        """Change a journal row and give it a checksum that fits, as a forger would."""
        row = self.row(index) | changes
        words = "{idx} {checkpoint_size} {recorded_us} {parties}".format(**row).encode()
        parts = (row["leaf_hash"], row["subject_id"], row["package_id"], row["proof"])
        crc = crc32(row["envelope"], crc32(row["entry"], crc32(b"".join((words, *parts)))))
        names = ", ".join(f"{name} = ?" for name in COLUMNS)
        self.run(f"UPDATE journal SET {names}, crc = ? WHERE idx = ?", *row.values(), crc, index)

    def forge_entry(self, index: int, **changes: Any) -> None:
        """Change what an entry says, and its leaf hash with it."""
        entry = evolve(load_entry(self.row(index)["entry"]), **changes)
        data = dump_entry(entry)
        recorded_us = round(entry.recorded_at.timestamp() * 1_000_000)
        self.rewrite(index, entry=data, leaf_hash=leaf_hash(data), recorded_us=recorded_us)


def life() -> Iterator[Sequence[Command]]:
    """What a node has done before: eight batches, 269 entries."""
    yield [PutOrganisations(caller=OPERATOR, organisations=ORGANISATIONS)]
    yield [PutCredential(caller=OPERATOR, credential=signing(organ)) for organ in (A, B)]
    yield [PutOrganisations(caller=OPERATOR, organisations=(organisation(NOBODY),))]
    package = manifest(B, C, files=[file(), file(LARGE, "ban-ve.pdf", role=FileRole.ATTACHMENT)])
    yield [submit(package)]
    yield [report(statement(DeliveryEvent.ARRIVE, package.package_id))]
    yield [report(statement(DeliveryEvent.ACCEPT, package.package_id))]
    yield [submit(recall(package.package_id, B))]
    yield [
        *(submit(manifest()) for _ in range(258)),
        RecordCheck(caller=caller(A), record=CHECK),
        submit(manifest()),
        PutLaw(caller=OPERATOR, organ_id=B, value=DAYS),
    ]


CHECKED: Final = 267


def _hide_check(disk: Disk) -> None:
    disk.rewrite(CHECKED, parties=json.dumps([B]))
    disk.run("UPDATE feed SET organ = ? WHERE idx = ?", B, CHECKED)


def _miss_ahead(disk: Disk) -> None:
    entry = load_entry(disk.row(CHECKED)["entry"])
    due = entry.recorded_at + timedelta(hours=1)
    disk.forge_entry(CHECKED, body=InterconnectionRecord(organ_id=OrganId(A), missed_at=due))


CHECK_TAMPERINGS: Final[dict[str, tuple[Callable[[Disk], object], str]]] = {
    "check hidden from who made it": (_hide_check, f"journal entry 267: the parties lack {A}"),
    "check of another": (
        lambda disk: disk.rewrite(CHECKED, subject_id=B.encode()),
        "journal entry 267: what it is about",
    ),
    "check missed ahead of time": (_miss_ahead, "journal entry 267: a check was missed"),
}
"""Of the check of the interconnection; what the audit says of each."""


def run_audit(folder: Path, *, files: bool = True) -> Audited:
    with (
        closing(SQLiteRecordStore(folder / "node.db")) as store,
        closing(FSBlobStore(folder / "blobs")) as blobs,
    ):
        return list(audit(store, KEY, blobs if files else None))[-1]
