"""The node of the simulation: the product's parts behind a simulated connection."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Any, Final, TypeAlias, cast

from attrs import define, evolve, field, frozen
from google.protobuf.message import Message

from lienthong.errors import LienthongError
from lienthong.evidence.merkle import consistency_proof
from lienthong.evidence.tiles import node_reader
from lienthong.model.time import to_us, vietnam_date
from lienthong.pki.chain import ChainCache, TrustAnchors
from lienthong.rules.calendar_table import CalendarTable
from lienthong.spi.storage import BlobStore, ReadView, RecordStore
from lienthong.testing.clock import START
from lienthong_node import faults, wire
from lienthong_node.committer import Committer, Outcome
from lienthong_node.core.commands import Caller, PutCredential, PutLaw
from lienthong_node.core.credentials import Use
from lienthong_node.core.policy import Policy
from lienthong_node.deadline_watch import DeadlineWatch
from lienthong_node.services import feed, intake, uploading
from lienthong_node.services.context import NodeContext
from lienthong_node.services.visibility import (
    sees_as_sender,
    visible_deliveries,
    visible_package,
)
from lienthong_node.stores import Recorded, Registry, hash_reader, read_recorded
from lienthong_node.uploads import Uploads
from lienthong_proto.axis.v1 import evidence_pb2, exchange_pb2
from tests.simulation import keys
from tests.simulation.network import Packet

IDLE_S: Final = 60.0
FORGOTTEN_S: Final = 600.0
Answered: TypeAlias = list[Packet]


@frozen(kw_only=True)
class Parts:
    """What the services use of a running node."""

    store: RecordStore
    blobs: BlobStore
    committer: Committer
    uploads: Uploads
    anchors: TrustAnchors
    chains: ChainCache
    clock: Callable[[], datetime]
    policy: Policy
    status: None = None
    """There is no trust folder: nobody asks whether certificates were revoked."""

    @property
    def registry(self) -> Registry:
        return self.committer.registry


@define(eq=False)
class _Waiting:
    """A message of a stream whose commands wait for their commit."""

    packet: Packet
    tags: Sequence[int]
    decoded: Sequence[object]
    answer: Future[list[Outcome]]


@define(eq=False, kw_only=True)
class SimNode:
    """One life of the node, from its start to its crash."""

    store: RecordStore
    blobs: BlobStore
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    chance: random.Random
    committer_kind: type[Committer] = Committer
    parts: Parts = field(init=False)
    watch: DeadlineWatch = field(init=False)
    _waiting: list[_Waiting] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self.parts = Parts(
            store=self.store,
            blobs=self.blobs,
            committer=self.committer_kind(
                self.store,
                policy=keys.POLICY,
                signer=keys.CHECKPOINT,
                clock=self.clock,
                random=self.chance.randbytes,
            ),
            uploads=Uploads(self.blobs, max_bytes=2**20, monotonic=self.monotonic),
            anchors=keys.anchors(),
            chains=ChainCache(),
            clock=self.clock,
            policy=keys.POLICY,
        )
        self.watch = DeadlineWatch(self.store, self.parts.committer, answered=self._driven)

    def _driven(self, answer: Future[list[Outcome]]) -> list[Outcome]:
        while not answer.done():
            self.parts.committer.work_once()
        return answer.result()

    @property
    def context(self) -> NodeContext:
        """What the services take; they use no other part of it here."""
        return cast("NodeContext", self.parts)

    def receive(self, packet: Packet) -> Answered:
        """Handle a request; hand-overs are answered after their commit."""
        try:
            answer = self._methods[packet.method](packet, self._caller(packet.client))
        except LienthongError as error:
            return [_refusal(packet, error)]
        return [] if answer is None else [_answer(packet, answer)]

    def commit(self) -> Answered:
        """Let the committer take one batch.

        Raises:
            Crash: as planned; answers that were ready by then are in ``answers``.
        """
        self.parts.committer.work_once()
        return self.answers()

    def answers(self) -> Answered:
        """Answers to what is decided."""
        done = [one for one in self._waiting if one.answer.done()]
        self._waiting = [one for one in self._waiting if not one.answer.done()]
        return [_outcomes(one) for one in done]

    def sweep(self) -> int:
        """What the workers do every minute; returns how many uploads and files were dropped."""
        uploads = self.parts.uploads
        for key in uploads.idle(IDLE_S):
            uploads.suspend(key)
        dropped = self.blobs.drop_staging(idle_seconds=FORGOTTEN_S)
        before_us = to_us(self.clock()) - round(FORGOTTEN_S * 1_000_000)
        with self.store.read() as view:
            unused = view.unused_files(before_us, uploading.PAGE)
        for row in unused:
            uploading._forget(self.context, row.organ_id, row.sha256, before_us)
        return dropped + len(unused)

    def tend(self) -> Answered:
        """What the deadline worker does. Raises as ``commit``."""
        self.watch.step(self.clock())
        return self.answers()

    def change_law(self, calendar: CalendarTable) -> None:
        """Queue another calendar, as the Admin service does."""
        self.parts.committer.submit([PutLaw(caller=keys.OPERATOR, value=calendar)])

    def revoke(self, code: str) -> None:
        """Queue the end of an organisation's signing certificate, as the Admin service does."""
        signing, _ = keys.credentials(code, START)
        ended = evolve(signing, revoked_at=self.clock(), revocation_reason="mất khóa")
        self.parts.committer.submit([PutCredential(caller=keys.OPERATOR, credential=ended)])

    def _caller(self, client: str) -> Caller:
        registered = self.parts.registry.credentials
        credential = registered.find(keys.fingerprint(client), Use.TRANSPORT, self.clock())
        return Caller(
            organ=credential.organ_id,
            roles=frozenset(role.value for role in credential.roles),
            fingerprint=bytes.fromhex(credential.fingerprint),
        )

    @property
    def _methods(self) -> dict[str, Callable[[Packet, Caller], Message | None]]:
        return {
            "Submit": self._submit,
            "Report": self._report,
            "Subscribe": self._subscribe,
            "GetPackage": self._get_package,
            "ProveConsistency": self._prove,
            "BeginUpload": self._begin_upload,
            "Upload": self._upload,
        }

    def _submit(self, packet: Packet, caller: Caller) -> None:
        items = exchange_pb2.SubmitRequest.FromString(packet.data).submissions
        self._queue(packet, items, intake.submissions(self.context, items, caller))

    def _report(self, packet: Packet, caller: Caller) -> None:
        items = exchange_pb2.ReportRequest.FromString(packet.data).items
        self._queue(packet, items, intake.reports(self.context, items, caller))

    def _queue(self, packet: Packet, items: Sequence[Any], decoded: Sequence[Any]) -> None:
        commands = [item for item in decoded if not isinstance(item, LienthongError)]
        answer = self.parts.committer.submit(commands)
        self._waiting.append(_Waiting(packet, [item.tag for item in items], decoded, answer))

    def _subscribe(self, packet: Packet, caller: Caller) -> Message:
        request = exchange_pb2.SubscribeRequest.FromString(packet.data)
        cursor = wire.check_index(request.from_index, "from_index")
        with self.store.read() as view:
            return feed._page(self.context, request, caller.organ, cursor, view)

    def _get_package(self, packet: Packet, caller: Caller) -> Message:
        request = exchange_pb2.GetPackageRequest.FromString(packet.data)
        package_id = wire.check_id(request.package_id, "package_id")
        directory, today = self.parts.registry.directory, vietnam_date(self.clock())
        with self.store.read() as view:
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

    def _prove(self, packet: Packet, caller: Caller) -> Message:
        request = evidence_pb2.ProveConsistencyRequest.FromString(packet.data)
        with self.store.read() as view:
            newest = view.checkpoint()
            assert newest is not None
            return evidence_pb2.ProveConsistencyResponse(
                proof=prove(view, request.old_size, newest.size), checkpoint=newest.note
            )

    def _begin_upload(self, packet: Packet, caller: Caller) -> Message:
        request = exchange_pb2.BeginUploadRequest.FromString(packet.data)
        with self.store.read() as view:
            has_it = view.possession(caller.organ, request.sha256) == request.size
        if has_it and uploading._is_kept(self.context, caller.organ, request.sha256, request.size):
            return exchange_pb2.BeginUploadResponse(offset=request.size, complete=True)
        key = self.parts.uploads.key(caller.organ, request.sha256, request.size)
        offset = self.parts.uploads.begin(key)
        return exchange_pb2.BeginUploadResponse(upload_id=key, offset=offset)

    def _upload(self, packet: Packet, caller: Caller) -> Message:
        request = exchange_pb2.UploadRequest.FromString(packet.data)
        uploads = self.parts.uploads
        ticket = uploads.resume(caller.organ, request.upload_id, request.offset)
        offset = uploads.write(ticket, request.chunk)
        complete = uploading._finish(self.context, caller.organ, ticket)
        return exchange_pb2.UploadResponse(offset=offset, complete=complete)


def prove(view: ReadView, old_size: int, size: int) -> tuple[bytes, ...]:
    """A consistency proof, empty where the reader knows nothing yet or has more than there is."""
    if not 0 < old_size <= size:
        return ()
    return consistency_proof(old_size, size, node_reader(size, hash_reader(view)))


def _answer(packet: Packet, message: Message) -> Packet:
    return Packet(
        client=packet.client,
        call=packet.call,
        method=packet.method,
        data=message.SerializeToString(deterministic=True),
        is_answer=True,
    )


def _refusal(packet: Packet, error: LienthongError) -> Packet:
    return Packet(
        client=packet.client,
        call=packet.call,
        method=packet.method,
        data=faults.fault(error).SerializeToString(deterministic=True),
        is_answer=True,
        is_fault=True,
    )


def _outcomes(waiting: _Waiting) -> Packet:
    """The answer to a message of packages or reports, as the Exchange service makes it."""
    reports = waiting.packet.method == "Report"
    result: Any = exchange_pb2.ReportResult if reports else exchange_pb2.SubmitResult
    response: Any = exchange_pb2.ReportResponse if reports else exchange_pb2.SubmitResponse
    committed = iter(waiting.answer.result())
    outcomes = [
        item if isinstance(item, LienthongError) else next(committed) for item in waiting.decoded
    ]
    results = [
        result(tag=tag, receipt=wire.receipt(outcome))
        if isinstance(outcome, Recorded)
        else result(tag=tag, fault=faults.fault(outcome))
        for tag, outcome in zip(waiting.tags, outcomes, strict=True)
    ]
    return _answer(waiting.packet, response(results=results))
