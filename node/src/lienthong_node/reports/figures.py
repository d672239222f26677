"""Figures that only people know, and checks of the interconnection, from a TOML file.

.. code-block:: toml

    [[unit]]
    organ_id = "H53.13"
    staff = 40
    staff_with_account = 38
    difficulties = "..."

    [[check]]
    organ_id = "H53.13"
    checked_at = 2026-09-14T08:05:00+07:00
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
from attrs import frozen

from lienthong.codec.json import from_data
from lienthong.errors import ConfigInvalid, LienthongError, NaiveTime
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory
from lienthong.reports.counting import Tally, add, count_check
from lienthong.reports.counts import Counts
from lienthong.reports.facts import CheckFacts, UnitFacts
from lienthong.reports.period import Period

T = TypeVar("T", UnitFacts, CheckFacts)

_LISTS: Final = {"unit": UnitFacts, "check": CheckFacts}
_NOT_STATED: Final = {"missed"}
"""What facts hold that people do not state: a check that was missed is none."""
_AN_INSTANT: Final = "an instant with an offset, such as 2026-09-14T08:05:00+07:00"


@frozen(kw_only=True)
class Figures:
    """What a file of figures says."""

    units: tuple[UnitFacts, ...] = ()
    checks: tuple[CheckFacts, ...] | None = None
    """None where the file holds no list of them, which is not an empty list."""

    def resolved(self, directory: Directory) -> Figures:
        """By the codes that reports use; people may write any code of an organisation.

        Raises:
            OrganisationUnknown: the directory does not know it.
        """

        def known(row: T) -> T:
            return attrs.evolve(row, organ_id=directory.resolve(row.organ_id).organ_id)

        checks = None if self.checks is None else tuple(map(known, self.checks))
        return Figures(units=tuple(map(known, self.units)), checks=checks)

    def counts(self, period: Period) -> Mapping[OrganId, Counts] | None:
        """The checks of a period, by organisation."""
        if self.checks is None:
            return None
        found: Tally = Counter()
        for check in self.checks:
            add(found, count_check(check))
        organs = {check.organ_id for check in self.checks}
        return {organ: Counts.of(found, [organ], period) for organ in organs}


def load_figures(path: Path) -> Figures:
    """Read a file of figures.

    Raises:
        ConfigInvalid: naming file, key, found and expected.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigInvalid(file=path, key="the file", found=error, expected="TOML") from error
    for key in data:
        if key not in _LISTS:
            raise ConfigInvalid(file=path, key=key, found="unknown", expected="unit or check")
    units = _rows(path, UnitFacts, "unit", data.get("unit", []))
    codes = [unit.organ_id for unit in units]
    for position, code in enumerate(codes):
        if code in codes[:position]:
            expected = "each organisation once"
            raise ConfigInvalid(file=path, key=f"unit[{position}]", found=code, expected=expected)
    checks = _rows(path, CheckFacts, "check", data["check"]) if "check" in data else None
    return Figures(units=units, checks=checks)


def _rows(path: Path, kind: type[T], key: str, rows: object) -> tuple[T, ...]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigInvalid(file=path, key=key, found=rows, expected=f"tables [[{key}]]")
    return tuple(_row(path, kind, f"{key}[{n}]", row) for n, row in enumerate(rows))


def _row(path: Path, kind: type[T], key: str, row: Mapping[str, Any]) -> T:
    known = [one.name for one in attrs.fields(kind) if one.name not in _NOT_STATED]
    for name in row:
        if name not in known:
            expected = "one of " + ", ".join(known)
            raise ConfigInvalid(file=path, key=f"{key}.{name}", found="unknown", expected=expected)
    try:
        return from_data(kind, dict(_plain(row.items())))
    except LienthongError as error:
        facts = error.facts
        name = str(facts.get("field", "")).rpartition(".")[2]
        usual = _AN_INSTANT if isinstance(error, NaiveTime) else "a value"
        raise ConfigInvalid(
            file=path,
            key=f"{key}.{name}" if name else key,
            found=facts.get("found", "missing"),
            expected=facts.get("expected", usual),
        ) from error


def _plain(items: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, Any]]:
    """TOML's own days and instants as the text that JSON has."""
    for name, value in items:
        yield name, value.isoformat() if isinstance(value, date | datetime) else value
