"""The published contract suite against keys on tokens of SoftHSM2."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

import lienthong_signer_pkcs11
from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi import SecretCallback
from lienthong.testing.pki import KeyKind, TestPKI
from lienthong_conformance import LockedKey, SignerContract
from lienthong_signer_pkcs11.testing import PIN, SoftHSM

PKI = TestPKI()
TOKEN = "Văn phòng UBND"  # noqa: S105 - a label


class TokenContract(SignerContract):
    """What the classes below share: one token, with a PIN."""

    plugin = lienthong_signer_pkcs11
    kind = KeyKind.P256
    more = ""

    @pytest.fixture
    def uri(self, hsm: SoftHSM) -> str:
        identity = PKI.organisation("H53", self.kind)
        hsm.put(TOKEN, identity.key, identity.chain, label="sign")
        return hsm.uri(TOKEN, "sign", self.more)

    @pytest.fixture
    def secrets(self) -> SecretCallback:
        return lambda _: PIN

    @pytest.fixture
    def locked_key(self, uri: str) -> LockedKey:
        return LockedKey(uri=uri, secret=PIN)

    @pytest.fixture
    def unusable_uris(self, uri: str, hsm: SoftHSM, tmp_path: Path) -> Sequence[str]:
        other = PKI.organisation("H53-other", self.kind).write(tmp_path).chain
        again = PKI.organisation("H53-again", self.kind)
        hsm.put(TOKEN, again.key, (), label="without-certificate", identifier=b"\x02")
        hsm.put(TOKEN, again.key, (), label="twice", identifier=b"\x03")
        hsm.put(TOKEN, again.key, (), label="twice", identifier=b"\x04")
        named = [hsm.uri(TOKEN, "absent"), hsm.uri(TOKEN, "twice")]
        if self.kind is not KeyKind.ED25519:
            named.append(hsm.uri(TOKEN, "without-certificate"))
        return [
            *named,
            f"{uri}&cert={quote(str(other))}",
            f"{uri}&cert={quote(str(tmp_path / 'absent.pem'))}",
            f"pkcs11:token=x?module-path={quote(str(tmp_path / 'absent.so'))}",
            f"pkcs11:token=x?module-path={quote(str(other))}",
        ]


class TestP256(TokenContract):
    pass


class TestP384(TokenContract):
    kind = KeyKind.P384


class TestRSA(TokenContract):
    kind = KeyKind.RSA2048


class TestEd25519(TokenContract):
    kind = KeyKind.ED25519


class TestRSAPSS(TokenContract):
    kind = KeyKind.RSA2048
    more = f"&algorithm={SignatureAlgorithm.RSA_PSS_SHA256.value}"
