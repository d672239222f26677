"""A committer on a store in memory, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lienthong.codec import json
from lienthong.evidence.checkpoint import open_checkpoint
from lienthong.evidence.merkle import verify_inclusion
from lienthong.evidence.note import VerifierKey
from lienthong.spi.records import CredentialRow
from lienthong.testing.clock import FixedClock
from lienthong.testing.signer import MemorySigner
from lienthong.testing.store import MemoryMedium, MemoryRecordStore
from lienthong_node.committer import Committer, Outcome
from lienthong_node.core.commands import Command, PutOrganisations
from lienthong_node.core.credentials import Role
from lienthong_node.stores import Recorded
from node.tests.support import AXIS, ORGANISATIONS, POLICY, caller, signing

SECONDS = 20.0
"""After that, somebody hangs."""


OPERATOR = caller("000.00.01.H53", Role.OPERATOR)
SIGNER = MemorySigner.checkpoint(b"\7" * 32)
KEY = VerifierKey.of_signer(AXIS, SIGNER)


def make(store: MemoryRecordStore, kind: type[Committer] = Committer, **parts: Any) -> Committer:
    """A committer that is not started."""
    values: dict[str, Any] = {"policy": POLICY, "signer": SIGNER, "clock": FixedClock()}
    return kind(store, **(values | parts))


@contextmanager
def started(committer: Committer) -> Iterator[Committer]:
    committer.start()
    try:
        yield committer
    finally:
        committer.stop()


def filled(medium: MemoryMedium | None = None) -> MemoryRecordStore:
    """A store that knows the organisations and their signing certificates."""
    store = MemoryRecordStore(medium)
    with store.write() as tx:
        for found in ORGANISATIONS:
            organ = str(found.organ_id)
            row = CredentialRow(
                fingerprint=bytes.fromhex(signing(organ).fingerprint),
                organ_id=organ,
                version=1,
                body=json.dump(signing(organ)),
            )
            tx.put_credential(row)
    with started(make(store)) as committer:
        [outcome] = ask(committer, PutOrganisations(caller=OPERATOR, organisations=ORGANISATIONS))
    assert isinstance(outcome, Recorded)
    return store


def ask(committer: Committer, *commands: Command) -> list[Outcome]:
    return committer.submit(commands).result(SECONDS)


def receipt(outcome: Outcome) -> tuple[object, ...]:
    """What a receipt is made of; checked."""
    assert isinstance(outcome, Recorded), outcome
    row, checkpoint = outcome.row, open_checkpoint(outcome.checkpoint.note, KEY)
    verify_inclusion(row.index, checkpoint.size, row.leaf_hash, row.proof, checkpoint.root)
    return row.index, row.entry, row.proof, outcome.checkpoint.note
