"""What the client remembers of packages that it has seen and verified, so as not to ask again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, TypeVar

from attrs import define, field

from lienthong.model.delivery import Delivery, DeliveryState
from lienthong.model.ids import OrganId, PackageId, Sha256
from lienthong.model.journal import PackageRecord, StatementRecord
from lienthong.model.package import FileEntry, Manifest

K = TypeVar("K")
V = TypeVar("V")

CAPACITY: Final = 4096
"""Packages; the ones that were not used for longest are forgotten."""


@define(eq=False)
class KnownPackage:
    """A package whose signature and receipt were verified by this client."""

    sender: OrganId
    files: tuple[FileEntry, ...]
    checked: set[Sha256] = field(factory=set)
    """Contents that were seen and had the signed hash."""

    @property
    def unchecked(self) -> tuple[FileEntry, ...]:
        return tuple(file for file in self.files if file.sha256 not in self.checked)


class KnownPackages:
    """Bounded memory of verified packages and of the last state of deliveries.

    A forgotten or outdated entry costs a question or a report without effect, never a wrong move:
    the axis decides.
    """

    def __init__(self) -> None:
        self._packages: OrderedDict[PackageId, KnownPackage] = OrderedDict()
        self._states: OrderedDict[tuple[PackageId, OrganId], tuple[int, DeliveryState | None]] = (
            OrderedDict()
        )
        """Journal index and state; None where the entry changed it and does not say to what."""

    def learn(self, manifest: Manifest, contents: Iterable[Sha256] = ()) -> KnownPackage:
        """Remember a verified manifest, and contents that were seen with it."""
        known = self._packages.get(manifest.package_id)
        if known is None:
            known = KnownPackage(sender=manifest.sender, files=manifest.files)
            _put(self._packages, manifest.package_id, known)
        known.checked.update(contents)
        return known

    def package(self, package_id: PackageId) -> KnownPackage | None:
        return self._packages.get(package_id)

    def observe(self, index: int, record: PackageRecord | StatementRecord) -> None:
        """Remember the states that a verified journal entry brought.

        What a recall, update or replacement did to deliveries of its target is not in its entry, so
        that their states are not known any more.
        """
        if isinstance(record, PackageRecord) and record.target is not None:
            for recipient in record.recipients:
                self._note(record.target, recipient, index, None)
        for effect in record.effects:
            self._note(effect.package_id, effect.recipient, index, effect.to_state)

    def note(self, delivery: Delivery) -> None:
        """Remember the state that the axis told."""
        self._note(delivery.package_id, delivery.recipient, delivery.updated_index, delivery.state)

    def state(self, package_id: PackageId, recipient: OrganId) -> DeliveryState | None:
        """The last state that this client has heard of, if nothing is known to have changed it."""
        found = self._states.get((package_id, recipient))
        return None if found is None else found[1]

    def _note(
        self, package_id: PackageId, recipient: OrganId, index: int, state: DeliveryState | None
    ) -> None:
        key = (package_id, recipient)
        known = self._states.get(key)
        if known is None or index >= known[0]:
            _put(self._states, key, (index, state))


def _put(memory: OrderedDict[K, V], key: K, value: V) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > CAPACITY:
        memory.popitem(last=False)
