"""What a plugin declares that it can do.

Declared means: it works, and the conformance kit proves it. Not declared means: asking for it
raises ``NotSupported``. A plugin module holds one of these values as ``CAPABILITIES``; observers
have none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from attrs import Attribute, asdict, field, frozen

from lienthong.model.checks import a, refuse
from lienthong.model.signing import SignatureAlgorithm
from lienthong.spi.file_signer import SignatureLevel


def _frozen(values: Iterable[SignatureAlgorithm]) -> frozenset[SignatureAlgorithm]:
    return frozenset(values)


def _algorithms(instance: object, attribute: Attribute[Any], value: object) -> None:
    known = isinstance(value, frozenset) and all(type(v) is SignatureAlgorithm for v in value)
    if not known or not value:
        expected = "at least one SignatureAlgorithm"
        raise refuse(instance, attribute.name, found=value, expected=expected)


def _frozen_levels(values: Iterable[SignatureLevel]) -> frozenset[SignatureLevel]:
    return frozenset(values)


def _levels(instance: object, attribute: Attribute[Any], value: object) -> None:
    known = isinstance(value, frozenset) and all(type(v) is SignatureLevel for v in value)
    if not known or not value:
        expected = "at least one SignatureLevel"
        raise refuse(instance, attribute.name, found=value, expected=expected)


_FLAG: Final = a(bool)


@frozen(kw_only=True)
class SignerCapabilities:
    """What the keys of a signer plugin can do."""

    algorithms: frozenset[SignatureAlgorithm] = field(converter=_frozen, validator=_algorithms)
    """Algorithms that its keys may have."""

    in_process: bool = field(default=False, validator=_FLAG)
    """Signing is only computation: it never waits for a device, a person or a network. The host
    then calls it on the caller's thread, without a deadline."""

    confirmed: bool = field(default=False, validator=_FLAG)
    """A person may have to confirm a signature on a device of their own, such as a phone. The host
    then waits longer for each call; the plugin itself has to end what nobody confirms."""


@frozen(kw_only=True)
class RecordStoreCapabilities:
    """What a record store can do."""

    shared: bool = field(default=False, validator=_FLAG)
    """Several processes may have it open at once; otherwise a second one is refused."""


@frozen(kw_only=True)
class BlobStoreCapabilities:
    """What a blob store can do."""

    shared: bool = field(default=False, validator=_FLAG)
    """Several processes may have it open at once."""


@frozen(kw_only=True)
class TimeSourceCapabilities:
    """What a time source can do."""

    authenticated: bool = field(default=False, validator=_FLAG)
    """An attacker on the network cannot change its answers."""

    stamps: bool = field(default=False, validator=_FLAG)
    """What it opens are ``TimeStamper``: they give time-stamp tokens for digests."""


@frozen(kw_only=True)
class FileVerifierCapabilities:
    """What a file verifier can do."""

    revocation: bool = field(default=False, validator=_FLAG)
    """It judges revocation from what the file carries."""


@frozen(kw_only=True)
class FileSignerCapabilities:
    """What a file signer can do."""

    levels: frozenset[SignatureLevel] = field(converter=_frozen_levels, validator=_levels)
    """Levels at which it signs."""


@frozen(kw_only=True)
class GatewayCapabilities:
    """What a gateway can do."""

    sends: bool = field(default=False, validator=_FLAG)
    """It carries packages from the axis to the other system."""

    receives: bool = field(default=False, validator=_FLAG)
    """It carries packages from the other system to the axis."""


@frozen(kw_only=True)
class RuleSetCapabilities:
    """Rule-set sources only keep texts; there is nothing to declare yet."""


Capabilities = (
    SignerCapabilities
    | RecordStoreCapabilities
    | BlobStoreCapabilities
    | TimeSourceCapabilities
    | FileVerifierCapabilities
    | FileSignerCapabilities
    | GatewayCapabilities
    | RuleSetCapabilities
)


def summary(capabilities: Capabilities) -> dict[str, bool | tuple[str, ...]]:
    """The declared capabilities by name, in words."""
    return {name: _words(value) for name, value in asdict(capabilities, recurse=False).items()}


def _words(value: object) -> bool | tuple[str, ...]:
    if isinstance(value, frozenset):
        return tuple(sorted(str(getattr(member, "value", member)) for member in value))
    return bool(value)
