"""The Evidence service: receipts, checkpoints, tiles and consistency proofs."""

from __future__ import annotations

from typing import Any

from lienthong.errors import DataCorrupt, InvalidValue, NotFound
from lienthong.evidence.merkle import consistency_proof
from lienthong.evidence.tiles import TILE_WIDTH, node_reader, tile_width
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
        caller = current_caller()

        def look(view: ReadView) -> evidence_pb2.GetReceiptResponse:
            recorded = visible_entry(view, _index(view, request), caller)
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


def _newest(view: ReadView) -> CheckpointRow:
    newest = view.checkpoint()
    if newest is None:
        if view.head().size:
            raise DataCorrupt(what="the newest checkpoint is missing")
        raise NotFound(what="checkpoint")
    return newest


def _index(view: ReadView, request: evidence_pb2.GetReceiptRequest) -> int:
    """Index of the entry that is asked for; one that nobody can see when there is none."""
    match request.WhichOneof("subject"):
        case "index":
            return wire.check_index(request.index, "index")
        case "package_id":
            package = view.package(wire.check_id(request.package_id, "package_id"))
            return package.index if package else _NOWHERE
        case "statement_id":
            statement = view.statement(wire.check_id(request.statement_id, "statement_id"))
            return statement.index if statement else _NOWHERE
        case _:
            raise InvalidValue(field="subject", found="nothing", expected="an index or id")


_NOWHERE = 2**62
