"""The register book: hands numbers out and keeps what they were used for, in one file."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from lienthong.errors import LineUnknown, RegisterInUse, RegisterOpen, RegisterSealed
from lienthong.model.ids import OrganId
from lienthong.registers.asked import as_organ
from lienthong.registers.incoming import IncomingMethods
from lienthong.registers.numbering import register_day
from lienthong.registers.outgoing import OutgoingMethods

_SHOWN: Final = 10


class RegisterBook(OutgoingMethods, IncomingMethods):
    """Registers of any number of organisations and years, in one SQLite file of their own.

    A number that was given out is never given out again. It is ``RESERVED`` until it is used, or
    cancelled with a reason; asking again with the same key gives the same number, also after a
    crash and in another process. May be shared by threads and processes, not across a fork.

    Example:
        >>> with RegisterBook("registers.db") as book:  # doctest: +SKIP
        ...     line = book.take_number(
        ...         "draft-17", organ="H53", kind=kind, notation="QĐ-UBND", on=now
        ...     )
        ...     print(line.entry.written, line.code)
        05/QĐ-UBND H53.2026.17
    """

    def seal(
        self, organ: str | OrganId, on: date | datetime, successor: str | OrganId | None = None
    ) -> None:
        """Close an organisation's registers: from that day on they give no numbers out (§10).

        What is known of their lines later, such as a recall, is still written there. A successor
        begins at 01, or goes on after the last number where the rule set denies
        ``numbering.reset_on_reorganisation``. Who keeps its code through a merger succeeds itself.
        Numbers that are reserved after this are to be used or cancelled before that day.

        Raises:
            RegisterOpen: numbers are neither used nor cancelled.
            RegisterInUse: lines of that day or a later one are there.
            RegisterSealed: the registers were closed before.
        """
        code, day = as_organ(organ), register_day(on)
        heir = "" if successor is None else str(as_organ(successor))
        continues = not self.numbering.reset_on_reorganisation
        with self._file.transaction():
            part = self._ledger.seals.part(code, day)
            if part.sealed_on is not None:
                sealed_on, other = part.sealed_on, part.successor
                raise RegisterSealed(organ=code, sealed_on=sealed_on, successor=other)
            waiting = self._ledger.reserved(code)
            if waiting:
                names = [f"{line.entry.written or line.number}" for line in waiting[:_SHOWN]]
                raise RegisterOpen(organ=code, numbers=", ".join(names))
            self._check_unused(code, day)
            self._ledger.seals.add(code, day, heir, continues=continues)

    def unseal(self, organ: str | OrganId) -> None:
        """Take the last seal back, while nothing was entered from its day on.

        Raises:
            LineUnknown: there is no seal.
            RegisterInUse: the organisation or its successor has entered something since.
        """
        code = as_organ(organ)
        with self._file.transaction():
            seals = self._ledger.seals.of(code)
            if not seals:
                raise LineUnknown(what=f"that seals {code}")
            day, successor = seals[-1]
            for one in {code, OrganId(successor)} if successor else {code}:
                self._check_unused(one, day)
            self._ledger.seals.remove(code, day)

    def _check_unused(self, organ: OrganId, day: date) -> None:
        for line in self._ledger.since(organ, day):
            number = line.entry.written or line.number
            raise RegisterInUse(organ=organ, sealed_on=day, number=number)
