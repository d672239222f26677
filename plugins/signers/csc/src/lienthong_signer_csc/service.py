"""The methods of the CSC API 2.0 that a signer needs."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from attrs import define, field, frozen

from lienthong.errors import KeyUnreachable, KeyUnusable
from lienthong.model.checks import shown
from lienthong.model.signing import MAX_SIGNATURE_BYTES
from lienthong_signer_csc.access import TOKEN_S, AccessToken
from lienthong_signer_csc.address import ServiceAddress
from lienthong_signer_csc.answer import Answer
from lienthong_signer_csc.channel import Channel
from lienthong_signer_csc.credential import Credential, Factor
from lienthong_signer_csc.deadline import Deadline

MAX_NAME: Final = 255
"""Characters of a credential's name: it is part of questions to people."""

POLL_S: Final = 2.0
"""Between two questions whether the owner has confirmed."""


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


@frozen(kw_only=True)
class Order:
    """One signature, as it is ordered."""

    digest: Digest
    sad: str = field(repr=False)
    later: bool
    """Asynchronously: the service is asked for the signature until it is there."""

    def values(self, deadline: Deadline) -> dict[str, object]:
        """What ``signatures/signHash`` is told of it."""
        values: dict[str, object] = {
            "SAD": self.sad,
            "hashes": [self.digest.text],
            "hashAlgorithmOID": self.digest.oid,
            "operationMode": "A" if self.later else "S",
        }
        if self.later:
            values["validity_period"] = max(int(deadline.left * 1000), 1)
        if self.digest.parameters is not None:
            values["signAlgoParams"] = b64encode(self.digest.parameters).decode()
        return values


@define(eq=False)
class Service:
    """One service, as one client. Every method takes the deadline of what it is done for."""

    key: str
    """Names the key in errors."""

    _channel: Channel
    _token: AccessToken

    def only_credential(self, deadline: Deadline) -> str:
        """The one credential that the client may use.

        Raises:
            KeyUnusable: there are none or several; the error lists them.
            KeyUnreachable: as for every method.
        """
        answer = self._call("credentials/list", {}, deadline, repeatable=True)
        found = answer.texts("credentialIDs")
        if len(found) != 1:
            names = ", ".join(shown(name) for name in found) or "none"
            reason = f"the service has {len(found)} credentials, name one: {names}"
            raise KeyUnusable(key=self.key, reason=reason)
        if not 0 < len(found[0]) <= MAX_NAME or not found[0].isprintable():
            raise answer.malformed("the name of the credential")
        return found[0]

    def credential(self, name: str, address: ServiceAddress, deadline: Deadline) -> Credential:
        """What the service says about a credential.

        Raises:
            KeyUnusable: it is unknown, not in use or not for this.
            KeyUnreachable: as for every method.
        """
        body = {"credentialID": name, "certificates": "chain", "certInfo": True, "authInfo": True}
        answer = self._call("credentials/info", body, deadline, repeatable=True)
        return Credential.read(name, answer, address.algorithm, key=self.key)

    def signs_later(self, deadline: Deadline) -> bool:
        """Whether it signs asynchronously: it takes an order and is asked for the signature.

        Raises:
            KeyUnreachable: as for every method.
        """
        try:
            answer = self._call("info", {}, deadline, repeatable=True)
        except KeyUnusable:
            # It should tell, but nothing else depends on it.
            return False
        return answer.flag("asynchronousOperationMode")

    def send(self, credential: Credential, factor: Factor, deadline: Deadline) -> None:
        """Have the service send the owner what is to be told, such as a code by SMS.

        Raises:
            KeyUnusable: the service refuses, or wants an answer that somebody has to compute.
            KeyUnreachable: as for every method.
        """
        body = {"credentialID": credential.name, "authObjectID": factor.name}
        answer = self._call("credentials/getChallenge", body, deadline, repeatable=False)
        if "challenge" in answer.values:
            reason = f"{factor.name} is the answer to a question, which is not supported"
            raise KeyUnusable(key=self.key, reason=reason)

    def authorize(
        self,
        credential: Credential,
        told: Mapping[str, str],
        digests: Sequence[Digest],
        deadline: Deadline,
        *,
        signatures: int,
    ) -> Authorization:
        """Get leave to sign; never asked twice, because services count wrong passwords.

        Where the owner confirms on a device, the service answers when that has happened, or says
        that it waits and is asked again.

        Args:
            credential: whose key is to sign.
            told: passwords by the names of the credential's factors.
            digests: what is to be signed, where the authorization is bound to it.
            deadline: for everything, the owner's answer as well.
            signatures: how many.

        Raises:
            KeyUnusable: a password is wrong, or the owner or the service refuses.
            KeyUnreachable: as for every method; a one-time password may be used up.
        """
        body: dict[str, object] = {
            "credentialID": credential.name,
            "numSignatures": signatures,
            "authData": [_proof(factor, told) for factor in credential.factors],
        }
        if digests:
            body["hashes"] = [digest.text for digest in digests]
            body["hashAlgorithmOID"] = digests[0].oid
        answer = self._call("credentials/authorize", body, deadline, repeatable=False)
        answer = self._finished(
            answer,
            "credentials/authorizeCheck",
            lambda pending: {"handle": pending.text("handle")},
            deadline,
        )
        sad = self._channel.hide("SAD", answer.text("SAD"))
        return Authorization(sad=sad, seconds=answer.number("expiresIn", TOKEN_S))

    def sign(self, credential: Credential, order: Order, deadline: Deadline) -> bytes:
        """Have a digest signed; never asked twice, because a signature may have been made.

        Raises:
            KeyUnusable: the owner or the service refuses.
            KeyUnreachable: as for every method.
        """
        names = {"credentialID": credential.name, "signAlgo": credential.offered_as}
        body = names | order.values(deadline)
        answer = self._call("signatures/signHash", body, deadline, repeatable=False)
        if order.later:
            answer = self._fetched({"requestID": answer.text("responseID")}, deadline)
        found = answer.octets("signatures", MAX_SIGNATURE_BYTES)
        if len(found) != 1:
            raise answer.malformed(f"{len(found)} signatures for one digest")
        return found[0]

    def _fetched(self, order: Mapping[str, object], deadline: Deadline) -> Answer:
        method = "signatures/signPolling"
        first = self._call(method, order, deadline, repeatable=True)
        return self._finished(first, method, lambda _: order, deadline)

    def _finished(
        self,
        answer: Answer,
        method: str,
        body: Callable[[Answer], Mapping[str, object]],
        deadline: Deadline,
    ) -> Answer:
        """Ask again, as long as the service waits for the owner."""
        while answer.pending:
            deadline.pause(POLL_S)
            if deadline.is_over():
                raise KeyUnreachable(key=self.key, reason="its owner has not confirmed in time")
            answer = self._call(method, body(answer), deadline, repeatable=True)
        return answer

    def _call(
        self, method: str, body: Mapping[str, object], deadline: Deadline, *, repeatable: bool
    ) -> Answer:
        token = self._token.current(deadline)
        try:
            return self._channel.call(
                method, body, token=token, deadline=deadline, repeatable=repeatable
            )
        except KeyUnusable:
            self._token.drop()
            raise


def _proof(factor: Factor, told: Mapping[str, str]) -> Mapping[str, str]:
    """A factor without a value tells the service to ask the owner."""
    return {"id": factor.name} | ({"value": told[factor.name]} if factor.told else {})
