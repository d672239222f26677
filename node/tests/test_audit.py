"""The audit finds what somebody with the file in hand has changed, and names it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from lienthong.codec.signed import load_entry
from lienthong.errors import CheckpointInvalid, DataCorrupt
from lienthong.evidence.checkpoint import Checkpoint, sign_checkpoint
from lienthong.evidence.merkle import append
from lienthong.evidence.witness import Kept, dump_kept
from lienthong.testing.signer import MemorySigner
from lienthong_node.audit import Audited, check_kept
from lienthong_storage_sqlite.store import SQLiteRecordStore
from node.tests.disk import CHECK_TAMPERINGS, KEY, LARGE, Disk, run_audit
from node.tests.support import AXIS, MAIN, NOBODY, A, B, C

Tampering = Callable[["Disk"], object]


def test_a_sound_store_passes(disk: Disk) -> None:
    """Also without the triggers: nothing below fails for another reason than what it changed."""
    disk.sql.close()
    done = run_audit(disk.folder)
    assert done == Audited(entries=269, total=269, files=2)
    assert run_audit(disk.folder, files=False).files == 0


FIRST_PACKAGE: Final = 4
ARRIVAL: Final = 5
LAST: Final = 268


def _swap(disk: Disk) -> None:
    one, other = disk.row(8), disk.row(9)
    keep = {"idx", "checkpoint_size", "proof"}
    disk.rewrite(8, **{name: value for name, value in other.items() if name not in keep})
    disk.rewrite(9, **{name: value for name, value in one.items() if name not in keep})


def _delete(disk: Disk) -> None:
    disk.run("PRAGMA foreign_keys = OFF")
    disk.run("DELETE FROM feed WHERE idx = ?", FIRST_PACKAGE)
    disk.run("DELETE FROM journal WHERE idx = ?", FIRST_PACKAGE)


def _resign(disk: Disk) -> None:
    """A whole new history of the same entries, sealed with a key of the forger's."""
    entries = [disk.row(index)["entry"] for index in range(LAST + 1)]
    tree = append((), 0, entries)
    note = sign_checkpoint(
        Checkpoint(origin=AXIS, size=tree.size, root=tree.root), MemorySigner.checkpoint()
    )
    disk.run("UPDATE checkpoint SET note = ? WHERE size = ?", note, tree.size)


def _uncover(disk: Disk) -> None:
    """Entries that no checkpoint claims to cover need not fit any."""
    for index in range(LAST + 1):
        disk.rewrite(index, checkpoint_size=LAST + 2)


def _reuse_checkpoint(disk: Disk) -> None:
    [[older]] = disk.run("SELECT note FROM checkpoint WHERE size = 5")
    disk.run("UPDATE checkpoint SET note = ? WHERE size = 6", older)


def _flip(disk: Disk, name: str) -> None:
    value = bytearray(disk.row(FIRST_PACKAGE)[name])
    value[len(value) // 2] ^= 1
    disk.rewrite(FIRST_PACKAGE, **{name: bytes(value)})


def _phantom(disk: Disk) -> None:
    disk.run(
        "INSERT INTO delivery SELECT ?, recipient, sender, kind, state, resume_state, has_lead,"
        " pending_package_id, sent_us, updated_us, updated_index, subject, number, urgency,"
        " deadlines, look_us, paper, legal_value, crc FROM delivery LIMIT 1",
        bytes(16),
    )


def _hide_from_recipient(disk: Disk) -> None:
    """The table and the feed agree, and the recipient never sees the package."""
    disk.rewrite(FIRST_PACKAGE, parties=json.dumps([A, B]))
    disk.run("DELETE FROM feed WHERE idx = ? AND organ = ?", FIRST_PACKAGE, C)


def _rebind(disk: Disk) -> None:
    """B's certificate would open A's documents."""
    fingerprint = hashlib.sha256(B.encode()).digest()
    [[body]] = disk.run("SELECT body FROM credential WHERE fingerprint = ?", fingerprint)
    disk.run(
        "UPDATE credential SET organ = ?, body = ? WHERE fingerprint = ?",
        A,
        body.replace(B.encode(), A.encode()),
        fingerprint,
    )


def _add_credential(disk: Disk) -> None:
    [[body]] = disk.run("SELECT body FROM credential LIMIT 1")
    disk.run("INSERT INTO credential VALUES (?, ?, 12, ?)", bytes(32), A, body)


def _cut_end(disk: Disk) -> None:
    """The last batch disappears, and the head says so."""
    disk.run("PRAGMA foreign_keys = OFF")
    disk.run("DELETE FROM feed WHERE idx >= 8; DELETE FROM journal WHERE idx >= 8")
    tree = append((), 0, [disk.row(index)["entry"] for index in range(8)])
    disk.run(
        "UPDATE head SET size = 8, directory_version = directory_version - 1, frontier = ?",
        b"".join(tree.frontier),
    )


def _cut_cleanly(disk: Disk) -> None:
    """The last batch disappears with everything that it has made."""
    _cut_end(disk)
    disk.run("DELETE FROM checkpoint WHERE size > 8; DELETE FROM tile; DELETE FROM law")
    disk.run("CREATE TEMP TABLE gone AS SELECT package_id FROM package WHERE idx >= 8")
    disk.run("DELETE FROM package_file WHERE package_id IN (SELECT package_id FROM gone)")
    disk.run("DELETE FROM delivery WHERE package_id IN (SELECT package_id FROM gone)")
    disk.run("DELETE FROM package WHERE idx >= 8")


def _rename(disk: Disk) -> None:
    [[organ, body]] = disk.run("SELECT organ, body FROM organisation WHERE organ = ?", NOBODY)
    disk.run("UPDATE organisation SET body = ? WHERE organ = ?", body + b" ", organ)


def _damage_blob(disk: Disk) -> None:
    digest = hashlib.sha256(LARGE).hexdigest()
    [path] = disk.folder.rglob(digest)
    path.chmod(0o600)
    path.write_bytes(LARGE[:-1] + b"X")


def _lose_blob(disk: Disk) -> None:
    [path] = disk.folder.rglob(hashlib.sha256(LARGE).hexdigest())
    path.unlink()


def _sql(statement: str, *values: Any) -> Tampering:
    return lambda disk: disk.run(statement, *values)


TAMPERINGS: Final[dict[str, tuple[Tampering, str]]] = {
    "entry changed": (lambda disk: _flip(disk, "entry"), "journal entry 4"),
    "entry deleted": (_delete, "journal entry 4 is missing"),
    "entries swapped": (_swap, "journal entry 8: its index"),
    "entry forged with its leaf hash": (
        lambda disk: disk.forge_entry(FIRST_PACKAGE, nonce=b"n" * 32),
        "checkpoint of size 5 has another root",
    ),
    "time turned back": (
        lambda disk: disk.forge_entry(
            ARRIVAL, recorded_at=load_entry(disk.row(0)["entry"]).recorded_at.replace(year=2020)
        ),
        "journal entry 5: its time",
    ),
    "leaf hash changed": (lambda disk: _flip(disk, "leaf_hash"), "journal entry 4: its index"),
    "proof changed": (lambda disk: _flip(disk, "proof"), "journal entry 4: its proof"),
    "envelope changed": (lambda disk: _flip(disk, "envelope"), "journal entry 4"),
    "envelope of another entry": (
        lambda disk: disk.rewrite(FIRST_PACKAGE, envelope=disk.row(8)["envelope"]),
        "journal entry 4: its envelope is another one",
    ),
    "envelope lost": (lambda disk: disk.rewrite(FIRST_PACKAGE, envelope=b""), "journal entry 4"),
    "checkpoint changed": (
        _sql("UPDATE checkpoint SET note = replace(note, 'axis.test', 'axis.tesd') WHERE size = 5"),
        "checkpoint of size 5",
    ),
    "checkpoint deleted": (
        _sql("DELETE FROM checkpoint WHERE size = 5"),
        "checkpoint of size 5 is missing",
    ),
    "checkpoint of another size": (_reuse_checkpoint, "checkpoint of size 6 has another root"),
    "checkpoint of another key": (_resign, "checkpoint of size 269"),
    "checkpoints dodged": (_uncover, "no checkpoint covers journal entry 0"),
    "head changed": (_sql("UPDATE head SET frontier = zeroblob(32)"), "head of the journal"),
    "head's directory version": (
        _sql("UPDATE head SET directory_version = 99"),
        "directory version 99",
    ),
    "end cut off": (_cut_end, "newest checkpoint is of size 269, not 8"),
    "package's file changed": (
        _sql("UPDATE package_file SET size = 1 WHERE name = 'ban-ve.pdf'"),
        "the package ",
    ),
    "package given to another sender": (
        _sql("UPDATE package SET sender = ? WHERE idx = 4", B),
        "the package ",
    ),
    "package deleted": (
        _sql("PRAGMA foreign_keys = OFF; DELETE FROM package_file; DELETE FROM package"),
        "the package ",
    ),
    "state changed": (
        _sql("UPDATE delivery SET state = 'COMPLETED' WHERE recipient = ?", C),
        f"to {C} is COMPLETED",
    ),
    "subject changed": (
        _sql("UPDATE delivery SET subject = 'khác' WHERE recipient = ?", C),
        f"to {C}",
    ),
    "delivery deleted": (_sql("DELETE FROM delivery WHERE recipient = ?", C), f"{C} is missing"),
    "delivery invented": (_phantom, f"{bytes(16).hex()} to"),
    "report changed": (_sql("UPDATE statement SET event = 'REFUSE' WHERE idx = 5"), "statement"),
    "report deleted": (_sql("DELETE FROM statement WHERE idx = 5"), "statement"),
    "hidden from its recipient": (_hide_from_recipient, f"journal entry 4: the parties lack {C}"),
    **CHECK_TAMPERINGS,
    "feed without its entry": (_sql("DELETE FROM feed WHERE organ = ? AND idx = 5", B), "feeds"),
    "feed of somebody else": (_sql("INSERT INTO feed VALUES (?, 4)", NOBODY), "feeds"),
    "about another package": (
        lambda disk: disk.rewrite(ARRIVAL, package_id=disk.row(8)["package_id"]),
        "journal entry 5: what it is about",
    ),
    "certificate bound to another": (
        _rebind,
        f"the credential {hashlib.sha256(B.encode()).hexdigest()}",
    ),
    "credential invented": (_add_credential, f"the credential {bytes(32).hex()}"),
    "organisation changed": (_rename, f"the organisation {NOBODY}"),
    "credential bound by its column only": (
        _sql("UPDATE credential SET organ = ? WHERE organ = ?", A, B),
        "the credential ",
    ),
    "credential deleted": (_sql("DELETE FROM credential WHERE organ = ?", B), "the credential "),
    "law changed": (_sql("UPDATE law SET body = x'0a'"), f"the law calendar days of {B}"),
    "law given to everybody": (_sql("UPDATE law SET organ = ''"), f"calendar days of {B}"),
    "law deleted": (_sql("DELETE FROM law"), f"the law calendar days of {B}"),
    "law invented": (
        _sql("INSERT INTO law SELECT 'rule_set', organ, name, version, body FROM law"),
        f"the law rule_set days of {B}",
    ),
    "organisation deleted": (
        _sql("DELETE FROM organisation WHERE organ = ?", NOBODY),
        f"the organisation {NOBODY}",
    ),
    "change of the directory altered": (
        lambda disk: disk.rewrite(0, envelope=disk.row(0)["envelope"] + b" "),
        "journal entry 0: its change of the directory",
    ),
    "delivery backdated": (
        _sql("UPDATE delivery SET updated_us = updated_us - 1 WHERE recipient = ?", C),
        f"to {C} is not what entry",
    ),
    "lead invented": (
        _sql("UPDATE delivery SET has_lead = 1 WHERE recipient = ?", C),
        f"to {C} is not what entry",
    ),
    "package invented": (
        _sql(
            "INSERT INTO package SELECT ?, kind, sender, payload_sha256, idx, target_package_id,"
            " reply_requested FROM package LIMIT 1",
            bytes(16),
        ),
        f"table package: no entry has made the row of {bytes(16).hex()}",
    ),
    "report invented": (
        _sql(
            "INSERT INTO statement SELECT ?, package_id, recipient, event, payload_sha256,"
            " content_sha256, idx FROM statement LIMIT 1",
            bytes(16),
        ),
        f"table statement: no entry has made the row of {bytes(16).hex()}",
    ),
    "tile invented": (
        _sql("INSERT INTO tile SELECT level, idx + 1, root, hashes FROM tile"),
        "table tile: no entry",
    ),
    "small file invented": (
        _sql("INSERT INTO content VALUES (?, x'00')", bytes(32)),
        f"table content: no entry has made the row of {bytes(32).hex()}",
    ),
    "head deleted": (_sql("DELETE FROM head"), "0 rows instead of one for SELECT size FROM head"),
    "tile changed": (_sql("UPDATE tile SET root = zeroblob(32)"), "the tile 0/0"),
    "tile deleted": (_sql("DELETE FROM tile"), "the tile 0/0"),
    "small file changed": (
        _sql("UPDATE content SET data = x'00'"),
        f"the file {hashlib.sha256(MAIN).hexdigest()}",
    ),
    "small file lost": (
        _sql("DELETE FROM content"),
        f"the file {hashlib.sha256(MAIN).hexdigest()}",
    ),
    "large file changed": (_damage_blob, hashlib.sha256(LARGE).hexdigest()),
    "large file lost": (_lose_blob, hashlib.sha256(LARGE).hexdigest()),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_finds_and_names(disk: Disk, name: str) -> None:
    tamper, named = TAMPERINGS[name]
    tamper(disk)
    assert disk.sql.changes() or name.startswith("large file")
    disk.reseal()
    disk.sql.close()
    with pytest.raises(DataCorrupt, match=re.escape(named)):
        run_audit(disk.folder)


class TestAgainstOutside:
    """What was cut off cleanly only a checkpoint that somebody else has kept can show."""

    def check(self, folder: Path, *notes: str) -> None:
        """Against one published checkpoint, or the file of a witness who has kept several."""
        kept = [dump_kept(Kept(checkpoint=note)) for note in notes]
        with closing(SQLiteRecordStore(folder / "node.db")) as store:
            check_kept(store, KEY, b"".join(kept) if len(kept) > 1 else notes[0].encode())

    def note(self, disk: Disk, size: int) -> str:
        [[found]] = disk.run("SELECT note FROM checkpoint WHERE size = ?", size)
        return str(found)

    def test_a_clean_cut_shows(self, disk: Disk) -> None:
        kept = {size: self.note(disk, size) for size in (5, 8, 269)}
        _cut_cleanly(disk)
        disk.sql.close()
        assert run_audit(disk.folder).entries == 8
        self.check(disk.folder, kept[5])
        self.check(disk.folder, kept[8])
        with pytest.raises(DataCorrupt, match="8 entries, the checkpoint covers 269"):
            self.check(disk.folder, kept[269])

    def test_another_history_shows(self, disk: Disk) -> None:
        note = self.note(disk, 5)
        disk.forge_entry(2, nonce=b"n" * 32)
        disk.sql.close()
        with pytest.raises(DataCorrupt, match="first 5 entries were rewritten"):
            self.check(disk.folder, note)

    def test_what_was_kept_often_names_the_place(self, disk: Disk) -> None:
        kept = [self.note(disk, size) for size in (269, 5, 8)]
        disk.forge_entry(6, nonce=b"n" * 32)
        disk.sql.close()
        with pytest.raises(
            DataCorrupt, match="first 8 entries were rewritten, at or after entry 5"
        ):
            self.check(disk.folder, *kept)

    def test_a_checkpoint_of_another_axis_counts_for_nothing(self, disk: Disk) -> None:
        checkpoint = Checkpoint(origin=AXIS, size=5, root=bytes(32))
        note = sign_checkpoint(checkpoint, MemorySigner.checkpoint())
        disk.sql.close()
        with pytest.raises(CheckpointInvalid):
            self.check(disk.folder, note)
