"""``lienthong-node rules``: the rule sets that the axis keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lienthong.codec.toml_text import literal
from lienthong.errors import NotFound
from lienthong.rules.ruleset import RuleSet, differences
from lienthong.rules.writing import dump_resolved
from lienthong_node.cli.common import data_argument, json_option, reporting, show
from lienthong_node.cli.laws import (
    Books,
    books,
    dry_run_option,
    expected_option,
    given_argument,
    org_option,
    sentence,
    show_all,
    show_entered,
    show_held,
)
from lienthong_node.core.law import Subject


@click.group()
def rules() -> None:
    """Rule sets of the axis; works while the node runs and while it does not."""


@rules.command()
@data_argument
@given_argument
@org_option
@expected_option
@dry_run_option
@json_option
@reporting
def put(
    data: Path,
    given: str,
    organ: str,
    expected_version: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Enter a rule set, or change it; open deadlines are computed anew, passed ones never.

    All its settings are kept, also those that it inherits: what it inherits from may change later.
    Of several of one organisation the one that came into force last holds. The same once more
    changes nothing.

    \b
    Examples:
      lienthong-node rules put /var/lib/truc tay-ninh-2027.toml --dry-run
      lienthong-node rules put /var/lib/truc vinh-long-2019 --org H53.13
    """
    with books(data) as known:
        value = _read(data, given)
        change = known.change(value, organ, expected_version)
        rows = _differences(_held(known, organ), value)
        told = change.told(dry_run=dry_run, expected=expected_version)
    show(
        told | {"settings": rows},
        "\n".join([sentence(told), *map(_line, rows)]),
        as_json=as_json,
    )


@rules.command(name="list")
@data_argument
@json_option
@reporting
def list_(data: Path, as_json: bool) -> None:
    """List the rule sets that the axis keeps, and whose they are.

    \b
    Example:
      lienthong-node rules list /var/lib/truc
    """
    show_all(data, Subject.RULE_SET, "rule sets", as_json=as_json)


@rules.command(name="show")
@data_argument
@click.argument("name", required=False)
@org_option
@json_option
@reporting
def show_(data: Path, name: str | None, organ: str, as_json: bool) -> None:
    """Print the rule set in force today, as TOML; with NAME the one that was entered so.

    \b
    Examples:
      lienthong-node rules show /var/lib/truc --org H53.13
      lienthong-node rules show /var/lib/truc tay-ninh-2019 > tay-ninh-2019.toml
    """
    with books(data) as known:
        if name is not None:
            show_entered(known.find(Subject.RULE_SET, organ, name), as_json=as_json)
            return
        held = _held(known, organ)
        if held is None:
            raise NotFound(what="a rule set; enter one with: lienthong-node rules put")
        show_held(known, organ, held, dump_resolved(held), as_json=as_json)


@rules.command()
@data_argument
@given_argument
@org_option
@json_option
@reporting
def diff(data: Path, given: str, organ: str, as_json: bool) -> None:
    """Show in which settings a rule set differs from the one in force today.

    \b
    Example:
      lienthong-node rules diff /var/lib/truc tay-ninh-2027.toml --org H53.13
    """
    with books(data) as known:
        rows = _differences(_held(known, organ), _read(data, given))
    lines = list(map(_line, rows)) or ["no setting differs"]
    show({"settings": rows}, "\n".join(lines), as_json=as_json)


def _read(data: Path, given: str) -> RuleSet:
    from lienthong.plugins.rule_sets import find_rule_set
    from lienthong_node.opening import plugin_host
    from lienthong_node.settings import load_settings

    with plugin_host(data, load_settings(data)) as host:
        return find_rule_set(given, host)


def _held(known: Books, organ: str) -> RuleSet | None:
    return known.law.rules(known.organ(organ), known.directory, known.today)


def _differences(before: RuleSet | None, after: RuleSet) -> list[dict[str, Any]]:
    if before is None:
        return []
    left, right = before.plain(), after.plain()
    return [
        {
            "key": setting.key,
            "clause": setting.clause,
            "before": left[setting.key],
            "after": right[setting.key],
        }
        for setting in differences(before, after)
    ]


def _line(row: dict[str, Any]) -> str:
    return f"{row['key']}: {literal(row['before'])} -> {literal(row['after'])} ({row['clause']})"
