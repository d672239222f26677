"""Rule sets by name or path: those that come with the SDK, those of plugins, and files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from attrs import field, frozen

from lienthong.codec.toml_text import placed
from lienthong.data import DEFAULT_CALENDAR, DEFAULT_RULE_SET
from lienthong.errors import (
    CalendarContradiction,
    InheritanceCycle,
    InputError,
    InvalidValue,
    LienthongError,
    NotFound,
    PluginFailed,
    RuleSetClash,
    RuleSetUnknown,
)
from lienthong.model.checks import shown
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.host import PluginHost
from lienthong.plugins.info import PluginInfo, PluginState
from lienthong.plugins.kinds import PluginKind
from lienthong.plugins.texts import MOST_BASES, identity, is_path, read_text
from lienthong.rules.calendar_table import calendar_of
from lienthong.rules.reading import faults_of, load_rule_set
from lienthong.rules.ruleset import NAMES, RuleSet, in_force, is_name
from lienthong.spi.ruleset import RuleSetSource

__all__ = [
    "DEFAULT_RULE_SET",
    "KnownRuleSet",
    "find_rule_set",
    "in_force",
    "known_rule_sets",
    "rule_set_faults",
    "rule_set_names",
]

_SHIPPED: Final = "lienthong"
_SUFFIX: Final = ".toml"
_SHOWN: Final = 3
"""Wrong names that an error shows."""


class _Shipped(RuleSetSource):
    """The rule sets that come with the SDK."""

    def __init__(self) -> None:
        self._folder = resources.files("lienthong.data") / "rule_sets"

    def names(self) -> Sequence[str]:
        found = (entry.name for entry in self._folder.iterdir())
        return sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX))

    def text(self, name: str) -> str:
        if name not in self.names():
            raise NotFound(what=f"rule set {name}")
        return (self._folder / f"{name}{_SUFFIX}").read_text("utf-8")


@frozen(kw_only=True)
class KnownRuleSet:
    """A rule set of a listing, or a source that cannot list any."""

    name: str
    """Empty where a whole source is broken."""

    source: str
    """``lienthong``, or the plugin with its distribution and version."""

    rule_set: RuleSet | None = None
    """None where it cannot be used."""

    problem: LienthongError | None = field(default=None, eq=False)


def find_rule_set(name_or_path: str, host: PluginHost | None = None) -> RuleSet:
    """The rule set of a name, or in a file.

    Args:
        name_or_path: a name, or a path that ends in ``.toml`` or has a separator in it. A shipped
            one goes before one of a plugin.
        host: offers those of plugins; without it there are only the shipped ones.

    Raises:
        RuleSetUnknown: nobody offers the name.
        RuleSetClash: several plugins offer it.
        InputError: it, or one that it inherits from, is wrong.
        PluginError: the plugin that offers it fails.
    """
    return _Library(host).find(name_or_path)


def rule_set_faults(path: str, host: PluginHost | None = None) -> tuple[LienthongError, ...]:
    """Everything that is wrong with the rule set in a file."""
    return _Library(host).faults(path)


def rule_set_names(host: PluginHost | None = None) -> tuple[str, ...]:
    """The names on offer, sorted; a broken plugin offers none."""
    return _Library(host).names()


def known_rule_sets(host: PluginHost | None = None) -> tuple[KnownRuleSet, ...]:
    """The rule sets on offer; a broken one, or a broken plugin, is named and harms no other."""
    return tuple(_Library(host).listing())


@frozen
class _Offers:
    """What one source offers."""

    label: str
    source: RuleSetSource | None
    names: tuple[str, ...]
    problem: LienthongError | None = None


class _Library:
    """All sources at one moment."""

    def __init__(self, host: PluginHost | None) -> None:
        shipped = _Shipped()
        self._offers = [_Offers(_SHIPPED, shipped, tuple(shipped.names()))]
        if host is not None:
            self._offers += _of_plugins(host)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted({name for offer in self._offers for name in offer.names}))

    def find(self, given: str, beside: Path = Path(), chain: tuple[str, ...] = ()) -> RuleSet:
        """The rule set that *given* stands for in a file of the folder *beside*."""
        if is_path(given):
            path = beside / given
            self._check_chain(identity(path), chain)
            return load_rule_set(read_text(path), str(path), self._base(path, chain))
        self._check_chain(given, chain)
        return self._load(self._source(given), given, chain)

    def faults(self, given: str) -> tuple[LienthongError, ...]:
        path = Path(given)
        try:
            text, base = read_text(path), self._base(path, ())
            found = faults_of(text, str(path), base)
            return found or _unusable(load_rule_set(text, str(path), base), text, str(path))
        except LienthongError as error:
            return (error,)

    def listing(self) -> Iterator[KnownRuleSet]:
        for offer in self._offers:
            if offer.problem is not None:
                yield KnownRuleSet(name="", source=offer.label, problem=offer.problem)
            for name in offer.names:
                try:
                    self._check_clash(name, offer)
                    found = self._load(offer, name, ())
                    yield KnownRuleSet(name=name, source=offer.label, rule_set=found)
                except LienthongError as error:
                    yield KnownRuleSet(name=name, source=offer.label, problem=error)

    def _base(self, path: Path, chain: tuple[str, ...]) -> _Base:
        return _Base(self, path.parent, (*chain, identity(path)))

    def _load(self, offer: _Offers, name: str, chain: tuple[str, ...]) -> RuleSet:
        assert offer.source is not None  # noqa: S101 - it offers names
        text = offer.source.text(name)
        file_name = f"{name}{_SUFFIX} ({offer.label})"
        found = load_rule_set(text, file_name, _Base(self, Path(), (*chain, name)))
        if found.name != name:
            field = f"{file_name}: name"
            raise InvalidValue(field=field, found=found.name, expected=name)
        return found

    def _source(self, name: str) -> _Offers:
        offers = [offer for offer in self._offers if name in offer.names]
        if not offers:
            raise RuleSetUnknown(name=name, known=", ".join(self.names()))
        self._check_clash(name, offers[0])
        return offers[0]

    def _check_clash(self, name: str, offer: _Offers) -> None:
        """Refuse a name that another source offers too; the shipped one stays usable."""
        labels = [one.label for one in self._offers if name in one.names]
        if len(labels) > 1 and offer.label != _SHIPPED:
            raise RuleSetClash(name=name, sources=", ".join(labels))

    @staticmethod
    def _check_chain(key: str, chain: tuple[str, ...]) -> None:
        if key in chain:
            names = (Path(one).name for one in (*chain[chain.index(key) :], key))
            raise InheritanceCycle(chain=" → ".join(names))
        if len(chain) > MOST_BASES:
            found = f"{len(chain)} rule sets, one from the other"
            raise InvalidValue(field="inherits", found=found, expected=f"at most {MOST_BASES}")


def _unusable(rules: RuleSet, text: str, file_name: str) -> tuple[InputError, ...]:
    """Office hours that leave a working day of our calendar without any, or with two kinds."""
    try:
        calendar_of(find_calendar(DEFAULT_CALENDAR), rules)
    except CalendarContradiction as error:
        found = f"{error.facts['day']}: {error.facts['reason']}"
        expected = "hours on every working day"
        fault = InvalidValue(field="office.hours", found=found, expected=expected)
        return (placed(fault, text, file_name),)
    return ()


@frozen
class _Base:
    """Finds what a file inherits from."""

    library: _Library
    beside: Path
    chain: tuple[str, ...]

    def __call__(self, name: str) -> RuleSet:
        return self.library.find(name, self.beside, self.chain)


def _of_plugins(host: PluginHost) -> Iterator[_Offers]:
    for info in host.listing():
        if info.kind is not PluginKind.RULE_SET or info.state is PluginState.BLOCKED:
            continue
        label = f"{info.name} ({info.distribution} {info.version})"
        yield _offers_of(host, info, label)


def _offers_of(host: PluginHost, info: PluginInfo, label: str) -> _Offers:
    """What a plugin offers; a name that no rule set can have is its problem, the others stay."""
    try:
        source = host.open_rule_sets(info.name)
        names = tuple(source.names())
    except LienthongError as error:
        return _Offers(label, None, (), error)
    problem, wrong = None, [name for name in names if not is_name(name)]
    if wrong:
        problem = PluginFailed(
            plugin=info.name,
            distribution=info.distribution,
            version=info.version,
            call="names",
            reason=f"it answered {', '.join(map(shown, wrong[:_SHOWN]))}, expected {NAMES}",
        )
    return _Offers(label, source, tuple(dict.fromkeys(filter(is_name, names))), problem)
