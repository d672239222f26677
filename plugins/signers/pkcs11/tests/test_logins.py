"""Logins that a token has forgotten, and sessions that nobody uses any more."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lienthong.errors import KeyUnreachable, KeyUnusable
from lienthong_signer_pkcs11 import open_signer, session
from lienthong_signer_pkcs11.library import Library
from lienthong_signer_pkcs11.login import Login, leave, log_in
from lienthong_signer_pkcs11.testing import SoftHSM
from plugins.signers.pkcs11.tests.hands import (
    CKR_DEVICE_REMOVED,
    CKR_OBJECT_HANDLE_INVALID,
    CKR_SESSION_HANDLE_INVALID,
    check_signs,
    opened,
    put,
    put_other,
    refuse,
)

FORGOTTEN = [CKR_SESSION_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID, CKR_DEVICE_REMOVED]
"""What a token answers that was put back, or is another one: it knows nobody."""


def check_a_dead_login_is_not_joined(hsm: SoftHSM, device: Any, code: int) -> None:
    uri = put(hsm)
    with closing(opened(uri)) as idle:
        device.fail_once("GetAttributeValue", code)
        device.calls.clear()
        with closing(opened(uri)) as again:
            check_signs(again)
        assert device.calls["Login"] == 1, "a login was joined that is dead"
        with pytest.raises(KeyUnreachable, match="open the key again"):
            idle.sign(b"text")


@pytest.mark.parametrize("code", FORGOTTEN)
def test_a_login_that_is_dead_is_not_joined(hsm: SoftHSM, device: Any, code: int) -> None:
    check_a_dead_login_is_not_joined(hsm, device, code)


@pytest.mark.planted("dead login of a token joined")
def test_joining_it_would_be_noticed(
    hsm: SoftHSM, device: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Login, "is_alive", lambda _: True)
    with pytest.raises((AssertionError, KeyUnreachable)):
        check_a_dead_login_is_not_joined(hsm, device, FORGOTTEN[0])


@pytest.mark.parametrize("code", FORGOTTEN)
def test_a_pin_is_not_called_wrong_that_was_not_sent(hsm: SoftHSM, device: Any, code: int) -> None:
    uri = put(hsm)
    idle = opened(uri)
    device.fail_once("GetAttributeValue", code)
    device.calls.clear()
    with pytest.raises(KeyUnusable, match="the PIN is wrong, it was not tried again"):
        open_signer(uri, lambda _: "000000")
    assert device.calls["Login"] == 1
    idle.close()


def test_sessions_of_a_lost_token_are_let_go_of(hsm: SoftHSM, device: Any) -> None:
    """HSMs limit them, and another token keeps the library open."""
    places = put_other(hsm), put(hsm)
    device.calls.clear()
    other, first, second = (opened(uri) for uri in (*places, places[1]))
    device.fail("SignInit", CKR_DEVICE_REMOVED)
    with pytest.raises(KeyUnreachable):
        first.sign(b"text")
    device.restore("SignInit")
    assert device.calls["OpenSession"] - device.calls["CloseSession"] == 2
    check_signs(other)
    for signer in (first, second, other):
        signer.close()
    assert device.calls["OpenSession"] == device.calls["CloseSession"]


def test_a_login_that_is_lost_at_once_leaves_no_session_open(
    hsm: SoftHSM, device: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = put(hsm)

    def lost(library: Library, *given: Any) -> Any:
        token, login = log_in(library, *given)
        leave(library, login, users=login.users)
        return token, login

    monkeypatch.setattr(session, "log_in", lost)
    device.calls.clear()
    with pytest.raises(KeyUnreachable, match="open the key again"):
        opened(uri)
    assert device.calls["OpenSession"] == device.calls["CloseSession"]


def test_a_pipe_in_place_of_certificates_keeps_nobody_waiting(tmp_path: Path, hsm: SoftHSM) -> None:
    pipe = tmp_path / "chain.pem"
    os.mkfifo(pipe)
    with pytest.raises(KeyUnusable, match="no regular file"):
        open_signer(f"{hsm.uri('office', 'sign')}&cert={pipe}", refuse)


def test_a_file_of_certificates_that_cannot_be_looked_at_is_a_typed_error(hsm: SoftHSM) -> None:
    name = "x" * 300
    with pytest.raises(KeyUnusable, match="no readable certificate"):
        open_signer(f"{hsm.uri('office', 'sign')}&cert={name}", refuse)
