"""``explain``: fields, paper and deadlines with their clauses, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from lienthong.cli.commands import explaining
from lienthong.cli.failures import ExitCode
from lienthong.model.file_signature import LegalValue

Run = Callable[..., Result]
OTHER = "000.00.13.H53"
GOOD = """\
number = "52/TTr-UBND"
issued_date = 2026-11-11
kind = "TO_TRINH"
subject = "Về việc phê duyệt kế hoạch năm 2027"
signed_at = 2026-11-13T16:50:00+07:00
[signer]
full_name = "Chánh Văn phòng"
position = "Chánh Văn phòng"
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "document.toml"
    path.write_text(GOOD, "utf-8")
    return path


def test_says_all_in_json(run: Run, document: Path) -> None:
    arguments = ("--to", OTHER, "--attach", "map", "--entered-at", "2026-11-13T17:00:00+07:00")
    result = run("explain", document, *arguments, "--json")
    found = json.loads(result.stdout)
    assert (found["complete"], found["faults"]) == (True, [])
    [paper] = found["paper"]
    assert (paper["organ_id"], paper["form"], paper["basis"]) == (OTHER, "E_AND_PAPER", "QD52_6_2B")
    assert paper["reasons"][0]["clause"] == "QĐ 52/2019 Đ6.2b"
    due = {one["name"]: (one["result"], one["rule"]) for one in found["deadlines"]}
    assert due["sent"] == ("2026-11-16T11:30:00+07:00", "T3")
    assert due["received"] == ("2026-11-16T07:30:00+07:00", "T2")
    assert due["forwarded"] == ("2026-11-17T17:00:00+07:00", "T6")
    assert found["rule_set"] == "tay-ninh-2019"


def test_tells_people_with_the_clause(run: Run, document: Path) -> None:
    result = run("explain", document, "--attach", "MAP")
    assert "any other recipient: paper copy required" in result.stdout
    assert "Đ6.2b" in result.stdout
    assert "11:30:00 Mon 2026-11-16" in result.stdout


def test_speaks_vietnamese(run: Run, document: Path) -> None:
    result = run("explain", document, "--unsigned", env={"LIENTHONG_LANG": "vi"})
    assert "lãnh đạo phải quyết định" in result.stdout
    assert "thứ Hai, 16/11/2026" in result.stdout


def test_lists_everything_that_is_missing(run: Run, document: Path) -> None:
    document.write_text('kind = "TO_TRINH"\nreply_requested = true\n', "utf-8")
    found = json.loads(run("explain", document, "--json").stdout)
    missing = {one["field"]: one["clause"] for one in found["faults"] if one["missing"]}
    assert missing == {
        "number": "QĐ 52/2019 Đ7.2c",
        "issued_date": "QĐ 52/2019 Đ7.2d",
        "subject": "QĐ 52/2019 Đ7.2e",
        "signer": "QĐ 52/2019 Đ7.2i",
        "due_date": "QĐ 52/2019 Đ9.2b",
    }
    # With a reply asked for until no day, nothing follows from the rest.
    assert (found["complete"], found["paper"], found["deadlines"]) == (False, [], [])


def test_what_is_there_is_explained_while_something_is_missing(run: Run, document: Path) -> None:
    document.write_text(GOOD.replace("subject", "# subject"), "utf-8")
    result = run("explain", document, "--attach", "MAP", "--json")
    found = json.loads(result.stdout)
    assert [one["field"] for one in found["faults"]] == ["subject"]
    assert [one["form"] for one in found["paper"]] == ["E_AND_PAPER"]
    assert {one["name"] for one in found["deadlines"]} >= {"sent", "sent_same_day"}
    assert result.exit_code == ExitCode.INPUT
    document.write_text(GOOD.replace("kind", "# kind"), "utf-8")
    assert json.loads(run("explain", document, "--json").stdout)["paper"] == []


def test_an_issuer_that_nobody_names_is_no_reason_for_paper(
    run: Run, document: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    head = 'name = "own"\ntitle = "Thử"\ninherits = "tay-ninh-2019"\n[directory]\n'
    own.write_text(f'{head}not_ready = ["H53", "000.00.01.H53"]\n', "utf-8")
    arguments = ("explain", document, "--rule-set", own, "--json")
    assert json.loads(run(*arguments).stdout)["paper"][0]["form"] == "E_ONLY"
    document.write_text(f'issuer_code = "000.00.01.H53"\n{GOOD}', "utf-8")
    assert json.loads(run(*arguments).stdout)["paper"][0]["form"] == "PAPER_ONLY"


def test_a_recipient_s_own_hours_count_for_it_alone(
    run: Run, document: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    head = 'name = "own"\ntitle = "Thử"\ninherits = "tay-ninh-2019"\n'
    hours = 'hours = [{ sessions = ["09:00-12:00"] }]\n'
    hours = f'[[office.own_hours]]\norganisation = "{OTHER}"\n{hours}'
    own.write_text(head + hours, "utf-8")
    at = ("--entered-at", "2026-11-16T07:40:00+07:00", "--rule-set", own, "--json")
    found = json.loads(run("explain", document, "--to", OTHER, "--to", "000.00.11.H53", *at).stdout)
    received = {
        one["organ_id"]: one["result"] for one in found["deadlines"] if one["name"] == "received"
    }
    assert received == {
        OTHER: "2026-11-16T09:00:00+07:00",
        None: "2026-11-16T07:40:00+07:00",
    }
    asked = run("received-at", "2026-11-16T07:40:00+07:00", "--for", OTHER, *at[2:])
    assert json.loads(asked.stdout)["result"] == "2026-11-16T09:00:00+07:00"


@pytest.mark.parametrize("signed", [f"{year}-12-31T09:00:00+07:00" for year in (1960, 2017, 2027)])
def test_a_day_that_no_calendar_has_hides_nothing_else(
    run: Run, document: Path, signed: str
) -> None:
    document.write_text(GOOD.replace("2026-11-13T16:50:00+07:00", signed), "utf-8")
    options = ("--attach", "MAP", "--entered-at", "2026-11-16T07:40:00+07:00")
    result = run("explain", document, *options, "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["complete"]) == (ExitCode.INPUT, True)
    assert [one["code"] for one in found["outside_calendar"]] == ["rules.outside_calendar"]
    assert found["paper"][0]["form"] == "E_AND_PAPER"
    assert found["legal_value"] == "ORIGINAL_EQUIVALENT"
    names = {one["name"] for one in found["deadlines"]}
    assert ("sent" in names, "forwarded" in names) == (False, True)
    shown = run("explain", document, *options)
    assert found["outside_calendar"][0]["message"] in " ".join(shown.stdout.split())
    assert shown.exit_code == ExitCode.INPUT


def test_without_a_signing_time_it_says_what_to_give(run: Run, document: Path) -> None:
    document.write_text(GOOD.replace("signed_at", "# signed_at"), "utf-8")
    assert "signed_at" in run("explain", document).stdout


WORTHS: tuple[tuple[str, list[str], int, str], ...] = (
    ("", [], 1, "ORIGINAL_EQUIVALENT"),
    ("", ["--unsigned"], 4, "INFORMATION_ONLY"),
    ("", ["--unsigned", "--from-outside"], 14, "INFORMATION_ONLY"),
    ("", ["--from-outside"], 14, "REVIEW"),
    ('copy_form = "SAO_Y"\n', [], 6, "COPY_EQUIVALENT_TO_BAN_CHINH"),
    ('copy_form = "SAO_Y"\n', ["--unsigned"], 7, "INFORMATION_ONLY"),
)


@pytest.mark.parametrize(("data", "options", "row", "value"), WORTHS)
def test_says_what_it_is_worth_and_why(
    run: Run, document: Path, data: str, options: list[str], row: int, value: str
) -> None:
    document.write_text(data + GOOD, "utf-8")
    found = json.loads(run("explain", document, *options, "--json").stdout)
    assert (found["legal_value"], found["legal_reasons"][0]["row"]) == (value, row)
    clause = found["legal_reasons"][0]["clause"]
    assert clause in run("explain", document, *options).stdout


@pytest.mark.planted("a citizen's document is judged as an agency's")
def test_a_citizen_who_is_taken_for_an_agency_is_noticed(
    run: Run, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worth = explaining._worth
    monkeypatch.setattr(
        explaining, "_worth", lambda *given, is_outside: worth(*given, is_outside=not is_outside)
    )
    with pytest.raises(AssertionError):
        test_says_what_it_is_worth_and_why(run, document, *WORTHS[2])


def test_every_worth_has_a_vietnamese_name(run: Run, document: Path) -> None:
    assert len({value.label_vi for value in LegalValue}) == len(LegalValue)
    result = run("explain", document, "--unsigned", "--from-outside", "--lang", "vi")
    assert "để biết, tham khảo" in result.stdout
    assert "LegalValue" not in result.stdout


def test_nothing_is_told_of_what_contradicts_itself(run: Run, document: Path) -> None:
    document.write_text(f"reply_requested = true\n{GOOD}", "utf-8")
    found = json.loads(run("explain", document, "--json").stdout)
    assert (found["complete"], found["legal_value"], found["legal_reasons"]) == (False, None, [])


def test_own_rule_set_counts(run: Run, document: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'name = "own"\ntitle = "Thử"\ninherits = "tay-ninh-2019"\n'
        f'[directory]\nnot_ready = ["{OTHER}"]\n',
        "utf-8",
    )
    found = json.loads(run("explain", document, "--to", OTHER, "--rule-set", own, "--json").stdout)
    assert found["paper"][0]["form"] == "PAPER_ONLY"
    assert found["rule_set"] == "own"


@pytest.mark.parametrize(
    ("text", "arguments", "code"),
    [
        (GOOD, ("--entered-at", "2026-11-13T17:00:00"), "model.naive_time"),
        (GOOD, ("--rule-set", "no-such"), "rules.rule_set_unknown"),
        ("number = ", (), "codec.malformed"),
        (f'do_mat = "Mật"\n{GOOD}', (), "model.state_secret"),
    ],
)
def test_mistakes_have_a_code(
    run: Run, document: Path, text: str, arguments: tuple[str, ...], code: str
) -> None:
    document.write_text(text, "utf-8")
    result = run("explain", document, *arguments, "--json")
    error = json.loads(result.stderr)["error"]
    assert (error["code"], error["exit_code"]) == (code, result.exit_code)
    assert result.exit_code != ExitCode.DONE
