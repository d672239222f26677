"""Signing envelopes without holding up the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from lienthong.errors import KeyUnusable
from lienthong.model.signing import Envelope
from lienthong.pki.envelope import sign_envelope
from lienthong.spi.signer import Signer

QUICK: Final = 0.005
"""Seconds; a signer that is slower (token, remote service) signs on a worker thread. A hop to a
thread costs about as much as a signature in memory, so quick ones sign in place."""


class EnvelopeSigner:
    """The organisation's signing key; opened at the first signature."""

    def __init__(self, open_signer: Callable[[], Signer], *, owned: bool) -> None:
        """Remember how to open the key.

        Args:
            open_signer: opens it; may ask for a passphrase.
            owned: whether to close it in the end.
        """
        self._open_signer = open_signer
        self._owned = owned
        self._signer: Signer | None = None
        self._refused: KeyUnusable | None = None
        self._opening = asyncio.Lock()
        self._last = QUICK

    async def sign(self, payload_type: str, payload: bytes) -> Envelope:
        """Sign *payload*, which is kept as it is.

        Raises:
            KeyUnusable: the key cannot be opened; that is not tried again.
            PluginError: the signer failed.
        """
        signer = self._signer or await self._open()
        if self._last < QUICK:
            return self._sign(signer, payload_type, payload)
        return await asyncio.to_thread(self._sign, signer, payload_type, payload)

    async def certificate(self) -> bytes:
        """The certificate of the key, DER. Raises as ``sign``."""
        signer = self._signer or await self._open()
        return signer.chain[0]

    async def close(self) -> None:
        """Close the key, if it was opened here."""
        signer, self._signer = self._signer, None
        if signer is not None and self._owned:
            await asyncio.to_thread(signer.close)

    async def _open(self) -> Signer:
        async with self._opening:
            if self._refused is not None:
                raise self._refused.with_traceback(None)
            if self._signer is None:
                try:
                    self._signer = await asyncio.to_thread(self._open_signer)
                except KeyUnusable as error:
                    # A wrong PIN that a program gives would be tried again with every document,
                    # and tokens lock themselves after a few.
                    self._refused = error
                    raise
            return self._signer

    def _sign(self, signer: Signer, payload_type: str, payload: bytes) -> Envelope:
        began = time.monotonic()
        envelope = sign_envelope(signer, payload_type, payload)
        self._last = time.monotonic() - began
        return envelope
