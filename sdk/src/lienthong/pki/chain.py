"""Certificate paths: from a signer's certificate to an authority that is trusted.

The rules are a strict subset of RFC 5280 6.1, carried out in this order:

1. The chain has 1 to 5 certificates, none twice, each readable and with an accepted key.
2. It ends below, or in, a trust anchor: the anchor's subject is the issuer of the last one.
3. Each certificate names the next one as its issuer and is signed by it.
4. Every certificate, the anchor included, is in force at the given moment.
5. Every issuer is a CA (basicConstraints), may sign certificates (keyUsage), and its path length
   is kept.
6. The first certificate is no CA and may be used for the purpose (keyUsage, extendedKeyUsage).

Names, policies and constraints beyond these never make a path valid: an extension that would
restrict it is refused as not understood. Names are compared as they are written. Revocation is
another question, with three answers, and is not asked here.
"""

from __future__ import annotations

import enum
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import Final, Self, TypeAlias

from attrs import field, frozen
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from lienthong.errors import (
    CertificateExpired,
    CertificateUnfit,
    ChainUntrusted,
    InvalidValue,
    TooLarge,
)
from lienthong.model.signing import MAX_CHAIN
from lienthong.model.time import check_aware
from lienthong.pki.algorithms import PublicKey
from lienthong.pki.certificate import Certificate, load_pem_chain


class Purpose(enum.Enum):
    """What a certificate is to be used for."""

    SIGNING = "signing"
    """Signing manifests and statements."""

    CLIENT = "client"
    """Showing who calls, in TLS."""

    SERVER = "server"
    """Showing who answers, in TLS."""

    TIME_STAMPING = "time stamping"
    """Signing time-stamp tokens (RFC 3161)."""


_TRANSPORT: Final = {
    Purpose.CLIENT: ExtendedKeyUsageOID.CLIENT_AUTH,
    Purpose.SERVER: ExtendedKeyUsageOID.SERVER_AUTH,
}
_OTHER_TRADES: Final = frozenset(
    {
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CODE_SIGNING,
        ExtendedKeyUsageOID.TIME_STAMPING,
        ExtendedKeyUsageOID.OCSP_SIGNING,
    }
)
"""A certificate for these alone is not a document signer's."""


class TrustAnchors:
    """The authorities that are trusted; may be shared between threads."""

    def __init__(self, certificates: Iterable[bytes]) -> None:
        """Read the anchors' certificates (DER).

        Raises:
            Malformed: one cannot be read.
            AlgorithmUnsupported: the key of one is of a kind that is not accepted.
            CertificateUnfit: one is too weak or is no CA.
            InvalidValue: there is none.
        """
        self._anchors = tuple(Certificate.load(der) for der in dict.fromkeys(certificates))
        if not self._anchors:
            raise InvalidValue(field="trust anchors", found="none", expected="at least one")
        for anchor in self._anchors:
            _check_issuer(anchor, below=0)
        self._der = frozenset(anchor.der for anchor in self._anchors)
        self.digest = sha256(b"".join(sorted(sha256(der).digest() for der in self._der))).digest()
        """Tells sets of anchors apart (SHA-256)."""

    @classmethod
    def from_pem(cls, data: bytes) -> Self:
        """Read the anchors of a PEM file. Raises as the constructor does."""
        return cls(load_pem_chain(data))

    def __contains__(self, der: bytes) -> bool:
        return der in self._der

    def __len__(self) -> int:
        return len(self._anchors)

    def issuers_of(self, certificate: Certificate) -> list[Certificate]:
        """Anchors with the name that *certificate* gives as its issuer's."""
        return [anchor for anchor in self._anchors if certificate.is_issued_by(anchor)]


@frozen(kw_only=True)
class ValidatedChain:
    """A path that was found valid, from the leaf to the trust anchor."""

    leaf: bytes = field(repr=False)
    """The signer's certificate, DER."""

    path: tuple[bytes, ...] = field(repr=False)
    """All certificates, DER, leaf first, trust anchor last."""

    subject: str
    """Distinguished name of the leaf, RFC 4514."""

    fingerprint: bytes = field(repr=bytes.hex)
    """SHA-256 of the leaf."""

    public_key: PublicKey = field(repr=False, eq=False)
    periods: tuple[tuple[str, datetime, datetime], ...] = field(repr=False)
    """Subject and validity of every certificate of the path, UTC."""

    def is_in_force(self, at: datetime) -> bool:
        """Whether every certificate of the path is in force at *at*."""
        return all(not_before <= at <= not_after for _, not_before, not_after in self.periods)

    def check_in_force(self, at: datetime) -> None:
        """Check that every certificate of the path is in force at *at*.

        Raises:
            CertificateExpired: one is not; the error names it.
        """
        for subject, not_before, not_after in self.periods:
            if not not_before <= at <= not_after:
                raise CertificateExpired(
                    subject=subject,
                    not_before=not_before.isoformat(),
                    not_after=not_after.isoformat(),
                    at=at.isoformat(),
                )


ChainKey: TypeAlias = tuple[bytes, Purpose, tuple[bytes, ...]]
"""Digest of the anchors, the purpose and the chain as it was sent: compared, never only hashed."""


class ChainCache:
    """Remembers valid paths, so that the same chain is not built again; safe between threads.

    Only the parts of the verdict that never change are kept; validity in time is checked anew at
    each use.
    """

    def __init__(self, capacity: int = 4096) -> None:
        self._capacity = capacity
        self._paths: OrderedDict[ChainKey, ValidatedChain] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._paths)

    def get(self, key: ChainKey) -> ValidatedChain | None:
        """The path kept under *key*, or None."""
        with self._lock:
            found = self._paths.get(key)
            if found is not None:
                self._paths.move_to_end(key)
            return found

    def put(self, key: ChainKey, path: ValidatedChain) -> None:
        """Keep a path; the one that was not used for longest makes room."""
        with self._lock:
            self._paths[key] = path
            self._paths.move_to_end(key)
            while len(self._paths) > self._capacity:
                self._paths.popitem(last=False)


def validate_chain(
    chain: Sequence[bytes],
    anchors: TrustAnchors,
    at: datetime,
    purpose: Purpose,
    cache: ChainCache | None = None,
) -> ValidatedChain:
    """Find the path from ``chain[0]`` to a trust anchor and check it (steps in the module's text).

    Args:
        chain: certificates, DER, the signer's first, each followed by its issuer; the trust
            anchor may be left out.
        anchors: who is trusted.
        at: the moment that counts, with a time zone.
        purpose: what the first certificate is used for.
        cache: remembers valid paths between calls.

    Raises:
        ChainUntrusted: no path leads to an anchor.
        CertificateExpired: a certificate is not in force at *at*.
        CertificateUnfit: a certificate may not be used so, or is too weak.
        AlgorithmUnsupported: a key is of a kind that is not accepted.
        Malformed: a certificate cannot be read.
        TooLarge: there are too many certificates, or one is too large.
        NaiveTime: *at* has no time zone.
    """
    check_aware(at, field="at")
    if cache is None:
        return _build(chain, anchors, at, purpose)
    key = anchors.digest, purpose, tuple(chain)
    known = cache.get(key)
    if known is None or not known.is_in_force(at):
        # Building again names what is wrong, and finds the anchor of another period.
        known = _build(chain, anchors, at, purpose)
        cache.put(key, known)
    return known


def check_certificate(der: bytes, purpose: Purpose) -> Certificate:
    """Check what a certificate says of itself; whose it is and whether it is genuine is not asked.

    Args:
        der: the certificate.
        purpose: what it is to be used for.

    Raises:
        CertificateUnfit: it may not be used so, or is too weak.
        AlgorithmUnsupported: its key is of a kind that is not accepted.
        Malformed: it cannot be read.
        TooLarge: it has more than 16 KiB.
    """
    certificate = Certificate.load(der)
    _check_leaf(certificate, purpose)
    return certificate


def _build(
    chain: Sequence[bytes], anchors: TrustAnchors, at: datetime, purpose: Purpose
) -> ValidatedChain:
    certificates = _load(chain)
    path = _anchored(certificates, anchors, at)
    for certificate, issuer in pairwise(path):
        _check_issued(certificate, issuer)
    found = ValidatedChain(
        leaf=path[0].der,
        path=tuple(certificate.der for certificate in path),
        subject=path[0].subject,
        fingerprint=path[0].fingerprint,
        public_key=path[0].public_key,
        periods=tuple((one.subject, one.not_before, one.not_after) for one in path),
    )
    found.check_in_force(at)
    for below, issuer in enumerate(path[1:]):
        _check_issuer(issuer, below=below)
    _check_leaf(path[0], purpose)
    return found


def _load(chain: Sequence[bytes]) -> list[Certificate]:
    if not chain:
        raise ChainUntrusted(subject="?", reason="no certificate was sent")
    if len(chain) > MAX_CHAIN:
        found = f"{len(chain)} certificates"
        raise TooLarge(what="a chain", found=found, limit=f"{MAX_CHAIN} certificates")
    certificates = [Certificate.load(der) for der in chain]
    if len(set(chain)) != len(chain):
        raise ChainUntrusted(subject=certificates[0].subject, reason="a certificate is there twice")
    return certificates


def _anchored(
    certificates: list[Certificate], anchors: TrustAnchors, at: datetime
) -> list[Certificate]:
    """The path with its anchor at the end."""
    leaf, last = certificates[0], certificates[-1]
    if leaf.der in anchors:
        raise CertificateUnfit(subject=leaf.subject, reason="it is a trust anchor, not a signer")
    if last.der in anchors:
        return certificates
    named = anchors.issuers_of(last)
    # An authority that renewed its key appears twice under one name; the signature decides.
    fitting = [anchor for anchor in named if is_signed_by(last, anchor)]
    if not fitting:
        reason = "its issuer's key did not sign it" if named else f"unknown issuer {_issuer(last)}"
        raise ChainUntrusted(subject=leaf.subject, reason=reason)
    in_force = [anchor for anchor in fitting if anchor.not_before <= at <= anchor.not_after]
    return [*certificates, (in_force or fitting)[0]]


def _check_issued(certificate: Certificate, issuer: Certificate) -> None:
    if not certificate.is_issued_by(issuer):
        reason = f"its issuer is {_issuer(certificate)}, followed by {issuer.subject}"
        raise ChainUntrusted(subject=certificate.subject, reason=reason)
    if not is_signed_by(certificate, issuer):
        raise ChainUntrusted(
            subject=certificate.subject, reason=f"{issuer.subject} did not sign it"
        )


def is_signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether the issuer's key signed the certificate, and the issuer is the one that it names."""
    try:
        certificate.parsed.verify_directly_issued_by(issuer.parsed)
    except Exception:  # noqa: BLE001 - whatever the parser finds, it is no valid signature
        return False
    return True


def _issuer(certificate: Certificate) -> str:
    return certificate.parsed.issuer.rfc4514_string()


def _check_issuer(issuer: Certificate, *, below: int) -> None:
    """Check that *issuer* may have issued a path with *below* CAs between it and the leaf."""
    constraints = issuer.extension(x509.BasicConstraints)
    usage = issuer.extension(x509.KeyUsage)
    if constraints is None or not constraints.ca:
        raise CertificateUnfit(subject=issuer.subject, reason="it is not an authority's")
    if usage is not None and not usage.key_cert_sign:
        raise CertificateUnfit(subject=issuer.subject, reason="it may not sign certificates")
    if constraints.path_length is not None and below > constraints.path_length:
        reason = f"it allows {constraints.path_length} authorities below it, found {below}"
        raise CertificateUnfit(subject=issuer.subject, reason=reason)


def _check_leaf(leaf: Certificate, purpose: Purpose) -> None:
    constraints = leaf.extension(x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise CertificateUnfit(subject=leaf.subject, reason="it is an authority's, not a signer's")
    usage = leaf.extension(x509.KeyUsage)
    extended = leaf.extension(x509.ExtendedKeyUsage)
    if purpose is Purpose.SIGNING:
        _check_signing(leaf.subject, usage, extended)
    elif purpose is Purpose.TIME_STAMPING:
        _check_time_stamping(leaf, usage)
    else:
        _check_transport(leaf.subject, usage, extended, purpose)


def _check_signing(
    subject: str, usage: x509.KeyUsage | None, extended: x509.ExtendedKeyUsage | None
) -> None:
    if usage is None or not (usage.digital_signature or usage.content_commitment):
        reason = "its key usage has neither digitalSignature nor nonRepudiation"
        raise CertificateUnfit(subject=subject, reason=reason)
    if extended is not None and _OTHER_TRADES.issuperset(extended):
        raise CertificateUnfit(subject=subject, reason="its extended key usage is not for signing")


def _check_time_stamping(leaf: Certificate, usage: x509.KeyUsage | None) -> None:
    """Check that the key stamps times and does nothing else (RFC 3161 2.3)."""
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        reason = "its key usage has neither digitalSignature nor nonRepudiation"
        raise CertificateUnfit(subject=leaf.subject, reason=reason)
    for extension in leaf.parsed.extensions:
        if isinstance(extension.value, x509.ExtendedKeyUsage):
            alone = list(extension.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
            if alone and extension.critical:
                return
    reason = "its extended key usage is not time-stamping alone, marked critical"
    raise CertificateUnfit(subject=leaf.subject, reason=reason)


def _check_transport(
    subject: str,
    usage: x509.KeyUsage | None,
    extended: x509.ExtendedKeyUsage | None,
    purpose: Purpose,
) -> None:
    if usage is not None and not usage.digital_signature:
        raise CertificateUnfit(subject=subject, reason="its key usage has no digitalSignature")
    if extended is None or _TRANSPORT[purpose] not in extended:
        reason = f"its extended key usage does not allow TLS as a {purpose.value}"
        raise CertificateUnfit(subject=subject, reason=reason)
