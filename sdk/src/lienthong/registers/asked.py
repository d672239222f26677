"""Checks of what callers give, before anything reaches the book's file."""

from __future__ import annotations

from typing import Any, Final

from attrs import field, frozen

from lienthong.errors import InvalidValue
from lienthong.model.checks import shown, text
from lienthong.model.ids import OrganId

OWN_KEY: Final = "# "
"""Begins the keys that the book makes up itself, for numbers that it did not give out."""


@frozen
class Key:
    """Names a document or delivery in the caller's system."""

    key: str = field(validator=text(250, required=True))


def check_key(key: str) -> None:
    """Refuse what cannot name anything, or could be mistaken for a key of the book's own.

    Raises:
        InvalidValue: it is no text of at most 250 characters, or begins with ``# ``.
        MissingField: it is empty.
    """
    if Key(key).key.startswith(OWN_KEY):
        expected = f"a key that does not begin with {OWN_KEY!r}"
        raise InvalidValue(field="Key.key", found=shown(key), expected=expected)


def check_is(value: object, kind: type[Any], field_name: str) -> None:
    """Refuse a value of another class.

    Raises:
        InvalidValue: it is one.
    """
    if not isinstance(value, kind):
        raise InvalidValue(field=field_name, found=shown(value), expected=f"a {kind.__name__}")


def as_organ(value: str | OrganId) -> OrganId:
    """The code of an organisation.

    Raises:
        InvalidValue: it is none.
    """
    return value if isinstance(value, OrganId) else OrganId(value)
