"""What a metric gives: a number, a rate, a time, or openly nothing."""

from __future__ import annotations

from typing import Final, TypeAlias

from attrs import field, frozen

from lienthong.errors import Language
from lienthong.model.checks import refuse, whole

_MINUTES_AN_HOUR: Final = 60
_MOST: Final = 2**63 - 1


@frozen
class Rate:
    """So many for every so many; for none there is no rate, and never 0 % or 100 %."""

    numerator: int = field(validator=whole(0, _MOST))
    denominator: int = field(validator=whole(0, _MOST))

    @property
    def percent(self) -> float | None:
        """To two places, halves up; None when there was nothing to count."""
        if not self.denominator:
            return None
        return (self.numerator * 20000 // self.denominator + 1) // 2 / 100

    def text(self, language: Language) -> str:
        percent = self.percent
        if percent is None:
            return "không phát sinh" if language == "vi" else "none"
        shown = f"{percent:.2f}"
        shown = shown.replace(".", ",") if language == "vi" else shown
        return f"{shown} % ({self.numerator}/{self.denominator})"


@frozen
class Ratio(Rate):
    """So many of so many: a share, never more than the whole."""

    def __attrs_post_init__(self) -> None:
        if self.numerator > self.denominator:
            expected = f"at most {self.denominator}"
            raise refuse(self, "numerator", found=self.numerator, expected=expected)


@frozen
class Number:
    """How many."""

    value: int = field(validator=whole(0, _MOST))

    def text(self, language: Language) -> str:
        del language
        return str(self.value)


@frozen
class Hours:
    """A typical time, from minutes; of nothing there is none."""

    minutes: float | None

    def text(self, language: Language) -> str:
        if self.minutes is None:
            return "không phát sinh" if language == "vi" else "none"
        shown = f"{self.minutes / _MINUTES_AN_HOUR:.1f}"
        return f"{shown.replace('.', ',')} giờ" if language == "vi" else f"{shown} h"


@frozen
class NoData:
    """No record tells it; never shown as zero."""

    def text(self, language: Language) -> str:
        return "không có dữ liệu" if language == "vi" else "no data"


NO_DATA: Final = NoData()
Value: TypeAlias = Rate | Number | Hours | NoData
