"""The running node: put the parts together, serve, drain, stop."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import grpc
import grpc.aio
from attrs import define
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection

from lienthong.errors import ConfigInvalid
from lienthong.pki.chain import ChainCache
from lienthong_node import access, certificate_watch, checking, deadline_watch, workers
from lienthong_node.certificate_status import CertificateStatus
from lienthong_node.checkpoint_key import lies_in_file, warn_of_file
from lienthong_node.clock import JournalClock
from lienthong_node.committer import Batch
from lienthong_node.connections import Connections
from lienthong_node.core.credentials import Role
from lienthong_node.disk import DiskGuard, reserve_bytes, volume_bytes
from lienthong_node.feeds import Feeds
from lienthong_node.identity import Identifier, OpenCalls
from lienthong_node.interceptor import METADATA_LIMIT, Gate
from lienthong_node.keyfiles import KeyFiles
from lienthong_node.limits import Limits
from lienthong_node.metrics import Metrics, MetricsServer
from lienthong_node.opening import Opened, open_folder, utc_now
from lienthong_node.security_log import Deed, Event
from lienthong_node.services.admin import Admin
from lienthong_node.services.budget import ByteBudget
from lienthong_node.services.context import NodeContext, Pools
from lienthong_node.services.directory import Directory
from lienthong_node.services.evidence import Evidence
from lienthong_node.services.exchange import Exchange
from lienthong_node.services.locks import KeyedLocks
from lienthong_node.settings import FILE_NAME, Settings
from lienthong_node.stamp_opening import open_stamping
from lienthong_node.stamp_proofs import StampProofs
from lienthong_node.stamping import Stamping, keep_stamped, nothing_known
from lienthong_node.time_watch import TimeWatch, keep_watching
from lienthong_node.uploads import Uploads
from lienthong_node.verification.opening import open_verification
from lienthong_node.verification.watching import verify_files
from lienthong_proto.axis.v1 import (
    admin_pb2_grpc,
    directory_pb2_grpc,
    evidence_pb2_grpc,
    exchange_pb2_grpc,
)

log = logging.getLogger(__name__)

HEALTH_SERVICE: Final = "lienthong.axis.v1.Exchange"
HEALTH_STAMPS: Final = "lienthong.timestamps"
"""Whether new documents are not refused for want of time-stamps."""

MESSAGE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes; the client packs up to 3 MiB, a page of a feed about 1 MiB."""

OPTIONS: Final[tuple[tuple[str, int], ...]] = (
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.max_concurrent_streams", 100),
    ("grpc.max_metadata_size", 8_192),
    ("grpc.absolute_max_metadata_size", METADATA_LIMIT),
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.max_connection_idle_ms", 900_000),
    ("grpc.max_connection_age_ms", 1_800_000),
    ("grpc.max_connection_age_grace_ms", 30_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 60_000),
    ("grpc.http2.max_ping_strikes", 2),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # Without it a ping may stay unanswered for a minute, whatever the line above says.
    ("grpc.http2.ping_timeout_ms", 20_000),
    ("grpc.so_reuseport", 0),
    # Only identity: a compressed message could grow a thousandfold.
    ("grpc.compression_enabled_algorithms_bitset", 1),
    # What a cut upload has sent and nobody has read is lost. With windows that do not grow this is
    # less than one chunk, and a sender that is faster than the disk costs no memory.
    ("grpc.http2.bdp_probe", 0),
    # TLS records of 8 KiB, half the default: each connection keeps a buffer for one.
    ("grpc.tsi.max_frame_size", 8_192),
)


@define(eq=False, kw_only=True)
class Node:
    """A node that serves."""

    context: NodeContext
    port: int
    metrics_port: int | None
    _opened: Opened
    _server: grpc.aio.Server
    _health: health.HealthServicer
    _background: list[asyncio.Task[None]]
    _metrics_server: MetricsServer | None

    async def stop(self) -> None:
        """Drain and stop: refuse new calls, answer what was taken in, close everything."""
        context = self.context
        await self._health.enter_graceful_shutdown()
        context.stopping.set()
        context.feeds.wake_all()
        await self._server.stop(context.settings.drain_s)
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await context.run(context.committer.stop)
        if context.verification is not None:
            await context.run(context.verification.stop)
        # First the threads, then the files: none may be closed while a thread writes to it.
        context.pools.close()
        context.uploads.close()
        if context.verification is not None:
            context.verification.close()
        if context.stamping is not None:
            context.stamping.close()
        if context.times is not None:
            context.times.close()
        if self._metrics_server is not None:
            self._metrics_server.close()
        context.security.note(Deed(event=Event.DRAINED, who="node"), "done")
        self._opened.close()


async def start(folder: Path, checkpoints: Sequence[str] = ()) -> Node:
    """Open a data folder and serve it.

    Args:
        folder: the data folder.
        checkpoints: signed checkpoints from outside that the journal must continue.

    Raises:
        JournalRolledBack, RestoreUnconfirmed: the records may be older than what was signed.
        LienthongError: settings, keys, stores or plugins are not usable.
        RuntimeError: a method of the wire contract has no access rule.
    """
    access.check_complete()
    opened = await asyncio.to_thread(open_folder, folder)
    try:
        warn_of_file(opened.settings.checkpoint_key)
        for note in checkpoints:
            opened.check_continues(note)
        return await _serve(opened)
    except BaseException:
        opened.close()
        raise


async def _serve(opened: Opened) -> Node:
    settings, metrics, calls = opened.settings, Metrics(), OpenCalls()
    metrics.key_in_file.set(lies_in_file(settings.checkpoint_key))
    limits, guard = _limits(settings), _disk_guard(opened)
    keys = KeyFiles(opened.folder, settings)
    connections = Connections(
        per_address=settings.connections_per_address,
        per_organisation=settings.connections_per_organisation,
    )
    status = await asyncio.to_thread(_status, opened, keys)
    stamping = await asyncio.to_thread(_stamping, opened, status)
    times = await asyncio.to_thread(_times, opened)
    context = _context(opened, guard, metrics, limits, keys, status, stamping, times)
    context.verification = await asyncio.to_thread(open_verification, context)
    rules = dict(access.RULES) | (dict(access.REFLECTION_RULES) if settings.reflection else {})
    gate = Gate(
        identifier=Identifier(lambda: context.registry.credentials, context.clock, context.status),
        open_calls=calls,
        limits=limits,
        connections=connections,
        rules=rules,
        metrics=metrics,
        security=opened.security,
        stopping=context.stopping,
    )
    server = grpc.aio.server(
        interceptors=[gate],
        options=[*OPTIONS, ("grpc.max_allowed_incoming_connections", settings.max_connections)],
        maximum_concurrent_rpcs=settings.max_open_calls,
    )
    health_servicer = _add_services(server, context, rules)
    await health_servicer.set(HEALTH_SERVICE, health_pb2.HealthCheckResponse.SERVING)
    port = _listen(server, opened, keys)
    metrics_server = MetricsServer.start(metrics, settings.metrics_listen)
    context.committer.start()
    await server.start()
    context.security.note(Deed(event=Event.STARTED, who="node", what=settings.listen), "done")
    return Node(
        context=context,
        port=port,
        metrics_port=metrics_server.port if metrics_server else None,
        opened=opened,
        server=server,
        health=health_servicer,
        background=[
            _background("watch", functools.partial(workers.watch, context, guard, calls, metrics)),
            _background("connections", functools.partial(workers.cut, context, connections, port)),
            _background("health", functools.partial(_report_health, context, health_servicer)),
            *_upkeep(context, metrics),
        ],
        metrics_server=metrics_server,
    )


def _upkeep(context: NodeContext, metrics: Metrics) -> list[asyncio.Task[None]]:
    """What is done with records and files beside the requests."""
    watch = deadline_watch.DeadlineWatch(
        context.store, context.committer, stopping=context.stopping.is_set
    )
    telling = functools.partial(deadline_watch.tell_deadlines, watch, context, metrics)
    found = [
        _background("sweep", functools.partial(workers.sweep, context)),
        _background("collect", functools.partial(workers.collect, context)),
        _background("deadlines", telling),
        _background("checks", functools.partial(checking.tell_missed, context, metrics)),
        _background("ends", functools.partial(certificate_watch.tell_endings, context, metrics)),
    ]
    if context.verification is not None:
        verifying = functools.partial(verify_files, context.verification, context, metrics)
        found.append(_background("verification", verifying))
    if context.stamping is not None:
        stamping = functools.partial(keep_stamped, context.stamping, context, metrics)
        found.append(_background("stamps", stamping))
    if context.times is not None:
        watching = functools.partial(keep_watching, context.times, context, metrics)
        found.append(_background("times", watching))
    if context.status is not None:
        fetching = functools.partial(
            certificate_watch.keep_status_fresh, context.status, context, metrics
        )
        found.append(_background("status", fetching))
    return found


async def _report_health(context: NodeContext, servicer: health.HealthServicer) -> None:
    """Tell load balancers and watchers whether the node can commit."""
    while True:
        failing = context.committer.failing or context.uncertain()
        status = health_pb2.HealthCheckResponse
        await servicer.set(HEALTH_SERVICE, status.NOT_SERVING if failing else status.SERVING)
        if context.stamping is not None:
            overdue = await context.run(context.stamping.guard.reason, context.clock())
            await servicer.set(HEALTH_STAMPS, status.NOT_SERVING if overdue else status.SERVING)
        await asyncio.sleep(workers.WATCH_S)


def _limits(settings: Settings) -> Limits:
    return Limits(
        per_second=settings.requests_per_second,
        burst=settings.burst,
        concurrent=settings.concurrent_streams,
        documents_per_second=settings.documents_per_second,
        monotonic=time.monotonic,
    )


def _disk_guard(opened: Opened) -> DiskGuard:
    reserve = opened.settings.disk_reserve_bytes
    return DiskGuard(
        lambda: min(opened.store.free_bytes(), opened.blobs.free_bytes()),
        reserve_bytes=reserve_bytes(reserve, volume_bytes(opened.folder)),
        monotonic=time.monotonic,
    )


def _uploads(opened: Opened) -> Uploads:
    return Uploads(
        opened.blobs,
        max_bytes=opened.policy.max_file_bytes,
        monotonic=time.monotonic,
        max_unfinished=opened.settings.unfinished_uploads,
        max_waiting_bytes=opened.settings.staging_bytes_per_organisation,
    )


def _stamping(opened: Opened, status: CertificateStatus | None) -> Stamping | None:
    return open_stamping(
        opened.folder,
        opened.settings,
        opened.host,
        opened.store,
        opened.blobs,
        utc_now,
        nothing_known if status is None else status.stamp_revocations,
    )


def _times(opened: Opened) -> TimeWatch | None:
    """What compares the clock; it looks once, so that the node can begin to sign."""
    times = TimeWatch.open(opened.settings.time_sources, opened.host, utc_now)
    if times is not None:
        times.look()
    return times


def _status(opened: Opened, keys: KeyFiles) -> CertificateStatus | None:
    named = opened.settings.trust_folder
    if not named:
        return None
    return CertificateStatus.open(opened.folder / named, utc_now, keys.client_authorities)


def _context(
    opened: Opened,
    guard: DiskGuard,
    metrics: Metrics,
    limits: Limits,
    keys: KeyFiles,
    status: CertificateStatus | None,
    stamping: Stamping | None,
    times: TimeWatch | None,
) -> NodeContext:
    feeds = Feeds(asyncio.get_running_loop())
    with opened.store.read() as view:
        clock = JournalClock(utc_now, view.head().recorded_us)

    def announce(batch: Batch) -> None:
        clock.advance(batch.rows[-1].recorded_us)
        metrics.committed(len(batch.rows), batch.rows[-1].index + 1)
        feeds.publish(organ for row in batch.rows for organ in row.parties)

    stopping = asyncio.Event()
    if stamping is not None:
        stamping.stopping = stopping.is_set
    return NodeContext(
        folder=opened.folder,
        settings=opened.settings,
        policy=opened.policy,
        host=opened.host,
        store=opened.store,
        blobs=opened.blobs,
        committer=opened.committer(
            guard=guard,
            stamps=stamping.guard if stamping else None,
            clock=times.guard.certain(utc_now) if times else utc_now,
            on_batch=announce,
        ),
        feeds=feeds,
        uploads=_uploads(opened),
        uploading=KeyedLocks(),
        keys=keys,
        anchors=keys.anchors(),
        chains=ChainCache(),
        checkpoint_key=opened.checkpoint_key,
        clock=clock,
        security=opened.security,
        pools=Pools(),
        budget=ByteBudget(),
        accepting=guard.reason,
        stamping=stamping,
        stamps=StampProofs(opened.store, opened.blobs, stamping.rules, stopping.is_set)
        if stamping
        else None,
        times=times,
        status=status,
        limits=limits,
        stopping=stopping,
    )


def _add_services(
    server: grpc.aio.Server, context: NodeContext, rules: Mapping[str, frozenset[Role]]
) -> health.HealthServicer:
    exchange_pb2_grpc.add_ExchangeServicer_to_server(Exchange(context), server)
    directory_pb2_grpc.add_DirectoryServicer_to_server(Directory(context), server)
    evidence_pb2_grpc.add_EvidenceServicer_to_server(Evidence(context), server)
    admin_pb2_grpc.add_AdminServicer_to_server(Admin(context), server)
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if context.settings.reflection:
        names = sorted({method.split("/")[1] for method in rules})
        reflection.enable_server_reflection(names, server)
    return servicer


def _listen(server: grpc.aio.Server, opened: Opened, keys: KeyFiles) -> int:
    address, credentials = opened.settings.listen, keys.credentials()
    try:
        return server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise ConfigInvalid(
            file=opened.folder / FILE_NAME, key="listen", found=address, expected="a free host:port"
        ) from error


def _background(name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
    return asyncio.create_task(workers.surviving(name, work), name=name)
