"""Loading one plugin: import, version, hooks and capabilities, each with an error of its own."""

from __future__ import annotations

from typing import Any, cast

import pluggy
from attrs import field, frozen

from lienthong.errors import LienthongError, PluginFailed, PluginIncompatible, PluginLoadFailed
from lienthong.plugins.discovery import Offer
from lienthong.plugins.guard import Guard
from lienthong.plugins.kinds import SEAMS
from lienthong.spi import hookspecs
from lienthong.spi.capabilities import Capabilities

VERSION_NAME = "SPI_VERSION"
CAPABILITIES_NAME = "CAPABILITIES"


@frozen(kw_only=True, eq=False)
class Plugin:
    """A loaded plugin: its hooks behind its guard."""

    offer: Offer
    guard: Guard
    capabilities: Capabilities | None
    """None for observers, which declare none."""

    relay: pluggy.PluginManager = field(repr=False)
    """Knows this plugin only, so that no other can answer in its place."""

    def hook(self, *, deadline: float, **arguments: object) -> Any:
        """Call the hook of its kind and return what it offers.

        Raises:
            PluginFailed: it raised, did not answer in time, or declined its own name.
        """
        name = SEAMS[self.offer.kind].hook
        caller = getattr(self.relay.hook, name)
        answer = self.guard.contained(name, lambda: caller(**arguments), deadline=deadline)
        if answer is None:
            raise self.guard.failure(name, f"it declined {self.offer.name!r}, which it announces")
        return answer


def load(offer: Offer, guard: Guard, *, deadline: float) -> Plugin:
    """Import a plugin and check it; it is asked for nothing yet.

    Args:
        offer: what to load.
        guard: shields the callers of this plugin.
        deadline: seconds that importing may take. The import runs on a thread of the plugin's.

    Raises:
        PluginLoadFailed: the import raised or hangs, or the hooks are not as specified.
        PluginIncompatible: it was made for another version of the interface, or its
            capabilities are not declared.
    """
    try:
        return guard.contained("import", lambda: _load(offer, guard), deadline=deadline)
    except PluginFailed as failure:
        raise load_failed(offer, str(failure.facts["reason"])) from failure.__cause__
    except (PluginLoadFailed, PluginIncompatible):
        raise
    except LienthongError as error:
        raise load_failed(offer, f"{type(error).__name__}: {error}") from error


def load_failed(offer: Offer, reason: str) -> PluginLoadFailed:
    """The error that says which plugin cannot be loaded."""
    return PluginLoadFailed(
        plugin=offer.name,
        distribution=offer.distribution,
        version=offer.version,
        reason=reason,
    )


def _load(offer: Offer, guard: Guard) -> Plugin:
    module = offer.entry_point.load()
    _check_version(offer, module)
    relay = _register(offer, module)
    return Plugin(offer=offer, guard=guard, capabilities=_capabilities(offer, module), relay=relay)


def _check_version(offer: Offer, module: object) -> None:
    found = getattr(module, VERSION_NAME, None)
    if type(found) is not int or found != hookspecs.SPI_VERSION:
        raise _incompatible(offer, found, f"{VERSION_NAME} {hookspecs.SPI_VERSION}")


def _capabilities(offer: Offer, module: object) -> Capabilities | None:
    expected = SEAMS[offer.kind].capabilities
    if expected is None:
        return None
    found = getattr(module, CAPABILITIES_NAME, None)
    if not isinstance(found, expected):
        shown = "none" if found is None else type(found).__name__
        raise _incompatible(offer, shown, f"{CAPABILITIES_NAME} of {expected.__name__}")
    return cast("Capabilities", found)


def _register(offer: Offer, module: object) -> pluggy.PluginManager:
    relay = pluggy.PluginManager(hookspecs.PROJECT)
    relay.add_hookspecs(hookspecs)
    try:
        relay.register(module, name=offer.name)
        # Without this, a misspelt hook is silently never called.
        relay.check_pending()
    except pluggy.PluginValidationError as error:
        # pluggy leaves a refused plugin registered; this relay is dropped with it.
        raise load_failed(offer, " ".join(str(error).split())) from error
    hook = SEAMS[offer.kind].hook
    implemented = {caller.name for caller in relay.get_hookcallers(module) or ()}
    if hook not in implemented:
        raise load_failed(offer, f"it does not implement {hook}")
    return relay


def _incompatible(offer: Offer, found: object, expected: str) -> PluginIncompatible:
    return PluginIncompatible(
        plugin=offer.name,
        distribution=offer.distribution,
        version=offer.version,
        found=found,
        expected=expected,
    )
