"""The Exchange service: packages, reports, files, feeds."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

from lienthong.errors import DiskFull, InvalidValue, LienthongError, NotFound, TooLarge
from lienthong.model.delivery import DeliveryState
from lienthong.spi.records import DeliveryRow
from lienthong.spi.storage import ReadView
from lienthong_node import wire
from lienthong_node.committer import Outcome
from lienthong_node.contents import pieces, small_content
from lienthong_node.core.commands import Caller, Command
from lienthong_node.faults import fault
from lienthong_node.identity import current_caller
from lienthong_node.services import intake
from lienthong_node.services.context import NodeContext
from lienthong_node.services.feed import follow
from lienthong_node.services.locks import KeyedLocks
from lienthong_node.services.streams import pipelined
from lienthong_node.services.visibility import (
    visible_deliveries,
    visible_history,
    visible_package,
)
from lienthong_node.stores import Recorded, read_recorded
from lienthong_node.uploads import CHUNK_LIMIT
from lienthong_proto.axis.v1 import exchange_pb2, exchange_pb2_grpc

M = TypeVar("M")
C = TypeVar("C", bound=Command)
Decoder = Callable[[NodeContext, Sequence[M], Caller], Sequence[C | LienthongError]]


class Exchange(exchange_pb2_grpc.ExchangeServicer):
    """See ``exchange.proto``; callers, limits and roles were checked before."""

    def __init__(self, node: NodeContext) -> None:
        self._node = node
        self._uploading = KeyedLocks()

    async def BeginUpload(
        self, request: exchange_pb2.BeginUploadRequest, context: Any
    ) -> exchange_pb2.BeginUploadResponse:
        node, organ = self._node, current_caller().organ
        sha256 = wire.check_hash(request.sha256, "sha256")
        if request.size > node.policy.max_file_bytes:
            limit = node.policy.max_file_bytes
            raise TooLarge(what="file in bytes", found=request.size, limit=limit)
        if await node.read(lambda view: view.possession(organ, sha256)) == request.size:
            return exchange_pb2.BeginUploadResponse(offset=request.size, complete=True)
        if node.accepting():
            raise DiskFull
        key = node.uploads.key(organ, sha256, request.size)
        async with self._uploading(key):
            offset = await node.run(node.uploads.begin, key)
        return exchange_pb2.BeginUploadResponse(upload_id=key, offset=offset)

    async def Upload(
        self, requests: AsyncIterator[exchange_pb2.UploadRequest], context: Any
    ) -> exchange_pb2.UploadResponse:
        node, organ = self._node, current_caller().organ
        first = await anext(requests, None)
        if first is None:
            raise InvalidValue(field="upload_id", found="no message", expected="a first message")
        async with self._uploading(first.upload_id):
            ticket = await node.run(node.uploads.resume, organ, first.upload_id, first.offset)
        offset = first.offset
        chunk: bytes = first.chunk
        while True:
            if chunk:
                async with self._uploading(ticket.key):
                    offset = await node.run(node.uploads.write, ticket, chunk)
            following = await anext(requests, None)
            if following is None:
                break
            chunk = following.chunk
        async with self._uploading(ticket.key):
            complete = await node.run(node.uploads.finish, ticket)
            if complete:
                await node.run(self._possess, organ, ticket.sha256, ticket.size)
        return exchange_pb2.UploadResponse(offset=offset, complete=complete)

    def _possess(self, organ: str, sha256: bytes, size: int) -> None:
        with self._node.store.write() as tx:
            tx.add_possession(organ, sha256, size)

    async def Submit(
        self, requests: AsyncIterator[exchange_pb2.SubmitRequest], context: Any
    ) -> AsyncIterator[exchange_pb2.SubmitResponse]:
        caller = current_caller()

        async def begin(
            request: exchange_pb2.SubmitRequest,
        ) -> Awaitable[exchange_pb2.SubmitResponse]:
            items = request.submissions
            outcomes = await self._hand_over(intake.submissions, items, caller)
            return self._answer(
                [item.tag for item in items],
                outcomes,
                exchange_pb2.SubmitResult,
                exchange_pb2.SubmitResponse,
            )

        async for response in pipelined(requests, begin, self._node.stopping):
            yield response

    async def Report(
        self, requests: AsyncIterator[exchange_pb2.ReportRequest], context: Any
    ) -> AsyncIterator[exchange_pb2.ReportResponse]:
        caller = current_caller()

        async def begin(
            request: exchange_pb2.ReportRequest,
        ) -> Awaitable[exchange_pb2.ReportResponse]:
            outcomes = await self._hand_over(intake.reports, request.items, caller)
            return self._answer(
                [item.tag for item in request.items],
                outcomes,
                exchange_pb2.ReportResult,
                exchange_pb2.ReportResponse,
            )

        async for response in pipelined(requests, begin, self._node.stopping):
            yield response

    async def _hand_over(
        self, decode: Decoder[M, C], items: Sequence[M], caller: Caller
    ) -> Awaitable[list[Outcome]]:
        """Decode a message's items and queue them; returns what to wait for."""
        decoded = await self._node.run(decode, self._node, items, caller)
        commands = [item for item in decoded if not isinstance(item, LienthongError)]
        committed = asyncio.wrap_future(self._node.committer.submit(commands))

        async def collect() -> list[Outcome]:
            results = iter(await committed)
            return [item if isinstance(item, LienthongError) else next(results) for item in decoded]

        return collect()

    async def _answer(
        self, tags: Sequence[int], outcomes: Awaitable[list[Outcome]], result: Any, response: Any
    ) -> Any:
        results = [
            result(tag=tag, receipt=wire.receipt(outcome))
            if isinstance(outcome, Recorded)
            else result(tag=tag, fault=fault(outcome))
            for tag, outcome in zip(tags, await outcomes, strict=True)
        ]
        return response(results=results)

    async def Subscribe(
        self, request: exchange_pb2.SubscribeRequest, context: Any
    ) -> AsyncIterator[exchange_pb2.SubscribeResponse]:
        async for page in follow(self._node, request, current_caller().organ):
            yield page

    async def Download(
        self, request: exchange_pb2.DownloadRequest, context: Any
    ) -> AsyncIterator[exchange_pb2.DownloadResponse]:
        node, caller = self._node, current_caller()
        package_id = wire.check_id(request.package_id, "package_id")
        sha256 = wire.check_hash(request.sha256, "sha256")

        def look(view: ReadView) -> tuple[int, bytes | None]:
            package, _ = visible_package(view, package_id, caller)
            for file in package.files:
                if file.sha256 == sha256:
                    return file.size, small_content(view, sha256)
            raise NotFound(what=f"file {sha256.hex()}")

        size, small = await node.read(look)
        if request.offset > size:
            raise InvalidValue(field="offset", found=request.offset, expected=f"<= {size}")
        rest = (
            iter([small[request.offset :]])
            if small is not None
            else pieces(node.blobs, sha256, request.offset, size)
        )
        while (piece := await node.run(next, rest, None)) is not None:
            for at in range(0, len(piece), CHUNK_LIMIT):
                yield exchange_pb2.DownloadResponse(chunk=piece[at : at + CHUNK_LIMIT])

    async def GetPackage(
        self, request: exchange_pb2.GetPackageRequest, context: Any
    ) -> exchange_pb2.GetPackageResponse:
        caller, directory = current_caller(), self._node.registry.directory
        package_id = wire.check_id(request.package_id, "package_id")

        def look(view: ReadView) -> exchange_pb2.GetPackageResponse:
            package, row = visible_package(view, package_id, caller)
            deliveries = visible_deliveries(view, package, caller, directory)
            return exchange_pb2.GetPackageResponse(
                envelope=wire.stored_envelope(row),
                receipt=wire.receipt(read_recorded(view, row.index)),
                deliveries=[wire.delivery(delivery) for delivery in deliveries],
            )

        return await self._node.read(look)

    async def ListDeliveries(
        self, request: exchange_pb2.ListDeliveriesRequest, context: Any
    ) -> exchange_pb2.ListDeliveriesResponse:
        organ = current_caller().organ
        if request.direction == exchange_pb2.DIRECTION_UNSPECIFIED:
            raise InvalidValue(
                field="direction", found="unspecified", expected="INCOMING or OUTGOING"
            )
        incoming = request.direction == exchange_pb2.DIRECTION_INCOMING
        states = [_state(word) for word in request.states]
        before = _page_key(request.page_token)
        limit = wire.page_size(request.page_size)
        rows = await self._node.read(
            lambda view: view.list_deliveries(
                organ, incoming=incoming, states=states, before=before, limit=limit
            )
        )
        return exchange_pb2.ListDeliveriesResponse(
            deliveries=[wire.delivery(row) for row in rows],
            next_page_token=_page_token(rows[-1]) if len(rows) == limit else "",
        )

    async def GetHistory(
        self, request: exchange_pb2.GetHistoryRequest, context: Any
    ) -> exchange_pb2.GetHistoryResponse:
        caller = current_caller()
        package_id = wire.check_id(request.package_id, "package_id")

        def look(view: ReadView) -> exchange_pb2.GetHistoryResponse:
            rows = visible_history(view, package_id, caller)
            return exchange_pb2.GetHistoryResponse(
                items=[
                    wire.feed_item(row, read_recorded(view, row.index).checkpoint.note)
                    for row in rows
                ]
            )

        return await self._node.read(look)


def _state(word: str) -> str:
    try:
        return DeliveryState(word).value
    except ValueError:
        expected = "one of " + ", ".join(state.value for state in DeliveryState)
        raise InvalidValue(field="states", found=word, expected=expected) from None


def _page_token(row: DeliveryRow) -> str:
    key = [row.updated_index, row.package_id.hex(), row.recipient]
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _page_key(token: str) -> tuple[int, bytes, str] | None:
    if not token:
        return None
    try:
        index, package_id, recipient = json.loads(base64.urlsafe_b64decode(token.encode()))
        return int(index), bytes.fromhex(package_id), str(recipient)
    except (ValueError, TypeError, binascii.Error):
        raise InvalidValue(
            field="page_token", found="malformed", expected="one from the page before"
        ) from None
