"""What goes wrong with tokens: pulled plugs, lying devices, libraries that are none."""

from __future__ import annotations

import _ctypes
import os
import shutil
import threading
from collections.abc import Callable
from ctypes import c_ulong
from pathlib import Path
from typing import Any

import pytest
from pkcs11 import Attribute
from pkcs11.attributes import AttributeMapper

from lienthong.errors import InvalidValue, KeyUnreachable, KeyUnusable, LienthongError
from lienthong.pki.algorithms import verify
from lienthong.plugins import PluginHost
from lienthong.testing.pki import KeyKind
from lienthong_signer_pkcs11 import keys, login, open_signer
from lienthong_signer_pkcs11 import signer as signer_module
from lienthong_signer_pkcs11.testing import PIN, SoftHSM
from plugins.signers.pkcs11.tests.hands import (
    CKR_DEVICE_REMOVED,
    CKR_GENERAL_ERROR,
    CKR_MECHANISM_INVALID,
    CKR_SESSION_HANDLE_INVALID,
    CKR_USER_NOT_LOGGED_IN,
    check_signs,
    opened,
    put,
    refuse,
)


@pytest.mark.parametrize(
    "code",
    [CKR_GENERAL_ERROR, CKR_DEVICE_REMOVED, CKR_SESSION_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN],
)
def test_a_lost_session_is_told_and_not_used_again(hsm: SoftHSM, device: Any, code: int) -> None:
    """Every key of the token is lost with it; to open it again needs the PIN."""
    uri = put(hsm)
    first, second = opened(uri), opened(uri)
    device.fail("SignInit", code)
    with pytest.raises(KeyUnreachable, match="the PIN is not kept: open the key again"):
        first.sign(b"text")
    device.restore("SignInit")
    device.calls.clear()
    for signer in (first, second):
        with pytest.raises(KeyUnreachable, match="open the key again"):
            signer.sign(b"text")
    assert device.calls["SignInit"] == 0
    with pytest.raises(KeyUnusable, match="PIN is wrong"):
        open_signer(uri, lambda _: "000000")
    again = opened(uri)
    check_signs(again)
    for signer in (first, second, again):
        signer.close()


def test_a_token_that_is_lost_while_another_key_is_being_opened_can_be_opened_again(
    hsm: SoftHSM, device: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Users of the library that are counted off twice would leave it ended for ever."""
    uri = put(hsm)
    first = opened(uri)

    def interrupted(*arguments: Any) -> Any:
        found = login.log_in(*arguments)
        device.fail("SignInit", CKR_DEVICE_REMOVED)
        with pytest.raises(KeyUnreachable):
            first.sign(b"text")
        device.restore("SignInit")
        return found

    with monkeypatch.context() as patched:
        patched.setattr("lienthong_signer_pkcs11.session.log_in", interrupted)
        with pytest.raises(KeyUnreachable):
            opened(uri)
    again = opened(uri)
    check_signs(again)
    again.close()
    first.close()


def test_a_token_that_was_pulled_out_works_when_it_is_back_and_opened_again(
    hsm: SoftHSM, tmp_path: Path
) -> None:
    uri = put(hsm)
    signer = opened(uri)
    check_signs(signer)
    away = tmp_path / "away"
    shutil.move(hsm.folder, away)
    with pytest.raises(KeyUnreachable):
        signer.sign(b"text")
    with pytest.raises(KeyUnreachable):
        open_signer(uri, refuse)
    shutil.move(away, hsm.folder)
    with pytest.raises(KeyUnreachable, match="open the key again"):
        signer.sign(b"text")
    again = opened(uri)
    check_signs(again)
    again.close()
    signer.close()


def test_what_a_token_refuses_does_not_end_the_session(hsm: SoftHSM, device: Any) -> None:
    signer = opened(put(hsm))
    device.fail("SignInit", CKR_MECHANISM_INVALID)
    with pytest.raises(KeyUnusable, match="refuses it"):
        signer.sign(b"text")
    device.restore("SignInit")
    check_signs(signer)
    signer.close()


def test_an_attribute_of_a_wrong_length_is_one_that_the_token_does_not_tell() -> None:
    class Odd:
        def __getitem__(self, name: Attribute) -> object:
            return AttributeMapper().unpack_attributes(name, b"\1\1")

    for name in (Attribute.ALWAYS_AUTHENTICATE, Attribute.KEY_TYPE):
        assert keys._get(Odd(), name) is None


def test_a_token_without_the_mechanism_is_refused_at_opening(hsm: SoftHSM, device: Any) -> None:
    uri = put(hsm)

    def none(call: Callable[..., int], slot: int, mechanisms: int, count: int) -> int:
        c_ulong.from_address(count).value = 0
        return 0

    device.change("GetMechanismList", none)
    with pytest.raises(KeyUnusable, match="does not make ECDSA_P256_SHA256 signatures"):
        opened(uri)


def check_a_lying_token_is_caught(hsm: SoftHSM, device: Any) -> None:
    signer = opened(put(hsm))
    device.sign_wrongly()
    try:
        with pytest.raises(KeyUnusable, match="does not fit the key"):
            signer.sign(b"text")
    finally:
        signer.close()


def test_a_signature_that_does_not_fit_never_leaves_the_plugin(hsm: SoftHSM, device: Any) -> None:
    check_a_lying_token_is_caught(hsm, device)


@pytest.mark.planted("signature of the device not verified")
def test_a_believing_plugin_would_be_noticed(
    hsm: SoftHSM, device: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signer_module, "verify", lambda *_: None)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        check_a_lying_token_is_caught(hsm, device)


# --- Processes and libraries -------------------------------------------------------------------


def in_a_child(work: Callable[[], str]) -> str:
    """What *work* answers in a forked child."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, work().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    return answer


def test_a_forked_child_does_not_touch_the_token(hsm: SoftHSM, device: Any) -> None:
    uri = put(hsm)
    signer = opened(uri)

    def misuse() -> str:
        device.calls.clear()
        codes = []
        for call in (lambda: signer.sign(b"text"), lambda: open_signer(uri, refuse)):
            try:
                call()
            except LienthongError as error:
                codes.append(f"{error.code} {'forked' in str(error)}")
        signer.close()
        return f"{codes} {sum(device.calls.values())}"

    assert in_a_child(misuse) == "['pki.key_unusable True', 'pki.key_unusable True'] 0"
    check_signs(signer)
    signer.close()


def test_a_child_may_use_a_token_that_its_parent_has_left(hsm: SoftHSM) -> None:
    uri = put(hsm)
    opened(uri).close()

    def use() -> str:
        signer = opened(uri)
        check_signs(signer)
        signer.close()
        return "signed"

    assert in_a_child(use) == "signed"


@pytest.mark.parametrize("form", ["absent", "a text", "a folder", "a library of something else"])
def test_what_is_no_pkcs11_library_is_refused(tmp_path: Path, form: str) -> None:
    places = {
        "absent": tmp_path / "absent.so",
        "a text": tmp_path / "text.so",
        "a folder": tmp_path,
        "a library of something else": Path(_ctypes.__file__),
    }
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(KeyUnusable, match="is no PKCS#11 library that can be used"):
        open_signer(f"pkcs11:token=a?module-path={places[form]}", refuse)


def test_messages_are_bytes(hsm: SoftHSM) -> None:
    signer = opened(put(hsm, KeyKind.ED25519))
    for wrong in ("text", None, ["a"], bytearray(b"a")):
        with pytest.raises(InvalidValue):
            signer.sign(wrong)  # type: ignore[arg-type]
    signer.close()


def test_the_plugin_host_opens_and_shields_a_key(hsm: SoftHSM) -> None:
    """Secrets are asked for on the caller's thread, calls are made on others."""
    uri = put(hsm)
    asked: list[threading.Thread] = []

    def ask(name: str) -> str:
        asked.append(threading.current_thread())
        return PIN

    with PluginHost() as host:
        signer = host.open_signer(uri, ask)
        verify(signer.algorithm, signer.public_key, b"text", signer.sign(b"text"))
        signer.close()
    assert asked == [threading.current_thread()]
