"""Organisations from CSV files, as provinces and the national axis publish them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from lienthong.errors import ImportInvalid, LienthongError
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory, OrganCode, Organisation, OrganName

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("code", "organ_id", "code_qcvn102", "ma_dinh_danh"),
    "name": ("name", "organ_name", "ten"),
    "alias": ("alias", "code_qd20", "other_code"),
    "in_charge": ("in_charge", "organization_in_charge"),
    "level": ("level", "cap"),
    "parent": ("parent", "derived_parent"),
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
    """Lines that are taken, but not entirely: an unknown parent is left out."""


def read_organisations(path: Path, known: Directory) -> Table:
    """Read a directory file; its first line names the columns, in UTF-8.

    Args:
        path: the file.
        known: the directory as it is; parents may be there instead of in the file.

    Raises:
        ImportInvalid: the file as a whole cannot be used.
    """
    found: dict[OrganId, Organisation] = {}
    problems: list[Problem] = []
    for line, row in _rows(path):
        try:
            organisation = _organisation(row)
        except LienthongError as error:
            problems.append(Problem(line=line, reason=str(error)))
            continue
        if organisation.organ_id in found:
            reason = f"the code {organisation.organ_id} stands in an earlier line"
            problems.append(Problem(line=line, reason=reason))
            continue
        found[organisation.organ_id] = organisation
    return _with_known_parents(found, problems, known)


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
    )


def _with_known_parents(
    found: Mapping[OrganId, Organisation], problems: list[Problem], known: Directory
) -> Table:
    """Leave out parents that nobody knows: files name bodies that were never entered."""
    organisations, notes = [], []
    for organisation in found.values():
        parent = organisation.parent
        if parent is not None and parent not in found and parent not in known:
            reason = f"{organisation.organ_id}: its parent {parent} is not known and left out"
            notes.append(Problem(line=0, reason=reason))
            organisation = evolve(organisation, parent=None)
        organisations.append(organisation)
    return Table(organisations=tuple(organisations), problems=tuple(problems), notes=tuple(notes))
