"""The address of time-stamp authorities.

``rfc3161:<url>?anchors=<path>[&policy=<oid>][&ca=<path>][&hash=<name>][&timeout=<s>][&next=…]``
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Final, Self
from urllib.parse import unquote, urlsplit

from attrs import frozen

from lienthong.errors import InvalidValue
from lienthong.model.checks import shown

SCHEME: Final = "rfc3161"
MAX_AUTHORITIES: Final = 3
MAX_SECONDS: Final = 25.0
"""For all authorities together; a plugin host gives a call 30 s."""

DEFAULT_SECONDS: Final = 8.0
HASHES: Final = ("SHA-256", "SHA-384", "SHA-512")
MAX_URL: Final = 200
_OID: Final = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,30})){1,30}")
_OWN: Final = frozenset({"anchors", "policy", "ca", "next"})
_SHARED: Final = frozenset({"hash", "timeout"})


@frozen(kw_only=True)
class AuthorityAddress:
    """Where one authority answers, and whom it has to be."""

    url: str
    """``http`` or ``https``; a token is signed, so that plain HTTP only shows digests."""

    anchors: Path
    """PEM file with the authorities that its certificate must lead to."""

    policy: str | None
    """Object identifier that is asked for, and that the token must name."""

    ca: Path | None
    """PEM file with the authorities of its TLS certificate; the machine's own without."""


@frozen(kw_only=True)
class SourceAddress:
    """One or several authorities, the preferred one first."""

    authorities: tuple[AuthorityAddress, ...]
    hash_name: str
    """Of the digests that are stamped only to read the time."""

    seconds: float
    """How long one authority may take for one answer."""

    @classmethod
    def parse(cls, uri: str) -> Self:
        """Read a URI; ``%``, ``?``, ``&`` and ``#`` within a value are percent-encoded.

        ``next`` holds the next authority in the same form, without the scheme, percent-encoded as
        a whole; what it does not say of ``anchors`` and ``ca`` is as before it.

        Raises:
            InvalidValue: it is not of that form, or names more than three authorities.
        """
        scheme, separator, rest = uri.partition(":")
        if scheme != SCHEME or not separator:
            raise _invalid(shown(uri), f"{SCHEME}:<url>?anchors=<path>")
        url, parameters = _split(rest, _OWN | _SHARED)
        authorities = _authorities(url, parameters)
        seconds = _seconds(parameters.get("timeout"))
        if seconds * len(authorities) > MAX_SECONDS:
            found = f"{seconds:g} s for each of {len(authorities)}"
            raise _invalid(found, f"at most {MAX_SECONDS:g} s for all authorities together")
        hash_name = parameters.get("hash", HASHES[0])
        if hash_name not in HASHES:
            raise _invalid(f"the hash {shown(hash_name)}", f"one of {', '.join(HASHES)}")
        return cls(authorities=authorities, hash_name=hash_name, seconds=seconds)


def _authorities(url: str, parameters: Mapping[str, str]) -> tuple[AuthorityAddress, ...]:
    if "anchors" not in parameters:
        raise _invalid("no anchors", "anchors=<path of a PEM file>")
    found: list[AuthorityAddress] = []
    inherited: Mapping[str, str] = {}
    while True:
        files = {**inherited, **parameters}
        authority = AuthorityAddress(
            url=_url(url),
            anchors=Path(files["anchors"]),
            policy=_policy(parameters.get("policy")),
            ca=Path(files["ca"]) if "ca" in files else None,
        )
        found.append(authority)
        if len(found) > MAX_AUTHORITIES:
            raise _invalid(f"{len(found)} authorities", f"at most {MAX_AUTHORITIES}")
        if "next" not in parameters:
            return tuple(found)
        inherited = files
        url, parameters = _split(parameters["next"], _OWN)


def _split(address: str, known: frozenset[str]) -> tuple[str, Mapping[str, str]]:
    url, _, query = address.partition("?")
    found: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if name not in known:
            raise _invalid(f"the parameter {shown(name)}", f"only {', '.join(sorted(known))}")
        if not value or name in found or "\0" in unquote(value):
            raise _invalid(f"{name} empty or twice", f"{name} once, with a value")
        found[name] = unquote(value)
    return unquote(url), found


def _url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise _invalid(f"the address {shown(url)}", "http or https and a host") from None
    plain = url.isascii() and url.isprintable() and not {" ", "#"} & set(url)
    if not usable or not plain or "@" in parts.netloc or len(url) > MAX_URL:
        expected = f"http or https and a host, no user, no fragment, at most {MAX_URL} characters"
        raise _invalid(f"the address {shown(url)}", expected)
    return url


def _policy(text: str | None) -> str | None:
    if text is not None and _OID.fullmatch(text) is None:
        raise _invalid(f"the policy {shown(text)}", "an object identifier such as 1.2.3")
    return text


def _seconds(text: str | None) -> float:
    try:
        found = float(text) if text is not None else DEFAULT_SECONDS
    except ValueError:
        found = 0.0
    if not isfinite(found) or found <= 0:
        raise _invalid(f"the timeout {shown(text)}", "a number of seconds above 0")
    return found


def _invalid(found: str, expected: str) -> InvalidValue:
    return InvalidValue(field="address of time-stamp authorities", found=found, expected=expected)
