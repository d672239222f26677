"""What is wrong with a rule set is named with file, line, key, found and expected."""

from __future__ import annotations

import re

import pytest

from lienthong.codec.toml_text import placed
from lienthong.errors import (
    InputError,
    InvalidValue,
    LienthongError,
    Malformed,
    MissingField,
    NoSuchDay,
    TooLarge,
    UnknownField,
)
from lienthong.rules import reading
from lienthong.rules.reading import faults_of, load_rule_set
from lienthong.rules.ruleset import RuleSet
from lienthong.rules.writing import dump_rule_set
from sdk.tests.rules.rule_set_texts import HEAD, base, load, nowhere

HEAD_LINES = 3
MORNING = "sessions = ['07:30-11:30']"
BAD: dict[str, tuple[str, type[InputError], str, int | None]] = {
    # what, key, line after the head
    "unknown key": ("wrong = 1", UnknownField, "wrong", 1),
    "unknown section": ("[offices]\n", UnknownField, "offices", 1),
    "unknown setting": ("[office]\nlunch = true", UnknownField, "office.lunch", 2),
    "unknown key of a table": (
        '[[office.hours]]\nsessions = ["07:30-11:30"]\ndays = []',
        UnknownField,
        "office.hours[0].days",
        3,
    ),
    "unknown key of a table on one line": (
        "\n[sending]\nurgent_within = { KHAN = '1 hour', MAT = '1 hour' }",
        UnknownField,
        "sending.urgent_within.MAT",
        3,
    ),
    "section that is no table": ("office = 5", InvalidValue, "office", 1),
    "text for a flag": (
        "[office]\nlunch_is_outside = 'no'",
        InvalidValue,
        "office.lunch_is_outside",
        2,
    ),
    "flag for a number": ("[files]\nmax_mib = true", InvalidValue, "files.max_mib", 2),
    "fraction for a number": ("[files]\nmax_mib = 1.5", InvalidValue, "files.max_mib", 2),
    "number out of range": ("[files]\n\nmax_mib = 0", InvalidValue, "files.max_mib", 3),
    "negative days": (
        "[receiving]\nsettle_working_days = -1",
        InvalidValue,
        "receiving.settle_working_days",
        2,
    ),
    "text for a list": (
        "[paper]\nparallel_kinds = 'DE_AN'",
        InvalidValue,
        "paper.parallel_kinds",
        2,
    ),
    "number in a list": (
        "[paper]\nparallel_kinds = [\n  'DE_AN',\n  5,\n]",
        InvalidValue,
        "paper.parallel_kinds[1]",
        2,
    ),
    "unknown kind": (
        "[paper]\nparallel_kinds = ['TO_TRIN']",
        InvalidValue,
        "paper.parallel_kinds[0]",
        2,
    ),
    "a kind twice": (
        "[paper]\nparallel_kinds = ['DE_AN', 'Đề án']",
        InvalidValue,
        "paper.parallel_kinds",
        2,
    ),
    "a kind in two lists": (
        "[paper]\nparallel_kinds = ['CONG_VAN']",
        InvalidValue,
        "paper.parallel_kinds",
        2,
    ),
    "unknown word": ("[flow]\ntake_back = 'ROBOT'", InvalidValue, "flow.take_back", 2),
    "a word that is not allowed here": (
        "[signatures]\npublic = 'REFUSE'",
        InvalidValue,
        "signatures.public",
        2,
    ),
    "no code": ("[directory]\nnot_ready = ['H53,1']", InvalidValue, "directory.not_ready[0]", 2),
    "a table without a key it needs": (
        "[[directory.contact_points]]\nbody = 'H53'",
        MissingField,
        "directory.contact_points[0].office",
        1,
    ),
    "hours without sessions": ("[[office.hours]]\n", MissingField, "office.hours[0].sessions", 1),
    "no hours": ("[office]\nhours = []", MissingField, "office.hours", 2),
    "overlapping sessions": (
        "[[office.hours]]\nsessions = ['07:30-11:30', '11:00-17:00']",
        InvalidValue,
        "office.hours[0].sessions",
        2,
    ),
    "session backwards": (
        "[[office.hours]]\nsessions = ['11:30-07:30']",
        InvalidValue,
        "office.hours[0].sessions[0]",
        2,
    ),
    "time that does not exist": (
        "[[office.hours]]\nsessions = ['07:60-11:30']",
        InvalidValue,
        "office.hours[0].sessions[0]",
        2,
    ),
    "time of another day": (
        "[[office.hours]]\nsessions = ['07:30-24:30']",
        InvalidValue,
        "office.hours[0].sessions[0]",
        2,
    ),
    "midnight that is not the end of the day": (
        "[[office.hours]]\nsessions = ['13:00-00:00']",
        InvalidValue,
        "office.hours[0].sessions[0]",
        2,
    ),
    "session from the end of the day": (
        "[[office.hours]]\nsessions = ['24:00-24:00']",
        InvalidValue,
        "office.hours[0].sessions[0]",
        2,
    ),
    "session in an unknown zone": (
        "[[office.hours]]\nsessions = ['07:30-11:30 Asia/Hanoi']",
        InvalidValue,
        "office.hours[0].sessions[0]",
        2,
    ),
    "session with an offset": (
        "[reports]\ncheck_times = ['08:00+07:00']",
        InvalidValue,
        "reports.check_times[0]",
        2,
    ),
    "unknown day of the week": (
        "[[office.hours]]\nsessions = ['07:30-11:30']\nweekdays = ['CN']",
        InvalidValue,
        "office.hours[0].weekdays[0]",
        3,
    ),
    "no day of the week": (
        "[[office.hours]]\nsessions = ['07:30-11:30']\nweekdays = []",
        InvalidValue,
        "office.hours[0].weekdays",
        3,
    ),
    "season on no day": (
        "[[office.hours]]\nsessions = ['07:30-11:30']\nseason_from = '04-31'\nseason_to = '10-15'",
        InvalidValue,
        "office.hours[0].season_from",
        3,
    ),
    "half a season": (
        "[[office.hours]]\nsessions = ['07:30-11:30']\nseason_from = '04-16'",
        InvalidValue,
        "office.hours[0].season_to",
        1,
    ),
    "fault in the second table": (
        "[[office.hours]]\nsessions = ['07:30-11:30']\n[[office.hours]]\nsessions = ['x']",
        InvalidValue,
        "office.hours[1].sessions[0]",
        4,
    ),
    "two kinds of hours on a day": (
        f"[[office.hours]]\n{MORNING}\n[[office.hours]]\n{MORNING}",
        InvalidValue,
        "office.hours",
        1,
    ),
    "day that does not exist": ("valid_from = '2026-02-29'", NoSuchDay, "valid_from", 1),
    "a day that no TOML can hold": ("\nvalid_to = 2026-04-31", NoSuchDay, "valid_to", 2),
    "a key twice": ("sources = []\nsources = []", InvalidValue, "sources", 2),
    "31 April": ("valid_to = '2026-04-31'", NoSuchDay, "valid_to", 1),
    "naive instant for a day": ("valid_from = 2026-01-01T00:00:00", InvalidValue, "valid_from", 1),
    "instant for a day": ("valid_from = 2026-01-01T00:00:00Z", InvalidValue, "valid_from", 1),
    "validity that is over before it begins": (
        "valid_from = 2026-01-01\nvalid_to = 2025-01-01",
        InvalidValue,
        "valid_to",
        2,
    ),
    "time without a unit": (
        "[sending]\nmax_clock_skew = '5'",
        InvalidValue,
        "sending.max_clock_skew",
        2,
    ),
    "number for a time": (
        "[sending]\nmax_clock_skew = 5",
        InvalidValue,
        "sending.max_clock_skew",
        2,
    ),
    "negative time": (
        "[sending]\nurgent_within = { KHAN = '1 hour', HOA_TOC = '-1 hour' }",
        InvalidValue,
        "sending.urgent_within.HOA_TOC",
        2,
    ),
    "the most urgent is the slowest": (
        "[sending.urgent_within]\nKHAN = '1 hour'\nTHUONG_KHAN = '1 hour'\nHOA_TOC = '2 hours'",
        InvalidValue,
        "sending.urgent_within.HOA_TOC",
        4,
    ),
    "an urgency is missing": (
        "[sending.urgent_within]\nKHAN = '1 hour'\nTHUONG_KHAN = '1 hour'",
        MissingField,
        "sending.urgent_within.HOA_TOC",
        1,
    ),
    "negative number of the wire": (
        "[wire.priorities]\nTHUONG = -1\nKHAN = 1\nTHUONG_KHAN = 2\nHOA_TOC = 3",
        InvalidValue,
        "wire.priorities",
        1,
    ),
    "a kind under two names": (
        "[wire.kind_numbers]\nCONG_VAN = 18\n'Công văn' = 19",
        InvalidValue,
        "wire.kind_numbers",
        1,
    ),
    "wrong source": ("sources = [1]", InvalidValue, "sources[0]", 1),
    "unknown duty": (
        "[[directory.duties]]\nduty = 'KING'\nname = 'Sở A'",
        InvalidValue,
        "directory.duties[0].duty",
        2,
    ),
    "two holders of a duty": (
        "[[directory.duties]]\nduty = 'AXIS_OPERATOR'\nname = 'A'\n" * 2,
        InvalidValue,
        "directory.duties",
        1,
    ),
}


def check_fault(case: str, told: LienthongError) -> None:
    """The fault of a case is told as it should be."""
    _, kind, key, line = BAD[case]
    assert type(told) is kind
    assert told.facts["file"] == "thu.toml"
    assert told.facts["key"] == key
    assert told.facts["line"] == (None if line is None else HEAD_LINES + line)
    for language in ("en", "vi"):
        assert f"thu.toml line {told.facts['line']}" in told.message(language)
        assert set(re.findall(r"{(\w+)}", getattr(told, language))) <= told.facts.keys()


@pytest.mark.parametrize("case", BAD)
def test_faults_are_named_with_file_line_and_key(case: str) -> None:
    with pytest.raises(InputError) as caught:
        load(BAD[case][0])
    check_fault(case, caught.value)


@pytest.mark.planted("fault told on another line")
def test_a_fault_on_another_line_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(error: InputError, text: str, file_name: str) -> InputError:
        return placed(error, f"\n{text}", file_name)

    monkeypatch.setattr(reading, "placed", elsewhere)
    with pytest.raises(AssertionError):
        test_faults_are_named_with_file_line_and_key("unknown setting")


@pytest.mark.planted("unknown key of a rule set ignored")
def test_an_ignored_key_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading._Draft, "_check_keys", lambda *given: None)
    with pytest.raises(pytest.fail.Exception):
        test_faults_are_named_with_file_line_and_key("unknown setting")


def test_a_similar_key_is_suggested() -> None:
    with pytest.raises(UnknownField) as caught:
        load("[office]\nlunch_is_outsid = true")
    assert caught.value.facts["nearest"] == "lunch_is_outside"
    assert "lunch_is_outside" in str(caught.value)


@pytest.mark.parametrize(("text", "line"), [("x = ", 1), ("# \u2028\n[", 2), ("a\n", 1)])
def test_what_is_no_toml_is_malformed(text: str, line: int) -> None:
    with pytest.raises(Malformed) as caught:
        load(text, head="")
    assert caught.value.facts["file"] == "thu.toml"
    assert caught.value.facts["line"] == line


def test_too_much_text_is_refused() -> None:
    with pytest.raises(TooLarge):
        load("#" * 2**20)


@pytest.mark.parametrize("key", ["name", "title"])
def test_name_and_title_are_needed(key: str) -> None:
    head = "".join(line for line in HEAD.splitlines(keepends=True) if not line.startswith(key))
    with pytest.raises(MissingField) as caught:
        load("", head)
    assert caught.value.facts["key"] == key


def test_without_a_base_everything_has_to_be_said() -> None:
    text = dump_rule_set(RuleSet(name="goc", title="Gốc"))
    lines = [line for line in text.splitlines() if not line.startswith("check_times")]
    with pytest.raises(MissingField) as caught:
        load_rule_set("\n".join(lines), "goc.toml", nowhere)
    assert caught.value.facts["key"] == "reports.check_times"
    assert caught.value.facts["line"] == lines.index("[reports]") + 1


def test_all_faults_of_a_file_are_told_at_once() -> None:
    body = "wrong = 1\n[office]\nlunch = 1\nlunch_is_outside = 5\n[files]\nmax_mib = 0\n"
    body += "media_types = ['pdf']\nvalid = 1\n[receiving]\nrefusal_reasons = ['OTHER']\n"
    found = faults_of(f"{HEAD}{body}", "thu.toml", base)
    assert [(error.facts["line"], error.facts["key"]) for error in found] == [
        (4, "wrong"),
        (6, "office.lunch"),
        (7, "office.lunch_is_outside"),
        (9, "files.max_mib"),
        (10, "files.media_types"),
        (11, "files.valid"),
        (12, "receiving.refusals_to_approve"),
    ]
    assert faults_of(HEAD, "thu.toml", base) == ()
    assert len(faults_of("x = ", "thu.toml", base)) == 1
