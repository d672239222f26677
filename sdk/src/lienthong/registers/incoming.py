"""Numbers of documents that arrive (NĐ 30/2020 Đ22)."""

from __future__ import annotations

from datetime import date, datetime

from attrs import evolve

from lienthong.errors import IdReused
from lienthong.model.document import Document
from lienthong.model.ids import OrganId
from lienthong.model.report import RegisterEntry
from lienthong.registers import numbering as rules
from lienthong.registers.asked import as_organ, check_is, check_key
from lienthong.registers.keeping import BookMethods
from lienthong.registers.ledger import Wish
from lienthong.registers.lines import RECALLED_UNREGISTERED, Entry, Line, LineState, entry_of
from lienthong.registers.numbering import ARRIVALS, Place, Register, register_day


class IncomingMethods(BookMethods):
    """The register of incoming documents; see ``RegisterBook``."""

    def take_arrival(
        self,
        key: str,
        *,
        organ: str | OrganId,
        document: Document,
        on: date | datetime,
        day: date | None = None,
        number: int | None = None,
    ) -> Line:
        """Take the arrival number of a document that is to be accepted (NĐ 30/2020 Đ22.2).

        It stays reserved until ``use`` or ``cancel`` says what came of the acceptance. A document
        that stands in the register already gets a remark (PL VI I.III.1h).

        Args:
            key: names the delivery of that organisation; the same key gives the same number.
            organ: whose register; of one that is sealed, its successor's.
            document: what arrived.
            on: now, or the Vietnamese day of now.
            day: of the entry (ngày đến), if it is an earlier one.
            number: one that was given already: the next one, or a free one before it.

        Raises:
            NumberTaken, NumberNotNext: *number* cannot be used.
            IdReused: the delivery has another number, or the key stands for another document.
            LineClosed: the document was recalled.
            RegisterSealed, RegisterDayGoesBack, RegisterBookFailed: as ``take_number``.
        """
        check_key(key)
        check_is(document, Document, "document")
        code, today = as_organ(organ), register_day(on)
        entered = today if day is None else register_day(day)
        if number is not None:
            # Says what is wrong with the number before anything is entered.
            RegisterEntry(number=number, date=entered)
        with self._file.transaction():
            known = self._ledger.by_key(Register.INCOMING, key, code)
            if known is not None:
                return self._known(known, document, number, today)
            rules.check_come(entered, today, field="day")
            if number is None:
                rules.check_year(entered, today)
            return self._ledger.add(self._arriving(key, code, document, entered, today, number))

    def settle_arrival(
        self, key: str, *, organ: str | OrganId, document: Document, entry: RegisterEntry
    ) -> Line:
        """Enter an acceptance that took place, with the number and day that were reported.

        What stands in the register of this delivery under another number is cancelled.

        Raises:
            LienthongError: as ``take_arrival``: the number is another document's, or not the next.
        """
        check_key(key)
        check_is(document, Document, "document")
        code = as_organ(organ)
        with self._file.transaction():
            for line in self._ledger.ever(Register.INCOMING, key, code):
                if (line.number, line.day) == (entry.number, entry.date):
                    if line.state in {LineState.USED, LineState.RECALLED}:
                        return line
                    return self._ledger.save(evolve(line, state=LineState.USED))
                if line.state is LineState.RESERVED:
                    self._give_up(line, f"Đã tiếp nhận với số đến {entry.number}")
            wish = self._arriving(key, code, document, entry.date, entry.date, entry.number)
            return self._ledger.add(evolve(wish, state=LineState.USED))

    def note_unregistered(
        self, key: str, *, organ: str | OrganId, document: Document, day: date
    ) -> Line:
        """Enter a document that was recalled before acceptance; it gets no number (§13b D20).

        A number that was reserved for it is cancelled. What is known to the register otherwise is
        left as it is.

        Args:
            key: as in ``take_arrival``.
            organ: as in ``take_arrival``.
            document: what had arrived.
            day: on which it had arrived.
        """
        check_key(key)
        check_is(document, Document, "document")
        code, day = as_organ(organ), register_day(day)
        with self._file.transaction():
            for line in reversed(self._ledger.ever(Register.INCOMING, key, code)):
                if line.state is LineState.RESERVED:
                    return self._give_up(line, RECALLED_UNREGISTERED)
                return line
            line = Line(
                id=1,
                place=self._place(code, day),
                number=None,
                ordinal=None,
                day=day,
                state=LineState.RECALLED,
                key=key,
                entry=entry_of(document).noted(RECALLED_UNREGISTERED),
            )
            return self._ledger.insert(line, self._ledger.seals.part(line.place.organ, day))

    def _known(self, line: Line, document: Document, number: int | None, today: date) -> Line:
        """The line that a delivery has, if it is for the same."""
        if number not in {None, line.number} or not line.entry.is_of(document):
            raise IdReused(what=f"{line.key} ({line.number})")
        if line.state is LineState.RESERVED:
            self._check_open(line, today)
        return line.expecting(LineState.RESERVED, LineState.USED)

    def _give_up(self, line: Line, reason: str) -> Line:
        entry = line.entry.noted(reason)
        return self._ledger.save(evolve(line, state=LineState.CANCELLED, entry=entry))

    def _arriving(
        self,
        key: str,
        organ: OrganId,
        document: Document,
        day: date,
        today: date,
        number: int | None,
    ) -> Wish:
        place = self._place(organ, day)
        return Wish(
            place=place,
            day=day,
            today=today,
            key=key,
            state=LineState.RESERVED,
            entry=self._entry(place.organ, document),
            wanted=number,
        )

    def _entry(self, organ: OrganId, document: Document) -> Entry:
        entry = entry_of(document)
        for twin in self._ledger.twins(organ, document):
            entry = entry.noted(f"Trùng với số đến {twin.number} ngày {twin.day:%d/%m/%Y}")
        return entry

    def _place(self, organ: OrganId, day: date) -> Place:
        return Place(
            register=Register.INCOMING,
            organ=self._ledger.seals.holder(organ, day),
            year=day.year,
            series=ARRIVALS,
        )
