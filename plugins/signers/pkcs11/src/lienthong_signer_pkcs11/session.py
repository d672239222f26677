"""A session of one key with its token."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from attrs import define, field
from pkcs11 import exceptions, types

from lienthong.errors import Closed, KeyUnreachable, LienthongError
from lienthong.spi import SecretCallback
from lienthong_signer_pkcs11.address import TokenAddress
from lienthong_signer_pkcs11.library import Library, load_library, typed
from lienthong_signer_pkcs11.login import Login, leave, log_in

T = TypeVar("T")

_LOST: Final = (
    "the token was pulled out or has ended the session, and the PIN is not kept: open the key again"
)


@define(eq=False)
class TokenSession:
    """Calls of one key to its token. May be shared by threads, which take turns."""

    key: str
    """Names the key in errors."""

    _library: Library
    _login: Login
    _session: types.Session
    _closed: bool = field(default=False, init=False)

    def ask(self, call: Callable[[types.Session], T]) -> T:
        """Have the token do something.

        Raises:
            Closed: the key was closed.
            KeyUnreachable: the token is lost; only opening the key again, with its PIN, helps.
            KeyUnusable: the token refuses.
        """
        with self._library.turn(self.key):
            if self._closed:
                raise Closed(what=f"the key {self.key}")
            if self._login.lost:
                raise KeyUnreachable(key=self.key, reason=_LOST)
            try:
                with typed(self.key):
                    return call(self._session)
            except KeyUnreachable as error:
                # For all keys of the token, so that the next opening begins anew.
                leave(self._library, self._login, users=self._login.users)
                reason = f"{error.facts['reason']}: {_LOST}"
                raise KeyUnreachable(key=self.key, reason=reason) from error

    def close(self) -> None:
        """End the session; the last one of a token logs out."""
        # In a forked child nothing is ended: the session is the parent's.
        with suppress(LienthongError), self._library.turn(self.key):
            if self._closed:
                return
            self._closed = True
            if self._login.lost:
                return
            self._login.sessions.remove(self._session)
            with suppress(exceptions.PKCS11Error):
                self._session.close()
            leave(self._library, self._login, users=1)


def open_session(address: TokenAddress, secrets: SecretCallback) -> TokenSession:
    """Open a session with the token of an address, asking at most once for its PIN.

    Raises:
        KeyUnusable: the library or the PIN is wrong, or several tokens fit.
        KeyUnreachable: the token is not there.
    """
    key = address.shown
    library = load_library(address.module, key)
    library.borrow(key)
    try:
        token, login = log_in(library, address, secrets)
    except BaseException:
        library.release()
        raise
    try:
        with library.turn(key):
            if login.lost:
                # Another key's call has found that out, between the two turns.
                raise KeyUnreachable(key=key, reason=_LOST)
            session = token.open()
            login.sessions.append(session)
            return TokenSession(key=key, library=library, login=login, session=session)
    except BaseException:
        with library.turn(key):
            leave(library, login, users=1)
        raise
