"""Write docs/reference/machines.md from the tables of moves; ``tox -e pages`` calls it."""

from __future__ import annotations

from pathlib import Path

from lienthong.flow.diagram import page

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "machines.md"

if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
