"""Lines and seals in a book's file; everything here runs inside a transaction of its caller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from attrs import evolve, frozen

from lienthong.codec.json import dump, load
from lienthong.errors import (
    InvalidValue,
    LienthongError,
    LineUnknown,
    NumberTaken,
    RegisterBookUnusable,
    SeriesFixed,
)
from lienthong.model.document import Document
from lienthong.model.ids import DocumentNumber, OrganId
from lienthong.registers import numbering as rules
from lienthong.registers.file import BookFile
from lienthong.registers.lines import Entry, Line, LineState, duplicates
from lienthong.registers.numbering import Place, Register, Stand
from lienthong.registers.seals import Part, Seals, stored_day
from lienthong.rules.sections.numbering import Numbering

_SELECT: Final = (
    "SELECT id, register, organ, year, series, number, ordinal, day, state, key, elsewhere, entry"
    " FROM line "
)
_PART: Final = "register = ? AND organ = ? AND year = ? AND part = ?"
_NOT_GIVEN_UP: Final = "state <> 'CANCELLED'"
_LIVE: Final = f"number NOT NULL AND {_NOT_GIVEN_UP}"
# A literal, so that SQLite may use the index of outgoing lines.
_ISSUED: Final = "register = 'OUTGOING' AND organ = ? AND year = ? AND part = ? AND written = ?"


@frozen(kw_only=True)
class Wish:
    """A line that is to be made."""

    place: Place
    day: date
    today: date
    key: str
    state: LineState
    entry: Entry
    wanted: int | None = None
    """The number that it has already."""

    notation: str = ""
    """With which the number is written, where the line's entry does not have it yet."""


class Ledger:
    """What the book's file holds."""

    def __init__(self, file: BookFile, numbering: Numbering) -> None:
        self.seals = Seals(file)
        self._file = file
        self._numbering = numbering

    def add(self, wish: Wish) -> Line:
        """Make a line with the number that is next.

        Raises:
            NumberTaken: number, number and notation, or code belong to another document.
            InvalidValue: the document's code is none of this register and year.
            NumberNotNext, RegisterSealed, RegisterDayGoesBack: see ``next_number``.
            SeriesFixed: the year was begun with other series.
        """
        place, entry = wish.place, wish.entry
        part = self.seals.part(place.organ, wish.day)
        self._check_series(place, part)
        self._check_free(wish, part)
        number = rules.next_number(
            self._stand(wish, part),
            wish.day,
            today=wish.today,
            wanted=wish.wanted,
            gaps_allowed=self._numbering.gaps_allowed,
        )
        if wish.notation:
            number, written = self._unwritten(number, wish, part)
            entry = evolve(entry, written=written)
        line = Line(
            id=1,
            place=place,
            number=number,
            ordinal=self._ordinal(wish),
            day=wish.day,
            state=wish.state,
            key=wish.key,
            entry=entry,
            elsewhere=wish.wanted is not None,
        )
        self._check_written(line, part)
        return self.insert(line, part)

    def insert(self, line: Line, part: Part) -> Line:
        """Make a line as it is; its id is what the file gives it."""
        place, entry = line.place, line.entry
        values = (
            *_values(place, part),
            place.series,
            line.number,
            line.ordinal,
            line.day.isoformat(),
            line.state.value,
            line.key,
            str(entry.written or ""),
            str(entry.document_code or ""),
            self._rule,
            line.elsewhere,
            dump(entry),
        )
        sql = "INSERT INTO line VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        return evolve(line, id=self._file.write(sql, values))

    def save(self, line: Line) -> Line:
        """Write state and entry of a line anew."""
        entry = line.entry
        values = (
            line.state.value,
            str(entry.written or ""),
            str(entry.document_code or ""),
            dump(entry),
            line.id,
        )
        self._file.write(
            "UPDATE line SET state = ?, written = ?, code = ?, entry = ? WHERE id = ?", values
        )
        return line

    def again(self, line: Line) -> Line:
        """A line as it is now.

        Raises:
            LineUnknown: this book does not have it.
        """
        for found in self.select("id = ?", line.id):
            if (found.place, found.number, found.key) == (line.place, line.number, line.key):
                return found
        raise LineUnknown(what=f"{line.number or line.key} of {line.place}")

    def by_key(self, register: Register, key: str, organ: OrganId) -> Line | None:
        """The line that a key of an organisation stands for, in its register or a successor's.

        One whose number was cancelled stands for nothing.
        """
        return next(
            (line for line in self.ever(register, key, organ) if not line.is_given_up), None
        )

    def ever(self, register: Register, key: str, organ: OrganId) -> Sequence[Line]:
        """Every line that a key has had, also those whose numbers were cancelled."""
        found: list[Line] = []
        for holder in self.seals.heirs(organ):
            where = "register = ? AND key = ? AND organ = ? ORDER BY id"
            found += self.select(where, register.value, key, str(holder))
        return found

    def by_document(self, document: Document) -> Line | None:
        """The outgoing line with a document's number, in the part that its date belongs to."""
        organ, day = document.issuer_code, document.issued_date
        part = self.seals.part(organ, day).index
        found = self.select(_ISSUED, str(organ), day.year, part, str(document.number))
        return found[0] if found else None

    def twins(self, organ: OrganId, document: Document) -> Sequence[Line]:
        """Incoming lines of the same document (NĐ 30/2020 PL VI I.III.1h)."""
        values = [Register.INCOMING.value, str(organ), str(document.number)]
        found = self.select("register = ? AND organ = ? AND written = ?", *values)
        if document.document_code is not None:
            values[-1] = str(document.document_code)
            found += self.select("register = ? AND organ = ? AND code = ?", *values)
        return sorted(set(duplicates(found, document)), key=lambda line: line.id)

    def reserved(self, organ: OrganId) -> Sequence[Line]:
        """Lines whose numbers were neither used nor cancelled."""
        values = (str(organ), LineState.RESERVED.value)
        return self.select("organ = ? AND state = ? ORDER BY id", *values)

    def since(self, organ: OrganId, day: date) -> Sequence[Line]:
        """Lines of that day or a later one, but not what was cancelled."""
        where = f"organ = ? AND day >= ? AND {_NOT_GIVEN_UP} ORDER BY id"
        return self.select(where, str(organ), day.isoformat())

    def select(self, where: str, *values: object) -> tuple[Line, ...]:
        """Lines by an SQL condition of ours."""
        return tuple(self._line(*row) for row in self._file.rows(f"{_SELECT}WHERE {where}", values))

    @property
    def _rule(self) -> str:
        """How outgoing documents are put into series."""
        advisory = " + advisory" if self._numbering.advisory_series else ""
        return self._numbering.series.value + advisory

    def _check_series(self, place: Place, part: Part) -> None:
        if place.register is not Register.OUTGOING:
            return
        sql = f"SELECT rule FROM line WHERE {_PART} AND {_NOT_GIVEN_UP} LIMIT 1"  # noqa: S608 - constants, put together; every value is bound
        wanted = self._rule
        for (found,) in self._file.rows(sql, _values(place, part)):
            if found != wanted:
                raise SeriesFixed(organ=place.organ, year=place.year, found=found, wanted=wanted)

    def _check_free(self, wish: Wish, part: Part) -> None:
        place = wish.place
        for line in self._at(place, part, wish.wanted):
            holder = f"{line.entry.written} ({line.key})"
            raise NumberTaken(number=f"{line.number:02d}", series=place, holder=holder)

    def _check_written(self, line: Line, part: Part) -> None:
        """Number and notation are unique in a year, over all series (NĐ 30/2020 Đ15.1)."""
        if line.place.register is not Register.OUTGOING:
            return
        organ, year = str(line.place.organ), line.place.year
        found = self.select(_ISSUED, organ, year, part.index, str(line.entry.written))
        if found:
            number, holder = line.entry.written, f"{found[0].place.series} ({found[0].key})"
            raise NumberTaken(number=number, series=line.place, holder=holder)

    def _stand(self, wish: Wish, part: Part) -> Stand:
        place, first = wish.place, self.seals.first(wish.place, wish.day)
        following = self._following(place, part, first)
        number = following if wish.wanted is None else wish.wanted
        before = self._neighbour(place, part, "number < ? ORDER BY number DESC", number)
        after = self._neighbour(place, part, "number > ? ORDER BY number", number)
        return Stand(
            place=place,
            following=following,
            last_day=before,
            next_day=after,
            first=first,
            begins_anywhere=following == 1 and self._is_new(place, wish.day),
            sealed_on=part.sealed_on,
            successor=part.successor,
        )

    def _following(self, place: Place, part: Part, first: int) -> int:
        """The number after the last; never one that stands in the register already.

        A number from elsewhere that was cancelled was none of the series: it goes on below it.
        """
        series, values = f"{_PART} AND series = ?", (*_values(place, part), place.series)
        counted = f"{series} AND NOT (elsewhere AND NOT ({_NOT_GIVEN_UP}))"
        sql = f"SELECT max(number) FROM line WHERE {counted}"  # noqa: S608 - constants, put together; every value is bound
        ((last,),) = self._file.rows(sql, values)
        following = max((last or 0) + 1, first)
        while self._at(place, part, following):
            following += 1
        return following

    def _at(self, place: Place, part: Part, number: int | None) -> Sequence[Line]:
        """What stands under a number, also if it was cancelled."""
        where = f"{_PART} AND series = ? AND number = ?"
        return self.select(where, *_values(place, part), place.series, number)

    def _unwritten(self, number: int, wish: Wish, part: Part) -> tuple[int, DocumentNumber]:
        """The first number from there on that was not cancelled under another rule set."""
        place, kind = wish.place, wish.entry.kind
        assert kind is not None  # noqa: S101 - whoever gives a notation gives the kind
        issued = (str(place.organ), place.year, part.index)
        while True:
            written = rules.written_number(number, wish.notation, kind=kind, year=place.year)
            found = self.select(_ISSUED, *issued, str(written))
            given_up = any(line.is_given_up for line in found)
            if not given_up and not self._at(place, part, number):
                return number, written
            number += 1

    def _neighbour(self, place: Place, part: Part, where: str, number: int) -> date | None:
        found = self.select(
            f"{_PART} AND series = ? AND {_LIVE} AND {where} LIMIT 1",
            *_values(place, part),
            place.series,
            number,
        )
        return found[0].day if found else None

    def _is_new(self, place: Place, day: date) -> bool:
        """Whether the register may have been kept elsewhere until now."""
        where = f"register = ? AND organ = ? AND year < ? AND {_LIVE} LIMIT 1"
        values = (place.register.value, str(place.organ), place.year)
        return not self.select(where, *values) and not self.seals.begins_anew(place, day)

    def _ordinal(self, wish: Wish) -> int | None:
        """Of the document's code: the one that it has, or the next of the year.

        A code knows no parts: who begins at 01 again goes on with the ordinals of the year. Where
        numbers come from elsewhere without codes, nobody knows which codes were given out.
        """
        place, code = wish.place, wish.entry.document_code
        if place.register is not Register.OUTGOING:
            return None
        values = (place.register.value, str(place.organ), place.year)
        if wish.wanted is None:
            where = "register = ? AND organ = ? AND year = ?"
            sql = f"SELECT max(ordinal), count(*) FROM line WHERE {where}"  # noqa: S608 - constants, put together; every value is bound
            ((last, count),) = self._file.rows(sql, values)
            return None if last is None and count else (last or 0) + 1
        if code is None:
            return None
        if (code.organ, code.year) != (place.organ, place.year):
            expected = f"a code of {place.organ} and {place.year}"
            found, clause = str(code), "QĐ 52/2019 Đ7.2b"
            field = "Document.document_code"
            raise InvalidValue(field=field, found=found, expected=expected, clause=clause)
        where = "register = ? AND organ = ? AND year = ? AND ordinal = ?"
        for line in self.select(where, *values, code.ordinal):
            holder = f"{line.entry.written} ({line.key})"
            raise NumberTaken(number=code, series=place, holder=holder)
        return code.ordinal

    def _line(self, *row: Any) -> Line:
        line_id, register, organ, year, series, number, ordinal, day, state, key = row[:-2]
        elsewhere, entry = row[-2:]
        try:
            place = Place(
                register=Register(register), organ=OrganId(organ), year=year, series=series
            )
            return Line(
                id=line_id,
                place=place,
                number=number,
                ordinal=ordinal,
                day=stored_day(self._file, day),
                state=LineState(state),
                key=key,
                entry=load(Entry, entry),
                elsewhere=bool(elsewhere),
            )
        except (LienthongError, ValueError, TypeError) as error:
            reason = f"line {line_id}: {error}"
            raise RegisterBookUnusable(path=self._file.path, reason=reason) from error


def _values(place: Place, part: Part) -> tuple[object, ...]:
    return place.register.value, str(place.organ), place.year, part.index
