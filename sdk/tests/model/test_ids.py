"""Identifiers: every shape of codes, exact parsing, canonical printing."""

from __future__ import annotations

import csv
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.errors import InvalidValue, LienthongError, NaiveTime
from lienthong.model.ids import (
    DocumentCode,
    DocumentNumber,
    OrganId,
    OrganScheme,
    PackageId,
    Sha256,
    StatementId,
)
from lienthong.testing.strategies import document_codes, document_numbers, organ_ids, package_ids

SHARED = Path(os.environ.get("LIENTHONG_SHARED", Path(__file__).parents[4] / "shared"))
ORGANISATIONS = SHARED / "data" / "orgs" / "tayninh_H53_orgs_2020.csv"


class TestOrganId:
    @pytest.mark.parametrize(
        ("code", "scheme"),
        [
            ("000.00.00.H53", OrganScheme.QCVN102),
            ("000.00.13.H53", OrganScheme.QCVN102),
            ("001.12.31.H53", OrganScheme.QCVN102),
            ("000.00.00.A53", OrganScheme.QCVN102),
            ("000.00.00.TT2", OrganScheme.QCVN102),
            ("29.23.H19", OrganScheme.PRE2016),
            ("28.22.H17", OrganScheme.PRE2016),
            ("00.53.W00", OrganScheme.PRE2016),
            ("H53", OrganScheme.QD20),
            ("G12.34", OrganScheme.QD20),
            ("H37.DN.001", OrganScheme.QD20),
            ("vxp.saas.03", OrganScheme.QD20),
            ("020100107370", OrganScheme.ENTERPRISE),
            ("000.1137.H53", OrganScheme.OTHER),
            ("01.K36", OrganScheme.OTHER),
            ("0100107370", OrganScheme.OTHER),
        ],
    )
    def test_tells_the_shapes_apart(self, code: str, scheme: OrganScheme) -> None:
        assert OrganId(code).scheme is scheme

    @pytest.mark.parametrize(
        "code",
        [
            "",
            ".",
            "H53.",
            ".H53",
            "H53..12",
            "H53 ",
            " H53",
            "H53\n",
            "H-53",
            "H53,12",
            "Đ53",
            "ß",
            "ı53",
            "Ｈ53",
            "٣٤",
            "H53\x00",
            "A" * 36,
            "A." * 17 + "AA",
        ],
    )
    def test_refuses_what_is_no_code(self, code: str) -> None:
        with pytest.raises(InvalidValue) as caught:
            OrganId(code)
        assert caught.value.facts["field"] == "OrganId"
        assert caught.value.facts["clause"] == "QĐ 20/2020 Đ4-6"

    @pytest.mark.parametrize("value", [None, 53, b"H53", ["H53"], OrganId("H53")])
    def test_refuses_what_is_no_text(self, value: Any) -> None:
        with pytest.raises(InvalidValue):
            OrganId(value)

    def test_takes_the_longest_code(self) -> None:
        assert str(OrganId("a" * 35)) == "A" * 35

    def test_compares_upper_case(self) -> None:
        assert OrganId("h53.dn.1") == OrganId("H53.DN.1")
        assert hash(OrganId("h53")) == hash(OrganId("H53"))
        assert OrganId("H53") != "H53"  # type: ignore[comparison-overlap]
        assert sorted([OrganId("H53.2"), OrganId("G12")]) == [OrganId("G12"), OrganId("H53.2")]

    def test_never_turns_one_scheme_into_another(self) -> None:
        assert OrganId("000.00.00.G12") != OrganId("G12")

    @pytest.mark.parametrize(
        ("code", "parent"),
        [
            ("001.12.31.H53", "000.12.31.H53"),
            ("000.12.31.H53", "000.00.31.H53"),
            ("000.00.31.H53", "000.00.00.H53"),
            ("010.10.10.H53", "000.10.10.H53"),
        ],
    )
    def test_parent_zeroes_the_left_most_group(self, code: str, parent: str) -> None:
        assert OrganId(code).parent() == OrganId(parent)

    @pytest.mark.parametrize("code", ["000.00.00.H53", "29.23.H19", "H53.12", "020100107370"])
    def test_parent_is_unknown_at_the_top_and_in_other_schemes(self, code: str) -> None:
        assert OrganId(code).parent() is None

    @given(organ_ids())
    def test_text_round_trip(self, code: OrganId) -> None:
        assert OrganId(str(code)) == code
        assert OrganId(str(code).lower()) == code

    @given(st.text())
    def test_any_text_is_a_code_or_refused(self, text: str) -> None:
        try:
            code = OrganId(text)
        except LienthongError:
            return
        assert str(code) == text.upper()
        assert text.isascii()

    def test_every_scheme_has_a_vietnamese_name(self) -> None:
        assert len({scheme.label_vi for scheme in OrganScheme}) == len(OrganScheme)


@pytest.mark.skipif(not ORGANISATIONS.exists(), reason="shared data are not here")
def test_the_codes_of_a_province() -> None:
    with ORGANISATIONS.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    codes = [OrganId(row["code_qcvn102"]) for row in rows]
    assert len(codes) == 455
    assert sum(count - 1 for count in Counter(codes).values()) == 7
    odd = [code for code in codes if code.scheme is not OrganScheme.QCVN102]
    assert odd == [OrganId("000.1137.H53")]
    assert odd[0].scheme is OrganScheme.OTHER
    for code, row in zip(codes, rows, strict=True):
        if row["derived_parent"] and code not in odd:
            assert str(code.parent()) == row["derived_parent"]


class TestDocumentNumber:
    def test_reads_a_number_with_a_year(self) -> None:
        number = DocumentNumber.parse("52/2019/QĐ-UBND")
        assert (number.number, number.notation) == ("52", "2019/QĐ-UBND")
        assert str(number) == "52/2019/QĐ-UBND"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "52",
            "/",
            "52/",
            "/QĐ-UBND",
            "5/QĐ-UBND",
            "a5/QĐ",
            "05 /QĐ",
            "05/QĐ UBND",
            "05/QĐ\u00a0UBND",
            "05/QĐ\n",
            "05/" + "X" * 31,
            "1" * 12 + "/QĐ",
            "٠٥/QĐ",
            "05/Q\u202eĐ",
        ],
    )
    def test_refuses_what_is_no_number(self, text: str) -> None:
        with pytest.raises(LienthongError):
            DocumentNumber.parse(text)

    def test_takes_the_longest_number_and_notation(self) -> None:
        longest = DocumentNumber("1" * 11, "X" * 30)
        assert DocumentNumber.parse(str(longest)) == longest

    @pytest.mark.parametrize("value", [None, 5, b"05/QD"])
    def test_refuses_what_is_no_text(self, value: Any) -> None:
        with pytest.raises(InvalidValue):
            DocumentNumber.parse(value)

    @given(document_numbers())
    def test_text_round_trip(self, number: DocumentNumber) -> None:
        assert DocumentNumber.parse(str(number)) == number


class TestDocumentCode:
    def test_reads_organ_year_and_ordinal(self) -> None:
        code = DocumentCode.parse("000.00.13.H53.2019.52")
        assert code == DocumentCode(OrganId("000.00.13.H53"), 2019, 52)
        assert str(code) == "000.00.13.H53.2019.52"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "H53",
            "H53.2019",
            "2019.52",
            "H53.19.52",
            "H53.2019.0",
            "H53.2019.052",
            "H53.0999.5",
            "H53.2019.52 ",
            "H53.2019.5_2",
            "H53.2019.12345678901",
        ],
    )
    def test_refuses_what_is_no_code(self, text: str) -> None:
        with pytest.raises(InvalidValue):
            DocumentCode.parse(text)

    @pytest.mark.parametrize(
        ("organ", "year", "ordinal"),
        [
            ("H53", 2019, 1),
            (OrganId("H53"), 999, 1),
            (OrganId("H53"), 10_000, 1),
            (OrganId("H53"), 2019, 0),
            (OrganId("H53"), 2019, True),
            (OrganId("H53"), "2019", 1),
        ],
    )
    def test_refuses_wrong_parts(self, organ: Any, year: Any, ordinal: Any) -> None:
        with pytest.raises(InvalidValue):
            DocumentCode(organ, year, ordinal)

    @given(document_codes())
    def test_text_round_trip(self, code: DocumentCode) -> None:
        assert DocumentCode.parse(str(code)) == code


class TestUUIDs:
    NOW = datetime(2026, 1, 5, 1, 30, 0, 123_000, tzinfo=UTC)

    @pytest.mark.parametrize("kind", [PackageId, StatementId])
    def test_holds_its_instant_and_is_a_version_7(self, kind: type[PackageId]) -> None:
        made = kind.new(self.NOW, b"\xff" * 10)
        assert made.made_at == self.NOW
        assert len(made.bytes) == 16
        assert str(made)[14] == "7"
        assert str(made)[19] in "89ab"
        assert kind.parse(str(made)) == made
        assert kind.parse(str(made).upper()) == made
        assert kind.from_bytes(made.bytes) == made

    def test_later_ones_are_greater(self) -> None:
        later = datetime(2026, 1, 5, 1, 30, 0, 124_000, tzinfo=UTC)
        assert PackageId.new(self.NOW, b"\xff" * 10) < PackageId.new(later, b"\0" * 10)

    def test_packages_and_statements_are_never_equal(self) -> None:
        made = PackageId.new(self.NOW, b"0123456789")
        assert made != StatementId(made.bytes)  # type: ignore[comparison-overlap]

    @pytest.mark.parametrize(
        "value",
        [
            b"",
            b"\0" * 16,
            b"\0" * 15,
            bytes.fromhex("019b8b3a-0000-4000-8000-000000000000".replace("-", "")),
            bytes.fromhex("019b8b3a-0000-7000-c000-000000000000".replace("-", "")),
            None,
            "019b8b3a-0000-7000-8000-000000000000",
            bytearray(16),
        ],
    )
    def test_refuses_other_bytes(self, value: Any) -> None:
        with pytest.raises(InvalidValue):
            PackageId(value)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "019b8b3a000070008000000000000000",
            "{019b8b3a-0000-7000-8000-000000000000}",
            "019b8b3a-0000-7000-8000-00000000000",
            "019b8b3a-0000-7000-8000-00000000000g",
            "019b8b3a-0000-4000-8000-000000000000",
            "019b8b3a-0000-7000-8000-000000000000\n",
        ],
    )
    def test_refuses_other_text(self, text: str) -> None:
        with pytest.raises(InvalidValue):
            PackageId.parse(text)

    def test_refuses_naive_and_early_instants_and_too_little_randomness(self) -> None:
        with pytest.raises(NaiveTime):
            PackageId.new(datetime(2026, 1, 5), b"0" * 10)  # noqa: DTZ001
        with pytest.raises(InvalidValue):
            PackageId.new(datetime(1969, 12, 31, tzinfo=UTC), b"0" * 10)
        for length in (9, 11):
            with pytest.raises(InvalidValue):
                PackageId.new(self.NOW, b"0" * length)

    def test_shows_its_text(self) -> None:
        text = "019b8b3a-0000-7000-8000-000000000000"
        assert repr(PackageId.parse(text)) == f"PackageId(value={text})"
        assert repr(StatementId.parse(text)) == f"StatementId(value={text})"

    @given(package_ids())
    def test_text_round_trip(self, made: PackageId) -> None:
        assert PackageId.parse(str(made)) == made


class TestSha256:
    def test_hashes(self) -> None:
        empty = Sha256.of(b"")
        assert empty.hex.startswith("e3b0c442")
        assert Sha256.parse(empty.hex.upper()) == empty
        assert str(empty) == empty.hex == empty.bytes.hex()
        assert repr(empty) == f"Sha256(value={empty.hex})"

    @pytest.mark.parametrize("value", [b"", b"0" * 31, b"0" * 33, None, "0" * 64])
    def test_refuses_other_bytes(self, value: Any) -> None:
        with pytest.raises(InvalidValue):
            Sha256(value)

    @pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "g" * 64, "0" * 64 + "\n"])
    def test_refuses_other_text(self, text: str) -> None:
        with pytest.raises(InvalidValue):
            Sha256.parse(text)
