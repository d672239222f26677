"""The checkpoint key while the node runs: in a token or HSM it may go, and come back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from attrs import define, field

from lienthong.errors import KeyUnreachable, LienthongError, SigningStopped
from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi.signer import Signer

RETRY_S: Final = 1.0
"""How often a key that is lost is looked for."""

PROBE: Final = b"lienthong: does the checkpoint key sign?"
"""Signed to find out; without a newline at its end it is no note, and vouches for nothing."""

_IN_FILE: Final = "softkey:"

log = logging.getLogger(__name__)


@define(eq=False)
class CheckpointKey(Signer):
    """Signs with the key that *open_key* opens, and opens it again when it was lost.

    It is looked for until it is there. Any other error at such an opening, as when its PIN was
    changed, ends the tries until the node is started again: tokens lock themselves after a few
    wrong ones. Who uses the node learns only that it cannot sign; why is for its operator, in the
    log. To be used by one thread at a time.
    """

    _open_key: Callable[[], Signer]
    _monotonic: Callable[[], float] = time.monotonic
    _signer: Signer = field(init=False)
    _lost: LienthongError | None = field(default=None, init=False)
    """Why there is no open key; a ``KeyUnreachable`` may be over."""

    _looked: float = field(default=float("-inf"), init=False)
    _told: str = field(default="", init=False)
    """Code of the error that was logged last; empty while it signs."""

    _algorithm: SignatureAlgorithm = field(init=False)
    _public_key: bytes = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._signer = self._open_key()
        self._algorithm = self._signer.algorithm
        self._public_key = self._signer.public_key

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return self._algorithm

    @property
    def chain(self) -> tuple[bytes, ...]:
        return ()

    @property
    def public_key(self) -> bytes:
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """Sign *message*.

        Raises:
            SigningStopped: the key does not sign now.
        """
        try:
            value = self._current().sign(message)
        except LienthongError as error:
            self._note(error)
            raise SigningStopped from error
        if self._told:
            self._told = ""
            log.info("the checkpoint key signs again")
        return value

    def close(self) -> None:
        self._signer.close()

    def _current(self) -> Signer:
        if self._lost is None:
            return self._signer
        now = self._monotonic()
        if not isinstance(self._lost, KeyUnreachable) or now < self._looked + RETRY_S:
            # The same error again and again: each time it would grow by a traceback.
            raise self._lost.with_traceback(None)
        self._looked = now
        found = self._open_key()
        if found.public_key != self._public_key:
            found.close()
            raise KeyUnreachable(key="checkpoint_key", reason="another key is in its place")
        before, self._signer, self._lost = self._signer, found, None
        before.close()
        return found

    def _note(self, error: LienthongError) -> None:
        if self._lost is not None or isinstance(error, KeyUnreachable):
            self._lost = error
        if error.code != self._told:
            self._told = error.code
            log.error("checkpoints cannot be signed, so nothing is accepted: %s", error)


def lies_in_file(address: str) -> bool:
    """Whether everybody who reads a file has the key at an address."""
    return address.startswith(_IN_FILE)


def warn_of_file(address: str) -> None:
    """Say at the start that a checkpoint key lies in a file (for production: a token or HSM)."""
    if lies_in_file(address):
        log.warning(
            "the checkpoint key lies in a file: whoever copies it can sign receipts in the axis's "
            "name; in production keep it in a token or HSM (checkpoint_key = pkcs11:...)"
        )
