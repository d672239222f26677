"""Whom the signatures of others are trusted by, and what is known of certificates' status."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Any, Final

from attrs import Attribute, field, frozen

from lienthong.model.checks import a, as_tuple, many, octets, refuse, text
from lienthong.model.file_signature import SignatureKind
from lienthong.model.signing import MAX_CERTIFICATE_BYTES

MAX_AUTHORITIES: Final = 1000
MAX_EVIDENCE: Final = 1000
"""Lists, responses or certificates that one verdict may rest on."""

MAX_LIST_BYTES: Final = 32 * 1024 * 1024
"""Of one certificate revocation list."""

MAX_RESPONSE_BYTES: Final = 64 * 1024
"""Of one OCSP response."""


class TrustPurpose(enum.Enum):
    """What an authority is trusted for."""

    FILES = "FILES"
    """Legal signatures inside files (NĐ 30/2020 Đ5)."""

    ORGANISATIONS = "ORGANISATIONS"
    """Signatures of organisations over packages and reports, and their TLS certificates."""

    TIME_STAMPS = "TIME_STAMPS"
    """Time-stamp tokens (RFC 3161; LGDĐT 2023 Đ31)."""


def _purposes(values: Iterable[TrustPurpose]) -> frozenset[TrustPurpose]:
    return frozenset(values)


def _some_purpose(instance: object, attribute: Attribute[Any], value: object) -> None:
    known = isinstance(value, frozenset) and all(type(one) is TrustPurpose for one in value)
    if not known or not value:
        raise refuse(instance, attribute.name, found=value, expected="at least one TrustPurpose")


@frozen(kw_only=True)
class TrustedAuthority:
    """A certification authority that is trusted, and for what."""

    certificate: bytes = field(repr=False, validator=octets(1, MAX_CERTIFICATE_BYTES))
    """X.509, DER."""

    label: str = field(validator=text(200, required=True))
    """As people name it: "CA chuyên dùng Chính phủ"."""

    kind: SignatureKind = field(validator=a(SignatureKind, clause="LGDĐT 2023 Đ22"))
    """Which kind the signatures are that its certificates make."""

    purposes: frozenset[TrustPurpose] = field(converter=_purposes, validator=_some_purpose)


def _octet_lists(limit: int) -> Any:
    each, all_of_them = octets(1, limit), many(bytes, most=MAX_EVIDENCE)

    def check(instance: object, attribute: Attribute[Any], value: tuple[bytes, ...]) -> None:
        all_of_them(instance, attribute, value)
        for one in value:
            each(instance, attribute, one)

    return check


@frozen(kw_only=True)
class StatusEvidence:
    """What the status of certificates can be judged from, without any network.

    Kept with a document it makes a verdict repeatable years later.
    """

    certificates: tuple[bytes, ...] = field(
        default=(), repr=False, converter=as_tuple, validator=_octet_lists(MAX_CERTIFICATE_BYTES)
    )
    """Authorities between, and signers of responses; X.509, DER. None is trusted for being here."""

    lists: tuple[bytes, ...] = field(
        default=(), repr=False, converter=as_tuple, validator=_octet_lists(MAX_LIST_BYTES)
    )
    """Certificate revocation lists (RFC 5280), DER."""

    responses: tuple[bytes, ...] = field(
        default=(), repr=False, converter=as_tuple, validator=_octet_lists(MAX_RESPONSE_BYTES)
    )
    """OCSP responses (RFC 6960), DER."""


NO_EVIDENCE: Final = StatusEvidence()


@frozen(kw_only=True)
class Trust:
    """Everybody who is trusted."""

    authorities: tuple[TrustedAuthority, ...] = field(
        default=(), converter=as_tuple, validator=many(TrustedAuthority, most=MAX_AUTHORITIES)
    )

    def certificates(self, purpose: TrustPurpose) -> tuple[bytes, ...]:
        """Certificates (DER) of the authorities that are trusted for *purpose*."""
        return tuple(one.certificate for one in self.authorities if purpose in one.purposes)


NOBODY: Final = Trust()
"""Nobody is trusted: whatever is judged by it stays undecided."""
