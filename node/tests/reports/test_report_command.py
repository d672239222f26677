"""``lienthong-node report`` on data folders: what goes wrong, and what comes out."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lienthong.model.time import format_vietnam, vietnam_date
from lienthong_node.cli import cli
from lienthong_node.cli.reporting import KINDS
from lienthong_node.opening import utc_now
from lienthong_node.reports.book import FILE_NAME
from node.tests.reports.reporting import NEW_CODE, at, fill, records_of
from sdk.tests.reports.generated import generate

PERIOD = ("--period", "2026-Q3")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_LANG", "en")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node's folder with a journal."""
    folder = tmp_path_factory.mktemp("node") / "data"
    assert run("init", folder, "--axis", "truc.test").exit_code == 0
    with closing(records_of(folder)) as store:
        fill(store, generate(41, 12).entries)
    return folder


def run(*arguments: object) -> Result:
    found = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def report(kind: str, data: Path, *options: object, org: str = NEW_CODE) -> Result:
    return run("report", kind, data, "--org", org, *options)


def error(kind: str, data: Path, *options: object, org: str = NEW_CODE) -> dict[str, Any]:
    found = report(kind, data, *options, "--json", org=org)
    assert (found.exit_code, found.stdout) == (1, "")
    told: dict[str, Any] = json.loads(found.stderr)["error"]
    return told


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--period", "2026-13"), "model.invalid_value"),
        (("--period", "2026-09"), "config.invalid"),
        (("--period", "2090-Q1"), "report.period_not_begun"),
        (("--period", "2001-Q1"), "rules.outside_calendar"),
        (("--period", "2090-Q1", "--freeze"), "report.period_not_over"),
        ((*PERIOD, "--figures", "khong-co.toml"), "config.invalid"),
        ((*PERIOD, "--rule-set", "khong-co"), "rules.rule_set_unknown"),
        ((*PERIOD, "--calendar", "khong-co"), "rules.calendar_unknown"),
        ((*PERIOD, "--output", "khong/co/bao-cao.txt"), "config.invalid"),
        ((*PERIOD, "--as-of", "2026-11-22T08:00:00+07:00"), "config.invalid"),
    ],
)
def test_what_cannot_be_reported_has_a_code(
    data: Path, options: tuple[str, ...], code: str
) -> None:
    assert error("quarterly", data, *options)["code"] == code


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        ("overdue", ("--period", "2026-Q3"), "config.invalid"),
        ("overdue", ("--freeze",), "config.invalid"),
        ("overdue", ("--figures", "so-lieu.toml"), "config.invalid"),
        ("overdue", ("--as-of", "hom nay"), "model.invalid_value"),
        ("overdue", ("--as-of", "2026-11-22T08:00:00"), "model.naive_time"),
        ("overdue", ("--as-of", "2020-11-22T08:00:00+07:00"), "config.invalid"),
        ("codes", ("--as-was",), "config.invalid"),
        ("codes", ("--period", "2090-07"), "report.period_not_begun"),
        ("registers", ("--figures", "so-lieu.toml"), "config.invalid"),
    ],
)
def test_options_that_a_report_has_no_use_for_are_refused(
    data: Path, kind: str, options: tuple[str, ...], code: str
) -> None:
    told = error(kind, data, *options)
    assert told["code"] == code
    if code == "config.invalid":
        assert told["facts"]["key"] == options[0]


def test_the_way_out_beside_a_running_node_works_as_it_is_told(data: Path, tmp_path: Path) -> None:
    counts, backup = tmp_path / "counts.db", tmp_path / "backup"
    options = (*PERIOD, "--format", "csv", "--counts", counts)
    with closing(records_of(data)):
        told = error("quarterly", data, *options)
        assert (told["code"], told["facts"]["path"]) == ("report.behind", str(counts))
        assert f"--counts {counts}" in told["next_step"]
    assert run("backup", data, "--to", backup).exit_code == 0
    of_backup = report("quarterly", backup, *options)
    assert of_backup.exit_code == 0, of_backup.stderr
    with closing(records_of(data)):
        assert report("quarterly", data, *options).stdout_bytes == of_backup.stdout_bytes


def test_what_is_late_is_as_of_the_instant_that_was_asked_for(data: Path) -> None:
    newest = json.loads(report("overdue", data, "--json").stdout)
    assert newest["kind"] == "overdue"
    later = "2026-12-07T08:00:00+07:00"
    made = json.loads(report("overdue", data, "--as-of", later, "--json").stdout)
    assert made["period"]["name"] == "2026-12-07"
    assert made["source"] == newest["source"]


def test_codes_are_those_that_were_entered_into_the_node(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert run("init", folder, "--axis", "truc.test").exit_code == 0
    for code, name in (("H53", "UBND tỉnh"), ("H53.13", "Sở TT&TT"), ("H53.13", "Sở KH&CN")):
        above = () if code == "H53" else ("--parent", "H53")
        entered = run("org", "add", folder, code, name, *above)
        assert entered.exit_code == 0, entered.stderr
    month = f"{vietnam_date(utc_now()):%Y-%m}"
    made = json.loads(report("codes", folder, "--period", month, "--json", org="H53").stdout)
    rows = [row[1:6] for row in made["blocks"][1]["rows"]]
    assert rows == [
        ["Cấp mã", "H53", "UBND tỉnh", "", ""],
        ["Cấp mã", "H53.13", "Sở TT&TT", "", ""],
        ["Đổi tên", "H53.13", "Sở KH&CN", "Sở TT&TT", "Sở KH&CN"],
    ]


def test_an_unknown_organisation_is_named(data: Path) -> None:
    assert "H53.99" in error("quarterly", data, *PERIOD, org="H53.99")["message"]


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    assert error("quarterly", tmp_path, *PERIOD)["code"] == "config.invalid"


def test_a_running_node_needs_counts_that_are_there(data: Path) -> None:
    (data / FILE_NAME).unlink(missing_ok=True)
    with closing(records_of(data)):
        assert error("quarterly", data, *PERIOD)["code"] == "report.behind"


def test_beside_a_running_node_the_last_counts_are_shown(data: Path) -> None:
    before = report("quarterly", data, *PERIOD, "--format", "csv").stdout_bytes
    with closing(records_of(data)):
        found = report("quarterly", data, *PERIOD, "--format", "csv")
        other = error("quarterly", data, *PERIOD, "--rule-set", "national-2020")
        path = data / FILE_NAME
        path.write_bytes(path.read_bytes()[:100] + b"damaged" * 1000)
        damaged = error("quarterly", data, *PERIOD)
    assert found.stdout_bytes == before
    assert other["code"] == "report.behind"
    assert damaged["code"] == "report.unusable"
    again = report("quarterly", data, *PERIOD)
    assert again.exit_code == 0, "with the records at hand it is made anew"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_every_kind_has_every_format(data: Path, tmp_path: Path, kind: str, form: str) -> None:
    """Without a period it is the newest that is over, whatever today is."""
    calendar = tmp_path / "lich.toml"
    calendar.write_text(
        'name = "dai-han"\nbase = "vietnam"\nfirst_year = 2028\nlast_year = 2090\n', "utf-8"
    )
    found = report(kind, data, "--format", form, "--calendar", calendar)
    assert found.exit_code == 0, found.stderr
    text = found.stdout_bytes.decode("utf-8-sig")
    assert "Sở Tài chính" in text
    if form == "json":
        assert json.loads(text)["kind"] == kind
    if form == "csv":
        assert list(csv.reader(io.StringIO(text)))[2] == ["Sở Tài chính", "000.00.11.H53"]


def test_rebuilding_gives_the_same(data: Path) -> None:
    def without_time(found: Result) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(found.stdout)
        return made | {"source": {k: v for k, v in made["source"].items() if "Số" not in k}}

    first = report("year", data, "--period", "2026", "--with-units", "--json", org="000.00.00.H53")
    again = report(
        "year", data, "--period", "2026", "--with-units", "--json", "--rebuild", org="000.00.00.H53"
    )
    assert without_time(first) == without_time(again)


@pytest.mark.parametrize("content", [b"quan trong", b"SQLite format 3\0" * 99])
def test_rebuilding_leaves_a_file_of_somebody_else(
    data: Path, tmp_path: Path, content: bytes
) -> None:
    other = tmp_path / "quan-trong.txt"
    other.write_bytes(content)
    told = error("quarterly", data, *PERIOD, "--rebuild", "--counts", other)
    assert told["code"] == "report.unusable"
    assert other.read_bytes() == content


def test_what_only_the_report_reads_is_made_anew_too(data: Path, tmp_path: Path) -> None:
    counts = tmp_path / "counts.db"
    options = (*PERIOD, "--format", "csv", "--counts", counts)
    before = report("quarterly", data, *options).stdout_bytes
    with sqlite3.connect(counts) as db:
        db.execute("UPDATE tally SET measure = 'KHONG_CO' || measure")
    db.close()
    with closing(records_of(data)):
        assert error("quarterly", data, *options)["code"] == "report.unusable"
    assert report("quarterly", data, *options).stdout_bytes == before


def test_only_what_the_records_vouch_for_is_counted_and_frozen(tmp_path: Path) -> None:
    """They are those of a backup: what came after it is not known."""
    folder = tmp_path / "data"
    assert run("init", folder, "--axis", "truc.test").exit_code == 0
    entries = [each for each in generate(41, 12).entries if each.recorded_at < at("2026-09-10")]
    last = entries[-1]
    with closing(records_of(folder)) as store:
        fill(store, entries)
    made = json.loads(report("quarterly", folder, *PERIOD, "--json").stdout)
    assert made["source"]["Số liệu đến"] == format_vietnam(last.recorded_at)
    told = error("quarterly", folder, *PERIOD, "--freeze")
    assert (told["code"], told["facts"]["last"]) == ("report.period_not_over", "2026-09-14")
    newest = json.loads(report("monthly", folder, "--json").stdout)
    assert newest["period"]["last"] < str(vietnam_date(last.recorded_at))


def test_the_counts_of_one_backup_go_on_with_the_next(data: Path, tmp_path: Path) -> None:
    counts = tmp_path / "counts.db"
    first = report("year", data, "--period", "2026", "--json", "--counts", counts)
    assert counts.is_file()
    read = counts.stat().st_ino
    again = report("year", data, "--period", "2026", "--json", "--counts", counts)
    assert json.loads(again.stdout)["blocks"] == json.loads(first.stdout)["blocks"]
    assert counts.stat().st_ino == read, "it was not made anew"


def test_a_frozen_report_stays(data: Path) -> None:
    found = report("quarterly", data, "--period", "2025-Q3", "--format", "csv", "--freeze")
    made = json.loads(found.stdout)
    assert Path(made["file"]).parent == data / "reports"
    told = error("quarterly", data, "--period", "2025-Q3", "--format", "csv", "--freeze")
    assert told["code"] == "report.frozen"
    assert made["sha256"] in told["message"]


def test_weights_make_points(data: Path, tmp_path: Path) -> None:
    rules = tmp_path / "diem.toml"
    rules.write_text(
        """
name = "diem"
title = "Thử chấm điểm"
inherits = "tay-ninh-2019"

[[reports.scorecard]]
metric = "M5"
points = 20
""",
        "utf-8",
    )
    made = report(
        "cchc", data, "--period", "2026", "--rule-set", rules, "--with-units", "--format", "json",
        org="000.00.00.H53",
    )  # fmt: skip
    assert made.exit_code == 0, made.stderr
    [table] = json.loads(made.stdout)["blocks"]
    assert table["columns"][1] == "M5 (tối đa 20)"
    assert len(table["rows"]) == 3
