"""How a call that is still being written to has ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar

import grpc

T = TypeVar("T")

_OF_GRPC: Final = "Internal error from Core"
"""Details of the error that gRPC puts in place of a status, or sets before it comes."""

_UNTIL_IT_COMES_S: Final = 1.0
"""How long the axis's own status may be behind that error. A call that has nothing but gRPC's
error, as after a cut, fails so much later."""


class Ending:
    """Remembers the status with which the axis ended a call.

    While a message is being written gRPC may replace it by an internal error of its own, or have
    that first, so that nobody would learn why the axis refused.
    """

    def __init__(self, call: grpc.aio.Call) -> None:
        self._call = call
        self._error: grpc.aio.AioRpcError | None = None
        self._told = asyncio.Event()
        call.add_done_callback(self._note)

    @asynccontextmanager
    async def as_it_was(self) -> AsyncIterator[None]:
        """Raise the axis's own error in place of what gRPC made of it."""
        try:
            yield
        except grpc.aio.AioRpcError as error:
            if self._call.done():
                self._note(self._call)
            if error.details() == _OF_GRPC:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._told.wait(), _UNTIL_IT_COMES_S)
                if self._call.done():
                    # Also what took its place without a word.
                    self._note(self._call)
            if self._error is None:
                raise
            raise self._error from error

    def _note(self, call: grpc.aio.Call) -> None:
        """Called when the status is set, and again when it is replaced."""
        code = _at_once(call.code())
        known = self._error is not None and self._error.details() != _OF_GRPC
        if not known and code is not grpc.StatusCode.OK:
            self._error = grpc.aio.AioRpcError(
                code,
                _at_once(call.initial_metadata()),
                _at_once(call.trailing_metadata()),
                details=_at_once(call.details()),
            )
            if self._error.details() != _OF_GRPC:
                self._told.set()


def _at_once(answer: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that has nothing to wait for any more."""
    try:
        answer.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    answer.close()
    raise RuntimeError("the call has not ended")
