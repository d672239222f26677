"""The root of the exception tree and the table of stable error codes.

An error is split by whose fault it is. Each concrete class has one stable ``code``, its text in
English and Vietnamese, and the way out; the classes are the table (see ``table()``), so there is
no second list to keep.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal, get_args

Language = Literal["en", "vi"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_BY_CODE: dict[str, type[LienthongError]] = {}


class Owner(enum.Enum):
    """Who has to act on an error."""

    CALLER = "caller"
    """The program that called: it asked for something that is not allowed."""

    INPUT = "input"
    """Whoever made the data: a document, package, certificate or file is wrong."""

    PLUGIN = "plugin"
    """The author of a plugin."""

    ENVIRONMENT = "environment"
    """The operator of the machine, network or node."""


class LienthongError(Exception):
    """Base of every error that this software raises on purpose.

    Attributes:
        facts: what the text names (never a secret, never a payload), by name.
        code: stable identifier, the same in code, on the wire and in the documentation.
        owner: who has to act.
        retryable: whether the same call may succeed later without a change.
        status: name of the gRPC status that carries it.
    """

    code: ClassVar[str]
    owner: ClassVar[Owner]
    retryable: ClassVar[bool] = False
    status: ClassVar[str] = "INVALID_ARGUMENT"
    en: ClassVar[str]
    vi: ClassVar[str]
    next_en: ClassVar[str]
    next_vi: ClassVar[str]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" in cls.__dict__:
            if cls.code in _BY_CODE:
                raise TypeError(f"error code {cls.code} is defined twice")
            _BY_CODE[cls.code] = cls

    def __init__(self, **facts: object) -> None:
        self.facts: dict[str, object] = facts
        super().__init__(self.message("en"))

    def message(self, language: Language) -> str:
        """One sentence: what was found, what was expected, which object."""
        template = self.en if language == "en" else self.vi
        return template.format_map(_Facts(self.facts))

    def next_step(self, language: Language) -> str:
        """One sentence: what to do about it."""
        template = self.next_en if language == "en" else self.next_vi
        return template.format_map(_Facts(self.facts))

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self.facts)


class CallerError(LienthongError):
    """The caller asked for something that is not allowed."""

    owner = Owner.CALLER
    status = "FAILED_PRECONDITION"


class InputError(LienthongError):
    """Data from outside is wrong."""

    owner = Owner.INPUT


class PluginError(LienthongError):
    """A plugin is missing, broken or does not keep its contract."""

    owner = Owner.PLUGIN
    status = "UNAVAILABLE"


class EnvironmentFault(LienthongError):
    """The machine, the network or the node cannot do it now."""

    owner = Owner.ENVIRONMENT
    retryable = True
    status = "UNAVAILABLE"


class _Facts(dict[str, object]):
    """Facts for a template; a missing one shows as "?" instead of hiding the error."""

    def __missing__(self, key: str) -> str:
        return "?"


def _restore(cls: type[LienthongError], facts: dict[str, object]) -> LienthongError:
    return cls(**facts)


def table() -> Mapping[str, type[LienthongError]]:
    """Every error code with its class, ordered by code."""
    return MappingProxyType(dict(sorted(_BY_CODE.items())))
