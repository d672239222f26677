"""Write docs/reference/settings.md from the node's settings; ``tox -e pages`` calls it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from attribute_docs import Attribute, attributes

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "node/src/lienthong_node/settings.py"
PAGE = ROOT / "docs/reference/settings.md"

HEAD = """# Settings of the node

Generated from `lienthong_node.settings` by `tox -e pages`; do not edit.

`node.toml` lies in the data folder. Paths in addresses are relative to that folder. Unknown keys
and wrong types keep the node from starting; the error names file, key, found and expected.

| key | type | default | meaning |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_row(attribute) for attribute in attributes(SOURCE, "Settings"))


def _row(attribute: Attribute) -> str:
    kind, _, optional = attribute.type.partition(" | ")
    default = "by rule" if optional else f"`{attribute.default or 'required'}`"
    return f"| `{attribute.name}` | {kind} | {default} | {attribute.text} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
