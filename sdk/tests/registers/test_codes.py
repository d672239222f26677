"""Codes of documents, and what cannot be asked of a book."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from lienthong.errors import (
    InvalidValue,
    LienthongError,
    NumberTaken,
)
from lienthong.model.ids import DocumentCode, OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.registers import Line, Register, RegisterBook
from lienthong.registers.ledger import Ledger

if TYPE_CHECKING:
    from sdk.tests.registers.conftest import Make

H53, DAY = OrganId("H53"), date(2026, 11, 20)
K = DocumentKind


def take(book: RegisterBook, key: str, on: date | datetime = DAY, **values: Any) -> Line:
    given: dict[str, Any] = {"organ": H53, "kind": K.QUYET_DINH, "notation": "QĐ-UBND"}
    given |= {"on": on} | values
    return book.take_number(key, **given)


def numbers(book: RegisterBook, register: Register = Register.OUTGOING) -> list[str]:
    return [f"{line.entry.written}" for line in book.lines(register)]


def arrive(book: RegisterBook, make: Make, key: Any, **values: Any) -> Line:
    given: dict[str, Any] = {"organ": "H53.14", "on": DAY} | values
    if "document" not in given:
        given["document"] = make("05/QĐ-UBND", subject=key)
    return book.take_arrival(key, **given)


# --- Codes of documents ---------------------------------------------------------------------------


def code_of(ordinal: int) -> DocumentCode:
    return DocumentCode(H53, 2026, ordinal)


def check_one_code_a_document(book: RegisterBook, make: Make) -> None:
    book.enter_outgoing(make("01/QĐ-UBND", document_code=code_of(7)), on=DAY)
    with pytest.raises(NumberTaken, match=r"H53\.2026\.7 of .* belongs to 01/QĐ-UBND"):
        book.enter_outgoing(make("02/QĐ-UBND", document_code=code_of(7)), on=DAY)
    assert take(book, "next").code == code_of(8)


def test_a_code_is_that_of_one_document(book: RegisterBook, make: Make) -> None:
    """QĐ 52/2019 Đ7.2b; also of documents that were numbered elsewhere."""
    check_one_code_a_document(book, make)


@pytest.mark.planted("number given out twice")
def test_a_second_document_with_one_code_would_be_noticed(
    book: RegisterBook, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinal = Ledger._ordinal
    unaware = lambda ledger, wish: ordinal(ledger, evolve(wish, wanted=None))  # noqa: E731
    monkeypatch.setattr(Ledger, "_ordinal", unaware)
    with pytest.raises(pytest.fail.Exception):
        check_one_code_a_document(book, make)


def test_a_document_has_the_code_of_its_number(book: RegisterBook, make: Make) -> None:
    take(book, "draft-1")
    for _ in range(2):
        with pytest.raises(InvalidValue, match=r"H53\.2026\.2, expected H53\.2026\.1, that of its"):
            book.enter_outgoing(make("01/QĐ-UBND", document_code=code_of(2)), on=DAY)
        book.enter_outgoing(make("01/QĐ-UBND", document_code=code_of(1)), on=DAY)
    other = make("02/QĐ-UBND", document_code=DocumentCode(H53, 2025, 9))
    with pytest.raises(InvalidValue, match="a code of H53 and 2026"):
        book.enter_outgoing(other, on=DAY)


def test_where_codes_come_from_elsewhere_none_is_made_up(book: RegisterBook, make: Make) -> None:
    """A book that begins in the middle of a year does not know which ones were given out."""
    assert book.enter_outgoing(make("125/QĐ-UBND"), on=DAY).code is None
    assert take(book, "a").code is None
    book.enter_outgoing(make("127/QĐ-UBND", document_code=code_of(300)), on=DAY)
    assert take(book, "b").code == code_of(301)


# --- What cannot be asked -------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", " ", "a\ud800", "a\0", "x" * 251, 12, None, "# 02/QĐ-UBND"])
def test_a_key_that_names_nothing_is_refused(book: RegisterBook, make: Make, key: Any) -> None:
    with pytest.raises(LienthongError, match="key"):
        take(book, key)
    with pytest.raises(LienthongError, match="key"):
        arrive(book, make, key, document=make("05/QĐ-UBND"))
    if key != "# 02/QĐ-UBND":
        with pytest.raises(LienthongError, match="key"):
            book.find(Register.OUTGOING, key, H53)


def test_values_of_another_class_are_refused(book: RegisterBook, path: Path) -> None:
    wrong: list[Any] = [
        lambda: take(book, "a", kind="QUYET_DINH"),
        lambda: take(book, "a", organ=None),
        lambda: book.lines("OUTGOING"),  # type: ignore[arg-type]
        lambda: book.find("OUTGOING", "a", H53),  # type: ignore[arg-type]
        lambda: book.find_document(None),  # type: ignore[arg-type]
        lambda: book.enter_outgoing(None, on=DAY),  # type: ignore[arg-type]
        lambda: book.take_arrival("a", organ=H53, document=None, on=DAY),  # type: ignore[arg-type]
        lambda: RegisterBook(path, "tay-ninh-2019"),  # type: ignore[arg-type]
    ]
    for ask in wrong:
        with pytest.raises(LienthongError, match="expected"):
            ask()
    assert numbers(book) == []


def test_a_change_that_reads_the_book_does_not_hang(book: RegisterBook) -> None:
    line = take(book, "a")
    book.amend(line, lambda entry: entry.noted(str(book.find(Register.OUTGOING, "a", H53) is None)))
    assert book.lines(Register.OUTGOING)[0].entry.notes == ("False",)


def test_a_remark_stands_on_one_line(book: RegisterBook) -> None:
    line = take(book, "a")
    book.amend(line, lambda entry: entry.noted("sai thẩm quyền\n\tsai nội dung" + "x" * 2000))
    (note,) = book.lines(Register.OUTGOING)[0].entry.notes
    assert note.startswith("sai thẩm quyền sai nội dung")
    assert len(note) == 1000
