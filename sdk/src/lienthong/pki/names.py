"""Names in certificates, compared by what they say and not by their octets (RFC 5280 7.1)."""

from __future__ import annotations

import unicodedata
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.x509.oid import NameOID

NameKey: TypeAlias = tuple[frozenset[tuple[str, str | bytes]], ...]
"""Equal for names that mean the same; hashable."""

_AS_WRITTEN: Final = NameOID.EMAIL_ADDRESS
"""What stands before the @ differs by case (RFC 5280 7.5)."""


def name_key(name: x509.Name) -> NameKey:
    """What is the same for all spellings of a name.

    Case, runs of white space, compatible characters and the type of the string make no
    difference; the order of the parts does.
    """
    return tuple(frozenset(map(_part, one)) for one in name.rdns)


def place_key(name: x509.GeneralName) -> object:
    """The same for the name of a place where lists are published."""
    return name_key(name.value) if isinstance(name, x509.DirectoryName) else name


def _part(part: x509.NameAttribute[str | bytes]) -> tuple[str, str | bytes]:
    value: str | bytes = part.value
    if isinstance(value, str) and part.oid != _AS_WRITTEN:
        folded = unicodedata.normalize("NFKC", value).casefold()
        value = " ".join(unicodedata.normalize("NFKC", folded).split())
    return part.oid.dotted_string, value
