"""The axis's key, and files, as commands that verify offline take them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lienthong.cli.base import session
from lienthong.cli.commands.options import read_text
from lienthong.errors import CheckpointInvalid, InvalidValue
from lienthong.evidence.note import VerifierKey

if TYPE_CHECKING:
    from lienthong.client import Profile

_HELP: Final = "The axis's verifier key, or a file with it; that of the profile by default."
key_option: Final = click.option("--axis-key", metavar="KEY|FILE", help=_HELP)


def read_key(given: str | None) -> VerifierKey:
    """The axis's key: the one given, or the profile's.

    Raises:
        InvalidValue: it is no key.
        UsageError: there is neither.
    """
    if given is None:
        return profile_or("key_missing").checkpoint_key
    path = Path(given)
    try:
        is_file = path.is_file()
    except OSError:
        # A key's text may be longer than a file's name can be.
        is_file = False
    try:
        return VerifierKey.parse(read_text(path).strip() if is_file else given)
    except CheckpointInvalid as error:
        # The option is wrong, and nothing is known about what it was to verify.
        expected = '"<axis>+<8 hex digits>+<base64>", or a file with that'
        raise InvalidValue(field="--axis-key", found=given, expected=expected) from error


def profile_or(missing: str) -> Profile:
    """The profile, or a complaint about the usage in the words of the text *missing*."""
    current = session()
    if current.profile is None:
        raise click.UsageError(current.words(missing))
    return current.load_profile()


def read_limited(path: Path, limit: int) -> bytes:
    """What a file holds, up to one byte more than it may."""
    with path.open("rb") as source:
        return source.read(limit + 1)
