"""Organisations from CSV files, as provinces and the national axis publish them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from attrs import define, evolve, field, frozen

from lienthong.errors import ImportInvalid, InvalidValue, LienthongError
from lienthong.model.ids import OrganId, OrganScheme
from lienthong.model.organisation import Directory, OrganCode, Organisation, OrganName
from lienthong.model.time import parse_date

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("code", "organ_id", "code_qcvn102", "ma_dinh_danh"),
    "name": ("name", "organ_name", "ten"),
    "alias": ("alias", "code_qd20", "other_code"),
    "in_charge": ("in_charge", "organization_in_charge"),
    "level": ("level", "cap"),
    "parent": ("parent", "derived_parent"),
    "valid_from": ("valid_from",),
    "valid_to": ("valid_to", "closed_on"),
    "successors": ("successors", "successor"),
}
"""Headings that are understood, by what they mean; only code and name are needed."""


@frozen(kw_only=True)
class Problem:
    """A line that cannot be taken as it is."""

    line: int
    reason: str


@frozen(kw_only=True)
class Table:
    """What a file says."""

    organisations: tuple[Organisation, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    """Lines that are taken and worth a look: an unknown parent was left out, a code is odd."""


def read_organisations(path: Path, known: Directory, today: date) -> Table:
    """Read a directory file; its first line names the columns, in UTF-8.

    Args:
        path: the file.
        known: the directory as it is; parents may be there instead of in the file, and what the
            file does not say about an organisation stays.
        today: the day in Vietnam from which changed names count.

    Raises:
        ImportInvalid: the file as a whole cannot be used.
    """
    reading = _Reading(known, today)
    for line, row in _rows(path):
        try:
            reading.take(line, _organisation(row))
        except LienthongError as error:
            reading.problems.append(Problem(line=line, reason=str(error)))
    return reading.table()


@define
class _Reading:
    """What was read so far."""

    known: Directory
    today: date
    found: dict[int, Organisation] = field(factory=dict)
    """By line."""

    lines: dict[OrganId, int] = field(factory=dict)
    """By code."""

    problems: list[Problem] = field(factory=list)

    def take(self, line: int, organisation: Organisation) -> None:
        """Add an organisation whose codes nobody else has."""
        for code in organisation.all_codes():
            holder = self._holder(code, organisation.organ_id)
            if holder:
                reason = f"the code {code} {holder}"
                self.problems.append(Problem(line=line, reason=reason))
                return
        self.found[line] = merged(organisation, self.known, self.today)
        self.lines |= dict.fromkeys(organisation.all_codes(), line)

    def _holder(self, code: OrganId, organ_id: OrganId) -> str:
        if code in self.lines:
            return f"stands in line {self.lines[code]}"
        if code in self.known and self.known.resolve(code).organ_id != organ_id:
            return f"belongs to {self.known.resolve(code).organ_id}"
        return ""

    def table(self) -> Table:
        """Leave out parents that nobody knows: files name bodies that were never entered."""
        organisations, notes = [], []
        for line, organisation in self.found.items():
            taken = organisation
            parent = organisation.parent
            if parent is not None and parent not in self.lines and parent not in self.known:
                reason = f"{organisation.organ_id}: its parent {parent} is not known and left out"
                notes.append(Problem(line=line, reason=reason))
                taken = evolve(organisation, parent=None)
            if organisation.organ_id.scheme is OrganScheme.OTHER:
                reason = f"{organisation.organ_id}: the code has none of the published shapes"
                notes.append(Problem(line=line, reason=reason))
            organisations.append(taken)
        return Table(
            organisations=tuple(organisations), problems=tuple(self.problems), notes=tuple(notes)
        )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = _columns(path, reader.fieldnames or ())
            for row in reader:
                values = {key: (row.get(name) or "").strip() for key, name in columns.items()}
                yield reader.line_num, values
    except OSError as error:
        raise ImportInvalid(file=path, line=0, reason=error.strerror) from error
    except UnicodeDecodeError as error:
        raise ImportInvalid(file=path, line=0, reason="it is not UTF-8") from error
    except csv.Error as error:
        raise ImportInvalid(file=path, line=0, reason=f"it is not CSV: {error}") from error


def _columns(path: Path, headings: Sequence[str]) -> dict[str, str]:
    given = {name.strip().lower(): name for name in headings}
    columns = {
        key: given[alias] for key, aliases in COLUMNS.items() for alias in aliases if alias in given
    }
    for key in ("code", "name"):
        if key not in columns:
            expected = " or ".join(COLUMNS[key])
            raise ImportInvalid(file=path, line=1, reason=f"there is no column {expected}")
    return columns


def _organisation(row: Mapping[str, str]) -> Organisation:
    organ_id = OrganId(row["code"])
    codes = [organ_id] + ([OrganId(row["alias"])] if row.get("alias") else [])
    level = row.get("level", "")
    return Organisation(
        organ_id=organ_id,
        codes=[OrganCode(scheme=code.scheme, value=code) for code in codes],
        names=[OrganName(value=row["name"])],
        level=int(level) if level.isdecimal() else 0,
        parent=OrganId(row["parent"]) if row.get("parent") else None,
        in_charge=row.get("in_charge", ""),
        valid_from=_date(row, "valid_from"),
        valid_to=_date(row, "valid_to"),
        successors=[OrganId(code) for code in row.get("successors", "").replace(";", " ").split()],
    )


def _date(row: Mapping[str, str], column: str) -> date | None:
    text = row.get(column, "")
    return parse_date(text, field=column) if text else None


def merged(new: Organisation, known: Directory, today: date) -> Organisation:
    """What is new about an organisation, over what the directory knows about it.

    What is not said stays: codes, dates, successors, duties. Another name begins *today*, and the
    name before ends then. What is planned for a later day stays planned.

    Raises:
        InvalidValue: another name or parent is known for a later day, and this one is a third.
    """
    if new.organ_id not in known:
        return new
    earlier = known.resolve(new.organ_id)
    held = {code.value for code in earlier.codes}
    return evolve(
        earlier,
        codes=(*earlier.codes, *(code for code in new.codes if code.value not in held)),
        names=_names(new, earlier, today),
        level=new.level or earlier.level,
        parent=_parent(new, earlier, today),
        in_charge=new.in_charge or earlier.in_charge,
        valid_from=new.valid_from or earlier.valid_from,
        valid_to=new.valid_to or earlier.valid_to,
        successors=new.successors or earlier.successors,
        contact_point_of=tuple(dict.fromkeys((*earlier.contact_point_of, *new.contact_point_of))),
    )


def _parent(new: Organisation, earlier: Organisation, today: date) -> OrganId | None:
    """What stands above it at last."""
    now = earlier.parent_on(today)
    if new.parent in {None, now, earlier.parent}:
        return earlier.parent
    moved = earlier.former_parents[-1].valid_to if earlier.former_parents else None
    if moved is not None and moved > today:
        expected = f"{now}, or from {moved} on {earlier.parent}"
        raise InvalidValue(field="parent", found=str(new.parent), expected=expected)
    return new.parent


def _names(new: Organisation, earlier: Organisation, today: date) -> tuple[OrganName, ...]:
    """The names over time, the newest last."""
    name, last = new.names[-1], earlier.names[-1]
    if name.value in {earlier.name_on(today), last.value}:
        return earlier.names
    if last.valid_from is not None and last.valid_from > today:
        expected = f"{earlier.name_on(today)}, or from {last.valid_from} on {last.value}"
        raise InvalidValue(field="name", found=name.value, expected=expected)
    if last.valid_from == today:
        return (*earlier.names[:-1], evolve(name, valid_from=today))
    ended = evolve(last, valid_to=today) if last.valid_to is None else last
    return (*earlier.names[:-1], ended, evolve(name, valid_from=today))
