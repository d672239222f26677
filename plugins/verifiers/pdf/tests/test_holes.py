"""The space of a signature holds one CMS message, zeros, and nothing else."""

from __future__ import annotations

import pytest

from lienthong.errors import Malformed
from lienthong_verifier_pdf.holes import message_length, read_hole

MESSAGE = bytes.fromhex("3003020101")
BEFORE, AFTER = b"before", b"after"


def file_of(hole: bytes) -> tuple[bytes, list[object]]:
    data = BEFORE + hole + AFTER
    return data, [0, len(BEFORE), len(BEFORE) + len(hole), len(AFTER)]


def test_reads_the_message_without_its_padding() -> None:
    data, ranges = file_of(b"<" + MESSAGE.hex().encode() + b"0000>")
    hole = read_hole(data, ranges)
    assert (hole.message, hole.covered, hole.oddity) == (MESSAGE, len(data), "")
    assert data[hole.start : hole.end].startswith(b"<")


@pytest.mark.parametrize(
    "hole",
    [
        b"",
        b"<>",
        b"3003020101",
        b"<3003020101",
        b"<300302010>",
        b"<3003020101 >",
        b"<3003020101\n00>",
        b"<3003020101><00>",
        b"<300302010100001>",
        b"<300302010100000100>",
        b"<30030201>",
        b"<3080020101000000>",
        b"<3103020101>",
        b"<3084ffffffff00>",
        b"(3003020101)",
    ],
)
def test_refuses_anything_else(hole: bytes) -> None:
    with pytest.raises(Malformed):
        read_hole(*file_of(hole))


@pytest.mark.parametrize(
    "ranges",
    [
        [],
        [0, 6, 18],
        [0, 6, 18, 5, 0],
        [1, 5, 18, 5],
        [0, 0, 18, 5],
        [0, 6, 6, 17],
        [0, 18, 6, 5],
        [0, 6, 18, 0],
        [0, 6, 18, 6],
        [0, -6, 18, 5],
        [0, 6, "18", 5],
        [0, 6.0, 18, 5],
        [0, 10**30, 10**31, 5],
    ],
)
def test_refuses_other_ranges(ranges: list[object]) -> None:
    data, good = file_of(b"<3003020101>")
    assert read_hole(data, good).message == MESSAGE
    with pytest.raises(Malformed):
        read_hole(data, ranges)


def test_mixed_case_is_an_oddity() -> None:
    assert read_hole(*file_of(b"<3004020200aA>")).oddity
    assert not read_hole(*file_of(b"<3004020200aa>")).oddity


@pytest.mark.parametrize(("value", "length"), [("30020500", 4), ("3081020500ff", 5)])
def test_length_is_that_of_the_first_value(value: str, length: int) -> None:
    assert message_length(bytes.fromhex(value)) == length


def test_file_that_is_cut_off_is_told() -> None:
    data, ranges = file_of(b"<" + MESSAGE.hex().encode() + b">")
    with pytest.raises(Malformed, match="cut off: 23 bytes were signed, 22 are there"):
        read_hole(data[:-1], ranges)
