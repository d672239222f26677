"""What the client remembers of packages that it has seen and verified, so as not to ask again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from attrs import define, field

from lienthong.model.ids import PackageId, Sha256
from lienthong.model.package import FileEntry, Manifest

CAPACITY: Final = 4096
"""Packages; the ones that came first are forgotten."""


@define(eq=False)
class KnownPackage:
    """A package whose signature and receipt were verified by this client."""

    files: tuple[FileEntry, ...]
    checked: set[Sha256] = field(factory=set)
    """Contents that were seen and had the signed hash."""

    @property
    def unchecked(self) -> tuple[FileEntry, ...]:
        return tuple(file for file in self.files if file.sha256 not in self.checked)


class KnownPackages:
    """Bounded memory of verified packages: a forgotten one costs a question."""

    def __init__(self) -> None:
        self._packages: OrderedDict[PackageId, KnownPackage] = OrderedDict()

    def learn(self, manifest: Manifest, contents: Iterable[Sha256] = ()) -> KnownPackage:
        """Remember a verified manifest, and contents that were seen with it."""
        known = self._packages.get(manifest.package_id)
        if known is None:
            known = KnownPackage(files=manifest.files)
            self._packages[manifest.package_id] = known
            if len(self._packages) > CAPACITY:
                self._packages.popitem(last=False)
        known.checked.update(contents)
        return known

    def package(self, package_id: PackageId) -> KnownPackage | None:
        return self._packages.get(package_id)
