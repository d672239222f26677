"""The address of a key on a token: a PKCS#11 URI (RFC 7512) that never holds a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self
from urllib.parse import unquote_to_bytes

from attrs import field, frozen

from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi.addresses import algorithm_named, wrong_address

MAX_ADDRESS: Final = 2_000
"""Characters; a longer one is no address."""

_PATH: Final = frozenset(
    {"token", "manufacturer", "serial", "model", "slot-id", "object", "id", "type"}
)
_QUERY: Final = frozenset({"module-path", "algorithm", "cert", "final-try"})
_SECRET: Final = frozenset({"pin-value", "pin-source"})
_ENCODED: Final = re.compile(r"(?:[^%#?\x00-\x20\x7f]|%[0-9A-Fa-f]{2})+")
_SLOT: Final = re.compile(r"[0-9]{1,19}")


@frozen(kw_only=True)
class TokenAddress:
    """Which key of which token, and the library that reaches it; what is not named fits all."""

    shown: str
    """The part before the question mark as it was given: names the key in errors."""

    module: Path
    """The PKCS#11 library of the token's maker, absolute."""

    token: str | None = None
    """Label of the token."""

    manufacturer: str | None = None
    serial: str | None = None
    model: str | None = None
    slot: int | None = None
    label: str | None = None
    """Label of the key (``object=``)."""

    key_id: bytes | None = field(default=None, repr=bytes.hex)
    """CKA_ID of the key."""

    algorithm: SignatureAlgorithm | None = None
    """To sign with, when the key can do several."""

    chain: Path | None = None
    """PEM file with the certificates, when they are not on the token."""

    final_try: bool = False
    """Whether the PIN is tried even if one more mistake locks the token."""

    @classmethod
    def parse(cls, uri: str) -> Self:
        """Read a URI.

        Raises:
            InvalidValue: it is not of that form, or holds a PIN. The error never repeats a value.
        """
        scheme, separator, rest = uri.partition(":")
        if scheme != "pkcs11" or not separator or len(uri) > MAX_ADDRESS:
            raise wrong_address("something else", "pkcs11:token=...;object=...?module-path=...")
        path, _, query = rest.partition("?")
        named = _attributes(path, ";", _PATH)
        chosen = _attributes(query, "&", _QUERY)
        if named.get("type", b"private") != b"private":
            raise wrong_address("another type", "type=private")
        return cls(
            shown=f"pkcs11:{path}",
            module=_module(chosen),
            token=_text(named, "token"),
            manufacturer=_text(named, "manufacturer"),
            serial=_text(named, "serial"),
            model=_text(named, "model"),
            slot=_slot(named),
            label=_text(named, "object"),
            key_id=named.get("id"),
            algorithm=algorithm_named(_text(chosen, "algorithm")),
            chain=_path(chosen, "cert"),
            final_try=_final_try(chosen),
        )


def _attributes(part: str, separator: str, known: frozenset[str]) -> Mapping[str, bytes]:
    """Names with their decoded values, each at most once."""
    found: dict[str, bytes] = {}
    for attribute in part.split(separator) if part else ():
        name, _, value = attribute.partition("=")
        if name in _SECRET:
            raise wrong_address(name, "no PIN in the address: it is asked for")
        if name not in known:
            raise wrong_address("an unknown attribute", f"only {', '.join(sorted(known))}")
        if name in found or not _ENCODED.fullmatch(value):
            raise wrong_address(
                f"{name} empty, twice or badly encoded", f"{name} once, with a value"
            )
        found[name] = unquote_to_bytes(value)
    return found


def _text(found: Mapping[str, bytes], name: str) -> str | None:
    value = found.get(name)
    if value is None:
        return None
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        raise wrong_address(f"{name} in another encoding", f"{name} in UTF-8") from None
    if "\0" in text:
        raise wrong_address(f"{name} with a null byte", f"{name} as a text")
    return text


def _path(found: Mapping[str, bytes], name: str) -> Path | None:
    text = _text(found, name)
    return None if text is None else Path(text)


def _module(found: Mapping[str, bytes]) -> Path:
    """Absolute: a bare name would be looked for wherever the system keeps libraries."""
    path = _path(found, "module-path")
    if path is None or not path.is_absolute():
        raise wrong_address(
            "no absolute module-path", "module-path=/path/of/the/PKCS#11/library.so"
        )
    return path


def _slot(found: Mapping[str, bytes]) -> int | None:
    text = _text(found, "slot-id")
    if text is None:
        return None
    if not _SLOT.fullmatch(text):
        raise wrong_address("slot-id that is no number", "slot-id=<number>")
    return int(text)


def _final_try(found: Mapping[str, bytes]) -> bool:
    value = found.get("final-try")
    if value not in {None, b"allowed"}:
        raise wrong_address("final-try with another value", "final-try=allowed")
    return value is not None
