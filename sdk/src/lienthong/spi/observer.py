"""What observers are told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from attrs import Attribute, field, frozen

from lienthong.model.checks import refuse
from lienthong.model.time import aware

Fact: TypeAlias = str | int | float | bool

_NAME: Final = re.compile(r"[a-z_]{1,32}(\.[a-z_]{1,32}){1,3}")


def _read_only(facts: Mapping[str, Fact]) -> Mapping[str, Fact]:
    return MappingProxyType(dict(facts))


def _named(instance: object, attribute: Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        expected = "dotted words in lower case"
        raise refuse(instance, attribute.name, found=value, expected=expected)


def _plain(instance: object, attribute: Attribute[Any], value: Mapping[object, object]) -> None:
    for name, fact in value.items():
        if not isinstance(name, str) or not isinstance(fact, str | int | float):
            expected = "texts, numbers and flags by name"
            raise refuse(instance, attribute.name, found=(name, fact), expected=expected)


@frozen(kw_only=True)
class Observation:
    """One thing that has happened; never a document, a file, a key or a secret."""

    name: str = field(validator=_named)
    """Dotted words, the thing first: ``package.accepted``."""

    at: datetime = field(validator=aware)
    """When it became a fact, aware."""

    facts: Mapping[str, Fact] = field(
        factory=dict, converter=_read_only, validator=_plain, hash=False
    )
    """Identifiers, sizes and durations by name (bytes, seconds)."""
