"""The allow list: which plugins may be loaded, by a digest of all their files."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from hmac import compare_digest
from pathlib import Path
from typing import Any, Final, Self

import attrs
from attrs import field, frozen
from attrs.validators import matches_re

from lienthong.errors import ConfigInvalid
from lienthong.model.checks import as_tuple, many
from lienthong.plugins.discovery import Offer, normal_name
from lienthong.plugins.inventory import Installed, not_allowed, take_stock

HEAD: Final = "# Plugins that may be loaded, as they were reviewed: any other file is refused.\n"
TABLE: Final = "plugin"
MAX_ENTRIES: Final = 1000


@frozen(kw_only=True)
class Allowed:
    """One reviewed distribution with plugins."""

    distribution: str = field(converter=normal_name, validator=matches_re("[a-z0-9-]+"))
    version: str = field(validator=matches_re(r"\S+"))
    sha256: str = field(validator=matches_re("[0-9a-f]{64}"))
    """``Installed.digest``, 64 hexadecimal digits."""


@frozen(kw_only=True)
class AllowList:
    """The distributions whose plugins may be loaded; everything else is refused."""

    entries: tuple[Allowed, ...] = field(
        converter=as_tuple, validator=many(Allowed, most=MAX_ENTRIES)
    )

    @classmethod
    def of(cls, offers: Iterable[Offer]) -> Self:
        """Lock plugins as they are installed now.

        Raises:
            PluginNotAllowed: one is not as its RECORD says, or is an editable installation.
        """
        entries = {}
        for offer in offers:
            found = take_stock(offer)
            _check_module(offer, found)
            entries[found.distribution] = Allowed(
                distribution=found.distribution, version=found.version, sha256=found.digest
            )
        return cls(entries=[entries[name] for name in sorted(entries)])

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an allow list.

        Raises:
            ConfigInvalid: it cannot be read, or is not of the form that ``dump`` writes.
        """
        try:
            data = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise _invalid(path, "the file", error.strerror or error, "a file") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise _invalid(path, "the file", error, "TOML") from error
        rows = data.pop(TABLE, [])
        if data or not isinstance(rows, list):
            raise _invalid(path, "the file", ", ".join(data) or type(rows), f"[[{TABLE}]] only")
        entries = [_entry(path, row) for row in rows]
        names = [entry.distribution for entry in entries]
        for name in names:
            if names.count(name) > 1:
                raise _invalid(path, name, "repeated", "one entry a distribution")
        return cls(entries=entries)

    def dump(self) -> str:
        """The list as TOML, ordered by distribution."""
        fields = [one.name for one in attrs.fields(Allowed)]
        tables = (
            f"\n[[{TABLE}]]\n" + "".join(f"{f} = {json.dumps(getattr(e, f))}\n" for f in fields)
            for e in self.entries
        )
        return HEAD + "".join(tables)

    def find(self, distribution: str) -> Allowed | None:
        """The entry of a distribution, however its name is spelt."""
        name = normal_name(distribution)
        return next((entry for entry in self.entries if entry.distribution == name), None)

    def check(self, offer: Offer) -> Installed:
        """Check a plugin against the list without importing anything of it.

        Raises:
            PluginNotAllowed: its distribution is not on the list, or is not as it was reviewed.
        """
        entry = self.find(offer.distribution)
        if entry is None:
            raise not_allowed(offer, "it is not on the list")
        if offer.version != entry.version:
            raise not_allowed(offer, f"the list has version {entry.version}")
        found = take_stock(offer)
        _check_module(offer, found)
        if not compare_digest(found.digest, entry.sha256):
            raise not_allowed(offer, "its files are not those that were reviewed")
        return found


def _check_module(offer: Offer, found: Installed) -> None:
    """The code that will run must be code that was hashed."""
    module = offer.entry_point.module
    if module not in found.modules:
        where = "its recorded files, as in editable installations"
        raise not_allowed(offer, f"its module {module} is not among {where}")


def _entry(path: Path, row: object) -> Allowed:
    wanted = {one.name for one in attrs.fields(Allowed)}
    if not isinstance(row, Mapping) or row.keys() != wanted:
        raise _invalid(path, TABLE, row, "tables with " + ", ".join(sorted(wanted)))
    values: dict[str, Any] = dict(row)
    try:
        return Allowed(**values)
    except (TypeError, ValueError, re.error) as error:
        raise _invalid(path, TABLE, values, f"texts like those of a lock: {error}") from error


def _invalid(path: Path, key: str, found: object, expected: str) -> ConfigInvalid:
    return ConfigInvalid(file=path, key=key, found=found, expected=expected)
