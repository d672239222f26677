"""What gRPC itself can do here: mTLS, a server process that does nothing with what it gets."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import grpc
import uvloop

from lienthong.testing.pki import TestPKI

CHUNK: Final = 256 * 1024
CHUNKS: Final = 512
CALLS: Final = 3000
AT_ONCE: Final = 32
_SERVICE: Final = "bench.Raw"


def raw_rates(folder: Path) -> tuple[float, float, float]:
    """Calls a second, MiB a second up, MiB a second down."""
    folder.mkdir(parents=True, exist_ok=True)
    pki = TestPKI(now=datetime.now(UTC))
    server, client = pki.server(), pki.client("client")
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    keys = (server.key_pem(), server.chain_pem, pki.root.pem)
    process = context.Process(target=_serve, args=(there, keys), daemon=True)
    process.start()
    try:
        port: int = here.recv()
        return uvloop.run(_measure(port, (client.key_pem(), client.chain_pem, pki.root.pem)))
    finally:
        process.kill()
        process.join()


async def _measure(port: int, keys: tuple[bytes, bytes, bytes]) -> tuple[float, float, float]:
    key, chain, roots = keys
    credentials = grpc.ssl_channel_credentials(roots, key, chain)
    options = [("grpc.ssl_target_name_override", "localhost")]
    async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options) as channel:
        call: Any = channel.unary_unary(f"/{_SERVICE}/Call")
        await call(b"")
        return await _calls(call), await _up(channel), await _down(channel)


async def _calls(call: Any) -> float:
    async def one_after_the_other() -> None:
        for _ in range(CALLS // AT_ONCE):
            await call(bytes(100))

    started = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    return CALLS // AT_ONCE * AT_ONCE / (time.perf_counter() - started)


async def _up(channel: grpc.aio.Channel) -> float:
    started = time.perf_counter()
    method: Any = channel.stream_unary(f"/{_SERVICE}/Up")
    stream = method()
    chunk = bytes(CHUNK)
    for _ in range(CHUNKS):
        await stream.write(chunk)
    await stream.done_writing()
    await stream
    return CHUNKS * CHUNK / 2**20 / (time.perf_counter() - started)


async def _down(channel: grpc.aio.Channel) -> float:
    started = time.perf_counter()
    received = 0
    method: Any = channel.unary_stream(f"/{_SERVICE}/Down")
    async for chunk in method(b""):
        received += len(chunk)
    return received / 2**20 / (time.perf_counter() - started)


def _serve(pipe: Connection, keys: tuple[bytes, bytes, bytes]) -> None:
    uvloop.run(_server(pipe, keys))


async def _server(pipe: Connection, keys: tuple[bytes, bytes, bytes]) -> None:
    key, chain, roots = keys
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handlers: dict[str, Any] = {
        "Call": grpc.unary_unary_rpc_method_handler(_call),
        "Up": grpc.stream_unary_rpc_method_handler(_take),
        "Down": grpc.unary_stream_rpc_method_handler(_give),
    }
    generic = grpc.method_handlers_generic_handler(_SERVICE, handlers)
    server.add_generic_rpc_handlers((generic,))
    credentials = grpc.ssl_server_credentials([(key, chain)], roots, require_client_auth=True)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    pipe.send(port)
    await server.wait_for_termination()


async def _call(request: bytes, _context: Any) -> bytes:
    return request


async def _take(requests: AsyncIterator[bytes], _context: Any) -> bytes:
    async for _ in requests:
        pass
    return b""


async def _give(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
    chunk = bytes(CHUNK)
    for _ in range(CHUNKS):
        yield chunk
