"""The Evidence service: receipts, checkpoints, tiles and consistency proofs."""

from __future__ import annotations

from typing import Any

from lienthong.codec.stamps import stamp_proof_to_message
from lienthong.errors import DataCorrupt, InvalidValue, NotFound, TooLarge
from lienthong.evidence.merkle import consistency_proof
from lienthong.evidence.tiles import TILE_WIDTH, node_reader, tile_width
from lienthong.model.ids import PackageId, StatementId
from lienthong.spi.records import CheckpointRow
from lienthong.spi.storage import ReadView
from lienthong_node import wire
from lienthong_node.identity import current_caller
from lienthong_node.services.context import NodeContext
from lienthong_node.services.visibility import visible_entry
from lienthong_node.stores import hash_reader
from lienthong_proto.axis.v1 import evidence_pb2, evidence_pb2_grpc

MAX_TILE_LEVEL = 7
"""Above it no tile of a tree of less than 2**63 leaves is full."""


class Evidence(evidence_pb2_grpc.EvidenceServicer):
    """See ``evidence.proto``; hashes reveal nothing, so every credential may read them."""

    def __init__(self, node: NodeContext) -> None:
        self._node = node

    async def GetReceipt(
        self, request: evidence_pb2.GetReceiptRequest, context: Any
    ) -> evidence_pb2.GetReceiptResponse:
        node, caller = self._node, current_caller()
        directory, today = node.registry.directory, node.today()

        def look(view: ReadView) -> evidence_pb2.GetReceiptResponse:
            index, asked = _subject(view, request)
            recorded = visible_entry(view, index, caller, directory, today, asked)
            return evidence_pb2.GetReceiptResponse(receipt=wire.receipt(recorded))

        return await self._node.read(look)

    async def GetCheckpoint(
        self, request: evidence_pb2.GetCheckpointRequest, context: Any
    ) -> evidence_pb2.GetCheckpointResponse:
        newest = await self._node.read(lambda view: view.checkpoint())
        if newest is None:
            raise NotFound(what="checkpoint")
        return evidence_pb2.GetCheckpointResponse(
            checkpoint=newest.note, verifier_key=str(self._node.checkpoint_key)
        )

    async def GetTile(
        self, request: evidence_pb2.GetTileRequest, context: Any
    ) -> evidence_pb2.GetTileResponse:
        width = request.width or TILE_WIDTH
        if request.level > MAX_TILE_LEVEL or width > TILE_WIDTH:
            raise InvalidValue(
                field="tile",
                found=f"level {request.level}, width {width}",
                expected=f"level <= {MAX_TILE_LEVEL}, width <= {TILE_WIDTH}",
            )

        def look(view: ReadView) -> evidence_pb2.GetTileResponse:
            if tile_width(request.level, request.index, view.head().size) < width:
                raise NotFound(what=f"tile {request.level}/{request.index} of width {width}")
            start = request.index * TILE_WIDTH
            hashes = hash_reader(view)(request.level, start, width)
            return evidence_pb2.GetTileResponse(hashes=b"".join(hashes))

        return await self._node.read(look)

    async def ProveConsistency(
        self, request: evidence_pb2.ProveConsistencyRequest, context: Any
    ) -> evidence_pb2.ProveConsistencyResponse:
        def look(view: ReadView) -> evidence_pb2.ProveConsistencyResponse:
            newest = _newest(view)
            size = request.new_size or newest.size
            if not 0 < request.old_size <= size <= newest.size:
                raise InvalidValue(
                    field="old_size",
                    found=f"{request.old_size} to {size}",
                    expected=f"1 <= old_size <= new_size <= {newest.size}",
                )
            proof = consistency_proof(request.old_size, size, node_reader(size, hash_reader(view)))
            at_size = view.checkpoint(size)
            return evidence_pb2.ProveConsistencyResponse(
                proof=proof, checkpoint=at_size.note if at_size else ""
            )

        return await self._node.read(look)

    async def GetStamp(
        self, request: evidence_pb2.GetStampRequest, context: Any
    ) -> evidence_pb2.GetStampResponse:
        node, caller = self._node, current_caller()
        if node.stamps is None:
            raise NotFound(what="time-stamp")
        if len(request.indexes) > wire.MAX_PAGE:
            raise TooLarge(what="indexes", found=len(request.indexes), limit=wire.MAX_PAGE)
        directory, today = node.registry.directory, node.today()
        size = wire.check_index(request.size, "size")
        indexes = [wire.check_index(index, "indexes") for index in request.indexes]

        def look(view: ReadView) -> None:
            for index in indexes:
                # Digests of files tell whoever guesses a file that it was sent.
                visible_entry(view, index, caller, directory, today, f"entry {index}")

        await node.read(look)
        proof = await node.prove(node.stamps.proof, size, indexes, node.clock())
        return evidence_pb2.GetStampResponse(proof=stamp_proof_to_message(proof))


def _newest(view: ReadView) -> CheckpointRow:
    newest = view.checkpoint()
    if newest is None:
        if view.head().size:
            raise DataCorrupt(what="the newest checkpoint is missing")
        raise NotFound(what="checkpoint")
    return newest


def _subject(view: ReadView, request: evidence_pb2.GetReceiptRequest) -> tuple[int | None, str]:
    """Index of the entry that is asked for, None when there is none; and how it was asked for."""
    match request.WhichOneof("subject"):
        case "index":
            return wire.check_index(request.index, "index"), f"entry {request.index}"
        case "package_id":
            package_id = wire.check_id(request.package_id, "package_id")
            package = view.package(package_id)
            return package.index if package else None, f"package {PackageId(package_id)}"
        case "statement_id":
            statement_id = wire.check_id(request.statement_id, "statement_id")
            statement = view.statement(statement_id)
            return statement.index if statement else None, f"report {StatementId(statement_id)}"
        case _:
            raise InvalidValue(field="subject", found="nothing", expected="an index or id")
