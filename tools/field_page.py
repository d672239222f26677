"""Write docs/reference/fields.md from the model; ``tox -e pages`` calls it."""

from __future__ import annotations

import enum
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from attribute_docs import attributes, summary

from lienthong.model import delivery, kinds, package, words

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "sdk/src/lienthong/model"
PAGE = ROOT / "docs/reference/fields.md"

CLASSES = (
    ("document", "Document"),
    ("document", "DocumentSigner"),
    ("document", "DocumentReference"),
    ("document", "Relation"),
    ("package", "Manifest"),
    ("package", "Recipient"),
    ("package", "FileEntry"),
    ("file_signature", "FileSignature"),
    ("report", "Statement"),
    ("report", "Reason"),
    ("report", "RegisterEntry"),
    ("report", "CheckSummary"),
    ("report", "Assignment"),
    ("outgoing", "OutgoingDocument"),
    ("incoming", "IncomingDocument"),
    ("record", "Record"),
)

HEAD = """# Fields and words

Generated from `lienthong.model` by `tox -e pages`; do not edit.

Lengths are Unicode characters, instants are aware, dates are days of the Vietnamese calendar. A
default in the table means that the field may be left out. On the wire enumerations of a document
travel as their words.
"""


def class_section(module: str, name: str) -> str:
    """One class with its fields."""
    source = MODEL / f"{module}.py"
    rows = "".join(
        f"| `{a.name}` | `{a.type.replace('|', 'or')}` | {_code(a.default)} | {a.text} |\n"
        for a in attributes(source, name)
    )
    title = f"\n## {name}\n\n{summary(source, name)}\n\n"
    return f"{title}| field | type | default | meaning |\n|---|---|---|---|\n{rows}"


def word_section(kind: type[enum.Enum]) -> str:
    """One enumeration with its words."""
    title = f"\n## Words: {kind.__name__}\n\n{(kind.__doc__ or '').splitlines()[0]}\n\n"
    rows = "".join(f"| `{word.name}` | {getattr(word, 'label_vi', '')} |\n" for word in kind)
    return f"{title}| word | tiếng Việt |\n|---|---|\n{rows}"


def page() -> str:
    """The whole page."""
    sections = [class_section(module, name) for module, name in CLASSES]
    enums = [
        kind
        for module in (kinds, words, package, delivery)
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, enum.Enum)
        and kind.__module__ == module.__name__
    ]
    return HEAD + "".join(sections) + "".join(map(word_section, enums))


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
