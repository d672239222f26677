"""Access tokens (OAuth 2.0): given once, or fetched and renewed for a client."""

from __future__ import annotations

import time
from typing import Final

from attrs import define, field

from lienthong.spi import SecretCallback
from lienthong_signer_csc.address import ServiceAddress
from lienthong_signer_csc.channel import Channel
from lienthong_signer_csc.deadline import Deadline

TOKEN_S: Final = 3_600
"""How long an access token or authorization lasts when the service does not say."""

MARGIN_S: Final = 10
"""What is about to expire is not used any more."""


@define(eq=False)
class AccessToken:
    """The token that every call carries; renewed before it expires where that is possible."""

    _channel: Channel
    _client: str | None
    _secret: str = field(repr=False)
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

    def current(self, deadline: Deadline) -> str:
        """A token that is in force.

        Raises:
            KeyUnusable: the service does not know the client.
            KeyUnreachable: the service does not answer.
        """
        if self._client is None:
            return self._secret
        if self._value is None or time.monotonic() >= self._until:
            self._value = self._fetch(self._client, deadline)
        return self._value

    def drop(self) -> None:
        """Fetch another one next time: the service may have withdrawn this one."""
        self._value = None

    def _fetch(self, client: str, deadline: Deadline) -> str:
        body = {
            "grant_type": "client_credentials",
            "client_id": client,
            "client_secret": self._secret,
        }
        answer = self._channel.call(
            "oauth2/token", body, token=None, deadline=deadline, repeatable=False
        )
        if answer.text("token_type").lower() != "bearer":
            raise answer.malformed("token_type is not Bearer")
        self._until = time.monotonic() + answer.number("expires_in", TOKEN_S) - MARGIN_S
        return self._channel.hide("token", answer.text("access_token"))
