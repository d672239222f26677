"""The Admin service: organisations, credentials and the node's state; operators only."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import attrs
from google.protobuf.timestamp_pb2 import Timestamp

from lienthong import __version__
from lienthong.errors import (
    InvalidValue,
    LienthongError,
    MissingField,
    NotFound,
    TooLarge,
)
from lienthong.model.ids import OrganId
from lienthong.model.time import to_us
from lienthong.spi.storage import ReadView
from lienthong_node import wire
from lienthong_node.backup import write_backup
from lienthong_node.core.commands import Command, PutCredential, PutLaw, PutOrganisations
from lienthong_node.core.credentials import Role, Use
from lienthong_node.core.law_change import LawChange, entered
from lienthong_node.identity import current_caller
from lienthong_node.security_log import Deed, Event, binding, change, entering
from lienthong_node.services.context import NodeContext
from lienthong_node.services.uploading import BACKUP
from lienthong_node.stamp_guard import read_state
from lienthong_node.stores import Recorded, running
from lienthong_proto.axis.v1 import admin_pb2, admin_pb2_grpc

BACKUP_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
MAX_ORGANISATIONS: Final = 5_000
"""Organisations in one request."""


class Admin(admin_pb2_grpc.AdminServicer):
    """See ``admin.proto``."""

    def __init__(self, node: NodeContext) -> None:
        self._node = node

    async def PutOrganisations(
        self, request: admin_pb2.PutOrganisationsRequest, context: Any
    ) -> admin_pb2.PutOrganisationsResponse:
        count = len(request.organisations)
        if not count:
            raise MissingField(field="organisations", clause="PutOrganisations")
        if count > MAX_ORGANISATIONS:
            raise TooLarge(what="organisations", found=count, limit=MAX_ORGANISATIONS)
        organisations = tuple(map(wire.organisation_from, request.organisations))
        expected = request.expected_version if request.HasField("expected_version") else None
        command = PutOrganisations(
            caller=current_caller(), organisations=organisations, expected_version=expected
        )
        async with self._seen(Event.DIRECTORY_CHANGED, change(organisations)):
            recorded = await self._commit(command)
        return admin_pb2.PutOrganisationsResponse(
            version=self._node.registry.version, receipts=[wire.receipt(recorded)]
        )

    async def RegisterCredential(
        self, request: admin_pb2.RegisterCredentialRequest, context: Any
    ) -> admin_pb2.RegisterCredentialResponse:
        use = _use(request.use)
        roles, now = _roles(request.roles, use), self._node.clock()
        credential = wire.credential_of(request.certificate_der, request.organ_id, use, roles, now)
        async with self._seen(Event.CREDENTIAL_REGISTERED, binding(credential)):
            await self._commit(PutCredential(caller=current_caller(), credential=credential))
        bound = self._node.registry.credentials.by_fingerprint[credential.fingerprint]
        return admin_pb2.RegisterCredentialResponse(credential=wire.credential(bound))

    async def RevokeCredential(
        self, request: admin_pb2.RevokeCredentialRequest, context: Any
    ) -> admin_pb2.RevokeCredentialResponse:
        known = self._node.registry.credentials.by_fingerprint.get(request.fingerprint.lower())
        if known is None:
            raise NotFound(what=f"credential {request.fingerprint}")
        if known.revoked_at is None:
            known = attrs.evolve(
                known, revoked_at=self._node.clock(), revocation_reason=request.reason
            )
            async with self._seen(Event.CREDENTIAL_REVOKED, binding(known)):
                await self._commit(PutCredential(caller=current_caller(), credential=known))
        return admin_pb2.RevokeCredentialResponse(credential=wire.credential(known))

    async def ListCredentials(
        self, request: admin_pb2.ListCredentialsRequest, context: Any
    ) -> admin_pb2.ListCredentialsResponse:
        found = [
            credential
            for credential in self._node.registry.credentials.by_fingerprint.values()
            if (not request.organ_id or credential.organ_id == request.organ_id.upper())
            and (request.include_revoked or credential.revoked_at is None)
        ]
        found.sort(key=lambda credential: (credential.organ_id, credential.registered_at))
        return admin_pb2.ListCredentialsResponse(
            credentials=[wire.credential(credential) for credential in found]
        )

    async def GetStatus(
        self, request: admin_pb2.GetStatusRequest, context: Any
    ) -> admin_pb2.GetStatusResponse:
        node = self._node
        head, newest = await node.read(lambda view: (view.head(), view.checkpoint()))
        free = await node.run(lambda: min(node.store.free_bytes(), node.blobs.free_bytes()))
        reason = await node.run(node.refusing)
        return admin_pb2.GetStatusResponse(
            axis=node.policy.axis,
            version=__version__,
            journal_size=head.size,
            directory_version=head.directory_version,
            checkpoint=newest.note if newest else "",
            accepting=not reason,
            not_accepting_because=reason,
            disk_free_bytes=free,
            open_streams=node.limits.open_calls,
            timestamps=await self._timestamps(),
            verification=self._verification(),
        )

    def _verification(self) -> admin_pb2.VerificationStatus | None:
        work = self._node.verification
        if work is None or not work.standing.wanted:
            return None
        standing = work.standing
        return admin_pb2.VerificationStatus(
            waiting=standing.waiting,
            verified=standing.verified,
            failed=standing.failed,
            failing=standing.failing,
        )

    async def _timestamps(self) -> admin_pb2.TimestampStatus | None:
        stamping = self._node.stamping
        if stamping is None:
            return None
        state = await self._node.read(read_state)
        return admin_pb2.TimestampStatus(
            covered=state.covered,
            stamped_at=_instant(state.stamped_at),
            pending_since=_instant(state.pending_since),
            failing=stamping.guard.failing,
            ends_at=_instant(stamping.ends_at),
        )

    async def Backup(
        self, request: admin_pb2.BackupRequest, context: Any
    ) -> AsyncIterator[admin_pb2.BackupResponse]:
        node = self._node
        if not BACKUP_NAME.fullmatch(request.name):
            raise InvalidValue(
                field="name", found=request.name, expected="letters, digits, '-' and '_'"
            )
        target = node.folder / "backups" / request.name
        steps = write_backup(node.folder, node.store, node.blobs, node.host, target)
        done = None
        async with node.uploading(BACKUP), self._seen(Event.BACKUP, request.name):
            while (progress := await node.run_long(next, steps, None)) is not None:
                done = admin_pb2.BackupResponse(
                    files=progress.files, bytes=progress.bytes, journal_size=progress.journal_size
                )
                yield done
        if done is not None:
            done.path = str(target)
            yield done

    async def CountDeliveries(
        self, request: admin_pb2.CountDeliveriesRequest, context: Any
    ) -> admin_pb2.CountDeliveriesResponse:
        node = self._node
        if len(request.organ_ids) > wire.MAX_PAGE:
            raise TooLarge(what="organ_ids", found=len(request.organ_ids), limit=wire.MAX_PAGE)
        organs = [node.registry.directory.resolve(OrganId(one)) for one in request.organ_ids]

        def count(view: ReadView) -> list[admin_pb2.RunningDeliveries]:
            return [_running(view, organ.organ_id) for organ in organs]

        return admin_pb2.CountDeliveriesResponse(counts=await node.read(count))

    async def PutLaw(
        self, request: admin_pb2.PutLawRequest, context: Any
    ) -> admin_pb2.PutLawResponse:
        node = self._node
        given = await node.decode(wire.law_from, request.law)
        registry = node.registry
        wanted = entered(given.organ_id, given.value, registry.directory)
        made = LawChange(
            wanted=wanted, before=registry.law, directory=registry.directory, today=node.today()
        )
        if made.known is not None and not made.is_new:
            return admin_pb2.PutLawResponse(version=made.known.version)
        expected = request.expected_version if request.HasField("expected_version") else None
        command = PutLaw(
            caller=current_caller(),
            organ_id=wanted.organ_id,
            value=wanted.value,
            expected_version=expected,
        )
        async with self._seen(Event.LAW_CHANGED, entering(wanted)):
            # The committer checks it once more, by then with the calendars that are laid out here.
            await node.run_long(made.check, expected)
            recorded = await self._commit(command)
        now = node.registry.law.kept[wanted.key]
        return admin_pb2.PutLawResponse(version=now.version, receipt=wire.receipt(recorded))

    @asynccontextmanager
    async def _seen(self, event: Event, what: str) -> AsyncIterator[None]:
        """Do what must be in the security log before it is done.

        Raises:
            SecurityLogFailed: it cannot be written; nothing is done.
        """
        caller, log = current_caller(), self._node.security
        certificate = caller.fingerprint.hex()
        deed = Deed(event=event, who=caller.organ, certificate=certificate, what=what)
        await self._node.run(log.begin, deed)
        with log.ending(deed):
            yield

    async def _commit(self, command: Command) -> Recorded:
        [outcome] = await asyncio.wrap_future(self._node.committer.submit([command]))
        if isinstance(outcome, LienthongError):
            raise outcome
        return outcome


def _instant(value: datetime | None) -> Timestamp | None:
    return None if value is None else wire.timestamp(to_us(value))


def _running(view: ReadView, organ: OrganId) -> admin_pb2.RunningDeliveries:
    return admin_pb2.RunningDeliveries(
        organ_id=str(organ),
        incoming=running(view, str(organ), incoming=True),
        outgoing=running(view, str(organ), incoming=False),
    )


def _use(word: str) -> Use:
    try:
        return Use(word)
    except ValueError:
        raise InvalidValue(field="use", found=word, expected="transport or signing") from None


def _roles(words: Sequence[str], use: Use) -> tuple[Role, ...]:
    if use is Use.SIGNING:
        return ()
    try:
        roles = tuple(Role(word) for word in words)
    except ValueError:
        expected = ", ".join(role.value for role in Role)
        raise InvalidValue(field="roles", found=", ".join(words), expected=expected) from None
    return roles or (Role.AGENCY,)
