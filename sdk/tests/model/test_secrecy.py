"""State-secret marks are refused in every spelling (P6)."""

from __future__ import annotations

from typing import Any

import pytest

from lienthong.errors import InvalidValue, StateSecret
from lienthong.model import secrecy
from lienthong.model.ids import DocumentNumber
from lienthong.model.secrecy import names_secrecy, refuse_state_secret
from lienthong.model.words import IssueForm, PaperBasis, Secrecy
from lienthong.testing.values import a_document

MARKS = [
    "MAT",
    "TOI_MAT",
    "TUYET_MAT",
    "Mật",
    "mật",
    "MẬT",
    "Tối mật",
    "TỐI MẬT",
    "Tuyệt mật",
    "Tuye\u0302\u0323t ma\u0302\u0323t",
    "tuyet-mat",
    "  Tối   Mật ",
    "M\u200bật",
    "Secret",
    "TOP SECRET",
    "A",
    "1",
    "?",
    "none of your business",
]


@pytest.mark.parametrize("mark", [*MARKS, None, 1, True])
def test_refuses_every_mark_and_whatever_may_be_one(mark: Any) -> None:
    with pytest.raises(StateSecret) as caught:
        refuse_state_secret(mark)
    assert caught.value.facts["clause"] == "QĐ 52/2019 Đ1.2"
    assert caught.value.status == "PERMISSION_DENIED"


@pytest.mark.parametrize("mark", ["", "NONE", "none", "Không", "Không mật", "Thường", "-"])
def test_takes_what_says_not_secret(mark: str) -> None:
    refuse_state_secret(mark)


@pytest.mark.parametrize("mark", MARKS)
def test_a_document_with_a_mark_cannot_exist(mark: str) -> None:
    with pytest.raises(StateSecret):
        a_document(secrecy=mark)
    with pytest.raises(StateSecret):
        a_document(extra={"Độ mật": mark})


def test_a_document_takes_only_the_constant() -> None:
    assert a_document(secrecy=Secrecy.NONE).secrecy is Secrecy.NONE
    for wrong in ("NONE", None, 0):
        with pytest.raises((InvalidValue, StateSecret)):
            a_document(secrecy=wrong)


def test_paper_because_of_secrecy_is_a_mark_too() -> None:
    with pytest.raises(StateSecret, match=r"Document\.paper_basis"):
        a_document(issue_form=IssueForm.E_AND_PAPER, paper_basis=PaperBasis.SECRET)


@pytest.mark.parametrize("key", ["Độ mật", "do_mat", "secrecy", "Mức độ mật", "SECURITY"])
def test_knows_the_names_of_the_field(key: str) -> None:
    assert names_secrecy(key)
    assert a_document(extra={key: "Thường"}).extra == ((key, "Thường"),)


@pytest.mark.parametrize("key", ["mật khẩu", "độ khẩn", "hồ sơ", ""])
def test_takes_other_names(key: str) -> None:
    assert not names_secrecy(key)


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "Mật"},
        {"subject": "[TỐI MẬT] Về việc gửi văn bản"},
        {"subject": "(tuyệt mật) về việc"},
        {"description": "MẬT"},
        {"keywords": ("công văn", "Tối  Mật")},
        {"to_places": ("- TUYỆT MẬT -",)},
        {"field": "Mật."},
        {"number": DocumentNumber("52", "MẬT")},
    ],
)
def test_text_that_is_a_mark_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(StateSecret):
        a_document(**fields)


@pytest.mark.parametrize(
    "subject", ["Khám mắt cho học sinh", "Về bảo vệ bí mật nhà nước", "Mật ong Tây Ninh"]
)
def test_words_that_only_look_alike_pass(subject: str) -> None:
    assert a_document(subject=subject).subject == subject


def test_every_mark_of_texts_has_a_letter_that_is_not_ascii() -> None:
    """Texts of ASCII alone are not looked at further."""
    assert not [mark for mark in secrecy._MARKS if mark.isascii()]
