"""Time-stamps (RFC 3161): asking an authority, and checking what it answered.

A token is checked in this order; the first thing that is wrong refuses it:

1. It is signed data in DER with one signer (``pki.cms``), and its content is a TSTInfo in DER.
2. It speaks about the digest that was handed in, by the same algorithm.
3. It carries the nonce, was given under one of the policies, within the bounds of time, where
   these are asked for.
4. Its signer's certificate is there, and is the one that the signed attributes name
   (ESSCertID, RFC 5816), and the token by its authority's name where it gives one.
5. That certificate leads to a trust anchor, every certificate of the path was in force at the
   token's time, and the first one is for time-stamping alone (RFC 3161 2.3).
6. No certificate is there without a part in the path; trust anchors may be.
7. The signature fits.

Whether a certificate was revoked is another question: ask it for the path that comes back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha1
from hmac import compare_digest
from typing import Final

from attrs import field, frozen
from cryptography import x509

from lienthong.errors import LienthongError, TimestampInvalid, TooLarge
from lienthong.model.signing import MAX_CHAIN
from lienthong.model.time import check_aware
from lienthong.pki import der
from lienthong.pki.certificate import Certificate
from lienthong.pki.chain import (
    Purpose,
    TrustAnchors,
    ValidatedChain,
    is_signed_by,
    validate_chain,
)
from lienthong.pki.cms import DIGESTS, SignedData, digest_name, read_signed_data
from lienthong.pki.timestamp_request import make_request, read_reply
from lienthong.pki.tst_info import TST_INFO, TSTInfo, read_tst_info

__all__ = [
    "MAX_TOKEN_BYTES",
    "SIGNING_CERTIFICATE",
    "SIGNING_CERTIFICATE_V1",
    "TimeStamp",
    "make_request",
    "read_reply",
    "verify_token",
]

MAX_TOKEN_BYTES: Final = 64 * 1024
"""Of one token; real ones have 2 to 8 KiB."""

_WHAT: Final = "a time-stamp token"
SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.47"
"""Attribute that names the signer's certificate by a digest of SHA-2 (RFC 5816)."""

SIGNING_CERTIFICATE_V1: Final = "1.2.840.113549.1.9.16.2.12"
"""The same by SHA-1 (RFC 3161), as older authorities still do."""

_MAX_CERTIFICATES: Final = 2 * MAX_CHAIN
_DIRECTORY_NAME: Final = der.context(4)


@frozen(kw_only=True)
class TimeStamp:
    """What a token says, after it was found good."""

    gen_time: datetime
    """When the digest existed at the latest, UTC."""

    accuracy: timedelta
    """How far the true time may be away from ``gen_time``."""

    policy: str
    """Under which rules the authority works, an object identifier."""

    serial: int
    """Tells the authority's tokens apart."""

    nonce: int | None
    algorithm: str
    """``SHA-256``, ``SHA-384`` or ``SHA-512``."""

    imprint: bytes = field(repr=bytes.hex)
    """The digest that was stamped."""

    authority: ValidatedChain
    """The path from the authority's certificate to the trust anchor."""


def verify_token(  # noqa: PLR0913 - each expectation is named by the caller
    token: bytes,
    digest: bytes,
    anchors: TrustAnchors,
    *,
    algorithm: str = "SHA-256",
    nonce: int | None = None,
    policies: frozenset[str] = frozenset(),
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    certificates: Sequence[bytes] = (),
) -> TimeStamp:
    """Check a token (steps in the module's text); every error is an ``InputError``.

    Args:
        token: as ``read_reply`` gave it, DER.
        digest: what must have been stamped.
        anchors: the time-stamp authorities that are trusted.
        algorithm: made the digest: ``SHA-256``, ``SHA-384`` or ``SHA-512``.
        nonce: that was sent; not looked at without, as when a stored token is checked again.
        policies: one of these must be the token's; any without.
        not_before: earliest time that is believed, aware.
        not_after: latest time that is believed, aware.
        certificates: DER, of whomever, used where the token holds none or not enough.

    Raises:
        Malformed: step 1, or a certificate cannot be read.
        TimestampInvalid: step 2, 3, 4 or 6.
        ChainUntrusted: step 5.
        CertificateExpired: step 5.
        CertificateUnfit: step 5, or a certificate is too weak.
        AlgorithmUnsupported: a digest, key or signature of a kind that is not accepted.
        SignatureInvalid: step 7, or the content is not what was signed.
        TooLarge: the token has more than 64 KiB, or too many certificates.
        InvalidValue: its time lies outside the years 1900 to 9998.
        NaiveTime: a bound has no time zone.
    """
    signed, info = _read(token)
    _check_imprint(info, digest, algorithm)
    _check_nonce(info, nonce)
    _check_policy(info, policies)
    _check_bounds(info, not_before, not_after)
    sent = _sent(signed.certificates)
    known = [*sent, *_usable(certificates)]
    signer = _signer(signed, known)
    _check_named(signed, info, signer)
    path = _path(signer, known, anchors, info.gen_time)
    authority = validate_chain(path, anchors, info.gen_time, Purpose.TIME_STAMPING)
    _check_needed(sent, authority, anchors)
    signed.check_signature(signer, what=_WHAT)
    return _stamp(info, algorithm, authority)


def _read(token: bytes) -> tuple[SignedData, TSTInfo]:
    """Step 1."""
    if len(token) > MAX_TOKEN_BYTES:
        found, limit = f"{len(token)} bytes", f"{MAX_TOKEN_BYTES} bytes"
        raise TooLarge(what=_WHAT, found=found, limit=limit)
    signed = read_signed_data(token, what=_WHAT)
    if signed.content_type != TST_INFO:
        raise TimestampInvalid(reason=f"its content is of type {signed.content_type}")
    return signed, read_tst_info(signed.content, what=_WHAT)


def _stamp(info: TSTInfo, algorithm: str, authority: ValidatedChain) -> TimeStamp:
    return TimeStamp(
        gen_time=info.gen_time,
        accuracy=info.accuracy,
        policy=info.policy,
        serial=info.serial,
        nonce=info.nonce,
        algorithm=algorithm,
        imprint=info.imprint,
        authority=authority,
    )


def _check_imprint(info: TSTInfo, digest: bytes, algorithm: str) -> None:
    found = digest_name(info.algorithm)
    if found != algorithm:
        raise TimestampInvalid(reason=f"it stamps a digest by {found}, not by {algorithm}")
    if not compare_digest(info.imprint, digest):
        raise TimestampInvalid(reason="it stamps another digest")


def _check_nonce(info: TSTInfo, nonce: int | None) -> None:
    if nonce is not None and info.nonce != nonce:
        found = "no nonce" if info.nonce is None else "another nonce"
        raise TimestampInvalid(reason=f"it carries {found}, so it may be an old one")


def _check_policy(info: TSTInfo, policies: frozenset[str]) -> None:
    if policies and info.policy not in policies:
        raise TimestampInvalid(reason=f"it was given under the policy {info.policy}")


def _check_bounds(info: TSTInfo, not_before: datetime | None, not_after: datetime | None) -> None:
    for name, limit in (("not_before", not_before), ("not_after", not_after)):
        if limit is not None:
            check_aware(limit, field=name)
    early = not_before is not None and info.gen_time < not_before
    late = not_after is not None and info.gen_time > not_after
    if early or late:
        bound = f"before {not_before}" if early else f"after {not_after}"
        raise TimestampInvalid(reason=f"its time {info.gen_time.isoformat()} lies {bound}")


def _sent(certificates: Sequence[bytes]) -> list[Certificate]:
    if len(certificates) > _MAX_CERTIFICATES:
        found, limit = f"{len(certificates)} certificates", f"{_MAX_CERTIFICATES} certificates"
        raise TooLarge(what=_WHAT, found=found, limit=limit)
    return [Certificate.load(one) for one in certificates]


def _usable(certificates: Sequence[bytes]) -> list[Certificate]:
    """Those that may be part of a path; what else was handed in concerns others."""
    found = []
    for one in certificates:
        with contextlib.suppress(LienthongError):
            found.append(Certificate.load(one))
    return found


def _signer(signed: SignedData, known: list[Certificate]) -> Certificate:
    for certificate in known:
        if signed.is_signed_by(certificate):
            return certificate
    raise TimestampInvalid(reason="the certificate of its signer is not there")


def _check_named(signed: SignedData, info: TSTInfo, signer: Certificate) -> None:
    """Check who the signed parts say that signed; else one key with two certificates could."""
    attributes = signed.signer.attributes
    named = [kind for kind in (SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V1) if kind in attributes]
    if not named:
        raise TimestampInvalid(reason="no signed attribute names its certificate")
    for kind in named:
        attribute = der.Reader(attributes[kind], what=_WHAT).enter(der.SEQUENCE)
        first = attribute.enter(der.SEQUENCE).enter(der.SEQUENCE)
        _check_certificate_id(first, signer, has_algorithm=kind == SIGNING_CERTIFICATE)
    if info.authority is not None and info.authority not in _names(signer):
        raise TimestampInvalid(reason="the authority that it names is not its signer")


def _check_certificate_id(reader: der.Reader, signer: Certificate, *, has_algorithm: bool) -> None:
    """Check an ESSCertID (RFC 5035): its digest, and issuer and number where it has them."""
    if not has_algorithm:
        # To abuse SHA-1 here takes a second certificate of the same digest, key, issuer and number.
        expected = sha1(signer.der, usedforsecurity=False).digest()
    elif reader.tag == der.SEQUENCE:
        expected = DIGESTS[digest_name(reader.read_any().encoded)](signer.der)
    else:
        expected = DIGESTS["SHA-256"](signer.der)
    if not compare_digest(reader.octets(), expected):
        raise TimestampInvalid(reason="its signed attribute names another certificate")
    if reader.tag is not None:
        issuer = der.element(_DIRECTORY_NAME, signer.parsed.issuer.public_bytes())
        whose = der.sequence(der.sequence(issuer), der.integer(signer.parsed.serial_number))
        if reader.read_any().encoded != whose:
            raise TimestampInvalid(reason="its signed attribute names another issuer or number")
    reader.end()


def _names(signer: Certificate) -> list[bytes]:
    """The GeneralNames of a certificate's subject."""
    names = [der.element(_DIRECTORY_NAME, signer.parsed.subject.public_bytes())]
    others = signer.extension(x509.SubjectAlternativeName)
    if others is not None:
        inside = der.Reader(others.public_bytes(), what=_WHAT).enter(der.SEQUENCE)
        names += [one.encoded for one in inside.elements()]
    return names


def _path(
    signer: Certificate, known: list[Certificate], anchors: TrustAnchors, at: datetime
) -> tuple[bytes, ...]:
    """From the signer as far up as issuers were sent; a trust anchor ends the path."""

    def rank(one: Certificate) -> tuple[bool, bool]:
        # An authority that keeps its key has several certificates, and not all are in force.
        # A cross-certificate has its part in the path only where it stands before the anchor.
        return not one.not_before <= at <= one.not_after, one.der in anchors

    path = [signer]
    while len(path) < MAX_CHAIN and path[-1].der not in anchors:
        above = [one for one in known if one not in path and _issued(one, path[-1])]
        if not above:
            break
        path.append(min(above, key=rank))
    return tuple(one.der for one in path)


def _issued(issuer: Certificate, certificate: Certificate) -> bool:
    return certificate.is_issued_by(issuer) and is_signed_by(certificate, issuer)


def _check_needed(
    sent: list[Certificate], authority: ValidatedChain, anchors: TrustAnchors
) -> None:
    """Check that nothing was slipped in: what proves nothing was checked by nobody."""
    for one in sent:
        if one.der not in authority.path and one.der not in anchors:
            raise TimestampInvalid(reason=f"the certificate of {one.subject} has no part in it")
