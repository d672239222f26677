"""The signer: a key that stays with a service."""

from __future__ import annotations

import threading
from typing import Final

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
from lienthong_signer_csc.access import AccessToken
from lienthong_signer_csc.address import ServiceAddress
from lienthong_signer_csc.channel import Channel
from lienthong_signer_csc.credential import Credential, FactorKind
from lienthong_signer_csc.deadline import Deadline
from lienthong_signer_csc.digests import digest_of, standard_form
from lienthong_signer_csc.leave import Leave
from lienthong_signer_csc.service import Digest, Order, Service

OPEN_S: Final = 25.0
"""For what is asked before secrets are told, and again for what is asked with them; the plugin
host waits 60 s for an opening, without the time in which secrets are told."""

SIGN_S: Final = 25.0
"""For one signature with everything that belongs to it."""

CONFIRM_S: Final = 180.0
"""The same where the owner may have to confirm on a device; the plugin host waits 200 s."""


class RemoteSigner(Signer):
    """Signs with the key of a credential. May be shared by threads, which take turns."""

    def __init__(
        self, service: Service, credential: Credential, leave: Leave, *, later: bool
    ) -> None:
        """Hold an open credential; ``open_signer`` asks and checks."""
        self._service = service
        self._credential = credential
        self._leave = leave
        self._later = later
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

        Waiting for other threads, for the owner and for the service together takes at most
        ``SIGN_S`` seconds, or ``CONFIRM_S`` where the owner confirms on a device.

        Raises:
            Closed: the key was closed.
            KeyUnreachable: no answer came in time; a signature may have been made.
            KeyUnusable: the owner or the service refuses, or the signature does not fit the
                certificate.
        """
        if not isinstance(message, bytes):
            raise InvalidValue(field="message", found=type(message).__name__, expected="bytes")
        digest = digest_of(message, self.algorithm)
        deadline = Deadline.after(CONFIRM_S if self._credential.confirmed else SIGN_S)
        if not self._turn.acquire(timeout=deadline.left):
            reason = "other signatures took all the time"
            raise KeyUnreachable(key=self._service.key, reason=reason)
        try:
            value = self._signed(digest, deadline)
        finally:
            self._turn.release()
        return self._checked(message, value)

    def close(self) -> None:
        # Without waiting for a turn: somebody's signature may be waiting for its confirmation.
        self._closed = True

    def __repr__(self) -> str:
        return f"RemoteSigner({self._service.key!r}, {self.algorithm.value})"

    def _signed(self, digest: Digest, deadline: Deadline) -> bytes:
        if self._closed:
            raise Closed(what=f"the key {self._service.key}")
        sad = self._leave.take(digest, deadline)
        order = Order(digest=digest, sad=sad, later=self._later)
        try:
            return self._service.sign(self._credential, order, deadline)
        except (KeyUnusable, KeyUnreachable):
            self._leave.drop()
            raise

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

    The owner is not asked to confirm anything yet: that is done for each signature.

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
    deadline = Deadline.after(OPEN_S)
    name = address.credential or service.only_credential(deadline)
    credential = service.credential(name, address, deadline)
    later = credential.confirmed and service.signs_later(deadline)
    for factor in credential.factors:
        if factor.kind is FactorKind.SENT:
            service.send(credential, factor, deadline)
    where = f"of the credential {name} at {address.service}"
    told = {
        factor.name: channel.hide(f"factor {factor.name}", secrets(f"{factor.name} {where}"))
        for factor in credential.factors
        if factor.told
    }
    leave = Leave(service, credential, told)
    leave.prepare(Deadline.after(OPEN_S))
    return RemoteSigner(service, credential, leave, later=later)
