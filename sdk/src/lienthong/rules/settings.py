"""How the settings of a rule set are declared: each once, as a field that says everything about it.

The command line, the documentation and the checks read the table that is derived from the fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs
from attrs import field, frozen

from lienthong.model.checks import as_tuple
from lienthong.rules.forms import Form

_META: Final = "setting"


@frozen(kw_only=True)
class Meta:
    """What a field says about itself."""

    number: int
    """In regulations §13g: what the texts leave to a province."""

    clause: str
    """The provision that leaves it open or bears on it."""

    en: str
    vi: str
    form: Form


@frozen(kw_only=True)
class Setting(Meta):
    """One setting: where it is, what it means, what holds where nobody says anything."""

    section: str
    name: str
    default: Any

    @property
    def key(self) -> str:
        """As in a file: ``office.hours``."""
        return f"{self.section}.{self.name}"

    @property
    def plain_default(self) -> Any:
        """The default as TOML and JSON hold it."""
        return self.form.plain(self.default)


def setting(number: int, form: Form, *, default: Any, clause: str, en: str, vi: str) -> Any:
    """A field of a section that is a setting; the arguments are those of ``Meta``."""
    meta = Meta(number=number, clause=clause, en=en, vi=vi, form=form)
    converter = as_tuple if isinstance(default, tuple) else None
    return field(default=default, converter=converter, validator=form.check, metadata={_META: meta})


def settings_of(section: str, kind: type) -> Iterator[Setting]:
    """The settings that a class of a section declares."""
    for one in attrs.fields(kind):
        meta: Meta = one.metadata[_META]
        facts = attrs.asdict(meta, recurse=False)
        yield Setting(**facts, section=section, name=one.name, default=one.default)
