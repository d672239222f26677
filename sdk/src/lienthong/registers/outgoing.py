"""Numbers of documents that are issued, and what is sent with them (NĐ 30/2020 Đ14-Đ16)."""

from __future__ import annotations

from datetime import date, datetime

from attrs import evolve

from lienthong.errors import IdReused, InvalidValue, NumberTaken
from lienthong.model.document import Document
from lienthong.model.ids import OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.registers import numbering as rules
from lienthong.registers.asked import OWN_KEY, as_organ, check_is, check_key
from lienthong.registers.keeping import BookMethods
from lienthong.registers.ledger import Wish
from lienthong.registers.lines import Entry, Line, LineState, entry_of
from lienthong.registers.numbering import Place, Register, register_day


class OutgoingMethods(BookMethods):
    """The register of outgoing documents; see ``RegisterBook``."""

    def take_number(
        self,
        key: str,
        *,
        organ: str | OrganId,
        kind: DocumentKind,
        notation: str,
        on: date | datetime,
        day: date | None = None,
        body: str = "",
    ) -> Line:
        """Take the next number for a document that is to be issued (NĐ 30/2020 Đ15).

        The number stands in ``entry.written``, the code in ``code``. The document's date is to be
        the day of its number; where ``numbering.number_before_sign`` it may be a later one.

        Args:
            key: names the document in the caller's system; the same key gives the same number.
            organ: who issues it.
            kind: its kind, which decides the series.
            notation: ký hiệu, such as ``QĐ-UBND``.
            on: now, or the Vietnamese day of now; it decides the year (rule T10).
            day: of the number, if it is an earlier one of this year.
            body: the advisory body that issues it; see ``series_of``.

        Raises:
            IdReused: the key stands for a document of another series or notation.
            LineClosed: the document was recalled.
            NumberTaken: another series of the year has that number with that notation.
            RegisterSealed: the organisation's registers are closed.
            RegisterDayGoesBack: a number of the series was given out on a later day.
            SeriesFixed: the year was begun with other series.
            InvalidValue: an argument is not allowed, or the day is to come or of another year.
            RegisterBookFailed: nothing was given out; also RegisterBookUnusable.
        """
        check_key(key)
        check_is(kind, DocumentKind, "kind")
        today, code = register_day(on), as_organ(organ)
        numbered = today if day is None else register_day(day)
        place = self._place_of(code, kind, numbered, body)
        # Says what is wrong with the notation before a number is spent on it.
        rules.written_number(1, notation, kind=kind, year=numbered.year)
        with self._file.transaction():
            known = self._ledger.by_key(Register.OUTGOING, key, code)
            if known is not None:
                return _same(known, kind, notation, place.series)
            rules.check_come(numbered, today, field="day")
            rules.check_year(numbered, today)
            wish = Wish(
                place=place,
                day=numbered,
                today=today,
                key=key,
                state=LineState.RESERVED,
                entry=Entry(kind=kind, issuer_code=code),
                notation=notation,
            )
            return self._ledger.add(wish)

    def enter_outgoing(self, document: Document, *, on: date | datetime) -> Line:
        """Enter a document that is about to be sent (NĐ 30/2020 Đ14, Đ16).

        Its number is one that ``take_number`` gave out, or one from elsewhere: the next of its
        series, or a free one before that whose day fits. A document that was entered before is
        found again: it may be sent more than once.

        Args:
            document: as it is sent.
            on: now.

        Raises:
            NumberTaken: another document has that number or code.
            NumberNotNext: the number does not follow the last one.
            LineClosed: its number was cancelled, or it was recalled.
            InvalidValue: its date is not that of its number, or is to come, its number is no
                yearly one, or its code is not that of its number.
            LienthongError: as ``take_number``.
        """
        return self.begin_sending(document, on=on)[0]

    def begin_sending(self, document: Document, *, on: date | datetime) -> tuple[Line, bool]:
        """As ``enter_outgoing``; also says whether it was this call that entered the document.

        Only then may ``not_sent`` take it back: otherwise an earlier sending may have succeeded.
        """
        check_is(document, Document, "document")
        today, entry = register_day(on), entry_of(document)
        rules.check_come(document.issued_date, today, field="Document.issued_date")
        with self._file.transaction():
            known = self._ledger.by_document(document)
            if known is None:
                return self._ledger.add(self._numbered_elsewhere(document, today)), True
            if known.state is LineState.USED:
                _check_same_document(known, document)
                return known, False
            known.expecting(LineState.RESERVED)
            self._check_open(known, today)
            _check_code(known, document)
            rules.check_issued(document.issued_date, known.day, self.numbering)
            return self._ledger.save(evolve(known, state=LineState.USED, entry=entry)), True

    def not_sent(self, line: Line) -> Line:
        """Say that a document was certainly not sent: its number is reserved for it again.

        It may then be corrected and entered once more, or its number given up. A document that
        was sent is left as it is.
        """
        with self._file.transaction():
            found = self._ledger.again(line)
            if found.state is not LineState.USED or found.entry.moved_on is not None:
                return found
            return self._ledger.save(evolve(found, state=LineState.RESERVED))

    def _place_of(self, organ: OrganId, kind: DocumentKind, day: date, body: str = "") -> Place:
        series = rules.series_of(kind, self.numbering, body)
        return Place(register=Register.OUTGOING, organ=organ, year=day.year, series=series)

    def _numbered_elsewhere(self, document: Document, today: date) -> Wish:
        day = document.issued_date
        return Wish(
            place=self._place_of(document.issuer_code, document.kind, day),
            day=day,
            today=today,
            key=f"{OWN_KEY}{document.number}, {day.isoformat()}",
            state=LineState.USED,
            entry=entry_of(document),
            wanted=rules.number_of(document.number),
        )


def _same(line: Line, kind: DocumentKind, notation: str, series: str) -> Line:
    """The line that a key got before, if it was for the same."""
    wanted = rules.written_number(line.number or 1, notation, kind=kind, year=line.place.year)
    if (line.entry.written, line.place.series) != (wanted, series):
        raise IdReused(what=f"{line.key} ({line.entry.written})")
    return line.expecting(LineState.RESERVED, LineState.USED)


def _check_same_document(line: Line, document: Document) -> None:
    if not line.entry.is_of(document):
        number, holder = line.entry.written, line.entry.subject
        raise NumberTaken(number=number, series=line.place, holder=holder)
    _check_code(line, document)


def _check_code(line: Line, document: Document) -> None:
    """A document has the code that belongs to its number, or none (QĐ 52/2019 Đ7.2b)."""
    code = document.document_code
    if code is not None and code != line.code:
        expected = f"{line.code or 'none'}, that of its number"
        field, clause = "Document.document_code", "QĐ 52/2019 Đ7.2b"
        raise InvalidValue(field=field, found=str(code), expected=expected, clause=clause)
