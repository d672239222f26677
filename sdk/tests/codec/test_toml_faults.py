"""All faults of a document's data at once, each with its key, line and clause."""

from __future__ import annotations

import pytest

from lienthong.codec.toml import examine_document, load_document
from lienthong.errors import InputError, LienthongError, Malformed, StateSecret
from lienthong.model.ids import OrganId

GOOD = """\
number = "52/QĐ-UBND"
issued_date = 2026-11-20
kind = "QUYET_DINH"
subject = "Về việc gửi, nhận văn bản điện tử"
[signer]
full_name = "Chánh Văn phòng"
position = "Chánh Văn phòng"
"""
MANY = """\
kind = "QUYET_DINHH"
subject = ""
reply_requested = true
colour = 1
signed_at = 2026-01-05T09:00:00
[signer]
full_name = "Chánh Văn phòng"
"""


def faults(text: str) -> tuple[InputError, ...]:
    return examine_document(
        text, "văn bản.toml", issuer_code=OrganId("H53"), issuer_name="UBND tỉnh"
    ).faults


def test_good_document_has_none() -> None:
    assert faults(GOOD) == ()


def test_every_fault_is_named_with_its_line() -> None:
    found = {(fault.facts["key"], fault.facts["line"]): fault.code for fault in faults(MANY)}
    assert found == {
        ("kind", 1): "model.invalid_value",
        ("subject", 2): "model.missing_field",
        ("colour", 4): "codec.unknown_field",
        ("signed_at", 5): "model.naive_time",
        ("signer.position", 6): "model.missing_field",
        ("number", None): "model.missing_field",
        ("issued_date", None): "model.missing_field",
        ("due_date", None): "model.missing_field",
    }
    assert all(fault.facts["file"] == "văn bản.toml" for fault in faults(MANY))


def test_empty_file_lacks_what_the_regulation_requires() -> None:
    clauses = {fault.facts["key"]: fault.facts["clause"] for fault in faults("")}
    assert clauses == {
        "number": "QĐ 52/2019 Đ7.2c",
        "issued_date": "QĐ 52/2019 Đ7.2d",
        "kind": "QĐ 52/2019 Đ7.2đ",
        "subject": "QĐ 52/2019 Đ7.2e",
        "signer": "QĐ 52/2019 Đ7.2i",
    }


def test_issuer_is_required_where_nobody_gives_it() -> None:
    assert {fault.facts["key"] for fault in examine_document(GOOD).faults} == {
        "issuer_code",
        "issuer_name",
    }


@pytest.mark.parametrize(
    "more",
    [
        "reply_requested = true",
        "due_date = 2026-11-19",
        "urgent_at = 2026-11-20T10:00:00+07:00",
        'issue_form = "E_AND_PAPER"',
        "page_amount = 1000",
        'keywords = ["a", 1]',
        'document_code = "x"',
        'response_for = [{ organ_id = "H53.1" }]',
    ],
)
def test_whoever_reads_it_refuses_what_has_faults(more: str) -> None:
    text = f"{more}\n{GOOD}"
    [fault] = faults(text)
    with pytest.raises(LienthongError) as refused:
        load_document(text, issuer_code=OrganId("H53"), issuer_name="UBND tỉnh")
    assert type(fault) is type(refused.value)
    assert fault.facts["key"] == refused.value.facts["key"]


@pytest.mark.parametrize(
    ("text", "error"),
    [("number = ", Malformed), (f'do_mat = "Tối mật"\n{GOOD}', StateSecret)],
)
def test_there_is_nothing_to_go_on_from(text: str, error: type[LienthongError]) -> None:
    with pytest.raises(error):
        faults(text)


def test_what_is_right_can_be_used_while_something_is_missing() -> None:
    found = examine_document('kind = "TO_TRINH"\nurgency = "KHANN"\n')
    assert found.document is not None
    assert found.document.kind.name == "TO_TRINH"
    assert found.given == {"kind"}


def test_what_contradicts_itself_is_no_document() -> None:
    found = examine_document(f"reply_requested = true\n{GOOD}")
    assert found.document is None
    assert "kind" in found.given
