"""The Directory service: who takes part, under which codes, since when."""

from __future__ import annotations

from typing import Any, Final

from lienthong.errors import TooLarge
from lienthong.model.ids import OrganId
from lienthong.model.organisation import Organisation
from lienthong.model.time import to_us
from lienthong_node import wire
from lienthong_node.core.law import WHOLE_AXIS
from lienthong_node.identity import current_caller
from lienthong_node.services.context import NodeContext
from lienthong_proto.axis.v1 import directory_pb2, directory_pb2_grpc

MAX_ORGANS: Final = 100
"""Organisations whose law one call may ask for; more than stand above each other."""


class Directory(directory_pb2_grpc.DirectoryServicer):
    """See ``directory.proto``; the directory is readable by every organisation of the axis."""

    def __init__(self, node: NodeContext) -> None:
        self._node = node

    async def GetOrganisation(
        self, request: directory_pb2.GetOrganisationRequest, context: Any
    ) -> directory_pb2.GetOrganisationResponse:
        node, own = self._node, OrganId(current_caller().organ)
        found = node.registry.directory.resolve(OrganId(request.code) if request.code else own)
        return directory_pb2.GetOrganisationResponse(
            organisation=self._message(found),
            limits=wire.limits(node.policy, node.settings) if found.organ_id == own else None,
            axis=node.policy.axis,
            checkpoint_key=str(node.checkpoint_key),
            now=wire.timestamp(to_us(node.clock())),
        )

    async def ListOrganisations(
        self, request: directory_pb2.ListOrganisationsRequest, context: Any
    ) -> directory_pb2.ListOrganisationsResponse:
        directory, today = self._node.registry.directory, self._node.today()
        found = directory.search(request.search) if request.search else directory.organisations
        size = wire.page_size(request.page_size)
        rest = sorted(
            (
                organisation
                for organisation in found
                if str(organisation.organ_id) > request.page_token
                and (request.include_closed or organisation.open_on(today))
            ),
            key=lambda organisation: str(organisation.organ_id),
        )
        page = rest[:size]
        return directory_pb2.ListOrganisationsResponse(
            organisations=[self._message(organisation) for organisation in page],
            next_page_token=str(page[-1].organ_id) if len(rest) > size else "",
        )

    async def Changes(
        self, request: directory_pb2.ChangesRequest, context: Any
    ) -> directory_pb2.ChangesResponse:
        registry = self._node.registry
        size = wire.page_size(request.page_size)
        rest = sorted(
            (o for o in registry.directory.organisations if o.version > request.since_version),
            key=lambda organisation: organisation.version,
        )
        page = rest[:size]
        more = len(rest) > size
        return directory_pb2.ChangesResponse(
            organisations=[self._message(organisation) for organisation in page],
            version=page[-1].version if more else registry.version,
            more=more,
        )

    async def Resolve(
        self, request: directory_pb2.ResolveRequest, context: Any
    ) -> directory_pb2.ResolveResponse:
        node = self._node
        registry, now = node.registry, node.clock()
        found = registry.directory.resolve(OrganId(request.code))
        current = registry.directory.current(found.organ_id, node.today())
        return directory_pb2.ResolveResponse(
            organisation=self._message(found),
            current=[self._message(organisation) for organisation in current],
            can_receive=any(
                registry.credentials.can_receive(str(organisation.organ_id), now)
                for organisation in current
            ),
        )

    async def GetLaw(
        self, request: directory_pb2.GetLawRequest, context: Any
    ) -> directory_pb2.GetLawResponse:
        registry = self._node.registry
        if len(request.organ_ids) > MAX_ORGANS:
            found = f"{len(request.organ_ids)} codes"
            raise TooLarge(what="organ_ids", found=found, limit=f"{MAX_ORGANS} codes")
        codes = map(OrganId, request.organ_ids)
        wanted = {str(registry.directory.resolve(code).organ_id) for code in codes}

        def written() -> list[directory_pb2.Law]:
            return [
                wire.law(kept)
                for kept in registry.law.ordered
                if not wanted or kept.organ_id in {WHOLE_AXIS, *wanted}
            ]

        laws = await self._node.run(written)
        return directory_pb2.GetLawResponse(laws=laws, version=registry.version)

    def _message(self, organisation: Organisation) -> directory_pb2.Organisation:
        return wire.organisation(organisation, self._node.today())
