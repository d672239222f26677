"""Signer plugins that are each wrong in one way."""

from __future__ import annotations

import hashlib
import time
from typing import cast

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from memory_signers import PKI, SECRET, MemoryKeys, MemorySigner

from lienthong.errors import KeyUnusable
from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi import SecretCallback, Signer, SignerCapabilities
from lienthong.testing.pki import KeyKind


class Broken(MemoryKeys):
    """Opens keys of a class of its own."""

    kept: type[MemorySigner] = MemorySigner

    def signer(self, kind: KeyKind) -> Signer:
        identity = PKI.organisation("broken", kind)
        return self.kept(identity.key, identity.chain)


class SignsTheDigest(Broken):
    class kept(MemorySigner):
        def sign(self, message: bytes) -> bytes:
            return super().sign(hashlib.sha256(message).digest())


class SignsTheBeginningOnly(Broken):
    class kept(MemorySigner):
        def sign(self, message: bytes) -> bytes:
            return super().sign(message[:65_536])


class GivesRawNumbers(Broken):
    """ECDSA as PKCS#11 devices give it: two numbers, no DER."""

    class kept(MemorySigner):
        def sign(self, message: bytes) -> bytes:
            first, second = decode_dss_signature(super().sign(message))
            return first.to_bytes(32) + second.to_bytes(32)


class MixesThreads(Broken):
    class kept(MemorySigner):
        message = b""

        def sign(self, message: bytes) -> bytes:
            self.message = message
            time.sleep(0.001)
            return super().sign(self.message)


class SignsTexts(Broken):
    class kept(MemorySigner):
        def sign(self, message: bytes) -> bytes:
            return super().sign(message if isinstance(message, bytes) else str(message).encode())


class SignsAfterClosing(Broken):
    class kept(MemorySigner):
        def close(self) -> None:
            pass


class ClosesAllAtOnce(Broken):
    class kept(MemorySigner):
        def close(self) -> None:
            type(self).sign = cast("None", None)  # type: ignore[assignment]
            super().close()


class NamesAnotherAlgorithm(Broken):
    class kept(MemorySigner):
        @property
        def algorithm(self) -> SignatureAlgorithm:
            return SignatureAlgorithm.ECDSA_P384_SHA384


class DeclaresLess(Broken):
    CAPABILITIES = SignerCapabilities(algorithms=frozenset({SignatureAlgorithm.ED25519}))


class BringsTheChainOfAnother(Broken):
    class kept(MemorySigner):
        @property
        def chain(self) -> tuple[bytes, ...]:
            return PKI.organisation("another").chain


class BringsTheChainUpsideDown(Broken):
    class kept(MemorySigner):
        @property
        def chain(self) -> tuple[bytes, ...]:
            return self._chain[::-1]


class BringsTheAnchor(Broken):
    class kept(MemorySigner):
        @property
        def chain(self) -> tuple[bytes, ...]:
            return (*self._chain, PKI.root.certificate)


class AsksTwice(Broken):
    def unlock(self, uri: str, secrets: SecretCallback) -> None:
        if secrets("passphrase") != SECRET:
            super().unlock(uri, secrets)


class AsksAgain(Broken):
    def unlock(self, uri: str, secrets: SecretCallback) -> None:
        secrets("passphrase")
        super().unlock(uri, secrets)


class TellsTheSecret(Broken):
    def unlock(self, uri: str, secrets: SecretCallback) -> None:
        if (given := secrets("passphrase")) != SECRET:
            raise KeyUnusable(key=uri, reason=f"{given!r} does not open it")


class OpensWithoutSecret(Broken):
    def unlock(self, uri: str, secrets: SecretCallback) -> None:
        try:
            super().unlock(uri, secrets)
        except KeyUnusable:
            raise
        except Exception:  # noqa: BLE001, S110 - that is the bug
            pass


class OpensAnything(Broken):
    def open(self, uri: str, secrets: SecretCallback) -> Signer:
        if uri == "memory:locked":
            return super().open(uri, secrets)
        return self.signer(KeyKind.P256)


class OffersEverything(Broken):
    def lienthong_signer_factory(self, scheme: str) -> object:  # type: ignore[override]
        return self.open


class IsOfAnotherInterface(Broken):
    SPI_VERSION = 2


CAUGHT_BY: dict[type[MemoryKeys], str] = {
    SignsTheDigest: "test_signs_the_message_and_not_its_digest",
    SignsTheBeginningOnly: "test_signature_verifies_over_the_whole_message",
    GivesRawNumbers: "test_signature_has_the_form_of_its_standard",
    MixesThreads: "test_many_threads_sign_at_once",
    SignsTexts: "test_what_is_not_bytes_is_refused",
    SignsAfterClosing: "test_closed_key_refuses_to_sign",
    ClosesAllAtOnce: "test_closing_one_leaves_the_other_open",
    NamesAnotherAlgorithm: "test_algorithm_is_declared_and_fits_the_key",
    DeclaresLess: "test_algorithm_is_declared_and_fits_the_key",
    BringsTheChainOfAnother: "test_chain_begins_with_the_keys_own_certificate",
    BringsTheChainUpsideDown: "test_chain_goes_from_issuer_to_issuer_without_the_anchor",
    BringsTheAnchor: "test_chain_goes_from_issuer_to_issuer_without_the_anchor",
    AsksTwice: "test_wrong_secret_is_refused_without_a_second_try",
    AsksAgain: "test_secret_is_asked_for_once_by_name",
    TellsTheSecret: "test_secret_is_never_shown",
    OpensWithoutSecret: "test_secret_that_nobody_gives_opens_nothing",
    OpensAnything: "test_unusable_keys_are_refused",
    OffersEverything: "test_announces_itself",
    IsOfAnotherInterface: "test_announces_itself",
}
