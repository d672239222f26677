"""A rule set: 48 open settings, each with a type, a default, a clause and two descriptions."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.errors import InvalidValue, LienthongError, NoRuleSetInForce
from lienthong.model.file_signature import LegalValue
from lienthong.model.ids import OrganId
from lienthong.model.kinds import DocumentKind
from lienthong.model.words import RefusalCode, Urgency
from lienthong.rules.calendar import OfficeHours, Session
from lienthong.rules.deadlines import OnDayOff
from lienthong.rules.legal_value import Practice
from lienthong.rules.paper import RecipientBody
from lienthong.rules.ruleset import SECTIONS, SETTINGS, RuleSet, differences, in_force
from lienthong.rules.sections.directory import ContactPoint, DirectoryRules, Duty, DutyHolder
from lienthong.rules.sections.exchange import Receiving, Sending, UrgentTimes
from lienthong.rules.sections.office import MOST_KINDS, Office, OwnHours
from lienthong.rules.sections.paper import Bodies, Paper
from lienthong.rules.sections.reports import Reports, Weight
from lienthong.rules.sections.technical import Wire
from lienthong.rules.settings import Setting

SETTING_COUNT = 48
H53 = OrganId("000.00.00.H53")
MORNING = Session(time(7, 30), time(11, 30))
HOUR = timedelta(hours=1)


def rule_set(**given: Any) -> RuleSet:
    return RuleSet(name="thu", title="Bộ quy tắc thử", **given)


def hours(**given: Any) -> OfficeHours:
    return OfficeHours(sessions=[MORNING], **given)


def own_kinds(count: int) -> tuple[OwnHours, ...]:
    """So many organisations, each with other hours."""
    return tuple(
        OwnHours(
            organisation=OrganId(f"H53.{number}"),
            hours=[OfficeHours(sessions=[Session(time(7, number % 60), time(10 + number // 60))])],
        )
        for number in range(1, count + 1)
    )


def test_every_open_setting_has_a_key() -> None:
    assert {setting.number for setting in SETTINGS.values()} == set(range(1, SETTING_COUNT + 1))


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_every_setting_says_what_it_is(setting: Setting) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", setting.key)
    assert setting.form.words
    assert setting.clause
    for text in (setting.en, setting.vi):
        assert text
        assert not text.endswith(".")
        assert "|" not in text
    assert setting.en != setting.vi


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_every_default_is_read_as_it_is_written(setting: Setting) -> None:
    assert setting.form.read(setting.plain_default, setting.key) == setting.default


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("wrong", [None, object(), -1, 10**9, "?", ("",), ((1, 2, 3),)])
def test_no_setting_takes_just_anything(setting: Setting, wrong: object) -> None:
    with pytest.raises(LienthongError):
        SECTIONS[setting.section](**{setting.name: wrong})


def test_values_have_the_types_of_those_who_use_them() -> None:
    found = rule_set()
    assert type(found.office.hours[0]) is OfficeHours
    assert type(found.reports.on_day_off) is OnDayOff
    assert type(found.signatures.public) is LegalValue
    assert found.signatures.practice == Practice()
    assert {type(kind) for kind in found.paper.e_only_kinds} == {DocumentKind}
    assert {type(reason) for reason in found.receiving.refusal_reasons} == {RefusalCode}
    assert found.sending.urgent_within.of(Urgency.HOA_TOC) == timedelta(minutes=15)
    assert found.sending.urgent_within.of(Urgency.THUONG) is None
    assert found["office.lunch_is_outside"] is True
    with pytest.raises(KeyError):
        found["office.lunch"]


CONTRADICTIONS: dict[str, tuple[Callable[[], object], str]] = {
    "urgent times the wrong way round": (
        lambda: UrgentTimes(KHAN=HOUR, THUONG_KHAN=2 * HOUR, HOA_TOC=HOUR),
        "UrgentTimes.HOA_TOC",
    ),
    "negative time": (
        lambda: UrgentTimes(KHAN=HOUR, THUONG_KHAN=HOUR, HOA_TOC=-HOUR),
        "UrgentTimes.HOA_TOC",
    ),
    "negative days": (lambda: Receiving(settle_working_days=-1), "Receiving.settle_working_days"),
    "no skew": (lambda: Sending(max_clock_skew=timedelta()), "Sending.max_clock_skew"),
    "approval of a reason that does not exist": (
        lambda: Receiving(refusal_reasons=(RefusalCode.OTHER,)),
        "Receiving.refusals_to_approve",
    ),
    "a reason twice": (
        lambda: Receiving(refusal_reasons=(RefusalCode.OTHER, RefusalCode.OTHER)),
        "Receiving.refusal_reasons",
    ),
    "a kind in both lists": (
        lambda: Paper(parallel_kinds=(DocumentKind.CONG_VAN,)),
        "Paper.parallel_kinds",
    ),
    "a code that is two bodies": (lambda: Bodies(PARTY=(H53,), COUNCIL=(H53,)), "Bodies.COUNCIL"),
    "two kinds of hours on a day": (lambda: Office(hours=(hours(), hours())), "Office.hours"),
    "seasons that meet": (
        lambda: Office(
            hours=(
                hours(season_from=(4, 16), season_to=(10, 15)),
                hours(season_from=(10, 15), season_to=(4, 15)),
            )
        ),
        "Office.hours",
    ),
    "hours of which one begins long after the other": (
        lambda: Office(
            hours=(hours(valid_from=date(2010, 1, 1)), hours(valid_from=date(2020, 1, 1)))
        ),
        "Office.hours",
    ),
    "seasons that share a day which is rarely a Saturday": (
        lambda: Office(
            hours=(
                hours(weekdays=(5,), season_from=(2, 29), season_to=(2, 29)),
                hours(weekdays=(5,), valid_from=date(2001, 1, 1), valid_to=date(2030, 1, 1)),
            )
        ),
        "Office.hours",
    ),
    "a Saturday of two services": (
        lambda: Office(
            hours=(
                hours(weekdays=(0, 1, 2, 3, 4, 5), valid_to=date(2030, 1, 1)),
                hours(weekdays=(5,), valid_to=date(2019, 1, 1)),
            )
        ),
        "Office.hours",
    ),
    "hours that end before they begin": (
        lambda: Office(hours=(hours(valid_from=date(2026, 1, 1), valid_to=date(2026, 1, 1)),)),
        "Office.hours",
    ),
    "an organisation with two hours": (
        lambda: Office(
            own_hours=(
                OwnHours(organisation=H53, hours=[hours()]),
                OwnHours(organisation=H53, hours=[hours(weekdays=(5,))]),
            )
        ),
        "Office.own_hours",
    ),
    "more kinds of own hours than calendars can be laid out for": (
        lambda: Office(own_hours=own_kinds(MOST_KINDS + 1)),
        "Office.own_hours",
    ),
    "own hours that contradict each other": (
        lambda: Office(own_hours=(OwnHours(organisation=H53, hours=[hours(), hours()]),)),
        "Office.own_hours",
    ),
    "two holders of a duty": (
        lambda: DirectoryRules(
            duties=(
                DutyHolder(duty=Duty.AXIS_OPERATOR, name="Sở A", valid_to=date(2025, 7, 2)),
                DutyHolder(duty=Duty.AXIS_OPERATOR, name="Sở B", valid_from=date(2025, 7, 1)),
            )
        ),
        "DirectoryRules.duties",
    ),
    "a duty that ends before it begins": (
        lambda: DutyHolder(
            duty=Duty.AXIS_OPERATOR,
            name="Sở A",
            valid_from=date(2025, 7, 1),
            valid_to=date(2025, 7, 1),
        ),
        "DutyHolder.valid_to",
    ),
    "a body with two offices": (
        lambda: DirectoryRules(
            contact_points=(
                ContactPoint(body=H53, office=H53),
                ContactPoint(body=H53, office=OrganId("H53.02")),
            )
        ),
        "DirectoryRules.contact_points",
    ),
    "a month that does not exist": (
        lambda: Reports(evaluation_months=(13,)),
        "Reports.evaluation_months",
    ),
    "a metric that does not exist": (lambda: Weight(metric="M21", points=1), "Weight.metric"),
    "a metric twice": (
        lambda: Reports(scorecard=(Weight(metric="M5", points=1), Weight(metric="M5", points=2))),
        "Reports.scorecard",
    ),
    "thresholds the wrong way round": (
        lambda: Weight(metric="M5", points=1, least=90, full=80),
        "Weight.full",
    ),
    "an urgency without a number": (
        lambda: Wire(priorities=((Urgency.KHAN, 1),)),
        "Wire.priorities",
    ),
    "two urgencies of one number": (
        lambda: Wire(priorities=tuple((urgency, 1) for urgency in Urgency)),
        "Wire.priorities",
    ),
    "two kinds of one number in one group": (
        lambda: Wire(kind_numbers=((DocumentKind.CONG_VAN, 18), (DocumentKind.DE_AN, 18))),
        "Wire.kind_numbers",
    ),
    "a fraction of a second": (
        lambda: Sending(max_clock_skew=timedelta(seconds=1.5)),
        "Sending.max_clock_skew",
    ),
    "validity that is over before it begins": (
        lambda: rule_set(valid_from=date(2026, 1, 1), valid_to=date(2025, 1, 1)),
        "RuleSet.valid_to",
    ),
    "a name with spaces": (lambda: RuleSet(name="tây ninh", title="x"), "RuleSet.name"),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_contradictions_are_refused(case: str) -> None:
    make, field = CONTRADICTIONS[case]
    with pytest.raises(InvalidValue) as caught:
        make()
    assert caught.value.facts["field"] == field
    assert caught.value.facts["expected"]


def test_seasons_and_ranges_that_only_touch_are_no_contradiction() -> None:
    Office(
        hours=(
            hours(season_from=(4, 16), season_to=(10, 15)),
            hours(season_from=(10, 16), season_to=(4, 15), valid_to=date(2026, 1, 1)),
            hours(season_from=(10, 16), season_to=(4, 15), valid_from=date(2026, 1, 1)),
            hours(weekdays=(5,)),
        )
    )
    DirectoryRules(
        duties=(
            DutyHolder(duty=Duty.AXIS_OPERATOR, name="Sở A", valid_to=date(2025, 7, 1)),
            DutyHolder(duty=Duty.AXIS_OPERATOR, name="Sở B", valid_from=date(2025, 7, 1)),
            DutyHolder(duty=Duty.CODE_REGISTRAR, name="Sở A"),
        )
    )


def test_the_first_and_the_last_day_of_time_are_days_too() -> None:
    Office(hours=(hours(valid_to=date.min), hours(valid_from=date.max)))
    for limits in ({"valid_from": date.max}, {"valid_to": date.min}, {"valid_from": date.min}):
        other = hours(weekdays=(5,), **limits)
        Office(hours=(hours(**limits), other))
    with pytest.raises(InvalidValue):
        Office(hours=(hours(valid_from=date(9999, 12, 30)), hours()))
    with pytest.raises(InvalidValue):
        Office(hours=(hours(valid_to=date(1, 1, 3)), hours()))


PLACES = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda day: (day.month, day.day))
YEARS = [date.fromordinal(day) for day in range(725_000, 742_000)]


@st.composite
def some_hours(draw: st.DrawFn) -> OfficeHours:
    """Hours of any season, valid at some time of the years that are looked at."""
    facts: dict[str, Any] = {"weekdays": draw(st.sets(st.integers(0, 6), min_size=1).map(tuple))}
    if draw(st.booleans()):
        facts |= {"season_from": draw(PLACES), "season_to": draw(PLACES)}
    if draw(st.booleans()):
        facts |= {"valid_from": draw(st.dates(date(2000, 1, 1), date(2010, 1, 1)))}
    if draw(st.booleans()):
        facts |= {"valid_to": draw(st.dates(date(2011, 1, 1), date(2021, 1, 1)))}
    return hours(**facts)


@settings(max_examples=60)
@given(one=some_hours(), other=some_hours())
def test_hours_contradict_each_other_exactly_where_a_day_has_both(
    one: OfficeHours, other: OfficeHours
) -> None:
    def holds(found: OfficeHours, day: date) -> bool:
        return day.weekday() in found.weekdays and found.hold_on(day)

    if one == other or any(holds(one, day) and holds(other, day) for day in YEARS):
        with pytest.raises(InvalidValue):
            Office(hours=(one, other))
    else:
        Office(hours=(one, other))


def test_an_organisation_has_its_own_hours_or_everybodys() -> None:
    own = hours(weekdays=(5,))
    office = Office(own_hours=(OwnHours(organisation=H53, hours=[own]),))
    assert office.hours_of(H53) == (own,)
    assert office.hours_of(OrganId("H53.02")) == office.hours


def test_many_organisations_may_share_their_hours() -> None:
    assert len(Office(own_hours=own_kinds(MOST_KINDS)).own_hours) == MOST_KINDS
    [one] = own_kinds(1)
    shared = [evolve(one, organisation=OrganId(f"H53.{number}")) for number in range(1, 201)]
    assert len(Office(own_hours=tuple(shared)).own_hours) == 200


def test_a_duty_has_one_holder_a_day() -> None:
    old = DutyHolder(duty=Duty.AXIS_OPERATOR, name="Sở A", valid_to=date(2025, 7, 1))
    young = DutyHolder(duty=Duty.AXIS_OPERATOR, name="Sở B", valid_from=date(2025, 7, 1))
    rules = DirectoryRules(duties=(young, old))
    assert rules.holder(Duty.AXIS_OPERATOR, date(2025, 6, 30)) == old
    assert rules.holder(Duty.AXIS_OPERATOR, date(2025, 7, 1)) == young
    assert rules.holder(Duty.REPORT_RECEIVER, date(2025, 7, 1)) is None


def test_bodies_are_told_by_their_codes() -> None:
    bodies = Bodies(PARTY=(H53,))
    assert bodies.of(H53) is RecipientBody.PARTY
    assert bodies.of(OrganId("H53.02")) is RecipientBody.OTHER


def test_validity_is_half_open() -> None:
    found = rule_set(valid_from=date(2020, 1, 1), valid_to=date(2025, 7, 1))
    days = ("2019-12-31", "2020-01-01", "2025-06-30", "2025-07-01")
    holding = [found.holds_on(date.fromisoformat(day)) for day in days]
    assert holding == [False, True, True, False]
    assert rule_set().holds_on(date(1900, 1, 1))


def test_the_rule_set_of_a_day_is_the_one_that_came_last() -> None:
    old = RuleSet(name="cu", title="Cũ", valid_from=date(2020, 1, 1))
    young = RuleSet(name="moi", title="Mới", valid_from=date(2025, 7, 1), valid_to=date(2026, 1, 1))
    for known in ((old, young), (young, old)):
        assert in_force(known, date(2025, 6, 30)) is old
        assert in_force(known, date(2025, 7, 1)) is young
        assert in_force(known, date(2026, 1, 1)) is old
    with pytest.raises(NoRuleSetInForce) as caught:
        in_force((old, young), date(2019, 12, 31))
    assert caught.value.facts == {"day": "2019-12-31", "names": "cu, moi"}


def test_the_version_names_the_rule_set_and_what_it_says() -> None:
    found = rule_set()
    assert re.fullmatch(r"thu@[0-9a-f]{12}", found.version)
    assert evolve(found, title="Khác", valid_from=date(2020, 1, 1)).version == found.version
    other = evolve(found, sending=evolve(found.sending, max_clock_skew=2 * HOUR / 3600))
    assert other.version != found.version
    assert [setting.key for setting in differences(found, other)] == ["sending.max_clock_skew"]


def test_the_order_of_a_list_without_order_changes_nothing() -> None:
    kinds = (DocumentKind.DE_AN, DocumentKind.TO_TRINH)
    one = rule_set(paper=Paper(parallel_kinds=kinds))
    other = rule_set(paper=Paper(parallel_kinds=kinds[::-1]))
    assert one.version == other.version
    assert not differences(one, other)


def test_a_rule_set_is_a_value() -> None:
    assert rule_set() == rule_set()
    assert hash(rule_set()) == hash(rule_set())
    assert rule_set(origins={"office.hours": "x"}) == rule_set()
