"""The signer: a key that stays with a service."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from attrs import define, field
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lienthong.errors import (
    Closed,
    InvalidValue,
    KeyUnreachable,
    KeyUnusable,
    SignatureInvalid,
)
from lienthong.model.signing import SignatureAlgorithm
from lienthong.pki.algorithms import verify
from lienthong.spi import SecretCallback, Signer
from lienthong_signer_csc.address import ServiceAddress
from lienthong_signer_csc.channel import Channel
from lienthong_signer_csc.credential import Credential
from lienthong_signer_csc.digests import digest_of, standard_form
from lienthong_signer_csc.service import MARGIN_S, AccessToken, Digest, Service


@define(eq=False)
class Leave:
    """Leave to sign, renewed when it is used up; passwords are told until one is refused."""

    _service: Service
    _credential: Credential
    _told: Mapping[str, str] = field(repr=False)
    _monotonic: Callable[[], float] = time.monotonic
    _sad: str = field(default="", init=False, repr=False)
    _left: int = field(default=0, init=False)
    _until: float = field(default=0.0, init=False)
    _ended: str = field(default="", init=False)
    """Why no further leave is asked for."""

    _accepted: bool = field(default=False, init=False)
    """The service has taken the passwords once."""

    def prepare(self) -> None:
        """Get leave beforehand where it is not bound to digests: a wrong password shows at once."""
        if not self._credential.bound:
            self._authorize(None)

    def take(self, digest: Digest) -> str:
        """Leave for one signature.

        Raises:
            KeyUnusable: a password is wrong or used up; open the key again.
            KeyUnreachable: the service does not answer.
        """
        if self._left == 0 or self._monotonic() >= self._until:
            self._authorize(digest if self._credential.bound else None)
        self._left -= 1
        return self._sad

    def drop(self) -> None:
        """Do not use the present leave any more."""
        self._left = 0

    def _authorize(self, digest: Digest | None) -> None:
        if self._ended:
            raise KeyUnusable(key=self._service.key, reason=f"{self._ended}; open the key again")
        if any(factor.once for factor in self._credential.factors):
            self._ended = "its one-time password is used up"
        signatures = 1 if digest else self._credential.most
        try:
            leave = self._service.authorize(
                self._credential, self._told, [digest] if digest else [], signatures=signatures
            )
        except KeyUnusable:
            self._ended = "the service has refused what it was told, which is not told again"
            raise
        except KeyUnreachable:
            if self._told and not self._accepted:
                # It may have counted a wrong password all the same.
                self._ended = "nobody knows whether the password is right, it is not told again"
            raise
        self._accepted = True
        self._sad, self._left = leave.sad, signatures
        self._until = self._monotonic() + leave.seconds - MARGIN_S


class RemoteSigner(Signer):
    """Signs with the key of a credential. May be shared by threads, which take turns."""

    def __init__(self, service: Service, credential: Credential, leave: Leave) -> None:
        """Hold an open credential; ``open_signer`` asks and checks."""
        self._service = service
        self._credential = credential
        self._leave = leave
        self._turn = threading.Lock()
        self._closed = False

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return self._credential.algorithm

    @property
    def chain(self) -> tuple[bytes, ...]:
        return self._credential.chain

    @property
    def public_key(self) -> bytes:
        info = PublicFormat.SubjectPublicKeyInfo
        return self._credential.public_key.public_bytes(Encoding.DER, info)

    def sign(self, message: bytes) -> bytes:
        """Have the service sign, and check what it gives before anybody else sees it.

        Raises:
            Closed: the key was closed.
            KeyUnreachable: the service does not answer; a signature may have been made.
            KeyUnusable: the service refuses, or its signature does not fit the certificate.
        """
        if not isinstance(message, bytes):
            raise InvalidValue(field="message", found=type(message).__name__, expected="bytes")
        digest = digest_of(message, self.algorithm)
        with self._turn:
            if self._closed:
                raise Closed(what=f"the key {self._service.key}")
            sad = self._leave.take(digest)
            try:
                value = self._service.sign(self._credential, sad, digest)
            except (KeyUnusable, KeyUnreachable):
                self._leave.drop()
                raise
        return self._checked(message, value)

    def close(self) -> None:
        with self._turn:
            self._closed = True

    def __repr__(self) -> str:
        return f"RemoteSigner({self._service.key!r}, {self.algorithm.value})"

    def _checked(self, message: bytes, value: bytes) -> bytes:
        try:
            signature = standard_form(value, self.algorithm)
            verify(self.algorithm, self._credential.public_key, message, signature)
        except (SignatureInvalid, ValueError) as error:
            reason = "the service gave a signature that does not fit the certificate"
            raise KeyUnusable(key=self._service.key, reason=reason) from error
        return signature


def open_signer(uri: str, secrets: SecretCallback) -> RemoteSigner:
    """Open the key at *uri*.

    Args:
        uri: ``csc:https://host/csc/v2?credential=...``, see ``ServiceAddress``.
        secrets: asked for the access token or the client's secret, and for each password of the
            credential, all of them once.

    Raises:
        InvalidValue: the URI is not of that form.
        KeyUnusable: the service does not know the client or refuses the credential or a password,
            which is not told again.
        KeyUnreachable: the service does not answer as it should.
    """
    address = ServiceAddress.parse(uri)
    channel = Channel.of(address)
    service = Service(address.shown, channel, AccessToken.asked(channel, address, secrets))
    name = address.credential or service.only_credential()
    credential = service.credential(name, address)
    where = f"of the credential {name} at {address.service}"
    told = {
        factor.name: channel.hide(f"factor {factor.name}", secrets(f"{factor.name} {where}"))
        for factor in credential.factors
    }
    leave = Leave(service, credential, told)
    leave.prepare()
    return RemoteSigner(service, credential, leave)
