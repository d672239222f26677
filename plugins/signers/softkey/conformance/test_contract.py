"""The published contract suite against keys in files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

import lienthong_signer_softkey
from lienthong.model.signing import SignatureAlgorithm
from lienthong.testing.pki import KeyKind, TestPKI
from lienthong_conformance import LockedKey, SignerContract

SECRET = "mật khẩu dài và khó đoán"  # noqa: S105 - of keys made for one test
PKI = TestPKI()


class SoftKeyContract(SignerContract):
    """What the classes below share: locked and unusable keys."""

    plugin = lienthong_signer_softkey
    kind = KeyKind.P256

    @pytest.fixture
    def uri(self, tmp_path: Path) -> str:
        return PKI.organisation("H53", self.kind).write(tmp_path).uri

    @pytest.fixture
    def locked_key(self, tmp_path: Path) -> LockedKey:
        identity = PKI.organisation("H53-locked", self.kind)
        return LockedKey(uri=identity.write(tmp_path, passphrase=SECRET).uri, secret=SECRET)

    @pytest.fixture
    def unusable_uris(self, tmp_path: Path) -> Sequence[str]:
        own = PKI.organisation("H53-own", self.kind).write(tmp_path)
        other = PKI.organisation("H53-other", self.kind).write(tmp_path)
        weak = PKI.weak().write(tmp_path)
        key, chain = quote(str(own.key)), quote(str(own.chain))
        return [
            f"softkey:{key}.absent?cert={chain}",
            f"softkey:{key}?cert={chain}.absent",
            f"softkey:{key}?cert={quote(str(other.chain))}",
            f"softkey:{key}?cert={key}",
            f"softkey:{chain}?cert={chain}",
            f"softkey:{quote(str(tmp_path))}",
            weak.uri,
        ]


class TestP256(SoftKeyContract):
    pass


class TestP384(SoftKeyContract):
    kind = KeyKind.P384


class TestRSA(SoftKeyContract):
    kind = KeyKind.RSA2048


class TestEd25519(SoftKeyContract):
    kind = KeyKind.ED25519


@pytest.mark.parametrize(
    "algorithm", [value for value in SignatureAlgorithm if value.value.startswith("RSA")]
)
class TestEveryRSAAlgorithm(SoftKeyContract):
    kind = KeyKind.RSA2048

    @pytest.fixture
    def uri(self, tmp_path: Path, algorithm: SignatureAlgorithm) -> str:
        files = PKI.organisation("H53", self.kind).write(tmp_path)
        return f"{files.uri}&algorithm={algorithm.value}"


class TestCheckpointKey(SoftKeyContract):
    """An Ed25519 key without a certificate."""

    kind = KeyKind.ED25519

    @pytest.fixture
    def uri(self, tmp_path: Path) -> str:
        return f"softkey:{quote(str(PKI.organisation('H53', self.kind).write(tmp_path).key))}"
