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
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, Final, TypeVar

from attrs import frozen

from lienthong.errors import PluginFailed
from lienthong.plugins.guard import PASSING, Guard
from lienthong.plugins.promises import Check, check_of, spelt
from lienthong.spi.file_signer import FileSigner
from lienthong.spi.gateway import Gateway
from lienthong.spi.ruleset import RuleSetSource
from lienthong.spi.signer import Signer
from lienthong.spi.storage import BlobStore, ReadView, RecordStore, Staging, WriteTransaction
from lienthong.spi.time import TimeSource, TimeStamper
from lienthong.spi.verifier import FileVerifier

T = TypeVar("T")

CONTRACTS: Final[tuple[type, ...]] = (
    BlobStore,
    FileSigner,
    FileVerifier,
    Gateway,
    ReadView,
    RecordStore,
    RuleSetSource,
    Signer,
    Staging,
    TimeSource,
    TimeStamper,
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

    def ask(self, promise: _Promise, call: Callable[..., Any], /, *args: Any, **kw: Any) -> Any:
        """Make a call and accept its answer."""
        if self.deadline is None:
            answer = self.guard.call(promise.what, call, *args, **kw)
        else:
            # A gateway's stop is given time of its own.
            seconds = self.deadline + kw.get("grace", 0)
            answer = self.guard.contained(promise.what, lambda: call(*args, **kw), deadline=seconds)
        return self.admit(promise, answer)

    def admit(self, promise: _Promise, answer: Any) -> Any:
        """Accept an answer of the promised type, shielding what is alive."""
        if not promise.check(answer):
            reason = f"it answered {type(answer).__name__}, expected {spelt(promise.hint)}"
            raise self.guard.failure(promise.what, reason)
        return answer if promise.wrap is None else promise.wrap(self, answer)


@frozen(kw_only=True, eq=False)
class _Promise:
    """What one member of a contract may answer."""

    what: str
    """Its name, for error texts."""

    hint: Any
    check: Check
    wrap: Callable[[_Line, Any], Any] | None
    """What to put around a good answer."""


def _promise(what: str, hint: Any) -> _Promise:
    # Where nothing is promised, whatever comes is dropped.
    check = _anything if hint is type(None) else check_of(hint)
    return _Promise(what=what, hint=hint, check=check, wrap=_wrap_of(what, hint))


def _anything(_: object) -> bool:
    return True


def _nothing(_: _Line, __: object) -> None:
    return None


def _wrap_of(what: str, hint: Any) -> Callable[[_Line, Any], Any] | None:
    origin = typing.get_origin(hint)
    if hint is type(None):
        return _nothing
    if origin is AbstractContextManager:
        begun = _promise(f"{what} (begin)", typing.get_args(hint)[0])
        return lambda line, answer: _ShieldedContext(line, begun, f"{what} (end)", answer)
    if origin is Iterator:
        return lambda line, answer: line.guard.iterate(what, answer)
    if hint in CONTRACTS:
        return lambda line, answer: _shield_class(hint)(answer, line)
    return None


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
    promise = _promise(name, hint)

    def read(self: Any) -> object:
        return self._line.ask(promise, getattr, self._target, name)

    return property(read)


def _method(name: str, hint: object) -> object:
    promise = _promise(name, hint)

    def call(target: object, /, *args: object, **kwargs: object) -> object:
        return getattr(target, name)(*args, **kwargs)

    def method(self: Any, /, *args: object, **kwargs: object) -> object:
        line: _Line = self._line
        if line.deadline is not None:
            return line.ask(promise, call, self._target, *args, **kwargs)
        # As ``ask``, in one step: a store is asked two dozen times a package.
        try:
            answer = getattr(self._target, name)(*args, **kwargs)
        except PASSING:
            raise
        except BaseException as error:
            raise line.guard.failure(name, error) from error
        return line.admit(promise, answer)

    method.__name__ = name
    return method


class _ShieldedContext(AbstractContextManager[Any]):
    """A context manager of a plugin; it cannot hide an error of the block."""

    __slots__ = ("_begun", "_ended", "_line", "_manager")

    def __init__(
        self, line: _Line, begun: _Promise, ended: str, manager: AbstractContextManager[Any]
    ) -> None:
        self._line = line
        self._begun = begun
        self._ended = ended
        self._manager = manager

    def __enter__(self) -> Any:
        entered = self._line.guard.call(self._begun.what, self._manager.__enter__)
        try:
            return self._line.admit(self._begun, entered)
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
        self._line.guard.call(self._ended, self._leave, kind, error, traceback)

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
