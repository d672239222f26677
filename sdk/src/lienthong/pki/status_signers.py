"""Who else than the issuer of a certificate may sign lists about it (RFC 5280 6.3.3 f).

An authority that has changed its key, or keeps one for lists alone, and somebody whom it names as
publisher, count when the certificate's own path vouches for them: it holds their certificate, or
one of its authorities has issued that. So they end in the same trust anchor, and one who merely
bears the same name is a stranger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cryptography import x509

from lienthong.errors import LienthongError
from lienthong.pki.certificate import Certificate
from lienthong.pki.names import NameKey, name_key
from lienthong.pki.status_scope import other_publishers


class ListSigners:
    """Certificates that came along, by subject: perhaps of keys that lists are signed with."""

    def __init__(self, certificates: Iterable[bytes]) -> None:
        """Take certificates (DER); they are read when one is asked for."""
        self._certificates = tuple(dict.fromkeys(certificates))
        self._named: dict[NameKey, list[Certificate]] | None = None

    def paths(self, path: Sequence[bytes], publisher: NameKey) -> list[tuple[bytes, ...]]:
        """Paths of those who may sign lists of *publisher*, but for the issuer itself.

        Args:
            path: of the certificate whose status is asked, DER, leaf first, anchor last.
            publisher: name in the list.
        """
        above = [x509.load_der_x509_certificate(one) for one in path[1:]]
        in_path = [
            tuple(path[position:])
            for position, one in enumerate(above[1:], 2)
            if name_key(one.subject) == publisher and _signs_lists(one)
        ]
        beside = [
            _issued_in(found, path, above)
            for found in self._by_name().get(publisher, ())
            if found.der not in path[1:] and _may_publish(found, path[0])
        ]
        return [*in_path, *filter(None, beside)]

    def _by_name(self) -> dict[NameKey, list[Certificate]]:
        if self._named is None:
            named: dict[NameKey, list[Certificate]] = {}
            for one in filter(None, map(_signer, self._certificates)):
                named.setdefault(name_key(one.parsed.subject), []).append(one)
            self._named = named
        return self._named


def _signer(der: bytes) -> Certificate | None:
    try:
        found = Certificate.load(der)
        return found if _signs_lists(found.parsed) else None
    except (LienthongError, ValueError):
        return None


def _signs_lists(certificate: x509.Certificate) -> bool:
    """Whether it was made for that, among others: silence is no permission here."""
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return False


def _may_publish(found: Certificate, asked: bytes) -> bool:
    """Whether it may tell of *asked*: of itself only where its issuer has said so."""
    return found.der != asked or name_key(found.parsed.subject) in other_publishers(found.parsed)


def _issued_in(
    found: Certificate, path: Sequence[bytes], above: Sequence[x509.Certificate]
) -> tuple[bytes, ...]:
    """Its path, where an authority of *path* has issued it; else empty."""
    for position, issuer in enumerate(above, 1):
        if _is_issued(found.parsed, issuer) and not _is_excluded(found, above, position - 1):
            # Of itself it tells by the word of its issuer: asking for its status would go round.
            return (found.der,) if found.der == path[0] else (found.der, *path[position:])
    return ()


def _is_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - whatever the parser finds, it is no valid signature
        return False
    return True


def _is_excluded(found: Certificate, above: Sequence[x509.Certificate], position: int) -> bool:
    """Whether names are constrained, and nobody has judged this one by that."""
    if name_key(found.parsed.subject) in {name_key(one.subject) for one in above}:
        return False
    return any(_constrains(one) for one in above[position:])


def _constrains(certificate: x509.Certificate) -> bool:
    return any(isinstance(one.value, x509.NameConstraints) for one in certificate.extensions)
