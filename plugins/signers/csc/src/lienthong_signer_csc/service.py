"""The methods of the CSC API 2.0 that a signer needs."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from attrs import define, field, frozen

from lienthong.errors import KeyUnusable
from lienthong.model.checks import shown
from lienthong.model.signing import MAX_SIGNATURE_BYTES
from lienthong.spi import SecretCallback
from lienthong_signer_csc.address import ServiceAddress
from lienthong_signer_csc.channel import Channel
from lienthong_signer_csc.credential import Credential

TOKEN_S: Final = 3_600
"""How long an access token or authorization lasts when the service does not say."""

MAX_NAME: Final = 255
"""Characters of a credential's name: it is part of questions to people."""

MARGIN_S: Final = 10
"""What is about to expire is not used any more."""


@frozen(kw_only=True)
class Digest:
    """What is to be signed, as the service sees it."""

    value: bytes
    oid: str
    """Of the hash algorithm."""

    parameters: bytes | None = None
    """Of the signature algorithm, DER, where it needs them (RSASSA-PSS)."""

    @property
    def text(self) -> str:
        return b64encode(self.value).decode()


@frozen(kw_only=True)
class Authorization:
    """Leave to sign (SAD)."""

    sad: str = field(repr=False)
    seconds: int
    """From when it was given."""


@define(eq=False)
class AccessToken:
    """The token that every call carries; renewed before it expires where that is possible."""

    _channel: Channel
    _client: str | None
    _secret: str = field(repr=False)
    _monotonic: Callable[[], float] = time.monotonic
    _value: str | None = field(default=None, init=False, repr=False)
    _until: float = field(default=0.0, init=False)

    @classmethod
    def asked(
        cls, channel: Channel, address: ServiceAddress, secrets: SecretCallback
    ) -> AccessToken:
        """Ask for the token, or for the secret of the client that may fetch one."""
        client = address.client
        what = "access token of" if client is None else f"client secret of {client} at"
        return cls(channel, client, channel.hide("access", secrets(f"{what} {address.service}")))

    def current(self) -> str:
        """A token that is in force.

        Raises:
            KeyUnusable: the service does not know the client.
            KeyUnreachable: the service does not answer.
        """
        if self._client is None:
            return self._secret
        if self._value is None or self._monotonic() >= self._until:
            self._value = self._fetch(self._client)
        return self._value

    def _fetch(self, client: str) -> str:
        body = {
            "grant_type": "client_credentials",
            "client_id": client,
            "client_secret": self._secret,
        }
        answer = self._channel.call("oauth2/token", body, token=None, repeatable=False)
        if answer.text("token_type").lower() != "bearer":
            raise answer.malformed("token_type is not Bearer")
        self._until = self._monotonic() + answer.number("expires_in", TOKEN_S) - MARGIN_S
        return self._channel.hide("token", answer.text("access_token"))


@define(eq=False)
class Service:
    """One service, as one client."""

    key: str
    """Names the key in errors."""

    _channel: Channel
    _token: AccessToken

    def only_credential(self) -> str:
        """The one credential that the client may use.

        Raises:
            KeyUnusable: there are none or several; the error lists them.
            KeyUnreachable: as for every method.
        """
        token = self._token.current()
        answer = self._channel.call("credentials/list", {}, token=token, repeatable=True)
        found = answer.texts("credentialIDs")
        if len(found) != 1:
            names = ", ".join(shown(name) for name in found) or "none"
            reason = f"the service has {len(found)} credentials, name one: {names}"
            raise KeyUnusable(key=self.key, reason=reason)
        if not 0 < len(found[0]) <= MAX_NAME or not found[0].isprintable():
            raise answer.malformed("the name of the credential")
        return found[0]

    def credential(self, name: str, address: ServiceAddress) -> Credential:
        """What the service says about a credential.

        Raises:
            KeyUnusable: it is unknown, not in use or not for this.
            KeyUnreachable: as for every method.
        """
        body = {"credentialID": name, "certificates": "chain", "certInfo": True, "authInfo": True}
        token = self._token.current()
        answer = self._channel.call("credentials/info", body, token=token, repeatable=True)
        return Credential.read(name, answer, address.algorithm, key=self.key)

    def authorize(
        self,
        credential: Credential,
        told: Mapping[str, str],
        digests: Sequence[Digest],
        *,
        signatures: int,
    ) -> Authorization:
        """Get leave to sign; never asked twice, because services count wrong passwords.

        Args:
            credential: whose key is to sign.
            told: passwords by the names of the credential's factors.
            digests: what is to be signed, where the authorization is bound to it.
            signatures: how many.

        Raises:
            KeyUnusable: a password is wrong, or the service refuses.
            KeyUnreachable: as for every method; a one-time password may be used up.
        """
        body: dict[str, object] = {
            "credentialID": credential.name,
            "numSignatures": signatures,
            "authData": [{"id": name, "value": value} for name, value in told.items()],
        }
        if digests:
            body["hashes"] = [digest.text for digest in digests]
            body["hashAlgorithmOID"] = digests[0].oid
        token = self._token.current()
        answer = self._channel.call("credentials/authorize", body, token=token, repeatable=False)
        sad = self._channel.hide("SAD", answer.text("SAD"))
        return Authorization(sad=sad, seconds=answer.number("expiresIn", TOKEN_S))

    def sign(self, credential: Credential, sad: str, digest: Digest) -> bytes:
        """Have a digest signed; never asked twice, because a signature may have been made.

        Raises:
            KeyUnusable: the service refuses.
            KeyUnreachable: as for every method.
        """
        body: dict[str, object] = {
            "credentialID": credential.name,
            "SAD": sad,
            "hashes": [digest.text],
            "hashAlgorithmOID": digest.oid,
            "signAlgo": credential.offered_as,
            "operationMode": "S",
        }
        if digest.parameters is not None:
            body["signAlgoParams"] = b64encode(digest.parameters).decode()
        token = self._token.current()
        answer = self._channel.call("signatures/signHash", body, token=token, repeatable=False)
        found = answer.octets("signatures", MAX_SIGNATURE_BYTES)
        if len(found) != 1:
            raise answer.malformed(f"{len(found)} signatures for one digest")
        return found[0]
