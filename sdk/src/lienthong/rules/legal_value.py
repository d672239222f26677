"""What a received document is worth (regulations §13e; QĐ 52/2019 Đ4, Đ8.1; NĐ 30/2020 Đ5, Đ25-26).

The first row that applies and has a value decides; every row that applies is given as a reason.

Rows 1 to 4, 8 and 16 judge originals that one state agency sends to another: NĐ 30 orders the
records of agencies (Đ2), and what they ask for, the signatures of a competent person and of an
agency, nobody else can give. An original from a citizen or somebody outside is never held to
replace paper by them. With a valid signature it is admissible by LGDĐT 2023 Đ22, and whoever
handles it decides what it is good for: REVIEW. Copies (rows 6 and 7) are the work of the agency
that has signed them, whoever hands them in.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, TypeAlias

from attrs import Attribute, field, frozen

from lienthong.model.checks import refuse
from lienthong.model.file_signature import (
    Certificates,
    Finding,
    LegalJudgement,
    LegalValue,
    SignatureKind,
)
from lienthong.model.words import CopyForm, Origin
from lienthong.rules.legal_facts import Channel, Facts
from lienthong.rules.table import Row, applying

LegalRow: TypeAlias = Row[Facts, LegalValue]


@frozen(kw_only=True)
class Judgement:
    """What a document is worth, with everything that bears on it."""

    value: LegalValue
    reasons: tuple[LegalRow, ...]
    """The rows that apply, the deciding one first."""

    facts: Facts

    def recorded(self, judged_at: datetime, rule_set: str = "") -> LegalJudgement:
        """As it is kept with the document: value, inputs, and all reasons in Vietnamese.

        Args:
            judged_at: when.
            rule_set: name and version of the rule set whose practice was followed.

        Raises:
            NaiveTime: the instant has no time zone.
        """
        return LegalJudgement(
            value=self.value,
            reason="; ".join(f"{row.vi} ({row.clause})" for row in self.reasons),
            rule_set=rule_set,
            judged_at=judged_at,
            inputs=self.facts.words(),
        )


PUBLIC_VALUES: Final = (
    LegalValue.INFORMATION_ONLY,
    LegalValue.REVIEW,
    LegalValue.ORIGINAL_EQUIVALENT,
)
"""What a province may decide about signatures that are valid but not official ones."""


@frozen(kw_only=True)
class Practice:
    """What the texts leave to a province."""

    public_signature: LegalValue = field(default=LegalValue.INFORMATION_ONLY)
    """What a document between agencies is worth whose valid signatures are not official ones."""

    @public_signature.validator
    def _check_value(self, _attribute: Attribute[Any], value: object) -> None:
        if value not in PUBLIC_VALUES:
            expected = ", ".join(one.name for one in PUBLIC_VALUES)
            raise refuse(self, "public_signature", found=value, expected=f"one of {expected}")


DEFAULT: Final = Practice()
_GOOD, _BAD, _UNKNOWN = Finding.GOOD, Finding.BAD, Finding.UNKNOWN
_SOUND: Final = (Certificates.GOOD, Certificates.EXPIRED_SINCE)


def judge(facts: Facts, practice: Practice = DEFAULT) -> Judgement:
    """What a document is worth, and why.

    Args:
        facts: what is known of it.
        practice: what the province has decided.
    """
    reasons = applying(TABLE, facts)
    value = reasons[0].value
    if reasons[0] is PUBLIC_SIGNATURE:
        value = practice.public_signature
    assert value is not None  # noqa: S101 - the deciding row has one
    return Judgement(value=value, reasons=reasons, facts=facts)


def _is_original(facts: Facts) -> bool:
    return facts.copy_form is CopyForm.ORIGINAL


def _is_issued(facts: Facts) -> bool:
    """An original that an agency sends to another."""
    return _is_original(facts) and facts.from_agency


def _needed(facts: Facts) -> set[Finding]:
    """What was found of integrity and of the signatures that its form needs; a copy no signer."""
    both = {facts.integrity, facts.agency}
    return both | {facts.signer} if _is_original(facts) else both


def _known(facts: Facts) -> bool:
    """Nothing stands in the way of judging by the signatures."""
    return facts.integrity is _GOOD and _UNKNOWN not in _needed(facts)


def _is_signed(facts: Facts) -> bool:
    """By all whom its form needs, with certificates that were valid then."""
    signed = facts.agency is _GOOD and (facts.signer is _GOOD or not _is_original(facts))
    return _known(facts) and signed and facts.certificates in _SOUND


def _is_official(facts: Facts) -> bool:
    return facts.kind is SignatureKind.CONG_VU


def _in_order(facts: Facts) -> bool:
    return facts.order is _GOOD


def _is_certified_scan(facts: Facts) -> bool:
    """A digitised original that the agency alone has signed."""
    scanned = _is_issued(facts) and facts.origin is Origin.DIGITISED
    signed = facts.signer is _BAD and facts.agency is _GOOD and facts.certificates in _SOUND
    return scanned and signed and _known(facts)


def _is_signed_outside(facts: Facts) -> bool:
    """An original that no agency has sent, with a valid signature: mostly one person's."""
    signed = _GOOD in {facts.signer, facts.agency} and facts.certificates in _SOUND
    return _is_original(facts) and not facts.from_agency and _known(facts) and signed


def _stands(facts: Facts) -> bool:
    """A properly signed original."""
    return _is_issued(facts) and _is_signed(facts) and _is_official(facts) and _in_order(facts)


PUBLIC_SIGNATURE: Final = LegalRow(
    number=8,
    clause="LGDĐT 2023 Đ22",
    en="its valid signatures are not official ones",
    vi="chữ ký số hợp lệ nhưng không phải chữ ký số chuyên dùng công vụ",
    applies=lambda facts: _is_issued(facts) and _is_signed(facts) and not _is_official(facts),
    value=LegalValue.REVIEW,
)
"""What it decides is the province's to say (``Practice``)."""

TABLE: Final = (
    LegalRow(
        number=17,
        clause="NĐ 30/2020 Đ18",
        en="it was recalled or replaced",
        vi="văn bản đã bị thu hồi hoặc thay thế",
        applies=lambda facts: facts.ending is not None,
        value=LegalValue.NO_EFFECT,
    ),
    LegalRow(
        number=5,
        clause="QĐ 52/2019 Đ8.1a; NĐ 30/2020 Đ21.2b",
        en="a file is not what its sender signed",
        vi="tệp không còn nguyên vẹn so với khi gửi",
        applies=lambda facts: facts.integrity is _BAD,
        value=LegalValue.REFUSE,
    ),
    LegalRow(
        number=10,
        clause="QĐ 52/2019 Đ8.1b",
        en="a certificate was revoked before it signed",
        vi="chứng thư số đã bị thu hồi trước khi ký",
        applies=lambda facts: facts.certificates is Certificates.REVOKED_BEFORE,
        value=LegalValue.REFUSE,
    ),
    LegalRow(
        number=14,
        clause="NĐ 64/2007 Đ35.2",
        en="it is unsigned and not of a state agency, but its origin is certain",
        vi="không có chữ ký số, không do cơ quan nhà nước gửi, nhưng xác định được nguồn gốc",
        applies=lambda facts: (
            not facts.from_agency
            and facts.integrity is _GOOD
            and facts.signer is _BAD
            and facts.agency is _BAD
        ),
        value=LegalValue.INFORMATION_ONLY,
    ),
    LegalRow(
        number=11,
        clause="QĐ 52/2019 Đ8.1b",
        en="a check could not be made yet; it is repeated",
        vi="chưa kiểm tra được; hệ thống sẽ kiểm tra lại",
        applies=lambda facts: (
            facts.certificates is Certificates.UNAVAILABLE or _UNKNOWN in _needed(facts)
        ),
        value=LegalValue.PENDING_CHECK,
    ),
    LegalRow(
        number=10,
        clause="QĐ 52/2019 Đ8.1b",
        en="it cannot be proved when a certificate signed that is not valid any more",
        vi="không chứng minh được thời điểm ký của chứng thư số nay đã hết hiệu lực",
        applies=lambda facts: facts.certificates is Certificates.TIME_UNPROVABLE,
        value=LegalValue.REVIEW,
    ),
    LegalRow(
        number=14,
        clause="LGDĐT 2023 Đ22",
        en="validly signed, but not of a state agency: whoever handles it decides what it is worth",
        vi="có chữ ký số hợp lệ, không do cơ quan nhà nước gửi: người xử lý xem xét giá trị",
        applies=_is_signed_outside,
        value=LegalValue.REVIEW,
    ),
    LegalRow(
        number=7,
        clause="QĐ 52/2019 Đ4.2",
        en="a copy without the agency's signature",
        vi="bản sao không có chữ ký số của cơ quan",
        applies=lambda facts: not _is_original(facts) and _known(facts) and facts.agency is _BAD,
        value=LegalValue.INFORMATION_ONLY,
    ),
    LegalRow(
        number=4,
        clause="QĐ 52/2019 Đ4.2",
        en="it is not signed; paper is still needed",
        vi="không có chữ ký số; để biết, tham khảo, vẫn cần bản giấy",
        applies=lambda facts: (
            _is_issued(facts) and _known(facts) and facts.signer is _BAD and facts.agency is _BAD
        ),
        value=LegalValue.INFORMATION_ONLY,
    ),
    LegalRow(
        number=2,
        clause="NĐ 30/2020 Đ5.1, Đ32; QĐ 52/2019 Đ4.2",
        en="the agency has not signed: it was not properly issued",
        vi="thiếu chữ ký số của cơ quan: chưa được phát hành đúng",
        applies=lambda facts: (
            _is_issued(facts) and _known(facts) and facts.signer is _GOOD and facts.agency is _BAD
        ),
        value=LegalValue.INFORMATION_ONLY,
    ),
    LegalRow(
        number=3,
        clause="NĐ 30/2020 Đ5.1",
        en="the competent person has not signed",
        vi="thiếu chữ ký số của người có thẩm quyền",
        applies=lambda facts: (
            _is_issued(facts)
            and facts.origin is Origin.BORN_DIGITAL
            and _known(facts)
            and facts.signer is _BAD
            and facts.agency is _GOOD
        ),
        value=LegalValue.INFORMATION_ONLY,
    ),
    LegalRow(
        number=16,
        clause="NĐ 30/2020 Đ32.2d",
        en="it is not certain that the competent person signed before the agency",
        vi="không chắc người có thẩm quyền ký trước cơ quan",
        applies=lambda facts: _is_issued(facts) and _is_signed(facts) and not _in_order(facts),
        value=LegalValue.REVIEW,
    ),
    PUBLIC_SIGNATURE,
    LegalRow(
        number=3,
        clause="NĐ 30/2020 Đ5.1, Đ25",
        en="a digitised original with the agency's signature counts as a certified copy",
        vi="bản số hóa có chữ ký số của cơ quan, coi như bản sao y",
        applies=lambda facts: _is_certified_scan(facts) and _is_official(facts),
        value=LegalValue.COPY_EQUIVALENT_TO_BAN_CHINH,
    ),
    LegalRow(
        number=8,
        clause="LGDĐT 2023 Đ22",
        en="the agency's signature on a copy or scan is not an official one",
        vi="chữ ký số của cơ quan trên bản sao, bản số hóa không phải chữ ký chuyên dùng công vụ",
        applies=lambda facts: (
            (_is_certified_scan(facts) or (not _is_original(facts) and _is_signed(facts)))
            and not _is_official(facts)
        ),
        value=LegalValue.INFORMATION_ONLY,
    ),
    LegalRow(
        number=6,
        clause="NĐ 30/2020 Đ25-26",
        en="a copy with the agency's valid signature",
        vi="bản sao có chữ ký số hợp lệ của cơ quan",
        applies=lambda facts: not _is_original(facts) and _is_signed(facts) and _is_official(facts),
        value=LegalValue.COPY_EQUIVALENT_TO_BAN_CHINH,
    ),
    LegalRow(
        number=1,
        clause="NĐ 30/2020 Đ5.1; QĐ 52/2019 Đ4.1",
        en="signed by the competent person and the agency: it replaces paper",
        vi="có chữ ký số hợp lệ của người có thẩm quyền và của cơ quan: thay bản giấy",
        applies=_stands,
        value=LegalValue.ORIGINAL_EQUIVALENT,
    ),
    LegalRow(
        number=9,
        clause="LGDĐT 2023 Đ23, Đ31",
        en="a certificate has expired since; it was valid when it signed",
        vi="chứng thư số đã hết hạn nhưng còn hiệu lực tại thời điểm ký",
        applies=lambda facts: (
            (_is_signed(facts) or _is_signed_outside(facts))
            and facts.certificates is Certificates.EXPIRED_SINCE
        ),
    ),
    LegalRow(
        number=12,
        clause="NĐ 30/2020 Đ5.1; QĐ 52/2019 Đ4.1",
        en="it did not come through the document systems; register its source",
        vi="không nhận qua hệ thống quản lý văn bản; ghi nguồn khi đăng ký",
        applies=lambda facts: facts.channel is not Channel.SYSTEM,
    ),
    LegalRow(
        number=13,
        clause="NĐ 30/2020 PL I II.8b",
        en="separate attachments without the agency's signature are for information only",
        vi="phụ lục ở tệp riêng không có chữ ký số của cơ quan chỉ để tham khảo",
        applies=lambda facts: bool(facts.unsigned_attachments),
    ),
    LegalRow(
        number=15,
        clause="NĐ 30/2020 Đ18.3",
        en="its form has defects; a correction may be asked for",
        vi="thể thức còn thiếu sót; có thể đề nghị đính chính",
        applies=lambda facts: not facts.form_complete,
    ),
)
"""The rows in the order in which they decide, by their numbers in regulations §13e."""
