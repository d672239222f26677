"""Tokens of SoftHSM2, and a way to let their library misbehave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from ctypes import (
    CDLL,
    CFUNCTYPE,
    POINTER,
    Structure,
    byref,
    c_ubyte,
    c_ulong,
    c_void_p,
    cast,
    memmove,
)
from pathlib import Path
from typing import Any, Final

import pytest

from lienthong_signer_pkcs11.testing import SoftHSM

_ORDER: Final = (
    "Initialize",
    "Finalize",
    "GetInfo",
    "GetFunctionList",
    "GetSlotList",
    "GetSlotInfo",
    "GetTokenInfo",
    "GetMechanismList",
    "GetMechanismInfo",
    "InitToken",
    "InitPIN",
    "SetPIN",
    "OpenSession",
    "CloseSession",
    "CloseAllSessions",
    "GetSessionInfo",
    "GetOperationState",
    "SetOperationState",
    "Login",
    "Logout",
    "CreateObject",
    "CopyObject",
    "DestroyObject",
    "GetObjectSize",
    "GetAttributeValue",
    "SetAttributeValue",
    "FindObjectsInit",
    "FindObjects",
    "FindObjectsFinal",
    "EncryptInit",
    "Encrypt",
    "EncryptUpdate",
    "EncryptFinal",
    "DecryptInit",
    "Decrypt",
    "DecryptUpdate",
    "DecryptFinal",
    "DigestInit",
    "Digest",
    "DigestUpdate",
    "DigestKey",
    "DigestFinal",
    "SignInit",
    "Sign",
)
"""The functions of PKCS#11 2.40 in the order of its function list."""

_ARGUMENTS: Final = {
    "GetTokenInfo": 2,
    "GetMechanismList": 3,
    "OpenSession": 5,
    "CloseSession": 1,
    "Login": 4,
    "GetAttributeValue": 4,
    "SignInit": 3,
    "Sign": 5,
}
_FLAGS_AT: Final = 96
"""Offset of the flags in CK_TOKEN_INFO."""

Call = Callable[..., int]


class FunctionList(Structure):
    """CK_FUNCTION_LIST as far as it is needed."""

    _fields_ = [("version", c_ubyte * 2)] + [(name, c_void_p) for name in _ORDER]


class Device:
    """The library of SoftHSM2 between the plugin and the token: counts calls, and puts faults in.

    It is the real library: its own table of functions is changed, which everybody calls through.
    """

    def __init__(self, library: Path) -> None:
        pointer = POINTER(FunctionList)()
        self._dll = CDLL(str(library))
        assert self._dll.C_GetFunctionList(byref(pointer)) == 0
        self._list = pointer.contents
        self._original = {name: getattr(self._list, name) for name in _ARGUMENTS}
        self._kept: list[Any] = []
        self.calls: Counter[str] = Counter()
        for name in _ARGUMENTS:
            self.change(name, lambda call, *arguments: call(*arguments))

    def change(self, name: str, behave: Callable[..., int]) -> None:
        """Have a function do something else; *behave* gets the real one and the arguments."""
        kind = CFUNCTYPE(c_ulong, *[c_void_p] * _ARGUMENTS[name])
        real = kind(self._original[name])

        def called(*arguments: Any) -> int:
            self.calls[name] += 1
            return behave(real, *arguments)

        self._kept.append(kind(called))
        setattr(self._list, name, cast(self._kept[-1], c_void_p).value)

    def fail(self, name: str, code: int) -> None:
        """Have a function answer with an error."""
        self.change(name, lambda call, *arguments: code)

    def restore(self, name: str) -> None:
        """Have a function do again what it should."""
        self.change(name, lambda call, *arguments: call(*arguments))

    def fail_once(self, name: str, code: int) -> None:
        """Have a function answer with an error, and then do again what it should."""
        codes = [code]
        self.change(name, lambda call, *arguments: codes.pop() if codes else call(*arguments))

    def set_flags(self, flags: int) -> None:
        """Have the token say these flags beside its own."""

        def told(call: Call, slot: int, info: int) -> int:
            code = call(slot, info)
            own = c_ulong.from_address(info + _FLAGS_AT)
            own.value |= flags
            return code

        self.change("GetTokenInfo", told)

    def sign_wrongly(self) -> None:
        """Have the token give signatures with one changed bit."""

        def signed(call: Call, session: int, data: int, size: int, value: int, room: int) -> int:
            code = call(session, data, size, value, room)
            if value:
                last = value + c_ulong.from_address(room).value - 1
                memmove(last, bytes([c_ubyte.from_address(last).value ^ 1]), 1)
            return code

        self.change("Sign", signed)

    def end(self) -> None:
        for name, original in self._original.items():
            setattr(self._list, name, original)


@pytest.fixture
def device(hsm: SoftHSM) -> Iterator[Device]:
    """The library of the tokens, to be disturbed."""
    made = Device(hsm.library)
    yield made
    made.end()
