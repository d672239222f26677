"""Time-stamps: what is asked, what is answered, what a good token says.

The tokens that must be refused are in ``token_forms.py``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha384, sha512
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.errors import (
    AlgorithmUnsupported,
    ChainUntrusted,
    Malformed,
    NaiveTime,
    SignatureInvalid,
    TimestampInvalid,
    TimestampRefused,
    TooLarge,
)
from lienthong.pki import cms, der
from lienthong.pki.chain import TrustAnchors
from lienthong.pki.timestamp import (
    SIGNING_CERTIFICATE,
    SIGNING_CERTIFICATE_V1,
    make_request,
    read_reply,
    verify_token,
)
from lienthong.testing.clock import FixedClock
from lienthong.testing.pki import DAY, Authority, KeyKind, TestPKI
from lienthong.testing.tsa import (
    POLICY,
    StampRequest,
    TestTSA,
    attribute,
    read_request,
    refusal,
    stamping_extensions,
)

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
PKI = TestPKI(NOW)
TSA = TestTSA(PKI)
_DER = Encoding.DER
DIGEST = sha256(b"52/2019/QD-UBND").digest()


# --- Asking ------------------------------------------------------------------------------------


def test_a_request_asks_for_everything_that_is_checked_later() -> None:
    request = make_request(DIGEST, nonce=2**64, policy="1.2.840")
    assert read_request(request) == StampRequest(
        algorithm="SHA-256", digest=DIGEST, policy="1.2.840", nonce=2**64, certificates=True
    )


def test_a_request_for_another_algorithm_is_refused() -> None:
    with pytest.raises(AlgorithmUnsupported):
        make_request(DIGEST, algorithm="SHA-1", nonce=1)


def test_a_request_for_something_that_is_no_digest_is_refused() -> None:
    with pytest.raises(TimestampInvalid, match="32 bytes is no SHA-512"):
        make_request(DIGEST, algorithm="SHA-512", nonce=1)


# --- Answers -----------------------------------------------------------------------------------


def test_the_authority_says_why_it_refuses() -> None:
    with pytest.raises(TimestampRefused) as caught:
        read_reply(refusal(2, text="hết hạn mức", failure=15))
    assert caught.value.facts["reason"] == "rejected, unacceptedPolicy, 'hết hạn mức'"
    assert caught.value.retryable


def test_what_the_authority_says_cannot_steer_a_terminal() -> None:
    with pytest.raises(TimestampRefused) as caught:
        read_reply(refusal(2, text="\x1b[31m"))
    assert str(caught.value).isprintable()


def test_a_talkative_authority_is_cut_short() -> None:
    words = der.sequence(*[der.element(der.UTF8_STRING, b"no")] * 10_000)
    with pytest.raises(TimestampRefused) as caught:
        read_reply(der.sequence(der.sequence(der.integer(2), words)))
    assert caught.value.facts["reason"] == "rejected, 'no', 'no', 'no', 'no'"


@pytest.mark.parametrize("failure", [0, 25, 30])
def test_a_grant_with_a_failure_is_none(failure: int) -> None:
    with pytest.raises(TimestampRefused):
        read_reply(refusal(0, failure=failure))


def test_a_grant_without_a_token_is_refused() -> None:
    with pytest.raises(Malformed, match="a token is granted and not there"):
        read_reply(refusal(0))


def test_a_grant_with_changes_is_a_grant() -> None:
    token = TSA.issue(DIGEST)
    reply = der.sequence(der.sequence(der.integer(1)), token)
    assert read_reply(reply) == token


@pytest.mark.parametrize(
    "reply", [b"", b"<html>", der.sequence(), refusal(0) + b"\0", refusal(2)[:-1]]
)
def test_what_is_no_reply_is_refused(reply: bytes) -> None:
    with pytest.raises(Malformed):
        read_reply(reply)


def test_an_endless_reply_is_not_read() -> None:
    with pytest.raises(TooLarge):
        read_reply(bytes(100_000))


# --- Good tokens -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in KeyKind if kind is not KeyKind.RSA1024])
@pytest.mark.parametrize("hash_name", ["SHA-256", "SHA-384", "SHA-512"])
def test_a_good_token_is_accepted(kind: KeyKind, hash_name: str) -> None:
    tsa = TestTSA(PKI, kind=kind, hash_name=hash_name)
    found = verify_token(tsa.issue(DIGEST, nonce=5), DIGEST, PKI.anchors, nonce=5)
    assert (found.gen_time, found.accuracy, found.nonce) == (NOW, timedelta(seconds=1), 5)
    assert (found.policy, found.algorithm, found.imprint) == (POLICY, "SHA-256", DIGEST)
    assert found.authority.path == (*tsa.identity.chain, PKI.root.certificate)
    assert found.serial == 1


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [("SHA-384", sha384(b"x").digest()), ("SHA-512", sha512(b"x").digest())],
)
def test_every_accepted_digest_is_stamped(algorithm: str, digest: bytes) -> None:
    request = make_request(digest, algorithm=algorithm, nonce=9)
    token = read_reply(TSA.reply(request))
    found = verify_token(token, digest, PKI.anchors, algorithm=algorithm, nonce=9)
    assert (found.algorithm, found.imprint) == (algorithm, digest)


def test_the_time_is_the_authoritys() -> None:
    clock = FixedClock(NOW)
    tsa = TestTSA(PKI, clock=clock)
    clock.advance(timedelta(hours=3, microseconds=7))
    assert verify_token(tsa.issue(DIGEST), DIGEST, PKI.anchors).gen_time == clock()


def test_a_stored_token_is_checked_again_without_its_nonce() -> None:
    token = TSA.issue(DIGEST, nonce=77)
    assert verify_token(token, DIGEST, PKI.anchors).nonce == 77


def test_certificates_may_come_from_elsewhere() -> None:
    token = TSA.issue(DIGEST, certificates=())
    found = verify_token(token, DIGEST, PKI.anchors, certificates=TSA.identity.chain)
    assert found.authority.leaf == TSA.identity.certificate


def test_certificates_from_elsewhere_may_be_of_anybody() -> None:
    namesake = PKI.root.authority(PKI.intermediate.name).certificate
    more = (b"nonsense", PKI.weak().certificate, namesake, *TSA.identity.chain)
    verify_token(TSA.issue(DIGEST), DIGEST, PKI.anchors, certificates=more)
    verify_token(TSA.issue(DIGEST, certificates=()), DIGEST, PKI.anchors, certificates=more)


@pytest.mark.parametrize("backwards", [True, False])
def test_certificates_may_stand_in_any_order_and_hold_the_anchor(backwards: bool) -> None:
    sent = (*TSA.identity.chain, PKI.root.certificate)
    token = TSA.issue(DIGEST, certificates=sent[::-1] if backwards else sent)
    verify_token(token, DIGEST, PKI.anchors)


def test_a_path_may_lead_over_a_cross_certificate() -> None:
    """Well-known authorities send their new root, signed by the old one that everybody trusts."""
    old = Authority.root("Old Root CA", now=NOW)
    crossed = old.authority("New Root CA")
    new = Authority(name="New Root CA", key=crossed.key, certificate=crossed.certificate, now=NOW)
    identity = new.issue("TSA", extensions=stamping_extensions())
    tsa = TestTSA(PKI, identity=identity)
    token = tsa.issue(DIGEST, certificates=(crossed.certificate, identity.certificate))
    found = verify_token(token, DIGEST, TrustAnchors([old.certificate]))
    assert found.authority.path[-1] == old.certificate


def test_an_authority_that_keeps_its_key_may_have_an_older_certificate() -> None:
    new = x509.load_der_x509_certificate(PKI.intermediate.certificate)
    builder = x509.CertificateBuilder(new.issuer, new.subject, new.public_key(), 1)
    builder = builder.not_valid_before(NOW - 2 * DAY).not_valid_after(NOW - DAY)
    for one in new.extensions:
        builder = builder.add_extension(one.value, critical=one.critical)
    old = builder.sign(PKI.root.key, hashes.SHA256()).public_bytes(_DER)
    token = TSA.issue(DIGEST, certificates=TSA.identity.chain[:1])
    for elsewhere in ((old, *TSA.identity.chain), (*TSA.identity.chain, old)):
        verify_token(token, DIGEST, PKI.anchors, certificates=elsewhere)


def test_the_authority_may_be_the_anchors_own_child() -> None:
    identity = PKI.root.issue("TSA", extensions=stamping_extensions())
    token = TestTSA(PKI, identity=identity).issue(DIGEST)
    assert verify_token(token, DIGEST, PKI.anchors).authority.path[1:] == (PKI.root.certificate,)


def test_another_anchor_does_not_do() -> None:
    other = TrustAnchors([Authority.root("Another", now=NOW).certificate])
    with pytest.raises(ChainUntrusted):
        verify_token(TSA.issue(DIGEST), DIGEST, other)


def test_the_bounds_of_time_belong_to_it() -> None:
    token = TSA.issue(DIGEST)
    verify_token(token, DIGEST, PKI.anchors, not_before=NOW, not_after=NOW)


@pytest.mark.parametrize("bound", ["not_before", "not_after"])
def test_a_bound_without_a_zone_is_refused(bound: str) -> None:
    bounds: Any = {bound: NOW.replace(tzinfo=None)}
    with pytest.raises(NaiveTime):
        verify_token(TSA.issue(DIGEST), DIGEST, PKI.anchors, **bounds)


def test_one_of_several_policies_does() -> None:
    policies = frozenset({"1.2.3", POLICY})
    verify_token(TSA.issue(DIGEST), DIGEST, PKI.anchors, policies=policies)


def _signer_names() -> list[bytes]:
    subject = x509.load_der_x509_certificate(TSA.identity.certificate).subject
    return [der.element(der.context(4), subject.public_bytes())]


def test_a_token_may_say_more() -> None:
    """Ordering, its authority's name, extensions that are not critical, further attributes."""
    extension = der.sequence(der.oid("0.4.0.1862.1.1"), der.octets(b"\5\0"))
    token = TSA.issue(
        DIGEST,
        nonce=1,
        faults={
            "info.ordering": lambda _: der.boolean(value=True),
            "info.authority": lambda _: der.element(der.context(0), *_signer_names()),
            "info.extensions": lambda _: der.element(der.context(1), extension),
            "attribute.more": lambda _: attribute("1.3.6.1.4.1.99999.8", der.integer(1)),
        },
    )
    verify_token(token, DIGEST, PKI.anchors, nonce=1)


def test_an_alternative_name_of_the_authority_counts() -> None:
    name = x509.UniformResourceIdentifier("https://tsa.example")
    extensions = [*stamping_extensions(), (x509.SubjectAlternativeName([name]), False)]
    tsa = TestTSA(PKI, identity=PKI.intermediate.issue("TSA", extensions=extensions))
    uri = der.element(der.context(6, constructed=False), b"https://tsa.example")
    faults = {"info.authority": lambda _: der.element(der.context(0), uri)}
    verify_token(tsa.issue(DIGEST, faults=faults), DIGEST, PKI.anchors)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (None, timedelta(seconds=1)),
        ([der.integer(2)], timedelta(seconds=2)),
        ([der.integer(5, 0x80)], timedelta(milliseconds=5)),
        ([der.integer(5, 0x81)], timedelta(microseconds=5)),
        (
            [der.integer(1), der.integer(500, 0x80), der.integer(100, 0x81)],
            timedelta(seconds=1, milliseconds=500, microseconds=100),
        ),
    ],
)
def test_the_accuracy_is_the_authoritys(parts: list[bytes] | None, expected: timedelta) -> None:
    written = b"" if parts is None else der.sequence(*parts)
    token = TSA.issue(DIGEST, faults={"info.accuracy": lambda _: written})
    assert verify_token(token, DIGEST, PKI.anchors).accuracy == expected


def _naming(kind: str, *fields: bytes) -> bytes:
    value = der.sequence(der.sequence(der.sequence(*fields)))
    token = TSA.issue(
        DIGEST, faults={"attribute.signing_certificate": lambda _: attribute(kind, value)}
    )
    verify_token(token, DIGEST, PKI.anchors)
    return token


def test_a_certificate_may_be_named_in_every_usual_way() -> None:
    certificate = x509.load_der_x509_certificate(TSA.identity.certificate)
    issuer = der.element(der.context(4), certificate.issuer.public_bytes())
    whose = der.sequence(der.sequence(issuer), der.integer(certificate.serial_number))
    by = {
        name: der.octets(make(certificate.public_bytes(_DER))) for name, make in cms.DIGESTS.items()
    }
    _naming(SIGNING_CERTIFICATE, by["SHA-256"], whose)
    _naming(SIGNING_CERTIFICATE, cms.digest_identifier("SHA-256", with_null=False), by["SHA-256"])
    _naming(SIGNING_CERTIFICATE, cms.digest_identifier("SHA-512"), by["SHA-512"], whose)
    old = der.octets(certificate.fingerprint(hashes.SHA1()))  # noqa: S303 - what authorities send
    _naming(SIGNING_CERTIFICATE_V1, old, whose)


def test_the_signer_may_be_named_by_its_key() -> None:
    key_id = x509.SubjectKeyIdentifier(b"\1" * 20)
    extensions = [*stamping_extensions(), (key_id, False)]
    tsa = TestTSA(PKI, identity=PKI.intermediate.issue("TSA", extensions=extensions))
    faults = {
        "signer.version": lambda _: der.integer(3),
        "signer.name": lambda _: der.element(der.context(0, constructed=False), b"\1" * 20),
    }
    verify_token(tsa.issue(DIGEST, faults=faults), DIGEST, PKI.anchors)


def _pss(salt: int) -> bytes:
    """A token signed with PSS, which names the usual salt."""
    tsa = TestTSA(PKI, kind=KeyKind.RSA2048)
    key = tsa.identity.key
    assert isinstance(key, rsa.RSAPrivateKey)
    signed: list[bytes] = []

    def keep(attributes: bytes) -> bytes:
        signed.append(der.element(der.SET, attributes))
        return attributes

    def sign(_: bytes) -> bytes:
        salted = padding.PSS(padding.MGF1(hashes.SHA256()), salt)
        return der.octets(key.sign(signed[0], salted, hashes.SHA256()))

    faults = {
        "attributes": keep,
        "signer.signature": sign,
        "signer.algorithm": lambda _: _pss_identifier(),
    }
    return tsa.issue(DIGEST, faults=faults)


def _pss_identifier() -> bytes:
    digest = cms.digest_identifier("SHA-256")
    masked = der.sequence(der.oid("1.2.840.113549.1.1.8"), digest)
    parts = [
        der.element(0xA0, digest),
        der.element(0xA1, masked),
        der.element(0xA2, der.integer(32)),
    ]
    return der.sequence(der.oid("1.2.840.113549.1.1.10"), der.sequence(*parts))


def test_signatures_with_pss_are_accepted_with_the_usual_salt_only() -> None:
    verify_token(_pss(32), DIGEST, PKI.anchors)
    with pytest.raises(SignatureInvalid):
        verify_token(_pss(20), DIGEST, PKI.anchors)


def test_pss_of_another_kind_of_key_is_refused() -> None:
    token = TSA.issue(DIGEST, faults={"signer.algorithm": lambda _: _pss_identifier()})
    with pytest.raises(AlgorithmUnsupported):
        verify_token(token, DIGEST, PKI.anchors)


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        (KeyKind.RSA2048, KeyKind.P256),
        (KeyKind.P256, KeyKind.RSA2048),
        (KeyKind.ED25519, KeyKind.P256),
        (KeyKind.P256, KeyKind.ED25519),
    ],
)
def test_a_signature_of_another_kind_than_the_key_is_refused(kind: KeyKind, other: KeyKind) -> None:
    parts: dict[str, bytes] = {}

    def keep(name: str) -> dict[str, object]:
        return {name: lambda part: parts.setdefault(name, part)}

    TestTSA(PKI, kind=other, hash_name="SHA-512").issue(DIGEST, faults=keep("signer.algorithm"))  # type: ignore[arg-type]
    tsa = TestTSA(PKI, kind=kind, hash_name="SHA-512")
    token = tsa.issue(DIGEST, faults={"signer.algorithm": lambda _: parts["signer.algorithm"]})
    with pytest.raises(AlgorithmUnsupported):
        verify_token(token, DIGEST, PKI.anchors)
