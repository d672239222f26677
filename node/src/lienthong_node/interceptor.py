"""The gate before every handler: identity, limits, role; after it: typed errors and metrics."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NoReturn, TypeAlias

import grpc
import grpc.aio

from lienthong.errors import CredentialRevoked, DeadlineExceeded, Draining
from lienthong_node import faults
from lienthong_node.access import check_role
from lienthong_node.core.commands import Caller
from lienthong_node.core.credentials import Role
from lienthong_node.identity import Identifier, OpenCalls
from lienthong_node.limits import Limits
from lienthong_node.metrics import Metrics

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

UNARY_SECONDS: Final = 30.0
"""Longest time that the handler of a single answer may take."""

log = logging.getLogger("lienthong_node.calls")


class Gate(grpc.aio.ServerInterceptor):
    """Wraps every handler; nothing reaches a service without passing here."""

    def __init__(
        self,
        *,
        identifier: Identifier,
        open_calls: OpenCalls,
        limits: Limits,
        rules: Mapping[str, frozenset[Role]],
        metrics: Metrics,
        draining: Callable[[], bool],
    ) -> None:
        self._identifier = identifier
        self._open_calls = open_calls
        self._limits = limits
        self._rules = rules
        self._metrics = metrics
        self._draining = draining

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Wrap the handler of a method; unknown methods have none."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return handler
        return self._wrapped(handler_call_details.method, handler)

    def _wrapped(self, method: str, handler: Handler) -> Handler:
        forms: dict[tuple[bool, bool], tuple[Any, str]] = {
            (False, False): (grpc.unary_unary_rpc_method_handler, "unary_unary"),
            (False, True): (grpc.unary_stream_rpc_method_handler, "unary_stream"),
            (True, False): (grpc.stream_unary_rpc_method_handler, "stream_unary"),
            (True, True): (grpc.stream_stream_rpc_method_handler, "stream_stream"),
        }
        make, attribute = forms[handler.request_streaming, handler.response_streaming]
        inner = getattr(handler, attribute)
        if handler.response_streaming:
            outer: Any = self._streaming(method, inner)
        else:
            seconds = None if handler.request_streaming else UNARY_SECONDS
            outer = self._single(method, inner, seconds)
        wrapped: Handler = make(
            outer,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )
        return wrapped

    def _single(self, method: str, inner: Any, seconds: float | None) -> Any:
        async def handle(request: Any, context: Context) -> Any:
            with self._observed(method) as outcome:
                try:
                    with self._admitted(method, context) as outcome["caller"]:
                        try:
                            async with asyncio.timeout(seconds):
                                return await inner(request, context)
                        except TimeoutError:
                            raise DeadlineExceeded(
                                endpoint="the axis", call=method, seconds=seconds
                            ) from None
                except (Exception, asyncio.CancelledError) as error:
                    await self._refuse(error, context, outcome)

        return handle

    def _streaming(self, method: str, inner: Any) -> Any:
        async def handle(request: Any, context: Context) -> AsyncIterator[Any]:
            with self._observed(method) as outcome:
                try:
                    with self._admitted(method, context) as outcome["caller"]:
                        async for response in inner(request, context):
                            yield response
                except (Exception, asyncio.CancelledError) as error:
                    await self._refuse(error, context, outcome)

        return handle

    @contextmanager
    def _admitted(self, method: str, context: Context) -> Iterator[Caller]:
        """Order: identity and revocation, then rate, then role; all before the handler."""
        caller = self._identifier.caller(context.auth_context())
        if self._draining():
            raise Draining
        with self._limits.call(caller.organ):
            check_role(method, caller, self._rules)
            with self._open_calls.handling(caller):
                try:
                    yield caller
                except asyncio.CancelledError:
                    if self._open_calls.was_cut():
                        raise CredentialRevoked(fingerprint=caller.fingerprint.hex()) from None
                    raise

    async def _refuse(
        self, error: BaseException, context: Context, outcome: dict[str, Any]
    ) -> NoReturn:
        """End the call with the typed form of *error*."""
        if isinstance(error, grpc.aio.AbortError | asyncio.CancelledError):
            outcome["code"] = "cancelled"
            raise error
        typed = faults.as_typed(error if isinstance(error, Exception) else Exception(error))
        outcome["code"] = typed.code
        await context.abort(
            faults.status_code(typed), str(typed), trailing_metadata=faults.trailing_metadata(typed)
        )
        raise AssertionError  # abort always raises

    @contextmanager
    def _observed(self, method: str) -> Iterator[dict[str, Any]]:
        """Measure and log the call; never its content."""
        started = time.monotonic()
        outcome: dict[str, Any] = {"code": "ok", "caller": None}
        try:
            yield outcome
        finally:
            seconds = time.monotonic() - started
            caller: Caller | None = outcome["caller"]
            organ = caller.organ if caller else "-"
            self._metrics.call(method, outcome["code"], seconds)
            log.info(
                "call",
                extra={
                    "fields": {
                        "method": method,
                        "organ": organ,
                        "outcome": outcome["code"],
                        "ms": round(seconds * 1000, 1),
                    }
                },
            )
