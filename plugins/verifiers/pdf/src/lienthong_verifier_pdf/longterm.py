"""Long-term levels: the proof that no certificate was revoked, put into the file (EN 319 142-1).

The proof is what the order brings along; nothing is fetched here. Each certificate of the signer
and of the time-stamp authority must be known to be good, otherwise nothing is signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import BinaryIO

from asn1crypto import crl, ocsp, x509
from attrs import frozen
from pyhanko.sign.validation.dss import DocumentSecurityStore

from lienthong.errors import ChainUntrusted, StatusUnproven
from lienthong.model.file_signature import Finding
from lienthong.model.trust import StatusEvidence, TrustPurpose
from lienthong.pki.chain import TrustAnchors
from lienthong.pki.revocation import RevocationIndex, path_status
from lienthong.pki.timestamp import verify_token
from lienthong.spi import SigningOrder
from lienthong_verifier_pdf.adapters import Stamped
from lienthong_verifier_pdf.evidence import is_responder
from lienthong_verifier_pdf.order import path_of
from lienthong_verifier_pdf.paths import PathVerdict


@frozen(kw_only=True)
class Proof:
    """Certificates of a path, and what shows that each of them is good."""

    path: tuple[bytes, ...]
    sources: frozenset[bytes]
    """SHA-256 of the lists and responses that it rests on, and of certificates of their signers."""


def prove_signer(chain: Sequence[bytes], order: SigningOrder) -> Proof:
    """That the signer's certificate and those above it are good at the moment of the order.

    Raises:
        ChainUntrusted: they lead to nobody who is trusted for files.
        StatusUnproven: the status of one is bad or unknown.
    """
    found = path_of(chain, order, order.at)
    if found.verdict is not PathVerdict.VALID:
        subject = x509.Certificate.load(chain[0]).subject.human_friendly
        raise ChainUntrusted(subject=subject, reason=found.reason)
    return _proof(found.path, order)


def prove_stamp(stamped: Stamped, order: SigningOrder) -> Proof:
    """That a time-stamp is good, and the certificates of its authority.

    Raises:
        StatusUnproven: as for the signer.
        LienthongError: as ``lienthong.pki.timestamp.verify_token``.
    """
    token = verify_token(
        stamped.token,
        stamped.digest,
        TrustAnchors(order.trust.certificates(TrustPurpose.TIME_STAMPS)),
        algorithm=stamped.algorithm,
        certificates=order.evidence.certificates,
    )
    return _proof(token.authority.path, order)


def store(
    target: BinaryIO, contents: bytes, proofs: Sequence[Proof], evidence: StatusEvidence
) -> None:
    """Append the proofs to a signed file, for the signature with these contents."""
    sources = frozenset().union(*(proof.sources for proof in proofs))
    responses = [one for one in evidence.responses if sha256(one).digest() in sources]
    responders = filter(is_responder, evidence.certificates) if responses else ()
    # Other authorities that the store knows stay out: they would tell with whom else one deals.
    signers = [one for one in evidence.certificates if sha256(one).digest() in sources]
    paths = (one for proof in proofs for one in proof.path)
    certificates = dict.fromkeys([*paths, *signers, *responders])
    DocumentSecurityStore.add_dss(
        target,
        contents,
        certs=[x509.Certificate.load(one) for one in certificates],
        crls=[
            crl.CertificateList.load(one)
            for one in evidence.lists
            if sha256(one).digest() in sources
        ],
        ocsps=[ocsp.OCSPResponse.load(one) for one in responses],
    )


def _proof(path: tuple[bytes, ...], order: SigningOrder) -> Proof:
    statuses = path_status(path, order.at, RevocationIndex(order.evidence))
    for certificate, status in zip(path, statuses, strict=False):
        if status.finding is not Finding.GOOD:
            subject = x509.Certificate.load(certificate).subject.human_friendly
            reason = f"{subject}: {getattr(status.reason, 'value', status.reason)}"
            raise StatusUnproven(level=order.level.value, reason=reason)
    sources = frozenset(status.source for status in statuses if status.source is not None)
    return Proof(path=path, sources=sources.union(*(status.others for status in statuses)))
