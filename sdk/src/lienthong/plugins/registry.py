"""Which plugins there are, which may be used, and each one loaded at most once."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from attrs import field, frozen

from lienthong.errors import (
    LienthongError,
    PluginAmbiguous,
    PluginBlocked,
    PluginNotFound,
)
from lienthong.plugins.allowed import AllowList
from lienthong.plugins.discovery import Offer, blocked_words
from lienthong.plugins.gate import Gate
from lienthong.plugins.guard import Guard
from lienthong.plugins.inventory import not_allowed
from lienthong.plugins.kinds import PluginKind
from lienthong.plugins.loading import Plugin, load


@frozen(kw_only=True, eq=False)
class _Broken:
    """A plugin that could not be loaded; it is not tried again, its import may do harm twice."""

    error: LienthongError = field(repr=False)

    def again(self) -> LienthongError:
        """The same error anew: a raised one would collect tracebacks."""
        error = type(self.error)(**self.error.facts)
        error.__cause__ = self.error.__cause__
        return error


class Registry:
    """The plugins of one host. May be shared by threads."""

    def __init__(
        self,
        offers: Iterable[Offer],
        *,
        blocked: Iterable[str],
        allowed: AllowList | None,
        load_deadline: float,
    ) -> None:
        self.offers = tuple(offers)
        self.gate = Gate(allowed)
        self._blocked = blocked_words(blocked)
        self._load_deadline = load_deadline
        self._lock = threading.Lock()
        self._loaded: dict[Offer, Plugin | _Broken] = {}
        self._guards: dict[Offer, Guard] = {}

    def is_blocked(self, offer: Offer) -> bool:
        """Whether the configuration forbids it, by ``kind:name`` or by distribution."""
        return not self._blocked.isdisjoint(offer.words)

    def rivals(self, offer: Offer) -> tuple[Offer, ...]:
        """Everything usable under the offer's kind and name, itself included."""
        return self._usable(offer.kind, offer.name)

    def known(self, offer: Offer) -> bool:
        """Whether loading it has been tried."""
        return offer in self._loaded

    def find(self, kind: PluginKind, name: str) -> Offer:
        """The one offer of this name.

        Raises:
            PluginNotFound: nobody offers it.
            PluginBlocked: the configuration forbids it.
            PluginNotAllowed: an allow list is kept, and has nothing of its distribution.
            PluginAmbiguous: several distributions offer it.
        """
        usable = self._usable(kind, name)
        if len(usable) > 1:
            raise ambiguous(usable)
        if usable:
            return usable[0]
        for offer in self.offers:
            if (offer.kind, offer.name) == (kind, name):
                if self.is_blocked(offer):
                    raise _blocked(offer)
                raise not_allowed(offer, "it is not on the list")
        names = sorted({offer.name for offer in self.offers if offer.kind is kind})
        raise PluginNotFound(kind=kind.value, scheme=name, available=", ".join(names) or "none")

    def load(self, offer: Offer) -> Plugin:
        """The offer's plugin, loaded the first time.

        Raises:
            PluginNotAllowed: an allow list is kept, and does not have it as it is installed.
            PluginLoadFailed: as ``loading.load``.
            PluginIncompatible: as ``loading.load``.
        """
        known = self._loaded.get(offer) or self._try(offer)
        if isinstance(known, _Broken):
            raise known.again()
        return known

    def close(self) -> None:
        """Send the threads of all plugins home, and leave imports alone."""
        for guard in tuple(self._guards.values()):
            guard.close()
        self.gate.close()

    def _try(self, offer: Offer) -> Plugin | _Broken:
        outcome: Plugin | _Broken
        try:
            self.gate.admit(offer)
            outcome = load(offer, self._guard(offer), deadline=self._load_deadline)
        except LienthongError as error:
            outcome = _Broken(error=error)
        with self._lock:
            # Two threads may have loaded at once (no lock is held over a plugin); the first stays.
            return self._loaded.setdefault(offer, outcome)

    def _guard(self, offer: Offer) -> Guard:
        with self._lock:
            return self._guards.setdefault(
                offer,
                Guard(plugin=offer.name, distribution=offer.distribution, version=offer.version),
            )

    def _usable(self, kind: PluginKind, name: str) -> tuple[Offer, ...]:
        return tuple(
            offer
            for offer in self.offers
            if (offer.kind, offer.name) == (kind, name)
            and not self.is_blocked(offer)
            and self.gate.knows(offer)
        )


def ambiguous(offers: Iterable[Offer]) -> PluginAmbiguous:
    """The error that names all who offer the same."""
    rivals = tuple(offers)
    named = ", ".join(f"{offer.distribution} {offer.version}" for offer in rivals)
    return PluginAmbiguous(kind=rivals[0].kind.value, plugin=rivals[0].name, offers=named)


def _blocked(offer: Offer) -> PluginBlocked:
    return PluginBlocked(
        kind=offer.kind.value,
        plugin=offer.name,
        distribution=offer.distribution,
        version=offer.version,
    )
