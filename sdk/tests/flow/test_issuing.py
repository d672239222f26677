"""The issuing machine against a list written by hand, in both orders of signing and numbering."""

from __future__ import annotations

import itertools
from typing import Any

import attrs
import pytest

from lienthong.errors import GuardFailed, InvalidMove, InvalidValue
from lienthong.flow.issuing import (
    BANS,
    MOVES,
    MOVES_NUMBER_FIRST,
    IssuingContext,
    IssuingMove,
    Role,
    step,
)
from lienthong.flow.issuing import IssuingEvent as E
from lienthong.flow.issuing import IssuingState as S

COMMON = """
DRAFT           SUBMIT              DRAFTER      IN_REVIEW
IN_REVIEW       RETURN_WITH_COMMENT SIGNER       DRAFT
IN_REVIEW       RETURN_WITH_COMMENT UNIT_HEAD    DRAFT
CONTENT_CHECKED RETURN_WITH_COMMENT FORM_CHECKER DRAFT
FORM_CHECKED    RETURN_WITH_COMMENT SIGNER       DRAFT
IN_REVIEW       CHECK_CONTENT       UNIT_HEAD    CONTENT_CHECKED
CONTENT_CHECKED CHECK_FORM          FORM_CHECKER FORM_CHECKED
FORM_CHECKED    APPROVE             SIGNER       APPROVED
APPROVED        EDIT                DRAFTER      DRAFT
SEALED          ISSUE               CLERK        ISSUED
ISSUED          ISSUE_REPLACEMENT   CLERK        REPLACED
ISSUED          ISSUE_RECALL_NOTICE CLERK        RECALLED
ISSUED          ISSUE_CORRECTION    CLERK        CORRECTED
ISSUED          FILE                OFFICER      FILED
CORRECTED       ISSUE_REPLACEMENT   CLERK        REPLACED
CORRECTED       ISSUE_RECALL_NOTICE CLERK        RECALLED
CORRECTED       ISSUE_CORRECTION    CLERK        CORRECTED
CORRECTED       FILE                OFFICER      FILED
FILED           ISSUE_REPLACEMENT   CLERK        REPLACED
FILED           ISSUE_RECALL_NOTICE CLERK        RECALLED
FILED           ISSUE_CORRECTION    CLERK        CORRECTED
"""
SIGN_FIRST = """
APPROVED        SIGN                SIGNER       SIGNED
SIGNED          NUMBER              CLERK        NUMBERED
SIGNED          NUMBER              SYSTEM       NUMBERED
NUMBERED        SEAL                CLERK        SEALED
"""
NUMBER_FIRST = """
APPROVED        NUMBER              CLERK        NUMBERED
APPROVED        NUMBER              SYSTEM       NUMBERED
NUMBERED        SIGN                SIGNER       SIGNED
SIGNED          SEAL                CLERK        SEALED
"""

STARTS = list(itertools.product([False, True], S))


def _legal(text: str) -> dict[tuple[str, str, str], str]:
    rows = [line.split() for line in text.splitlines() if line.strip()]
    moves = {(state, event, role): target for state, event, role, target in rows}
    assert len(moves) == len(rows)
    return moves


LEGAL = {False: _legal(COMMON + SIGN_FIRST), True: _legal(COMMON + NUMBER_FIRST)}


def fulfilled(role: Role, **changes: bool) -> IssuingContext:
    """Every condition is met."""
    flags: dict[str, Any] = {
        item.name: True
        for item in attrs.fields(IssuingContext)
        if item.name not in {"role", "number_before_sign", "already_numbered"}
    }
    return IssuingContext(role=role, **(flags | changes))


@pytest.mark.parametrize(("number_first", "state"), STARTS)
def test_every_event_by_everyone_does_what_the_list_says(number_first: bool, state: S) -> None:
    for event, role in itertools.product(E, Role):
        given = fulfilled(role, number_before_sign=number_first)
        target = LEGAL[number_first].get((state.name, event.name, role.name))
        if target is not None:
            assert step(state, event, given).state is S[target], (event, role)
            continue
        with pytest.raises(InvalidMove) as caught:
            step(state, event, given)
        assert caught.value.facts["state"] == state.name
        assert caught.value.facts["actor"] == role.name
        assert caught.value.facts["clause"]


GUARDS = [
    (S.DRAFT, E.SUBMIT, Role.DRAFTER, "fields_complete", "NĐ 30/2020 Đ10.2"),
    (S.IN_REVIEW, E.RETURN_WITH_COMMENT, Role.SIGNER, "comment_given", "NĐ 30/2020 Đ10.3"),
    (S.CONTENT_CHECKED, E.CHECK_FORM, Role.FORM_CHECKER, "form_passed", "NĐ 30/2020 Đ12.2, PL I"),
    (S.FORM_CHECKED, E.APPROVE, Role.SIGNER, "hash_frozen", "NĐ 30/2020 Đ11"),
    (S.FORM_CHECKED, E.APPROVE, Role.SIGNER, "issue_form_decided", "QĐ 52/2019 Đ8.2c"),
    (S.APPROVED, E.SIGN, Role.SIGNER, "certificate_valid", "NĐ 30/2020 Đ13.7"),
    (S.APPROVED, E.SIGN, Role.SIGNER, "authority_valid", "NĐ 30/2020 Đ13.1-4"),
    (S.APPROVED, E.SIGN, Role.SIGNER, "hash_matches_approval", "NĐ 30/2020 Đ11.2"),
    (S.SIGNED, E.NUMBER, Role.CLERK, "number_unique", "NĐ 30/2020 Đ15.1"),
    (S.NUMBERED, E.SEAL, Role.CLERK, "signer_signature_valid", "NĐ 30/2020 Đ32.2d"),
    (S.NUMBERED, E.SEAL, Role.CLERK, "attachments_sealed", "NĐ 30/2020 PL I II.8b"),
    (S.SEALED, E.ISSUE, Role.CLERK, "recipients_resolved", "QĐ 52/2019 Đ7.2m"),
    (S.SEALED, E.ISSUE, Role.CLERK, "paper_rule_evaluated", "QĐ 52/2019 Đ6.2"),
    (S.ISSUED, E.ISSUE_REPLACEMENT, Role.CLERK, "successor_issued", "NĐ 30/2020 Đ18.3"),
    (S.ISSUED, E.ISSUE_REPLACEMENT, Role.CLERK, "equivalent_form", "NĐ 30/2020 Đ18.3"),
    (S.ISSUED, E.ISSUE_RECALL_NOTICE, Role.CLERK, "notice_issued", "NĐ 30/2020 Đ18.4b"),
    (S.ISSUED, E.ISSUE_RECALL_NOTICE, Role.CLERK, "reason_given", "QĐ 52/2019 Đ8.3"),
    (
        S.ISSUED,
        E.ISSUE_RECALL_NOTICE,
        Role.CLERK,
        "decided_by_competent_person",
        "NĐ 30/2020 Đ18.4b",
    ),
    (S.ISSUED, E.ISSUE_CORRECTION, Role.CLERK, "form_error_only", "NĐ 30/2020 Đ18.3"),
]


@pytest.mark.parametrize(("state", "event", "role", "name", "clause"), GUARDS)
def test_each_condition_fails_alone(state: S, event: E, role: Role, name: str, clause: str) -> None:
    assert step(state, event, fulfilled(role)).state is not None
    with pytest.raises(GuardFailed) as caught:
        step(state, event, fulfilled(role, **{name: False}))
    assert caught.value.facts["guard"] == name.upper()
    assert caught.value.facts["clause"] == clause


def test_every_condition_of_the_table_is_tested() -> None:
    tested = {name.upper() for *_, name, _ in GUARDS} | {"SECRECY_NONE", "NOT_NUMBERED"}
    assert {guard.name for move in MOVES for guard in move.guards} == tested


@pytest.mark.parametrize("move", MOVES)
def test_no_transition_for_a_state_secret(move: IssuingMove) -> None:
    role = next(iter(move.actors))
    assert move.source is not None
    with pytest.raises(GuardFailed) as caught:
        step(move.source, move.event, fulfilled(role, secrecy_none=False))
    assert caught.value.facts["clause"] == "QĐ 52/2019 Đ1.2"


def test_a_new_context_fulfils_nothing() -> None:
    with pytest.raises(GuardFailed):
        step(S.DRAFT, E.SUBMIT, IssuingContext(role=Role.DRAFTER))


@pytest.mark.parametrize(
    ("state", "event", "clause"),
    [
        (S.APPROVED, E.SEAL, "NĐ 30/2020 Đ32.2d"),
        (S.DRAFT, E.SEAL, "NĐ 30/2020 Đ32.2d"),
        (S.NUMBERED, E.ISSUE, "NĐ 30/2020 Đ14, Đ18"),
        (S.NUMBERED, E.NUMBER, "NĐ 30/2020 Đ15.1"),
        (S.ISSUED, E.NUMBER, "NĐ 30/2020 Đ15.1"),
        (S.DRAFT, E.NUMBER, "NĐ 30/2020 Đ11, Đ14"),
        (S.SIGNED, E.EDIT, "NĐ 30/2020 Đ5, Đ11.2"),
        (S.ISSUED, E.EDIT, "NĐ 30/2020 Đ5, Đ11.2"),
        (S.RECALLED, E.ISSUE, "NĐ 30/2020 Đ18.3-4, PL VI III.8a"),
        (S.REPLACED, E.FILE, "NĐ 30/2020 Đ18.3-4, PL VI III.8a"),
    ],
)
def test_what_the_texts_forbid_names_its_clause(state: S, event: E, clause: str) -> None:
    with pytest.raises(InvalidMove) as caught:
        step(state, event, fulfilled(Role.CLERK))
    assert caught.value.facts["clause"] == clause


def test_no_second_number_for_one_document() -> None:
    with pytest.raises(GuardFailed) as caught:
        step(S.SIGNED, E.NUMBER, fulfilled(Role.CLERK, already_numbered=True))
    assert caught.value.facts["guard"] == "NOT_NUMBERED"


@pytest.mark.parametrize("role", ["CLERK", None])
def test_refuses_what_is_no_role(role: Any) -> None:
    with pytest.raises(InvalidValue):
        IssuingContext(role=role)


@pytest.mark.parametrize("table", [MOVES, MOVES_NUMBER_FIRST])
def test_every_row_of_the_regulation_is_there(table: tuple[IssuingMove, ...]) -> None:
    assert {move.number for move in table} == {f"O{number}" for number in range(1, 15)}
    assert all(move.clause for move in table)


def test_every_ban_has_both_languages_and_a_clause() -> None:
    assert all(ban.says and ban.says_vi and ban.clause for ban in BANS)


def test_labels_and_final_states() -> None:
    assert all(word.label_vi for kind in (S, E, Role) for word in kind)
    assert {state for state in S if state.final} == {S.REPLACED, S.RECALLED}
