"""What is known of the status of certificates: given, carried by the file, and finally used."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from attrs import define, field
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from lienthong.model.signing import MAX_CERTIFICATE_BYTES
from lienthong.model.trust import (
    MAX_EVIDENCE,
    MAX_LIST_BYTES,
    MAX_RESPONSE_BYTES,
    StatusEvidence,
)
from lienthong.pki.revocation import Revocation, RevocationIndex, StatusCache

_LIMITS: Final = (
    ("certificates", MAX_CERTIFICATE_BYTES),
    ("lists", MAX_LIST_BYTES),
    ("responses", MAX_RESPONSE_BYTES),
)


def merged(*sources: StatusEvidence | tuple[Iterable[bytes], ...]) -> StatusEvidence:
    """All of it once, in order; what is too large or too much is left aside."""
    parts: dict[str, dict[bytes, None]] = {name: {} for name, _ in _LIMITS}
    for source in sources:
        for position, (name, limit) in enumerate(_LIMITS):
            found = (
                getattr(source, name) if isinstance(source, StatusEvidence) else source[position]
            )
            parts[name] |= dict.fromkeys(one for one in found if 0 < len(one) <= limit)
    return StatusEvidence(**{name: tuple(found)[:MAX_EVIDENCE] for name, found in parts.items()})


@define(eq=False)
class Known:
    """The evidence at hand, and which of it answers came to rest on."""

    evidence: StatusEvidence
    index: RevocationIndex
    _used: dict[bytes, None] = field(factory=dict)
    _path: dict[bytes, None] = field(factory=dict)

    @classmethod
    def of(cls, evidence: StatusEvidence, cache: StatusCache) -> Known:
        return cls(evidence=evidence, index=RevocationIndex(evidence, cache))

    def use_path(self, path: Iterable[bytes]) -> None:
        """Note certificates that a verdict rests on."""
        self._path |= dict.fromkeys(path)

    def use(self, statuses: Iterable[Revocation]) -> None:
        """Note what the answers rest on."""
        for one in statuses:
            self._used |= dict.fromkeys((*one.others, *filter(None, [one.source])))

    def rested_on(self) -> StatusEvidence:
        """Exactly what was used; certificates of OCSP responders stay with their responses."""
        responses = self._chosen(self.evidence.responses)
        responders = filter(is_responder, self.evidence.certificates) if responses else ()
        certificates = [*self._path, *self._chosen(self.evidence.certificates), *responders]
        return merged((certificates, self._chosen(self.evidence.lists), responses))

    def _chosen(self, known: Iterable[bytes]) -> list[bytes]:
        return [one for one in known if sha256(one).digest() in self._used]


def is_responder(der: bytes) -> bool:
    """Whether a certificate is one that answers for an authority (RFC 6960 4.2.2.2)."""
    try:
        extensions = x509.load_der_x509_certificate(der).extensions
        usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except Exception:  # noqa: BLE001 - hostile, or without that extension
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage
