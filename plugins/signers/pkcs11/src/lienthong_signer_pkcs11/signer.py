"""The signer: a private key that never leaves its token."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lienthong.errors import (
    AlgorithmUnsupported,
    CertificateUnfit,
    InvalidValue,
    KeyUnusable,
    SignatureInvalid,
)
from lienthong.model.signing import SignatureAlgorithm
from lienthong.pki.algorithms import PublicKey, load_public_key, verify
from lienthong.pki.own_key import own_algorithm, own_chain, public_key_of
from lienthong.spi import SecretCallback, Signer
from lienthong_signer_pkcs11.address import TokenAddress
from lienthong_signer_pkcs11.keys import SigningKey, TokenObjects, find_objects
from lienthong_signer_pkcs11.mechanisms import MAKINGS
from lienthong_signer_pkcs11.session import TokenSession, open_session

MAX_CHAIN_FILE: Final = 1024 * 1024
MAX_TRIES: Final = 16
"""Certificates that are tried on a key which does not show its public half."""

_PROBE: Final = b"lienthong: which certificate is of this key?"


@frozen(kw_only=True)
class _Hand:
    """What signs: a private key of a session, in one way."""

    session: TokenSession
    private: SigningKey
    public: PublicKey
    algorithm: SignatureAlgorithm

    def sign(self, message: bytes) -> bytes:
        """Sign, and check what the token gives before anybody else sees it."""
        if not isinstance(message, bytes):
            raise InvalidValue(field="message", found=type(message).__name__, expected="bytes")
        making = MAKINGS[self.algorithm]
        value = self.session.ask(lambda _: making.sign(self.private, message))
        try:
            verify(self.algorithm, self.public, message, value)
        except SignatureInvalid as error:
            reason = "the token gave a signature that does not fit the key"
            raise KeyUnusable(key=self.session.key, reason=reason) from error
        return value


class TokenSigner(Signer):
    """Signs with a key on a token. May be shared by threads, which take turns."""

    def __init__(self, hand: _Hand, chain: tuple[bytes, ...]) -> None:
        """Hold an open session; ``open_signer`` checks that the parts fit together."""
        self._hand = hand
        self._chain = chain
        self._public_key = _info(hand.public)

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return self._hand.algorithm

    @property
    def chain(self) -> tuple[bytes, ...]:
        return self._chain

    @property
    def public_key(self) -> bytes:
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """Sign *message*.

        Raises:
            Closed: the key was closed.
            KeyUnreachable: the token is lost; open the key again.
            KeyUnusable: the token refuses, or its signature does not fit its key.
        """
        return self._hand.sign(message)

    def close(self) -> None:
        self._hand.session.close()

    def __repr__(self) -> str:
        return f"TokenSigner({self._hand.session.key!r}, {self.algorithm.value})"


def open_signer(uri: str, secrets: SecretCallback) -> TokenSigner:
    """Open the key at *uri*.

    Args:
        uri: ``pkcs11:token=...;object=...?module-path=...``, see ``TokenAddress``.
        secrets: asked at most once, for the PIN of the token, when the token wants one.

    Raises:
        InvalidValue: the URI is not of that form, or holds a PIN.
        KeyUnusable: the library, PIN, key or certificate is wrong; a wrong PIN is not tried again.
        KeyUnreachable: the token is not there.
    """
    address = TokenAddress.parse(uri)
    given = _load_certificates(address.chain) if address.chain else ()
    session = open_session(address, secrets)
    try:
        return _signer(session, address, given)
    except BaseException:
        session.close()
        raise


def _signer(
    session: TokenSession, address: TokenAddress, given: Sequence[x509.Certificate]
) -> TokenSigner:
    objects = session.ask(lambda opened: find_objects(opened, address))
    certificates = given or objects.certificates
    public = objects.public or _tried(session, objects, certificates)
    algorithm = own_algorithm(public, address.algorithm, key=address.shown)
    if MAKINGS[algorithm].mechanism not in session.ask(lambda it: it.token.slot.get_mechanisms()):
        reason = f"the token does not make {algorithm.value} signatures of digests"
        raise KeyUnusable(key=address.shown, reason=reason)
    hand = _Hand(session=session, private=objects.private, public=public, algorithm=algorithm)
    own = any(public_key_of(one) == _info(public) for one in certificates)
    if not own and not given and algorithm is SignatureAlgorithm.ED25519:
        return TokenSigner(hand, ())
    return TokenSigner(hand, own_chain(_info(public), certificates, key=address.shown))


def _tried(
    session: TokenSession, objects: TokenObjects, certificates: Sequence[x509.Certificate]
) -> PublicKey:
    """The public key of the certificate that a signature of the private key fits.

    Raises:
        KeyUnusable: none does.
    """
    kind = Ed25519PublicKey if objects.edwards else EllipticCurvePublicKey
    for info in islice(filter(None, map(public_key_of, certificates)), MAX_TRIES):
        with suppress(KeyUnusable, AlgorithmUnsupported, CertificateUnfit):
            public = load_public_key(info, subject=session.key)
            if isinstance(public, kind):
                algorithm = own_algorithm(public, None, key=session.key)
                hand = _Hand(
                    session=session, private=objects.private, public=public, algorithm=algorithm
                )
                hand.sign(_PROBE)
                return public
    reason = "neither the token nor a certificate tells its public key"
    raise KeyUnusable(key=session.key, reason=reason)


def _load_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    try:
        if not path.is_file():
            # To open a pipe would wait for its writer.
            raise KeyUnusable(key=path, reason="it is no regular file")
        with path.open("rb") as file:
            data = file.read(MAX_CHAIN_FILE + 1)
        if len(data) > MAX_CHAIN_FILE:
            raise KeyUnusable(key=path, reason="it is larger than 1 MiB")
        return tuple(x509.load_pem_x509_certificates(data))
    except (OSError, ValueError) as error:
        raise KeyUnusable(key=path, reason="it holds no readable certificate") from error


def _info(key: PublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
