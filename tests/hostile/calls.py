"""The node's handlers with its gate, called without a network: the same code, a tenth of the time.

What gRPC does itself (framing, TLS, deadlines) is left out; requests are read by the deserializers
that the server uses.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import grpc
import grpc.aio
import pytest
from attrs import define, field

from lienthong.client import Profile
from lienthong_node import server as node_server
from lienthong_node.interceptor import Gate
from lienthong_node.local import LocalAxis
from lienthong_node.services.admin import Admin
from lienthong_node.services.context import NodeContext
from lienthong_node.services.directory import Directory
from lienthong_node.services.evidence import Evidence
from lienthong_node.services.exchange import Exchange
from lienthong_proto.axis.v1 import (
    admin_pb2_grpc,
    directory_pb2_grpc,
    error_pb2,
    evidence_pb2_grpc,
    exchange_pb2_grpc,
)
from tests.e2e.raw import Answer

SECONDS: Final = 60.0


class _Handlers:
    """Collects the handlers that services register at a server."""

    def __init__(self) -> None:
        self.by_method: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, handlers: Sequence[Any]) -> None:
        """What comes here comes to the other method too."""

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        self.by_method |= {f"/{service}/{name}": found for name, found in handlers.items()}


@define(eq=False)
class _Aborted(Exception):
    """The handler refused."""

    answer: Answer


@define(eq=False)
class _Context:
    """What a handler sees of its call."""

    pem: bytes
    requests: list[Any] = field(factory=list)
    written: list[bytes] = field(factory=list)
    serializer: Any = None

    def peer(self) -> str:
        return "ipv4:127.0.0.1:1"

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return ()

    def auth_context(self) -> dict[str, list[bytes]]:
        return {"x509_pem_cert": [self.pem], "ssl_tls_version": [b"TLSv1.3"]}

    async def abort(
        self, code: grpc.StatusCode, details: str = "", trailing_metadata: Any = ()
    ) -> None:
        facts = {}
        for _, value in trailing_metadata:
            status = error_pb2.RpcStatus.FromString(value)
            facts = {detail.type_url.rpartition(".")[2]: detail.value for detail in status.details}
        info = error_pb2.ErrorInfo.FromString(facts.get("ErrorInfo", b""))
        raise _Aborted(Answer(status=code.name, text=details, code=info.reason))

    async def read(self) -> Any:
        """The next request of a stream, read by the server's deserializer."""
        return self.requests.pop(0)() if self.requests else grpc.aio.EOF

    async def write(self, response: Any) -> None:
        self.written.append(self.serializer(response))


class Calls:
    """Every method of a node, with its gate; to be used on the node's own event loop."""

    def __init__(self, node: NodeContext, gate: Gate) -> None:
        handlers = _Handlers()
        server: Any = handlers
        exchange_pb2_grpc.add_ExchangeServicer_to_server(Exchange(node), server)
        directory_pb2_grpc.add_DirectoryServicer_to_server(Directory(node), server)
        evidence_pb2_grpc.add_EvidenceServicer_to_server(Evidence(node), server)
        admin_pb2_grpc.add_AdminServicer_to_server(Admin(node), server)
        self._handlers = {
            method: gate._wrap(method, handler) for method, handler in handlers.by_method.items()
        }

    async def ask(self, profile: Profile, method: str, data: bytes) -> Answer:
        """Call a method as the holder of a profile."""
        handler: Any = self._handlers[method]
        context = _Context(_pem(profile))
        context.serializer = handler.response_serializer
        kind = "stream" if handler.request_streaming else "unary"
        form = f"{kind}_{'stream' if handler.response_streaming else 'unary'}"
        read = functools.partial(handler.request_deserializer, data)
        if handler.request_streaming:
            context.requests.append(read)
        request = None if handler.request_streaming else read()
        try:
            async with asyncio.timeout(SECONDS):
                found = await getattr(handler, form)(request, context)
        except _Aborted as refused:
            return refused.answer
        except TimeoutError:
            return Answer(status="HANGS")
        if found is not None:
            context.written.append(handler.response_serializer(found))
        return Answer(status="OK", data=tuple(context.written))


@functools.cache
def _pem(profile: Profile) -> bytes:
    return profile.transport.certificate.read_bytes()


@asynccontextmanager
async def called_directly(axis: LocalAxis) -> AsyncIterator[Calls]:
    """Serve an axis on this event loop and call its handlers past the network."""
    gates: list[Gate] = []
    make = grpc.aio.server

    def noting(*, interceptors: Sequence[Gate], **options: Any) -> grpc.aio.Server:
        gates.extend(interceptors)
        return make(interceptors=interceptors, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grpc.aio, "server", noting)
        node = await node_server.start(axis.data)
    try:
        yield Calls(node.context, gates[0])
    finally:
        await node.stop()
