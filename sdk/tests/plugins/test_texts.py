"""Files that people name may be anything: each is refused by its name, and none is read whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lienthong.codec.toml_text import MAX_TOML_BYTES
from lienthong.errors import InvalidValue, LienthongError, TooLarge
from lienthong.plugins.calendars import find_calendar
from lienthong.plugins.rule_sets import find_rule_set, rule_set_faults
from lienthong.plugins.texts import MOST_BASES, read_text

Make = Callable[[Path], object]


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(20 * 2**30)


def circle(path: Path) -> None:
    other = path.with_name("other.toml")
    other.symlink_to(path)
    path.symlink_to(other)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (sparse, TooLarge),
        (circle, InvalidValue),
        (os.mkfifo, InvalidValue),
        (Path.mkdir, InvalidValue),
        (lambda path: path.write_bytes(b"\xff\xfe"), InvalidValue),
        (lambda path: path.symlink_to("/dev/zero"), InvalidValue),
    ],
)
def test_what_is_no_text_is_refused_by_its_name(
    tmp_path: Path, make: Make, error: type[LienthongError]
) -> None:
    path = tmp_path / "own.toml"
    make(path)
    for use in (lambda: find_rule_set(str(path)), lambda: find_calendar(path)):
        with pytest.raises(error) as refused:
            use()
        assert str(path) in str(refused.value)
    assert [type(fault) for fault in rule_set_faults(str(path))] == [error]


def test_the_limit_is_one_of_bytes(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("ư" * (MAX_TOML_BYTES // 2), "utf-8")
    assert len(read_text(path)) == MAX_TOML_BYTES // 2
    path.write_text("ư" * (MAX_TOML_BYTES // 2) + "x", "utf-8")
    with pytest.raises(TooLarge):
        read_text(path)


def test_no_path_can_hold_a_nul(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\ntitle = "Thử"\ninherits = "a\\u0000.toml"\n', "utf-8")
    [fault] = rule_set_faults(str(own))
    assert isinstance(fault, InvalidValue)


def test_long_chains_are_refused_as_such(tmp_path: Path) -> None:
    count = MOST_BASES + 5
    for number in range(count):
        base = f"f{number + 1}.toml" if number + 1 < count else "national-2020"
        text = f'name = "f{number}"\ntitle = "Thử"\ninherits = "{base}"\n'
        (tmp_path / f"f{number}.toml").write_text(text, "utf-8")
        base = f"c{number + 1}.toml" if number + 1 < count else "vietnam"
        text = f'name = "c{number}"\nbase = "{base}"\nfirst_year = 2026\nlast_year = 2026\n'
        (tmp_path / f"c{number}.toml").write_text(text, "utf-8")
    for use in (
        lambda: find_rule_set(str(tmp_path / "f0.toml")),
        lambda: find_calendar(tmp_path / "c0.toml"),
    ):
        with pytest.raises(InvalidValue, match=f"at most {MOST_BASES}"):
            use()
    assert find_rule_set(str(tmp_path / f"f{count - MOST_BASES}.toml")).name.startswith("f")
    assert find_calendar(tmp_path / f"c{count - MOST_BASES}.toml").first_year == 2018
