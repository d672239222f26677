"""The period of a report: days in Vietnam, from the first up to, not including, the end."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from attrs import field, frozen

from lienthong.errors import InvalidValue
from lienthong.model.checks import a, maybe, refuse, whole
from lienthong.rules.calendar import FIRST_YEAR

_MONTHS_A_YEAR: Final = 12
_LAST_CUT_OFF: Final = 28
_FORM: Final = re.compile(r"(?P<year>[0-9]{4})(-(?P<part>Q[1-4]|H[12]|0[1-9]|1[0-2]))?")
_EXPECTED: Final = "a period such as 2026-09, 2026-Q3, 2026-H1 or 2026"
_DAY: Final = timedelta(days=1)
_FIRST_YEAR: Final = FIRST_YEAR - 1
"""With the one before the first of calendars, as a year is compared with the one before."""


class PeriodKind(enum.Enum):
    """How long a period is; the value counts its months."""

    MONTH = 1
    QUARTER = 3
    HALF_YEAR = 6
    YEAR = 12

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese."""
        return _LABELS[self]


_LABELS: Final = {
    PeriodKind.MONTH: "tháng",
    PeriodKind.QUARTER: "quý",
    PeriodKind.HALF_YEAR: "6 tháng",
    PeriodKind.YEAR: "năm",
}


@frozen(kw_only=True)
class Period:
    """A month, quarter, half-year or year.

    With a cut-off day it ends on that day of its last month, and begins after the same day of the
    last month before: the quarterly report of 15/09 covers 15/06 to 14/09 (cut-off day 14).
    """

    kind: PeriodKind = field(validator=a(PeriodKind))
    year: int = field(validator=whole(_FIRST_YEAR, 9000))
    number: int = field(default=1, validator=whole(1, _MONTHS_A_YEAR))
    """Which one of the year, from 1."""

    cut_off_day: int | None = field(default=None, validator=maybe(int))
    """Last day that counts of the last month, 1 to 28; None for whole months."""

    def __attrs_post_init__(self) -> None:
        most = _MONTHS_A_YEAR // self.kind.value
        if self.number > most:
            raise refuse(self, "number", found=self.number, expected=f"1 to {most}")
        if self.cut_off_day is not None and not 1 <= self.cut_off_day <= _LAST_CUT_OFF:
            expected = f"1 to {_LAST_CUT_OFF}"
            raise refuse(self, "cut_off_day", found=self.cut_off_day, expected=expected)

    @classmethod
    def parse(cls, text: str, cut_off_day: int | None = None) -> Period:
        """Read ``2026-09``, ``2026-Q3``, ``2026-H1`` or ``2026``.

        Raises:
            InvalidValue: it is written otherwise.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise InvalidValue(field="period", found=text, expected=_EXPECTED)
        part = found["part"] or "1"
        kind = PeriodKind.MONTH
        if found["part"] is None:
            kind = PeriodKind.YEAR
        elif part[0] in "QH":
            kind = PeriodKind.QUARTER if part[0] == "Q" else PeriodKind.HALF_YEAR
        return cls(
            kind=kind,
            year=int(found["year"]),
            number=int(part.lstrip("QH")),
            cut_off_day=cut_off_day,
        )

    @classmethod
    def ended_before(cls, day: date, kind: PeriodKind, cut_off_day: int | None = None) -> Period:
        """The newest period of a kind that is over on *day*."""
        year, cut = day.year + 1, cut_off_day
        found = cls(kind=kind, year=year, number=1, cut_off_day=cut)
        while found.end > day:
            found = found.previous
        return found

    @property
    def first(self) -> date:
        """Its first day."""
        return self._after(self.last_month - self.kind.value)

    @property
    def end(self) -> date:
        """The first day after it."""
        return self._after(self.last_month)

    def _after(self, months: int) -> date:
        """The first day after so many months of the year, or after their cut-off day."""
        if self.cut_off_day is None:
            year, month = divmod(months, _MONTHS_A_YEAR)
            return date(self.year + year, month + 1, 1)
        # After none: the last month of the year before.
        year, month = divmod(months - 1, _MONTHS_A_YEAR)
        return date(self.year + year, month + 1, self.cut_off_day) + _DAY

    @property
    def last_month(self) -> int:
        """The month in which it ends, and in which it is reported."""
        return self.number * self.kind.value

    @property
    def previous(self) -> Period:
        """The period of the same kind before it."""
        number, year = self.number - 1, self.year
        if number == 0:
            number, year = _MONTHS_A_YEAR // self.kind.value, self.year - 1
        return Period(kind=self.kind, year=year, number=number, cut_off_day=self.cut_off_day)

    def __contains__(self, day: date) -> bool:
        return self.first <= day < self.end

    def __str__(self) -> str:
        if self.kind is PeriodKind.YEAR:
            return f"{self.year}"
        if self.kind is PeriodKind.MONTH:
            return f"{self.year}-{self.number:02}"
        return f"{self.year}-{'Q' if self.kind is PeriodKind.QUARTER else 'H'}{self.number}"

    @property
    def label_vi(self) -> str:
        """Name in Vietnamese: ``quý III năm 2026``."""
        if self.kind is PeriodKind.YEAR:
            return f"năm {self.year}"
        if self.kind is PeriodKind.MONTH:
            return f"tháng {self.number:02} năm {self.year}"
        if self.kind is PeriodKind.QUARTER:
            return f"quý {('I', 'II', 'III', 'IV')[self.number - 1]} năm {self.year}"
        return f"6 tháng {('đầu', 'cuối')[self.number - 1]} năm {self.year}"

    def days(self, until: date | None = None) -> Iterator[date]:
        """Its days, up to and including *until*."""
        end = self.end if until is None else min(self.end, until + _DAY)
        day = self.first
        while day < end:
            yield day
            day += _DAY
