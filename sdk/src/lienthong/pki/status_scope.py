"""Which certificates a revocation list is about, and for which reasons (RFC 5280 6.3.3 b, d)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from cryptography import x509

from lienthong.pki.names import NameKey, name_key, place_key

Reasons: TypeAlias = frozenset[x509.ReasonFlags]

ALL_REASONS: Final[Reasons] = frozenset(x509.ReasonFlags) - {
    x509.ReasonFlags.unspecified,
    x509.ReasonFlags.remove_from_crl,
}
"""Those that a list, or a place where lists are published, may be limited to."""

_NONE: Final[Reasons] = frozenset()


def scope_of(parsed: x509.CertificateRevocationList) -> x509.IssuingDistributionPoint | None:
    """What a list says that it is about; None for everything that its publisher has issued."""
    try:
        return parsed.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return None


def reasons_covered(
    scope: x509.IssuingDistributionPoint | None, publisher: x509.Name, certificate: x509.Certificate
) -> Reasons:
    """The reasons for which a list would name a certificate; empty if it is not about it.

    Args:
        scope: of the list.
        publisher: who made the list, by its own word.
        certificate: whose status is asked.
    """
    if scope is None:
        return ALL_REASONS if _is_same(publisher, certificate.issuer) else _NONE
    if not _is_of_kind(scope, certificate):
        return _NONE
    places = _places(scope.full_name, scope.relative_name, publisher)
    found = _NONE if places or not _is_same(publisher, certificate.issuer) else ALL_REASONS
    for point in distribution_points(certificate):
        known = _published_at(point, scope, publisher, certificate.issuer)
        if known is not None and (not places or not places.isdisjoint(known)):
            found |= ALL_REASONS if point.reasons is None else point.reasons
    # An empty set is one: such a list names nobody.
    return found if scope.only_some_reasons is None else found & scope.only_some_reasons


def other_publishers(certificate: x509.Certificate) -> list[NameKey]:
    """Those whom the issuer names to publish lists in its place (cRLIssuer)."""
    points = distribution_points(certificate)
    return [name_key(name) for one in points for name in _publishers(one)]


def distribution_points(certificate: x509.Certificate) -> Iterable[x509.DistributionPoint]:
    """Where a certificate says that lists about it are published."""
    try:
        return certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return ()


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it says that it is an authority's."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _is_of_kind(scope: x509.IssuingDistributionPoint, certificate: x509.Certificate) -> bool:
    if scope.only_contains_attribute_certs:
        return False
    if is_authority(certificate):
        return not scope.only_contains_user_certs
    return not scope.only_contains_ca_certs


def _published_at(
    point: x509.DistributionPoint,
    scope: x509.IssuingDistributionPoint,
    publisher: x509.Name,
    issuer: x509.Name,
) -> set[object] | None:
    """The places of a point if this publisher's list may lie there; None if it may not."""
    if point.crl_issuer is None:
        own = _places(point.full_name, point.relative_name, issuer)
        return own if _is_same(publisher, issuer) else None
    named = {name_key(one) for one in _publishers(point)}
    if not scope.indirect_crl or name_key(publisher) not in named:
        return None
    return _places(point.full_name, point.relative_name, publisher) or set(named)


def _publishers(point: x509.DistributionPoint) -> list[x509.Name]:
    return [one.value for one in point.crl_issuer or () if isinstance(one, x509.DirectoryName)]


def _places(
    full: list[x509.GeneralName] | None,
    relative: x509.RelativeDistinguishedName | None,
    publisher: x509.Name,
) -> set[object]:
    if relative is not None:
        return {name_key(x509.Name([*publisher.rdns, relative]))}
    return {place_key(one) for one in full or ()}


def _is_same(one: x509.Name, other: x509.Name) -> bool:
    return one == other or name_key(one) == name_key(other)
