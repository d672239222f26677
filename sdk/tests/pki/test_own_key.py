"""What a signer finds out about its own key: how it signs, and its chain, in whatever order."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lienthong.errors import KeyUnusable
from lienthong.model.signing import MAX_CHAIN, SignatureAlgorithm
from lienthong.pki.algorithms import default_algorithm
from lienthong.pki.own_key import own_algorithm, own_chain
from lienthong.testing.pki import Authority, Identity, KeyKind, TestPKI, signing_extensions

PKI = TestPKI()
SEED = 20260101


def info(identity: Identity) -> bytes:
    public = identity.key.public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def loaded(*found: bytes) -> list[x509.Certificate]:
    return [x509.load_der_x509_certificate(der) for der in found]


def test_any_order_gives_the_path_without_the_root_and_without_strangers() -> None:
    identity = PKI.organisation("H53.01")
    found = loaded(
        *identity.chain,
        PKI.root.certificate,
        *PKI.organisation("H53.02").chain,
        *PKI.foreign().chain,
    )
    generator = random.Random(SEED)
    for _ in range(20):
        generator.shuffle(found)
        assert own_chain(info(identity), found, key="key") == identity.chain


def test_the_issuer_is_found_by_its_signature_and_not_by_its_name() -> None:
    """An authority with a new key keeps its name, and so does an impostor."""
    identity = PKI.organisation("H53.01")
    namesake = PKI.root.authority(PKI.intermediate.name)
    found = loaded(namesake.certificate, *identity.chain)
    assert own_chain(info(identity), found, key="key") == identity.chain


def issue(subject: Authority, issuer: Authority) -> x509.Certificate:
    """A certificate of one authority by another."""
    [own], [other] = loaded(subject.certificate), loaded(issuer.certificate)
    builder = x509.CertificateBuilder(
        issuer_name=other.subject,
        subject_name=own.subject,
        public_key=own.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=own.not_valid_before_utc,
        not_valid_after=own.not_valid_after_utc,
    )
    return builder.sign(issuer.key, hashes.SHA256())


def test_of_two_certificates_of_one_key_the_later_counts() -> None:
    identity = PKI.organisation("H53.01")
    [old] = loaded(identity.certificate)
    builder = x509.CertificateBuilder(
        issuer_name=old.issuer,
        subject_name=old.subject,
        public_key=old.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=old.not_valid_before_utc + timedelta(days=1),
        not_valid_after=old.not_valid_after_utc,
    )
    issuer = PKI.intermediate.key
    renewed = builder.sign(issuer, hashes.SHA256())
    for found in ([old, renewed], [renewed, old]):
        assert own_chain(info(identity), found, key="key") == (renewed.public_bytes(Encoding.DER),)


def test_a_self_signed_certificate_of_the_key_is_its_whole_chain() -> None:
    root = PKI.root
    identity = Identity(name="root", key=root.key, chain=(root.certificate,))
    assert own_chain(info(identity), loaded(root.certificate), key="key") == (root.certificate,)


def test_a_certificate_of_another_key_is_refused() -> None:
    other = PKI.organisation("H53.02")
    with pytest.raises(KeyUnusable, match="the key mine cannot be used: no certificate is of this"):
        own_chain(info(PKI.organisation("H53.01")), loaded(*other.chain), key="mine")


def test_authorities_that_have_issued_each_other_are_named_once() -> None:
    first, second = PKI.root.authority("First"), PKI.root.authority("Second")
    crossed = [issue(first, second), issue(second, first)]
    identity = first.issue("crossed", extensions=signing_extensions())
    found = own_chain(info(identity), [*loaded(identity.certificate), *crossed], key="key")
    assert len(found) == len(set(found)) == 3


def test_a_chain_that_is_too_long_is_refused() -> None:
    authority: Authority = PKI.root
    for number in range(MAX_CHAIN):
        authority = authority.authority(f"Level {number}")
    identity = authority.issue("deep", extensions=signing_extensions())
    with pytest.raises(KeyUnusable, match="more than 5 parts"):
        own_chain(info(identity), loaded(*identity.chain), key="key")


@pytest.mark.parametrize("kind", [kind for kind in KeyKind if kind is not KeyKind.RSA1024])
def test_a_key_signs_with_what_it_can_do_only(kind: KeyKind) -> None:
    public = PKI.organisation("H53.01", kind).key.public_key()
    assert own_algorithm(public, None, key="key") is default_algorithm(public)
    refused = 0
    for algorithm in SignatureAlgorithm:
        try:
            assert own_algorithm(public, algorithm, key="key") is algorithm
        except KeyUnusable:
            refused += 1
    assert refused == len(SignatureAlgorithm) - (4 if kind is KeyKind.RSA2048 else 1)
