"""A TCP proxy in front of a node: it can swallow the node's answers, and cut at any byte."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self

PIECE = 64 * 1024


class Proxy:
    """Passes bytes on; used on one event loop."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.swallowing = False
        """Whether what the node says is thrown away."""

        self.swallowed = 0
        """Bytes."""

        self.passed = 0
        """Bytes that reached the node."""

        self.cut_at: int | None = None
        """Everything is cut when so many bytes have reached the node."""

        self.cuts = 0

    @property
    def endpoint(self) -> str:
        assert self._server is not None
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Break all connections as a dead line would."""
        self.cut_at = None
        self.cuts += 1
        for writer in self._open:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Kept, because the loop itself only remembers tasks weakly.
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        both = {writer, far_writer}
        self._open |= both
        try:
            await asyncio.gather(self._up(reader, far_writer), self._down(far_reader, writer))
        finally:
            self._open -= both
            for end in both:
                end.transport.abort()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE):
                left = None if self.cut_at is None else self.cut_at - self.passed
                passing = piece[:left]
                writer.write(passing)
                self.passed += len(passing)
                await writer.drain()
                if left is not None and left <= len(piece):
                    # Closed, not aborted: what was passed on arrives.
                    writer.close()
                    await writer.wait_closed()
                    self.cut()
                    return
        writer.close()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE):
                if self.swallowing:
                    self.swallowed += len(piece)
                    continue
                writer.write(piece)
                await writer.drain()
        writer.close()
