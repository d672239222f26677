"""The table of regulations §13e row by row, and what no combination of facts may give."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from itertools import product
from typing import Any

import pytest
from attrs import fields

from lienthong.errors import InvalidValue, MissingField
from lienthong.model.file_signature import Certificates, Finding, LegalValue, SignatureKind
from lienthong.model.words import CopyForm, Origin
from lienthong.rules.legal_facts import Channel, Ending, Facts
from lienthong.rules.legal_value import TABLE, Practice, judge

NOW = datetime(2026, 11, 20, tzinfo=UTC)
GOOD, BAD, UNKNOWN = Finding.GOOD, Finding.BAD, Finding.UNKNOWN


def facts(**changes: Any) -> Facts:
    values: dict[str, Any] = {
        "integrity": GOOD,
        "signer": GOOD,
        "agency": GOOD,
        "certificates": Certificates.GOOD,
    }
    return Facts(**values | changes)


@pytest.mark.parametrize(
    ("row", "changes", "value"),
    [
        (1, {}, "ORIGINAL_EQUIVALENT"),
        (2, {"agency": BAD}, "INFORMATION_ONLY"),
        (3, {"signer": BAD}, "INFORMATION_ONLY"),
        (3, {"signer": BAD, "origin": Origin.DIGITISED}, "COPY_EQUIVALENT_TO_BAN_CHINH"),
        (4, {"signer": BAD, "agency": BAD}, "INFORMATION_ONLY"),
        (5, {"integrity": BAD}, "REFUSE"),
        (5, {"integrity": BAD, "copy_form": CopyForm.SAO_Y}, "REFUSE"),
        (6, {"copy_form": CopyForm.SAO_Y, "signer": BAD}, "COPY_EQUIVALENT_TO_BAN_CHINH"),
        (6, {"copy_form": CopyForm.TRICH_SAO}, "COPY_EQUIVALENT_TO_BAN_CHINH"),
        (7, {"copy_form": CopyForm.SAO_LUC, "agency": BAD}, "INFORMATION_ONLY"),
        (8, {"kind": SignatureKind.CONG_CONG}, "INFORMATION_ONLY"),
        (10, {"certificates": Certificates.REVOKED_BEFORE}, "REFUSE"),
        (10, {"certificates": Certificates.TIME_UNPROVABLE}, "REVIEW"),
        (11, {"certificates": Certificates.UNAVAILABLE}, "PENDING_CHECK"),
        (11, {"agency": UNKNOWN}, "PENDING_CHECK"),
        (11, {"integrity": UNKNOWN}, "PENDING_CHECK"),
        (14, {"from_agency": False, "signer": BAD, "agency": BAD}, "INFORMATION_ONLY"),
        (14, {"from_agency": False}, "REVIEW"),
        (14, {"from_agency": False, "agency": BAD}, "REVIEW"),
        (14, {"from_agency": False, "signer": BAD}, "REVIEW"),
        (14, {"from_agency": False, "signer": BAD, "origin": Origin.DIGITISED}, "REVIEW"),
        (14, {"from_agency": False, "kind": SignatureKind.CONG_CONG}, "REVIEW"),
        (14, {"from_agency": False, "order": BAD}, "REVIEW"),
        (6, {"from_agency": False, "copy_form": CopyForm.SAO_Y}, "COPY_EQUIVALENT_TO_BAN_CHINH"),
        (6, {"copy_form": CopyForm.SAO_Y, "signer": UNKNOWN}, "COPY_EQUIVALENT_TO_BAN_CHINH"),
        (7, {"copy_form": CopyForm.SAO_Y, "signer": UNKNOWN, "agency": BAD}, "INFORMATION_ONLY"),
        (11, {"copy_form": CopyForm.SAO_Y, "agency": UNKNOWN}, "PENDING_CHECK"),
        (16, {"order": BAD}, "REVIEW"),
        (16, {"order": UNKNOWN}, "REVIEW"),
        (17, {"ending": Ending.RECALLED}, "NO_EFFECT"),
        (17, {"ending": Ending.REPLACED, "integrity": BAD}, "NO_EFFECT"),
    ],
)
def test_deciding_rows(row: int, changes: dict[str, Any], value: str) -> None:
    found = judge(facts(**changes))
    assert (found.reasons[0].number, found.value.value) == (row, value)
    print(found.reasons[0].clause)


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        (9, {"certificates": Certificates.EXPIRED_SINCE}),
        (12, {"channel": Channel.EMAIL}),
        (13, {"unsigned_attachments": ["phu-luc.xlsx"]}),
        (15, {"form_complete": False}),
    ],
)
def test_rows_that_add_something_leave_the_value(row: int, changes: dict[str, Any]) -> None:
    found = judge(facts(**changes))
    assert found.value is LegalValue.ORIGINAL_EQUIVALENT
    assert [reason.number for reason in found.reasons] == [1, row]


def test_every_row_that_applies_is_named() -> None:
    found = judge(facts(integrity=BAD, form_complete=False, channel=Channel.EMAIL))
    assert [reason.number for reason in found.reasons] == [5, 12, 15]
    recorded = found.recorded(datetime(2026, 11, 20, tzinfo=UTC))
    assert recorded.value is LegalValue.REFUSE
    assert "QĐ 52/2019 Đ8.1a" in recorded.reason


def test_what_is_kept_says_by_what_it_was_judged() -> None:
    asked = facts(
        certificates=Certificates.UNAVAILABLE,
        unsigned_attachments=["a.pdf", "b, c.pdf"],
        form_complete=False,
    )
    kept = judge(asked).recorded(NOW, "own@1")
    assert dict(kept.inputs) == {
        "copy_form": "ORIGINAL",
        "origin": "BORN_DIGITAL",
        "channel": "SYSTEM",
        "from_agency": "true",
        "integrity": "GOOD",
        "signer": "GOOD",
        "agency": "GOOD",
        "kind": "CONG_VU",
        "certificates": "UNAVAILABLE",
        "order": "GOOD",
        "form_complete": "false",
        "unsigned_attachments": "a.pdf\nb, c.pdf",
    }
    assert (kept.rule_set, kept.by_rules, kept.overridden) == ("own@1", None, False)
    ended = judge(facts(ending=Ending.RECALLED)).recorded(NOW)
    assert dict(ended.inputs)["ending"] == "RECALLED"


def test_who_decides_otherwise_is_kept_beside_what_the_rules_say() -> None:
    judged = judge(facts(certificates=Certificates.UNAVAILABLE)).recorded(NOW, "own@1")
    kept = judged.overruled(LegalValue.REVIEW, by="Chánh Văn phòng", reason="chờ kiểm tra")
    kept = kept.overruled(
        LegalValue.ORIGINAL_EQUIVALENT, by="Chánh Văn phòng", reason="đã đối chiếu"
    )
    assert (kept.value, kept.by_rules) == (
        LegalValue.ORIGINAL_EQUIVALENT,
        LegalValue.PENDING_CHECK,
    )
    assert (kept.overridden_by, kept.override_reason) == ("Chánh Văn phòng", "đã đối chiếu")
    assert (kept.overridden, kept.inputs) == (True, judged.inputs)
    for by, reason, name in (("", "x", "overridden_by"), ("Chủ tịch", " ", "override_reason")):
        with pytest.raises(MissingField, match=name):
            judged.overruled(LegalValue.REVIEW, by=by, reason=reason)


@pytest.mark.parametrize(
    "fact", [field.name for field in fields(Facts) if field.name != "unsigned_attachments"]
)
def test_every_fact_is_kept(fact: str) -> None:
    """Also one that is added later: two judgements that differ in it are kept differently."""
    known = facts(ending=Ending.RECALLED)
    value: Any = getattr(known, fact)
    kind: type[Enum] = type(value)
    others: list[Any] = [True, False] if isinstance(value, bool) else [*kind]
    for other in others:
        kept = judge(facts(**{"ending": Ending.RECALLED, fact: other})).recorded(NOW)
        assert (kept.inputs == judge(known).recorded(NOW).inputs) is (other == value)


def test_a_fact_that_is_not_kept_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    words = Facts.words

    def forgetful(known: Facts) -> dict[str, str]:
        return {name: word for name, word in words(known).items() if name != "channel"}

    monkeypatch.setattr(Facts, "words", forgetful)
    with pytest.raises(AssertionError):
        test_every_fact_is_kept("channel")


@pytest.mark.parametrize("value", [LegalValue.REVIEW, LegalValue.ORIGINAL_EQUIVALENT])
def test_a_province_decides_about_public_signatures(value: LegalValue) -> None:
    found = judge(facts(kind=SignatureKind.CONG_CONG), Practice(public_signature=value))
    assert found.value is value
    with pytest.raises(InvalidValue, match="public_signature"):
        Practice(public_signature=LegalValue.REFUSE)


@pytest.mark.parametrize("copy", [form for form in CopyForm if form is not CopyForm.ORIGINAL])
@pytest.mark.parametrize("value", [LegalValue.REVIEW, LegalValue.ORIGINAL_EQUIVALENT])
def test_no_practice_makes_an_original_of_a_copy(copy: CopyForm, value: LegalValue) -> None:
    practice = Practice(public_signature=value)
    found = judge(facts(copy_form=copy, kind=SignatureKind.CONG_CONG), practice)
    assert (found.value, found.reasons[0].number) == (LegalValue.INFORMATION_ONLY, 8)
    scan = facts(signer=BAD, origin=Origin.DIGITISED, kind=SignatureKind.CONG_CONG)
    assert judge(scan, practice).value is LegalValue.INFORMATION_ONLY


@pytest.mark.parametrize("value", [LegalValue.INFORMATION_ONLY, LegalValue.ORIGINAL_EQUIVALENT])
def test_no_practice_between_agencies_is_one_towards_citizens(value: LegalValue) -> None:
    citizen = facts(from_agency=False, agency=BAD, kind=SignatureKind.CONG_CONG)
    found = judge(citizen, Practice(public_signature=value))
    assert (found.value, found.reasons[0].clause) == (LegalValue.REVIEW, "LGDĐT 2023 Đ22")
    aged = judge(facts(from_agency=False, agency=BAD, certificates=Certificates.EXPIRED_SINCE))
    assert [reason.number for reason in aged.reasons] == [14, 9]
    assert "NĐ 30" not in aged.recorded(NOW).reason


def test_no_combination_is_worth_more_than_its_parts() -> None:
    """The whole product: always a value, and never more than what is proved."""
    wholes = (
        (CopyForm.ORIGINAL, CopyForm.SAO_Y),
        Origin,
        (True, False),
        Finding,
        Finding,
        Finding,
        (SignatureKind.CONG_VU, SignatureKind.CONG_CONG),
        Certificates,
        Finding,
        (None, *Ending),
    )
    count = 0
    for copy, origin, ours, whole, signer, agency, kind, sure, order, end in product(*wholes):
        count += 1
        found = judge(
            Facts(
                copy_form=copy,
                origin=origin,
                from_agency=ours,
                integrity=whole,
                signer=signer,
                agency=agency,
                kind=kind,
                certificates=sure,
                order=order,
                ending=end,
            )
        ).value
        sound = sure in {Certificates.GOOD, Certificates.EXPIRED_SINCE} and end is None
        if found is LegalValue.ORIGINAL_EQUIVALENT:
            assert (copy, whole, signer, agency, order) == (CopyForm.ORIGINAL, *[GOOD] * 4)
            assert sound
            assert kind is SignatureKind.CONG_VU
            assert ours, "by NĐ 30 only agencies replace paper"
        if found is LegalValue.COPY_EQUIVALENT_TO_BAN_CHINH:
            assert (whole, agency) == (GOOD, GOOD)
            assert sound
            assert kind is SignatureKind.CONG_VU
        if whole is BAD and end is None:
            assert found is LegalValue.REFUSE
    assert count == 2 * 2 * 2 * 27 * 2 * 5 * 3 * 3


def test_all_rows_of_the_regulations_are_there() -> None:
    assert {row.number for row in TABLE} == set(range(1, 18))
    assert all(row.clause and row.en and row.vi for row in TABLE)
