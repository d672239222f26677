"""The gate before every handler: identity, limits, role; after it: typed errors and metrics."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import Any, Final, NoReturn, TypeAlias

import grpc
import grpc.aio
from attrs import define, field
from google.protobuf.message import DecodeError

from lienthong.errors import (
    DeadlineExceeded,
    Draining,
    LienthongError,
    Malformed,
    NotFound,
    TooLarge,
)
from lienthong_node import faults
from lienthong_node.access import check_role
from lienthong_node.beat import Beat
from lienthong_node.connections import Connections
from lienthong_node.core.credentials import Role
from lienthong_node.identity import Identifier, OpenCalls
from lienthong_node.limits import Limits
from lienthong_node.metrics import Metrics
from lienthong_node.security_log import SecurityLog

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

UNARY_SECONDS: Final = 30.0
"""Longest time that the handler of a single answer may take."""

METADATA_LIMIT: Final = 16_384
"""Bytes of what comes with a call beside its messages."""

log = logging.getLogger("lienthong_node.calls")


@define
class _Outcome:
    """How a call ended, for logs and figures."""

    started: float = field(factory=time.monotonic)
    code: str = "ok"
    organ: str = "-"
    """Who called, once that is known."""

    certificate: str = ""
    """Its fingerprint, likewise."""


class Gate(grpc.aio.ServerInterceptor):
    """Wraps every handler; nothing reaches a service without passing here."""

    def __init__(
        self,
        *,
        identifier: Identifier,
        open_calls: OpenCalls,
        limits: Limits,
        connections: Connections,
        rules: Mapping[str, frozenset[Role]],
        metrics: Metrics,
        security: SecurityLog,
        stopping: asyncio.Event,
    ) -> None:
        self._identifier = identifier
        self._open_calls = open_calls
        self._limits = limits
        self._connections = connections
        self._rules = rules
        self._metrics = metrics
        self._security = security
        self._stopping = stopping
        self._beat = Beat()
        self._handlers: dict[str, Handler] = {}
        """Wrapped, by method; of those that exist."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Wrap the handler of a method, once for all calls; unknown methods have none."""
        method = handler_call_details.method
        if method not in self._handlers:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            self._handlers[method] = self._wrap(method, handler)
        return self._handlers[method]

    def _wrap(self, method: str, handler: Handler) -> Handler:
        forms: dict[tuple[bool, bool], tuple[Any, str]] = {
            (False, False): (grpc.unary_unary_rpc_method_handler, "unary_unary"),
            (False, True): (grpc.unary_stream_rpc_method_handler, "unary_stream"),
            (True, False): (grpc.stream_unary_rpc_method_handler, "stream_unary"),
            (True, True): (grpc.stream_stream_rpc_method_handler, "stream_stream"),
        }
        make, attribute = forms[handler.request_streaming, handler.response_streaming]
        inner = getattr(handler, attribute)
        if handler.request_streaming:
            inner = _reading(inner)
        if handler.response_streaming:
            outer: Any = self._streaming(method, inner)
        else:
            seconds = None if handler.request_streaming else UNARY_SECONDS
            outer = self._single(method, inner, seconds)
        wrapped: Handler = make(
            outer,
            request_deserializer=_reader(handler),
            response_serializer=handler.response_serializer,
        )
        return wrapped

    def _single(self, method: str, inner: Any, seconds: float | None) -> Any:
        async def answer(request: Any, context: Context) -> Any:
            try:
                async with asyncio.timeout(seconds):
                    return await inner(request, context)
            except TimeoutError:
                raise DeadlineExceeded(endpoint="the axis", call=method, seconds=seconds) from None

        return self._guarded(method, answer)

    def _streaming(self, method: str, inner: Any) -> Any:
        def answer(request: Any, context: Context) -> Awaitable[None]:
            responses = inner(request, context)
            if inspect.isawaitable(responses):
                return self._until_stopping(responses)
            return _write_all(responses, context)

        return self._guarded(method, answer)

    async def _until_stopping(self, writing: Awaitable[None]) -> None:
        """Wait for a handler that writes its answers itself, as the health service's watch does.

        It knows nothing of stopping and would hold the node up.
        """
        work = asyncio.ensure_future(writing)
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise Draining
            await work
        finally:
            work.cancel()
            stop.cancel()

    def _guarded(self, method: str, answer: Callable[[Any, Context], Awaitable[Any]]) -> Any:
        """One task from admission to the last answer: what ends it, ends all of it."""

        async def handle(request: Any, context: Context) -> Any:  # noqa: RET503 - or it raises
            with self._observed(method) as outcome:
                try:
                    with self._admitted(method, context, outcome):
                        if isinstance(request, LienthongError):
                            raise request
                        return await answer(request, context)
                except grpc.aio.AbortError:
                    outcome.code = "aborted"
                    raise
                except asyncio.CancelledError:
                    outcome.code = "cancelled"
                    raise
                except Exception as error:  # noqa: BLE001 - all are typed
                    refusal = _alone(faults.as_typed(error))
                # gRPC keeps the abort's error in a circle with the call, for the collector of
                # garbage to find: it must not hold the request, which may be large, until then.
                del request
                await self._refuse(refusal, context, outcome, method)

        return handle

    @contextmanager
    def _admitted(self, method: str, context: Context, outcome: _Outcome) -> Iterator[None]:
        """Order: identity and revocation, then rate, then role; all before the handler."""
        caller = self._identifier.caller(context.auth_context())
        outcome.organ, outcome.certificate = caller.organ, caller.fingerprint.hex()
        self._connections.identified(context.peer(), caller.organ)
        self._check_metadata(context)
        if self._stopping.is_set():
            raise Draining
        with self._limits.call(caller.organ):
            check_role(method, caller, self._rules)
            with self._open_calls.handling(caller):
                try:
                    yield
                except asyncio.CancelledError:
                    if (reason := self._open_calls.cut_because()) is not None:
                        raise reason from None
                    raise

    def _check_metadata(self, context: Context) -> None:
        """Refuse metadata that nobody sends who has accepted this side's settings.

        gRPC applies its own limit from the moment only that the other side has accepted it.
        """
        size = sum(len(key) + len(value) for key, value in context.invocation_metadata() or ())
        if size > METADATA_LIMIT:
            self._connections.disobeyed(context.peer())
            raise TooLarge(what="metadata in bytes", found=size, limit=METADATA_LIMIT)

    async def _refuse(
        self, typed: LienthongError, context: Context, outcome: _Outcome, method: str
    ) -> NoReturn:
        """End the call with an error."""
        outcome.code = typed.code
        shown = outcome.certificate or str(typed.facts.get("fingerprint", ""))
        self._security.refused(typed, who=outcome.organ, certificate=shown, what=method)
        if isinstance(typed, NotFound):
            # That nothing is there shows sooner than that it is not for the caller's eyes.
            await self._beat.wait(outcome.started)
        await context.abort(
            faults.status_code(typed), str(typed), trailing_metadata=faults.trailing_metadata(typed)
        )
        raise AssertionError  # abort always raises

    @contextmanager
    def _observed(self, method: str) -> Iterator[_Outcome]:
        """Measure and log the call; never its content."""
        outcome = _Outcome()
        try:
            yield outcome
        finally:
            seconds = time.monotonic() - outcome.started
            self._metrics.call(method, outcome.code, seconds)
            log.info(
                "call",
                extra={
                    "fields": {
                        "method": method,
                        "organ": outcome.organ,
                        "outcome": outcome.code,
                        "ms": round(seconds * 1000, 1),
                    }
                },
            )


async def _write_all(responses: AsyncGenerator[Any, None], context: Context) -> None:
    async with aclosing(responses):
        async for response in responses:
            await context.write(response)
            # Who waits long for the next one holds none meanwhile.
            del response


def _reading(inner: Callable[[AsyncIterator[Any], Context], Any]) -> Any:
    """Give the handler a stream of requests that is gone when the handler is.

    gRPC's own iterator stands in a circle with itself: of a stream that is refused it would hold
    the last request until a collection of garbage.
    """

    def call(_: object, context: Context) -> Any:
        return inner(_requests(context), context)

    return call


async def _requests(context: Context) -> AsyncIterator[Any]:
    while (request := await context.read()) is not grpc.aio.EOF:
        yield request


def _alone(error: LienthongError) -> LienthongError:
    """The error without the frames that it came from, and what they hold."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _reader(handler: Handler) -> Callable[[bytes], Any] | None:
    """Reads requests of a handler; what is no protobuf message is Malformed.

    gRPC answers UNKNOWN by itself when the reading of a single request raises; there the error
    takes the request's place.
    """
    deserialize = handler.request_deserializer
    if deserialize is None:
        return None

    def read(data: bytes) -> Any:
        try:
            return deserialize(data)
        except DecodeError as error:
            malformed = Malformed(what="request", reason="no valid protobuf message")
            if handler.request_streaming:
                raise malformed from error
            return malformed

    return read
