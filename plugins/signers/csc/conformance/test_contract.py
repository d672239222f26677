"""The published contract suite against keys of a remote signing service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import lienthong_signer_csc
from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi import SecretCallback
from lienthong.testing.pki import KeyKind, TestPKI
from lienthong_conformance import LockedKey, SignerContract
from lienthong_signer_csc.testing import CREDENTIAL, TOKEN, RemoteService

PKI = TestPKI()


class RemoteContract(SignerContract):
    """What the classes below share: a service that asks for a token only."""

    plugin = lienthong_signer_csc
    kind = KeyKind.P256
    more = ""

    @pytest.fixture
    def service(self, serve: Callable[..., RemoteService]) -> RemoteService:
        return serve(PKI.organisation("H53", self.kind))

    @pytest.fixture
    def uri(self, service: RemoteService) -> str:
        return f"{service.uri}{self.more}"

    @pytest.fixture
    def secrets(self, service: RemoteService) -> SecretCallback:
        return service.secrets

    @pytest.fixture
    def locked_key(self, uri: str) -> LockedKey:
        return LockedKey(uri=uri, secret=TOKEN)

    @pytest.fixture
    def unusable_uris(
        self, service: RemoteService, serve: Callable[..., Any], tmp_path: Path
    ) -> Sequence[str]:
        own = PKI.organisation("H53", self.kind)
        ed25519 = serve(PKI.organisation("H53-ed25519", KeyKind.ED25519))
        disabled = serve(own)
        disabled.instead["credentials/info"] = lambda _: (
            200,
            "application/json",
            b'{"key": {"status": "disabled", "algo": []}, "cert": {}}',
        )
        return [
            f"{service.base}&credential=absent",
            f"{service.uri}&algorithm={SignatureAlgorithm.ED25519.value}",
            service.uri.replace("root.pem", "absent.pem"),
            ed25519.uri,
            disabled.uri,
        ]


class TestP256(RemoteContract):
    pass


class TestP384(RemoteContract):
    kind = KeyKind.P384


class TestRSA(RemoteContract):
    kind = KeyKind.RSA2048


@pytest.mark.parametrize("bits", [256, 384])
class TestRSAPSS(RemoteContract):
    kind = KeyKind.RSA2048

    @pytest.fixture
    def uri(self, service: RemoteService, bits: int) -> str:
        return f"{service.uri}&algorithm=RSA_PSS_SHA{bits}"


class TestOnlyCredential(RemoteContract):
    """The address does not name the credential: the service lists one."""

    @pytest.fixture
    def uri(self, service: RemoteService) -> str:
        assert CREDENTIAL not in service.base
        return service.base
