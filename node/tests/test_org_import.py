"""Organisations from CSV files."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from attrs import evolve

from lienthong.errors import ImportInvalid
from lienthong.model.ids import OrganId, OrganScheme
from lienthong.model.organisation import Directory, OrganLink, OrganName
from lienthong_node.admin_port import batches
from lienthong_node.core.registry import directory_with, references
from lienthong_node.org_import import Table, merged, read_organisations
from node.tests.support import BODY, DIRECTORY, OFFICE, TODAY, A, B, C, organisation

EMPTY = Directory()
SHARED = Path(os.environ.get("LIENTHONG_SHARED", Path(__file__).parents[2].parent / "shared"))
TAY_NINH = SHARED / "data/orgs/tayninh_H53_orgs_2020.csv"


def read(tmp_path: Path, text: str, known: Directory = EMPTY) -> Table:
    path = tmp_path / "orgs.csv"
    path.write_text(text, "utf-8")
    return read_organisations(path, known, TODAY)


def reasons(table: Table) -> list[tuple[int, str]]:
    return [(problem.line, problem.reason) for problem in table.problems]


def test_reads_names_levels_aliases_and_parents(tmp_path: Path) -> None:
    table = read(
        tmp_path,
        "code,name,level,parent,alias,in_charge\n"
        f'{A},"UBND tỉnh, Tây Ninh",1,,H53,Văn thư\n'
        f"{B},Sở TT&TT,2,{A},H53.13,\n",
    )
    first, second = table.organisations
    assert (first.names[0].value, first.level, first.in_charge) == (
        "UBND tỉnh, Tây Ninh",
        1,
        "Văn thư",
    )
    assert [str(code) for code in first.all_codes()] == [A, "H53"]
    assert second.parent == OrganId(A)
    assert not table.problems
    assert not table.notes


@pytest.mark.parametrize(
    "heading",
    ["Ma_Dinh_Danh , TEN", "\ufeffcode,name", "organ_id,organ_name,whatever", "ten,code_qcvn102"],
)
def test_understands_headings_in_any_order_and_spelling(tmp_path: Path, heading: str) -> None:
    line = f"Sở,{B}" if heading.startswith("ten") else f"{B},Sở"
    table = read(tmp_path, f"{heading}\n{line}\n")
    assert [(str(o.organ_id), o.names[0].value) for o in table.organisations] == [(B, "Sở")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no column code"),
        (b"code,other\n", "no column name"),
        (b"name\n", "no column code"),
        (b"code,name\n\xff\xfe\n", "not UTF-8"),
        (b'code,name\n"unfinished', "not CSV"),
    ],
)
def test_refuses_a_file_that_cannot_be_used(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "orgs.csv"
    path.write_bytes(content)
    with pytest.raises(ImportInvalid, match=reason):
        read_organisations(path, EMPTY, TODAY)


def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImportInvalid):
        read_organisations(tmp_path / "nothing.csv", EMPTY, TODAY)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("!!!,Sở", "OrganId"),
        (",Sở", "OrganId"),
        (f"{B},", "OrganName.value"),
        (f"{B},{'x' * 201}", "OrganName.value"),
        ("0" * 36 + ",Sở", "OrganId"),
    ],
)
def test_a_wrong_line_is_named_and_the_others_are_read(
    tmp_path: Path, line: str, reason: str
) -> None:
    table = read(tmp_path, f"code,name\n{A},UBND\n{line}\n{C},Sở\n")
    [(number, found)] = reasons(table)
    assert number == 3
    assert reason in found
    assert [str(o.organ_id) for o in table.organisations] == [A, C]


def test_a_code_stands_once_also_as_an_alias(tmp_path: Path) -> None:
    table = read(
        tmp_path,
        f"code,name,alias\n{A},UBND,H53\n{A},UBND,\nh53,Ai đó,\n{B},Sở,h53\n{C},Sở,{A}\n",
    )
    assert reasons(table) == [
        (3, f"the code {A} stands in line 2"),
        (4, "the code H53 stands in line 2"),
        (5, "the code H53 stands in line 2"),
        (6, f"the code {A} stands in line 2"),
    ]


def test_a_code_of_an_organisation_that_is_there_is_not_taken(tmp_path: Path) -> None:
    table = read(tmp_path, f"code,name,alias\n000.00.98.H53,Ai đó,{B}\n", DIRECTORY)
    assert reasons(table) == [(2, f"the code {B} belongs to {B}")]


def test_an_unknown_parent_is_left_out_and_noted(tmp_path: Path) -> None:
    table = read(tmp_path, f"code,name,parent\n{B},Sở,{A}\n{C},Sở,{B}\n")
    assert [o.parent for o in table.organisations] == [None, OrganId(B)]
    assert [note.line for note in table.notes] == [2]
    known = read(tmp_path, f"code,name,parent\n{B},Sở,{A}\n", DIRECTORY)
    assert known.organisations[0].parent == OrganId(A)


def test_what_the_file_does_not_say_stays(tmp_path: Path) -> None:
    """A second import must not end contact points, aliases, dates or names of earlier days."""
    table = read(tmp_path, f"code,name\n{OFFICE},Văn phòng\n{B},Cơ quan {B}\n", DIRECTORY)
    office, department = table.organisations
    assert office.contact_point_of == (OrganId(BODY),)
    assert office.name_on(TODAY) == "Văn phòng"
    assert department.codes == DIRECTORY.resolve(OrganId(B)).codes


class TestPlannedChanges:
    """They hold from their day on, whatever is imported before."""

    DAY = TODAY + timedelta(days=9)
    KNOWN = Directory(
        [
            organisation(A),
            organisation(C),
            evolve(
                organisation(B),
                names=[
                    OrganName(value="nay", valid_to=DAY),
                    OrganName(value="sau", valid_from=DAY),
                ],
                parent=OrganId(C),
                former_parents=[OrganLink(organ_id=OrganId(A), valid_to=DAY)],
            ),
        ]
    )

    @pytest.mark.parametrize("name", ["nay", "sau"])
    @pytest.mark.parametrize("parent", [A, C, ""])
    def test_stay_when_what_holds_or_will_hold_is_said(
        self, tmp_path: Path, name: str, parent: str
    ) -> None:
        table = read(tmp_path, f"code,name,parent\n{B},{name},{parent}\n", self.KNOWN)
        assert table.organisations == (self.KNOWN.resolve(OrganId(B)),)

    @pytest.mark.parametrize(
        ("name", "parent", "expected"),
        [
            ("khác", A, f"expected nay, or from {DAY} on sau"),
            ("nay", BODY, f"expected {A}, or from {DAY} on {C}"),
        ],
    )
    def test_are_not_undone(self, tmp_path: Path, name: str, parent: str, expected: str) -> None:
        known = directory_with(self.KNOWN, [organisation(BODY)])
        table = read(tmp_path, f"code,name,parent\n{B},{name},{parent}\n", known)
        [(line, reason)] = reasons(table)
        assert line == 2
        assert expected in reason


class TestBatches:
    def test_nothing_stands_before_what_it_refers_to(self) -> None:
        chain = [organisation(f"A.{n}", parent=OrganId(f"A.{n + 1}")) for n in range(9)]
        found = batches([*chain, organisation("A.9")], 3)
        assert [len(batch) for batch in found] == [3, 3, 3, 1]
        seen: set[OrganId] = set()
        for batch in found:
            seen |= {o.organ_id for o in batch}
            assert all(set(references(o)) <= seen for o in batch)

    def test_the_given_order_stays_where_nothing_speaks_against_it(self) -> None:
        given = [organisation(code) for code in (C, A, B)]
        assert batches(given, 10) == [tuple(given)]

    def test_a_circle_is_no_endless_loop(self) -> None:
        one = organisation(A, successors=[OrganId(B)])
        other = organisation(B, contact_point_of=[OrganId(A)])
        [batch] = batches([one, other], 10)
        assert set(batch) == {one, other}

    def test_an_alias_is_a_reference_too(self) -> None:
        child = organisation(C, parent=OrganId("H53.13"))
        parent = organisation(B, aliases=("H53.13",))
        assert batches([child, parent], 1) == [(parent,), (child,)]

    def test_nothing_makes_no_batch(self) -> None:
        assert batches([], 10) == []


@pytest.mark.skipif(not TAY_NINH.exists(), reason="the shared data are not here")
def test_the_directory_of_tay_ninh() -> None:
    table = read_organisations(TAY_NINH, EMPTY, TODAY)
    assert len(table.organisations) == 448
    assert len(table.problems) == 7
    assert all("stands in line" in problem.reason for problem in table.problems)
    assert len(Directory(table.organisations)) == 448
    odd = [o for o in table.organisations if o.organ_id.scheme is OrganScheme.OTHER]
    assert len(odd) == 1
    assert any(str(odd[0].organ_id) in note.reason for note in table.notes)


def test_dates_and_successors_come_along(tmp_path: Path) -> None:
    table = read(
        tmp_path,
        "code,name,valid_from,valid_to,successors\n"
        "000.00.40.H53,Cũ,2016-01-01,2025-07-01,000.00.41.H53; 000.00.42.H53\n"
        "000.00.43.H53,Sai ngày,2025-02-30,,\n",
        EMPTY,
    )
    [closed] = table.organisations
    assert (closed.valid_from, closed.valid_to) == (date(2016, 1, 1), date(2025, 7, 1))
    assert [str(heir) for heir in closed.successors] == ["000.00.41.H53", "000.00.42.H53"]
    assert [problem.line for problem in table.problems] == [3]


def test_another_name_begins_today_and_the_last_one_ends() -> None:
    known = Directory((organisation(A),))
    renamed = merged(organisation(A, names=[OrganName(value="Tên mới")]), known, TODAY)
    yesterday = TODAY - timedelta(days=1)
    assert renamed.name_on(TODAY) == "Tên mới"
    assert renamed.name_on(yesterday) == known.organisations[0].names[0].value
    assert merged(organisation(A), known, TODAY).names == known.organisations[0].names
