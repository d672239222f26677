"""S-11: signatures that only look right; public vectors (Wycheproof) and our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lienthong.errors import LienthongError
from lienthong.model.signing import SignatureAlgorithm as Algorithm
from lienthong.pki import algorithms
from lienthong.testing.pki import KeyKind, make_key
from sdk.tests.pki.conftest import vectors  # noqa: F401 - a fixture
from sdk.tests.pki.test_algorithms import algorithm_of, groups, verdict
from tests.conftest import Figure

MESSAGE: Final = b"a message of the tests"
P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ED25519_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")

Forged = Mapping[str, bytes]


def _ecdsa(key: ec.EllipticCurvePrivateKey) -> Forged:
    """Values that are no DER of two numbers in range, or of another message."""
    good = key.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(good)
    size = r.to_bytes(33).lstrip(b"\0")
    negative = b"\x02" + bytes([len(size)]) + (b"\x80" + size[1:])
    rest = good[4 + good[3] :]
    return {
        "r is 0": encode_dss_signature(0, s),
        "s is 0": encode_dss_signature(r, 0),
        "both 0": encode_dss_signature(0, 0),
        "both 1": encode_dss_signature(1, 1),
        "r is the order": encode_dss_signature(P256_ORDER, s),
        "s is the order": encode_dss_signature(r, P256_ORDER),
        "r beyond the order": encode_dss_signature(r + P256_ORDER, s),
        "s beyond the order": encode_dss_signature(r, s + P256_ORDER),
        "swapped": encode_dss_signature(s, r),
        "r negative": b"\x30" + bytes([len(negative) + len(rest)]) + negative + rest,
        "length in long form": b"\x30\x81" + good[1:],
        "length without end": b"\x30\x80" + good[2:] + b"\0\0",
        "leading zero": b"\x30"
        + bytes([good[1] + 1])
        + b"\x02"
        + bytes([good[3] + 1])
        + b"\0"
        + good[4:],
        "bytes behind": good + b"\0",
        "bytes inside": b"\x30" + bytes([good[1] + 2]) + good[2:] + b"\x05\0",
        "cut": good[:-1],
        "raw": r.to_bytes(32) + s.to_bytes(32),
        "empty": b"",
        "another hash": key.sign(MESSAGE, ec.ECDSA(hashes.SHA384())),
        "another message": key.sign(MESSAGE + b"!", ec.ECDSA(hashes.SHA256())),
    }


def _ed25519(key: Ed25519PrivateKey) -> Forged:
    good = key.sign(MESSAGE)
    s = int.from_bytes(good[32:], "little")
    return {
        "s beyond the order": good[:32] + (s + ED25519_ORDER).to_bytes(32, "little"),
        "s is 0": good[:32] + bytes(32),
        "R is the neutral element": b"\1" + bytes(31) + good[32:],
        "R is no point": b"\xff" * 32 + good[32:],
        "all zero": bytes(64),
        "top bits set": good[:63] + bytes([good[63] | 0xE0]),
        "cut": good[:-1],
        "bytes behind": good + b"\0",
        "halves swapped": good[32:] + good[:32],
        "empty": b"",
        "another message": key.sign(MESSAGE + b"!"),
    }


def _raw_rsa(key: rsa.RSAPrivateKey, block: bytes) -> bytes:
    """What the owner of the key could make of any block, padded well or not."""
    numbers = key.private_numbers()
    modulus = numbers.public_numbers.n
    return pow(int.from_bytes(block), numbers.d, modulus).to_bytes(key.key_size // 8)


def _pkcs1(key: rsa.RSAPrivateKey) -> Forged:
    """Blocks that old verifiers took for good (Bleichenbacher 2006 and its kin)."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(MESSAGE)
    info, size = SHA256_INFO + digest.finalize(), key.key_size // 8
    full = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
    without_null = bytes.fromhex("302f300b0609608648016503040201") + b"\x04\x20" + info[-32:]
    good = key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    assert _raw_rsa(key, full) == good
    blocks = {
        "garbage behind": b"\0\1" + b"\xff" * 8 + b"\0" + info,
        "short padding": b"\0\1\xff\0" + info,
        "padding of zeros": b"\0\1" + bytes(size - len(info) - 2) + info,
        "type 2": b"\0\2" + b"\xff" * (size - len(info) - 3) + b"\0" + info,
        "type 0": b"\0\0" + full[2:],
        "no separator": full.replace(b"\xff\0", b"\xff\xff", 1),
        "digest alone": b"\0\1" + b"\xff" * (size - 35) + b"\0" + info[-32:],
        "no NULL": b"\0\1" + b"\xff" * (size - len(without_null) - 3) + b"\0" + without_null,
        "first byte 1": b"\1" + full[1:],
    }
    forged = {name: _raw_rsa(key, block.ljust(size, b"\0")) for name, block in blocks.items()}
    modulus = key.public_key().public_numbers().n
    return forged | {
        "SHA-1": _raw_rsa(
            key,
            b"\0\1"
            + b"\xff" * (size - 38)
            + b"\0"
            + bytes.fromhex("3021300906052b0e03021a05000414")
            + bytes(20),
        ),
        "zero": bytes(size),
        "one": (1).to_bytes(size),
        "modulus": modulus.to_bytes(size),
        "beyond the modulus": (int.from_bytes(good) + modulus).to_bytes(size + 1),
        "leading zero": b"\0" + good,
        "cut": good[:-1],
        "bytes behind": good + b"\0",
        "PSS": key.sign(MESSAGE, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
        "another hash": key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA384()),
        "another message": key.sign(MESSAGE + b"!", padding.PKCS1v15(), hashes.SHA256()),
    }


def _pss(key: rsa.RSAPrivateKey) -> Forged:
    sha256, sha384 = hashes.SHA256(), hashes.SHA384()

    def sign(mask: Any, salt: int, digest: Any) -> bytes:
        return key.sign(MESSAGE, padding.PSS(padding.MGF1(mask), salt), digest)

    good = sign(sha256, 32, sha256)
    return {
        "no salt": sign(sha256, 0, sha256),
        "short salt": sign(sha256, 20, sha256),
        "long salt": sign(sha256, 48, sha256),
        "another mask": sign(sha384, 32, sha256),
        "another hash": sign(sha384, 48, sha384),
        "PKCS#1": key.sign(MESSAGE, padding.PKCS1v15(), sha256),
        "cut": good[:-1],
        "bytes behind": good + b"\0",
        "zero": bytes(256),
    }


MAKERS: Final[Mapping[Algorithm, tuple[KeyKind, Callable[[Any], Forged]]]] = {
    Algorithm.ECDSA_P256_SHA256: (KeyKind.P256, _ecdsa),
    Algorithm.ED25519: (KeyKind.ED25519, _ed25519),
    Algorithm.RSA_PKCS1_SHA256: (KeyKind.RSA2048, _pkcs1),
    Algorithm.RSA_PSS_SHA256: (KeyKind.RSA2048, _pss),
}


def taken() -> Iterator[tuple[str, bool]]:
    """Every own vector, and whether it is taken for good."""
    for algorithm, (kind, forged) in MAKERS.items():
        key: Any = make_key(kind)
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for name, value in forged(key).items():
            try:
                algorithms.verify(algorithm, public, MESSAGE, value)
            except LienthongError:
                yield f"{algorithm.value}, {name}", False
            else:
                yield f"{algorithm.value}, {name}", True


def wrong_verdicts(folder: Path) -> tuple[int, list[str]]:
    """How many public vectors concern our algorithms, and which are judged wrongly."""
    count, wrong = 0, []
    for group in groups(folder):
        algorithm = algorithm_of(group)
        if algorithm is None:
            continue
        key = bytes.fromhex(group["publicKeyDer"])
        for case in group["tests"]:
            count += 1
            # "acceptable" is legacy; we take what is good, and nothing else.
            if verdict(algorithm, key, case) != (
                "valid" if case["result"] == "valid" else "invalid"
            ):
                wrong.append(f"{group['type']} {case['tcId']}: {case['comment']}")
    return count, wrong


def test_public_vectors(
    vectors: Path,  # noqa: F811 - the fixture
    figure: Figure,
) -> None:
    count, wrong = wrong_verdicts(vectors)
    figure(
        "S-11",
        wanted="every Wycheproof verdict for our algorithms matches",
        found=f"{count - len(wrong)} of {count}",
    )
    assert not wrong
    assert count > 1_000


def test_own_vectors(figure: Figure) -> None:
    found = dict(taken())
    wrong = [name for name, good in found.items() if good]
    figure(
        "S-11",
        wanted=f"{len(found)} forged signatures of our own: all refused",
        found=f"{len(found) - len(wrong)} refused",
    )
    assert not wrong
    assert len(found) >= 50


def _lenient(algorithm: Algorithm, key: Any, message: bytes, value: bytes, subject: str) -> None:
    """Brings a value into form before it looks at it, as lenient parsers do."""
    if algorithm is Algorithm.ED25519:
        value = value[:64]
    elif isinstance(key, rsa.RSAPublicKey):
        value = value.lstrip(b"\0").rjust(key.key_size // 8, b"\0")
    _strict(algorithm, key, message, value, subject)


_strict: Final = algorithms._verify


@pytest.mark.planted("signature brought into form before it is checked")
def test_a_lenient_parser_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(algorithms, "_verify", _lenient)
    wrong = {name for name, good in taken() if good}
    assert {"ED25519, bytes behind", "RSA_PKCS1_SHA256, leading zero"} <= wrong


@pytest.mark.planted("signature not verified")
def test_a_verifier_that_looks_at_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(algorithms, "_verify", lambda *_: None)
    assert all(good for _, good in taken())
