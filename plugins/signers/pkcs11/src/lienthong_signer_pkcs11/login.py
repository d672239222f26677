"""Logging in to a token, with a PIN that is sent once and never again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from hmac import compare_digest
from typing import Final

from attrs import define, field
from pkcs11 import Attribute, ObjectClass, TokenFlag, exceptions, types

from lienthong.errors import KeyUnreachable, KeyUnusable
from lienthong.model.checks import shown
from lienthong.spi import SecretCallback
from lienthong_signer_pkcs11.address import TokenAddress
from lienthong_signer_pkcs11.library import Library

MAX_PIN_BYTES: Final = 255

_WRONG: Final = (
    exceptions.PinIncorrect,
    exceptions.PinInvalid,
    exceptions.PinLenRange,
    exceptions.PinLocked,
)
_GONE: Final = (
    exceptions.DeviceError,
    exceptions.DeviceRemoved,
    exceptions.SessionClosed,
    exceptions.SessionHandleInvalid,
    exceptions.TokenNotPresent,
    exceptions.UserAlreadyLoggedIn,
)
"""Answers to a login that speak of the device; anything else may mean a PIN that is wrong."""

_NOT_AGAIN: Final = "the PIN is wrong, it was not tried again"
_UNCLEAR: Final = "the login failed, the PIN was not tried again"
_SALT_BYTES: Final = 16


@define(eq=False)
class Login:
    """That a token knows its user: by PKCS#11, for all sessions of this process with it."""

    session: types.Session
    """Keeps the login alive; keys have sessions of their own."""

    _proof: bytes = field(repr=False)
    _salt: bytes = field(repr=False)
    sessions: list[types.Session] = field(factory=list, init=False)
    """Those of keys that are open."""

    _witness: types.Object | None = field(default=None, init=False, repr=False)

    users: int = 0
    lost: bool = False
    """The token was pulled out or has forgotten who logged in."""

    @classmethod
    def begin(cls, token: types.Token, pin: str | None) -> Login:
        """Log in; a token that wants no PIN gets none."""
        salt = os.urandom(_SALT_BYTES)
        proof = _proof(pin, salt)
        return cls(session=token.open(user_pin=pin), proof=proof, salt=salt)

    def check(self, pin: str | None, key: str) -> None:
        """Compare with the PIN that has opened the token: it would not look at a second one.

        Raises:
            KeyUnusable: it is another one.
        """
        if not compare_digest(_proof(pin, self._salt), self._proof):
            raise KeyUnusable(key=key, reason=_NOT_AGAIN)

    def look(self) -> None:
        """Find a private key to ask for later; what fails here ends the login."""
        try:
            found = self.session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
            self._witness = next(iter(found), None)
        except exceptions.PKCS11Error:
            self.end()
            raise

    def is_alive(self) -> bool:
        """Whether the token still knows its user: only then does it show private keys.

        It may have been pulled out and put back, or another one put in, while nobody signed.
        """
        if self._witness is None:
            return True
        try:
            return bool(self._witness[Attribute.CLASS])
        except exceptions.PKCS11Error:
            return False

    def end(self) -> None:
        """Log out, if the token is still there to hear it; whatever is open is let go of."""
        self.lost = True
        for session in (*self.sessions, self.session):
            with suppress(exceptions.PKCS11Error):
                session.close()


def log_in(
    library: Library, address: TokenAddress, secrets: SecretCallback
) -> tuple[types.Token, Login]:
    """Log in to the token of an address, or join whoever has.

    The PIN is asked for without keeping others waiting, and after everything that can be known
    before: whether the token is there, and whether it may be tried.

    Raises:
        KeyUnusable: several tokens fit, the PIN is wrong or must not be tried.
        KeyUnreachable: the token is not there.
    """
    key = address.shown
    with library.turn(key):
        token = find_token(library.tokens(), address)
        wanted = _wants_pin(library, token, address)
    pin = _ask(token, address, secrets) if wanted else None
    with library.turn(key):
        token = find_token(library.tokens(), address)
        login = library.logins.get(token.slot.slot_id)
        if login is not None and not login.is_alive():
            leave(library, login, users=login.users)
            login = None
        if login is None:
            login = _begin(library, token, pin, address)
            login.look()
            library.logins[token.slot.slot_id] = login
        else:
            login.check(pin, key)
        login.users += 1
        return token, login


def leave(library: Library, login: Login, *, users: int) -> None:
    """Count users of a login off; without any it ends. One that is lost has none left."""
    if login.lost:
        return
    login.users -= users
    if not login.users:
        slots = [slot for slot, known in library.logins.items() if known is login]
        for slot in slots:
            del library.logins[slot]
        login.end()
    library.release(users)


def find_token(tokens: Sequence[types.Token], address: TokenAddress) -> types.Token:
    """The one token that fits.

    Raises:
        KeyUnreachable: none does.
        KeyUnusable: several do; the error lists them.
    """
    found = [token for token in tokens if _fits(token, address)]
    if not found:
        there = ", ".join(map(_name, tokens)) or "none"
        raise KeyUnreachable(key=address.shown, reason=f"no such token, plugged in: {there}")
    if len(found) > 1:
        names = ", ".join(map(_name, found))
        raise KeyUnusable(key=address.shown, reason=f"several tokens fit, name one: {names}")
    return found[0]


def check_pin_state(flags: TokenFlag, address: TokenAddress) -> None:
    """Whether a PIN may be tried at all.

    Raises:
        KeyUnusable: it is locked or not set, or a mistake would lock it and nobody has allowed it.
    """
    reason = None
    if flags & TokenFlag.USER_PIN_LOCKED:
        reason = "its PIN is locked; whoever holds the SO PIN can set a new one"
    elif not flags & TokenFlag.USER_PIN_INITIALIZED:
        reason = "its PIN has not been set"
    elif flags & TokenFlag.USER_PIN_FINAL_TRY and not address.final_try:
        reason = (
            "one more wrong PIN would lock it, so none is tried; log in with the maker's program, "
            "or add final-try=allowed to the address"
        )
    if reason is not None:
        raise KeyUnusable(key=address.shown, reason=reason)


def _wants_pin(library: Library, token: types.Token, address: TokenAddress) -> bool:
    if not token.flags & TokenFlag.LOGIN_REQUIRED:
        return False
    if token.slot.slot_id not in library.logins:
        check_pin_state(token.flags, address)
    return True


def _ask(token: types.Token, address: TokenAddress, secrets: SecretCallback) -> str:
    pin = secrets(f"PIN of the token {_name(token)}")
    encoded = pin.encode("utf-8", "ignore")
    # What a terminal could not decode is in the text as signs that have no encoding.
    if not 0 < len(encoded) <= MAX_PIN_BYTES or encoded.decode() != pin:
        reason = "the PIN is empty, too long or no text, it was not tried"
        raise KeyUnusable(key=address.shown, reason=reason)
    return pin


def _begin(library: Library, token: types.Token, pin: str | None, address: TokenAddress) -> Login:
    if pin is None:
        return Login.begin(token, None)
    # Once more: another program may have spent tries while a person was typing.
    check_pin_state(token.flags, address)
    # What fails here cannot be the fault of the PIN.
    token.open().close()
    try:
        return Login.begin(token, pin)
    except _GONE:
        raise
    except exceptions.PKCS11Error as error:
        # Not unreachable: whoever looks for a lost key again and again would lock the token.
        what = _NOT_AGAIN if isinstance(error, _WRONG) else _UNCLEAR
        reason = f"{what}{_left(library, token)} ({type(error).__name__})"
        raise KeyUnusable(key=address.shown, reason=reason) from error


def _left(library: Library, token: types.Token) -> str:
    """What the token tells about further tries; the number is no part of PKCS#11."""
    slot = token.slot.slot_id
    try:
        there = library.tokens()
    except exceptions.PKCS11Error:
        return ""
    flags = next((one.flags for one in there if one.slot.slot_id == slot), TokenFlag(0))
    if flags & TokenFlag.USER_PIN_LOCKED:
        return "; the token is locked now"
    if flags & TokenFlag.USER_PIN_FINAL_TRY:
        return "; ONE try remains before the token locks itself"
    if flags & TokenFlag.USER_PIN_COUNT_LOW:
        return "; the token counts wrong tries and locks itself after some"
    return ""


def _fits(token: types.Token, address: TokenAddress) -> bool:
    slot = token.slot.slot_id
    pairs = (
        (address.token, token.label),
        (address.manufacturer, token.manufacturer_id),
        (address.serial, _serial(token)),
        (address.model, token.model),
        (address.slot, slot),
    )
    return all(wanted is None or wanted == found for wanted, found in pairs)


def _name(token: types.Token) -> str:
    """Label and serial number, made harmless: they come from a device and go to a terminal."""
    return f"{shown(token.label)} (serial {shown(_serial(token))})"


def _serial(token: types.Token) -> str:
    return token.serial.decode("utf-8", "replace").strip()


def _proof(pin: str | None, salt: bytes) -> bytes:
    """What is kept of a PIN, to compare later ones with; slow to guess from."""
    return hashlib.scrypt((pin or "").encode(), salt=salt, n=2**14, r=8, p=1)
