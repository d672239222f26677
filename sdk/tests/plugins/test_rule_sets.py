"""Rule sets by name and path: shipped ones, those of plugins, files, and what goes wrong there."""

from __future__ import annotations

from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from lienthong.errors import (
    InheritanceCycle,
    InvalidValue,
    PluginFailed,
    PluginLoadFailed,
    RuleSetClash,
    RuleSetUnknown,
    UnknownField,
)
from lienthong.plugins.rule_sets import (
    DEFAULT_RULE_SET,
    find_rule_set,
    known_rule_sets,
    rule_set_faults,
    rule_set_names,
)
from lienthong.rules.deadlines import OnDayOff
from lienthong.rules.ruleset import SETTINGS, RuleSet, differences
from lienthong.rules.sections.directory import Duty

SHIPPED = ("bac-lieu-2019", "national-2020", "phu-tho-2019", "tay-ninh-2019", "vinh-long-2019")
GROUP = "lienthong.rule_sets"
PLUGIN = """
from lienthong.spi import *

SPI_VERSION = 1
CAPABILITIES = RuleSetCapabilities()
TEXTS = {texts!r}

class Shelf(RuleSetSource):
    def names(self):
        return sorted(TEXTS)
    def text(self, name):
        return TEXTS[name]

@hookimpl
def lienthong_rule_sets():
    return Shelf()
"""


def text_of(name: str, body: str = "", inherits: str = "national-2020") -> str:
    return f'name = "{name}"\ntitle = "Thử"\ninherits = "{inherits}"\n{body}'


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return str(path)


def plugin(**texts: str) -> str:
    return PLUGIN.format(texts={name.replace("_", "-"): text for name, text in texts.items()})


def test_the_shipped_ones_are_there() -> None:
    assert rule_set_names() == SHIPPED
    assert [known.name for known in known_rule_sets()] == list(SHIPPED)
    assert all(known.problem is None for known in known_rule_sets())
    assert DEFAULT_RULE_SET in SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_ones_have_title_source_and_validity(name: str) -> None:
    found = find_rule_set(name)
    assert found.name == name
    assert found.title
    assert found.sources
    assert found.valid_from is not None
    assert found.origins.keys() == SETTINGS.keys()
    assert set(found.origins.values()) <= {name, "national-2020"}


def test_the_national_one_says_everything_as_the_defaults_do() -> None:
    found = find_rule_set("national-2020")
    assert found.inherits == ""
    assert set(found.origins.values()) == {"national-2020"}
    assert not differences(found, RuleSet(name="x", title="x"))


def test_the_national_one_gives_a_basis_for_every_setting() -> None:
    file = resources.files("lienthong.data") / "rule_sets" / "national-2020.toml"
    comment, explained = False, set()
    section = ""
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("#"):
            comment = True
        elif line.startswith("["):
            section = line.strip("[]")
            if comment and "." in section:
                explained.add(section)
            comment = comment and "." in section
        elif not line:
            comment = False
        elif comment:
            explained.add(f"{section}.{line.partition(' =')[0]}")
    assert explained >= SETTINGS.keys()


def test_tay_ninh_is_what_its_regulation_says() -> None:
    found = find_rule_set("tay-ninh-2019")
    assert found.valid_from == date(2020, 1, 1)
    [hours] = found.office.hours
    assert [str(one.start) for one in hours.sessions] == ["07:30:00", "13:00:00"]
    assert [str(one.end) for one in hours.sessions] == ["11:30:00", "17:00:00"]
    assert found.reports.quarterly
    assert found.reports.on_day_off is OnDayOff.NEXT
    assert len(found.reports.check_times) == 2
    assert found.directory.external_participants
    for duty in Duty:
        holder = found.directory.holder(duty, date(2024, 1, 1))
        assert holder is not None
        assert holder.name == "Sở Thông tin và Truyền thông"
        assert found.directory.holder(duty, date(2019, 12, 31)) is None


def test_the_other_provinces_say_only_what_their_sources_say() -> None:
    national = find_rule_set("national-2020")
    said = {
        name: [setting.key for setting in differences(national, find_rule_set(name))]
        for name in SHIPPED
    }
    assert said["bac-lieu-2019"] == ["directory.duties", "reports.evaluation_months"]
    assert said["vinh-long-2019"] == ["archive.keep_paper_master", "directory.duties"]
    assert said["phu-tho-2019"] == []


def test_an_unknown_name_comes_with_the_known_ones() -> None:
    with pytest.raises(RuleSetUnknown) as caught:
        find_rule_set("long-an-2019")
    assert caught.value.facts == {"name": "long-an-2019", "known": ", ".join(SHIPPED)}


def test_a_file_is_found_by_its_path_and_inherits_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, "ours.toml", text_of("ours", "[files]\nmax_mib = 5"))
    found = find_rule_set(path)
    assert found.files.max_mib == 5
    assert found.origins["files.max_mib"] == "ours"
    assert found.origins["files.compress"] == "national-2020"


def test_a_file_may_inherit_from_a_file_beside_it(tmp_path: Path) -> None:
    write(tmp_path, "base/ours.toml", text_of("ours", "[files]\nmax_mib = 5"))
    path = write(tmp_path, "own.toml", text_of("own", inherits="base/ours.toml"))
    assert find_rule_set(path).files.max_mib == 5


def test_a_file_from_a_windows_editor_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_bytes(text_of("ours").replace("\n", "\r\n").encode("utf-8-sig"))
    assert find_rule_set(str(path)).title == "Thử"


@pytest.mark.parametrize("content", [None, b"\xff", "folder"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | str | None) -> None:
    path = tmp_path / "ours.toml"
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(InvalidValue) as caught:
        find_rule_set(str(path))
    assert caught.value.facts["field"] == str(path)
    assert [str(one) for one in rule_set_faults(str(path))] == [str(caught.value)]


def test_a_missing_base_is_told_where_it_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "ours.toml", text_of("ours", inherits="absent"))
    with pytest.raises(InvalidValue) as caught:
        find_rule_set(path)
    assert caught.value.facts["line"] == 3
    assert caught.value.facts["key"] == "inherits"


def test_a_circle_of_files_is_told_with_its_members(tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "c"), ("c", "a")):
        write(tmp_path, f"{one}.toml", text_of(one, inherits=f"{other}.toml"))
    path = write(tmp_path, "d.toml", text_of("d", inherits="a.toml"))
    with pytest.raises(InheritanceCycle) as caught:
        find_rule_set(path)
    assert caught.value.facts["chain"] == "a.toml → b.toml → c.toml → a.toml"
    assert [type(one) for one in rule_set_faults(str(tmp_path / "a.toml"))] == [InheritanceCycle]


def test_faults_of_a_base_name_its_file(tmp_path: Path) -> None:
    base = write(tmp_path, "base.toml", text_of("base", "[files]\nmax = 5"))
    path = write(tmp_path, "ours.toml", text_of("ours", "wrong = 1", inherits="base.toml"))
    found = rule_set_faults(path)
    assert [(type(one), one.facts["file"]) for one in found] == [
        (UnknownField, base),
        (UnknownField, path),
    ]


def test_a_plugin_offers_rule_sets(shelf: Any, make_host: Any) -> None:
    shelf.put(
        plugin(long_an_2019=text_of("long-an-2019", "[files]\nmax_mib = 7", "tay-ninh-2019")),
        group=GROUP,
        name="provinces",
    )
    host = make_host()
    assert rule_set_names(host) == tuple(sorted([*SHIPPED, "long-an-2019"]))
    found = find_rule_set("long-an-2019", host)
    assert found.files.max_mib == 7
    assert found.origins["reports.quarterly"] == "tay-ninh-2019"
    [known] = [known for known in known_rule_sets(host) if known.name == "long-an-2019"]
    assert known.source == "provinces (acme-toys 4.2)"
    assert "long-an-2019" not in rule_set_names()


WRONG_NAMES = ("../secret", "Tây Ninh", "ours.toml", "", "a" * 65, "A", "x\n")


@pytest.mark.parametrize("name", [*WRONG_NAMES, 5, None, []])
def test_a_name_that_no_rule_set_can_have_is_not_offered(
    shelf: Any, make_host: Any, name: object
) -> None:
    offered = plugin(good=text_of("good")).replace(
        "return sorted(TEXTS)", f"return ['good', {name!r}]"
    )
    shelf.put(offered, group=GROUP, name="wrong")
    host = make_host()
    known = {one.name: one for one in known_rule_sets(host)}
    assert isinstance(known[""].problem, PluginFailed)
    assert known[""].source == "wrong (acme-toys 4.2)"
    if isinstance(name, str):
        assert rule_set_names(host) == tuple(sorted([*SHIPPED, "good"]))
        assert find_rule_set("good", host).name == "good"
        assert "a-z, 0-9" in str(known[""].problem)


@pytest.mark.planted("names of plugins are not looked at")
def test_a_name_that_is_not_looked_at_is_noticed(
    shelf: Any, make_host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lienthong.plugins.rule_sets.is_name", lambda _: True)
    with pytest.raises((AssertionError, KeyError)):
        test_a_name_that_no_rule_set_can_have_is_not_offered(shelf, make_host, WRONG_NAMES[0])


def test_plugins_that_inherit_from_each_other_in_a_circle(shelf: Any, make_host: Any) -> None:
    texts = {"a": text_of("a", inherits="b"), "b": text_of("b", inherits="a")}
    shelf.put(plugin(**texts), group=GROUP, name="circle")
    with pytest.raises(InheritanceCycle, match="a → b → a"):
        find_rule_set("a", make_host())


def test_a_broken_plugin_is_named_and_harms_no_other(shelf: Any, make_host: Any) -> None:
    shelf.put("raise OSError('x')", group=GROUP, name="torn", distribution="torn")
    lying = plugin(b=text_of("b")).replace("return sorted(TEXTS)", "return 5")
    shelf.put(lying, group=GROUP, name="lying", distribution="lying")
    wrong = plugin(c=text_of("other"), d="x = ", e=text_of("e"))
    shelf.put(wrong, group=GROUP, name="wrong", distribution="wrong")
    host = make_host()
    known = {(one.source, one.name): one for one in known_rule_sets(host)}
    problems = {key: type(one.problem) for key, one in known.items() if one.problem is not None}
    assert problems[("torn (torn 4.2)", "")] is PluginLoadFailed
    assert problems[("lying (lying 4.2)", "")] is PluginFailed
    assert problems[("wrong (wrong 4.2)", "c")] is InvalidValue
    assert len(problems) == 4
    assert known[("wrong (wrong 4.2)", "e")].rule_set is not None
    assert find_rule_set("e", host).name == "e"
    assert find_rule_set(DEFAULT_RULE_SET, host) == find_rule_set(DEFAULT_RULE_SET)


def test_a_name_that_two_plugins_offer_is_refused(shelf: Any, make_host: Any) -> None:
    for name in ("one", "two"):
        shelf.put(plugin(a=text_of("a")), group=GROUP, name=name, distribution=name)
    host = make_host()
    with pytest.raises(RuleSetClash) as caught:
        find_rule_set("a", host)
    assert caught.value.facts["sources"] == "one (one 4.2), two (two 4.2)"
    clashes = [one for one in known_rule_sets(host) if isinstance(one.problem, RuleSetClash)]
    assert [one.name for one in clashes] == ["a", "a"]


def test_a_plugin_never_replaces_a_shipped_one(shelf: Any, make_host: Any) -> None:
    text = text_of("tay-ninh-2019", "[files]\nmax_mib = 1")
    shelf.put(plugin(tay_ninh_2019=text), group=GROUP, name="impostor")
    host = make_host()
    assert find_rule_set("tay-ninh-2019", host) == find_rule_set("tay-ninh-2019")
    found = [one for one in known_rule_sets(host) if one.name == "tay-ninh-2019"]
    assert [type(one.problem) for one in found] == [type(None), RuleSetClash]


def test_a_blocked_plugin_is_left_out(shelf: Any, make_host: Any) -> None:
    shelf.put("raise OSError('x')", group=GROUP, name="torn")
    assert len(known_rule_sets(make_host("rule_set:torn"))) == len(SHIPPED)
