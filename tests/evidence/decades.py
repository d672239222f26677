"""Thirty years of an axis: documents, time-stamps and renewals, and what is left to verify."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final

from attrs import define, evolve, field, frozen

from lienthong.codec.signed import load_envelope, load_manifest
from lienthong.codec.stamps import dump_stamp_proof, load_stamp_proof
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.evidence.lifetimes import Lifetimes
from lienthong.evidence.merkle import consistency_proof, verify_consistency, verify_inclusion
from lienthong.evidence.renewal import WARNING, Held
from lienthong.evidence.stamp_findings import StampFinding, StampJudge
from lienthong.evidence.tiles import node_reader
from lienthong.spi.verifier import Outcome
from lienthong_node.stamp_trees import is_due
from lienthong_node.stores import Recorded, hash_reader
from node.tests.committing import KEY
from node.tests.stamped import StampedAxis, Stamper, years

STEP: Final = timedelta(days=15)
SHA256_ENDS: Final = years(15)
KEY_LOST: Final = years(20)
LAST: Final = years(30)
DOCUMENTS_UNTIL: Final = years(14.5)
"""What is recorded later needs a journal by another digest."""


@frozen(kw_only=True)
class Kept:
    """What somebody has kept of a document."""

    index: int
    size: int
    """Of the checkpoint of its receipt."""

    content: bytes


@define(eq=False)
class Decades:
    """An axis that lives for thirty years."""

    seed: int
    documents: int
    renewing_until: datetime = LAST
    axis: StampedAxis = field(init=False)
    kept: list[Kept] = field(factory=list)
    told: list[tuple[datetime, datetime]] = field(factory=list)
    """When it was reported that time-stamps end, and when they were to end."""

    def __attrs_post_init__(self) -> None:
        self.axis = StampedAxis(lifetimes=Lifetimes(algorithms={"SHA-256": SHA256_ENDS}))
        # For fourteen years everything is stamped by the digest that will not last.
        self.axis.stamping.rules = evolve(self.axis.rules, algorithm="SHA-256")

    def live(self) -> None:
        axis, chance = self.axis, Random(self.seed)
        steps = int((DOCUMENTS_UNTIL - axis.clock()) / STEP)
        when = Counter(chance.randrange(steps) for _ in range(self.documents))
        number = 0
        while axis.clock() < LAST:
            for _ in range(when[number]):
                self._send(chance.randbytes(20))
            self._stamp()
            axis.clock.advance(STEP)
            number += 1

    def _stamp(self) -> None:
        axis, now = self.axis, self.axis.clock()
        stamping, by_a = axis.stamping, axis.stampers[0]
        by_a.is_down = now >= KEY_LOST
        if now >= years(14) and stamping.rules.algorithm == "SHA-256":
            stamping.rules = axis.rules
        stamping.step()
        if now < self.renewing_until:
            stamping.renew()
        with axis.store.read() as view:
            rules = evolve(stamping.rules, lifetimes=self.lifetimes)
            due = is_due(view, now, rules.lifetimes, rules.algorithm, rules.end_of)
        if due.ends_at - now < WARNING:
            self.told.append((now, due.ends_at))

    def _send(self, content: bytes) -> None:
        _, outcome = self.axis.send(content)
        assert isinstance(outcome, Recorded), outcome
        found = Kept(index=outcome.row.index, size=outcome.checkpoint.size, content=content)
        self.kept.append(found)

    @property
    def lifetimes(self) -> Lifetimes:
        """What is known in the end: a digest that is retired, and a key that was lost."""
        lost: Stamper = self.axis.stampers[0]
        return Lifetimes(
            algorithms=self.axis.lifetimes.algorithms,
            authorities={hashlib.sha256(root).hexdigest(): KEY_LOST for root in lost.roots()},
        )

    def judged(self, at: datetime) -> Iterator[StampFinding]:
        """Every document, by what an axis gives for it, as whoever is offline judges it."""
        rules = evolve(self.axis.rules, lifetimes=self.lifetimes)
        proofs = evolve(self.axis.proofs, rules=rules)
        judge = StampJudge(anchors=rules.anchors, at=at, lifetimes=self.lifetimes)
        for kept in self.kept:
            proof = load_stamp_proof(dump_stamp_proof(proofs.proof(kept.size, [kept.index], at)))
            self._check_covers(kept, proof.stamp.text)
            yield judge.judge(proof, self._held(kept))

    def _held(self, kept: Kept) -> Held:
        with self.axis.store.read() as view:
            [row] = view.journal(kept.index, 1)
        envelope = load_envelope(row.envelope)
        [file] = load_manifest(envelope.payload).files
        assert file.sha256.bytes == hashlib.sha256(kept.content).digest()
        digests = {"SHA-512": hashlib.sha512(kept.content).digest()}
        return Held(index=kept.index, entry=row.entry, recorded=envelope, files=[digests])

    def _check_covers(self, kept: Kept, note: str) -> None:
        """Receipt, checkpoint, consistency, stamped checkpoint."""
        stamped = open_checkpoint(note, KEY)
        with self.axis.store.read() as view:
            [row] = view.journal(kept.index, 1)
            own = view.checkpoint(kept.size)
            assert own is not None
            reader = node_reader(stamped.size, hash_reader(view))
            proof = consistency_proof(kept.size, stamped.size, reader)
        checkpoint = open_checkpoint(own.note, KEY)
        verify_inclusion(row.index, checkpoint.size, row.leaf_hash, row.proof, checkpoint.root)
        verify_consistency(kept.size, stamped.size, proof, checkpoint.root, stamped.root)


def outcomes(decades: Decades, at: datetime) -> Counter[Outcome]:
    """How many documents were found how."""
    return Counter(finding.outcome for finding in decades.judged(at))
