"""Whether a recipient also gets the document on paper (regulations §13d; QĐ 52/2019 Đ5.1, Đ6).

A decision table for each recipient: the first row that applies decides, every row that applies is
given as a reason. State secrets never come this far: ``Document`` refuses them.
"""

from __future__ import annotations

import enum
from typing import Final, TypeAlias

from attrs import field, frozen

from lienthong.model.checks import a, as_tuple, many, maybe, missing, refuse, text
from lienthong.model.kinds import DocumentKind
from lienthong.model.words import AttachmentKind, IssueForm, PaperBasis
from lienthong.rules.table import Row, applying


class RecipientBody(enum.Enum):
    """What kind of body a recipient is, as far as paper depends on it (QĐ 52/2019 Đ6.2)."""

    GOVERNMENT = "GOVERNMENT"
    """The Government or the Prime Minister."""

    PARTY = "PARTY"
    """A body of the Party."""

    COUNCIL = "COUNCIL"
    """A People's Council (HĐND)."""

    COMMITTEE = "COMMITTEE"
    """A People's Committee (UBND)."""

    JUSTICE = "JUSTICE"
    """The Department of Justice (Sở Tư pháp)."""

    OTHER = "OTHER"


@frozen(kw_only=True)
class Override:
    """A leader decides otherwise than the table (QĐ 52/2019 Đ8.2c); reports count it.

    He may add a form that the table does not ask for; what it asks for as a duty stays.
    """

    form: IssueForm = field(validator=a(IssueForm))
    reason: str = field(validator=text(500, required=True, clause="QĐ 52/2019 Đ8.2c"))
    decided_by: str = field(validator=text(100, required=True, clause="QĐ 52/2019 Đ8.2c"))
    """Role of the person."""


@frozen(kw_only=True)
class Facts:
    """What paper depends on, for one document and one recipient."""

    kind: DocumentKind = field(validator=a(DocumentKind))
    body: RecipientBody = field(default=RecipientBody.OTHER, validator=a(RecipientBody))
    sender_ready: bool = field(default=True, validator=a(bool))
    """The sender meets the technical conditions (QĐ 28/2018 Đ7.1)."""

    recipient_ready: bool = field(default=True, validator=a(bool))
    is_submission: bool = field(default=False, validator=a(bool))
    """It belongs to a file that is submitted (hồ sơ trình); a tờ trình always does."""

    for_appraisal: bool = field(default=False, validator=a(bool))
    """It asks to appraise a draft of a legal document."""

    attachments: tuple[AttachmentKind, ...] = field(
        default=(), converter=as_tuple, validator=many(AttachmentKind, most=100)
    )
    signed_by_both: bool = field(validator=a(bool))
    """The competent person and the agency have signed validly (NĐ 30/2020 Đ5.1)."""

    parallel_kinds: tuple[DocumentKind, ...] = field(
        default=(), converter=as_tuple, validator=many(DocumentKind, most=100)
    )
    """The province's list of kinds that are sent in both forms (QĐ 28/2018 Đ7.2b)."""

    paper_attachments: tuple[AttachmentKind, ...] = field(
        default=(AttachmentKind.SPECIALISED, AttachmentKind.MAP),
        converter=as_tuple,
        validator=many(AttachmentKind, most=100),
    )
    """Attachments that need paper (QĐ 52/2019 Đ6.2b)."""

    override: Override | None = field(default=None, validator=maybe(Override))
    override_allowed: bool = field(default=True, validator=a(bool))
    """Leaders of the province may decide otherwise than the table (§13g 23)."""


@frozen(kw_only=True)
class Form:
    """In which form a document goes out, and on which basis paper goes with it."""

    form: IssueForm
    basis: PaperBasis | None = None


PaperRow: TypeAlias = Row[Facts, Form]


@frozen(kw_only=True)
class PaperDecision:
    """The form for one recipient, with everything that bears on it."""

    form: IssueForm
    basis: PaperBasis | None
    """As the document records it; None for electronic documents only."""

    reasons: tuple[PaperRow, ...]
    """The rows that apply, the deciding one first."""

    override: Override | None = None

    @property
    def blocks_printing(self) -> bool:
        """Nothing may be printed for dispatch (QĐ 52/2019 Đ5.1c)."""
        return self.form is IssueForm.E_ONLY


_SUBMITTED_TO: Final = frozenset(
    {RecipientBody.PARTY, RecipientBody.COUNCIL, RecipientBody.COMMITTEE}
)


def decide(facts: Facts) -> PaperDecision:
    """The form in which one recipient gets a document, and why.

    Raises:
        MissingField: the document is not validly signed by both, and no leader has decided
            whether it goes in both forms, on paper or for reference only (row 8).
        InvalidValue: a leader drops a form that is a duty, or may not decide otherwise.
    """
    # "Otherwise" is no reason beside another one.
    found = applying(TABLE, facts)
    reasons = found[:-1] or found
    first = reasons[0]
    assert first.value is not None  # noqa: S101 - every row of this table decides
    form, basis = first.value.form, first.value.basis
    if facts.override is not None:
        _check_override(facts, facts.override, first)
        form = facts.override.form
        basis = None if form is IssueForm.E_ONLY else basis or PaperBasis.OTHER
    elif first.number == UNSIGNED:
        raise missing(facts, "override", first.clause)
    return PaperDecision(form=form, basis=basis, reasons=reasons, override=facts.override)


def _check_override(facts: Facts, override: Override, row: PaperRow) -> None:
    """What row 8 leaves to a leader he decides freely; otherwise he only adds to the form."""
    if row.number == UNSIGNED:
        return
    assert row.value is not None  # noqa: S101 - every row of this table decides
    form, duty = override.form, row.value.form
    if not facts.override_allowed and form is not duty:
        expected = f"{duty.name} ({row.clause}): the rule set lets nobody decide otherwise"
        raise refuse(facts, "override", found=form.name, expected=expected)
    if not _PARTS[duty] <= _PARTS[form]:
        expected = f"{duty.name} or more ({row.clause})"
        raise refuse(facts, "override", found=form.name, expected=expected)


_PARTS: Final = {
    IssueForm.E_ONLY: frozenset({IssueForm.E_ONLY}),
    IssueForm.PAPER_ONLY: frozenset({IssueForm.PAPER_ONLY}),
    IssueForm.E_AND_PAPER: frozenset({IssueForm.E_ONLY, IssueForm.PAPER_ONLY}),
}
"""Which forms a form consists of."""

UNSIGNED: Final = 8
"""The row that a leader must decide."""

TABLE: Final = (
    PaperRow(
        number=2,
        value=Form(form=IssueForm.PAPER_ONLY, basis=PaperBasis.RECIPIENT_NOT_READY),
        clause="QĐ 52/2019 Đ6.1a; QĐ 28/2018 Đ7.1",
        en="sender or recipient does not meet the technical conditions",
        vi="bên gửi hoặc bên nhận chưa đáp ứng điều kiện kỹ thuật",
        applies=lambda facts: not (facts.sender_ready and facts.recipient_ready),
    ),
    PaperRow(
        number=3,
        value=Form(form=IssueForm.E_AND_PAPER, basis=PaperBasis.QD52_6_2A),
        clause="QĐ 52/2019 Đ6.2a",
        en="the recipient is the Government or the Prime Minister",
        vi="gửi Chính phủ, Thủ tướng Chính phủ",
        applies=lambda facts: facts.body is RecipientBody.GOVERNMENT,
    ),
    PaperRow(
        number=4,
        value=Form(form=IssueForm.E_AND_PAPER, basis=PaperBasis.QD52_6_2B),
        clause="QĐ 52/2019 Đ6.2b",
        en="it is submitted to a Party body, a People's Council or a People's Committee",
        vi="tờ trình, hồ sơ trình cơ quan Đảng, HĐND, UBND",
        applies=lambda facts: (
            facts.body in _SUBMITTED_TO
            and (facts.is_submission or facts.kind is DocumentKind.TO_TRINH)
        ),
    ),
    PaperRow(
        number=5,
        value=Form(form=IssueForm.E_AND_PAPER, basis=PaperBasis.QD52_6_2B),
        clause="QĐ 52/2019 Đ6.2b",
        en="a map or specialised material is attached",
        vi="kèm bản đồ hoặc tài liệu chuyên ngành",
        applies=lambda facts: not {*facts.paper_attachments}.isdisjoint(facts.attachments),
    ),
    PaperRow(
        number=6,
        value=Form(form=IssueForm.E_AND_PAPER, basis=PaperBasis.QD52_6_2C),
        clause="QĐ 52/2019 Đ6.2c",
        en="the Department of Justice is asked to appraise a draft legal document",
        vi="gửi Sở Tư pháp thẩm định dự thảo văn bản quy phạm pháp luật",
        applies=lambda facts: facts.body is RecipientBody.JUSTICE and facts.for_appraisal,
    ),
    PaperRow(
        number=7,
        value=Form(form=IssueForm.E_AND_PAPER, basis=PaperBasis.LIST),
        clause="QĐ 28/2018 Đ7.2b",
        en="its kind is on the province's list of documents that are sent in both forms",
        vi="thuộc danh mục văn bản gửi song song bản giấy của tỉnh",
        applies=lambda facts: facts.kind in facts.parallel_kinds,
    ),
    PaperRow(
        number=UNSIGNED,
        value=Form(form=IssueForm.E_AND_PAPER, basis=PaperBasis.OTHER),
        clause="NĐ 30/2020 Đ5.1; QĐ 52/2019 Đ4.2",
        en="not validly signed by the competent person and the agency: a leader decides",
        vi="chưa có đủ chữ ký số hợp lệ của người có thẩm quyền và cơ quan: lãnh đạo quyết định",
        applies=lambda facts: not facts.signed_by_both,
    ),
    PaperRow(
        number=9,
        value=Form(form=IssueForm.E_ONLY),
        clause="QĐ 52/2019 Đ5.1c",
        en="the electronic document alone",
        vi="chỉ gửi văn bản điện tử, không gửi bản giấy",
        applies=lambda _: True,
    ),
)
"""The rows in the order in which they decide; numbers are those of regulations §13d."""
