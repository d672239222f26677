"""The organisation's key as a client holds it: opened once, and not again when that is refused."""

from __future__ import annotations

import asyncio
import traceback

import pytest

from lienthong.client.signing import EnvelopeSigner
from lienthong.errors import KeyUnreachable, KeyUnusable, LienthongError
from lienthong.model.signing import MANIFEST_TYPE
from lienthong.spi.signer import Signer
from lienthong.testing.pki import TestPKI

SIGNER = TestPKI().organisation("H53.01").signer()
WRONG = KeyUnusable(key="pkcs11:token=office", reason="the PIN is wrong")
GONE = KeyUnreachable(key="pkcs11:token=office", reason="no such token")


class Opening:
    """Opens a key when no more errors are waiting."""

    def __init__(self, *errors: LienthongError) -> None:
        self.errors = list(errors)
        self.tries = 0

    def __call__(self) -> Signer:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return SIGNER


def test_a_key_is_opened_once() -> None:
    async def run() -> None:
        signer = EnvelopeSigner(opening, owned=False)
        await asyncio.gather(*(signer.sign(MANIFEST_TYPE, b"payload") for _ in range(5)))

    opening = Opening()
    asyncio.run(run())
    assert opening.tries == 1


def test_a_refused_pin_is_not_tried_again_with_the_next_document() -> None:
    async def run() -> None:
        signer = EnvelopeSigner(opening, owned=False)
        for _ in range(50):
            with pytest.raises(KeyUnusable, match="the PIN is wrong"):
                await signer.sign(MANIFEST_TYPE, b"payload")

    opening = Opening(WRONG)
    asyncio.run(run())
    assert opening.tries == 1
    assert len(list(traceback.walk_tb(WRONG.__traceback__))) < 20, "it grows with every document"


def test_a_token_that_was_not_there_is_looked_for_again() -> None:
    async def run() -> None:
        signer = EnvelopeSigner(opening, owned=False)
        with pytest.raises(KeyUnreachable):
            await signer.sign(MANIFEST_TYPE, b"payload")
        await signer.sign(MANIFEST_TYPE, b"payload")

    opening = Opening(GONE)
    asyncio.run(run())
    assert opening.tries == 2
