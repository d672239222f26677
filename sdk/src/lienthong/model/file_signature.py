"""Legal signatures inside files, as a verifier reads them (regulations §13a B, §13e)."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen

from lienthong.model.checks import (
    a,
    as_pairs,
    as_tuple,
    maybe,
    missing,
    octets,
    pairs,
    refuse,
    text,
    texts,
    whole,
)
from lienthong.model.ids import OrganId, Sha256
from lienthong.model.time import as_utc, aware
from lienthong.model.words import CopyForm, Origin

MAX_TIMESTAMP_TOKEN_BYTES: Final = 64 * 1024
MAX_UNSIGNED: Final = 100
MAX_COORDINATE: Final = 14_400_000
"""Millipoints: the longest edge of a page (ISO 32000 Annex C); maps are pages too."""

MAX_INPUT: Final = 30_000
"""Characters of one input of a judgement: a hundred names of files."""


class SignatureRole(enum.Enum):
    """Whose signature it is (NĐ 30/2020 PL I)."""

    SIGNER = "SIGNER"
    AGENCY = "AGENCY"
    ATTACHMENT_AGENCY = "ATTACHMENT_AGENCY"
    COPY_AGENCY = "COPY_AGENCY"


class SignatureKind(enum.Enum):
    """Which kind of digital signature it is (LGDĐT 2023 Đ22)."""

    CONG_VU = "CONG_VU"
    CONG_CONG = "CONG_CONG"
    CHUYEN_DUNG = "CHUYEN_DUNG"


class SignatureImage(enum.Enum):
    """What is drawn for a signature (NĐ 30/2020 PL I II.7d, II.8)."""

    SIGNATURE_BLUE = "SIGNATURE_BLUE"
    SEAL_RED = "SEAL_RED"
    HIDDEN = "HIDDEN"


class Finding(enum.Enum):
    """Outcome of one check; what could not be decided is never shown as good."""

    GOOD = "GOOD"
    BAD = "BAD"
    UNKNOWN = "UNKNOWN"


class Certificates(enum.Enum):
    """The worst that is true of the signing certificates of a document."""

    GOOD = "GOOD"
    EXPIRED_SINCE = "EXPIRED_SINCE"
    """Expired now, and provably valid when they signed."""

    UNAVAILABLE = "UNAVAILABLE"
    """Their revocation status cannot be learnt now."""

    TIME_UNPROVABLE = "TIME_UNPROVABLE"
    """Expired or revoked now, and when they signed cannot be proved."""

    REVOKED_BEFORE = "REVOKED_BEFORE"
    """Revoked before they signed."""


class LegalValue(enum.Enum):
    """What a received document is worth (QĐ 52/2019 Đ4; regulations §13e)."""

    ORIGINAL_EQUIVALENT = "ORIGINAL_EQUIVALENT"
    COPY_EQUIVALENT_TO_BAN_CHINH = "COPY_EQUIVALENT_TO_BAN_CHINH"
    INFORMATION_ONLY = "INFORMATION_ONLY"
    REVIEW = "REVIEW"
    PENDING_CHECK = "PENDING_CHECK"
    REFUSE = "REFUSE"
    NO_EFFECT = "NO_EFFECT"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


_LABELS: Final = {
    LegalValue.ORIGINAL_EQUIVALENT: "có giá trị như bản gốc",
    LegalValue.COPY_EQUIVALENT_TO_BAN_CHINH: "bản sao có giá trị như bản chính",
    LegalValue.INFORMATION_ONLY: "để biết, tham khảo",
    LegalValue.REVIEW: "cần xem xét",
    LegalValue.PENDING_CHECK: "chờ kiểm tra",
    LegalValue.REFUSE: "từ chối nhận",
    LegalValue.NO_EFFECT: "không còn hiệu lực",
}


@frozen(kw_only=True)
class Appearance:
    """Where and how a signature is shown (NĐ 30/2020 PL I II.7d, II.8)."""

    page: int = field(validator=whole(1, 99_999))
    x: int = field(validator=whole(0, MAX_COORDINATE))
    """Millipoints (1/72000 inch) from the left edge."""

    y: int = field(validator=whole(0, MAX_COORDINATE))
    """Millipoints from the lower edge."""

    image: SignatureImage = field(validator=a(SignatureImage))
    text: str = field(default="", validator=text(500, lines=True))


@frozen(kw_only=True)
class SignatureCheck:
    """What checking a signature found (QĐ 52/2019 Đ8.1b)."""

    integrity: Finding = field(validator=a(Finding))
    chain: Finding = field(validator=a(Finding))
    revocation: Finding = field(validator=a(Finding))
    time: Finding = field(validator=a(Finding))
    """Whether the signing time lies within the certificate's validity and is provable."""

    order: Finding = field(validator=a(Finding))
    """Signer before agency (NĐ 30/2020 Đ32.2d)."""

    checked_at: datetime = field(converter=as_utc, validator=aware)
    evidence: str = field(default="", validator=text(4000, lines=True))
    """What the findings rest on: responses, certificates, versions."""

    @property
    def good(self) -> bool:
        """Every finding is GOOD; anything undecided makes it False."""
        findings = (self.integrity, self.chain, self.revocation, self.time, self.order)
        return all(finding is Finding.GOOD for finding in findings)


@frozen(kw_only=True)
class FileSignature:
    """One digital signature found in a file (NĐ 30/2020 Đ5.1, PL I)."""

    role: SignatureRole = field(validator=a(SignatureRole, clause="NĐ 30/2020 PL I"))
    kind: SignatureKind = field(validator=a(SignatureKind, clause="LGDĐT 2023 Đ22"))
    subject: str = field(validator=text(1000, required=True))
    """Distinguished name of the certificate's holder (RFC 4514)."""

    issuer: str = field(validator=text(1000, required=True))
    serial: str = field(validator=text(50, required=True))
    """Hexadecimal."""

    not_before: datetime = field(converter=as_utc, validator=aware)
    not_after: datetime = field(converter=as_utc, validator=aware)
    signed_at: datetime = field(converter=as_utc, validator=aware)
    """Shown as ISO 8601 with +07:00 (PL I)."""

    timestamp_token: bytes = field(
        default=b"", repr=False, validator=octets(0, MAX_TIMESTAMP_TOKEN_BYTES)
    )
    """RFC 3161 token; empty when there is none (LGDĐT 2023 Đ31)."""

    appearance: Appearance | None = field(default=None, validator=maybe(Appearance))
    check: SignatureCheck | None = field(default=None, validator=maybe(SignatureCheck))
    """None while it was not checked."""

    def __attrs_post_init__(self) -> None:
        if self.not_after < self.not_before:
            found, expected = self.not_after.isoformat(), "an instant after not_before"
            raise refuse(self, "not_after", found=found, expected=expected)


@frozen(kw_only=True)
class SignaturesFound:
    """What a recipient found of the legal signatures of a document (QĐ 52/2019 Đ8.1b).

    The sum of the reports on its files; it travels with the acceptance.
    """

    copy_form: CopyForm = field(default=CopyForm.ORIGINAL, validator=a(CopyForm))
    origin: Origin = field(default=Origin.BORN_DIGITAL, validator=a(Origin))
    """These two as the package says."""

    integrity: Finding = field(validator=a(Finding))
    """Every file is as it was signed; UNKNOWN where a file could not be judged."""

    signer: Finding = field(validator=a(Finding))
    """The competent person's signature is there and valid; BAD also when there is none."""

    agency: Finding = field(validator=a(Finding))
    """The agency's signature is there and valid; BAD also when there is none."""

    kind: SignatureKind = field(validator=a(SignatureKind, clause="LGDĐT 2023 Đ22"))
    """Of the signatures; where they differ, the one that is not official."""

    certificates: Certificates = field(validator=a(Certificates))
    order: Finding = field(validator=a(Finding, clause="NĐ 30/2020 Đ32.2d"))
    """The signer signed before the agency."""

    unsigned_attachments: tuple[str, ...] = field(
        default=(), converter=as_tuple, validator=texts(255, most=MAX_UNSIGNED)
    )
    """Names of separate attachments without the agency's signature (NĐ 30/2020 PL I II.8b)."""

    report: Sha256 = field(validator=a(Sha256, clause="QĐ 52/2019 Đ8.1a"))
    """Of the reports as they were stored."""


@frozen(kw_only=True)
class LegalJudgement:
    """What a document is worth and why (QĐ 52/2019 Đ4)."""

    value: LegalValue = field(validator=a(LegalValue))
    reason: str = field(validator=text(2000, required=True, clause="QĐ 52/2019 Đ4"))
    rule_set: str = field(default="", validator=text(100))
    """Name and version of the rule set that judged."""

    judged_at: datetime = field(converter=as_utc, validator=aware)
    inputs: tuple[tuple[str, str], ...] = field(
        default=(),
        converter=as_pairs,
        validator=pairs(key_limit=50, value_limit=MAX_INPUT, most=50),
    )
    """What was known of the document when it was judged, in words (regulations §13e)."""

    by_rules: LegalValue | None = field(default=None, validator=maybe(LegalValue))
    """What it was worth by the rules, where somebody decided otherwise."""

    overridden_by: str = field(default="", validator=text(100))
    """Role of who decided otherwise than the rules; empty when nobody did."""

    override_reason: str = field(default="", validator=text(500))

    def __attrs_post_init__(self) -> None:
        for name in ("by_rules", "override_reason"):
            if getattr(self, name) and not self.overridden_by:
                raise missing(self, "overridden_by", "QĐ 52/2019 Đ4")

    @property
    def overridden(self) -> bool:
        return bool(self.overridden_by)

    def overruled(self, value: LegalValue, *, by: str, reason: str) -> LegalJudgement:
        """The same after somebody has decided otherwise; what the rules say is kept beside it.

        Args:
            value: what it counts as.
            by: role of the person.
            reason: why, such as a check by other means.

        Raises:
            MissingField: nobody is named, or no reason.
        """
        for name, given in (("overridden_by", by), ("override_reason", reason)):
            if not given.strip():
                raise missing(self, name, "QĐ 52/2019 Đ4")
        by_rules = self.by_rules or self.value
        return evolve(
            self, value=value, by_rules=by_rules, overridden_by=by, override_reason=reason
        )


@frozen(kw_only=True)
class Conversion:
    """The mark of a digitised document (NĐ 137/2024 Đ4); required for DIGITISED."""

    by_org: OrganId = field(validator=a(OrganId, clause="NĐ 137/2024 Đ4"))
    converted_at: datetime = field(converter=as_utc, validator=aware)
    mark: str = field(validator=text(200, required=True, clause="NĐ 137/2024 Đ4"))


def check_conversion(instance: object, *, digitised: bool, conversion: Conversion | None) -> None:
    """Refuse a digitised document without its mark, and a mark on one born digital.

    Raises:
        MissingField: the mark of a digitised document is missing.
        InvalidValue: a document born digital has one.
    """
    if digitised and conversion is None:
        raise missing(instance, "conversion", "NĐ 137/2024 Đ4")
    if conversion is not None and not digitised:
        expected = "no conversion of a document born digital"
        raise refuse(instance, "conversion", found=conversion.mark, expected=expected)
