"""Objects that a plugin has opened, as the rest of the program sees them.

``shielded`` makes an object of the same ABC whose calls pass through the plugin's guard: foreign
errors are named, answers of a wrong type are refused, iterators, context managers and objects of
our ABCs are shielded in turn.
"""

from __future__ import annotations

import inspect
import types
import typing
from abc import ABC
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, Final, TypeVar, Union

from attrs import frozen

from lienthong.errors import PluginFailed
from lienthong.plugins.guard import Guard
from lienthong.spi.gateway import Gateway
from lienthong.spi.ruleset import RuleSetSource
from lienthong.spi.signer import Signer
from lienthong.spi.storage import BlobStore, ReadView, RecordStore, Staging, WriteTransaction
from lienthong.spi.time import TimeSource
from lienthong.spi.verifier import FileVerifier

T = TypeVar("T")

CONTRACTS: Final[tuple[type, ...]] = (
    BlobStore,
    FileVerifier,
    Gateway,
    ReadView,
    RecordStore,
    RuleSetSource,
    Signer,
    Staging,
    TimeSource,
    WriteTransaction,
)


def shielded(contract: type[T], target: T, guard: Guard, *, deadline: float | None = None) -> T:
    """*target* behind its plugin's guard.

    Args:
        contract: the ABC to keep; only its members are reachable.
        target: what the plugin has opened.
        guard: names the plugin.
        deadline: seconds for each call, made on a thread of the plugin's; without it, calls run on
            the caller's thread for as long as they take.
    """
    line = _Line(guard=guard, deadline=deadline)
    return typing.cast("T", _shield_class(typing.cast("Any", contract))(target, line))


@frozen(kw_only=True)
class _Line:
    """The way to one object of a plugin."""

    guard: Guard
    deadline: float | None

    def ask(
        self, what: str, hint: object, target: object, name: str, /, *args: Any, **kw: Any
    ) -> Any:
        """Call a method and accept its answer."""
        if self.deadline is None:
            answer = self.guard.call(what, _invoke, target, name, args, kw)
        else:
            # A gateway's stop is given time of its own.
            seconds = self.deadline + kw.get("grace", 0)
            answer = self.guard.contained(
                what, lambda: _invoke(target, name, args, kw), deadline=seconds
            )
        return self.admit(what, hint, answer)

    def read(self, what: str, hint: object, target: object) -> Any:
        """Read an attribute or a property and accept its value."""
        if self.deadline is None:
            answer = self.guard.call(what, getattr, target, what)
        else:
            answer = self.guard.contained(
                what, lambda: getattr(target, what), deadline=self.deadline
            )
        return self.admit(what, hint, answer)

    def admit(self, what: str, hint: object, answer: Any) -> Any:
        """Accept an answer of the promised type, shielding what is alive."""
        if hint is type(None):
            return None
        if not _matches(hint, answer):
            found = type(answer).__name__
            raise self.guard.failure(what, f"it answered {found}, expected {_spelt(hint)}")
        origin = typing.get_origin(hint)
        if origin is AbstractContextManager:
            return _ShieldedContext(self, what, typing.get_args(hint)[0], answer)
        if origin is Iterator:
            return self.guard.iterate(what, answer)
        if isinstance(hint, type) and hint in CONTRACTS:
            return shielded(hint, answer, self.guard, deadline=self.deadline)
        return answer


class _Shield:
    """What every shield is made of."""

    __slots__ = ("_line", "_target")

    def __init__(self, target: object, line: _Line) -> None:
        self._target = target
        self._line = line

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of plugin {self._line.guard.plugin}>"


@cache
def _shield_class(contract: Any) -> type:
    """The shield of an ABC: each public member of it, delegated."""
    members: dict[str, object] = {"__slots__": (), "__module__": __name__}
    for owner in reversed(contract.__mro__):
        if owner in (object, ABC):
            continue
        members |= {name: _attribute(name, hint) for name, hint in _annotated(owner).items()}
        members |= {
            name: _delegate(name, member)
            for name, member in vars(owner).items()
            if not name.startswith("_") and (inspect.isfunction(member) or _is_property(member))
        }
    name = f"Shielded{contract.__name__}"
    return types.new_class(name, (_Shield, contract), exec_body=lambda body: body.update(members))


def _annotated(owner: type) -> dict[str, object]:
    own = vars(owner).get("__annotations__", {})
    return {name: hint for name, hint in typing.get_type_hints(owner).items() if name in own}


def _is_property(member: object) -> bool:
    return isinstance(member, property)


def _delegate(name: str, member: Any) -> object:
    if isinstance(member, property):
        return _attribute(name, typing.get_type_hints(member.fget)["return"])
    return _method(name, typing.get_type_hints(member)["return"])


def _attribute(name: str, hint: object) -> property:
    def read(self: Any) -> object:
        return self._line.read(name, hint, self._target)

    return property(read)


def _method(name: str, hint: object) -> object:
    def method(self: Any, *args: object, **kwargs: object) -> object:
        return self._line.ask(name, hint, self._target, name, *args, **kwargs)

    method.__name__ = name
    return method


def _invoke(target: object, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return getattr(target, name)(*args, **kwargs)


class _ShieldedContext(AbstractContextManager[Any]):
    """A context manager of a plugin; it cannot hide an error of the block."""

    def __init__(
        self, line: _Line, what: str, hint: object, manager: AbstractContextManager[Any]
    ) -> None:
        self._line = line
        self._what = what
        self._hint = hint
        self._manager = manager

    def __enter__(self) -> Any:
        what = f"{self._what} (begin)"
        begun = self._line.guard.call(what, self._manager.__enter__)
        try:
            return self._line.admit(what, self._hint, begun)
        except PluginFailed as failure:
            # What was begun must not stay open because it cannot be used.
            self.__exit__(type(failure), failure, failure.__traceback__)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        self._line.guard.call(f"{self._what} (end)", self._leave, kind, error, traceback)

    def _leave(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        try:
            self._manager.__exit__(kind, error, traceback)
        except BaseException as raised:
            # The block's own error is not the plugin's; Python raises it again by itself.
            if raised is not error:
                raise


def _matches(hint: object, value: object) -> bool:
    """Whether a value is of a promised type; containers are looked into, one level at a time."""
    origin = typing.get_origin(hint)
    if origin is None:
        return _is_one(hint, value)
    options = typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return any(_matches(option, value) for option in options)
    if origin is tuple or origin is Sequence:
        if not isinstance(value, origin) or isinstance(value, str | bytes):
            return False
        return all(_matches(options[0], member) for member in value)
    return isinstance(value, origin)


def _is_one(hint: object, value: object) -> bool:
    if hint is int:
        return type(value) is int
    return not isinstance(hint, type) or isinstance(value, hint)


def _spelt(hint: object) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)
