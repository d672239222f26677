"""Keys that need a secret."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest
from attrs import field, frozen

from lienthong.errors import KeyUnusable
from lienthong.spi import Signer
from lienthong_conformance.signature_oracle import verifies


@frozen(kw_only=True)
class LockedKey:
    """A key and the secret that opens it."""

    uri: str
    secret: str = field(repr=False)


class Asked:
    """Answers the question for a secret, and counts the questions."""

    def __init__(self, answer: str) -> None:
        self._answer = answer
        self.names: list[str] = []

    def __call__(self, name: str) -> str:
        self.names.append(name)
        return self._answer


class CannotAnswerError(Exception):
    """Nobody is there to type a passphrase."""


class LockedKeyCases:
    """Cases about secrets."""

    @pytest.fixture
    def locked(self, locked_key: LockedKey | None) -> LockedKey:
        """The key that needs a secret."""
        if locked_key is None:
            pytest.skip("keys of this plugin need no secret")
        return locked_key

    @pytest.mark.requirement("SIG-20")
    def test_secret_is_asked_for_once_by_name(
        self, open_key: Callable[..., Signer], locked: LockedKey
    ) -> None:
        ask = Asked(locked.secret)
        signer = open_key(locked.uri, ask)
        for message in (b"one", b"two"):
            signature = signer.sign(message)
            assert verifies(signer.algorithm, signer.public_key, message, signature)
        assert len(ask.names) == 1
        assert ask.names[0].strip()

    @pytest.mark.requirement("SIG-21")
    @pytest.mark.parametrize("wrong", ["", "wrong", "mật khẩu", "x" * 5_000])
    def test_wrong_secret_is_refused_without_a_second_try(
        self, open_key: Callable[..., Signer], locked: LockedKey, wrong: str
    ) -> None:
        ask = Asked(wrong)
        with pytest.raises(KeyUnusable):
            open_key(locked.uri, ask)
        assert len(ask.names) == 1

    @pytest.mark.requirement("SIG-22")
    def test_secret_that_nobody_gives_opens_nothing(
        self, open_key: Callable[..., Signer], locked: LockedKey
    ) -> None:
        asked: list[str] = []

        def refuse(name: str) -> str:
            asked.append(name)
            raise CannotAnswerError

        with pytest.raises(Exception):  # noqa: B017, PT011 - wrapped or not
            open_key(locked.uri, refuse)
        assert len(asked) == 1

    @pytest.mark.requirement("SIG-23")
    def test_secret_is_never_shown(
        self, open_key: Callable[..., Signer], locked: LockedKey
    ) -> None:
        signer = open_key(locked.uri, Asked(locked.secret))
        shown = [repr(signer), str(signer)]
        wrong = f"not-{locked.secret}"
        with pytest.raises(KeyUnusable) as caught:
            open_key(locked.uri, Asked(wrong))
        shown += ["".join(traceback.format_exception_only(caught.value)), str(caught.value.facts)]
        for text in shown:
            assert locked.secret not in text
