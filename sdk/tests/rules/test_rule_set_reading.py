"""Rule sets as TOML: a file says what its source says, the rest is inherited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.errors import InheritanceCycle, InputError, InvalidValue, Malformed
from lienthong.rules.reading import faults_of, load_rule_set
from lienthong.rules.ruleset import SETTINGS, RuleSet
from lienthong.rules.writing import dump_rule_set, rule_set_template
from sdk.tests.rules.rule_set_texts import ALTERNATIVES, HEAD, ROOT, base, load, said


def test_an_unknown_base_is_named_with_the_known_ones() -> None:
    with pytest.raises(InvalidValue) as caught:
        load("", HEAD.replace('"goc"', '"khac"'))
    assert str(caught.value) == "thu.toml line 3: inherits is khac, expected one of goc"


def test_a_rule_set_does_not_inherit_from_itself() -> None:
    with pytest.raises(InvalidValue) as caught:
        load_rule_set(HEAD.replace('"goc"', '"thu-2026"'), "thu.toml", lambda name: ROOT)
    assert caught.value.facts["line"] == 3
    assert caught.value.facts["expected"] == "another rule set"


def test_a_circle_is_told_where_it_is_entered() -> None:
    def circle(name: str) -> RuleSet:
        raise InheritanceCycle(chain="a → b → a")

    with pytest.raises(InheritanceCycle) as caught:
        load_rule_set(HEAD, "thu.toml", circle)
    assert caught.value.facts["line"] == 3


def test_a_fault_of_the_base_is_told_as_that_files_fault() -> None:
    fault = Malformed(what="goc.toml", reason="x", file="goc.toml", line=7)

    def broken(name: str) -> RuleSet:
        raise fault

    found = faults_of(f"{HEAD}[files]\nmax_mib = 0", "thu.toml", broken)
    assert [error.facts["file"] for error in found] == ["goc.toml", "thu.toml"]
    with pytest.raises(Malformed):
        load_rule_set(HEAD, "thu.toml", broken)


def test_there_is_an_alternative_for_every_setting() -> None:
    assert ALTERNATIVES.keys() == SETTINGS.keys()


def check_override(loader: Callable[[str], RuleSet], key: str) -> None:
    """Saying one setting changes that one and no other."""
    found = loader(said({key: ALTERNATIVES[key]}))
    assert found[key] != ROOT[key]
    assert found.version != f"thu-2026@{ROOT.version.partition('@')[2]}"
    for other in SETTINGS:
        assert found.origins[other] == ("thu-2026" if other == key else "goc")
        if other != key:
            assert found[other] == ROOT[other]


@pytest.mark.parametrize("key", SETTINGS)
def test_a_file_changes_what_it_says_and_nothing_else(key: str) -> None:
    extra = {"receiving.refusals_to_approve": "[]"} if key == "receiving.refusal_reasons" else {}
    if extra:
        found = load(said({key: ALTERNATIVES[key]} | extra))
        assert found.receiving.refusals_to_approve == ()
        return
    check_override(load, key)


def test_a_base_that_is_forgotten_would_be_noticed() -> None:
    def forgetful(body: str) -> RuleSet:
        found = load(body)
        return attrs.evolve(found, reports=attrs.evolve(found.reports, cutoff_day=1))

    with pytest.raises(AssertionError):
        check_override(forgetful, "files.max_mib")


SOME = st.lists(
    st.sampled_from(sorted(SETTINGS.keys() - {"receiving.refusal_reasons"})), unique=True
)


@given(keys=SOME)
def test_whatever_a_file_says_it_reads_as_it_was_written(keys: list[str]) -> None:
    found = load(said({key: ALTERNATIVES[key] for key in keys}))
    again = load_rule_set(dump_rule_set(found), "thu.toml", base)
    assert again == found
    assert again.origins == found.origins
    assert again.version == found.version
    assert {key for key, origin in found.origins.items() if origin == "thu-2026"} == set(keys)


def test_a_desk_round_the_clock_can_be_written() -> None:
    """The midnight that ends a day is 24:00, never 00:00 of the same day."""
    found = load("[[office.hours]]\nsessions = ['13:00-24:00', '00:00-11:30']\n")
    assert [str(one) for one in found.office.hours[0].sessions] == ["00:00-11:30", "13:00-24:00"]
    assert load_rule_set(dump_rule_set(found), "thu.toml", base) == found


@given(keys=SOME, more=st.randoms())
def test_the_version_does_not_depend_on_the_order_of_a_file(keys: list[str], more: Any) -> None:
    shuffled = list(keys)
    more.shuffle(shuffled)
    one, other = (
        load(said({key: ALTERNATIVES[key] for key in order})) for order in (keys, shuffled)
    )
    assert one.version == other.version


@given(first=SOME, second=SOME)
def test_origins_name_the_nearest_file_that_says_it(first: list[str], second: list[str]) -> None:
    middle = load(said({key: ALTERNATIVES[key] for key in first}))
    head = 'name = "con"\ntitle = "Con"\ninherits = "thu-2026"\n'
    text = head + said({key: ALTERNATIVES[key] for key in second})
    found = load_rule_set(text, "con.toml", lambda name: middle)
    for key in SETTINGS:
        expected = "con" if key in second else "thu-2026" if key in first else "goc"
        assert found.origins[key] == expected
        assert found[key] == (
            middle[key] if key not in second else load(said({key: ALTERNATIVES[key]}))[key]
        )


@given(text=st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for error in faults_of(f"{HEAD}{text}", "thu.toml", base):
        assert isinstance(error, InputError)
        assert error.facts["file"] == "thu.toml"


def test_a_template_loads_and_changes_nothing() -> None:
    text = rule_set_template("moi-2027", ROOT)
    found = load_rule_set(text, "moi.toml", base)
    assert found.version == f"moi-2027@{ROOT.version.partition('@')[2]}"
    assert set(found.origins.values()) == {"goc"}


def test_a_template_shows_every_setting_with_number_clause_and_meaning() -> None:
    text = rule_set_template("moi-2027", ROOT)
    for setting in SETTINGS.values():
        assert f"# [{setting.number}] {setting.vi} ({setting.clause}).\n" in text
        assert f"#      {setting.en}\n" in text


def test_a_template_loads_with_every_line_in_use() -> None:
    lines = rule_set_template("moi-2027", ROOT).splitlines()
    used = [
        line.removeprefix("# ") if line.removeprefix("# ").split(" = ")[0].isidentifier() else line
        for line in lines
    ]
    found = load_rule_set("\n".join(used), "moi.toml", base)
    assert set(found.origins.values()) == {"moi-2027"}
    assert found.valid_from is not None
    assert found.plain() == ROOT.plain()
