"""Envelopes: who signed what, and everything that must not pass for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from lienthong.errors import (
    CertificateExpired,
    CertificateUnfit,
    ChainUntrusted,
    InvalidValue,
    LienthongError,
    Malformed,
    NaiveTime,
    SignatureInvalid,
)
from lienthong.model.signing import (
    MANIFEST_TYPE,
    STATEMENT_TYPE,
    Envelope,
    SignatureAlgorithm,
)
from lienthong.pki.chain import ChainCache, TrustAnchors
from lienthong.pki.dsse import pre_authentication_encoding
from lienthong.pki.envelope import sign_envelope, verify_envelope
from lienthong.testing.pki import DAY, Identity, KeyKind, TestPKI

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
PKI = TestPKI(NOW)
ANCHORS = PKI.anchors
SIGNER = PKI.organisation("H53.01")
PAYLOAD = b"a serialised manifest"
ENVELOPE = sign_envelope(SIGNER.signer(), MANIFEST_TYPE, PAYLOAD)


def signed_by(identity: Identity) -> Envelope:
    return sign_envelope(identity.signer(), MANIFEST_TYPE, PAYLOAD)


def altered(**changes: Any) -> Envelope:
    """The good envelope with its one signature changed."""
    return evolve(ENVELOPE, signatures=(evolve(ENVELOPE.signatures[0], **changes),))


@pytest.mark.parametrize("kind", [kind for kind in KeyKind if kind is not KeyKind.RSA1024])
def test_evidence_names_signer_chain_and_time(kind: KeyKind) -> None:
    signer = PKI.organisation("H53.02", kind)
    found = verify_envelope(signed_by(signer), ANCHORS, NOW)
    assert found.subject == "CN=H53.02,C=VN"
    assert found.fingerprint == signer.fingerprint
    assert found.chain == (*signer.chain, PKI.root.certificate)
    assert (found.at, found.payload_type, found.others) == (NOW, MANIFEST_TYPE, ())


@pytest.mark.parametrize(
    "algorithm", [each for each in SignatureAlgorithm if each.value.startswith("RSA")]
)
def test_rsa_keys_may_choose_their_padding(algorithm: SignatureAlgorithm) -> None:
    signer = PKI.organisation("H53.02", KeyKind.RSA2048).signer(algorithm)
    envelope = sign_envelope(signer, STATEMENT_TYPE, PAYLOAD)
    assert envelope.signatures[0].algorithm is algorithm
    verify_envelope(envelope, ANCHORS, NOW)


def test_what_is_signed_is_the_pre_authentication_encoding() -> None:
    signer = SIGNER.signer()
    envelope = sign_envelope(signer, MANIFEST_TYPE, PAYLOAD)
    assert signer.signed == [pre_authentication_encoding(MANIFEST_TYPE, PAYLOAD)]
    assert (envelope.payload, envelope.payload_type) == (PAYLOAD, MANIFEST_TYPE)


def test_another_payload_is_refused() -> None:
    with pytest.raises(SignatureInvalid, match="the manifest by CN=H53"):
        verify_envelope(evolve(ENVELOPE, payload=PAYLOAD + b"."), ANCHORS, NOW)


def test_the_same_payload_as_another_type_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        verify_envelope(evolve(ENVELOPE, payload_type=STATEMENT_TYPE), ANCHORS, NOW)


def test_a_type_that_was_not_asked_for_is_refused() -> None:
    verify_envelope(ENVELOPE, ANCHORS, NOW, payload_type=MANIFEST_TYPE)
    with pytest.raises(Malformed, match="statement"):
        verify_envelope(ENVELOPE, ANCHORS, NOW, payload_type=STATEMENT_TYPE)


def test_unknown_types_are_refused() -> None:
    with pytest.raises(Malformed, match="unknown payload type"):
        verify_envelope(evolve(ENVELOPE, payload_type="text/plain"), ANCHORS, NOW)
    with pytest.raises(Malformed):
        sign_envelope(SIGNER.signer(), "text/plain", PAYLOAD)


def test_empty_and_huge_payloads_are_not_signed() -> None:
    for payload in (b"", bytes(1024 * 1024 + 1)):
        with pytest.raises(InvalidValue):
            sign_envelope(SIGNER.signer(), MANIFEST_TYPE, payload)


@pytest.mark.parametrize(
    "algorithm", [each for each in SignatureAlgorithm if each.value != "ECDSA_P256_SHA256"]
)
def test_another_algorithm_is_refused(algorithm: SignatureAlgorithm) -> None:
    with pytest.raises(CertificateUnfit):
        verify_envelope(altered(algorithm=algorithm), ANCHORS, NOW)


def test_every_signature_must_hold() -> None:
    second = PKI.organisation("H53.02", KeyKind.ED25519)
    both = evolve(ENVELOPE, signatures=(*ENVELOPE.signatures, *signed_by(second).signatures))
    found = verify_envelope(both, ANCHORS, NOW)
    assert found.fingerprint == SIGNER.fingerprint
    assert [other.fingerprint for other in found.others] == [second.fingerprint]
    wrong = evolve(both.signatures[1], value=bytes(64))
    with pytest.raises(SignatureInvalid, match="by CN=H53"):
        verify_envelope(evolve(both, signatures=(both.signatures[0], wrong)), ANCHORS, NOW)


def test_the_key_of_another_certificate_is_refused() -> None:
    other = PKI.organisation("H53.02")
    with pytest.raises(SignatureInvalid):
        verify_envelope(altered(chain=other.chain), ANCHORS, NOW)


@pytest.mark.parametrize(
    ("identity", "error"),
    [
        (PKI.expired(), CertificateExpired),
        (PKI.not_yet_valid(), CertificateExpired),
        (PKI.wrong_usage(), CertificateUnfit),
        (PKI.weak(), CertificateUnfit),
        (PKI.foreign(), ChainUntrusted),
        (PKI.server(), CertificateUnfit),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_bad_certificates_are_refused(identity: Identity, error: type[LienthongError]) -> None:
    with pytest.raises(error):
        verify_envelope(signed_by(identity), ANCHORS, NOW)


def test_a_signature_without_certificates_is_refused() -> None:
    with pytest.raises(ChainUntrusted):
        verify_envelope(altered(chain=()), ANCHORS, NOW)


def test_certificates_are_judged_at_the_given_moment() -> None:
    signer = PKI.expired()
    verify_envelope(signed_by(signer), ANCHORS, NOW - 2 * DAY)
    with pytest.raises(NaiveTime):
        verify_envelope(ENVELOPE, ANCHORS, NOW.replace(tzinfo=None))


def test_no_byte_of_a_signature_or_payload_can_change() -> None:
    cache = ChainCache()
    verify_envelope(ENVELOPE, ANCHORS, NOW, cache)
    value = ENVELOPE.signatures[0].value
    changed = [
        *(evolve(ENVELOPE, payload=flip(PAYLOAD, at)) for at in range(len(PAYLOAD))),
        *(altered(value=flip(value, at)) for at in range(len(value))),
    ]
    for envelope in changed:
        with pytest.raises(SignatureInvalid):
            verify_envelope(envelope, ANCHORS, NOW, cache)


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :]


# --- Verifiers with a planted fault are caught --------------------------------------------------

Verify = Callable[[Envelope, TrustAnchors, datetime], object]


def ignoring_the_chain(envelope: Envelope, _anchors: TrustAnchors, at: datetime) -> object:
    """Planted: trusts whatever root comes along."""
    stranger = TrustAnchors([PKI.root.certificate, FOREIGN_ROOT])
    return verify_envelope(envelope, stranger, at)


def ignoring_the_type(envelope: Envelope, anchors: TrustAnchors, at: datetime) -> object:
    """Planted: takes the type that fits."""
    return verify_envelope(evolve(envelope, payload_type=MANIFEST_TYPE), anchors, at)


def ignoring_the_time(envelope: Envelope, anchors: TrustAnchors, _at: datetime) -> object:
    """Planted: judges all certificates at a moment when they were good."""
    return verify_envelope(envelope, anchors, NOW - 2 * DAY)


STRANGER = TestPKI(NOW)
FOREIGN_ROOT = STRANGER.root.certificate
FORGERIES = {
    "chain": signed_by(STRANGER.organisation("H53.01")),
    "type": evolve(ENVELOPE, payload_type=STATEMENT_TYPE),
    "time": signed_by(PKI.expired()),
}


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize(
    ("verify", "blind_to"),
    [
        (verify_envelope, ""),
        (ignoring_the_chain, "chain"),
        (ignoring_the_type, "type"),
        (ignoring_the_time, "time"),
    ],
)
def test_each_planted_fault_lets_its_forgery_through(
    verify: Verify, blind_to: str, forgery: str
) -> None:
    if forgery == blind_to:
        verify(FORGERIES[forgery], ANCHORS, NOW)
    else:
        with pytest.raises(LienthongError):
            verify(FORGERIES[forgery], ANCHORS, NOW)
