"""The tables of the issuing machine (regulations §13b, machine 1): O1 to O14."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from attrs import Attribute, field, frozen

from lienthong.errors import InvalidValue
from lienthong.flow.issuing_words import IssuingEvent, IssuingState, Role
from lienthong.flow.machine import Ban, Guard, Move
from lienthong.model.checks import shown


@frozen(kw_only=True)
class IssuingContext:
    """What a step needs to know beside state and event; nothing is assumed to be fulfilled."""

    role: Role = field()
    number_before_sign: bool = False
    """The number is given before the signature (NĐ 30/2020 Đ15.3 leaves the order open)."""

    fields_complete: bool = False
    secrecy_none: bool = False
    comment_given: bool = False
    form_passed: bool = False
    """The checks of NĐ 30/2020 PL I found nothing."""

    hash_frozen: bool = False
    """The hash of the approved file is stored."""

    issue_form_decided: bool = False
    certificate_valid: bool = False
    authority_valid: bool = False
    """The signer's authority or delegation holds today (NĐ 30/2020 Đ13)."""

    hash_matches_approval: bool = False
    number_unique: bool = False
    already_numbered: bool = False
    signer_signature_valid: bool = False
    attachments_sealed: bool = False
    """Every separate attachment has the agency's signature (PL I II.8b)."""

    recipients_resolved: bool = False
    paper_rule_evaluated: bool = False
    successor_issued: bool = False
    """The new document is issued and names this one with REPLACES."""

    equivalent_form: bool = False
    notice_issued: bool = False
    """The notice is issued and names this document with RECALLS."""

    reason_given: bool = False
    decided_by_competent_person: bool = False
    form_error_only: bool = False
    """Only form or procedure is wrong, not the content."""

    @role.validator
    def _check_role(self, _attribute: Attribute[Any], value: object) -> None:
        if type(value) is not Role:
            expected = "one of " + ", ".join(role.name for role in Role)
            raise InvalidValue(field="IssuingContext.role", found=shown(value), expected=expected)


IssuingMove: TypeAlias = Move[IssuingState, IssuingEvent, Role, IssuingContext]
IssuingGuard: TypeAlias = Guard[IssuingContext]
IssuingBan: TypeAlias = Ban[IssuingState, IssuingEvent, Role]


def _guard(name: str, needs: str, needs_vi: str, clause: str) -> IssuingGuard:
    """A condition that one field of the context answers."""
    return Guard(
        name=name.upper(),
        needs=needs,
        needs_vi=needs_vi,
        clause=clause,
        holds=lambda context: bool(getattr(context, name)),
    )


FIELDS_COMPLETE: Final = _guard(
    "fields_complete", "all required fields", "đủ trường bắt buộc", "NĐ 30/2020 Đ10.2"
)
SECRECY_NONE: Final = _guard(
    "secrecy_none", "a document that is no state secret", "văn bản không mật", "QĐ 52/2019 Đ1.2"
)
COMMENT_GIVEN: Final = _guard("comment_given", "a comment", "ý kiến", "NĐ 30/2020 Đ10.3")
FORM_PASSED: Final = _guard(
    "form_passed", "a form without faults", "thể thức đúng", "NĐ 30/2020 Đ12.2, PL I"
)
HASH_FROZEN: Final = _guard(
    "hash_frozen", "the hash of the approved file", "mã băm tệp đã duyệt", "NĐ 30/2020 Đ11"
)
ISSUE_FORM_DECIDED: Final = _guard(
    "issue_form_decided",
    "the leader's decision on the form of issue",
    "lãnh đạo quyết định hình thức phát hành",
    "QĐ 52/2019 Đ8.2c",
)
CERTIFICATE_VALID: Final = _guard(
    "certificate_valid", "a valid certificate", "chứng thư số còn hiệu lực", "NĐ 30/2020 Đ13.7"
)
AUTHORITY_VALID: Final = _guard(
    "authority_valid",
    "an authority or delegation that holds today",
    "thẩm quyền hoặc ủy quyền còn hiệu lực",
    "NĐ 30/2020 Đ13.1-4",
)
HASH_MATCHES: Final = _guard(
    "hash_matches_approval",
    "the very file that was approved",
    "đúng tệp đã duyệt",
    "NĐ 30/2020 Đ11.2",
)
NUMBER_UNIQUE: Final = _guard(
    "number_unique",
    "a number that is unique in the year",
    "số duy nhất trong năm",
    "NĐ 30/2020 Đ15.1",
)
NOT_NUMBERED: Final = Guard[IssuingContext](
    name="NOT_NUMBERED",
    needs="a document without a number",
    needs_vi="văn bản chưa có số",
    clause="NĐ 30/2020 Đ15.1",
    holds=lambda context: not context.already_numbered,
)
SIGNER_SIGNATURE_VALID: Final = _guard(
    "signer_signature_valid",
    "a valid signature of the competent person",
    "chữ ký số của người có thẩm quyền hợp lệ",
    "NĐ 30/2020 Đ32.2d",
)
ATTACHMENTS_SEALED: Final = _guard(
    "attachments_sealed",
    "the agency's signature on every separate attachment",
    "chữ ký số cơ quan trên từng tệp kèm theo",
    "NĐ 30/2020 PL I II.8b",
)
RECIPIENTS_RESOLVED: Final = _guard(
    "recipients_resolved",
    "recipients that the directory knows",
    "bên nhận có trong danh bạ",
    "QĐ 52/2019 Đ7.2m",
)
PAPER_RULE_EVALUATED: Final = _guard(
    "paper_rule_evaluated",
    "the rule on paper copies",
    "xét quy định gửi kèm bản giấy",
    "QĐ 52/2019 Đ6.2",
)
SUCCESSOR_ISSUED: Final = _guard(
    "successor_issued",
    "an issued document that replaces it",
    "văn bản thay thế đã phát hành",
    "NĐ 30/2020 Đ18.3",
)
EQUIVALENT_FORM: Final = _guard(
    "equivalent_form",
    "a document of equivalent form",
    "hình thức văn bản tương đương",
    "NĐ 30/2020 Đ18.3",
)
NOTICE_ISSUED: Final = _guard(
    "notice_issued",
    "an issued recall notice",
    "thông báo thu hồi đã phát hành",
    "NĐ 30/2020 Đ18.4b",
)
REASON_GIVEN: Final = _guard("reason_given", "a reason", "lý do", "QĐ 52/2019 Đ8.3")
DECIDED: Final = _guard(
    "decided_by_competent_person",
    "the decision of the competent person",
    "quyết định của người có thẩm quyền",
    "NĐ 30/2020 Đ18.4b",
)
FORM_ERROR_ONLY: Final = _guard(
    "form_error_only",
    "errors of form or procedure only",
    "chỉ sai sót về thể thức, thủ tục",
    "NĐ 30/2020 Đ18.3",
)

_S = IssuingState
_E = IssuingEvent
ISSUED: Final = (_S.ISSUED, _S.CORRECTED, _S.FILED)
"""States of a document that is in force."""


def _row(
    number: str,
    source: IssuingState,
    event: IssuingEvent,
    target: IssuingState,
    roles: tuple[Role, ...],
    clause: str,
    *guards: IssuingGuard,
) -> IssuingMove:
    # Nothing may be done with a state secret (QĐ 52/2019 Đ1.2).
    return Move(
        number=number,
        source=source,
        event=event,
        target=target,
        actors=frozenset(roles),
        guards=(SECRECY_NONE, *guards),
        clause=clause,
    )


def _drafting_moves() -> Iterator[IssuingMove]:
    """Rows O1 to O6; a draft also goes back from the later checks, where faults are found."""
    clause = "NĐ 30/2020 Đ10.2"
    yield _row("O1", _S.DRAFT, _E.SUBMIT, _S.IN_REVIEW, (Role.DRAFTER,), clause, FIELDS_COMPLETE)
    for source, roles in (
        (_S.IN_REVIEW, (Role.SIGNER, Role.UNIT_HEAD)),
        (_S.CONTENT_CHECKED, (Role.FORM_CHECKER,)),
        (_S.FORM_CHECKED, (Role.SIGNER,)),
    ):
        clause = "NĐ 30/2020 Đ10.3, Đ12"
        event = _E.RETURN_WITH_COMMENT
        yield _row("O2", source, event, _S.DRAFT, roles, clause, COMMENT_GIVEN)
    clause = "NĐ 30/2020 Đ12.1"
    yield _row("O3", _S.IN_REVIEW, _E.CHECK_CONTENT, _S.CONTENT_CHECKED, (Role.UNIT_HEAD,), clause)
    yield _row(
        "O4",
        _S.CONTENT_CHECKED,
        _E.CHECK_FORM,
        _S.FORM_CHECKED,
        (Role.FORM_CHECKER,),
        "NĐ 30/2020 Đ12.2",
        FORM_PASSED,
    )
    yield _row(
        "O5",
        _S.FORM_CHECKED,
        _E.APPROVE,
        _S.APPROVED,
        (Role.SIGNER,),
        "NĐ 30/2020 Đ11; QĐ 52/2019 Đ8.2c",
        HASH_FROZEN,
        ISSUE_FORM_DECIDED,
    )
    yield _row("O6", _S.APPROVED, _E.EDIT, _S.DRAFT, (Role.DRAFTER,), "NĐ 30/2020 Đ11.2")


def _signing_moves(*, number_before_sign: bool) -> Iterator[IssuingMove]:
    """Rows O7 to O9, in the order that the province has chosen."""
    if number_before_sign:
        to_sign, signed = _S.NUMBERED, _S.SIGNED
        to_number, numbered, to_seal = _S.APPROVED, _S.NUMBERED, _S.SIGNED
    else:
        to_sign, signed = _S.APPROVED, _S.SIGNED
        to_number, numbered, to_seal = _S.SIGNED, _S.NUMBERED, _S.NUMBERED
    yield _row(
        "O7",
        to_sign,
        _E.SIGN,
        signed,
        (Role.SIGNER,),
        "NĐ 30/2020 Đ13",
        CERTIFICATE_VALID,
        AUTHORITY_VALID,
        HASH_MATCHES,
    )
    yield _row(
        "O8",
        to_number,
        _E.NUMBER,
        numbered,
        (Role.CLERK, Role.SYSTEM),
        "NĐ 30/2020 Đ15",
        NOT_NUMBERED,
        NUMBER_UNIQUE,
    )
    yield _row(
        "O9",
        to_seal,
        _E.SEAL,
        _S.SEALED,
        (Role.CLERK,),
        "NĐ 30/2020 Đ32.2d, PL I II.8",
        SIGNER_SIGNATURE_VALID,
        ATTACHMENTS_SEALED,
    )


def _issue_moves() -> Iterator[IssuingMove]:
    """Rows O10 to O14; what is filed or corrected is in force, and can still be replaced."""
    yield _row(
        "O10",
        _S.SEALED,
        _E.ISSUE,
        _S.ISSUED,
        (Role.CLERK,),
        "NĐ 30/2020 Đ18; QĐ 52/2019 Đ9.2",
        RECIPIENTS_RESOLVED,
        PAPER_RULE_EVALUATED,
    )
    for source in ISSUED:
        yield _row(
            "O11",
            source,
            _E.ISSUE_REPLACEMENT,
            _S.REPLACED,
            (Role.CLERK,),
            "NĐ 30/2020 Đ18.3",
            SUCCESSOR_ISSUED,
            EQUIVALENT_FORM,
        )
        yield _row(
            "O12",
            source,
            _E.ISSUE_RECALL_NOTICE,
            _S.RECALLED,
            (Role.CLERK,),
            "NĐ 30/2020 Đ18.4b, PL VI III.8a",
            DECIDED,
            NOTICE_ISSUED,
            REASON_GIVEN,
        )
        yield _row(
            "O13",
            source,
            _E.ISSUE_CORRECTION,
            _S.CORRECTED,
            (Role.CLERK,),
            "NĐ 30/2020 Đ18.3",
            FORM_ERROR_ONLY,
        )
    for source in (_S.ISSUED, _S.CORRECTED):
        clause = "NĐ 30/2020 Đ19, Đ29"
        yield _row("O14", source, _E.FILE, _S.FILED, (Role.OFFICER,), clause)


def moves(*, number_before_sign: bool) -> tuple[IssuingMove, ...]:
    """The whole table, in the order of signing and numbering that the province has chosen."""
    return (
        *_drafting_moves(),
        *_signing_moves(number_before_sign=number_before_sign),
        *_issue_moves(),
    )


_BEFORE_APPROVAL: Final = frozenset({_S.DRAFT, _S.IN_REVIEW, _S.CONTENT_CHECKED, _S.FORM_CHECKED})
_ENDED: Final = frozenset({_S.REPLACED, _S.RECALLED})

BANS: Final[tuple[IssuingBan, ...]] = (
    Ban(
        says="what was replaced or recalled is frozen",
        says_vi="văn bản đã thay thế, thu hồi bị đóng băng",
        clause="NĐ 30/2020 Đ18.3-4, PL VI III.8a",
        states=_ENDED,
    ),
    Ban(
        says="the agency signs only what the competent person has signed",
        says_vi="chỉ ký số cơ quan sau chữ ký của người có thẩm quyền",
        clause="NĐ 30/2020 Đ32.2d",
        events=frozenset({_E.SEAL}),
    ),
    Ban(
        says="nothing is issued before the agency has signed it",
        says_vi="chưa ký số cơ quan thì chưa được phát hành",
        clause="NĐ 30/2020 Đ14, Đ18",
        events=frozenset({_E.ISSUE}),
    ),
    Ban(
        says="nothing is signed or numbered before it is approved",
        says_vi="chưa duyệt thì chưa được ký, cấp số",
        clause="NĐ 30/2020 Đ11, Đ14",
        states=_BEFORE_APPROVAL,
        events=frozenset({_E.SIGN, _E.NUMBER}),
    ),
    Ban(
        says="a document has one number",
        says_vi="mỗi văn bản chỉ có một số",
        clause="NĐ 30/2020 Đ15.1",
        events=frozenset({_E.NUMBER}),
    ),
    Ban(
        says="what is signed is never edited",
        says_vi="không sửa nội dung đã ký",
        clause="NĐ 30/2020 Đ5, Đ11.2",
        events=frozenset({_E.EDIT}),
    ),
)
"""What the texts forbid in so many words; everything else without a row is refused as well."""
