"""Plugins as people see them in a list."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from attrs import field, frozen

from lienthong.errors import Language, LienthongError
from lienthong.plugins.kinds import PluginKind
from lienthong.spi.capabilities import Capabilities, summary


class PluginState(enum.Enum):
    """What the host knows about a plugin."""

    INSTALLED = "installed"
    """Announced by a distribution; not loaded yet."""

    READY = "ready"
    """Loaded and checked."""

    BLOCKED = "blocked"
    """Forbidden by configuration; it is never imported."""

    REFUSED = "refused"
    """The allow list does not have it as it is installed; it is never imported."""

    AMBIGUOUS = "ambiguous"
    """Another distribution offers the same name; neither is used."""

    BROKEN = "broken"
    """It could not be loaded; the problem says why."""


@frozen(kw_only=True)
class PluginInfo:
    """One plugin of a listing."""

    kind: PluginKind
    name: str
    distribution: str
    version: str
    module: str
    """What the entry point names."""

    state: PluginState
    problem: LienthongError | None = field(default=None, eq=False)
    capabilities: Capabilities | None = None
    """What it declares; None while it is not loaded."""


def row(info: PluginInfo, *, language: Language = "en") -> Mapping[str, object]:
    """A plugin as a flat row of words, for tables and JSON."""
    problem = info.problem
    return {
        "kind": info.kind.name.lower(),
        "name": info.name,
        "distribution": info.distribution,
        "version": info.version,
        "module": info.module,
        "state": info.state.value,
        "problem": problem.message(language) if problem else "",
        "next_step": problem.next_step(language) if problem else "",
        "capabilities": summary(info.capabilities) if info.capabilities is not None else {},
    }
