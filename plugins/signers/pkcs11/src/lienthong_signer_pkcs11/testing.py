"""Tokens for tests: SoftHSM2 (Debian: softhsm2), with tokens in a folder of the test's own.

::

    if reason := soft_hsm_missing():
        pytest.skip(reason)
    hsm = SoftHSM.create(tmp_path)
    monkeypatch.setenv(CONFIGURATION, str(hsm.configuration))
    hsm.put("office", key, chain, label="sign")
    open_signer(hsm.uri("office", "sign"), lambda _: PIN)
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pkcs11 import Attribute, CertificateType, KeyType, ObjectClass, types

from lienthong.pki.algorithms import PrivateKey
from lienthong_signer_pkcs11.library import load_library

CONFIGURATION: Final = "SOFTHSM2_CONF"
"""Environment variable that names the configuration of SoftHSM2."""

PIN: Final = "ma-pin-472911"
SO_PIN: Final = "87654321"

_PLACES: Final = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
_CURVES: Final = {
    "secp256r1": bytes.fromhex("06082a8648ce3d030107"),
    "secp384r1": bytes.fromhex("06052b81040022"),
}
_ED25519: Final = b"\x13\x0cedwards25519"


def soft_hsm_missing() -> str:
    """Why there is no SoftHSM2 here; empty when there is."""
    if _library() is None:
        return "SoftHSM2 is not installed (Debian: apt-get install softhsm2)"
    if shutil.which("softhsm2-util") is None:
        return "softhsm2-util is not on the path"
    return ""


@frozen(kw_only=True)
class SoftHSM:
    """Tokens in one folder; to be used where ``CONFIGURATION`` names ``configuration``."""

    folder: Path
    """Where the tokens are; moving it away is like pulling them out."""

    configuration: Path
    library: Path

    @classmethod
    def create(cls, folder: Path) -> SoftHSM:
        """Prepare a folder without any token yet; ``soft_hsm_missing`` was asked before."""
        tokens, configuration = folder / "tokens", folder / "softhsm2.conf"
        tokens.mkdir(parents=True)
        configuration.write_text(
            f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        library = _library()
        assert library is not None  # noqa: S101 - soft_hsm_missing() says so
        return cls(folder=tokens, configuration=configuration, library=library)

    def token(self, label: str, pin: str = PIN) -> None:
        """Set a token up."""
        pins = ["--pin", pin, "--so-pin", SO_PIN]
        command = ["softhsm2-util", "--init-token", "--free", "--label", label, *pins]
        environment = os.environ | {CONFIGURATION: str(self.configuration)}
        subprocess.run(command, check=True, capture_output=True, env=environment)

    def put(
        self,
        token: str,
        key: PrivateKey,
        chain: Iterable[bytes] = (),
        *,
        label: str,
        identifier: bytes = b"\x01",
        pin: str = PIN,
        public: bool = True,
        always: bool = False,
    ) -> None:
        """Put a key with its certificates on a token, which is set up first if it is not there.

        Args:
            token: label of the token.
            key: the private key.
            chain: certificates, DER, the key's own first.
            label: of key and certificate.
            identifier: CKA_ID of both.
            pin: of the token.
            public: whether the public key is put beside it.
            always: whether the key wants the PIN for every signature.
        """
        with self._session(token, pin) as session:
            about = {Attribute.TOKEN: True, Attribute.LABEL: label, Attribute.ID: identifier}
            hidden = {
                Attribute.CLASS: ObjectClass.PRIVATE_KEY,
                Attribute.PRIVATE: True,
                Attribute.SENSITIVE: True,
                Attribute.SIGN: True,
                Attribute.ALWAYS_AUTHENTICATE: always,
            }
            session.create_object(about | hidden | _private(key))
            if public:
                session.create_object(
                    about
                    | {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.VERIFY: True}
                    | _public(key)
                )
            for number, der in enumerate(chain):
                owned = about if number == 0 else about | {Attribute.ID: b""}
                session.create_object(owned | _certificate(der))

    def uri(self, token: str, label: str, more: str = "") -> str:
        """The address of a key; *more* is put behind, as ``&algorithm=ED25519``."""
        place = quote(str(self.library))
        return f"pkcs11:token={quote(token)};object={quote(label)}?module-path={place}{more}"

    @contextmanager
    def _session(self, label: str, pin: str) -> Iterator[types.Session]:
        """A session that may write, through the one library that this process has."""
        with self._tokens(label) as found:
            missing = not found
        if missing:
            self.token(label, pin)
        with self._tokens(label) as [token], token.open(rw=True, user_pin=pin) as session:
            yield session

    @contextmanager
    def _tokens(self, label: str) -> Iterator[list[types.Token]]:
        library = load_library(self.library, label)
        library.borrow(label)
        try:
            yield [token for token in library.tokens() if token.label == label]
        finally:
            library.release()


def _library() -> Path | None:
    found = (Path(place) for place in _PLACES)
    return next((place for place in found if place.exists()), None)


def _private(key: PrivateKey) -> dict[Attribute, object]:
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        public = numbers.public_numbers
        return {
            Attribute.KEY_TYPE: KeyType.RSA,
            Attribute.MODULUS: _octets(public.n),
            Attribute.PUBLIC_EXPONENT: _octets(public.e),
            Attribute.PRIVATE_EXPONENT: _octets(numbers.d),
            Attribute.PRIME_1: _octets(numbers.p),
            Attribute.PRIME_2: _octets(numbers.q),
            Attribute.EXPONENT_1: _octets(numbers.dmp1),
            Attribute.EXPONENT_2: _octets(numbers.dmq1),
            Attribute.COEFFICIENT: _octets(numbers.iqmp),
        }
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {
            Attribute.KEY_TYPE: KeyType.EC,
            Attribute.EC_PARAMS: _CURVES[key.curve.name],
            Attribute.VALUE: _octets(key.private_numbers().private_value),
        }
    raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return {
        Attribute.KEY_TYPE: KeyType.EC_EDWARDS,
        Attribute.EC_PARAMS: _ED25519,
        Attribute.VALUE: raw,
    }


def _public(key: PrivateKey) -> dict[Attribute, object]:
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {
            Attribute.KEY_TYPE: KeyType.RSA,
            Attribute.MODULUS: _octets(numbers.n),
            Attribute.PUBLIC_EXPONENT: _octets(numbers.e),
        }
    if isinstance(key, Ed25519PrivateKey):
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        kind, parameters = KeyType.EC_EDWARDS, _ED25519
    else:
        form = PublicFormat.UncompressedPoint
        raw = key.public_key().public_bytes(Encoding.X962, form)
        kind, parameters = KeyType.EC, _CURVES[key.curve.name]
    point = bytes([0x04, len(raw)]) + raw
    return {
        Attribute.KEY_TYPE: kind,
        Attribute.EC_PARAMS: parameters,
        Attribute.EC_POINT: point,
    }


def _certificate(der: bytes) -> dict[Attribute, object]:
    parsed = x509.load_der_x509_certificate(der)
    return {
        Attribute.CLASS: ObjectClass.CERTIFICATE,
        Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
        Attribute.PRIVATE: False,
        Attribute.SUBJECT: parsed.subject.public_bytes(),
        Attribute.VALUE: der,
    }


def _octets(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8 or 1, "big")
