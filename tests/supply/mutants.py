"""Mutants: one small defect at a time in a module, of the kinds that people make."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from attrs import frozen

FLIPS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
UNSEEN: Final = {"annotation", "returns", "bases", "decorator_list"}
"""Parts of the syntax that only type checkers read, or whose loss fails at the import."""

SYMMETRIC: Final = "compare_digest"
"""A function whose arguments may change places."""

BLOCKS: Final = {"body", "orelse", "finalbody"}

Change = Callable[[], None]
"""Alters the tree in place."""

Named = tuple[str, Change]
"""A change with the name of its operator."""


@frozen(kw_only=True)
class Mutant:
    """One defect of one module."""

    path: str
    """Relative to the root of the repository."""

    number: int
    """Counts the mutants of the module."""

    operator: str
    where: str
    """Function or class, with dots; ``<module>`` for neither."""

    line: int
    before: str

    @property
    def key(self) -> str:
        """Names the mutant in lists, whatever moves around it."""
        return f"{self.path}:{self.where}:{self.operator}:{self.before}"


@frozen(kw_only=True)
class _Site:
    operator: str
    where: str
    node: ast.AST
    apply: Change


def mutants(root: Path, path: str) -> list[Mutant]:
    """Every mutant of a module, in the order of its text."""
    tree = ast.parse((root / path).read_text("utf-8"))
    return [
        Mutant(
            path=path,
            number=number,
            operator=site.operator,
            where=site.where,
            line=getattr(site.node, "lineno", 0),
            before=" ".join(ast.unparse(site.node).split())[:80],
        )
        for number, site in enumerate(_sites(tree))
    ]


def mutated(root: Path, mutant: Mutant) -> str:
    """The whole module with the defect."""
    tree = ast.parse((root / mutant.path).read_text("utf-8"))
    next(islice(_sites(tree), mutant.number, None)).apply()
    return ast.unparse(ast.fix_missing_locations(tree))


def _sites(tree: ast.Module) -> Iterator[_Site]:
    yield from _in_block(tree, "<module>")


def _in_block(node: ast.AST, where: str) -> Iterator[_Site]:
    """Sites of a node and of everything below it, without what no test could see."""
    if isinstance(node, ast.JoinedStr) or _for_tools(node):
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        where = node.name if where == "<module>" else f"{where}.{node.name}"
    for operator in OPERATORS:
        for name, change in operator(node):
            yield _Site(operator=name, where=where, node=node, apply=change)
    for name, value in ast.iter_fields(node):
        if name not in UNSEEN:
            yield from _in_field(name, value, where)


def _in_field(name: str, value: object, where: str) -> Iterator[_Site]:
    if isinstance(value, ast.AST):
        yield from _in_block(value, where)
    if not isinstance(value, list):
        return
    for index, item in enumerate(value):
        if name in BLOCKS and _has_effect(item):
            yield _Site(operator="drop", where=where, node=item, apply=_drop(value, index))
        if isinstance(item, ast.AST):
            yield from _in_block(item, where)


def _for_tools(node: ast.AST) -> bool:
    """What only type checkers read, and lists of public names."""
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__all__"
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _has_effect(item: ast.stmt) -> bool:
    """Whether a statement is there for what it does, so that it can be left out."""
    if isinstance(item, ast.Expr):
        return isinstance(item.value, ast.Call | ast.Await | ast.Yield)
    return isinstance(item, ast.Raise | ast.AugAssign | ast.Continue | ast.Break)


def _drop(block: list[ast.stmt], index: int) -> Change:
    return lambda: block.__setitem__(index, ast.Pass())


def _set(node: ast.AST, name: str, value: object) -> Change:
    return lambda: setattr(node, name, value)


def _put(items: list[ast.cmpop], index: int, value: ast.cmpop) -> Change:
    return lambda: items.__setitem__(index, value)


def _comparisons(node: ast.AST) -> Iterator[Named]:
    for index, found in enumerate(node.ops if isinstance(node, ast.Compare) else ()):
        if isinstance(node, ast.Compare) and type(found) in FLIPS:
            yield "compare", _put(node.ops, index, FLIPS[type(found)]())


def _truths(node: ast.AST) -> Iterator[Named]:
    if isinstance(node, ast.BoolOp):
        yield "and-or", _set(node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not", _set(node, "operand", ast.UnaryOp(ast.Not(), node.operand))
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield "negate", _set(node, "test", ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.comprehension) and node.ifs:
        yield "filter", _set(node, "ifs", [])


def _constants(node: ast.AST) -> Iterator[Named]:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "constant", _set(node, "value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield "constant+1", _set(node, "value", node.value + 1)
        yield "constant-1", _set(node, "value", node.value - 1)


def _returns(node: ast.AST) -> Iterator[Named]:
    # Returning None is no change where None is returned.
    if isinstance(node, ast.Return) and node.value and ast.unparse(node.value) != "None":
        yield "return", _set(node, "value", ast.Constant(None))


def _calculations(node: ast.AST) -> Iterator[Named]:
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield "arithmetic", _set(node, "op", ARITHMETIC[type(node.op)]())


def _arguments(node: ast.AST) -> Iterator[Named]:
    if isinstance(node, ast.Call) and len(node.args) > 1 and ast.unparse(node.func) != SYMMETRIC:
        first, second, *rest = node.args
        starred = isinstance(first, ast.Starred) or isinstance(second, ast.Starred)
        if not starred and ast.dump(first) != ast.dump(second):
            yield "swap", _set(node, "args", [second, first, *rest])


def _items(node: ast.AST) -> Iterator[Named]:
    # What is assigned to stays as it is.
    read = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
    if isinstance(node, ast.Set | ast.Tuple | ast.List) and read and len(node.elts) > 1:
        yield "item", _set(node, "elts", node.elts[1:])
        yield "item", _set(node, "elts", node.elts[:-1])


OPERATORS: Final = (
    _comparisons,
    _truths,
    _constants,
    _returns,
    _calculations,
    _arguments,
    _items,
)
