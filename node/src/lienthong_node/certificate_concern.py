"""Which certificates lead to the authorities that the trust folder names.

Only signatures count here. Whoever connects chooses what it shows beside its certificate: what is
left out of a chain, put into it or wrong with it must not keep anybody from asking for the status.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.model.signing import MAX_CHAIN

MAX_REMEMBERED: Final = 10_000
_END: Final = b"-----END CERTIFICATE-----"


class Concern:
    """The authorities of one state of the folder; may be shared between threads."""

    def __init__(self, named: Iterable[bytes], others: Callable[[], bytes]) -> None:
        """Look for paths to some authorities.

        Args:
            named: their certificates, DER.
            others: gives certificates (PEM) that may lie between, beside those that are shown.
        """
        self._named, self._others = _readable(named), others
        self._paths: dict[tuple[bytes, ...], tuple[bytes, ...]] = {}

    def path(self, chain: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """The path from ``chain[0]`` to the first such authority; empty where there is none.

        Args:
            chain: certificates, DER, in any order behind the first one.
        """
        if not (self._named and chain):
            return ()
        found = self._paths.get(chain)
        if found is None:
            pool = self._named | _readable((*chain, *pem_certificates(self._others())))
            if len(self._paths) >= MAX_REMEMBERED:
                self._paths = {}
            found = self._paths[chain] = self._search(chain[:1], pool)
        return found

    def _search(
        self, path: tuple[bytes, ...], pool: Mapping[bytes, x509.Certificate]
    ) -> tuple[bytes, ...]:
        if len(path) > 1 and path[-1] in self._named:
            return path
        if len(path) > MAX_CHAIN or path[-1] not in pool:
            return ()
        above = (der for der in pool if der not in path and _has_signed(pool[der], pool[path[-1]]))
        found = (self._search((*path, der), pool) for der in above)
        return next(filter(None, found), ())


def pem_certificates(data: bytes) -> Iterator[bytes]:
    """Each certificate of PEM text as DER; one that cannot be read hides no other."""
    for part in data.split(_END)[:-1]:
        try:
            yield x509.load_pem_x509_certificate(part + _END).public_bytes(Encoding.DER)
        except Exception:  # noqa: BLE001, S112 - the parser's own kinds of errors are many
            continue


def _readable(certificates: Iterable[bytes]) -> dict[bytes, x509.Certificate]:
    found = dict[bytes, x509.Certificate]()
    for der in certificates:
        try:
            found[der] = x509.load_der_x509_certificate(der)
        except Exception:  # noqa: BLE001, S112 - whatever a stranger shows is skipped
            continue
    return found


def _has_signed(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - whatever the parser finds, it is no valid signature
        return False
    return True
