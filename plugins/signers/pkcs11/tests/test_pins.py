"""PINs: tried once, told to nobody, and never into a lock-out."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from pkcs11 import TokenFlag

from lienthong.errors import KeyUnreachable, KeyUnusable
from lienthong_signer_pkcs11 import login, open_signer
from lienthong_signer_pkcs11.testing import PIN, SoftHSM
from plugins.signers.pkcs11.tests.hands import (
    CKR_DEVICE_REMOVED,
    CKR_FUNCTION_FAILED,
    CKR_GENERAL_ERROR,
    CKR_PIN_EXPIRED,
    CKR_PIN_LOCKED,
    check_signs,
    opened,
    put,
    refuse,
)


def check_a_wrong_pin_is_tried_once(hsm: SoftHSM, device: Any) -> None:
    """Counted where it matters: at the token."""
    uri = put(hsm)
    device.calls.clear()
    asked: list[str] = []

    def wrong(name: str) -> str:
        asked.append(name)
        return "000000"

    with pytest.raises(KeyUnusable, match="the PIN is wrong, it was not tried again") as caught:
        open_signer(uri, wrong)
    assert len(asked) == 1
    assert device.calls["Login"] == 1, "the PIN was tried again"
    assert "000000" not in "".join(traceback.format_exception_only(caught.value))
    assert "the token counts wrong tries" in str(caught.value)


def test_a_wrong_pin_is_tried_once(hsm: SoftHSM, device: Any) -> None:
    check_a_wrong_pin_is_tried_once(hsm, device)


@pytest.mark.planted("wrong PIN tried again")
def test_a_second_try_would_be_noticed(
    hsm: SoftHSM, device: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = login._begin

    def stubborn(*arguments: Any) -> Any:
        try:
            return begin(*arguments)
        except KeyUnusable:
            return begin(*arguments)

    monkeypatch.setattr(login, "_begin", stubborn)
    with pytest.raises(AssertionError, match="tried again"):
        check_a_wrong_pin_is_tried_once(hsm, device)


@pytest.mark.parametrize("pin", ["", "1" * 256, "\ud800" * 86, "4729\udcff11"])
def test_what_cannot_be_a_pin_costs_no_try(hsm: SoftHSM, device: Any, pin: str) -> None:
    uri = put(hsm)
    device.calls.clear()
    with pytest.raises(KeyUnusable, match="it was not tried"):
        open_signer(uri, lambda _: pin)
    assert device.calls["Login"] == 0


@pytest.mark.parametrize(
    ("flag", "reason"),
    [
        (TokenFlag.USER_PIN_LOCKED, "its PIN is locked"),
        (TokenFlag.USER_PIN_FINAL_TRY, "one more wrong PIN would lock it, so none is tried"),
    ],
)
def test_a_token_that_must_not_be_tried_is_not(
    hsm: SoftHSM, device: Any, flag: TokenFlag, reason: str
) -> None:
    uri = put(hsm)
    device.set_flags(flag)
    device.calls.clear()
    with pytest.raises(KeyUnusable, match=reason):
        open_signer(uri, refuse)
    assert device.calls["Login"] == 0


def test_the_final_try_is_made_only_where_the_address_allows_it(hsm: SoftHSM, device: Any) -> None:
    uri = put(hsm)
    device.set_flags(TokenFlag.USER_PIN_FINAL_TRY)
    signer = opened(f"{uri}&final-try=allowed")
    check_signs(signer)
    signer.close()


def test_tries_that_were_spent_while_a_person_was_typing_count(hsm: SoftHSM, device: Any) -> None:
    uri = put(hsm)
    device.calls.clear()

    def slow(name: str) -> str:
        device.set_flags(TokenFlag.USER_PIN_FINAL_TRY)
        return PIN

    with pytest.raises(KeyUnusable, match="so none is tried"):
        open_signer(uri, slow)
    assert device.calls["Login"] == 0


@pytest.mark.parametrize("code", [CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED, CKR_PIN_EXPIRED, 0x8000])
def test_an_unclear_answer_to_a_pin_is_not_taken_for_a_lost_token(
    hsm: SoftHSM, device: Any, code: int
) -> None:
    """Whoever looks for a lost token every second would lock it."""
    uri = put(hsm)
    device.fail("Login", code)
    device.calls.clear()
    with pytest.raises(KeyUnusable, match="the login failed, the PIN was not tried again"):
        opened(uri)
    assert device.calls["Login"] == 1


def test_a_token_that_goes_before_the_pin_is_sent_is_lost(hsm: SoftHSM, device: Any) -> None:
    uri = put(hsm)
    device.fail("OpenSession", CKR_GENERAL_ERROR)
    device.calls.clear()
    with pytest.raises(KeyUnreachable):
        opened(uri)
    assert device.calls["Login"] == 0


def test_a_token_that_goes_while_a_pin_is_sent_is_lost(hsm: SoftHSM, device: Any) -> None:
    uri = put(hsm)
    device.fail("Login", CKR_DEVICE_REMOVED)
    with pytest.raises(KeyUnreachable):
        opened(uri)


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        (TokenFlag.USER_PIN_FINAL_TRY, "ONE try remains"),
        (TokenFlag.USER_PIN_LOCKED, "locked now"),
    ],
)
def test_what_is_left_after_a_wrong_pin_is_told(
    hsm: SoftHSM, device: Any, flag: TokenFlag, told: str
) -> None:
    uri = put(hsm)

    def wrong(call: Callable[..., int], *arguments: int) -> int:
        device.set_flags(flag)
        return CKR_PIN_LOCKED if flag is TokenFlag.USER_PIN_LOCKED else call(*arguments)

    device.change("Login", wrong)
    with pytest.raises(KeyUnusable, match=told):
        open_signer(uri, lambda _: "000000")


def test_nobody_else_waits_while_a_person_types(hsm: SoftHSM) -> None:
    uri = put(hsm)
    first = opened(uri)

    def typing(name: str) -> str:
        thread = threading.Thread(target=check_signs, args=(first,))
        thread.start()
        thread.join(30)
        assert not thread.is_alive()
        return PIN

    second = open_signer(uri, typing)
    check_signs(second)
    second.close()
    first.close()


def test_no_pin_shows_in_pictures_or_errors(hsm: SoftHSM, device: Any) -> None:
    uri = put(hsm)
    signer = opened(uri)
    shown = [repr(signer), str(signer)]
    device.fail("SignInit", CKR_DEVICE_REMOVED)
    with pytest.raises(KeyUnreachable) as caught:
        signer.sign(b"text")
    shown += ["".join(traceback.format_exception(caught.value)), repr(caught.value.facts)]
    assert not any(PIN in text for text in shown)
