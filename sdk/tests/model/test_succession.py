"""Who stands for an organisation that has ended, and where one belongs (regulations §10)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.errors import InvalidValue, OrganisationUnknown
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Directory, OrganCode, Organisation, OrganLink, OrganName

MERGER = date(2025, 7, 1)
LATER = date(2026, 1, 1)
BEFORE = date(2025, 6, 30)
DAYS = (BEFORE, MERGER, LATER)
PERIODS = (
    (None, None),
    (None, MERGER),
    (None, BEFORE),
    (MERGER, None),
    (LATER, None),
    (BEFORE, LATER),
)
CODES = tuple(f"H{number}" for number in range(10, 16))


def an_organisation(code: str, *heirs: str, **fields: Any) -> Organisation:
    values: dict[str, Any] = {
        "organ_id": OrganId(code),
        "names": [OrganName(value=code)],
        "successors": [OrganId(heir) for heir in heirs],
    }
    return Organisation(**(values | fields))


def link(code: str, start: date | None = None, end: date | None = None) -> OrganLink:
    return OrganLink(organ_id=OrganId(code), valid_from=start, valid_to=end)


def codes(*values: str) -> tuple[OrganId, ...]:
    return tuple(map(OrganId, values))


PROVINCES = Directory(
    [
        an_organisation("H39", "H53", valid_to=MERGER),
        an_organisation("H38", "H39", valid_to=BEFORE),
        an_organisation("H53"),
        an_organisation("H60", "H61", "H53", valid_to=MERGER),
        an_organisation("H61"),
        an_organisation("H99", valid_to=MERGER),
        an_organisation("H53.1", contact_point_of=codes("H53"), acting_for=[link("H61", MERGER)]),
        an_organisation("H39.1", contact_point_of=codes("H39", "H61"), valid_to=MERGER),
    ]
)


class TestRepresentatives:
    @pytest.mark.parametrize(
        ("body", "on", "expected"),
        [
            ("H39", BEFORE, ("H39.1",)),
            ("H39", MERGER, ("H53", "H53.1")),
            ("H38", LATER, ("H53", "H53.1")),
            ("H38", BEFORE, ("H39", "H39.1")),
            ("H60", MERGER, ("H61", "H53.1", "H53")),
            ("H61", BEFORE, ("H39.1",)),
            ("H61", MERGER, ("H53.1",)),
            ("H99", MERGER, ()),
            ("H77", MERGER, ()),
        ],
    )
    def test_are_contact_points_and_once_it_has_ended_the_successors(
        self, body: str, on: date, expected: tuple[str, ...]
    ) -> None:
        assert PROVINCES.representatives_of(OrganId(body), on) == codes(*expected)

    def test_an_office_ends_with_its_body(self) -> None:
        """Also where the office itself goes on: its time with the body is over."""
        directory = Directory(
            [
                an_organisation("H39", "H53", valid_to=MERGER),
                an_organisation("H53"),
                an_organisation("H39.1", contact_point_of=codes("H39")),
                an_organisation("H53.1", contact_point_of=codes("H53")),
            ]
        )
        for office, before, after in (("H39.1", True, False), ("H53.1", False, True)):
            asked = OrganId(office), OrganId("H39")
            assert directory.acts_for(*asked, BEFORE) is before
            assert directory.acts_for(*asked, MERGER) is after
        assert directory.represented_by(OrganId("H39.1"), MERGER) == codes("H39.1")
        assert directory.contact_points_of(OrganId("H39"), BEFORE) == codes("H39.1")
        assert directory.contact_points_of(OrganId("H39"), MERGER) == ()

    def test_an_office_that_does_not_exist_yet_acts_for_nobody(self) -> None:
        planned = an_organisation("H53.1", contact_point_of=codes("H53"), valid_from=MERGER)
        directory = Directory([an_organisation("H53"), planned])
        for day, acts in ((BEFORE, False), (MERGER, True)):
            assert directory.acts_for(planned.organ_id, OrganId("H53"), day) is acts
            assert (OrganId("H53") in directory.represented_by(planned.organ_id, day)) is acts

    def test_an_organisation_acts_for_itself_also_when_it_has_ended(self) -> None:
        assert PROVINCES.acts_for(OrganId("H39"), OrganId("H39"), LATER)

    def test_an_unknown_code_is_refused(self) -> None:
        with pytest.raises(OrganisationUnknown):
            PROVINCES.acts_for(OrganId("H77"), OrganId("H39"), LATER)
        with pytest.raises(OrganisationUnknown):
            PROVINCES.represented_by(OrganId("H77"), LATER)

    def test_an_office_represents_what_ended_into_its_bodies(self) -> None:
        assert set(PROVINCES.represented_by(OrganId("H53.1"), LATER)) == set(
            codes("H53.1", "H53", "H61", "H39", "H38", "H60")
        )

    @given(
        heirs=st.lists(st.lists(st.sampled_from(CODES), max_size=2), min_size=6, max_size=6),
        periods=st.lists(st.sampled_from(PERIODS), min_size=6, max_size=6),
        bodies=st.lists(st.lists(st.sampled_from(CODES), max_size=2), min_size=6, max_size=6),
        on=st.sampled_from(DAYS),
    )
    def test_both_ways_of_asking_agree(
        self,
        heirs: list[list[str]],
        periods: list[tuple[date | None, date | None]],
        bodies: list[list[str]],
        on: date,
    ) -> None:
        """Whom one represents and who represents one; also where successors run in circles."""
        directory = Directory(
            [
                an_organisation(
                    code, *heir, valid_from=start, valid_to=end, contact_point_of=codes(*served)
                )
                for code, heir, (start, end), served in zip(
                    CODES, heirs, periods, bodies, strict=True
                )
            ]
        )
        for one in map(OrganId, CODES):
            for other in map(OrganId, CODES):
                assert directory.acts_for(one, other, on) is (
                    other in directory.represented_by(one, on)
                )


def steps(directory: Directory, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often it is asked whether one has ended, to find who represents each of the others."""
    asked = 0
    ended_by = Organisation.ended_by

    def counted(organisation: Organisation, day: date) -> bool:
        nonlocal asked
        asked += 1
        return ended_by(organisation, day)

    monkeypatch.setattr(Organisation, "ended_by", counted)
    *ended, last = (one.organ_id for one in directory.organisations)
    for organ in ended:
        assert directory.representatives_of(organ, LATER) == (last,)
    return asked


def chain(length: int) -> Directory:
    """Each has taken over from the one before it."""
    return Directory(
        [
            *(
                an_organisation(f"H{number}", f"H{number + 1}", valid_to=MERGER)
                for number in range(1, length)
            ),
            an_organisation(f"H{length}"),
        ]
    )


class TestLongLines:
    def test_are_walked_but_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert steps(chain(1000), monkeypatch) <= 5 * 1000

    def test_one_that_is_walked_anew_is_noticed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lienthong.model.lookup.MOST_KEPT", -1)
        assert steps(chain(200), monkeypatch) > 5 * 200

    def test_are_not_remembered_without_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lienthong.model.lookup.MOST_KEPT", 50)
        directory = chain(10)
        for number in range(100):
            directory.current(OrganId("H1"), MERGER + timedelta(days=number))
            assert len(directory._heirs) <= 50 + 10

    @given(
        heirs=st.lists(
            st.lists(st.sampled_from(CODES), max_size=3, unique=True),
            min_size=len(CODES),
            max_size=len(CODES),
        ),
        periods=st.lists(st.sampled_from(PERIODS), min_size=len(CODES), max_size=len(CODES)),
        asked=st.lists(st.tuples(st.sampled_from(CODES), st.sampled_from(DAYS)), min_size=1),
    )
    def test_have_the_same_heirs_in_whichever_order_one_asks(
        self,
        heirs: list[list[str]],
        periods: list[tuple[date | None, date | None]],
        asked: list[tuple[str, date]],
    ) -> None:
        directory = Directory(
            [
                an_organisation(code, *heir, valid_from=start, valid_to=end)
                for code, heir, (start, end) in zip(CODES, heirs, periods, strict=True)
            ]
        )
        for code, on in asked:
            line = directory.line_of(OrganId(code), on)
            expected = tuple(one for one in line if one.open_on(on))
            assert directory.current(OrganId(code), on) == expected


class TestStatistics:
    @pytest.mark.parametrize(
        ("code", "on", "expected"),
        [
            ("H39", BEFORE, "H39"),
            ("H39", MERGER, "H53"),
            ("H38", BEFORE, "H39"),
            ("H38", LATER, "H53"),
            ("H53", LATER, "H53"),
            ("H60", BEFORE, "H60"),
            ("H60", MERGER, "H60"),
            ("H99", LATER, "H99"),
        ],
    )
    def test_count_a_code_in_the_structure_of_a_day(
        self, code: str, on: date, expected: str
    ) -> None:
        assert PROVINCES.successor_of(OrganId(code), on).organ_id == OrganId(expected)

    def test_lose_nothing_in_a_circle(self) -> None:
        circle = Directory(
            [
                an_organisation("H1", "H2", valid_to=MERGER),
                an_organisation("H2", "H1", valid_to=MERGER),
            ]
        )
        assert circle.successor_of(OrganId("H1"), LATER).organ_id == OrganId("H1")


class TestDates:
    def test_it_has_the_parent_of_the_day(self) -> None:
        moved = an_organisation(
            "H53.1", parent=OrganId("H53"), former_parents=[link("H53.9", None, MERGER)]
        )
        assert moved.parent_on(BEFORE) == OrganId("H53.9")
        assert moved.parent_on(MERGER) == OrganId("H53")

    def test_a_code_is_good_for_as_long_as_its_organisation_at_most(self) -> None:
        dated = OrganCode(
            scheme=OrganId("H53.13").scheme,
            value=OrganId("H53.13"),
            valid_from=BEFORE,
            valid_to=LATER,
        )
        found = an_organisation("000.00.13.H53", codes=[dated], valid_to=MERGER)
        assert found.code_period(OrganId("H53.13"), BEFORE) == (BEFORE, MERGER)
        assert found.code_period(found.organ_id, BEFORE) == (None, MERGER)
        assert found.codes_on(BEFORE) == codes("000.00.13.H53", "H53.13")
        assert found.codes_on(MERGER) == ()

    @pytest.mark.parametrize(
        ("on", "expected"),
        [
            (date(2024, 12, 31), (date(2025, 1, 1), BEFORE)),
            (date(2025, 1, 1), (date(2025, 1, 1), BEFORE)),
            (BEFORE, (date(2025, 1, 1), BEFORE)),
            (MERGER, (MERGER, LATER)),
            (LATER, (MERGER, LATER)),
        ],
    )
    def test_a_code_may_come_back(self, on: date, expected: tuple[date, date]) -> None:
        """A gap in its periods closes it for that time only."""
        code = OrganId("H53.13")
        periods = ((MERGER, LATER), (date(2025, 1, 1), BEFORE))
        found = an_organisation(
            "000.00.13.H53",
            codes=[
                OrganCode(scheme=code.scheme, value=code, valid_from=start, valid_to=end)
                for start, end in periods
            ],
        )
        assert found.code_period(code, on) == expected
        assert (code in found.codes_on(on)) is (expected[0] <= on < expected[1])

    def test_a_code_that_is_listed_twice_is_good_while_one_of_them_is(self) -> None:
        code = OrganId("H53.13")
        listed = [
            OrganCode(scheme=code.scheme, value=code, valid_to=MERGER),
            OrganCode(scheme=code.scheme, value=code),
        ]
        for order in (listed, listed[::-1]):
            found = an_organisation("000.00.13.H53", codes=order)
            assert found.code_period(code, LATER) == (None, None)

    def test_what_ends_before_it_begins_is_refused(self) -> None:
        with pytest.raises(InvalidValue, match="valid_to"):
            link("H53", MERGER, BEFORE)

    def test_who_does_not_exist_yet_has_no_successors_yet(self) -> None:
        planned = an_organisation("H53", "H61", valid_from=LATER)
        directory = Directory([planned, an_organisation("H61")])
        assert directory.current(OrganId("H53"), BEFORE) == ()
        assert not directory.acts_for(OrganId("H61"), OrganId("H53"), BEFORE)
