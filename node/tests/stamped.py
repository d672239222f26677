"""An axis without a network whose journal is time-stamped, by authorities that last for decades."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import define, field

from lienthong.codec import json
from lienthong.errors import ConnectionFailed
from lienthong.evidence.lifetimes import Lifetimes
from lienthong.model.package import FileEntry, Manifest
from lienthong.pki.chain import TrustAnchors
from lienthong.spi.records import CredentialRow
from lienthong.spi.time import TimeReading, TimeStamper
from lienthong.testing.blobs import MemoryBlobStore
from lienthong.testing.clock import START, FixedClock
from lienthong.testing.pki import Authority, Identity, KeyKind, TestPKI
from lienthong.testing.store import MemoryMedium, MemoryRecordStore
from lienthong.testing.tsa import TestTSA, stamping_extensions
from lienthong_node.committer import Committer, Outcome
from lienthong_node.core.commands import Command, PutOrganisations
from lienthong_node.core.credentials import Use
from lienthong_node.stamp_guard import StampGuard
from lienthong_node.stamp_proofs import StampProofs
from lienthong_node.stamping import Source, Stamping, StampRules
from node.tests.committing import OPERATOR, SECONDS, make
from node.tests.support import AXIS, ORGANISATIONS, credential, file, manifest, submit

YEAR: Final = timedelta(days=365.25)
LASTS: Final = 5
"""Years for which the certificate of an authority lasts."""

USED: Final = 3
"""Years after which it takes the next one."""

NO_ENDS: Final = Lifetimes()


def years(count: float) -> datetime:
    """So many years after the beginning."""
    return START + count * YEAR


@define(eq=False)
class Stamper(TimeStamper):
    """A time-stamp authority whose certificates last five years, and whose roots last twenty."""

    name: str
    clock: FixedClock
    is_down: bool = False
    asked: int = 0
    _roots: dict[int, Authority] = field(factory=dict)
    _identities: dict[int, Identity] = field(factory=dict)
    _pki: TestPKI = field(factory=TestPKI)

    def root(self, decade: int) -> Authority:
        if decade not in self._roots:
            # A root lasts for 3 650 days before and after the middle.
            middle = years(10 * decade) + timedelta(days=3640)
            name = f"{self.name} root {decade}"
            self._roots[decade] = Authority.root(name, now=middle, kind=KeyKind.ED25519)
        return self._roots[decade]

    def roots(self) -> list[bytes]:
        return [self.root(decade).certificate for decade in range(4)]

    def stamp(self, digest: bytes, algorithm: str = "SHA-256") -> bytes:
        self.asked += 1
        if self.is_down:
            raise ConnectionFailed(endpoint=self.name, reason="it is down")
        return self.tsa().issue(digest, algorithm=algorithm)

    def tsa(self) -> TestTSA:
        """The authority with the certificate that it has now."""
        number = int((self.clock() - START) / YEAR) // USED
        if number not in self._identities:
            start = years(number * USED)
            self._identities[number] = self.root(number * USED // 10).issue(
                f"{self.name} {number}",
                kind=KeyKind.ED25519,
                extensions=stamping_extensions(),
                period=(start - timedelta(days=1), start + LASTS * YEAR),
            )
        identity = self._identities[number]
        return TestTSA(self._pki, clock=self.clock, identity=identity, kind=KeyKind.ED25519)

    def now(self) -> TimeReading:
        return TimeReading(instant=self.clock(), uncertainty=0.0, source=self.name)

    def close(self) -> None:
        """Nothing is open."""


@define(eq=False)
class StampedAxis:
    """An axis in memory; the clock is the test's."""

    lifetimes: Lifetimes = NO_ENDS
    algorithm: str = "SHA-512"
    clock: FixedClock = field(factory=FixedClock)
    medium: MemoryMedium = field(factory=MemoryMedium)
    stampers: Sequence[Stamper] = ()
    kind: type[StampGuard] = StampGuard
    blobs: MemoryBlobStore = field(factory=MemoryBlobStore)
    store: MemoryRecordStore = field(init=False)
    committer: Committer = field(init=False)
    stamping: Stamping = field(init=False)

    def __attrs_post_init__(self) -> None:
        if not self.stampers:
            self.stampers = [Stamper(name, self.clock) for name in ("TSA A", "TSA B")]
        self.start()
        if not self.medium.records.head.size:
            self._fill()

    def start(self) -> None:
        self.store = MemoryRecordStore(self.medium)
        guard = self.kind(self.store)
        self.committer = make(self.store, clock=self.clock, check_stamped=guard.check)
        self.stamping = Stamping(
            store=self.store,
            blobs=self.blobs,
            axis=AXIS,
            sources=[Source(uri=one.name, stamper=one) for one in self.stampers],
            rules=self.rules,
            clock=self.clock,
            guard=guard,
        )

    def start_again(self) -> None:
        """A new process, on the same records."""
        self.store.close()
        self.start()

    @property
    def anchors(self) -> TrustAnchors:
        return TrustAnchors([root for one in self.stampers for root in one.roots()])

    @property
    def rules(self) -> StampRules:
        return StampRules(anchors=self.anchors, lifetimes=self.lifetimes, algorithm=self.algorithm)

    @property
    def proofs(self) -> StampProofs:
        return StampProofs(self.store, self.blobs, self.rules)

    def ask(self, *commands: Command) -> list[Outcome]:
        answer = self.committer.submit(commands)
        while self.committer.work_once():
            pass
        return answer.result(SECONDS)

    def send(self, *contents: bytes) -> tuple[Manifest, Outcome]:
        """Hand a package over."""
        files = [content_file(content) for content in contents]
        value = manifest(created_at=self.clock(), **({"files": files} if files else {}))
        command = submit(value, contents=contents) if contents else submit(value)
        [outcome] = self.ask(command)
        return value, outcome

    def set_down(self, *, down: bool) -> None:
        for one in self.stampers:
            one.is_down = down

    def _fill(self) -> None:
        """Organisations whose signing certificates outlast the test."""
        with self.store.write() as tx:
            for found in ORGANISATIONS:
                organ = str(found.organ_id)
                bound = credential(organ, use=Use.SIGNING, roles=(), not_after=years(50))
                row = CredentialRow(
                    fingerprint=bytes.fromhex(bound.fingerprint),
                    organ_id=organ,
                    version=1,
                    body=json.dump(bound),
                )
                tx.put_credential(row)
        self.ask(PutOrganisations(caller=OPERATOR, organisations=ORGANISATIONS))
        self.start_again()


def content_file(content: bytes) -> FileEntry:
    return file(content, f"{len(content)}.pdf")
