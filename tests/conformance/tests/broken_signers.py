"""Signer plugins: a sound one in memory, and ones that are each wrong in one way."""

from __future__ import annotations

import hashlib
import time
from types import ModuleType

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from lienthong.errors import Closed, InvalidValue, KeyUnusable
from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi import SecretCallback, Signer, SignerCapabilities, SignerFactory
from lienthong.testing.pki import KeyKind, TestPKI
from lienthong.testing.signer import MemorySigner

SECRET = "correct horse battery staple"
PKI = TestPKI()


class MemoryKeys(ModuleType):
    """What an entry point would name: the sound reference, whose methods others override."""

    SPI_VERSION = 1
    CAPABILITIES = SignerCapabilities(algorithms=frozenset(SignatureAlgorithm))

    def __init__(self) -> None:
        super().__init__("memory_keys")

    def lienthong_signer_factory(self, scheme: str) -> SignerFactory | None:
        return self.open if scheme == "memory" else None

    def open(self, uri: str, secrets: SecretCallback) -> Signer:
        name = uri.removeprefix("memory:")
        if name not in {"P-256", "P-384", "RSA-2048", "Ed25519", "locked", "absent"}:
            raise InvalidValue(field="key address", found=uri, expected="memory:<kind>")
        if name == "absent":
            raise KeyUnusable(key=uri, reason="there is no such key")
        if name == "locked":
            self.unlock(uri, secrets)
            name = "P-256"
        return self.signer(KeyKind(name))

    def unlock(self, uri: str, secrets: SecretCallback) -> None:
        if secrets(f"passphrase of {uri}") != SECRET:
            raise KeyUnusable(key=uri, reason="the passphrase does not open it")

    def signer(self, kind: KeyKind) -> Signer:
        return PKI.organisation("reference", kind).signer()


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
            given: object = message
            return super().sign(given if isinstance(given, bytes) else str(given).encode())


class SignsAfterClosing(Broken):
    class kept(MemorySigner):
        def close(self) -> None:
            pass


class ClosesAllAtOnce(Broken):
    class kept(MemorySigner):
        all_closed = False

        def sign(self, message: bytes) -> bytes:
            if type(self).all_closed:
                raise Closed(what="the token's session")
            return super().sign(message)

        def close(self) -> None:
            type(self).all_closed = True


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
    def lienthong_signer_factory(self, scheme: str) -> SignerFactory | None:
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
