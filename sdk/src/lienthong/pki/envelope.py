"""Envelopes: signed bytes that travel and are kept for ever (DSSE over X.509)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import field, frozen

from lienthong.errors import Malformed
from lienthong.model.checks import shown
from lienthong.model.signing import MANIFEST_TYPE, STATEMENT_TYPE, Envelope, Signature
from lienthong.pki.algorithms import verify
from lienthong.pki.chain import ChainCache, Purpose, TrustAnchors, ValidatedChain, validate_chain
from lienthong.pki.dsse import pre_authentication_encoding
from lienthong.spi.signer import Signer

_NAMES: Final = {MANIFEST_TYPE: "the manifest", STATEMENT_TYPE: "the report"}


@frozen(kw_only=True)
class SignerEvidence:
    """One signature that was found valid, and the certificate behind it."""

    subject: str
    """Distinguished name of the signer's certificate, RFC 4514."""

    fingerprint: bytes = field(repr=bytes.hex)
    """SHA-256 of the signer's certificate (DER); the directory binds it to an organisation."""

    chain: tuple[bytes, ...] = field(repr=False)
    """Certificates, DER, from the signer's to the trust anchor."""


@frozen(kw_only=True)
class EnvelopeEvidence(SignerEvidence):
    """What was checked about an envelope; the first signer is the sending organisation."""

    at: datetime
    """The moment for which the certificates were judged."""

    payload_type: str
    others: tuple[SignerEvidence, ...] = ()
    """The further signers, in order."""


def sign_envelope(signer: Signer, payload_type: str, payload: bytes) -> Envelope:
    """Sign *payload*, which is kept as it is.

    Args:
        signer: the organisation's key with its certificate chain.
        payload_type: ``MANIFEST_TYPE`` or ``STATEMENT_TYPE``; covered by the signature.
        payload: a serialised manifest or statement.

    Raises:
        Malformed: the type is unknown.
        InvalidValue: the payload is empty or has more than 1 MiB.
    """
    _check_type(payload_type)
    message = pre_authentication_encoding(payload_type, payload)
    signature = Signature(
        algorithm=signer.algorithm, value=signer.sign(message), chain=signer.chain
    )
    return Envelope(payload=payload, payload_type=payload_type, signatures=(signature,))


def verify_envelope(
    envelope: Envelope,
    anchors: TrustAnchors,
    at: datetime,
    cache: ChainCache | None = None,
    *,
    payload_type: str | None = None,
) -> EnvelopeEvidence:
    """Check who signed an envelope; sizes and counts were checked when it was made.

    1. The payload is of a known type, and of the one that is asked for.
    2. For every signature: the chain leads to a trust anchor and allows signing, at *at*.
    3. For every signature: its algorithm belongs to the certificate's key, and its value fits the
       payload and its type.

    It remains to the caller to check that the fingerprint is bound to the organisation that the
    payload names, and that the certificate was not revoked.

    Args:
        envelope: the envelope as it came.
        anchors: the authorities that are trusted.
        at: the moment that counts, with a time zone.
        cache: remembers valid chains between calls.
        payload_type: refuse every other type.

    Raises:
        Malformed: step 1, or a certificate cannot be read.
        ChainUntrusted: step 2.
        CertificateExpired: step 2.
        CertificateUnfit: step 2 or 3.
        AlgorithmUnsupported: the signature's or a key's algorithm is not accepted.
        SignatureInvalid: step 3.
        NaiveTime: *at* has no time zone.
    """
    _check_type(envelope.payload_type, payload_type)
    chains = [
        validate_chain(signature.chain, anchors, at, Purpose.SIGNING, cache)
        for signature in envelope.signatures
    ]
    message = pre_authentication_encoding(envelope.payload_type, envelope.payload)
    for signature, chain in zip(envelope.signatures, chains, strict=True):
        verify(
            signature.algorithm,
            chain.public_key,
            message,
            signature.value,
            what=_NAMES[envelope.payload_type],
            subject=chain.subject,
        )
    first = chains[0]
    return EnvelopeEvidence(
        subject=first.subject,
        fingerprint=first.fingerprint,
        chain=first.path,
        at=at,
        payload_type=envelope.payload_type,
        others=tuple(_evidence(chain) for chain in chains[1:]),
    )


def _evidence(chain: ValidatedChain) -> SignerEvidence:
    return SignerEvidence(subject=chain.subject, fingerprint=chain.fingerprint, chain=chain.path)


def _check_type(found: str, expected: str | None = None) -> None:
    if found not in _NAMES:
        raise Malformed(what="the envelope", reason=f"unknown payload type {shown(found)}")
    if expected is not None and found != expected:
        reason = f"its payload type is {found!r}, expected {expected!r}"
        raise Malformed(what="the envelope", reason=reason)
