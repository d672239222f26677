"""The register of incoming documents, and how lines are printed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from lienthong.errors import (
    IdReused,
    InvalidValue,
    LineClosed,
    LineUnknown,
    NumberNotNext,
    NumberTaken,
    RegisterDayGoesBack,
)
from lienthong.model.ids import DocumentCode, OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.model.report import RegisterEntry
from lienthong.registers import Line, LineState, Register, RegisterBook
from lienthong.registers.columns import FollowUpRow, IncomingRow, OutgoingRow, cells, titles
from lienthong.registers.lines import follow_up_row, incoming_row

if TYPE_CHECKING:
    from sdk.tests.registers.conftest import Make

H53, DAY = OrganId("H53"), date(2026, 11, 20)
K = DocumentKind


def take(book: RegisterBook, key: str, on: date | datetime = DAY, **values: Any) -> Line:
    given: dict[str, Any] = {"organ": H53, "kind": K.QUYET_DINH, "notation": "QĐ-UBND"}
    given |= {"on": on} | values
    return book.take_number(key, **given)


def arrive(book: RegisterBook, make: Make, key: Any, **values: Any) -> Line:
    given: dict[str, Any] = {"organ": "H53.14", "on": DAY} | values
    if "document" not in given:
        given["document"] = make("05/QĐ-UBND", subject=key)
    return book.take_arrival(key, **given)


def test_arrivals_have_one_series_of_each_organisation(book: RegisterBook, make: Make) -> None:
    """NĐ 30/2020 Đ22.2."""
    lines = [arrive(book, make, key) for key in "abac"]
    assert [line.number for line in lines] == [1, 2, 1, 3]
    assert arrive(book, make, "d", organ="H53.15").number == 1


def test_arrivals_follow_the_order_of_days(book: RegisterBook, make: Make) -> None:
    arrive(book, make, "a")
    with pytest.raises(RegisterDayGoesBack):
        arrive(book, make, "b", on=DAY - timedelta(days=1))


def test_a_delivery_has_one_arrival_number(book: RegisterBook, make: Make) -> None:
    arrive(book, make, "a", number=12)
    with pytest.raises(IdReused, match=r"a \(12\) was already used"):
        arrive(book, make, "a", number=13)
    with pytest.raises(NumberNotNext):
        arrive(book, make, "b", number=14)


@pytest.mark.parametrize("number", [0, -1, 10**10, True])
def test_an_impossible_arrival_number_is_not_entered(
    book: RegisterBook, make: Make, number: int
) -> None:
    with pytest.raises(InvalidValue, match="RegisterEntry.number"):
        arrive(book, make, "a", number=number)
    assert book.lines(Register.INCOMING) == ()


def test_a_duplicate_is_remarked(book: RegisterBook, make: Make) -> None:
    """NĐ 30/2020 PL VI I.III.1h: number, notation and issuer; or the code."""
    code = DocumentCode(H53, 2026, 7)
    arrive(book, make, "a", document=make("05/QĐ-UBND", document_code=code))
    same = arrive(book, make, "b", document=make("05/QĐ-UBND"))
    coded = arrive(book, make, "c", document=make("06/QĐ-UBND", document_code=code))
    other = arrive(book, make, "d", document=make("05/QĐ-UBND", issuer_code=OrganId("H39")))
    year = arrive(book, make, "e", document=make("05/QĐ-UBND", issued_date=date(2025, 1, 6)))
    assert same.entry.notes == coded.entry.notes == ("Trùng với số đến 1 ngày 20/11/2026",)
    assert (other.entry.notes, year.entry.notes) == ((), ())


def test_what_was_recalled_before_acceptance_has_no_number(book: RegisterBook, make: Make) -> None:
    """Regulations §13b D20."""
    arrive(book, make, "a")
    gone = make("06/QĐ-UBND")
    for _ in range(2):
        book.note_unregistered("b", organ="H53.14", document=gone, day=DAY)
    assert arrive(book, make, "c").number == 2
    rows = [incoming_row(line) for line in book.lines(Register.INCOMING)]
    assert [row.arrival_number for row in rows] == [1, "", 2]
    assert rows[1].note == "Đã thu hồi trước tiếp nhận"
    with pytest.raises(LineClosed, match="is RECALLED"):
        arrive(book, make, "b", document=gone)


def test_a_number_that_was_reserved_for_what_was_recalled_is_cancelled(
    book: RegisterBook, make: Make
) -> None:
    arrive(book, make, "a")
    for _ in range(2):
        book.note_unregistered("a", organ="H53.14", document=make("05/QĐ-UBND"), day=DAY)
    (line,) = book.lines(Register.INCOMING)
    assert (line.number, line.state) == (1, LineState.CANCELLED)
    assert incoming_row(line).note == "Đã hủy số; Đã thu hồi trước tiếp nhận"


def check_one_arrival_a_document(book: RegisterBook, make: Make) -> None:
    first = arrive(book, make, "doc-1")
    other = arrive(book, make, "doc-1", organ="H53.15", document=make("09/QĐ-X"))
    assert (str(other.place.organ), str(other.entry.written)) == ("H53.15", "09/QĐ-X")
    with pytest.raises(IdReused, match=r"doc-1 \(1\)"):
        arrive(book, make, "doc-1", document=make("09/QĐ-X"))
    assert book.find(Register.INCOMING, "doc-1", "H53.14") == first


def test_an_arrival_number_is_that_of_one_document(book: RegisterBook, make: Make) -> None:
    check_one_arrival_a_document(book, make)


@pytest.mark.planted("number given out twice")
def test_an_arrival_number_of_two_documents_would_be_noticed(
    book: RegisterBook, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lienthong.registers.lines.Entry.is_of", lambda entry, document: True)
    with pytest.raises(pytest.fail.Exception):
        check_one_arrival_a_document(book, make)


def test_what_was_accepted_elsewhere_is_entered_as_it_was(book: RegisterBook, make: Make) -> None:
    document = make("05/QĐ-UBND")

    def settle(key: str, number: int) -> Line:
        entry = RegisterEntry(number=number, date=DAY)
        return book.settle_arrival(key, organ="H53.14", document=document, entry=entry)

    assert [settle("a", 77).number, settle("a", 77).number] == [77, 77]
    # Cancelled here, and accepted with that number after all.
    book.cancel(arrive(book, make, "b", document=document), "nhầm")
    assert settle("b", 78).state is LineState.USED
    # Reserved under one number, and accepted with another.
    arrive(book, make, "c", document=document)
    settle("c", 80)
    states = [(line.number, line.state.value) for line in book.lines(Register.INCOMING)]
    assert states == [(77, "USED"), (78, "USED"), (79, "CANCELLED"), (80, "USED")]
    with pytest.raises(NumberTaken):
        settle("d", 77)


def test_a_line_of_another_book_is_unknown(book: RegisterBook) -> None:
    line = take(book, "a")
    for other in (evolve(line, id=99), evolve(line, key="b"), evolve(line, number=2)):
        with pytest.raises(LineUnknown, match="no line [12] of H53 2026 OUTGOING"):
            book.cancel(other, "nhầm sổ")


# --- What is printed ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "count"), [(OutgoingRow, 10), (IncomingRow, 10), (FollowUpRow, 7)]
)
def test_the_columns_are_those_of_the_form(kind: type, count: int) -> None:
    """NĐ 30/2020 PL IV: at least 10, 10 and 7."""
    assert len(titles(kind)) == count
    assert len(set(titles(kind))) == count


def test_a_line_is_printed_with_what_is_known(book: RegisterBook, make: Make) -> None:
    line = arrive(book, make, "Về việc báo cáo", number=7)
    assert cells(incoming_row(line)) == (
        "20/11/2026",
        7,
        "UBND tỉnh Tây Ninh",
        "05/QĐ-UBND",
        "20/11/2026",
        "Quyết định: Về việc báo cáo",
        "",
        "",
        "",
        "Đã giữ số: Về việc báo cáo",
    )
    described = "Quyết định 05/QĐ-UBND, 20/11/2026, UBND tỉnh Tây Ninh"
    assert cells(follow_up_row(line)) == (
        7,
        described,
        "",
        "",
        "",
        "",
        "Đã giữ số: Về việc báo cáo",
    )
