"""Rule sets as TOML: every key is known, every value has its type, every fault has its line.

A file says only what its source says; the rest is that of the rule set it inherits from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import attrs
from attrs import define, field

from lienthong.codec.toml_text import parse_toml, placed
from lienthong.codec.toml_values import (
    Reader,
    calendar_day,
    located,
    nearest,
    plain_text,
    text_list,
)
from lienthong.errors import (
    InheritanceCycle,
    InputError,
    InvalidValue,
    LienthongError,
    MissingField,
    RuleSetUnknown,
    UnknownField,
)
from lienthong.model.checks import shown
from lienthong.rules.ruleset import SECTIONS, SETTINGS, RuleSet, settings_in

Base: TypeAlias = Callable[[str], RuleSet]
"""Finds the rule set that a name, or a path beside the file, stands for."""

_HEAD: Final[Mapping[str, Reader]] = {
    "name": plain_text,
    "title": plain_text,
    "sources": text_list,
    "inherits": plain_text,
    "valid_from": calendar_day,
    "valid_to": calendar_day,
}
_REQUIRED: Final = ("name", "title")
MOST_FAULTS: Final = 100
"""Unknown keys are told up to so many faults; each looks for the nearest known one."""


def load_rule_set(text: str, file_name: str, base: Base) -> RuleSet:
    """The rule set that a TOML text describes, all of its settings resolved.

    Args:
        text: the whole file.
        file_name: how errors call it.
        base: finds the rule set that it inherits from.

    Raises:
        Malformed: it is no TOML; likewise TooLarge.
        UnknownField: there is a key that does not exist; the nearest existing one is named.
        InputError: a value is missing, breaks its definition or contradicts another; what *base*
            raises about another file is passed on.
    """
    made, faults = _read(text, file_name, base)
    if made is None:
        raise faults[0]
    return made


def faults_of(text: str, file_name: str, base: Base) -> tuple[LienthongError, ...]:
    """Everything that is wrong with a rule set: what it inherits first, then line by line."""
    return tuple(_read(text, file_name, base)[1])


def _read(text: str, file_name: str, base: Base) -> tuple[RuleSet | None, list[LienthongError]]:
    try:
        data = parse_toml(text, file_name)
    except InputError as error:
        return None, [error]
    draft = _Draft(data)
    made = draft.made(base)
    own = [placed(error, text, file_name) for error in draft.faults]
    own.sort(key=_line)
    return (None if own or draft.others else made), [*draft.others, *own]


def _line(error: InputError) -> int:
    line = error.facts["line"]
    return line if isinstance(line, int) else 0


@define(eq=False)
class _Draft:
    """A file while it is read: what it says, and what is wrong with it."""

    data: Mapping[str, Any]
    faults: list[InputError] = field(factory=list)
    others: list[LienthongError] = field(factory=list)
    """Faults of the rule set that it inherits from."""

    def made(self, base: Base) -> RuleSet | None:
        """The rule set; None where anything is wrong."""
        self._check_keys(self.data, {*_HEAD, *SECTIONS}, "")
        head = self._values(self.data, _HEAD, "")
        for name in _REQUIRED:
            if name not in self.data:
                self.faults.append(MissingField(field=name, clause="the form of rule sets"))
        said = {name: self._section(name) for name in SECTIONS}
        inherited = self._inherited(head.get("inherits", ""), base)
        sections = {name: self._built(name, said[name], inherited) for name in SECTIONS}
        if self.faults or self.others:
            return None
        origins = dict(inherited.origins) if inherited else {}
        for section, values in said.items():
            origins |= {f"{section}.{name}": head["name"] for name in values}
        try:
            return RuleSet(**head, **sections, origins=origins)
        except InputError as error:
            self.faults.append(located(error, ""))
            return None

    def _section(self, section: str) -> dict[str, Any]:
        rows = self.data.get(section, {})
        if not isinstance(rows, dict):
            self.faults.append(InvalidValue(field=section, found=shown(rows), expected="a table"))
            return {}
        prefix = f"{section}."
        readers = {setting.name: setting.form.read for setting in settings_in(section)}
        self._check_keys(rows, readers, prefix)
        found = self._values(rows, readers, prefix)
        return {name: value for name, value in found.items() if self._fits(section, name, value)}

    def _values(
        self, rows: Mapping[str, Any], readers: Mapping[str, Reader], prefix: str
    ) -> dict[str, Any]:
        found = {}
        for name, read in readers.items():
            if name in rows:
                try:
                    found[name] = read(rows[name], f"{prefix}{name}")
                except InputError as error:
                    self.faults.append(error)
        return found

    def _fits(self, section: str, name: str, value: Any) -> bool:
        """Whether one value keeps its definition, whatever the others say."""
        kind = SECTIONS[section]
        attribute: attrs.Attribute[Any] = getattr(attrs.fields(kind), name)
        try:
            SETTINGS[f"{section}.{name}"].form.check(kind(), attribute, value)
        except InputError as error:
            self.faults.append(located(error, section))
            return False
        return True

    def _check_keys(self, rows: Mapping[str, Any], known: Any, prefix: str) -> None:
        for key in rows:
            if len(self.faults) >= MOST_FAULTS:
                return
            if key not in known:
                near = nearest(key, known)
                hint = f" (→ {near}?)" if near else ""
                path = f"{prefix}{key}"
                self.faults.append(
                    UnknownField(what="", field=f"{path}{hint}", key=path, nearest=near)
                )

    def _inherited(self, name: str, base: Base) -> RuleSet | None:
        if name and name == self.data.get("name"):
            self.faults.append(
                InvalidValue(field="inherits", found=name, expected="another rule set")
            )
            return None
        if name:
            return self._base(name, base)
        clause = "the form of rule sets: one without inherits says everything"
        for setting in SETTINGS.values() if "inherits" not in self.data else ():
            rows = self.data.get(setting.section)
            if not isinstance(rows, dict) or setting.name not in rows:
                self.faults.append(MissingField(field=setting.key, clause=clause))
        return None

    def _base(self, name: str, base: Base) -> RuleSet | None:
        try:
            return base(name)
        except RuleSetUnknown as error:
            expected = f"one of {error.facts.get('known')}"
            self.faults.append(InvalidValue(field="inherits", found=name, expected=expected))
        except InheritanceCycle as error:
            self.faults.append(InheritanceCycle(**{**error.facts, "field": "inherits"}))
        except LienthongError as error:
            self.others.append(error)
        return None

    def _built(self, section: str, said: Mapping[str, Any], inherited: RuleSet | None) -> Any:
        start = getattr(inherited, section) if inherited else SECTIONS[section]()
        try:
            return attrs.evolve(start, **said)
        except InputError as error:
            self.faults.append(located(error, section))
            return start
