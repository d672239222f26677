"""The register of outgoing documents: what it gives out, keeps and refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from lienthong.errors import (
    IdReused,
    InvalidValue,
    LineClosed,
    NumberNotNext,
    NumberTaken,
    RegisterDayGoesBack,
    SeriesFixed,
)
from lienthong.model.ids import DocumentCode, OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.registers import Line, LineState, Register, RegisterBook
from lienthong.registers import numbering as rules
from lienthong.registers.lines import outgoing_row
from lienthong.rules.sections.numbering import Numbering, Series

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


# --- Numbers before the seal ----------------------------------------------------------------------


def test_a_key_gets_one_number_however_often_it_asks(book: RegisterBook, path: Path) -> None:
    first = take(book, "draft-1")
    with RegisterBook(path) as again:
        assert take(again, "draft-1", DAY + timedelta(days=400)) == first
    assert str(take(book, "draft-2").entry.written) == "02/QĐ-UBND"


@pytest.mark.parametrize(
    "changed", [{"notation": "QĐ-VP"}, {"kind": K.CHI_THI}, {"body": "Hội đồng"}]
)
def test_a_key_does_not_stand_for_another_document(
    book: RegisterBook, changed: dict[str, Any]
) -> None:
    take(book, "draft-1")
    with pytest.raises(IdReused, match=r"draft-1 \(01/QĐ-UBND\) was already used"):
        take(book, "draft-1", **changed)
    assert numbers(book) == ["01/QĐ-UBND"]


def test_a_bad_notation_costs_no_number(book: RegisterBook) -> None:
    with pytest.raises(InvalidValue):
        take(book, "draft-1", notation="QĐ UBND")
    assert take(book, "draft-1").number == 1


def check_cancelled(book: RegisterBook) -> Line:
    first = take(book, "draft-1")
    book.cancel(first, "không ban hành")
    assert (take(book, "draft-1").number, numbers(book)) == (2, ["01/QĐ-UBND", "02/QĐ-UBND"])
    return first


def test_a_cancelled_number_is_not_given_out_again(book: RegisterBook) -> None:
    first = check_cancelled(book)
    (cancelled, _) = book.lines(Register.OUTGOING)
    assert outgoing_row(cancelled).note == "Đã hủy số; không ban hành"
    with pytest.raises(LineClosed, match="01 of H53 2026 OUTGOING QUYET_DINH is CANCELLED"):
        book.use(first, on=DAY)
    assert book.cancel(first, "một lần nữa").entry == cancelled.entry


@pytest.mark.planted("cancelled number given out again")
def test_a_number_that_is_given_out_again_would_be_noticed(
    book: RegisterBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget(self: RegisterBook, line: Line, reason: str) -> None:
        del reason
        with self._file.transaction():
            self._file.write("DELETE FROM line WHERE id = ?", (line.id,))

    monkeypatch.setattr(RegisterBook, "cancel", forget)
    with pytest.raises(AssertionError):
        check_cancelled(book)


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_number_is_not_cancelled_without_a_reason(book: RegisterBook, reason: str) -> None:
    with pytest.raises(InvalidValue, match="why the number is not used"):
        book.cancel(take(book, "draft-1"), reason)


def check_turn_of_the_year(book: RegisterBook) -> None:
    last = datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC)
    take(book, "a", last)
    second = take(book, "b", last)
    first = take(book, "c", last + timedelta(seconds=1))
    assert (second.number, second.place.year, str(second.code)) == (2, 2026, "H53.2026.2")
    assert (first.number, first.place.year, str(first.code)) == (1, 2027, "H53.2027.1")
    with pytest.raises(RegisterDayGoesBack):
        take(book, "d", last - timedelta(days=1))


def test_the_year_turns_at_midnight_in_vietnam(book: RegisterBook) -> None:
    """Worked case 30: the last second of the year, and the first."""
    check_turn_of_the_year(book)


@pytest.mark.planted("year of a number by UTC")
def test_a_year_by_another_zone_would_be_noticed(
    book: RegisterBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lienthong.registers.outgoing.register_day", datetime.date)
    with pytest.raises(AssertionError):
        check_turn_of_the_year(book)


def test_codes_are_unique_over_all_series(book: RegisterBook) -> None:
    """QĐ 52/2019 Đ7.2b: organisation, year, ordinal; numbers of two kinds may be equal."""
    lines = [take(book, "a"), take(book, "b", kind=K.CHI_THI, notation="CT-UBND")]
    assert [line.number for line in lines] == [1, 1]
    assert [line.code for line in lines] == [DocumentCode(H53, 2026, n) for n in (1, 2)]


def test_two_series_do_not_write_the_same_number(book: RegisterBook) -> None:
    """Đ15.1: number and notation are unique in a year."""
    take(book, "a")
    with pytest.raises(NumberTaken, match=r"01/QĐ-UBND .* belongs to QUYET_DINH \(a\)"):
        take(book, "b", body="Hội đồng Thi đua")
    assert take(book, "b", body="Hội đồng Thi đua", notation="QĐ-HĐTĐ").number == 1


def test_a_year_keeps_the_series_that_it_began_with(book: RegisterBook, path: Path) -> None:
    take(book, "a")
    with RegisterBook(path, Numbering(series=Series.COMMON)) as common:
        with pytest.raises(SeriesFixed, match="as PER_KIND"):
            take(common, "b")
        assert take(common, "b", date(2027, 1, 1)).place.series == "COMMON"


# --- Documents that are sent ----------------------------------------------------------------------


def test_a_taken_number_is_used_by_its_document(book: RegisterBook, make: Make) -> None:
    take(book, "draft-1")
    line = book.enter_outgoing(make("01/QĐ-UBND"), on=DAY)
    assert (line.state, line.key, line.entry.signer) == (
        LineState.USED,
        "draft-1",
        "Chánh Văn phòng",
    )
    assert book.enter_outgoing(make("01/QĐ-UBND"), on=DAY) == line


def check_one_document_a_number(book: RegisterBook, make: Make) -> None:
    book.enter_outgoing(make("01/QĐ-UBND"), on=DAY)
    with pytest.raises(NumberTaken, match="Về việc đăng ký văn bản"):
        book.enter_outgoing(make("01/QĐ-UBND", subject="Việc khác"), on=DAY)


def test_a_second_document_with_one_number_is_refused(book: RegisterBook, make: Make) -> None:
    check_one_document_a_number(book, make)


@pytest.mark.planted("second document with one number registered")
def test_a_second_document_would_be_noticed(
    book: RegisterBook, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lienthong.registers.lines.Entry.is_of", lambda entry, document: True)
    with pytest.raises(pytest.fail.Exception):
        check_one_document_a_number(book, make)


def test_the_same_number_of_another_year_or_issuer_is_another_one(
    book: RegisterBook, make: Make
) -> None:
    book.enter_outgoing(make("05/QĐ-UBND"), on=DAY)
    first = make("01/QĐ-UBND", issued_date=date(2027, 1, 4))
    book.enter_outgoing(first, on=date(2027, 1, 4))
    book.enter_outgoing(make("05/QĐ-UBND", issuer_code=OrganId("H53.14")), on=DAY)
    assert len(book.lines(Register.OUTGOING)) == 3


def test_the_holder_of_a_number_is_named(book: RegisterBook, make: Make) -> None:
    take(book, "draft-1")
    with pytest.raises(NumberTaken, match=r"number 01 of .* belongs to 01/QĐ-UBND \(draft-1\)"):
        book.enter_outgoing(make("01/QĐ-VP"), on=DAY)


def check_no_gap(book: RegisterBook, make: Make) -> None:
    book.enter_outgoing(make("124/QĐ-UBND"), on=DAY)
    with pytest.raises(NumberNotNext, match="126 of .* does not follow 124"):
        book.enter_outgoing(make("126/QĐ-UBND"), on=DAY)


@pytest.mark.planted("gap in a register let through")
def test_a_gap_would_be_noticed(
    book: RegisterBook, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = rules.next_number
    lenient = lambda *given, **named: strict(*given, **(named | {"gaps_allowed": True}))  # noqa: E731
    monkeypatch.setattr(rules, "next_number", lenient)
    with pytest.raises(pytest.fail.Exception):
        check_no_gap(book, make)


def test_numbers_given_elsewhere_leave_no_gap(book: RegisterBook, make: Make, path: Path) -> None:
    check_no_gap(book, make)
    with RegisterBook(path, Numbering(gaps_allowed=True)) as lenient:
        lenient.enter_outgoing(make("126/QĐ-UBND"), on=DAY)
    assert str(take(book, "next").entry.written) == "127/QĐ-UBND"


def test_a_document_has_the_date_of_its_number(book: RegisterBook, make: Make, path: Path) -> None:
    take(book, "draft-1")
    later = make("01/QĐ-UBND", issued_date=DAY + timedelta(days=2))
    with pytest.raises(InvalidValue, match="2026-11-20, the day of its number"):
        book.enter_outgoing(later, on=DAY + timedelta(days=2))
    with RegisterBook(path, Numbering(number_before_sign=True)) as early:
        line = early.enter_outgoing(later, on=DAY + timedelta(days=2))
    assert (line.day, line.entry.issued_date) == (DAY, later.issued_date)


def test_a_document_of_a_day_to_come_would_block_the_register(
    book: RegisterBook, make: Make
) -> None:
    with pytest.raises(InvalidValue, match="a day not after 2026-11-20"):
        book.enter_outgoing(make("01/QĐ-UBND", issued_date=DAY + timedelta(days=1)), on=DAY)
    assert book.lines(Register.OUTGOING) == ()


def test_a_cancelled_number_is_on_no_document(book: RegisterBook, make: Make) -> None:
    book.cancel(take(book, "draft-1"), "không ban hành")
    with pytest.raises(LineClosed, match="is CANCELLED, expected RESERVED"):
        book.enter_outgoing(make("01/QĐ-UBND"), on=DAY)


def test_what_may_have_been_sent_keeps_its_number(book: RegisterBook, make: Make) -> None:
    """Only whoever knows that it was not sent makes its number free to be corrected or given up."""
    line, fresh = book.begin_sending(make("01/QĐ-UBND", subject="lỗi gõ"), on=DAY)
    assert fresh
    with pytest.raises(LineClosed, match="is USED, expected RESERVED"):
        book.cancel(line, "trục từ chối")
    assert book.not_sent(line).state is LineState.RESERVED
    line, fresh = book.begin_sending(make("01/QĐ-UBND"), on=DAY)
    assert (fresh, line.entry.subject) == (True, "Về việc đăng ký văn bản")
    assert not book.begin_sending(make("01/QĐ-UBND"), on=DAY)[1]
    book.amend(line, lambda entry: evolve(entry, moved_on=DAY))
    assert book.not_sent(line).state is LineState.USED


def test_documents_need_not_be_sent_in_the_order_of_their_numbers(
    book: RegisterBook, make: Make
) -> None:
    """NĐ 30/2020 Đ15.1 orders the numbers, not the moments of sending."""
    book.enter_outgoing(make("03/QĐ-UBND"), on=DAY)
    book.enter_outgoing(make("01/QĐ-UBND", issued_date=DAY - timedelta(days=1)), on=DAY)
    for wrong in (DAY - timedelta(days=2), DAY):
        late = make("02/QĐ-UBND", issued_date=wrong)
        if wrong < DAY:
            with pytest.raises(RegisterDayGoesBack):
                book.enter_outgoing(late, on=DAY)
        else:
            book.enter_outgoing(late, on=DAY)
    assert take(book, "next").number == 4


def test_a_slip_is_given_up_and_the_series_goes_on_below_it(book: RegisterBook, make: Make) -> None:
    """511 instead of 51; when the series comes there, that number stays what it was."""
    for number in ("53", "511"):
        line = book.enter_outgoing(make(f"{number}/QĐ-UBND"), on=DAY)
        book.cancel(book.not_sent(line), "ghi nhầm số")
    book.enter_outgoing(make("52/QĐ-UBND"), on=DAY)
    assert take(book, "a").number == 54


def test_a_cancelled_number_of_a_wrong_day_blocks_nothing(book: RegisterBook, make: Make) -> None:
    book.cancel(take(book, "a", date(2026, 12, 31)), "đồng hồ sai")
    assert take(book, "b").number == 2
    book.enter_outgoing(make("02/QĐ-UBND"), on=DAY)


def test_a_cancelled_number_does_not_fix_the_series(book: RegisterBook, path: Path) -> None:
    with RegisterBook(path, Numbering(series=Series.COMMON)) as common:
        common.cancel(take(common, "a"), "nhầm bộ quy tắc")
    line = take(book, "b")
    assert (line.place.series, str(line.entry.written)) == ("QUYET_DINH", "02/QĐ-UBND")


@pytest.mark.parametrize("successor", [None, "H53"])
def test_a_year_and_a_successor_begin_at_01(
    book: RegisterBook, make: Make, successor: str | None
) -> None:
    """NĐ 30/2020 Đ15.1; any number only where the register was kept elsewhere before."""
    book.enter_outgoing(make("125/QĐ-UBND"), on=DAY)
    day = DAY + timedelta(days=1) if successor else date(2027, 1, 4)
    if successor:
        book.seal(H53, day, successor)
    with pytest.raises(NumberNotNext, match="number 125 of .* does not follow 00"):
        book.enter_outgoing(make("125/QĐ-UBND", issued_date=day), on=day)
    assert book.enter_outgoing(make("01/QĐ-UBND", issued_date=day), on=day).number == 1


@pytest.mark.parametrize("day", [date(2025, 12, 31), DAY + timedelta(days=1)])
def test_no_number_has_a_day_to_come_or_of_an_ended_year(
    book: RegisterBook, make: Make, day: date
) -> None:
    with pytest.raises(InvalidValue, match=f"day is {day}"):
        take(book, "a", day=day)
    with pytest.raises(InvalidValue, match=f"day is {day}"):
        book.take_arrival("a", organ=H53, document=make("05/QĐ-UBND"), on=DAY, day=day)
    assert take(book, "a", day=DAY - timedelta(days=1)).day == DAY - timedelta(days=1)


def test_a_line_does_not_change_its_number(book: RegisterBook, make: Make) -> None:
    line = book.enter_outgoing(make("01/QĐ-UBND"), on=DAY)
    other = make("02/QĐ-UBND").number
    with pytest.raises(InvalidValue, match="'?02/QĐ-UBND'?, expected 01/QĐ-UBND"):
        book.amend(line, lambda entry: evolve(entry, written=other))
    assert numbers(book) == ["01/QĐ-UBND"]


def test_a_recalled_document_keeps_its_line(book: RegisterBook, make: Make) -> None:
    line = book.enter_outgoing(make("01/QĐ-UBND"), on=DAY)
    gone = book.recall(line, "Thu hồi ngày 21/11/2026: sai thẩm quyền")
    assert (gone.state, gone.number) == (LineState.RECALLED, 1)
    assert outgoing_row(gone).note == "Đã thu hồi; Thu hồi ngày 21/11/2026: sai thẩm quyền"
    with pytest.raises(LineClosed):
        book.enter_outgoing(make("01/QĐ-UBND"), on=DAY)
    assert take(book, "next").number == 2


def test_a_number_that_was_never_used_is_not_recalled(book: RegisterBook) -> None:
    with pytest.raises(LineClosed, match="is RESERVED, expected USED / RECALLED"):
        book.recall(take(book, "draft-1"), "thu hồi")
