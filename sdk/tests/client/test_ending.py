"""gRPC's own error never stands in the way of the reason that the axis gives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from lienthong.client import ending
from lienthong.client.ending import Ending

OF_GRPC = (grpc.StatusCode.INTERNAL, "Internal error from Core")
FULL = (grpc.StatusCode.RESOURCE_EXHAUSTED, "the disk is full")


class Ended:
    """A call of gRPC, whose status is set as a test says."""

    def __init__(self) -> None:
        self._status: tuple[grpc.StatusCode, str] | None = None
        self._told: list[Callable[[Any], None]] = []

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        self._told.append(callback)

    def replace(self, status: tuple[grpc.StatusCode, str]) -> None:
        """Without telling anybody."""
        self._status = status

    def end(self, status: tuple[grpc.StatusCode, str]) -> grpc.aio.AioRpcError:
        self.replace(status)
        for callback in self._told:
            callback(self)
        empty = grpc.aio.Metadata()
        return grpc.aio.AioRpcError(status[0], empty, empty, details=status[1])

    def done(self) -> bool:
        return self._status is not None

    async def code(self) -> grpc.StatusCode:
        assert self._status is not None
        return self._status[0]

    async def details(self) -> str:
        assert self._status is not None
        return self._status[1]

    async def initial_metadata(self) -> grpc.aio.Metadata:
        return grpc.aio.Metadata()

    async def trailing_metadata(self) -> grpc.aio.Metadata:
        return grpc.aio.Metadata()


async def told(*statuses: tuple[grpc.StatusCode, str], silently: bool = False) -> grpc.StatusCode:
    """The code that a caller sees when a call gets these, the first while it writes."""
    call: Any = Ended()
    watched = Ending(call)
    loop = asyncio.get_running_loop()

    async def write() -> None:
        async with watched.as_it_was():
            error = call.end(statuses[0])
            for status in statuses[1:]:
                loop.call_later(0.01, call.replace if silently else call.end, status)
            raise error

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await write()
    return caught.value.code()


async def test_reason_that_comes_behind_grpcs_own_error_is_waited_for() -> None:
    assert await told(OF_GRPC, FULL) is FULL[0]


async def test_reason_that_comes_without_a_word_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "_UNTIL_IT_COMES_S", 0.05)
    assert await told(OF_GRPC, FULL, silently=True) is FULL[0]


async def test_reason_that_came_first_stays() -> None:
    assert await told(FULL, OF_GRPC) is FULL[0]


async def test_error_of_grpc_alone_is_told_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "_UNTIL_IT_COMES_S", 0.05)
    assert await told(OF_GRPC) is OF_GRPC[0]
