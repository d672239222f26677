"""A rule set: what a province has decided where the texts leave it open (regulations §13g).

A value of typed sections. Its validity tells on which days it holds; its version names what it
says, so that a judgement can be repeated.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

import attrs
from attrs import Attribute, field, frozen

from lienthong.errors import NoRuleSetInForce
from lienthong.model.checks import a, as_tuple, maybe, refuse, text, texts
from lienthong.rules.sections.directory import DirectoryRules
from lienthong.rules.sections.exchange import Receiving, Sending
from lienthong.rules.sections.flow import Flow
from lienthong.rules.sections.numbering import Numbering
from lienthong.rules.sections.office import CalendarRules, Office
from lienthong.rules.sections.paper import Paper
from lienthong.rules.sections.reports import Reports
from lienthong.rules.sections.technical import Access, Files, Wire
from lienthong.rules.sections.trust import Archive, Signatures
from lienthong.rules.settings import Setting, settings_of

_NAME: Final = re.compile(r"[a-z0-9-]{1,64}")
_SECTION: Final = "section"
_HASH_DIGITS: Final = 12


def _section(kind: type) -> Any:
    return field(default=kind(), validator=a(kind), metadata={_SECTION: kind})


def _frozen_mapping(value: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(value))


NAMES: Final = "a-z, 0-9 and hyphens, at most 64"
"""What the name of a rule set consists of."""


def is_name(value: object) -> bool:
    """Whether a rule set may be called so: ``tay-ninh-2019``."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _check_name(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Validator: accept a name such as ``tay-ninh-2019``."""
    if not is_name(value):
        raise refuse(instance, attribute.name, found=value, expected=NAMES)


@frozen(kw_only=True)
class RuleSet:
    """All settings of one province, each resolved.

    Raises:
        InvalidValue: a value breaks its definition, or two contradict each other.
    """

    name: str = field(validator=_check_name)
    title: str = field(validator=text(300, required=True))
    sources: tuple[str, ...] = field(default=(), converter=as_tuple, validator=texts(300, most=50))
    """The texts that it puts into practice."""

    inherits: str = field(default="", validator=text(255))
    """The rule set whose values hold where it says nothing; empty for the national one."""

    valid_from: date | None = field(default=None, validator=maybe(date))
    valid_to: date | None = field(default=None, validator=maybe(date))
    """First day on which it does not hold any more."""

    office: Office = _section(Office)
    calendar: CalendarRules = _section(CalendarRules)
    sending: Sending = _section(Sending)
    receiving: Receiving = _section(Receiving)
    flow: Flow = _section(Flow)
    numbering: Numbering = _section(Numbering)
    paper: Paper = _section(Paper)
    signatures: Signatures = _section(Signatures)
    archive: Archive = _section(Archive)
    directory: DirectoryRules = _section(DirectoryRules)
    reports: Reports = _section(Reports)
    files: Files = _section(Files)
    wire: Wire = _section(Wire)
    access: Access = _section(Access)

    origins: Mapping[str, str] = field(
        default=MappingProxyType({}), converter=_frozen_mapping, eq=False, repr=False
    )
    """Name of the rule set that says it, by key; empty where it was made without a file."""

    def __attrs_post_init__(self) -> None:
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            expected = f"a day after {self.valid_from}"
            raise refuse(self, "valid_to", found=str(self.valid_to), expected=expected)

    @cached_property
    def version(self) -> str:
        """Name and hash of all values: equal versions decide equally."""
        text = json.dumps(self.plain(), sort_keys=True, ensure_ascii=False)
        return f"{self.name}@{hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]}"

    def __getitem__(self, key: str) -> Any:
        """The value of a setting by its key, such as ``office.hours``; KeyError without it."""
        found = SETTINGS[key]
        return getattr(getattr(self, found.section), found.name)

    def plain(self) -> dict[str, Any]:
        """Every value by its key, as TOML and JSON hold it."""
        return {key: one.form.plain(self[key]) for key, one in SETTINGS.items()}

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day < self.valid_to)


SECTIONS: Final[Mapping[str, type]] = MappingProxyType(
    {one.name: one.metadata[_SECTION] for one in attrs.fields(RuleSet) if _SECTION in one.metadata}
)
"""The classes of the sections by their names, in the order of a file."""

SETTINGS: Final[Mapping[str, Setting]] = MappingProxyType(
    {one.key: one for name, kind in SECTIONS.items() for one in settings_of(name, kind)}
)
"""Every setting by its key."""


def settings_in(section: str) -> Iterator[Setting]:
    """The settings of one section, in the order of a file."""
    return (setting for setting in SETTINGS.values() if setting.section == section)


def differences(one: RuleSet, other: RuleSet) -> tuple[Setting, ...]:
    """The settings about which two rule sets disagree."""
    left, right = one.plain(), other.plain()
    return tuple(setting for key, setting in SETTINGS.items() if left[key] != right[key])


def in_force(rule_sets: Iterable[RuleSet], day: date) -> RuleSet:
    """The one that holds on a day; of several the one that came into force last.

    Raises:
        NoRuleSetInForce: none of them holds on that day.
    """
    given = tuple(rule_sets)
    holding = [one for one in given if one.holds_on(day)]
    if not holding:
        names = ", ".join(one.name for one in given)
        raise NoRuleSetInForce(day=day.isoformat(), names=names)
    return max(holding, key=lambda one: one.valid_from or date.min)
