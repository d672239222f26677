"""Opening keys, and what an open key tells about itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from types import ModuleType

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lienthong.errors import KeyUnusable, LienthongError
from lienthong.spi import SecretCallback, Signer, SignerCapabilities
from lienthong_conformance.announcing import check_announcement
from lienthong_conformance.signature_oracle import fits, verifies


class OpeningCases:
    """Cases about the key as a thing."""

    plugin: ModuleType

    @pytest.mark.requirement("SIG-01")
    def test_announces_itself(self, uri: str) -> None:
        check_announcement(self.plugin, "lienthong_signer_factory", uri, SignerCapabilities)

    @pytest.mark.requirement("SIG-02")
    def test_algorithm_is_declared_and_fits_the_key(self, signer: Signer) -> None:
        assert signer.algorithm in self.plugin.CAPABILITIES.algorithms
        assert fits(signer.algorithm, signer.public_key)

    @pytest.mark.requirement("SIG-03")
    def test_answers_are_plain_values_that_never_change(
        self, signer: Signer, open_key: Callable[..., Signer], uri: str, secrets: SecretCallback
    ) -> None:
        again = open_key(uri, secrets)
        assert type(signer.public_key) is bytes
        assert type(signer.chain) is tuple
        assert all(type(certificate) is bytes for certificate in signer.chain)
        for name in ("algorithm", "public_key", "chain"):
            assert getattr(signer, name) == getattr(signer, name) == getattr(again, name)

    @pytest.mark.requirement("SIG-04")
    def test_chain_begins_with_the_keys_own_certificate(self, signer: Signer) -> None:
        if signer.chain:
            key = x509.load_der_x509_certificate(signer.chain[0]).public_key()
            own = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            assert own == signer.public_key

    @pytest.mark.requirement("SIG-05")
    def test_chain_goes_from_issuer_to_issuer_without_the_anchor(self, signer: Signer) -> None:
        chain = [x509.load_der_x509_certificate(certificate) for certificate in signer.chain]
        for certificate, issuer in pairwise(chain):
            certificate.verify_directly_issued_by(issuer)
        for authority in chain[1:]:
            assert authority.issuer != authority.subject

    @pytest.mark.requirement("SIG-06")
    def test_unusable_keys_are_refused(
        self, open_key: Callable[..., Signer], unusable_uris: Sequence[str], secrets: SecretCallback
    ) -> None:
        assert unusable_uris
        for uri in unusable_uris:
            with pytest.raises(KeyUnusable):
                open_key(uri, secrets)

    @pytest.mark.requirement("SIG-07")
    @pytest.mark.parametrize("rest", ["", "?", "?no-such-parameter=1", "\0", "//", "?&&==", "#"])
    def test_unreadable_addresses_are_refused(
        self, open_key: Callable[..., Signer], uri: str, secrets: SecretCallback, rest: str
    ) -> None:
        scheme = uri.partition(":")[0]
        with pytest.raises(LienthongError):
            open_key(f"{scheme}:{rest}", secrets)

    @pytest.mark.requirement("SIG-08")
    def test_closed_key_refuses_to_sign(self, signer: Signer) -> None:
        signer.close()
        signer.close()
        with pytest.raises(LienthongError):
            signer.sign(b"message")

    @pytest.mark.requirement("SIG-09")
    def test_closing_one_leaves_the_other_open(
        self, signer: Signer, open_key: Callable[..., Signer], uri: str, secrets: SecretCallback
    ) -> None:
        other = open_key(uri, secrets)
        signer.close()
        value = other.sign(b"message")
        assert verifies(other.algorithm, other.public_key, b"message", value)
