"""A gRPC server that does nothing: what streams that wait cost without a node."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import grpc
import uvloop
from attrs import evolve, frozen

from lienthong.client import Profile
from lienthong_node.keyfiles import KeyFiles
from lienthong_node.local import LocalAxis
from lienthong_node.server import OPTIONS
from lienthong_node.settings import load_settings
from tests.network.http2 import SUBSCRIBE

SOON_S: Final = 60.0
_SPAWN: Final = multiprocessing.get_context("spawn")


@frozen
class Bare:
    """It runs in a process of its own, by the certificates and options of an axis's node."""

    pid: int
    profile: Profile
    """A profile of the axis, with the bare server's endpoint."""

    _open: Any

    @classmethod
    @contextmanager
    def beside(cls, axis: LocalAxis, profile: Profile) -> Iterator[Self]:
        counter = _SPAWN.Value("i", 0)
        here, there = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_run, args=(axis.data, there, counter), daemon=True)
        process.start()
        try:
            there.close()
            assert here.poll(SOON_S), "the bare server does not start"
            endpoint = f"127.0.0.1:{here.recv()}"
            assert process.pid is not None
            yield cls(process.pid, evolve(profile, endpoint=endpoint), counter)
        finally:
            here.close()
            process.kill()
            process.join()

    def open_streams(self) -> int:
        return int(self._open.value)


def _run(folder: Path, pipe: Any, counter: Any) -> None:
    uvloop.run(_serve(folder, pipe, counter))


async def _serve(folder: Path, pipe: Any, counter: Any) -> None:
    async def wait(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
        counter.value += 1
        await asyncio.Event().wait()
        yield b""

    _, service, method = SUBSCRIBE.split("/")
    handlers: dict[str, Any] = {method: grpc.unary_stream_rpc_method_handler(wait)}
    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    credentials = KeyFiles(folder, load_settings(folder)).credentials()
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    pipe.send(port)
    await server.wait_for_termination()
