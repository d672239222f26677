from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.errors import InvalidValue, OutsideCalendar
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory, Organisation, OrganLink, OrganName
from lienthong.model.words import Urgency
from lienthong.reports.counting import Key, Measure, count_delivery, next_turn, tally
from lienthong.reports.counts import Basis, Counts
from lienthong.reports.facts import CheckFacts, UnitFacts
from lienthong.reports.metrics import METRICS, Result, evaluate
from lienthong.reports.period import Period
from lienthong.reports.rollup import heirs, with_predecessors, with_units
from lienthong.reports.scorecard import score
from lienthong.reports.terms import end_of
from lienthong.reports.values import NO_DATA, Hours, Number, Ratio
from lienthong.rules.sections.reports import Weight
from sdk.tests.reports.book import CALENDAR, NOW, Book
from sdk.tests.reports.cast import ELSEWHERE, FINANCE, ORGANS, UBND
from sdk.tests.reports.generated import generate

BOOK = Book.of(generate(11, 150).entries)
DELIVERIES = tuple(BOOK.deliveries.values())
DOCUMENTS = tuple(BOOK.documents.values())
QUARTER = Period.parse("2026-Q3")
YEAR = Period.parse("2026")


def results(counts: Counts | None = None, **fields: Any) -> dict[str, Result]:
    values: dict[str, Any] = {"period": QUARTER, "as_of": NOW, "calendar": CALENDAR}
    basis = Basis(counts=counts or Counts(), **(values | fields))
    return {result.metric.number: result for result in evaluate(basis)}


@pytest.mark.parametrize(
    ("figures", "field"),
    [
        ({"staff": 3, "staff_with_account": 4}, "staff_with_account"),
        ({"staff": 3}, "staff_with_account"),
        ({"staff": -1, "staff_with_account": 0}, "staff"),
        ({"paper_received": True, "paper_digitised": True}, "paper_received"),
    ],
)
def test_figures_that_cannot_be_are_refused(figures: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue, match=field):
        UnitFacts(organ_id=UBND, **figures)


def test_more_than_all_of_it_is_no_ratio() -> None:
    with pytest.raises(InvalidValue):
        Ratio(3, 2)


def test_a_period_outside_the_calendar_is_refused() -> None:
    with pytest.raises(OutsideCalendar):
        results(period=Period.parse("2024-Q3"))


def test_of_nothing_there_is_no_share() -> None:
    assert Ratio(0, 0).percent is None
    assert Ratio(0, 0).text("vi") == "không phát sinh"
    assert Hours(None).text("en") == "none"
    found = results()
    for number in ("M2", "M4", "M5", "M6", "M7", "M17", "M19"):
        assert found[number].value == Ratio(0, 0)


def test_what_no_record_tells_is_never_zero() -> None:
    found = results()
    for number in ("M11", "M12", "M13", "M14", "M15", "M16", "M16b", "M18", "M18b", "M20"):
        assert found[number].value is NO_DATA, number
        assert found[number].listed == ()
    assert NO_DATA.text("vi") == "không có dữ liệu"


def test_the_end_of_a_day_belongs_to_that_day() -> None:
    """What is to be done by 24:00 of the last day of a period is due in it (BLDS 2015 Đ148.6)."""
    end = end_of(QUARTER.end - timedelta(days=1))
    late = evolve(
        DELIVERIES[0],
        accepted_at=datetime(2026, 9, 1, tzinfo=UTC),
        forwarded_at=None,
        completed_at=None,
        withdrawn_at=None,
        state=DeliveryState.RECALL_PENDING,
        **dict.fromkeys(("send_by", "forward_by", "due_at", "reply_by", "recall_by"), end),
    )
    never_taken = evolve(late, accepted_at=None, take_by=end)
    counts = Counts.of(tally([late, never_taken], as_of=NOW), ORGANS, QUARTER)
    for measure in (
        Measure.SETTLE_OVERDUE,
        Measure.REPLY_OVERDUE,
        Measure.RECALL_OVERDUE,
        Measure.NOT_TAKEN,
    ):
        assert counts[measure], measure
    for urgent, ordinary in (
        (Measure.SEND_URGENT_DUE, Measure.SEND_DUE),
        (Measure.FORWARD_URGENT_DUE, Measure.FORWARD_DUE),
    ):
        assert counts[urgent] or counts[ordinary], ordinary


def test_a_refusal_rate_is_of_what_arrived() -> None:
    """What is refused may have arrived before the period; of no arrival there is no rate."""
    counts = Counts()
    counts.add(Measure.REFUSED, "OTHER", 3)
    assert results(counts)["M8"].value.text("vi") == "không phát sinh"
    counts.add(Measure.RECEIVED_INSIDE, "", 2)
    assert results(counts)["M8"].value.text("vi") == "150,00 % (3/2)"


@pytest.mark.parametrize(("accepted_at", "due"), [(None, 0), (NOW - timedelta(days=9), 1)])
def test_what_was_refused_untaken_was_not_passed_on_late(
    accepted_at: datetime | None, due: int
) -> None:
    """M6 is of what was accepted, and of what still waits."""
    facts = evolve(
        DELIVERIES[0],
        urgency=Urgency.THUONG,
        accepted_at=accepted_at,
        forward_by=NOW - timedelta(days=2),
        forwarded_at=None,
        withdrawn_at=NOW - timedelta(days=1),
    )
    sums = tally([facts], as_of=NOW)
    assert sum(n for key, n in sums.items() if key.measure is Measure.FORWARD_DUE) == due


def test_signatures_that_nobody_verified_are_not_invalid() -> None:
    issued = Counts.of(tally(documents=DOCUMENTS, as_of=NOW), ORGANS, QUARTER)
    assert results(issued)["M3c"].value is NO_DATA
    checked = [evolve(one, signer_valid=True, agency_valid=one.overridden) for one in DOCUMENTS]
    counts = Counts.of(tally(documents=checked, as_of=NOW), ORGANS, QUARTER)
    found = results(counts)
    assert found["M3a"].value == Ratio(counts[Measure.ISSUED], counts[Measure.ISSUED])
    assert found["M3c"].value == Ratio(counts[Measure.OVERRIDDEN], counts[Measure.ISSUED])
    half = [evolve(one, signer_valid=True) for one in DOCUMENTS[1:]]
    counts = Counts.of(tally(documents=[checked[0], *half], as_of=NOW), ORGANS, YEAR)
    assert results(counts, period=YEAR)["M3a"].value == Ratio(1, 1), "of one both are known"


def test_every_metric_of_the_regulations_is_there_once() -> None:
    numbers = [metric.number for metric in METRICS]
    assert len(set(numbers)) == len(numbers)
    assert {int("".join(filter(str.isdigit, number))) for number in numbers} == set(range(1, 21))
    assert all(metric.vi and metric.en and metric.clause for metric in METRICS)


def test_days_with_fewer_than_two_checks_are_named() -> None:
    """A Saturday needs none; the swapped one does."""
    first = datetime(2026, 8, 20, 1, tzinfo=UTC)
    checks = [
        CheckFacts(organ_id=UBND, checked_at=first + timedelta(days=day, hours=hour))
        for day, times in enumerate((2, 1, 3, 0, 2))
        for hour in range(times)
    ]
    period, now = Period.parse("2026-08"), datetime(2026, 8, 25, 3, tzinfo=UTC)
    own = {UBND: Counts.of(tally(checks=checks, as_of=now), [UBND], period)}
    found = results(checks=own, period=period, as_of=now)["M11"]
    missing = dict(found.listed)
    assert missing[f"{UBND}/2026-08-21"] == 1
    assert f"{UBND}/2026-08-22" not in missing
    assert f"{UBND}/2026-08-23" not in missing
    assert f"{UBND}/2026-08-25" not in missing, "the day is not over"
    assert found.value == Ratio(3, 17)
    more = results(checks=own, period=period, as_of=now, checks_a_day=3, checks_every_day=True)
    assert more["M11"].value == Ratio(1, 24)
    twice = results(checks=own | {FINANCE: own[UBND]}, period=period, as_of=now)["M11"]
    assert twice.value == Ratio(6, 34), "one check by each is not two by one"
    assert len(twice.listed) == 2 * len(missing)


def test_units_state_what_only_they_know() -> None:
    units = [
        UnitFacts(
            organ_id=UBND,
            level=1,
            staff=10,
            staff_with_account=9,
            downtime_minutes=1440,
            has_certificate=True,
            certificate_valid_to=NOW.date() + timedelta(days=30),
            report_received_on=date(2026, 9, 15),
        ),
        UnitFacts(
            organ_id=FINANCE,
            level=2,
            staff=10,
            staff_with_account=5,
            has_certificate=False,
            report_received_on=date(2026, 9, 16),
        ),
        UnitFacts(organ_id=OrganId("000.00.14.H53"), level=2),
    ]
    found = results(units=units)
    assert found["M12"].value == Ratio(91 * 1440, 92 * 1440)
    assert found["M13"].value == Ratio(14, 20)
    assert found["M14"].value is NO_DATA
    assert found["M16"].value == Ratio(1, 3), "of all units"
    assert found["M16"].listed == (("1", 1),)
    assert found["M16b"].value == Number(1)
    assert found["M16b"].listed == ((str(UBND), 30),)
    assert found["M20"].value == Ratio(1, 3)
    assert dict(found["M20"].listed) == {str(FINANCE): 1, "000.00.14.H53": 1}
    assert results(units=units, period=Period.parse("2026"))["M20"].value is NO_DATA


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_any_split_gives_the_same_sum(seed: int, parts: int) -> None:
    chance = random.Random(seed)
    shares: list[list[Any]] = [[] for _ in range(parts)]
    for facts in DELIVERIES:
        chance.choice(shares).append(facts)
    tallies = [tally(share, as_of=NOW) for share in shares]
    chance.shuffle(tallies)
    together: Counter[Key] = sum(tallies, Counter())
    assert together == tally(DELIVERIES, as_of=NOW)
    merged = Counts.merged(Counts.of(each, ORGANS, QUARTER) for each in tallies)
    assert merged == Counts.of(tally(DELIVERIES, as_of=NOW), ORGANS, QUARTER)


@settings(deadline=None)
@given(st.sampled_from(DELIVERIES), st.integers(0, 300 * 86400))
def test_nothing_counts_otherwise_before_its_turn(facts: Any, seconds: int) -> None:
    as_of = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(seconds=seconds)
    turn = next_turn(facts, as_of)
    if turn is None:
        later = as_of + timedelta(days=4000)
        assert list(count_delivery(facts, as_of)) == list(count_delivery(facts, later))
    else:
        assert turn >= as_of
        assert list(count_delivery(facts, as_of)) == list(count_delivery(facts, turn))


def test_some_turns_do_change_counts() -> None:
    """Otherwise the property above would hold for counts that never change."""
    start = datetime(2026, 1, 5, tzinfo=UTC)
    turns = [(facts, next_turn(facts, start)) for facts in DELIVERIES]
    assert any(
        turn is not None
        and dict(count_delivery(facts, turn))
        != dict(count_delivery(facts, turn + timedelta(seconds=1)))
        for facts, turn in turns
    )


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_percent_is_rounded_not_cut(part: int, rest: int) -> None:
    percent = Ratio(part, part + rest).percent
    if percent is None:
        assert part + rest == 0
    else:
        assert abs(percent - 100 * part / (part + rest)) <= 0.005 + 1e-9


def test_points_follow_the_weights() -> None:
    counts = Counts()
    counts.add(Measure.SEND_DUE, "", 10)
    counts.add(Measure.SEND_IN_TIME, "", 9)
    found = tuple(results(counts).values())
    full = score(found, [Weight(metric="M4", points=10, full=90)])
    part = score(found, [Weight(metric="M4", points=10)])
    none = score(found, [Weight(metric="M4", points=10, least=95)])
    assert [card.hundredths for card in (full, part, none)] == [1000, 900, 0]
    assert [card.possible for card in (full, part, none)] == [10, 10, 10]


def test_what_did_not_happen_costs_no_points() -> None:
    weights = [Weight(metric=metric, points=10) for metric in ("M4", "M11", "M20")]
    card = score(tuple(results().values()), weights)
    assert card.possible == 0
    assert card.total.percent is None


@pytest.mark.parametrize("metric", ["M1", "M10"])
def test_what_is_no_share_gives_no_points(metric: str) -> None:
    with pytest.raises(InvalidValue, match="share"):
        score(tuple(results().values()), [Weight(metric=metric, points=10)])


def test_predecessors_are_found_over_many_steps() -> None:
    codes = [OrganId(f"000.00.{number}.H53") for number in range(40, 45)]
    chain = dict(pairwise(codes))
    assert with_predecessors([codes[-1]], chain) == set(codes)
    assert with_predecessors([codes[1]], chain) == set(codes[:2])


def test_what_was_split_stays_its_own() -> None:
    def organisation(code: str, **fields: Any) -> Organisation:
        return Organisation(organ_id=OrganId(code), names=[OrganName(value=code)], **fields)

    closed = {"valid_to": date(2026, 7, 1)}
    directory = Directory(
        (
            organisation("000.00.30.H53", successors=[OrganId("000.00.32.H53")], **closed),
            organisation(
                "000.00.31.H53",
                successors=[OrganId("000.00.32.H53"), OrganId("000.00.33.H53")],
                **closed,
            ),
            organisation("000.00.32.H53", parent=UBND),
            organisation(
                "000.00.33.H53",
                parent=UBND,
                former_parents=[OrganLink(organ_id=ELSEWHERE, valid_to=date(2026, 7, 2))],
            ),
            organisation(str(UBND)),
        )
    )
    found = heirs(directory, date(2026, 7, 1))
    assert found == {OrganId("000.00.30.H53"): OrganId("000.00.32.H53")}
    assert heirs(directory, date(2026, 6, 30)) == {}
    here = {UBND, OrganId("000.00.32.H53")}
    assert with_units(UBND, directory, date(2026, 7, 1)) == here
    assert with_units(UBND, directory, date(2026, 7, 2)) == here | {OrganId("000.00.33.H53")}
