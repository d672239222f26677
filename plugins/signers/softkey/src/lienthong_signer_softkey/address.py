"""The address of a key: ``softkey:<path>[?cert=<path>][&algorithm=<name>]``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from attrs import frozen

from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi.addresses import algorithm_named, wrong_address


@frozen(kw_only=True)
class KeyAddress:
    """Where a key and its certificates are; it never holds a secret."""

    key: Path
    """PEM (PKCS#8) or PKCS#12 file."""

    chain: Path | None
    """PEM file with the certificates, when they are not in the PKCS#12 file."""

    algorithm: SignatureAlgorithm | None
    """To sign with, when the key can do several."""

    @classmethod
    def parse(cls, uri: str) -> Self:
        """Read a URI; a percent sign, question mark or hash in a path is percent-encoded.

        Raises:
            InvalidValue: it is not of that form. The error never repeats a parameter's value.
        """
        scheme, separator, rest = uri.partition(":")
        path, _, query = rest.partition("?")
        if scheme != "softkey" or not separator or not path:
            raise wrong_address("something else", "softkey:<path of the key>")
        parameters = _parameters(query)
        chain, name = parameters.get("cert"), parameters.get("algorithm")
        return cls(
            key=Path(unquote(path)),
            chain=Path(chain) if chain else None,
            algorithm=algorithm_named(name) if name else None,
        )


def _parameters(query: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if name not in {"cert", "algorithm"}:
            raise wrong_address(f"the parameter {name}", "only cert and algorithm")
        if not value or name in found:
            raise wrong_address(f"{name} empty or twice", f"{name} once, with a value")
        found[name] = unquote(value)
    return found
