"""Write docs/reference/rule-settings.md from the settings; ``tox -e pages`` calls it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
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
key, what was found and what is expected.
"""
TABLE = """
| key | no. | type | default | clause | meaning |
|---|---:|---|---|---|---|
"""


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
    )
    return f"| {' | '.join(cells)} |\n"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
