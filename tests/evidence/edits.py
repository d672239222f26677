# ruff: noqa: S608 - statements are put together from names of the schema
"""What somebody with the database in hand can do to it, in every degree of care."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any, Final, TypeAlias

import apsw
from attrs import evolve, field, frozen

from lienthong.codec.signed import dump_entry, load_entry
from lienthong.evidence.checkpoint import Checkpoint, sign_checkpoint
from lienthong.evidence.merkle import append, leaf_hash
from lienthong.evidence.note import split_note
from lienthong.evidence.tiles import full_tiles
from lienthong.model.time import to_us
from lienthong.testing.signer import MemorySigner
from node.tests.disk import COLUMNS, SEALED, Disk
from node.tests.support import AXIS

Row: TypeAlias = tuple[Any, ...]

TABLES: Final = (
    "journal",
    "checkpoint",
    "head",
    "tile",
    "feed",
    "package",
    "package_file",
    "delivery",
    "statement",
    "organisation",
    "credential",
    "content",
)
"""Everything but who may name which uploaded file; that is no history."""

UNORDERED: Final = ("package_file", "position")
"""Numbers that only order rows: another number that orders them alike changes nothing."""

TIMES: Final = {"journal": "recorded_us", "head": "recorded_us", "delivery": "updated_us"}
STRANGER: Final = MemorySigner.checkpoint(b"\1" * 32)


class Care(enum.Enum):
    """How far the forger repairs what hangs together."""

    NONE = "nothing"
    SUMS = "checksums, feeds and the size in the head"
    HASHES = "also leaf hashes"
    TREE = "also proofs, tiles, the head and the roots in checkpoints, but without the key"


@frozen(kw_only=True)
class Edit:
    """What was done."""

    text: str
    first: int | None = None
    """The first journal entry that is not what it was; None for other tables."""


@frozen
class Forger:
    """Edits one copy of a store."""

    disk: Disk
    dice: Random = field(repr=False)

    def edit(self) -> Edit:
        """Do something that changes what the store says."""
        while True:
            before = self.disk.sql.total_changes()
            try:
                done = self._try()
            except apsw.ConstraintError:
                continue
            if done is not None and self.disk.sql.total_changes() > before:
                self.disk.reseal()
                return done

    def _try(self) -> Edit | None:
        if self.dice.random() < 0.5:
            return self._rewrite_history()
        action = self.dice.choice(
            (self._alter, self._delete, self._insert, self._swap, self._backdate)
        )
        return action(self.dice.choice(TABLES))

    # Any table, without care

    def _alter(self, table: str) -> Edit | None:
        row, names = self._row(table)
        if row is None:
            return None
        at = self.dice.randrange(len(names))
        if (table, names[at]) == UNORDERED:
            return None
        value = self._other(table, names[at], row[at])
        if value == row[at]:
            return None
        self._update(table, names, row, {names[at]: value})
        return self._about(table, row, f"alter {table}.{names[at]}")

    def _delete(self, table: str) -> Edit | None:
        row, names = self._row(table)
        if row is None:
            return None
        where, keys = self._where(table, names, row)
        self.disk.run(f"DELETE FROM {table} WHERE {where}", *keys)
        return self._about(table, row, f"delete from {table}")

    def _insert(self, table: str) -> Edit | None:
        """A copy of a row under another key."""
        row, names = self._row(table)
        if row is None:
            return None
        keys = self._keys(table)
        copy = tuple(
            self._other(table, name, value) if name in keys else value
            for name, value in zip(names, row, strict=True)
        )
        if copy == row:
            return None
        marks = ", ".join("?" * len(copy))
        columns = ", ".join(names)
        self.disk.run(f"INSERT INTO {table} ({columns}) VALUES ({marks})", *copy)
        return self._about(table, copy, f"insert into {table}")

    def _swap(self, table: str) -> Edit | None:
        """The contents of two rows, or of one column of them."""
        (one, names), (other, _) = self._row(table), self._row(table)
        if one is None or other is None or table == "head":
            return None
        keys = self._keys(table)
        free = [name for name in names if name not in keys and (table, name) != UNORDERED]
        columns = free if self.dice.random() < 0.5 else [self.dice.choice(free)] if free else []
        ones = {name: one[names.index(name)] for name in columns}
        others = {name: other[names.index(name)] for name in columns}
        if not columns or ones == others:
            return None
        self._update(table, names, one, others)
        self._update(table, names, other, ones)
        return self._about(table, min(one, other), f"swap {', '.join(columns)} in {table}")

    def _backdate(self, table: str) -> Edit | None:
        row, names = self._row(table)
        if row is None or table not in TIMES:
            return None
        name = TIMES[table]
        earlier = row[names.index(name)] - self.dice.randint(1, 10**12)
        self._update(table, names, row, {name: earlier})
        return self._about(table, row, f"backdate {table}")

    # The journal, with care

    def _rewrite_history(self) -> Edit | None:
        care = self.dice.choice(list(Care))
        action = self.dice.choice(list(HISTORY))
        rows = [self.disk.row(index) for index in range(self._size())]
        before = [row["entry"] for row in rows]
        HISTORY[action](rows, self.dice)
        after = [row["entry"] for row in rows]
        if before == after:
            return None
        pairs = zip(before, after, strict=False)
        shared = min(len(before), len(after))
        first = next((at for at, (old, new) in enumerate(pairs) if old != new), shared)
        self._write_history(rows, care)
        return Edit(text=f"{action} in the journal, repairing {care.value}", first=first)

    def _write_history(self, rows: list[dict[str, Any]], care: Care) -> None:
        if care in {Care.HASHES, Care.TREE}:
            for row in rows:
                row["leaf_hash"] = leaf_hash(row["entry"])
        if care is Care.TREE:
            self._repair_tree(rows)
        old = self._size()
        for index in range(len(rows), old):
            self.disk.run("DELETE FROM feed WHERE idx = ?", index)
            self.disk.run("DELETE FROM journal WHERE idx = ?", index)
        for index in range(old, len(rows)):
            self.disk.run(
                "INSERT INTO journal SELECT ?, leaf_hash, checkpoint_size, recorded_us,"
                " subject_id, package_id, parties, proof, entry, envelope, crc"
                " FROM journal WHERE idx = ?",
                index,
                index - 1,
            )
        for index, row in enumerate(rows):
            if row == self.disk.row(index):
                continue
            if care is Care.NONE:
                values = ", ".join(f"{name} = ?" for name in COLUMNS)
                self.disk.run(f"UPDATE journal SET {values} WHERE idx = ?", *row.values(), index)
            else:
                self.disk.rewrite(index, **row)
        if care is not Care.NONE:
            self._repair_feeds(rows)
            self.disk.run("UPDATE head SET size = ?", len(rows))

    def _repair_feeds(self, rows: list[dict[str, Any]]) -> None:
        self.disk.run("DELETE FROM feed")
        for index, row in enumerate(rows):
            for organ in json.loads(row["parties"]):
                self.disk.run("INSERT INTO feed VALUES (?, ?)", organ, index)

    def _repair_tree(self, rows: list[dict[str, Any]]) -> None:
        """Everything that can be computed; the notes keep their signatures, or get a stranger's."""
        sizes = sorted(
            {row["checkpoint_size"] for row in rows if row["checkpoint_size"] < len(rows)}
        )
        start = 0
        frontier: tuple[bytes, ...] = ()
        for size in (*sizes, len(rows)):
            batch = rows[start:size]
            tree = append(frontier, start, [row["entry"] for row in batch])
            for row, proof in zip(batch, tree.proofs, strict=True):
                row |= {"proof": b"".join(proof), "checkpoint_size": size}
            self._forge_note(Checkpoint(origin=AXIS, size=size, root=tree.root))
            start, frontier = size, tree.frontier
        self.disk.run("DELETE FROM checkpoint WHERE size > ?", len(rows))
        self.disk.run("UPDATE head SET size = ?, frontier = ?", len(rows), b"".join(frontier))
        self.disk.run("DELETE FROM tile")
        hashes = [row["leaf_hash"] for row in rows]
        for tile in full_tiles(0, len(rows), lambda _, at, count: hashes[at : at + count]):
            self.disk.run(
                "INSERT INTO tile VALUES (?, ?, ?, ?)",
                tile.level,
                tile.index,
                tile.root,
                tile.hashes,
            )

    def _forge_note(self, checkpoint: Checkpoint) -> None:
        found = self.disk.run("SELECT note FROM checkpoint WHERE size = ?", checkpoint.size)
        note = sign_checkpoint(checkpoint, STRANGER)
        if found and found[0][0].startswith(checkpoint.dump()):
            return
        if found and self.dice.random() < 0.7:
            signed, _ = split_note(found[0][0])
            note = checkpoint.dump() + found[0][0][len(signed) :]
        self.disk.run("INSERT OR REPLACE INTO checkpoint VALUES (?, ?, 0)", checkpoint.size, note)

    # Reading the schema

    def _size(self) -> int:
        return int(self.disk.run("SELECT count(*) FROM journal")[0][0])

    def _names(self, table: str) -> list[str]:
        """Columns; without the checksums that are made anew after each edit."""
        names = [row[1] for row in self.disk.run(f"PRAGMA table_info({table})")]
        return [name for name in names if table not in SEALED or name != "crc"]

    def _keys(self, table: str) -> list[str]:
        return [row[1] for row in self.disk.run(f"PRAGMA table_info({table})") if row[5]]

    def _row(self, table: str) -> tuple[Row | None, list[str]]:
        names = self._names(table)
        rows = self.disk.run(f"SELECT {', '.join(names)} FROM {table}")
        return (self.dice.choice(rows) if rows else None), names

    def _where(self, table: str, names: list[str], row: Row) -> tuple[str, list[Any]]:
        keys = self._keys(table)
        return " AND ".join(f"{key} IS ?" for key in keys), [row[names.index(key)] for key in keys]

    def _update(self, table: str, names: list[str], row: Row, values: Mapping[str, Any]) -> None:
        where, keys = self._where(table, names, row)
        changes = ", ".join(f"{name} = ?" for name in values)
        self.disk.run(f"UPDATE {table} SET {changes} WHERE {where}", *values.values(), *keys)

    def _other(self, table: str, name: str, value: object) -> object:
        """Another value: near by, one bit away, or that of another row."""
        if self.dice.random() < 0.4:
            return self.dice.choice(self.disk.run(f"SELECT {name} FROM {table}"))[0]
        if isinstance(value, int):
            return value + self.dice.choice((-(10**9), -1, 1, 7))
        if isinstance(value, str):
            return value + "x"
        octets = bytearray(value if isinstance(value, bytes) and value else bytes(16))
        octets[self.dice.randrange(len(octets))] ^= 1 << self.dice.randrange(8)
        return bytes(octets)

    def _about(self, table: str, row: Row, text: str) -> Edit:
        return Edit(text=text, first=row[0] if table == "journal" else None)


def _alter_entry(rows: list[dict[str, Any]], dice: Random) -> None:
    row = dice.choice(rows)
    row["entry"] = dump_entry(evolve(load_entry(row["entry"]), nonce=dice.randbytes(32)))


def _backdate_entry(rows: list[dict[str, Any]], dice: Random) -> None:
    row = dice.choice(rows)
    entry = load_entry(row["entry"])
    earlier = entry.recorded_at - timedelta(seconds=dice.choice((1, 3600, 10**7)))
    row["entry"] = dump_entry(evolve(entry, recorded_at=earlier))
    row["recorded_us"] = to_us(earlier)


def _delete_entry(rows: list[dict[str, Any]], dice: Random) -> None:
    del rows[dice.randrange(len(rows))]
    _number(rows)


def _insert_entry(rows: list[dict[str, Any]], dice: Random) -> None:
    at = dice.randrange(len(rows))
    rows.insert(at, dict(rows[at]))
    _number(rows)


def _swap_entries(rows: list[dict[str, Any]], dice: Random) -> None:
    one, other = dice.sample(range(len(rows)), 2)
    rows[one], rows[other] = rows[other], rows[one]
    _number(rows)


def _number(rows: list[dict[str, Any]]) -> None:
    """Every entry says the index at which it stands."""
    for index, row in enumerate(rows):
        row["idx"] = index
        entry = load_entry(row["entry"])
        if entry.index != index:
            row["entry"] = dump_entry(evolve(entry, index=index))


HISTORY: Final[Mapping[str, Callable[[list[dict[str, Any]], Random], None]]] = {
    "alter": _alter_entry,
    "backdate": _backdate_entry,
    "delete": _delete_entry,
    "insert": _insert_entry,
    "swap": _swap_entries,
}
