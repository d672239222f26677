"""A journal in memory: gives receipts and proofs as an axis does, without any node."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime

from attrs import evolve

from lienthong.codec.signed import dump_entry
from lienthong.evidence.checkpoint import Checkpoint, sign_checkpoint
from lienthong.evidence.digests import envelope_digest
from lienthong.evidence.merkle import append, consistency_proof
from lienthong.evidence.note import VerifierKey
from lienthong.evidence.tiles import node_reader
from lienthong.model.ids import Sha256
from lienthong.model.journal import (
    NONCE_BYTES,
    JournalBody,
    JournalEntry,
    PackageRecord,
    Receipt,
    StatementRecord,
)
from lienthong.model.signing import Envelope
from lienthong.spi.signer import Signer
from lienthong.testing.clock import FixedClock
from lienthong.testing.signer import MemorySigner


class MemoryJournal:
    """Appends entries batch by batch and signs a checkpoint after each; for one thread."""

    def __init__(
        self,
        axis: str = "axis.test",
        *,
        signer: Signer | None = None,
        clock: Callable[[], datetime] | None = None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.axis = axis
        self.signer = signer or MemorySigner.checkpoint()
        self.key = VerifierKey.of_signer(axis, self.signer)
        self.checkpoint = ""
        """The newest signed checkpoint; empty before the first batch."""

        self.checkpoints: dict[int, str] = {}
        """All signed checkpoints by their size."""

        self._clock = clock or FixedClock()
        self._random = random
        self._hashes: list[bytes] = []
        self._frontier: tuple[bytes, ...] = ()

    def __len__(self) -> int:
        return len(self._hashes)

    def commit(self, bodies: Sequence[JournalBody]) -> tuple[Receipt, ...]:
        """Record *bodies* as one batch; one receipt each."""
        now, size = self._clock(), len(self)
        entries = [
            dump_entry(
                JournalEntry(
                    index=size + position,
                    nonce=self._random(NONCE_BYTES),
                    recorded_at=now,
                    axis=self.axis,
                    body=body,
                )
            )
            for position, body in enumerate(bodies)
        ]
        tree = append(self._frontier, size, entries)
        self._frontier = tree.frontier
        self._hashes.extend(tree.leaf_hashes)
        checkpoint = Checkpoint(origin=self.axis, size=tree.size, root=tree.root)
        self.checkpoint = sign_checkpoint(checkpoint, self.signer)
        self.checkpoints[tree.size] = self.checkpoint
        return tuple(
            Receipt(entry=entry, index=index, inclusion_proof=proof, checkpoint=self.checkpoint)
            for index, (entry, proof) in enumerate(zip(entries, tree.proofs, strict=True), size)
        )

    def record(self, body: PackageRecord | StatementRecord, envelope: Envelope) -> Receipt:
        """Record one envelope as a batch of its own; its digests are filled in."""
        filled = evolve(
            body,
            payload_sha256=Sha256.of(envelope.payload),
            envelope_sha256=Sha256(envelope_digest(envelope)),
        )
        return self.commit([filled])[0]

    def leaf_hashes(self, start: int, count: int) -> Sequence[bytes]:
        """Hashes of so many entries from *start* on."""
        return self._hashes[start : start + count]

    def prove(self, old_size: int, new_size: int) -> tuple[bytes, ...]:
        """Consistency proof between two sizes."""

        def read(level: int, start: int, count: int) -> Sequence[bytes]:
            if level:
                raise ValueError("a journal for tests has no more than 256 entries")
            return self.leaf_hashes(start, count)

        return consistency_proof(old_size, new_size, node_reader(min(new_size, 256), read))
