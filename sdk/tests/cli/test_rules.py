"""``lienthong rules``: what rule sets say, what is wrong with one, and one of one's own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result

from lienthong.cli.base import Session
from lienthong.cli.commands import rules
from lienthong.cli.commands.options import RULE_SET
from lienthong.cli.commands.rules import show
from lienthong.cli.failures import ExitCode, exit_code
from lienthong.errors import Language, NotFound, RuleSetClash
from lienthong.plugins.rule_sets import KnownRuleSet
from lienthong.rules.ruleset import SETTINGS

ROOT = Path(__file__).parents[3]
Run = Callable[..., Result]

GOOD = """\
name = "ours"
title = "Của chúng tôi"
inherits = "tay-ninh-2019"

[reports]
# QĐ 5/2027/QĐ-UBND Đ3
cutoff_day = 10
"""
BAD = """\
name = "ours"
title = "Của chúng tôi"
inherits = "tay-ninh-2019"

[office]
lunch_is_outsid = true

[files]
max_mib = "5"
"""


def write(folder: Path, text: str, name: str = "ours.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def told(result: Result) -> dict[str, object]:
    """The error on standard error."""
    found: dict[str, object] = json.loads(result.stderr)["error"]
    return found


def test_list_names_the_shipped_ones(run: Run) -> None:
    result = run("rules", "list", "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["name"] for row in rows] == [
        "bac-lieu-2019",
        "national-2020",
        "phu-tho-2019",
        "tay-ninh-2019",
        "vinh-long-2019",
    ]
    assert all(row["problem"] is None and row["source"] == "lienthong" for row in rows)
    assert {row["name"]: row["valid_from"] for row in rows}["tay-ninh-2019"] == "2020-01-01"
    assert all(row["valid_to"] is None for row in rows)
    assert "tay-ninh-2019@" in run("rules", "list").stdout
    assert "2020-01-01 – …" in run("rules", "list").stdout


def test_plugins_that_offer_one_name_are_a_fault_of_plugins() -> None:
    assert exit_code(RuleSetClash(name="x", sources="a, b")) is ExitCode.PLUGIN


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_problem_is_listed_with_its_code(language: Language) -> None:
    problem = NotFound(what="rule set x")
    current = Session(language=language)
    row = rules._listed(KnownRuleSet(name="", source="torn (torn 1)", problem=problem), current)
    assert json.loads(json.dumps(row)) == row
    assert row["problem"]["code"] == problem.code
    assert (row["valid_from"], row["version"]) == (None, None)
    assert rules._cells(row)[-1] == problem.message(language)


def test_show_gives_value_clause_origin_and_meaning(run: Run) -> None:
    result = run("rules", "show", "--key", "reports.quarterly", "--json")
    data = json.loads(result.stdout)
    assert data["name"] == "tay-ninh-2019"
    assert data["inherits"] == "national-2020"
    assert data["valid_from"] == "2020-01-01"
    assert data["settings"] == [
        {
            "key": "reports.quarterly",
            "value": True,
            "origin": "tay-ninh-2019",
            "number": 36,
            "clause": "QĐ 52/2019 Đ13.4",
            "description": "units report on the 15th of the last month of each quarter",
        }
    ]


def test_show_tells_every_setting_and_is_json(run: Run) -> None:
    data = json.loads(run("rules", "show", "tay-ninh-2019", "--json").stdout)
    assert [row["key"] for row in data["settings"]] == list(SETTINGS)


def test_show_speaks_vietnamese(run: Run) -> None:
    text = run("rules", "show", "bac-lieu-2019", "--key", "reports", "--lang", "vi").stdout
    assert "các đơn vị báo cáo vào ngày 15 tháng cuối quý" in text
    assert "Quy chế của UBND tỉnh Bạc Liêu năm 2019" in text
    assert "office.hours" not in text


def test_show_reads_a_file(run: Run, tmp_path: Path) -> None:
    result = run("rules", "show", write(tmp_path, GOOD), "--key", "reports.cutoff_day", "--json")
    [row] = json.loads(result.stdout)["settings"]
    assert (row["value"], row["origin"]) == (10, "ours")


def test_show_refuses_an_unknown_key_with_the_nearest(run: Run) -> None:
    result = run("rules", "show", "--key", "office.hour")
    assert result.exit_code == ExitCode.INPUT
    assert "→ office.hours?" in result.stderr
    assert run("rules", "show", "--key", "xyz").exit_code == ExitCode.INPUT


def test_an_unknown_name_is_not_found(run: Run) -> None:
    result = run("rules", "show", "long-an-2019", "--json")
    assert result.exit_code == ExitCode.NOT_FOUND
    assert told(result)["code"] == "rules.rule_set_unknown"
    assert not result.stdout


def test_diff_shows_both_values(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    data = json.loads(run("rules", "diff", "tay-ninh-2019", path, "--json").stdout)
    assert data["differences"] == [
        {"key": "reports.cutoff_day", "clause": "NĐ 09/2019 Đ12", "one": 14, "other": 10}
    ]
    assert data["one"].startswith("tay-ninh-2019@")
    lines = run("rules", "diff", "tay-ninh-2019", path).stdout.splitlines()
    assert lines[0].split() == ["key", "tay-ninh-2019", "ours"]
    assert lines[1].split() == ["reports.cutoff_day", "14", "10"]


def test_diff_of_equal_ones_says_so(run: Run) -> None:
    result = run("rules", "diff", "phu-tho-2019", "national-2020")
    assert result.exit_code == 0
    assert "agree" in result.stdout


def test_check_says_that_a_file_is_good(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    result = run("rules", "check", path)
    assert result.exit_code == 0
    assert f"{path} is a sound rule set: ours@" in result.stdout


def test_check_tells_every_fault_with_its_line(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, BAD)
    result = run("rules", "check", path, write(tmp_path, GOOD, "good.toml"), "--json")
    assert result.exit_code == ExitCode.INPUT
    bad, good = (json.loads(line) for line in result.stdout.splitlines())
    assert bad["file"] == str(path)
    assert bad["version"] is None
    assert [(fault["line"], fault["key"], fault["code"]) for fault in bad["faults"]] == [
        (6, "office.lunch_is_outsid", "codec.unknown_field"),
        (9, "files.max_mib", "model.invalid_value"),
    ]
    assert good["faults"] == []
    text = run("rules", "check", path, "--lang", "vi").stdout
    assert f"{path} line 9: files.max_mib là '5', cần a whole number" in text


def test_check_finds_a_file_beside_the_caller(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, GOOD, "ours")
    monkeypatch.chdir(tmp_path)
    assert run("rules", "check", "ours").exit_code == 0
    result = run("rules", "check", "absent")
    assert result.exit_code == ExitCode.INPUT
    assert "absent is unreadable" in result.stdout


def test_the_example_in_the_documentation_is_sound(run: Run, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "write-a-rule-set.md").read_text("utf-8")
    [example] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert run("rules", "check", write(tmp_path, example)).exit_code == 0


def test_check_needs_a_file(run: Run) -> None:
    assert run("rules", "check").exit_code == ExitCode.USAGE


@pytest.mark.parametrize("base", ["national-2020", "tay-ninh-2019", "bac-lieu-2019"])
def test_new_writes_one_that_passes_the_check(run: Run, tmp_path: Path, base: str) -> None:
    path = tmp_path / "ours.toml"
    assert run("rules", "new", "ours-2027", "--from", base, "--output", path).exit_code == 0
    assert run("rules", "check", path).exit_code == 0
    assert "agree" in run("rules", "diff", base, path).stdout
    text = path.read_text("utf-8")
    for setting in SETTINGS.values():
        assert f"# {setting.name} = " in text
        assert setting.clause in text


def test_new_prints_without_a_file(run: Run) -> None:
    text = run("rules", "new", "ours-2027").stdout
    assert 'inherits = "tay-ninh-2019"' in text
    assert json.loads(run("rules", "new", "ours-2027", "--json").stdout)["template"] == text


@pytest.mark.parametrize("name", ["Ours", "ours 2027", "tay-ninh-2019", "x" * 65])
def test_new_refuses_names_that_lead_astray(run: Run, name: str) -> None:
    result = run("rules", "new", name, "--json")
    assert result.exit_code == ExitCode.INPUT
    assert told(result)["code"] == "model.invalid_value"


def test_new_never_overwrites(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    assert run("rules", "new", "ours-2027", "--output", path).exit_code == ExitCode.INPUT
    assert path.read_text("utf-8") == GOOD


def test_new_inherits_from_a_name_only(run: Run, tmp_path: Path) -> None:
    result = run("rules", "new", "ours-2027", "--from", write(tmp_path, GOOD))
    assert result.exit_code == ExitCode.INPUT
    assert "expected a name, not a file" in result.stderr


def test_names_and_keys_are_completed() -> None:
    context = click.Context(show)
    name, key = (
        next(one for one in show.params if one.name == word) for word in ("rule_set", "key")
    )
    items = RULE_SET.shell_complete(context, name, "tay")
    assert [(item.value, item.type) for item in items] == [
        ("tay-ninh-2019", "plain"),
        ("tay", "file"),
    ]
    found = [item.value for item in key.shell_complete(context, "office.h")]
    assert found == ["office.hours"]


def test_texts_of_a_file_cannot_steer_the_terminal(run: Run, tmp_path: Path) -> None:
    text = GOOD.replace("Của chúng tôi", "Của\u202e chúng tôi")
    result = run("rules", "show", write(tmp_path, text), "--key", "reports.cutoff_day")
    assert "\u202e" not in result.stdout
