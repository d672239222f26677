"""One open two-way stream that many concurrent calls share.

gRPC costs the same for a message with one item as for one with thirty-two, so items that wait at
the same moment travel together. An item leaves at once while the stream is idle; while two
messages are unanswered, later items gather behind them, as in a group commit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Generic, Protocol, TypeAlias, TypeVar

import grpc
from attrs import define, field

from lienthong.client.connection import Connection, Stubs
from lienthong.client.faults import from_fault
from lienthong.client.retry import pause
from lienthong.errors import Closed, LienthongError
from lienthong_proto.axis.v1 import exchange_pb2, journal_pb2

MAX_ITEMS: Final = 32
MAX_MESSAGE: Final = 3 * 1024 * 1024
"""Bytes; the axis accepts 4 MiB."""

WINDOW: Final = 2
"""Messages that may be unanswered."""

Outcome: TypeAlias = journal_pb2.Receipt | LienthongError
Result: TypeAlias = exchange_pb2.SubmitResult | exchange_pb2.ReportResult


class Item(Protocol):
    """What is handed over and answered once."""

    tag: int

    def ByteSize(self) -> int: ...  # noqa: N802 - a protobuf message's name


class Answer(Protocol):
    """A message of answers."""

    @property
    def results(self) -> Iterable[Result]: ...


I = TypeVar("I", bound=Item)  # noqa: E741 - item, question, answer
Q = TypeVar("Q")
A = TypeVar("A", bound=Answer)


@define(eq=False)
class _Message:
    """A message under way."""

    unanswered: int


@define(eq=False)
class _Waiting(Generic[I]):
    """An item with the place where its answer is awaited."""

    item: I
    size: int
    answer: asyncio.Future[Outcome]
    message: _Message | None = field(default=None)


class Pipeline(Generic[I, Q, A]):
    """The open stream of one method, reopened when it breaks.

    Unanswered items are sent again, in their order; the axis answers a repeated item with the
    receipt that it gave before.
    """

    def __init__(
        self,
        name: str,
        connection: Connection,
        *,
        method: Callable[[Stubs], grpc.aio.StreamStreamMultiCallable[Q, A]],
        pack: Callable[[Sequence[I]], Q],
    ) -> None:
        self._name = name
        self._connection = connection
        self._method = method
        self._pack = pack
        self._queue: deque[_Waiting[I]] = deque()
        self._sent: dict[int, _Waiting[I]] = {}
        self._messages = 0
        self._last_tag = 0
        self._answered = 0
        self._wake = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._call: grpc.aio.StreamStreamCall[Q, A] | None = None
        self._closed = False

    async def exchange(self, item: I) -> Outcome:
        """Hand an item over; wait for its answer.

        Raises:
            ConnectionFailed: the axis cannot be reached, after all tries.
            DeadlineExceeded: the answer did not come in time.
            LienthongError: the axis refused the whole stream.
        """
        answer = self._put(item)
        timeout = asyncio.get_running_loop().call_later(
            self._connection.policy.timeout, self._give_up, answer
        )
        try:
            return await answer
        finally:
            timeout.cancel()
            _abandon(answer)

    async def close(self) -> None:
        """End the stream; whoever still waits gets ``Closed``."""
        self._closed = True
        self._fail_all(Closed(what="the client"))
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.wait([self._runner])

    def _put(self, item: I) -> asyncio.Future[Outcome]:
        if self._closed:
            raise Closed(what="the client")
        self._last_tag += 1
        item.tag = self._last_tag
        answer = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(item=item, size=item.ByteSize(), answer=answer))
        self._wake.set()
        if self._runner is None:
            self._runner = asyncio.create_task(self._run(), name=f"lienthong {self._name}")
        return answer

    async def _run(self) -> None:
        """Keep a stream open while there is work."""
        failures = 0
        while True:
            await self._work()
            answered = self._answered
            try:
                await self._serve()
                failures = 0
            except LienthongError as error:
                failures = 1 if self._answered != answered else failures + 1
                failures = await self._recover(error, failures)
            except Exception as error:
                self._runner = None
                self._fail_all(error)
                raise

    async def _work(self) -> None:
        while not self._queue:
            self._wake.clear()
            await self._wake.wait()

    async def _recover(self, error: LienthongError, failures: int) -> int:
        """Put unanswered items back, or give up on them; returns the failures that count on."""
        self._requeue()
        if self._connection.renew_after(error):
            return 0
        try:
            await pause(self._connection.policy, failures, error)
        except LienthongError:
            self._fail_all(error)
            return 0
        return failures

    async def _serve(self) -> None:
        """Open a stream, send what waits and read answers until it ends."""
        call = self._call = self._method(self._connection.stubs)()
        reader = asyncio.create_task(self._read(call))
        try:
            await self._write_until(reader, call)
            await reader
        finally:
            self._call = None
            reader.cancel()
            call.cancel()
            await asyncio.wait([reader])
            if not reader.cancelled():
                reader.exception()
        if self._sent or self._queue:
            raise self._connection.lost("the axis ended the stream without answering")

    async def _write_until(
        self, reader: asyncio.Task[None], call: grpc.aio.StreamStreamCall[Q, A]
    ) -> None:
        """Send batches; returns when the reader has ended and knows why."""
        while not reader.done():
            batch = self._take() if self._messages < WINDOW else []
            if not batch:
                self._wake.clear()
                await self._wake.wait()
                continue
            try:
                with self._connection.translating(call, self._name):
                    await call.write(self._pack([one.item for one in batch]))
            except (LienthongError, asyncio.InvalidStateError):
                # The reader learns what ended the stream.
                return

    async def _read(self, call: grpc.aio.StreamStreamCall[Q, A]) -> None:
        try:
            with self._connection.translating(call, self._name):
                async for response in call:
                    for result in response.results:
                        self._settle(result)
        finally:
            self._wake.set()

    def _take(self) -> list[_Waiting[I]]:
        """The next batch, from items that somebody still waits for."""
        batch: list[_Waiting[I]] = []
        message, size = _Message(0), 0
        while self._queue and len(batch) < MAX_ITEMS:
            one = self._queue[0]
            if batch and size + one.size > MAX_MESSAGE:
                break
            self._queue.popleft()
            if one.answer.done():
                continue
            one.message = message
            size += one.size
            self._sent[one.item.tag] = one
            batch.append(one)
        message.unanswered = len(batch)
        self._messages += bool(batch)
        return batch

    def _settle(self, result: Result) -> None:
        one = self._sent.pop(result.tag, None)
        if one is None:
            return
        self._answered += 1
        if one.message is not None:
            one.message.unanswered -= 1
            if not one.message.unanswered:
                self._messages -= 1
                self._wake.set()
        if not one.answer.done():
            one.answer.set_result(_outcome(result))

    def _give_up(self, answer: asyncio.Future[Outcome]) -> None:
        """An answer is late: the stream may be stuck; what others wait for goes to a new one."""
        if not answer.done():
            answer.set_exception(self._connection.late(self._name))
            self._break()

    def _break(self) -> None:
        if self._call is not None:
            self._call.cancel()

    def _requeue(self) -> None:
        """Everything unanswered goes first again, in its order."""
        again = sorted(self._sent.values(), key=lambda one: one.item.tag)
        self._sent.clear()
        self._messages = 0
        self._queue.extendleft(reversed(again))

    def _fail_all(self, error: Exception) -> None:
        self._requeue()
        for one in self._queue:
            if not one.answer.done():
                one.answer.set_exception(_fresh(error))
        self._queue.clear()


def _outcome(result: Result) -> Outcome:
    if result.WhichOneof("outcome") == "receipt":
        return result.receipt
    return from_fault(result.fault)


def _fresh(error: Exception) -> Exception:
    """An equal error for each of several waiters, so that tracebacks do not mix."""
    if not isinstance(error, LienthongError):
        return error
    fresh = type(error)(**error.facts)
    fresh.__cause__ = error.__cause__
    return fresh


def _abandon(answer: asyncio.Future[Outcome]) -> None:
    """Nobody waits any more; an error that nobody saw is no error of the program."""
    if not answer.cancel() and not answer.cancelled():
        answer.exception()
