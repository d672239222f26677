"""The Exchange service: packages, reports, files, feeds."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from lienthong.errors import InvalidValue, LienthongError, NotFound
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import OrganId
from lienthong.model.journal import InterconnectionRecord
from lienthong.spi.records import DeliveryRow
from lienthong.spi.storage import ReadView
from lienthong_node import wire
from lienthong_node.committer import Outcome
from lienthong_node.contents import pieces, small_content
from lienthong_node.core.commands import Caller, Command, RecordCheck
from lienthong_node.faults import fault
from lienthong_node.identity import current_caller
from lienthong_node.services import intake, uploading
from lienthong_node.services.context import NodeContext
from lienthong_node.services.feed import follow, history_page
from lienthong_node.services.streams import pipelined
from lienthong_node.services.visibility import (
    sees_as_sender,
    visible_deliveries,
    visible_history,
    visible_list,
    visible_package,
)
from lienthong_node.stores import Recorded, read_recorded
from lienthong_node.uploads import CHUNK_LIMIT
from lienthong_proto.axis.v1 import exchange_pb2, exchange_pb2_grpc

M = TypeVar("M")
C = TypeVar("C", bound=Command)
Decoder = Callable[[NodeContext, Sequence[M], Caller], Sequence[C | LienthongError]]

_DIRECTIONS: Final = {exchange_pb2.DIRECTION_INCOMING: True, exchange_pb2.DIRECTION_OUTGOING: False}
"""Whether deliveries of a direction are incoming."""

_PAGE_TOKEN: Final = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{32})-([0-9A-Z.]{1,35})")


class Exchange(exchange_pb2_grpc.ExchangeServicer):
    """See ``exchange.proto``; callers, limits and roles were checked before."""

    def __init__(self, node: NodeContext) -> None:
        self._node = node

    async def BeginUpload(
        self, request: exchange_pb2.BeginUploadRequest, context: Any
    ) -> exchange_pb2.BeginUploadResponse:
        sha256 = wire.check_hash(request.sha256, "sha256")
        return await uploading.begin(self._node, current_caller().organ, sha256, request.size)

    async def Upload(
        self, requests: AsyncIterator[exchange_pb2.UploadRequest], context: Any
    ) -> exchange_pb2.UploadResponse:
        return await uploading.receive(self._node, current_caller().organ, requests)

    async def Submit(
        self, requests: AsyncIterator[exchange_pb2.SubmitRequest], context: Any
    ) -> AsyncIterator[exchange_pb2.SubmitResponse]:
        caller = current_caller()

        async def begin(
            request: exchange_pb2.SubmitRequest,
        ) -> Awaitable[exchange_pb2.SubmitResponse]:
            items, size = request.submissions, request.ByteSize()
            outcomes = await self._hand_over(intake.submissions, items, caller, size)
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
            items, size = request.items, request.ByteSize()
            outcomes = await self._hand_over(intake.reports, items, caller, size)
            return self._answer(
                [item.tag for item in items],
                outcomes,
                exchange_pb2.ReportResult,
                exchange_pb2.ReportResponse,
            )

        async for response in pipelined(requests, begin, self._node.stopping):
            yield response

    async def _hand_over(
        self, decode: Decoder[M, C], items: Sequence[M], caller: Caller, size: int
    ) -> Awaitable[list[Outcome]]:
        """Decode a message's items and queue them; returns what to wait for."""
        intake.check_amounts(items)
        budget = self._node.budget
        passing, refusal = self._node.limits.documents(caller.organ, len(items))
        await budget.take(caller.organ, size)
        try:
            decoded = [
                *await self._node.decode(decode, self._node, items[:passing], caller),
                *(refusal for _ in items[passing:]),
            ]
            commands = [item for item in decoded if not isinstance(item, LienthongError)]
            committed = asyncio.wrap_future(self._node.committer.submit(commands))
        except BaseException:
            await budget.give(caller.organ, size)
            raise

        async def collect() -> list[Outcome]:
            try:
                results = iter(await committed)
            finally:
                await budget.give(caller.organ, size)
            outcomes = [
                item if isinstance(item, LienthongError) else next(results) for item in decoded
            ]
            intake.note_refusals(self._node.security, items, outcomes, caller)
            return outcomes

        return asyncio.ensure_future(collect())

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

    def Subscribe(
        self, request: exchange_pb2.SubscribeRequest, context: Any
    ) -> AsyncIterator[exchange_pb2.SubscribeResponse]:
        # No generator of its own around it: thousands of these wait.
        return follow(self._node, request, current_caller().organ)

    async def Download(
        self, request: exchange_pb2.DownloadRequest, context: Any
    ) -> AsyncIterator[exchange_pb2.DownloadResponse]:
        node, caller = self._node, current_caller()
        directory, today = node.registry.directory, node.today()
        package_id = wire.check_id(request.package_id, "package_id")
        sha256 = wire.check_hash(request.sha256, "sha256")

        def look(view: ReadView) -> tuple[int, bytes | None]:
            package, _ = visible_package(view, package_id, caller, directory, today)
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
        coming = asyncio.ensure_future(node.run(next, rest, None))
        try:
            while (piece := await coming) is not None:
                # The next piece is read and hashed while this one is on its way.
                coming = asyncio.ensure_future(node.run(next, rest, None))
                for at in range(0, len(piece), CHUNK_LIMIT):
                    yield exchange_pb2.DownloadResponse(chunk=piece[at : at + CHUNK_LIMIT])
        finally:
            coming.cancel()

    async def GetPackage(
        self, request: exchange_pb2.GetPackageRequest, context: Any
    ) -> exchange_pb2.GetPackageResponse:
        node, caller = self._node, current_caller()
        directory, today = node.registry.directory, node.today()
        package_id = wire.check_id(request.package_id, "package_id")

        def look(view: ReadView) -> exchange_pb2.GetPackageResponse:
            package, row = visible_package(view, package_id, caller, directory, today)
            deliveries = visible_deliveries(view, package, caller, directory, today)
            return exchange_pb2.GetPackageResponse(
                envelope=wire.stored_envelope(row),
                receipt=wire.receipt(read_recorded(view, row.index)),
                deliveries=[
                    wire.delivery(one, outgoing=sees_as_sender(one, caller, directory, today))
                    for one in deliveries
                ],
            )

        return await self._node.read(look)

    async def ListDeliveries(
        self, request: exchange_pb2.ListDeliveriesRequest, context: Any
    ) -> exchange_pb2.ListDeliveriesResponse:
        node, caller = self._node, current_caller()
        directory, today = node.registry.directory, node.today()
        incoming = _DIRECTIONS.get(request.direction)
        if incoming is None:
            raise InvalidValue(
                field="direction", found=request.direction, expected="INCOMING or OUTGOING"
            )
        states = [_state(word) for word in request.states]
        before = _page_key(request.page_token)
        limit = wire.page_size(request.page_size)
        rows = await self._node.read(
            lambda view: visible_list(
                view,
                caller,
                directory,
                today,
                incoming=incoming,
                states=states,
                before=before,
                limit=limit,
            )
        )
        return exchange_pb2.ListDeliveriesResponse(
            deliveries=[wire.delivery(row, outgoing=not incoming) for row in rows],
            next_page_token=_page_token(rows[-1]) if len(rows) == limit else "",
        )

    async def GetHistory(
        self, request: exchange_pb2.GetHistoryRequest, context: Any
    ) -> exchange_pb2.GetHistoryResponse:
        node, caller = self._node, current_caller()
        directory, today = node.registry.directory, node.today()
        package_id = wire.check_id(request.package_id, "package_id")

        def look(view: ReadView) -> exchange_pb2.GetHistoryResponse:
            rows = visible_history(view, package_id, caller, directory, today)
            return history_page(view, [row for row in rows if row.index >= request.from_index])

        return await self._node.read(look)

    async def RecordCheck(
        self, request: exchange_pb2.RecordCheckRequest, context: Any
    ) -> exchange_pb2.RecordCheckResponse:
        node, caller = self._node, current_caller()
        results = wire.check_results(request.results)
        node.limits.check(caller.organ)
        record = InterconnectionRecord(organ_id=OrganId(caller.organ), results=results)
        command = RecordCheck(caller=caller, record=record)
        [outcome] = await asyncio.wrap_future(node.committer.submit([command]))
        if isinstance(outcome, LienthongError):
            raise outcome
        return exchange_pb2.RecordCheckResponse(receipt=wire.receipt(outcome))


def _state(word: str) -> str:
    try:
        return DeliveryState(word).value
    except ValueError:
        expected = "one of " + ", ".join(state.value for state in DeliveryState)
        raise InvalidValue(field="states", found=word, expected=expected) from None


def _page_token(row: DeliveryRow) -> str:
    return f"{row.updated_index:x}-{row.package_id.hex()}-{row.recipient}"


def _page_key(token: str) -> tuple[int, bytes, str] | None:
    if not token:
        return None
    found = _PAGE_TOKEN.fullmatch(token)
    if found is None:
        raise InvalidValue(
            field="page_token", found="malformed", expected="one from the page before"
        )
    index = wire.check_index(int(found[1], 16), "page_token")
    return index, bytes.fromhex(found[2]), found[3]
