"""The scorecard of a unit (R5; QĐ 52/2019 Đ12.5).

No text found gives the weights, so they are a table that a province fills in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import field, frozen

from lienthong.errors import InvalidValue
from lienthong.model.checks import a, as_tuple, many
from lienthong.reports.metrics import Result
from lienthong.reports.values import Hours, Number, Rate, Ratio
from lienthong.rules.sections.reports import Weight

_ALL: Final = 100


@frozen(kw_only=True)
class Score:
    """One line of a scorecard."""

    weight: Weight = field(validator=a(Weight))
    result: Result = field(validator=a(Result))
    hundredths: int | None
    """Hundredths of points; None when there was nothing to judge, which costs nothing."""


@frozen(kw_only=True)
class Scorecard:
    """Points of one unit; what could not be judged takes no part."""

    scores: tuple[Score, ...] = field(converter=as_tuple, validator=many(Score, most=100))

    @property
    def hundredths(self) -> int:
        """Hundredths of points, together."""
        return sum(score.hundredths or 0 for score in self.scores)

    @property
    def possible(self) -> int:
        """Points that could be had."""
        return sum(score.weight.points for score in self.scores if score.hundredths is not None)

    @property
    def total(self) -> Ratio:
        """Share of the points that could be had."""
        return Ratio(self.hundredths, self.possible * 100)


def score(results: Sequence[Result], weights: Sequence[Weight]) -> Scorecard:
    """Judge the results of one unit.

    Raises:
        InvalidValue: a weight is for a metric that gives no share.
    """
    by_number = {result.metric.number: result for result in results}
    for weight in weights:
        known = by_number.get(weight.metric)
        if known is None or isinstance(known.value, Number | Hours):
            raise InvalidValue(
                field="reports.scorecard", found=weight.metric, expected="a metric that is a share"
            )
    return Scorecard(scores=[_score(by_number[weight.metric], weight) for weight in weights])


def _score(result: Result, weight: Weight) -> Score:
    if not isinstance(result.value, Rate) or not result.value.denominator:
        return Score(weight=weight, result=result, hundredths=None)
    numerator, denominator = result.value.numerator, result.value.denominator
    if numerator * _ALL < weight.least * denominator:
        return Score(weight=weight, result=result, hundredths=0)
    most = weight.points * 100
    reached = min(most, most * numerator * _ALL // (denominator * weight.full))
    return Score(weight=weight, result=result, hundredths=reached)
