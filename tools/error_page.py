"""Write docs/reference/errors.md from the error classes; ``tox -e pages`` calls it."""

from __future__ import annotations

import inspect
from pathlib import Path

from lienthong import errors

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "errors.md"

HEAD = """# Error codes

Generated from `lienthong.errors` by `tox -e pages`; do not edit.

A code never changes its meaning. *Owner* is who has to act: the calling program, whoever made the
input, the author of a plugin, or the operator of a machine (environment). *Retry* says whether the
same call may succeed later without a change. *Status* is the gRPC status that carries the error;
the details hold the code. In the texts, words in braces stand for the facts of the case.

| code | class | owner | retry | status |
|---|---|---|---|---|
"""


def summary(cls: type[errors.LienthongError]) -> str:
    """One line of the table."""
    link = cls.code.replace(".", "")
    retry = "yes" if cls.retryable else "no"
    owner = cls.owner.value
    return f"| [{cls.code}](#{link}) | `{cls.__name__}` | {owner} | {retry} | {cls.status} |\n"


def section(cls: type[errors.LienthongError]) -> str:
    """What one error means, in both languages."""
    meaning = " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())
    return (
        f"\n## {cls.code}\n\n{meaning}\n\n"
        f"* English: {cls.en}. Next: {cls.next_en}.\n"
        f"* Tiếng Việt: {cls.vi}. Bước tiếp: {cls.next_vi}.\n"
    )


def page() -> str:
    """The whole page."""
    classes = errors.table().values()
    return HEAD + "".join(map(summary, classes)) + "".join(map(section, classes))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
