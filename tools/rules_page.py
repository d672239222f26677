"""Write docs/reference/rule-settings.md from the settings; ``tox -e pages`` calls it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lienthong.codec.toml_text import literal
from lienthong.rules.ruleset import SECTIONS, settings_in
from lienthong.rules.settings import Setting

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "rule-settings.md"
SHORT = 90
"""Characters of a default that fits into a table."""

HEAD = """# Settings of a rule set

Generated from `lienthong.rules.ruleset` by `tox -e pages`; do not edit.

What the texts leave to a province (*những điều văn bản để ngỏ*), 48 things in all; the number tells
which one a setting belongs to. The clause is the provision that leaves it open or bears on it;
*chưa quy định* means that no text says anything. Defaults are those of `national-2020`; every file
inherits what it does not say. [How to write one's own](../how-to/write-a-rule-set.md).

A file begins with `name`, `title`, `sources`, `inherits`, `valid_from` and `valid_to`, the first
day on which it does not hold any more. Unknown keys and wrong types are refused with file, line,
key, what was found and what is expected. Where nothing is named as its reader, a setting is kept,
shown and compared, and nothing follows from it yet.
"""
TABLE = """
| key | no. | type | default | clause | meaning | read by |
|---|---:|---|---|---|---|---|
"""
ROOT = Path(__file__).parents[1]
PARTS = {
    "`lienthong.rules`": "sdk/src/lienthong/rules",
    "`lienthong.registers`": "sdk/src/lienthong/registers",
    "commands": "sdk/src/lienthong/cli",
    "reports": "node/src/lienthong_node/reports",
    "the node": "node/src/lienthong_node",
}


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_sections())


def _sections() -> Iterator[str]:
    for section, kind in SECTIONS.items():
        yield f"\n## `[{section}]`\n\n{(inspect.getdoc(kind) or '').splitlines()[0]}\n{TABLE}"
        yield from map(_row, settings_in(section))


def _row(setting: Setting) -> str:
    default = literal(setting.plain_default)
    shown = f"`{default}`" if len(default) <= SHORT else "as `national-2020` says it"
    meaning = f"{setting.en}<br>*{setting.vi}*"
    cells = (
        f"`{setting.name}`",
        str(setting.number),
        _escaped(setting.form.words),
        _escaped(shown),
        setting.clause,
        meaning,
        ", ".join(_readers(setting)),
    )
    return f"| {' | '.join(cells)} |\n"


def _readers(setting: Setting) -> Iterator[str]:
    """The parts whose code takes the setting's value."""
    seen: set[Path] = set()
    for part, folder in PARTS.items():
        # The node's own settings have names of their own.
        holders = (
            f"{setting.section}|self" if "node" in folder else f"{setting.section}|settings|self"
        )
        taken = re.compile(rf"\b({holders})\.{setting.name}\b")
        paths = {path for path in (ROOT / folder).rglob("*.py") if path not in seen}
        seen |= paths
        if any(taken.search(_code(path)) for path in paths):
            yield part


@cache
def _code(path: Path) -> str:
    """The text of a module; of the settings' own ones only the properties that others read."""
    text = path.read_text("utf-8")
    if path.parent.name != "sections":
        return text.replace("self.", "")
    return "".join(re.findall(r"    @property\n(?:    .*\n|\n)+?(?=\n    \S|\n\S)", text))


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
