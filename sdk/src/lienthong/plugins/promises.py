"""What contracts promise as answers: checks made from annotations, once, so that each is quick."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias, Union

Check: TypeAlias = Callable[[Any], bool]


@cache
def check_of(hint: Any) -> Check:
    """A function that says whether a value is of a promised type.

    Containers are looked into, one level at a time. Only what contracts use is understood: classes,
    unions, ``tuple[X, ...]``, ``Sequence[X]`` and generic classes, of which the class is checked.
    """
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin is None:
        return _check_of_class(hint)
    if origin in (Union, types.UnionType):
        return _check_of_union(options)
    if origin is tuple or origin is Sequence:
        return _check_of_items(origin, check_of(options[0]))
    return _check_of_class(origin)


def spelt(hint: object) -> str:
    """A promised type in an error text."""
    return hint.__name__ if isinstance(hint, type) else str(hint)


def _check_of_class(kind: Any) -> Check:
    if kind is int:
        # A bool passes for an int in Python; in a contract it is a mistake.
        return lambda value: type(value) is int
    if not isinstance(kind, type):
        return lambda _: True
    return lambda value: isinstance(value, kind)


def _check_of_union(options: tuple[Any, ...]) -> Check:
    if all(isinstance(option, type) and option is not int for option in options):
        return lambda value: isinstance(value, options)
    checks = tuple(check_of(option) for option in options)
    return lambda value: any(check(value) for check in checks)


def _check_of_items(shape: Any, check: Check) -> Check:
    def is_shaped(value: Any) -> bool:
        # A text is a sequence of texts as well, and bytes one of numbers.
        return isinstance(value, shape) and not isinstance(value, str | bytes)

    def fits(value: Any) -> bool:
        # Most answers are tuples, which is quick to tell.
        return (type(value) is tuple or is_shaped(value)) and all(map(check, value))

    return fits
