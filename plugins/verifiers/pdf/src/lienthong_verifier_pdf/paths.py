"""Certificate paths by RFC 5280 6, with policies and name constraints.

pyhanko-certvalidator builds and validates; it is never asked about revocation, on which its
answers cannot be relied: that is ``lienthong.pki.revocation``'s question. Imported by workers only.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from asn1crypto import x509
from attrs import field, frozen
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import (
    ExpiredError,
    NotYetValidError,
    PathBuildingError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import PKIXValidationParams
from pyhanko_certvalidator.validate import async_validate_path

from lienthong_verifier_pdf.words import cause

T = TypeVar("T")

MAX_PATHS: Final = 8
"""How many ways to an anchor are tried; hostile certificates may offer thousands."""

MAX_CERTIFICATES: Final = 400


class _AsRead(x509.Certificate):  # type: ignore[misc] # asn1crypto has no types
    """A certificate whose octets stay as they were.

    asn1crypto takes a length that ends in 0x80 for the indefinite form and writes the certificate
    anew, which loses unused bits of a bit string: its signature then no longer fits.
    """

    def dump(self, force: bool = False) -> bytes:  # noqa: ARG002, FBT001, FBT002 - the parent's
        return bytes(self._header + self.contents + self._trailer)


class PathVerdict(enum.Enum):
    """What became of the search for a path."""

    VALID = "VALID"
    EXPIRED = "EXPIRED"
    """A certificate of it is not in force at the moment; what follows that was not looked at."""

    INVALID = "INVALID"
    """There is a way to an anchor, and it breaks a rule."""

    UNKNOWN = "UNKNOWN"
    """There is no way to an anchor."""


@frozen(kw_only=True)
class PathResult:
    """One path, or why there is none."""

    verdict: PathVerdict
    path: tuple[bytes, ...] = field(default=(), repr=False)
    """Certificates, DER, leaf first, anchor last; of VALID ones."""

    reason: str = ""


_BEST: Final = (
    PathVerdict.VALID,
    PathVerdict.EXPIRED,
    PathVerdict.INVALID,
    PathVerdict.UNKNOWN,
)


def find_paths(
    leaf: bytes,
    others: Sequence[bytes],
    anchors: Sequence[bytes],
    at: datetime,
    parameters: PKIXValidationParams | None = None,
) -> list[PathResult]:
    """The paths from a certificate to an anchor, the best kind of them only.

    Args:
        leaf: DER.
        others: certificates that may lie between, DER; what cannot be read is left aside.
        anchors: trusted authorities, DER.
        at: aware; the moment at which every certificate, the anchor included, is in force.
        parameters: policies that are asked for; none without.
    """
    if not anchors:
        return [PathResult(verdict=PathVerdict.UNKNOWN, reason="no authority is trusted")]
    certificate = _AsRead.load(leaf, strict=True)
    context = ValidationContext(
        trust_roots=[_AsRead.load(one) for one in anchors],
        other_certs=_readable(others),
        moment=at,
        revocation_mode="none",
    )
    results = _run(_judge_all(context, certificate, at, parameters))
    best = min((one.verdict for one in results), key=_BEST.index)
    return [one for one in results if one.verdict is best]


def _run(work: Coroutine[Any, Any, T]) -> T:
    """The result of *work*, which is asynchronous for fetching, and nothing is fetched here.

    An event loop would need sockets, which workers do not have.
    """
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise RuntimeError("path validation waits for something")


def _readable(certificates: Iterable[bytes]) -> list[x509.Certificate]:
    found = []
    for der in list(dict.fromkeys(certificates))[:MAX_CERTIFICATES]:
        try:
            one = _AsRead.load(der, strict=True)
            # Parsing is lazy: touch what the search for issuers asks.
            one.issuer.hashable, one.subject.hashable, one.key_identifier  # noqa: B018
        except Exception:  # noqa: BLE001, S112 - hostile; it helps nobody
            continue
        found.append(one)
    return found


async def _judge_all(
    context: ValidationContext,
    certificate: x509.Certificate,
    at: datetime,
    parameters: PKIXValidationParams | None,
) -> list[PathResult]:
    try:
        paths = [path async for path in _first(context, certificate)]
    except PathBuildingError as error:
        return [PathResult(verdict=PathVerdict.UNKNOWN, reason=cause(error))]
    none = PathResult(verdict=PathVerdict.UNKNOWN, reason="no path was found")
    return [await _judge(context, path, at, parameters) for path in paths] or [none]


async def _first(
    context: ValidationContext, certificate: x509.Certificate
) -> AsyncIterator[ValidationPath]:
    found: Any = context.path_builder.async_build_paths_lazy(certificate)
    count = 0
    try:
        async for path in found:
            yield path
            count += 1
            if count == MAX_PATHS:
                return
    finally:
        await found.cancel()


async def _judge(
    context: ValidationContext,
    path: ValidationPath,
    at: datetime,
    parameters: PKIXValidationParams | None,
) -> PathResult:
    chain = [one.dump() for one in path]
    found = tuple(reversed(chain))
    try:
        await async_validate_path(context, path, parameters)
    except (ExpiredError, NotYetValidError) as error:
        return PathResult(verdict=PathVerdict.EXPIRED, reason=cause(error))
    except ValidationError as error:
        return PathResult(verdict=PathVerdict.INVALID, reason=cause(error))
    anchor = path.first
    if not anchor.not_valid_before <= at <= anchor.not_valid_after:
        reason = "the trusted authority is not in force"
        return PathResult(verdict=PathVerdict.EXPIRED, reason=reason)
    return PathResult(verdict=PathVerdict.VALID, path=found)
