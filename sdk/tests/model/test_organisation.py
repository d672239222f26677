"""Organisations over time, and looking them up."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs
import pytest

from lienthong.errors import CodeTaken, InvalidValue, LienthongError, OrganisationUnknown
from lienthong.model.folding import folded
from lienthong.model.ids import OrganId, OrganScheme
from lienthong.model.organisation import Directory, OrganCode, Organisation, OrganName

MERGER = date(2025, 7, 1)
BEFORE, AFTER = date(2025, 6, 30), MERGER


def an_organisation(code: str, name: str = "Sở Tài chính", **changes: Any) -> Organisation:
    given: dict[str, Any] = {"organ_id": OrganId(code), "names": [OrganName(value=name)]}
    return Organisation(**(given | changes))


def alias(code: str) -> OrganCode:
    return OrganCode(scheme=OrganId(code).scheme, value=OrganId(code))


def closed(code: str, *successors: str) -> Organisation:
    heirs = [OrganId(heir) for heir in successors]
    return an_organisation(code, f"Cơ quan {code}", valid_to=MERGER, successors=heirs)


class TestOrganisation:
    @pytest.mark.parametrize(
        ("day", "open_"),
        [
            (date(2019, 12, 31), False),
            (date(2020, 1, 1), True),
            (date(2025, 6, 30), True),
            (date(2025, 7, 1), False),
        ],
    )
    def test_exists_up_to_the_day_before_it_ends(self, day: date, open_: bool) -> None:
        organisation = an_organisation("H53", valid_from=date(2020, 1, 1), valid_to=MERGER)
        assert organisation.open_on(day) is open_

    def test_without_dates_it_always_exists(self) -> None:
        assert an_organisation("H53").open_on(date.min)

    def test_has_the_name_of_the_day(self) -> None:
        names = [
            OrganName(value="Sở Thông tin và Truyền thông", valid_to=MERGER),
            OrganName(value="Sở Khoa học và Công nghệ", valid_from=MERGER),
        ]
        organisation = an_organisation("H53.13", names=names)
        assert organisation.name_on(BEFORE) == "Sở Thông tin và Truyền thông"
        assert organisation.name_on(AFTER) == "Sở Khoa học và Công nghệ"

    def test_has_its_newest_name_where_no_period_covers_the_day(self) -> None:
        names = [OrganName(value="Sở A", valid_to=BEFORE), OrganName(value="Sở B", valid_to=BEFORE)]
        assert an_organisation("H53", names=names).name_on(AFTER) == "Sở B"

    def test_lists_each_code_once(self) -> None:
        codes = [alias("000.00.00.H53"), alias("H53")]
        organisation = an_organisation("H53", codes=codes)
        assert organisation.all_codes() == (OrganId("H53"), OrganId("000.00.00.H53"))

    @pytest.mark.parametrize(
        "changes",
        [
            {"names": []},
            {"names": "Sở"},
            {"level": -1},
            {"level": 10},
            {"level": True},
            {"parent": "H53"},
            {"in_charge": "a" * 201},
            {"valid_from": "2020-01-01"},
            {"valid_to": date(2019, 1, 1), "valid_from": date(2020, 1, 1)},
            {"successors": ["H53"]},
            {"version": -1},
        ],
    )
    def test_refuses_what_breaks_its_definition(self, changes: dict[str, Any]) -> None:
        with pytest.raises(LienthongError, match=f"Organisation.{next(iter(changes))}"):
            an_organisation("H53", **changes)

    def test_names_and_codes_have_periods(self) -> None:
        for make in (
            lambda **days: OrganName(value="Sở", **days),
            lambda **days: attrs.evolve(alias("H53"), **days),
        ):
            assert make(valid_from=BEFORE, valid_to=AFTER).valid_to == AFTER
            with pytest.raises(InvalidValue, match="valid_to"):
                make(valid_from=AFTER, valid_to=BEFORE)

    def test_codes_have_a_scheme(self) -> None:
        with pytest.raises(InvalidValue):
            OrganCode(scheme="QD20", value=OrganId("H53"))  # type: ignore[arg-type]
        assert alias("000.00.00.H53").scheme is OrganScheme.QCVN102


class TestDirectory:
    def test_resolves_every_code_to_one_organisation(self) -> None:
        finance = an_organisation("G12", codes=[alias("000.00.00.G12"), alias("01.02.G12")])
        directory = Directory([finance, an_organisation("G13")])
        for code in ("G12", "000.00.00.G12", "01.02.g12"):
            assert directory.resolve(OrganId(code)) is finance
            assert OrganId(code) in directory
        assert len(directory) == 2
        with pytest.raises(OrganisationUnknown, match=r"G12\.1"):
            directory.resolve(OrganId("G12.1"))

    def test_refuses_a_code_of_two_organisations(self) -> None:
        first = an_organisation("G12", codes=[alias("000.00.00.G12")])
        second = an_organisation("G13", codes=[alias("000.00.00.G12")])
        with pytest.raises(CodeTaken) as caught:
            Directory([first, second])
        assert caught.value.facts == {"organ": "000.00.00.G12", "holder": "G12"}

    def test_follows_successors_to_those_that_are_open(self) -> None:
        directory = Directory(
            [
                closed("H39", "H53A"),
                closed("H53A", "H80", "H81"),
                an_organisation("H80"),
                an_organisation("H81"),
            ]
        )
        found = directory.current(OrganId("H39"), AFTER)
        assert [str(organisation.organ_id) for organisation in found] == ["H80", "H81"]
        assert directory.current(OrganId("H39"), BEFORE) == (directory.organisations[0],)

    def test_ends_where_successors_run_in_a_circle_or_out(self) -> None:
        directory = Directory([closed("H1", "H2"), closed("H2", "H1"), closed("H3")])
        assert directory.current(OrganId("H1"), AFTER) == ()
        assert directory.current(OrganId("H3"), AFTER) == ()

    def test_names_a_successor_that_is_not_there(self) -> None:
        with pytest.raises(OrganisationUnknown, match="H9"):
            Directory([closed("H1", "H9")]).current(OrganId("H1"), AFTER)

    def test_each_code_is_open_on_its_own_days(self) -> None:
        old = alias("H53.13")
        ended = attrs.evolve(old, valid_to=MERGER)
        directory = Directory([an_organisation("000.00.13.H53", codes=[ended])])
        asked = [(code, day) for code in ("000.00.13.H53", "H53.13") for day in (BEFORE, AFTER)]
        for _ in range(2):
            found = [directory.is_open(OrganId(code), day) for code, day in asked]
            assert found == [True, True, True, False]

    def test_says_of_no_unknown_code_whether_it_is_open(self) -> None:
        for _ in range(2):
            with pytest.raises(OrganisationUnknown):
                Directory(()).is_open(OrganId("H53"), AFTER)

    def test_a_contact_point_acts_for_its_bodies_and_for_itself(self) -> None:
        office = an_organisation("H53.1", contact_point_of=[OrganId("H53"), OrganId("H53.9")])
        directory = Directory(
            [
                office,
                an_organisation("H53", codes=[alias("000.00.00.H53")]),
                an_organisation("H53.8", codes=[alias("H53.9")]),
                an_organisation("H53.2"),
            ]
        )
        assert directory.acts_for(OrganId("H53.1"), OrganId("H53.1"), AFTER)
        assert directory.acts_for(OrganId("H53.1"), OrganId("000.00.00.H53"), AFTER)
        assert directory.acts_for(OrganId("H53.1"), OrganId("H53.8"), AFTER)
        assert not directory.acts_for(OrganId("H53"), OrganId("H53.1"), AFTER)
        assert not directory.acts_for(OrganId("H53.1"), OrganId("H53.2"), AFTER)
        with pytest.raises(OrganisationUnknown):
            directory.acts_for(OrganId("H53.1"), OrganId("H99"), AFTER)

    def test_an_office_serves_itself_and_its_bodies_by_their_canonical_codes(self) -> None:
        bodies = [OrganId("H53.9"), OrganId("H53"), OrganId("000.00.00.H53"), OrganId("H99")]
        office = an_organisation("H53.1", contact_point_of=bodies)
        body = an_organisation("H53.8", codes=[alias("H53.9")])
        directory = Directory(
            [office, body, an_organisation("H53", codes=[alias(bodies[2].value)])]
        )
        assert directory.represented_by(OrganId("H53.1"), AFTER) == tuple(
            map(OrganId, ("H53.1", "H53.8", "H53"))
        )
        assert directory.represented_by(OrganId("H53.9"), AFTER) == (OrganId("H53.8"),)

    @pytest.mark.parametrize(
        "text", ["so tai chinh", "SỞ TÀI CHÍNH", "chinh tai", "g12", "000.00.00", "  "]
    )
    def test_finds_without_case_and_marks(self, text: str) -> None:
        finance = an_organisation("G12", codes=[alias("000.00.00.G12")])
        assert Directory([finance]).search(text) == (finance,)

    def test_finds_only_what_has_every_word(self) -> None:
        directory = Directory([an_organisation("G12"), an_organisation("G13", "Sở Đất đai")])
        assert directory.search("tai dat") == ()
        assert directory.search("đất") == directory.search("DAT") == (directory.organisations[1],)

    def test_refuses_what_is_no_organisation(self) -> None:
        with pytest.raises(InvalidValue):
            Directory(["G12"])


def test_folding_composes_nothing() -> None:
    assert folded("Đường Nguyễn Ước") == "duong nguyen uoc"
    assert folded("Đu\u031bo\u031b\u0300ng") == "duong"
