"""Reads attributes with their types, defaults and docstrings out of a module's source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Attribute:
    """One attribute of a class."""

    name: str
    type: str
    default: str
    """As written in the source; empty when there is none."""

    text: str


def attributes(source: Path, name: str) -> list[Attribute]:
    """The public attributes of a class, in order."""
    tree = ast.parse(source.read_text("utf-8"))
    classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    return list(_attributes(classes[name].body))


def summary(source: Path, name: str) -> str:
    """First line of a class's docstring."""
    tree = ast.parse(source.read_text("utf-8"))
    classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    return (ast.get_docstring(classes[name]) or "").split("\n")[0]


def _attributes(body: list[ast.stmt]) -> Iterator[Attribute]:
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        if statement.target.id.startswith("_"):
            continue
        yield Attribute(
            name=statement.target.id,
            type=ast.unparse(statement.annotation),
            default=_default(statement.value),
            text=" ".join(_text(following).split()),
        )


def _text(statement: ast.stmt | None) -> str:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return str(statement.value.value)
    return ""


def _default(value: ast.expr | None) -> str:
    """The default of ``field(default=…)``, of a helper's first argument, or a plain value."""
    if value is None:
        return ""
    if not isinstance(value, ast.Call):
        return ast.unparse(value)
    named = {keyword.arg: keyword.value for keyword in value.keywords}
    if "default" in named:
        return ast.unparse(named["default"])
    return ast.unparse(value.args[0]) if value.args else ""
