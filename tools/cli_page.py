"""Write docs/reference/cli.md from the commands; ``tox -e pages`` calls it."""

from __future__ import annotations

from pathlib import Path

from lienthong.cli import reference

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"


def page() -> str:
    return reference.page() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
