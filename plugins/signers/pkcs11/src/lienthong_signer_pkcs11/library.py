"""The library of a token's maker: loaded and initialised once a process, one call at a time.

PKCS#11 keeps its state for the whole process, whatever objects a program makes of it: so does this
module. A forked child shares that state with its parent and must not use it (PKCS#11 2.40, 5.4).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import define, field
from pkcs11 import TokenFlag, _pkcs11, exceptions, types

from lienthong.errors import KeyUnreachable, KeyUnusable

if TYPE_CHECKING:
    from lienthong_signer_pkcs11.login import Login

REFUSALS: Final = (
    exceptions.ArgumentsBad,
    exceptions.AttributeTypeInvalid,
    exceptions.DataInvalid,
    exceptions.DataLenRange,
    exceptions.FunctionNotSupported,
    exceptions.KeySizeRange,
    exceptions.KeyTypeInconsistent,
    exceptions.MechanismInvalid,
    exceptions.MechanismParamInvalid,
)
"""What a token answers that is there and does not want to; after anything else it is lost."""

_FORKED: Final = (
    "this process was forked from one that uses the token; start workers with spawn, and open the "
    "key in each"
)
_LIBRARIES: Final[dict[str, Library]] = {}
_LIBRARIES_LOCK: Final = threading.Lock()


@define(eq=False)
class Library:
    """One PKCS#11 library of this process. May be shared by threads."""

    _lib: _pkcs11.lib
    _pid: int = field(factory=os.getpid)
    _users: int = 0
    _lock: threading.RLock = field(factory=threading.RLock)
    logins: dict[int, Login] = field(factory=dict)
    """By slot, those in force; to be touched in a turn only."""

    @contextmanager
    def turn(self, key: str) -> Iterator[None]:
        """Have the library for this thread alone; python-pkcs11 does not ask it for its own locks.

        Raises:
            KeyUnusable: this process was forked, or the token refuses.
            KeyUnreachable: the library or the token fails.
        """
        self._check_process(key)
        with self._lock, typed(key):
            yield

    def borrow(self, key: str) -> None:
        """Count a user; the first one initialises the library."""
        if self._users:
            self._check_process(key)
        with self._lock:
            if not self._users:
                with typed(key):
                    self._lib.initialize()
                self._pid = os.getpid()
            self._users += 1

    def release(self, users: int = 1) -> None:
        """Count users off; after the last one the library lets go of its devices.

        The next opening begins anew, so that it sees what was plugged in meanwhile.
        """
        if os.getpid() != self._pid:
            return
        with self._lock:
            self._users -= users
            if not self._users:
                with suppress(exceptions.PKCS11Error):
                    self._lib.finalize()

    def tokens(self) -> tuple[types.Token, ...]:
        """The tokens that are plugged in and ready for use; in a turn only."""
        return tuple(filter(None, map(_token, self._lib.get_slots(token_present=True))))

    def _check_process(self, key: str) -> None:
        # Before any lock: a thread of the parent may have held it when the process was forked.
        if os.getpid() != self._pid:
            raise KeyUnusable(key=key, reason=_FORKED)


def load_library(path: Path, key: str) -> Library:
    """The library at *path*, the same one whenever it is asked for.

    Raises:
        KeyUnusable: there is none, or it is no PKCS#11 library.
    """
    place = os.path.realpath(path)
    with _LIBRARIES_LOCK:
        if place not in _LIBRARIES:
            _LIBRARIES[place] = Library(lib=_loaded(place, key))
        return _LIBRARIES[place]


@contextmanager
def typed(key: str) -> Iterator[None]:
    """Errors of PKCS#11 as ours."""
    try:
        yield
    except REFUSALS as error:
        reason = f"the token refuses it ({type(error).__name__})"
        raise KeyUnusable(key=key, reason=reason) from error
    except exceptions.PKCS11Error as error:
        reason = f"the token does not answer as it should ({type(error).__name__})"
        raise KeyUnreachable(key=key, reason=reason) from error


def _loaded(place: str, key: str) -> _pkcs11.lib:
    # An instance of our own, not the one that python-pkcs11 shares with everybody: whoever shares
    # it could end it at any moment.
    try:
        with typed(key):
            lib = _pkcs11.lib(place)
            lib.finalize()
    except KeyUnreachable as error:
        if type(error.__cause__) is not exceptions.PKCS11Error:
            raise  # the library could be loaded: it is what it reaches that does not work
        reason = f"{place} is no PKCS#11 library that can be used: {error.__cause__}"
        raise KeyUnusable(key=key, reason=reason) from error
    return lib


def _token(slot: types.Slot) -> types.Token | None:
    """The token in a slot; None for one that is being pulled out, or not set up."""
    try:
        token = slot.get_token()
    except exceptions.PKCS11Error:
        return None
    return token if token.flags & TokenFlag.TOKEN_INITIALIZED else None
