"""Where a certificate says that its status and its issuer are to be found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ObjectIdentifier

MAX_PLACES: Final = 4
"""Of each kind that one certificate may name."""

MAX_ADDRESS: Final = 1008
"""Characters of one address."""


def places_of_lists(certificate: x509.Certificate) -> tuple[str, ...]:
    """Addresses (http, https) of complete revocation lists by the issuer itself."""

    def found() -> Iterable[x509.GeneralName]:
        kind = x509.CRLDistributionPoints
        for point in certificate.extensions.get_extension_for_class(kind).value:
            if point.crl_issuer is None and point.reasons is None:
                yield from point.full_name or ()

    return _addresses(found)


def places_of_responders(certificate: x509.Certificate) -> tuple[str, ...]:
    """Addresses (http, https) of OCSP responders."""
    return _addresses(lambda: _access(certificate, AuthorityInformationAccessOID.OCSP))


def places_of_issuers(certificate: x509.Certificate) -> tuple[str, ...]:
    """Addresses (http, https) of the issuer's certificate."""
    return _addresses(lambda: _access(certificate, AuthorityInformationAccessOID.CA_ISSUERS))


def _access(certificate: x509.Certificate, method: ObjectIdentifier) -> Iterable[x509.GeneralName]:
    kind = x509.AuthorityInformationAccess
    for one in certificate.extensions.get_extension_for_class(kind).value:
        if one.access_method == method:
            yield one.access_location


def _addresses(find: Callable[[], Iterable[x509.GeneralName]]) -> tuple[str, ...]:
    try:
        names = [one.value for one in find() if isinstance(one, x509.UniformResourceIdentifier)]
    except Exception:  # noqa: BLE001 - an extension that cannot be read names no place
        return ()
    web = (name for name in names if _is_address(name))
    return tuple(dict.fromkeys(web))[:MAX_PLACES]


def _is_address(name: str) -> bool:
    plain = name.isascii() and name.isprintable() and len(name) <= MAX_ADDRESS
    return plain and name.lower().startswith(("http://", "https://"))
