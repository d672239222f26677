"""Who is believed when clocks disagree."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.model.clocks import ClockSample, agree


def samples(*offsets: float, distance: float = 0.01) -> list[ClockSample]:
    return [
        ClockSample(name=name, offset=offset, distance=distance)
        for name, offset in zip("abcdefghi", offsets, strict=False)
    ]


def names(found: tuple[ClockSample, ...]) -> str:
    return "".join(one.name for one in found)


@pytest.mark.parametrize("lie", [3600.0, -86_400.0, 0.5, -0.5])
def test_one_liar_of_three_is_outvoted_and_known(lie: float) -> None:
    found = agree(samples(0.001, lie, -0.001), asked=3)
    assert found is not None
    assert (names(found.agreeing), names(found.others)) == ("ac", "b")
    assert found.offset == 0.0
    assert found.distance == pytest.approx(0.01)


@pytest.mark.parametrize("offsets", [(0.0, 1.0, 2.0), (0.0, 3600.0), (0.0, 1.0, 0.0, 1.0)])
def test_no_majority_is_no_time(offsets: tuple[float, ...]) -> None:
    assert agree(samples(*offsets), asked=len(offsets)) is None


@pytest.mark.parametrize(("answers", "asked"), [(0, 1), (1, 2), (1, 3), (2, 4), (2, 5)])
def test_those_who_are_silent_are_no_majority(answers: int, asked: int) -> None:
    assert agree(samples(*[0.0] * answers), asked=asked) is None


@pytest.mark.parametrize(("answers", "asked"), [(1, 1), (2, 2), (2, 3), (3, 5)])
def test_a_majority_may_do_without_the_rest(answers: int, asked: int) -> None:
    assert agree(samples(*[0.0] * answers), asked=asked) is not None


def test_the_median_is_the_time() -> None:
    found = agree(samples(0.0, 0.004, 0.001), asked=3)
    assert found is not None
    assert found.offset == 0.001


@pytest.mark.parametrize("lie", [-1.9, 0.0, 1.9])
def test_a_liar_that_claims_to_know_little_makes_nobody_less_sure(lie: float) -> None:
    """It agrees with the others; what they know stays known."""
    unsure = ClockSample(name="c", offset=lie, distance=2.0)
    found = agree([*samples(0.0, 0.004), unsure], asked=3)
    assert found is not None
    assert names(found.agreeing) == "abc"
    assert found.offset == pytest.approx(0.0, abs=0.005)
    assert found.distance <= 0.015


def test_a_server_that_is_unsure_does_not_make_others_agree() -> None:
    """Two that contradict each other stay two camps, though the third could be right with both."""
    unsure = ClockSample(name="c", offset=0.5, distance=1.0)
    found = agree([*samples(0.0, 1.0), unsure], asked=3)
    assert found is not None
    assert len(found.others) == 1
    assert found.offset - found.distance <= 0.0
    assert found.offset + found.distance >= 1.0


@given(
    truth=st.floats(-1e9, 1e9),
    errors=st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=9),
    seed=st.integers(0, 2**32),
)
def test_the_truth_lies_within_whenever_most_are_honest(
    truth: float, errors: list[float], seed: int
) -> None:
    chance = random.Random(seed)
    liars = (len(errors) - 1) // 2
    answers = [
        ClockSample(name=str(n), offset=truth + error * 0.99, distance=abs(error) + 1e-3)
        for n, error in enumerate(errors)
    ]
    for place in chance.sample(range(len(answers)), liars):
        answers[place] = ClockSample(
            name=str(place),
            offset=truth + chance.choice((-1, 1)) * chance.uniform(10, 1e6),
            distance=1.0,
        )
    found = agree(answers, asked=len(answers))
    assert found is not None
    assert abs(found.offset - truth) <= found.distance + 1e-6
