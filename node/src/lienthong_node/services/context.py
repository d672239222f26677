"""What all services work with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

from attrs import define, field

from lienthong.evidence.note import VerifierKey
from lienthong.model.time import vietnam_date
from lienthong.pki.chain import ChainCache, TrustAnchors
from lienthong.plugins import PluginHost
from lienthong.spi.storage import BlobStore, ReadView, RecordStore
from lienthong_node.certificate_status import CertificateStatus
from lienthong_node.committer import Committer
from lienthong_node.core.policy import Policy
from lienthong_node.feeds import Feeds
from lienthong_node.keyfiles import KeyFiles
from lienthong_node.limits import Limits
from lienthong_node.security_log import SecurityLog
from lienthong_node.services.budget import ByteBudget
from lienthong_node.services.locks import KeyedLocks
from lienthong_node.settings import Settings
from lienthong_node.stamp_proofs import StampProofs
from lienthong_node.stamping import Stamping
from lienthong_node.stores import Registry
from lienthong_node.time_watch import TimeWatch
from lienthong_node.uploads import Uploads
from lienthong_node.verification.worker import FileVerification

P = ParamSpec("P")
T = TypeVar("T")


@define(eq=False)
class Pools:
    """Threads for blocking work, apart by kind, so that slow work delays no quick one."""

    short: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(6, "node-short"))
    decoding: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(2, "node-decoding"))
    long: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(4, "node-long"))
    proving: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(1, "node-proving"))
    verifying: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(1, "node-verifying"))
    clock: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(1, "node-clock"))

    def close(self) -> None:
        pools = self.short, self.decoding, self.long, self.proving, self.verifying, self.clock
        for pool in pools:
            pool.shutdown()


@define(eq=False, kw_only=True)
class NodeContext:
    """The running node's parts; made once by the server."""

    folder: Path
    settings: Settings
    policy: Policy
    host: PluginHost
    store: RecordStore
    blobs: BlobStore
    committer: Committer
    feeds: Feeds
    uploads: Uploads
    uploading: KeyedLocks
    """Held, by upload, while something is done to it."""

    keys: KeyFiles
    anchors: TrustAnchors
    """Exchanged when their file changes."""

    chains: ChainCache
    checkpoint_key: VerifierKey
    clock: Callable[[], datetime]
    security: SecurityLog
    pools: Pools
    budget: ByteBudget
    accepting: Callable[[], str]
    """Why no new contents are taken now; empty while they are."""

    limits: Limits
    stopping: asyncio.Event
    stamping: Stamping | None = None
    """What has the journal time-stamped; None where no authority is configured."""

    stamps: StampProofs | None = None
    """Makes proofs from the time-stamps, likewise."""

    times: TimeWatch | None = None
    """What compares the machine's clock with time sources; None where none is configured."""

    status: CertificateStatus | None = None
    """Whether certificates were revoked; None where no trust folder is configured."""

    verification: FileVerification | None = None
    """What verifies files where rule sets want it; set before the node serves."""

    @property
    def registry(self) -> Registry:
        return self.committer.registry

    def refusing(self) -> str:
        """Why new packages are refused now; empty while they are accepted."""
        stamping = self.stamping
        return (
            self.accepting()
            or self.uncertain()
            or self.committer.failing
            or (stamping.guard.reason(self.clock()) if stamping else "")
        )

    def uncertain(self) -> str:
        """Why the machine's clock is not believed, so that nothing is signed; empty where it is."""
        return self.times.guard.reason(self.times.clock()) if self.times else ""

    def reload(self) -> None:
        """Take up signing anchors that have changed; TLS files are looked at by each handshake."""
        renewed = self.keys.renewed_anchors()
        if renewed is not None:
            self.anchors = renewed

    def today(self) -> date:
        """The date in Vietnam (QĐ 52/2019 Đ10.3)."""
        return vietnam_date(self.clock())

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a short blocking call on a worker thread."""
        return await _run(self.pools.short, call, *args, **kwargs)

    async def decode(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Decode and verify on a thread for that, so that one sender's flood delays no reader."""
        return await _run(self.pools.decoding, call, *args, **kwargs)

    async def run_long(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run work on large files on a thread for that."""
        return await _run(self.pools.long, call, *args, **kwargs)

    async def prove(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Make a proof that may need many files read, one at a time."""
        return await _run(self.pools.proving, call, *args, **kwargs)

    async def verify(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Verify files, one package at a time."""
        return await _run(self.pools.verifying, call, *args, **kwargs)

    async def look_at_clocks(self, call: Callable[[], T]) -> T:
        """Ask the time sources; without a look a minute nothing is signed, whatever else waits."""
        return await _run(self.pools.clock, call)

    async def read(self, call: Callable[[ReadView], T]) -> T:
        """Run a read with a consistent view on a worker thread."""

        def look() -> T:
            with self.store.read() as view:
                return call(view)

        return await self.run(look)


async def _run(
    pool: ThreadPoolExecutor, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, lambda: call(*args, **kwargs))
