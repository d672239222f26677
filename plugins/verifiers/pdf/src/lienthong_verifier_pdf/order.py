"""Who may sign now: the signer, then number and date, then the agency (NĐ 30/2020 Đ32.2d)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509

from lienthong.errors import (
    CertificateExpired,
    CertificateRevoked,
    KeyUnusable,
    SignerSignatureMissing,
)
from lienthong.model.file_signature import Finding, SignatureRole
from lienthong.model.trust import TrustPurpose
from lienthong.pki.certificate import Certificate
from lienthong.pki.chain import Purpose, check_certificate
from lienthong.pki.revocation import RevocationIndex, path_status, worst
from lienthong.spi import Signer, SigningOrder
from lienthong_verifier_pdf.found import Found
from lienthong_verifier_pdf.holders import AGENCIES, contradicts, holder_of
from lienthong_verifier_pdf.paths import PathResult, PathVerdict, find_paths

_UNSIGNED: Final = "nobody has signed as the competent person"
_KEY: Final = "that is to sign"
_TWO: Final = "NĐ 30/2020 Đ5.1: a person and an agency are two"


def check_order(order: SigningOrder, found: Sequence[Found]) -> None:
    """Refuse an agency's signature where the competent person has not signed.

    With a trust store, the signer's certificate must have led to an authority in it when it
    signed, and must not be known to have been revoked by then. Attachments and copies are the
    agency's own to sign (PL I II.8b, Đ25).

    Raises:
        SignerSignatureMissing: there is none, or its certificate is not trusted or was revoked.
    """
    if order.role is not SignatureRole.AGENCY:
        return
    by_signer = [one for one in found if one.role is SignatureRole.SIGNER]
    if not by_signer:
        raise SignerSignatureMissing(reason=_UNSIGNED)
    if not order.trust.certificates(TrustPurpose.FILES):
        return
    for one in by_signer:
        path = path_of(one.chain, order, one.at or order.at)
        if path.verdict is not PathVerdict.VALID:
            reason = f"the certificate of {one.name} is not trusted: {path.reason}"
            raise SignerSignatureMissing(reason=reason)
        if revoked := _revocation(path.path, order, one.at or order.at):
            reason = f"the certificate of {one.name} was revoked on {revoked}"
            raise SignerSignatureMissing(reason=reason)


def check_key(order: SigningOrder, signer: Signer, found: Sequence[Found]) -> Certificate:
    """The key's certificate, which may make this signature at this moment.

    Args:
        order: what is to be signed.
        signer: has not signed yet.
        found: the signatures that are in the file.

    Raises:
        KeyUnusable: it has none, or one of a person for an agency, or the other way round; or its
            holder has signed the file in the other role (NĐ 30/2020 Đ5.1).
        CertificateUnfit: it is not for signing.
        CertificateExpired: it is not in force.
        CertificateRevoked: the trust store knows that it was revoked.
    """
    if not signer.chain:
        raise KeyUnusable(key=_KEY, reason="it has no certificate")
    certificate = check_certificate(signer.chain[0], Purpose.SIGNING)
    if not certificate.not_before <= order.at <= certificate.not_after:
        raise CertificateExpired(
            subject=certificate.subject,
            not_before=certificate.not_before.isoformat(),
            not_after=certificate.not_after.isoformat(),
            at=order.at.isoformat(),
        )
    path = path_of(signer.chain, order, order.at)
    if revoked := _revocation(path.path, order, order.at):
        reason = "as the trust store knows"
        raise CertificateRevoked(subject=certificate.subject, revoked_at=revoked, reason=reason)
    holder, part = holder_of(certificate.parsed)
    if contradicts(order.role, holder):
        reason = f"its certificate is of {holder.value} ({part}), not for {order.role.value}"
        raise KeyUnusable(key=_KEY, reason=reason)
    check_parties(order, certificate.parsed, found)
    return certificate


def check_parties(order: SigningOrder, own: x509.Certificate, found: Sequence[Found]) -> None:
    """Refuse one holder, or one key, as competent person and as agency in the same file.

    Raises:
        KeyUnusable: it has signed in the other role.
    """
    for one in found:
        if one.role is None or (one.role in AGENCIES) == (order.role in AGENCIES):
            continue
        other = x509.load_der_x509_certificate(one.chain[0])
        if other.subject == own.subject or other.public_key() == own.public_key():
            reason = f"its holder has signed {one.name} as {one.role.value} ({_TWO})"
            raise KeyUnusable(key=_KEY, reason=reason)


def path_of(chain: Sequence[bytes], order: SigningOrder, at: datetime) -> PathResult:
    """The best path from a key's certificate to an authority that is trusted for files."""
    others = [*chain[1:], *order.evidence.certificates]
    return find_paths(chain[0], others, order.trust.certificates(TrustPurpose.FILES), at)[0]


def _revocation(path: Sequence[bytes], order: SigningOrder, at: datetime) -> str:
    """When a certificate of a path was revoked; empty where nobody says that one was."""
    found = worst(path_status(path, at, RevocationIndex(order.evidence)))
    if found.finding is not Finding.BAD:
        return ""
    return found.revoked_at.isoformat() if found.revoked_at else "an unknown day"
