"""The contract of signers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import TypeAlias, cast

import pytest

from lienthong.spi import SecretCallback, Signer
from lienthong_conformance.announcing import factory_of, missing
from lienthong_conformance.signer_cases.locked import LockedKey, LockedKeyCases
from lienthong_conformance.signer_cases.opening import OpeningCases
from lienthong_conformance.signer_cases.signatures import SignatureCases

HOOK = "lienthong_signer_factory"
SignerOpener: TypeAlias = Callable[[str, SecretCallback], Signer]


class SignerContract(OpeningCases, SignatureCases, LockedKeyCases):
    """Inherit it, name the plugin module, override the fixtures::

    class TestAcmeSigner(SignerContract):
        plugin = lienthong_signer_acme

        @pytest.fixture
        def uri(self):
            return "acme:slot-1"

        @pytest.fixture
        def locked_key(self):
            return LockedKey(uri="acme:slot-2", secret="123456")

        @pytest.fixture
        def unusable_uris(self):
            return ["acme:no-such-slot", "acme:slot-with-the-certificate-of-another"]
    """

    plugin: ModuleType
    """The module that the entry point names."""

    @pytest.fixture
    def uri(self) -> str:
        """The URI of a key that opens without a secret, or with one from ``secrets``."""
        missing("the fixture uri: the URI of a key")

    @pytest.fixture
    def secrets(self) -> SecretCallback:
        """Answers the questions for secrets of the key at ``uri``; by default there are none."""

        def refuse(name: str) -> str:
            pytest.fail(f"the plugin asks for {name}; override the fixture secrets")

        return refuse

    @pytest.fixture
    def locked_key(self) -> LockedKey | None:
        """A key that needs a secret; None, the default, when the plugin's keys never do."""
        return None

    @pytest.fixture
    def unusable_uris(self) -> Sequence[str]:
        """URIs that are well-formed and lead to no usable key: absent, of another certificate."""
        missing("the fixture unusable_uris: well-formed URIs that lead to no usable key")

    @pytest.fixture
    def open_key(self, uri: str) -> Iterator[SignerOpener]:
        """A function that opens a key through the plugin's hook; closed in the end."""
        opened: list[Signer] = []
        factory = factory_of(self.plugin, HOOK, uri)

        def open_key(address: str, secrets: SecretCallback) -> Signer:
            opened.append(cast("Signer", factory(address, secrets)))
            return opened[-1]

        yield open_key
        for signer in opened:
            signer.close()

    @pytest.fixture
    def signer(self, open_key: SignerOpener, uri: str, secrets: SecretCallback) -> Signer:
        """The key at ``uri``, open."""
        return open_key(uri, secrets)
