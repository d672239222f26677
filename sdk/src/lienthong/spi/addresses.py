"""What the addresses of keys have in common, whatever opens them."""

from __future__ import annotations

from lienthong.errors import InvalidValue
from lienthong.model.signing import SignatureAlgorithm


def algorithm_named(name: str | None) -> SignatureAlgorithm | None:
    """The algorithm that an address asks for; None where it leaves the choice.

    Raises:
        InvalidValue: there is none of that name.
    """
    try:
        return None if name is None else SignatureAlgorithm(name)
    except ValueError:
        known = ", ".join(member.value for member in SignatureAlgorithm)
        raise wrong_address("an unknown algorithm", f"one of {known}") from None


def wrong_address(found: str, expected: str) -> InvalidValue:
    """The error of an address; *found* says what is wrong, never what stands there."""
    return InvalidValue(field="key address", found=found, expected=expected)
