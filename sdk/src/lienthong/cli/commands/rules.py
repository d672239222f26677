"""``rules``: which rule sets there are, what they say, and one of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.text import Text

from lienthong.cli.base import Session, command, group, session
from lienthong.cli.commands.options import PLACE, RULE_SET, save
from lienthong.cli.failures import ExitCode, as_fault
from lienthong.cli.output import bad, facts, good, table
from lienthong.codec.toml_text import literal
from lienthong.codec.toml_values import located, nearest
from lienthong.errors import InvalidValue
from lienthong.plugins import PluginHost
from lienthong.plugins.rule_sets import (
    DEFAULT_RULE_SET,
    KnownRuleSet,
    find_rule_set,
    known_rule_sets,
    rule_set_faults,
    rule_set_names,
)
from lienthong.rules.ruleset import SETTINGS, RuleSet, differences
from lienthong.rules.settings import Setting
from lienthong.rules.writing import rule_set_template

if TYPE_CHECKING:
    from rich.console import RenderableType

rules = group("rules", "Rule sets: what a province has decided, with clauses.")

_LISTED: Final = ("name", "title", "valid", "version", "source", "problem")


@command("list", example="lienthong rules list")
def list_all() -> None:
    """List rule sets: the shipped ones and those of plugins; a broken one is named."""
    current = session()
    with PluginHost() as host:
        rows = [_listed(one, current) for one in known_rule_sets(host)]

    def render(found: list[Any]) -> RenderableType:
        columns = [current.words(name) for name in _LISTED]
        return table(columns, [_cells(row) for row in found], long=(1, 5))

    current.emit_rows(iter(rows), render)


@command(
    "show",
    example="""\
lienthong rules show tay-ninh-2019
lienthong rules show tay-ninh-2019 --key office.hours
lienthong rules show ours.toml --key reports --lang vi --json""",
    parameters=(
        click.argument("rule_set", metavar="[NAME|FILE]", type=RULE_SET, default=DEFAULT_RULE_SET),
        click.option(
            "--key",
            metavar="KEY",
            shell_complete=lambda *given: [key for key in SETTINGS if key.startswith(given[2])],
            help="One setting (office.hours), or a whole section (office).",
        ),
    ),
)
def show(rule_set: str, key: str | None) -> None:
    """Show what a rule set says: each value with its clause and the rule set it comes from."""
    current = session()
    chosen = _chosen(key)
    found = _load(rule_set)
    head = _head(found)
    rows = [_row(setting, found, current) for setting in chosen]
    current.emit(head | {"settings": rows}, lambda: _shown(current, head, rows))


@command(
    "diff",
    example="lienthong rules diff national-2020 tay-ninh-2019",
    parameters=(
        click.argument("one", metavar="NAME|FILE", type=RULE_SET),
        click.argument("other", metavar="NAME|FILE", type=RULE_SET),
    ),
)
def diff(one: str, other: str) -> None:
    """Show about which settings two rule sets disagree."""
    current = session()
    left, right = _load(one), _load(other)
    before, after = left.plain(), right.plain()
    rows = [
        {
            "key": setting.key,
            "clause": setting.clause,
            "one": before[setting.key],
            "other": after[setting.key],
        }
        for setting in differences(left, right)
    ]

    def render() -> RenderableType:
        if not rows:
            return good(current.words("rule_sets_agree"))
        columns = (current.words("key"), left.name, right.name)
        cells = [(row["key"], literal(row["one"]), literal(row["other"])) for row in rows]
        return table(columns, cells, long=(1, 2))

    current.emit({"one": left.version, "other": right.version, "differences": rows}, render)


@command(
    "check",
    example="""\
lienthong rules check ours.toml
lienthong rules check rules/*.toml --json""",
    parameters=(
        click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path()),
    ),
)
def check(files: Sequence[str]) -> None:
    """Check rule sets in files: every fault with its line; exit code 3 where there is one."""
    current = session()
    with PluginHost() as host:
        rows = [_checked(name, host, current) for name in files]

    def render(found: list[Any]) -> RenderableType:
        return Text("\n").join(line for row in found for line in _verdict(row, current))

    current.emit_rows(iter(rows), render)
    if any(row["faults"] for row in rows):
        click.get_current_context().exit(ExitCode.INPUT)


@command(
    "new",
    example="""\
lienthong rules new tay-ninh-2027 --from tay-ninh-2019 --output tay-ninh-2027.toml
lienthong rules check tay-ninh-2027.toml""",
    parameters=(
        click.argument("name"),
        click.option(
            "--from",
            "base",
            type=RULE_SET,
            default=DEFAULT_RULE_SET,
            show_default=True,
            metavar="NAME",
            help="The rule set whose values hold where the new one says nothing.",
        ),
        click.option("--output", type=PLACE, metavar="FILE", help="Write it to this new file."),
    ),
)
def new(name: str, base: str, output: Path | None) -> None:
    """Begin a rule set: every setting as a comment, with its value, meaning and clause."""
    current = session()
    text = rule_set_template(name, _base_of(name, base))
    if output is None:
        _print(text, current)
        return
    if output.exists():
        found = f"the file {output}"
        raise InvalidValue(field=found, found="there already", expected="a new one")
    save(output, text.encode())
    current.emit({"path": str(output)}, lambda: current.words("saved", path=output))


for _made in (list_all, show, diff, check, new):
    rules.add_command(_made)


def _load(name_or_path: str) -> RuleSet:
    with PluginHost() as host:
        return find_rule_set(name_or_path, host)


def _base_of(name: str, base: str) -> RuleSet:
    """What a new rule set inherits from; refuses names that would lead astray."""
    try:
        RuleSet(name=name, title=name)
    except InvalidValue as error:
        raise located(error, "") from error
    with PluginHost() as host:
        if name in rule_set_names(host):
            raise InvalidValue(field="name", found=name, expected="a name that nobody uses yet")
        found = find_rule_set(base, host)
    if found.name != base:
        raise InvalidValue(field="--from", found=base, expected="a name, not a file")
    return found


def _listed(known: KnownRuleSet, current: Session) -> dict[str, Any]:
    found, problem = known.rule_set, known.problem
    return {
        "name": known.name,
        "title": found.title if found else None,
        **(_validity(found) if found else {"valid_from": None, "valid_to": None}),
        "version": found.version if found else None,
        "source": known.source,
        "problem": as_fault(problem, current.language) if problem else None,
    }


def _cells(row: dict[str, Any]) -> list[str]:
    """A row of the listing for people, by ``_LISTED``."""
    valid = f"{row['valid_from'] or '…'} – {row['valid_to'] or '…'}" if row["version"] else ""
    problem = row["problem"]["message"] if row["problem"] else ""
    return [row["name"], row["title"] or "", valid, row["version"] or "", row["source"], problem]


def _validity(found: RuleSet) -> dict[str, str | None]:
    return {
        "valid_from": found.valid_from.isoformat() if found.valid_from else None,
        "valid_to": found.valid_to.isoformat() if found.valid_to else None,
    }


def _chosen(key: str | None) -> list[Setting]:
    chosen = [one for one in SETTINGS.values() if key in {None, one.key, one.section}]
    if not chosen:
        near = nearest(str(key), SETTINGS)
        expected = f"→ {near}?" if near else "a key such as office.hours"
        raise InvalidValue(field="--key", found=key, expected=expected)
    return chosen


def _head(found: RuleSet) -> dict[str, Any]:
    return {
        "name": found.name,
        "title": found.title,
        "version": found.version,
        "sources": list(found.sources),
        "inherits": found.inherits or None,
        **_validity(found),
    }


def _row(setting: Setting, found: RuleSet, current: Session) -> dict[str, Any]:
    return {
        "key": setting.key,
        "value": setting.form.plain(found[setting.key]),
        "origin": found.origins[setting.key],
        "number": setting.number,
        "clause": setting.clause,
        "description": setting.vi if current.language == "vi" else setting.en,
    }


def _shown(
    current: Session, head: dict[str, Any], rows: Sequence[dict[str, Any]]
) -> RenderableType:
    from rich.console import Group

    words = current.words
    names = [(words(name), value) for name, value in head.items() if not isinstance(value, list)]
    names += [(words("sources"), source) for source in head["sources"]]
    columns = [words(name) for name in ("key", "value", "origin", "clause", "description")]
    cells = [
        (row["key"], literal(row["value"]), row["origin"], row["clause"], row["description"])
        for row in rows
    ]
    return Group(facts(names), Text(), table(columns, cells, long=(1, 3, 4)))


def _checked(name: str, host: PluginHost, current: Session) -> dict[str, Any]:
    faults = rule_set_faults(name, host)
    version = None if faults else find_rule_set(str(Path(name).absolute()), host).version
    return {
        "file": name,
        "version": version,
        "faults": [as_fault(one, current.language) for one in faults],
    }


def _verdict(row: dict[str, Any], current: Session) -> list[Text]:
    if not row["faults"]:
        text = current.words("rule_set_good", file=row["file"], version=row["version"])
        return [good(text)]
    return [bad(f"[{fault['code']}] {fault['message']}") for fault in row["faults"]]


def _print(text: str, current: Session) -> None:
    if current.as_json:
        current.emit({"template": text}, lambda: "")
    else:
        click.echo(text, nl=False)
