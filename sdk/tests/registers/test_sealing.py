"""Seals: where a register ends, and who goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lienthong.errors import (
    LineUnknown,
    RegisterInUse,
    RegisterOpen,
    RegisterSealed,
)
from lienthong.model.ids import DocumentCode, OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.registers import Line, RegisterBook
from lienthong.registers.seals import Seals
from lienthong.rules.sections.numbering import Numbering

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


@pytest.fixture
def resuming(path: Path) -> Iterator[RegisterBook]:
    """A book of a province where successors go on with the numbers."""
    with RegisterBook.create(path, Numbering(reset_on_reorganisation=False)) as opened:
        yield opened


def check_sealed(book: RegisterBook, make: Make) -> None:
    take(book, "a")
    book.use(take(book, "a"), on=DAY)
    over = DAY + timedelta(days=1)
    book.seal(H53, over, "H54")
    late = take(book, "b")
    assert late.number == 2
    attempts: list[Callable[[], Line]] = [
        lambda: take(book, "backdated", over, day=DAY),
        lambda: book.use(late, on=over),
        lambda: book.enter_outgoing(make("02/QĐ-UBND"), on=over),
        lambda: arrive(book, make, "a", organ=H53, on=over, number=1, day=DAY),
    ]
    for attempt in attempts:
        with pytest.raises(RegisterSealed):
            attempt()
    with pytest.raises(RegisterSealed, match="sealed on 2026-11-21; its successor: H54"):
        take(book, "c", over)
    with pytest.raises(RegisterSealed):
        book.enter_outgoing(make("03/QĐ-UBND"), on=over)


def test_a_sealed_register_gives_no_numbers_out(book: RegisterBook, make: Make) -> None:
    check_sealed(book, make)


@pytest.mark.planted("number out of a sealed register")
def test_a_forgotten_seal_would_be_noticed(
    book: RegisterBook, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Seals, "add", lambda *given, **named: None)
    with pytest.raises(pytest.fail.Exception):
        check_sealed(book, make)


def test_a_register_with_open_numbers_is_not_sealed(book: RegisterBook) -> None:
    line = take(book, "a")
    with pytest.raises(RegisterOpen, match="neither used nor cancelled: 01/QĐ-UBND"):
        book.seal(H53, DAY + timedelta(days=1))
    book.cancel(line, "không ban hành")
    book.seal(H53, DAY + timedelta(days=1))
    with pytest.raises(RegisterSealed, match="its successor: -"):
        book.seal(H53, DAY + timedelta(days=9))


def check_seal_before_lines(book: RegisterBook) -> None:
    for day in (DAY, DAY + timedelta(days=1)):
        book.use(take(book, f"{day}", day), on=day)
    for day in (date(2020, 1, 1), DAY, DAY + timedelta(days=1)):
        with pytest.raises(RegisterInUse, match="such as 0[12]/QĐ-UBND"):
            book.seal(H53, day, "H53")
    assert take(book, "c", DAY + timedelta(days=2)).number == 3


def test_a_register_is_not_sealed_before_its_lines(book: RegisterBook) -> None:
    check_seal_before_lines(book)


@pytest.mark.planted("number given out twice")
def test_a_seal_before_lines_would_be_noticed(
    book: RegisterBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RegisterBook, "_check_unused", lambda *given: None)
    with pytest.raises(pytest.fail.Exception):
        check_seal_before_lines(book)


def test_a_seal_is_taken_back_while_nothing_follows_it(book: RegisterBook) -> None:
    with pytest.raises(LineUnknown, match="seals H53"):
        book.unseal(H53)
    book.seal(H53, date(2062, 7, 1), "H54")
    book.unseal(H53)
    book.seal(H53, DAY, "H54")
    take(book, "a", organ="H54")
    with pytest.raises(RegisterInUse, match="of H54 have lines of 2026-11-20 or later"):
        book.unseal(H53)


@pytest.mark.parametrize("successor", ["H54", "H53"])
def test_a_successor_begins_at_01(book: RegisterBook, successor: str) -> None:
    """Regulations §10 (4); also who keeps its code through a merger."""
    day = DAY + timedelta(days=1)
    book.use(take(book, "a"), on=DAY)
    book.seal(H53, day, successor)
    line = take(book, "b", day, organ=successor)
    assert str(line.entry.written) == "01/QĐ-UBND"
    assert line.code == DocumentCode(OrganId(successor), 2026, 2 if successor == "H53" else 1)


@pytest.mark.parametrize("successor", ["H54", "H53"])
def test_a_successor_goes_on_where_numbers_are_not_reset(
    resuming: RegisterBook, successor: str
) -> None:
    """numbering.reset_on_reorganisation = false; only within the year."""
    resuming.use(take(resuming, "a", DAY - timedelta(days=1)), on=DAY - timedelta(days=1))
    resuming.seal(H53, DAY, successor)
    assert take(resuming, "b", organ=successor).number == 2
    assert take(resuming, "c", date(2027, 1, 4), organ=successor).number == 1


def test_arrivals_of_what_has_ended_go_into_the_successors_register(
    book: RegisterBook, make: Make
) -> None:
    book.use(arrive(book, make, "a", organ="H53"), on=DAY)
    book.seal(H53, DAY + timedelta(days=1), "H54")
    line = arrive(book, make, "b", organ="H53", on=DAY + timedelta(days=1))
    assert (str(line.place.organ), line.number) == ("H54", 1)


def test_successors_in_a_circle_end_somewhere(book: RegisterBook, make: Make) -> None:
    book.seal("H53", DAY, "H54")
    book.seal("H54", DAY, "H53")
    with pytest.raises(RegisterSealed):
        arrive(book, make, "a", organ="H53")
