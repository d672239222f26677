"""Certificate paths: each rule has certificates that break only this rule."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from lienthong.errors import (
    AlgorithmUnsupported,
    CertificateExpired,
    CertificateUnfit,
    ChainUntrusted,
    InvalidValue,
    LienthongError,
    Malformed,
    NaiveTime,
    TooLarge,
)
from lienthong.pki.certificate import Certificate, load_pem_chain
from lienthong.pki.chain import (
    ChainCache,
    Purpose,
    TrustAnchors,
    ValidatedChain,
    check_certificate,
    validate_chain,
)
from lienthong.testing.pki import (
    DAY,
    Authority,
    Identity,
    KeyKind,
    TestPKI,
    client_extensions,
    extended_key_usage,
    key_usage,
    server_extensions,
    signing_extensions,
)

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
PKI = TestPKI(NOW)
ANCHORS = PKI.anchors
GOOD = PKI.organisation("H53.01")

Extensions = Sequence[tuple[x509.ExtensionType, bool]]


def validate(
    identity: Identity | Sequence[bytes],
    purpose: Purpose = Purpose.SIGNING,
    *,
    at: datetime = NOW,
    anchors: TrustAnchors = ANCHORS,
    cache: ChainCache | None = None,
) -> ValidatedChain:
    chain = identity.chain if isinstance(identity, Identity) else identity
    return validate_chain(chain, anchors, at, purpose, cache)


def issue(extensions: Extensions, authority: Authority = PKI.intermediate) -> Identity:
    return authority.issue("leaf", extensions=extensions)


# --- Good paths --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in KeyKind if kind is not KeyKind.RSA1024])
def test_a_good_chain_leads_to_the_root(kind: KeyKind) -> None:
    signer = PKI.organisation("H53.02", kind)
    found = validate(signer)
    assert found.leaf == signer.certificate
    assert found.path == (*signer.chain, PKI.root.certificate)
    assert found.subject == "CN=H53.02,C=VN"
    assert found.fingerprint == signer.fingerprint


def test_the_root_may_be_sent_along() -> None:
    assert validate((*GOOD.chain, PKI.root.certificate)).path == validate(GOOD).path


def test_a_leaf_directly_under_the_root_is_good() -> None:
    assert len(validate(issue(signing_extensions(), PKI.root)).path) == 2


@pytest.mark.parametrize("kind", [KeyKind.RSA2048, KeyKind.P384, KeyKind.ED25519])
def test_authorities_may_have_any_accepted_key(kind: KeyKind) -> None:
    root = Authority.root("Root", now=NOW, kind=kind)
    leaf = root.authority("Sub", kind=kind).issue("leaf", extensions=signing_extensions())
    assert validate(leaf, anchors=TrustAnchors([root.certificate])).subject == "CN=leaf,C=VN"


def test_transport_certificates_are_good_for_their_end_only() -> None:
    client, server = PKI.client("H53.01"), PKI.server()
    validate(client, Purpose.CLIENT)
    validate(server, Purpose.SERVER)
    with pytest.raises(CertificateUnfit):
        validate(client, Purpose.SERVER)
    with pytest.raises(CertificateUnfit):
        validate(server, Purpose.CLIENT)
    with pytest.raises(CertificateUnfit, match="not for signing"):
        validate(server)
    with pytest.raises(CertificateUnfit):
        validate(GOOD, Purpose.CLIENT)


def test_critical_policies_are_accepted() -> None:
    policy = x509.PolicyInformation(ObjectIdentifier("2.16.704.1.1"), None)
    validate(issue([*signing_extensions(), (x509.CertificatePolicies([policy]), True)]))


def test_an_authority_with_a_renewed_key_is_found_by_its_signature() -> None:
    old = Authority.root("Same Name", now=NOW)
    new = Authority.root("Same Name", now=NOW)
    anchors = TrustAnchors([old.certificate, new.certificate])
    for root in (old, new):
        found = validate(issue(signing_extensions(), root), anchors=anchors)
        assert found.path[-1] == root.certificate


# --- Step 1: form ------------------------------------------------------------------------------


def test_no_certificate_is_refused() -> None:
    with pytest.raises(ChainUntrusted, match="no certificate"):
        validate(())


def test_more_than_five_certificates_are_refused() -> None:
    with pytest.raises(TooLarge, match="6 certificates"):
        validate((GOOD.certificate,) * 6)


def test_a_certificate_twice_is_refused() -> None:
    with pytest.raises(ChainUntrusted, match="twice"):
        validate((*GOOD.chain, GOOD.chain[1]))


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30\x00",
        b"no certificate",
        GOOD.certificate[:-1],
        GOOD.certificate + b"\x00",
        GOOD.chain_pem,
    ],
)
def test_what_is_no_certificate_is_refused(der: bytes) -> None:
    with pytest.raises(Malformed):
        validate((der,))


def test_a_huge_certificate_is_refused() -> None:
    with pytest.raises(TooLarge):
        validate((GOOD.certificate + bytes(16 * 1024),))


def test_weak_keys_are_refused() -> None:
    with pytest.raises(CertificateUnfit, match="1024 bits"):
        validate(PKI.weak())


def test_keys_on_other_curves_are_refused() -> None:
    key = ec.generate_private_key(ec.SECP521R1())
    builder = x509.CertificateBuilder(
        issuer_name=x509.load_der_x509_certificate(PKI.root.certificate).subject,
        subject_name=x509.load_der_x509_certificate(GOOD.certificate).subject,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=NOW,
        not_valid_after=NOW + DAY,
    )
    assert isinstance(PKI.root.key, ec.EllipticCurvePrivateKey)
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    certificate = builder.sign(PKI.root.key, hashes.SHA256()).public_bytes(Encoding.DER)
    with pytest.raises(AlgorithmUnsupported, match="secp521r1"):
        validate((certificate,))


@pytest.mark.parametrize("first", [0x80, 0xFF], ids=["smallest", "largest"])
def test_negative_serial_numbers_are_refused(first: int) -> None:
    """RFC 5280 4.1.2.2; the library only warns of them yet."""
    der = bytearray(GOOD.certificate)
    at = der.index(b"\xa0\x03\x02\x01\x02\x02") + 5  # version 3, then the INTEGER
    der[at + 2 : at + 4] = bytes([first, 0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(CertificateUnfit, match="serial number"):
            Certificate.load(bytes(der))


def test_a_certificate_is_judged_by_what_it_says_of_itself() -> None:
    check_certificate(GOOD.certificate, Purpose.SIGNING)
    with pytest.raises(CertificateUnfit, match="does not allow TLS"):
        check_certificate(GOOD.certificate, Purpose.CLIENT)
    with pytest.raises(CertificateUnfit, match="an authority's"):
        check_certificate(PKI.root.certificate, Purpose.SIGNING)
    with pytest.raises(CertificateUnfit, match="bits"):
        check_certificate(PKI.weak().certificate, Purpose.SIGNING)


@pytest.mark.parametrize("arc", [b"\x05", b"\x04"], ids=["sha1", "md5"])
def test_weak_signature_hashes_are_refused(arc: bytes) -> None:
    root = Authority.root("Root", now=NOW, kind=KeyKind.RSA2048)
    leaf = root.issue("leaf", extensions=signing_extensions())
    # 1.2.840.113549.1.1.11 (sha256WithRSAEncryption) becomes …5 (SHA-1) or …4 (MD5).
    oid = bytes.fromhex("2a864886f70d0101")
    weak = leaf.certificate.replace(oid + b"\x0b", oid + arc)
    with pytest.raises(CertificateUnfit, match="signed with"):
        validate((weak,), anchors=TrustAnchors([root.certificate]))


def test_unknown_critical_extensions_are_refused() -> None:
    strange = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
    validate(issue([*signing_extensions(), (strange, False)]))
    with pytest.raises(CertificateUnfit, match=r"1\.3\.6\.1\.4\.1\.99999\.1"):
        validate(issue([*signing_extensions(), (strange, True)]))


@pytest.mark.parametrize("critical", [True, False])
@pytest.mark.parametrize(
    "constraints",
    [
        x509.NameConstraints([x509.DNSName("example.com")], None),
        x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None),
    ],
)
def test_constraints_are_never_ignored(constraints: x509.ExtensionType, critical: bool) -> None:
    authority_extensions = [
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (key_usage(key_cert_sign=True), True),
        (constraints, critical),
    ]
    authority = PKI.root.authority("Constrained", extensions=authority_extensions)
    with pytest.raises(CertificateUnfit, match="critical"):
        validate(issue(signing_extensions(), authority))


# --- Step 2 and 3: names and signatures --------------------------------------------------------


def test_a_foreign_authority_with_our_name_is_refused() -> None:
    with pytest.raises(ChainUntrusted, match="did not sign"):
        validate(PKI.foreign())


def test_an_unknown_authority_is_refused() -> None:
    stranger = Authority.root("Stranger", now=NOW)
    with pytest.raises(ChainUntrusted, match="unknown issuer"):
        validate(issue(signing_extensions(), stranger))


def test_a_missing_link_is_refused() -> None:
    with pytest.raises(ChainUntrusted, match="unknown issuer CN=Test Issuing CA"):
        validate((GOOD.certificate,))


def test_links_in_the_wrong_order_are_refused() -> None:
    middle = PKI.root.authority("Middle")
    lowest = middle.authority("Lowest")
    leaf = issue(signing_extensions(), lowest)
    validate(leaf)
    with pytest.raises(ChainUntrusted):
        validate((leaf.chain[0], leaf.chain[2], leaf.chain[1]))


def test_a_link_with_the_name_but_not_the_key_is_refused() -> None:
    impostor = PKI.root.authority(PKI.intermediate.name)
    with pytest.raises(ChainUntrusted, match="did not sign it"):
        validate((GOOD.certificate, impostor.certificate))


def test_no_byte_of_a_certificate_can_change() -> None:
    accepted = []
    for link, der in enumerate(GOOD.chain):
        for at in range(len(der)):
            altered = der[:at] + bytes([der[at] ^ 0x01]) + der[at + 1 :]
            chain = (*GOOD.chain[:link], altered, *GOOD.chain[link + 1 :])
            try:
                validate(chain)
            except LienthongError:
                continue
            accepted.append((link, at))
    assert accepted == []


def test_a_signature_with_unused_bits_is_refused() -> None:
    even = next(
        identity
        for identity in (issue(signing_extensions()) for _ in range(200))
        if identity.certificate[-1] % 2 == 0
    )
    signature = x509.load_der_x509_certificate(even.certificate).signature
    at = len(even.certificate) - len(signature) - 1
    altered = even.certificate[:at] + b"\x01" + signature
    with pytest.raises(Malformed, match="canonical"):
        validate((altered, *even.chain[1:]))


# --- Step 4: time ------------------------------------------------------------------------------


def test_expired_and_future_certificates_are_refused() -> None:
    with pytest.raises(CertificateExpired, match="CN=expired"):
        validate(PKI.expired())
    with pytest.raises(CertificateExpired, match="CN=not-yet-valid"):
        validate(PKI.not_yet_valid())


def test_both_ends_of_the_period_are_inside() -> None:
    leaf = Certificate.load(GOOD.certificate)
    validate(GOOD, at=leaf.not_before)
    validate(GOOD, at=leaf.not_after)
    for outside in (leaf.not_before - timedelta(seconds=1), leaf.not_after + timedelta(seconds=1)):
        with pytest.raises(CertificateExpired):
            validate(GOOD, at=outside)


def test_an_expired_link_is_refused() -> None:
    authority = PKI.root.authority("Old", period=(NOW - 10 * DAY, NOW - DAY))
    with pytest.raises(CertificateExpired, match="CN=Old"):
        validate(issue(signing_extensions(), authority))


def test_the_anchor_expires_too() -> None:
    root = Authority.root("Root", now=NOW - 8000 * DAY)
    leaf = root.issue("leaf", extensions=signing_extensions(), period=(NOW - DAY, NOW + DAY))
    with pytest.raises(CertificateExpired, match="CN=Root"):
        validate(leaf, anchors=TrustAnchors([root.certificate]))


def test_naive_time_is_refused() -> None:
    with pytest.raises(NaiveTime):
        validate(GOOD, at=NOW.replace(tzinfo=None))


def test_other_time_zones_mean_the_same_instant() -> None:
    validate(GOOD, at=NOW.astimezone(timezone(timedelta(hours=7))))


# --- Step 5: issuers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extensions", "reason"),
    [
        ([], "not an authority's"),
        ([(x509.BasicConstraints(ca=False, path_length=None), True)], "not an authority's"),
        (
            [
                (x509.BasicConstraints(ca=True, path_length=None), True),
                (key_usage(digital_signature=True), True),
            ],
            "may not sign certificates",
        ),
    ],
)
def test_an_issuer_that_is_no_authority_is_refused(extensions: Extensions, reason: str) -> None:
    authority = PKI.root.authority("Sub", extensions=extensions)
    with pytest.raises(CertificateUnfit, match=reason):
        validate(issue(signing_extensions(), authority))


def test_a_signer_cannot_issue_for_others() -> None:
    signer = Authority(
        name=GOOD.name, key=GOOD.key, certificate=GOOD.certificate, above=GOOD.chain[1:], now=NOW
    )
    with pytest.raises(CertificateUnfit, match="not an authority's"):
        validate(issue(signing_extensions(), signer))


def test_path_lengths_are_kept() -> None:
    lowest = PKI.intermediate.authority("Too deep")
    with pytest.raises(CertificateUnfit, match="allows 0 authorities"):
        validate(issue(signing_extensions(), lowest))
    root = Authority.root("Root", now=NOW, path_length=0)
    anchors = TrustAnchors([root.certificate])
    validate(issue(signing_extensions(), root), anchors=anchors)
    with pytest.raises(CertificateUnfit, match="CN=Root"):
        validate(issue(signing_extensions(), root.authority("Sub")), anchors=anchors)


# --- Step 6: the leaf --------------------------------------------------------------------------


def test_certificates_for_other_uses_are_refused() -> None:
    with pytest.raises(CertificateUnfit, match="digitalSignature"):
        validate(PKI.wrong_usage())


def test_a_certificate_without_key_usage_is_refused() -> None:
    with pytest.raises(CertificateUnfit, match="digitalSignature"):
        validate(issue([]))


@pytest.mark.parametrize(
    "usage", [key_usage(digital_signature=True), key_usage(content_commitment=True)]
)
def test_either_signing_bit_is_enough(usage: x509.KeyUsage) -> None:
    validate(issue([(usage, True)]))


@pytest.mark.parametrize(
    "oid",
    [
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.TIME_STAMPING,
        ExtendedKeyUsageOID.OCSP_SIGNING,
        ExtendedKeyUsageOID.CODE_SIGNING,
    ],
)
def test_certificates_of_other_trades_do_not_sign(oid: ObjectIdentifier) -> None:
    with pytest.raises(CertificateUnfit, match="not for signing"):
        validate(issue([*signing_extensions(), (extended_key_usage(oid), False)]))
    both = extended_key_usage(oid, ExtendedKeyUsageOID.EMAIL_PROTECTION)
    validate(issue([*signing_extensions(), (both, False)]))


def test_an_authority_does_not_sign_documents() -> None:
    with pytest.raises(CertificateUnfit, match="authority's, not a signer's"):
        validate((PKI.intermediate.certificate,))
    with pytest.raises(CertificateUnfit, match="trust anchor"):
        validate((PKI.root.certificate,))


@pytest.mark.parametrize("extensions", [client_extensions(), server_extensions(["a.example"])])
def test_transport_needs_the_signing_bit(extensions: Extensions) -> None:
    without = [(key_usage(key_encipherment=True), True), extensions[2]]
    purpose = Purpose.CLIENT if len(extensions) == 3 else Purpose.SERVER
    with pytest.raises(CertificateUnfit, match="digitalSignature"):
        validate(issue(without), purpose)


# --- Anchors -----------------------------------------------------------------------------------


def test_anchors_are_needed_and_are_authorities() -> None:
    with pytest.raises(InvalidValue):
        TrustAnchors([])
    with pytest.raises(CertificateUnfit):
        TrustAnchors([GOOD.certificate])
    with pytest.raises(Malformed):
        TrustAnchors([b"no certificate"])


def test_anchors_are_read_from_pem() -> None:
    anchors = TrustAnchors.from_pem(PKI.root.pem + PKI.intermediate.pem)
    assert len(anchors) == 2
    assert PKI.root.certificate in anchors
    with pytest.raises(Malformed):
        TrustAnchors.from_pem(b"")
    assert load_pem_chain(GOOD.chain_pem) == GOOD.chain


def test_an_intermediate_may_be_an_anchor() -> None:
    anchors = TrustAnchors([PKI.intermediate.certificate])
    assert len(validate(GOOD, anchors=anchors).path) == 2
    assert len(validate((GOOD.certificate,), anchors=anchors).path) == 2


# --- The cache ---------------------------------------------------------------------------------


def test_a_cached_chain_is_still_judged_in_time() -> None:
    cache = ChainCache()
    first = validate(GOOD, cache=cache)
    assert validate(GOOD, cache=cache) is first
    with pytest.raises(CertificateExpired):
        validate(GOOD, at=NOW + 400 * DAY, cache=cache)
    assert validate(GOOD, cache=cache).path == first.path


def test_the_cache_keeps_anchors_and_purposes_apart() -> None:
    cache = ChainCache()
    validate(GOOD, cache=cache)
    with pytest.raises(CertificateUnfit):
        validate(GOOD, Purpose.CLIENT, cache=cache)
    stranger = TrustAnchors([Authority.root("Stranger", now=NOW).certificate])
    with pytest.raises(ChainUntrusted):
        validate(GOOD, anchors=stranger, cache=cache)


def test_a_refused_chain_is_not_remembered() -> None:
    cache = ChainCache()
    for _ in range(2):
        with pytest.raises(ChainUntrusted):
            validate(PKI.foreign(), cache=cache)
    assert len(cache) == 0


def test_the_cache_is_bounded() -> None:
    cache = ChainCache(capacity=2)
    for name in ("a", "b", "c"):
        validate(PKI.organisation(name), cache=cache)
    assert len(cache) == 2


# --- A validator with a planted fault is caught -------------------------------------------------


def forgetful(identity: Identity, cache: ChainCache) -> ValidatedChain:
    """Planted: trusts the cache without looking at the time."""
    found = next(iter(cache._paths.values()), None)
    return found or validate(identity, cache=cache)


def careful(identity: Identity, cache: ChainCache) -> ValidatedChain:
    return validate(identity, at=NOW + 400 * DAY, cache=cache)


@pytest.mark.parametrize(("judge", "caught"), [(careful, True), (forgetful, False)])
def test_a_cached_chain_that_expired_is_noticed(judge: object, caught: bool) -> None:
    cache = ChainCache()
    validate(GOOD, cache=cache)
    try:
        judge(GOOD, cache)  # type: ignore[operator]
    except CertificateExpired:
        assert caught
    else:
        assert not caught
