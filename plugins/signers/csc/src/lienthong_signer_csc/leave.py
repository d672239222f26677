"""Leave to sign: asked for when it is needed, used as long as it lasts."""

from __future__ import annotations

import time
from collections.abc import Mapping

from attrs import define, field

from lienthong.errors import KeyUnreachable, KeyUnusable
from lienthong_signer_csc.access import MARGIN_S
from lienthong_signer_csc.channel import TokenRefused
from lienthong_signer_csc.credential import Credential
from lienthong_signer_csc.deadline import Deadline
from lienthong_signer_csc.service import Digest, Service


@define(eq=False)
class Leave:
    """Leave to sign, renewed when it is used up; passwords are told until one is refused."""

    _service: Service
    _credential: Credential
    _told: Mapping[str, str] = field(repr=False)
    _sad: str = field(default="", init=False, repr=False)
    _left: int = field(default=0, init=False)
    _until: float = field(default=0.0, init=False)
    _ended: str = field(default="", init=False)
    """Why no further leave is asked for."""

    _accepted: bool = field(default=False, init=False)
    """The service has taken the passwords once."""

    def prepare(self, deadline: Deadline) -> None:
        """Get leave beforehand where it is not bound to digests: a wrong password shows at once."""
        if not self._credential.bound:
            self._authorize(None, deadline)

    def take(self, digest: Digest, deadline: Deadline) -> str:
        """Leave for one signature.

        Raises:
            KeyUnusable: a password is wrong or used up: open the key again; or the owner refuses.
            KeyUnreachable: the service or the owner does not answer.
        """
        if self._left == 0 or time.monotonic() >= self._until:
            self._authorize(digest if self._credential.bound else None, deadline)
        self._left -= 1
        return self._sad

    def drop(self) -> None:
        """Do not use the present leave any more."""
        self._left = 0

    def _authorize(self, digest: Digest | None, deadline: Deadline) -> None:
        if self._ended:
            raise KeyUnusable(key=self._service.key, reason=f"{self._ended}; open the key again")
        if any(factor.once for factor in self._credential.factors if factor.told):
            self._ended = "its one-time password is used up"
        signatures = 1 if digest else self._credential.most
        try:
            leave = self._service.authorize(
                self._credential,
                self._told,
                [digest] if digest else [],
                deadline,
                signatures=signatures,
            )
        except KeyUnusable as error:
            # Only once they were right: some service might say so of a wrong password.
            unseen = self._accepted and isinstance(error, TokenRefused)
            if self._told and not unseen:
                self._ended = "the service has refused what it was told, which is not told again"
            raise
        except KeyUnreachable:
            if self._told and not self._accepted:
                # It may have counted a wrong password all the same.
                self._ended = "nobody knows whether the password is right, it is not told again"
            raise
        self._accepted = True
        self._sad, self._left = leave.sad, signatures
        self._until = time.monotonic() + leave.seconds - MARGIN_S
