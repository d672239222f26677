"""The table of regulations §13e row by row, and what no combination of facts may give."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from lienthong.errors import InvalidValue
from lienthong.model.file_signature import Finding, LegalValue, SignatureKind
from lienthong.model.words import CopyForm, Origin
from lienthong.rules.legal_value import (
    TABLE,
    Certificates,
    Channel,
    Ending,
    Facts,
    Practice,
    judge,
)

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
