"""Every accepted algorithm, everything beside it, and the Wycheproof vectors (S-11)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lienthong.errors import (
    AlgorithmUnsupported,
    CertificateUnfit,
    KeyUnusable,
    LienthongError,
    SignatureInvalid,
)
from lienthong.model.signing import SignatureAlgorithm
from lienthong.pki.algorithms import (
    PrivateKey,
    default_algorithm,
    describe_key,
    load_public_key,
    sign,
    verify,
)
from lienthong.testing.pki import KeyKind, make_key

KEYS: dict[KeyKind, PrivateKey] = {kind: make_key(kind) for kind in KeyKind}
MESSAGE = b"to be signed"

A = SignatureAlgorithm
MAKES = {
    KeyKind.RSA2048: {A.RSA_PKCS1_SHA256, A.RSA_PKCS1_SHA384, A.RSA_PSS_SHA256, A.RSA_PSS_SHA384},
    KeyKind.P256: {A.ECDSA_P256_SHA256},
    KeyKind.P384: {A.ECDSA_P384_SHA384},
    KeyKind.ED25519: {A.ED25519},
}
PAIRS = [(kind, algorithm) for kind, found in MAKES.items() for algorithm in sorted(found, key=str)]
MISFITS = [
    (kind, algorithm) for kind, found in MAKES.items() for algorithm in A if algorithm not in found
]


def info(key: Any) -> bytes:
    public = key.public_key()
    return bytes(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@pytest.mark.parametrize(("kind", "algorithm"), PAIRS)
def test_a_signature_holds(kind: KeyKind, algorithm: A) -> None:
    key = KEYS[kind]
    value = sign(algorithm, key, MESSAGE)
    verify(algorithm, key.public_key(), MESSAGE, value)
    verify(algorithm, info(key), MESSAGE, value)


@pytest.mark.parametrize(("kind", "algorithm"), PAIRS)
def test_altered_messages_and_values_are_refused(kind: KeyKind, algorithm: A) -> None:
    key = KEYS[kind]
    value = sign(algorithm, key, MESSAGE)
    flipped = bytes([value[0] ^ 1]) + value[1:]
    for message, wrong in (
        (MESSAGE + b".", value),
        (MESSAGE, flipped),
        (MESSAGE, value[:-1]),
        (MESSAGE, value + b"\x00"),
        (MESSAGE, b""),
    ):
        with pytest.raises(SignatureInvalid) as caught:
            verify(algorithm, key.public_key(), message, wrong, what="the test", subject="CN=x")
        assert caught.value.facts == {"what": "the test", "subject": "CN=x"}


@pytest.mark.parametrize(("kind", "algorithm"), MISFITS)
def test_an_algorithm_of_another_key_is_refused(kind: KeyKind, algorithm: A) -> None:
    key = KEYS[kind]
    value = sign(default_algorithm(key.public_key()), key, MESSAGE)
    with pytest.raises(CertificateUnfit, match=algorithm.value):
        verify(algorithm, key.public_key(), MESSAGE, value)
    with pytest.raises(KeyUnusable):
        sign(algorithm, key, MESSAGE)


def test_rsa_signatures_of_one_padding_are_none_of_another() -> None:
    key = KEYS[KeyKind.RSA2048]
    for made in MAKES[KeyKind.RSA2048]:
        value = sign(made, key, MESSAGE)
        for claimed in MAKES[KeyKind.RSA2048] - {made}:
            with pytest.raises(SignatureInvalid):
                verify(claimed, key.public_key(), MESSAGE, value)


@pytest.mark.parametrize("salt", [0, 20, 48, padding.PSS.MAX_LENGTH])
def test_pss_salts_of_other_lengths_are_refused(salt: Any) -> None:
    key = KEYS[KeyKind.RSA2048]
    assert isinstance(key, rsa.RSAPrivateKey)
    pad = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=salt)
    with pytest.raises(SignatureInvalid):
        verify(A.RSA_PSS_SHA256, key.public_key(), MESSAGE, key.sign(MESSAGE, pad, hashes.SHA256()))


def test_short_rsa_keys_are_refused() -> None:
    key = KEYS[KeyKind.RSA1024]
    with pytest.raises(CertificateUnfit, match="1024 bits"):
        verify(
            A.RSA_PKCS1_SHA256, key.public_key(), MESSAGE, sign(A.RSA_PKCS1_SHA256, key, MESSAGE)
        )


@pytest.mark.parametrize(
    "key",
    [
        ed448.Ed448PrivateKey.generate(),
        ec.generate_private_key(ec.SECP521R1()),
        ec.generate_private_key(ec.SECP256K1()),
        dsa.generate_private_key(2048),
    ],
)
def test_other_keys_are_refused(key: Any) -> None:
    with pytest.raises(AlgorithmUnsupported):
        load_public_key(info(key))
    for algorithm in A:
        with pytest.raises(AlgorithmUnsupported):
            verify(algorithm, key.public_key(), MESSAGE, b"x" * 64)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x30", b"no key", info(KEYS[KeyKind.P256])[:-1]],
    ids=["empty", "begun", "text", "cut"],
)
def test_malformed_keys_give_a_typed_error(data: bytes) -> None:
    with pytest.raises(LienthongError):
        load_public_key(data)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (KeyKind.RSA2048, "RSA-2048"),
        (KeyKind.P256, "P-256"),
        (KeyKind.P384, "P-384"),
        (KeyKind.ED25519, "Ed25519"),
    ],
)
def test_keys_are_described_in_words(kind: KeyKind, words: str) -> None:
    assert describe_key(KEYS[kind].public_key()) == words


# --- Wycheproof --------------------------------------------------------------------------------
#
# A case is run under the algorithm of ours with exactly its parameters. "valid" has to be
# accepted, "invalid" to be refused. "acceptable" (PKCS#1 with a missing NULL parameter) is
# refused, as legacy. Parameters that are none of ours (SHA-1, SHA-512, P-521, Ed448, PSS with
# another salt or MGF hash): what is "valid" there has to be refused under every algorithm; what
# is "invalid" there says nothing about ours (it may be a good signature with SHA-256).

_HASHES = {"SHA-256": "SHA256", "SHA-384": "SHA384"}
_SALTS = {"SHA-256": 32, "SHA-384": 48}
_CURVES = {"secp256r1": "P256", "secp384r1": "P384"}


def algorithm_of(group: dict[str, Any]) -> A | None:
    """Our algorithm with exactly these parameters."""
    kind, digest = group["type"], group.get("sha", "")
    if kind == "RsassaPkcs1Verify" and digest in _HASHES:
        return A(f"RSA_PKCS1_{_HASHES[digest]}")
    if kind == "RsassaPssVerify" and digest in _HASHES:
        usual = group["mgfSha"] == digest and group["sLen"] == _SALTS[digest]
        return A(f"RSA_PSS_{_HASHES[digest]}") if usual else None
    if kind == "EcdsaVerify":
        name = f"ECDSA_{_CURVES.get(group['publicKey']['curve'])}_{_HASHES.get(digest)}"
        return A.__members__.get(name)
    if kind == "EddsaVerify" and group["publicKey"]["curve"] == "edwards25519":
        return A.ED25519
    return None


def groups(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((folder / "wycheproof").glob("*_test.json")):
        yield from json.loads(path.read_bytes())["testGroups"]


def verdict(algorithm: A, key: bytes, case: dict[str, Any]) -> str:
    try:
        verify(algorithm, key, bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"]))
    except (SignatureInvalid, CertificateUnfit, AlgorithmUnsupported):
        return "invalid"
    return "valid"


def test_every_wycheproof_verdict_matches(vectors: Path) -> None:
    seen: Counter[str] = Counter()
    wrong = []
    for group in groups(vectors):
        algorithm, key = algorithm_of(group), bytes.fromhex(group["publicKeyDer"])
        for case in group["tests"]:
            if algorithm is not None:
                found = {verdict(algorithm, key, case)}
                seen[case["result"]] += 1
            elif case["result"] == "valid":
                found = {verdict(each, key, case) for each in A}
                seen["valid for others"] += 1
            else:
                seen["invalid for others"] += 1
                continue
            ours = algorithm is not None and case["result"] == "valid"
            if found != {"valid" if ours else "invalid"}:
                wrong.append((group["type"], case["tcId"], case["comment"], found))
    assert wrong == []
    assert sum(seen.values()) == 3348
    assert seen["valid"] > 600
    assert seen["acceptable"] == 3
