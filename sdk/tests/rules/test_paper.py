"""The table of regulations §13d row by row."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from lienthong.errors import InvalidValue, MissingField
from lienthong.model.kinds import DocumentKind
from lienthong.model.words import AttachmentKind, IssueForm, PaperBasis
from lienthong.rules.paper import TABLE, Facts, Override, RecipientBody, decide

LEADER = "Chánh Văn phòng"


def facts(**changes: Any) -> Facts:
    values: dict[str, Any] = {"kind": DocumentKind.QUYET_DINH, "signed_by_both": True}
    return Facts(**values | changes)


def override(form: IssueForm) -> Override:
    return Override(form=form, reason="theo yêu cầu của bên nhận", decided_by=LEADER)


@pytest.mark.parametrize(
    ("row", "changes", "form", "basis"),
    [
        (2, {"recipient_ready": False}, "PAPER_ONLY", "RECIPIENT_NOT_READY"),
        (2, {"sender_ready": False}, "PAPER_ONLY", "RECIPIENT_NOT_READY"),
        (3, {"body": RecipientBody.GOVERNMENT}, "E_AND_PAPER", "QD52_6_2A"),
        (4, {"body": RecipientBody.PARTY, "is_submission": True}, "E_AND_PAPER", "QD52_6_2B"),
        (
            4,
            {"body": RecipientBody.COUNCIL, "kind": DocumentKind.TO_TRINH},
            "E_AND_PAPER",
            "QD52_6_2B",
        ),
        (5, {"attachments": [AttachmentKind.MAP]}, "E_AND_PAPER", "QD52_6_2B"),
        (
            5,
            {"attachments": [AttachmentKind.NORMAL, AttachmentKind.SPECIALISED]},
            "E_AND_PAPER",
            "QD52_6_2B",
        ),
        (6, {"body": RecipientBody.JUSTICE, "for_appraisal": True}, "E_AND_PAPER", "QD52_6_2C"),
        (7, {"parallel_kinds": [DocumentKind.QUYET_DINH]}, "E_AND_PAPER", "LIST"),
    ],
)
def test_rows_that_ask_for_paper(row: int, changes: dict[str, Any], form: str, basis: str) -> None:
    found = decide(facts(**changes))
    assert found.basis is not None
    assert (found.reasons[0].number, found.form.value, found.basis.value) == (row, form, basis)
    assert not found.blocks_printing
    print(found.reasons[0].clause)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"body": RecipientBody.COMMITTEE},
        {"body": RecipientBody.JUSTICE},
        {"kind": DocumentKind.TO_TRINH},
        {"attachments": [AttachmentKind.NORMAL]},
        {"parallel_kinds": [DocumentKind.TO_TRINH]},
    ],
)
def test_otherwise_there_is_no_paper(changes: dict[str, Any]) -> None:
    found = decide(facts(**changes))
    assert (found.form, found.basis, found.blocks_printing) == (IssueForm.E_ONLY, None, True)
    assert [reason.number for reason in found.reasons] == [9]


def test_what_is_not_signed_by_both_waits_for_a_leader() -> None:
    with pytest.raises(MissingField, match=r"override.*Đ5\.1"):
        decide(facts(signed_by_both=False))
    for form in IssueForm:
        found = decide(facts(signed_by_both=False, override=override(form)))
        assert found.form is form
        assert [reason.number for reason in found.reasons] == [8]
        assert (found.basis is None) == (form is IssueForm.E_ONLY)


def test_a_leader_may_send_paper_nevertheless() -> None:
    found = decide(facts(override=override(IssueForm.E_AND_PAPER)))
    assert (found.form, found.basis) == (IssueForm.E_AND_PAPER, PaperBasis.OTHER)
    assert found.override is not None
    assert found.override.decided_by == LEADER
    with pytest.raises(MissingField, match="reason"):
        Override(form=IssueForm.E_AND_PAPER, reason="", decided_by=LEADER)


DUTIES: tuple[dict[str, Any], ...] = (
    {"recipient_ready": False},
    {"sender_ready": False},
    {"body": RecipientBody.GOVERNMENT},
    {"body": RecipientBody.PARTY, "is_submission": True},
    {"attachments": [AttachmentKind.MAP]},
    {"body": RecipientBody.JUSTICE, "for_appraisal": True},
    {"parallel_kinds": [DocumentKind.QUYET_DINH]},
)
PARTS = {"E_ONLY": {"E"}, "PAPER_ONLY": {"PAPER"}, "E_AND_PAPER": {"E", "PAPER"}}


@pytest.mark.parametrize("changes", [*DUTIES, {}])
def test_a_leader_may_add_a_form_but_drop_none(changes: dict[str, Any]) -> None:
    duty = decide(facts(**changes))
    for form in IssueForm:
        asked = facts(**changes, override=override(form))
        if PARTS[duty.form.name] <= PARTS[form.name]:
            assert decide(asked).form is form
            continue
        with pytest.raises(InvalidValue, match=rf"override.*{form.name}.*{duty.form.name}") as told:
            decide(asked)
        assert duty.reasons[0].clause in str(told.value)


def test_paper_that_a_leader_adds_to_no_duty_is_counted_as_his() -> None:
    added = decide(facts(recipient_ready=False, override=override(IssueForm.E_AND_PAPER)))
    assert (added.form, added.basis) == (IssueForm.E_AND_PAPER, PaperBasis.RECIPIENT_NOT_READY)
    own = decide(facts(override=override(IssueForm.E_AND_PAPER)))
    assert own.basis is PaperBasis.OTHER


def test_a_leader_who_drops_a_duty_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lienthong.rules.paper._check_override", lambda *_: None)
    with pytest.raises(pytest.fail.Exception):
        test_a_leader_may_add_a_form_but_drop_none({"recipient_ready": False})


def test_where_nobody_may_decide_otherwise_nobody_does() -> None:
    strict = {"override_allowed": False}
    with pytest.raises(InvalidValue, match="nobody"):
        decide(facts(**strict, override=override(IssueForm.E_AND_PAPER)))
    same = decide(facts(**strict, override=override(IssueForm.E_ONLY)))
    assert (same.form, same.basis) == (IssueForm.E_ONLY, None)
    # Row 8 is no exception from the table: it asks for a decision.
    unsigned = facts(**strict, signed_by_both=False, override=override(IssueForm.PAPER_ONLY))
    assert decide(unsigned).form is IssueForm.PAPER_ONLY


def test_every_row_that_applies_is_named_and_the_first_decides() -> None:
    everything = facts(
        body=RecipientBody.GOVERNMENT,
        attachments=[AttachmentKind.MAP],
        parallel_kinds=[DocumentKind.QUYET_DINH],
        recipient_ready=False,
    )
    assert [reason.number for reason in decide(everything).reasons] == [2, 3, 5, 7]
    assert decide(everything).form is IssueForm.PAPER_ONLY


def test_every_combination_has_an_answer_with_a_clause() -> None:
    flags = (True, False)
    for body, ready, submitted, appraised, kind in product(
        RecipientBody, flags, flags, flags, DocumentKind
    ):
        found = decide(
            facts(
                body=body,
                recipient_ready=ready,
                is_submission=submitted,
                for_appraisal=appraised,
                kind=kind,
            )
        )
        assert found.reasons[0].clause
        assert found.reasons[0].value is not None
        assert found.form is found.reasons[0].value.form


def test_all_rows_of_the_regulations_are_there() -> None:
    # Row 1, state secrets, is refused by the model before anything is decided.
    assert [row.number for row in TABLE] == [2, 3, 4, 5, 6, 7, 8, 9]
