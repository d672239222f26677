"""Rules of numbers, without any book."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from attrs import evolve

from lienthong.errors import (
    InvalidValue,
    NaiveTime,
    NumberNotNext,
    RegisterDayGoesBack,
    RegisterSealed,
)
from lienthong.model.ids import DocumentCode, DocumentNumber, OrganId
from lienthong.model.kinds import DocumentKind, KindGroup
from lienthong.registers.numbering import (
    Place,
    Register,
    Stand,
    check_issued,
    check_year,
    next_number,
    number_of,
    register_day,
    series_of,
    written_code,
    written_number,
)
from lienthong.rules.sections.numbering import Numbering, Series

H53 = OrganId("H53")
PLACE = Place(register=Register.OUTGOING, organ=H53, year=2026, series="QUYET_DINH")
DAY = date(2026, 11, 20)
BEGUN = Stand(place=PLACE, following=5, last_day=DAY)
K = DocumentKind


# --- Which number is next ------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [1, 3, 4])
@pytest.mark.parametrize("gaps_allowed", [False, True])
def test_numbers_do_not_lie_before_the_first(wanted: int, gaps_allowed: bool) -> None:
    continued = evolve(BEGUN, first=5)
    with pytest.raises(NumberNotNext, match=f"number 0{wanted} of .* does not follow 04"):
        next_number(continued, DAY, wanted=wanted, gaps_allowed=gaps_allowed)


@pytest.mark.parametrize(("days", "fits"), [(-1, False), (0, True), (2, True), (3, False)])
def test_a_free_number_before_the_last_fits_between_its_neighbours(days: int, fits: bool) -> None:
    """NĐ 30/2020 Đ15.1 orders the numbers, not the moments of sending."""
    between = evolve(BEGUN, next_day=DAY + timedelta(days=2))
    day, today = DAY + timedelta(days=days), DAY + timedelta(days=9)
    if fits:
        assert next_number(between, day, today=today, wanted=3) == 3
    else:
        with pytest.raises(RegisterDayGoesBack, match="number 03 of"):
            next_number(between, day, today=today, wanted=3)


def test_no_number_is_given_into_a_year_that_has_ended() -> None:
    check_year(date(2026, 1, 1), DAY)
    with pytest.raises(InvalidValue, match="a day of 2026"):
        check_year(date(2025, 12, 31), DAY)


def test_a_gap_is_refused_and_the_next_number_named() -> None:
    with pytest.raises(
        NumberNotNext, match="number 07 of H53 2026 OUTGOING QUYET_DINH does not"
    ) as it:
        next_number(BEGUN, DAY, wanted=7)
    assert it.value.next_step("vi").startswith("lấy số 05")


def test_a_gap_is_allowed_where_the_rule_set_says_so() -> None:
    assert next_number(BEGUN, DAY, wanted=7, gaps_allowed=True) == 7


def test_days_do_not_go_back() -> None:
    with pytest.raises(
        RegisterDayGoesBack, match="number 05 of .* the one beside it is of 2026-11-20"
    ):
        next_number(BEGUN, DAY - timedelta(days=1))


@pytest.mark.parametrize(
    ("day", "today"), [(DAY, None), (DAY + timedelta(days=9), None), (DAY - timedelta(1), DAY)]
)
def test_a_sealed_register_gives_nothing_out(day: date, today: date | None) -> None:
    sealed = evolve(BEGUN, last_day=None, sealed_on=DAY, successor="H53.14")
    with pytest.raises(RegisterSealed, match=r"its successor: H53\.14"):
        next_number(sealed, day, today=today)


def test_the_last_day_before_the_seal_still_has_numbers() -> None:
    sealed = evolve(BEGUN, last_day=None, sealed_on=DAY)
    assert next_number(sealed, DAY - timedelta(days=1)) == 5


def test_a_series_begins_at_01_or_goes_on_where_paper_ended() -> None:
    empty = Stand(place=PLACE)
    assert next_number(empty, DAY) == 1
    with pytest.raises(NumberNotNext, match="does not follow 00"):
        next_number(empty, DAY, wanted=125)
    assert next_number(evolve(empty, begins_anywhere=True), DAY, wanted=125) == 125


def test_a_series_that_continues_anothers_has_no_gap_at_its_beginning() -> None:
    continued = Stand(place=PLACE, first=41, following=41)
    assert next_number(continued, DAY) == 41
    with pytest.raises(NumberNotNext, match="does not follow 40"):
        next_number(continued, DAY, wanted=43)


# --- Which series ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in K if kind.group is KindGroup.LEGAL])
@pytest.mark.parametrize("series", list(Series))
def test_every_kind_of_legal_document_has_its_own(kind: DocumentKind, series: Series) -> None:
    """NĐ 30/2020 Đ15.1a, whatever the head decides about administrative documents."""
    assert series_of(kind, Numbering(series=series)) == kind.value


def test_administrative_documents_are_numbered_as_the_head_has_decided() -> None:
    """NĐ 30/2020 Đ15.1c."""
    common = Numbering(series=Series.COMMON)
    assert series_of(K.CONG_VAN, Numbering()) == "CONG_VAN"
    assert series_of(K.CONG_VAN, common) == series_of(K.QUYET_DINH, common) == "COMMON"


def test_copies_share_one_series() -> None:
    assert {series_of(kind, Numbering()) for kind in (K.SAO_Y, K.SAO_LUC, K.TRICH_SAO)} == {"COPY"}


def test_an_advisory_body_has_series_of_its_own_unless_the_rule_set_denies_it() -> None:
    """NĐ 30/2020 PL I II.3a."""
    body = "Hội đồng Thi đua"
    assert series_of(K.QUYET_DINH, Numbering(), body) == "QUYET_DINH Hội đồng Thi đua"
    assert series_of(K.QUYET_DINH, Numbering(advisory_series=False), body) == "QUYET_DINH"


# --- How it is written ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "kind", "expected"),
    [
        (5, K.QUYET_DINH, "05/QĐ-UBND"),
        (10, K.QUYET_DINH, "10/QĐ-UBND"),
        (52, K.QUYET_DINH_QPPL, "52/2026/QĐ-UBND"),
    ],
)
def test_numbers_are_written_as_the_decree_wants(
    number: int, kind: DocumentKind, expected: str
) -> None:
    """NĐ 30/2020 PL I II.3c: a zero before numbers below ten."""
    assert str(written_number(number, "QĐ-UBND", kind=kind, year=2026)) == expected


@pytest.mark.parametrize("written", ["15A/QĐ-UBND", "007/QĐ-UBND", "05٣/QĐ-UBND", "00/QĐ-UBND"])
def test_a_number_that_is_no_yearly_one_is_refused(written: str) -> None:
    with pytest.raises(InvalidValue, match="number of the yearly series"):
        number_of(DocumentNumber.parse(written))


@pytest.mark.parametrize(
    ("separator", "padding", "expected"),
    [(".", 0, "H53.2026.7"), ("-", 5, "H53-2026-00007"), ("/", 1, "H53/2026/7")],
)
def test_codes_are_written_as_the_rule_set_wants(
    separator: str, padding: int, expected: str
) -> None:
    """QĐ 52/2019 Đ7.2b; numbering.code_separator and code_padding."""
    rules = Numbering(code_separator=separator, code_padding=padding)
    assert written_code(DocumentCode(H53, 2026, 7), rules) == expected


# --- Which day ------------------------------------------------------------------------------------


def test_the_vietnamese_day_decides_the_year() -> None:
    """Worked case 30 (T10)."""
    before = datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC)
    assert register_day(before) == date(2026, 12, 31)
    assert register_day(before + timedelta(seconds=1)) == date(2027, 1, 1)
    far = timezone(timedelta(hours=-11))
    assert register_day((before + timedelta(seconds=1)).astimezone(far)) == date(2027, 1, 1)


def test_an_instant_without_a_zone_has_no_day() -> None:
    with pytest.raises(NaiveTime):
        register_day(datetime(2026, 12, 31, 17))  # noqa: DTZ001
    with pytest.raises(InvalidValue, match="an instant or a day"):
        register_day("2026-12-31")  # type: ignore[arg-type]


@pytest.mark.parametrize("early", [False, True])
def test_a_document_is_not_older_than_its_number(early: bool) -> None:
    with pytest.raises(InvalidValue, match="the day of its number"):
        check_issued(DAY - timedelta(days=1), DAY, Numbering(number_before_sign=early))


def test_only_a_number_before_the_signature_may_have_an_earlier_day() -> None:
    """NĐ 30/2020 Đ15.2-3; numbering.number_before_sign."""
    later = DAY + timedelta(days=3)
    check_issued(later, DAY, Numbering(number_before_sign=True))
    with pytest.raises(InvalidValue):
        check_issued(later, DAY, Numbering())
    with pytest.raises(InvalidValue):
        check_issued(date(2027, 1, 4), DAY, Numbering(number_before_sign=True))
