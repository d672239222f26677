"""Finding plugins by the metadata of installed distributions; nothing is imported."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Final

from attrs import field, frozen

from lienthong.errors import InvalidValue
from lienthong.plugins.kinds import SEAMS, PluginKind

UNKNOWN: Final = "unknown"

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]{0,63}):")


@frozen(kw_only=True)
class Offer:
    """A plugin as a distribution announces it."""

    kind: PluginKind
    name: str
    """URI scheme, or media type of a file verifier."""

    distribution: str
    version: str
    entry_point: EntryPoint = field(repr=False)

    @property
    def words(self) -> frozenset[str]:
        """The words under which a block list may name it."""
        kind = self.kind.name.lower()
        return frozenset({f"{kind}:{self.name}", normal_name(self.distribution)})


def discover() -> tuple[Offer, ...]:
    """Every plugin that installed distributions announce, ordered by kind, name, distribution."""
    announced = entry_points()  # reads the metadata of everything that is installed, so: once
    offers = [
        _offer(kind, entry_point)
        for kind, seam in SEAMS.items()
        for entry_point in announced.select(group=seam.group)
    ]
    kinds = list(PluginKind)
    offers.sort(key=lambda offer: (kinds.index(offer.kind), offer.name, offer.distribution))
    return tuple(offers)


def blocked_words(words: Iterable[str]) -> frozenset[str]:
    """A block list in canonical form; see ``Offer.words``."""
    return frozenset(word if ":" in word else normal_name(word) for word in words)


def scheme_of(uri: str) -> str:
    """The scheme of a plugin's URI.

    Raises:
        InvalidValue: it has none. The text never shows the URI, which may hold what it should not.
    """
    match = _SCHEME.match(uri)
    if match is None:
        expected = "scheme:address, the scheme in lower case"
        raise InvalidValue(field="uri", found="without a scheme", expected=expected)
    return match.group(1)


def _offer(kind: PluginKind, entry_point: EntryPoint) -> Offer:
    found = entry_point.dist
    # Metadata is foreign data: a distribution without a name or version is still an offer.
    return Offer(
        kind=kind,
        name=entry_point.name,
        distribution=_said(found, "Name"),
        version=_said(found, "Version"),
        entry_point=entry_point,
    )


def _said(distribution: Distribution | None, name: str) -> str:
    """A field of the metadata; one that is missing is an error from Python 3.15 on."""
    try:
        return str((distribution and distribution.metadata[name]) or UNKNOWN)
    except KeyError:
        return UNKNOWN


def normal_name(distribution: str) -> str:
    """The canonical spelling of a distribution's name (PyPA name normalisation)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
