from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest

from lienthong.client import Client, FileSource
from lienthong.codec.signed import load_entry
from lienthong.errors import (
    ConnectionFailed,
    LimitReached,
    NotFound,
    OrganisationUnknown,
    ProofInvalid,
    RemoteError,
)
from lienthong.evidence.checkpoint import Checkpoint
from lienthong.evidence.merkle import EMPTY_ROOT, verify_consistency
from lienthong.model.document import Document
from lienthong.model.journal import StatementRecord
from lienthong.testing.journal import MemoryJournal

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

RECIPIENT = "000.00.13.H53"
FILE = FileSource.of_bytes("a.pdf", b"content")


def test_receipts_by_index_package_and_report(
    sender: Client, recipient: Client, document: Document
) -> None:
    prepared = sender.prepare(document, [FILE], [RECIPIENT])
    first = sender.submit(prepared)
    second = recipient.arrived(prepared.package_id)
    body = load_entry(second.entry).body
    assert isinstance(body, StatementRecord)
    assert sender.receipt(0) == first
    assert sender.receipt(prepared.package_id) == first
    assert sender.receipt(body.statement_id) == second


def test_directory(sender: Client) -> None:
    assert str(sender.organisation().organ_id) == "000.00.00.H53"
    assert sender.organisation(RECIPIENT).names[0].value == f"Cơ quan {RECIPIENT}"
    assert [str(one.organ_id) for one in sender.organisations("so")] == [
        "000.00.11.H53",
        "000.00.13.H53",
    ]
    assert sender.resolve(RECIPIENT).can_receive
    account = sender.account()
    assert account.axis == "axis.test"
    assert account.limits.max_files == 20
    with pytest.raises(OrganisationUnknown):
        sender.organisation("X99")


def test_growth_of_the_journal_is_checked(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    sender.send(document, [FILE], [RECIPIENT])
    first = sender.checkpoint()
    for _ in range(4):
        sender.send(document, [FILE], [RECIPIENT])
    newest = sender.check_growth(first)
    assert newest.size == 5
    assert sender.check_growth(newest) == newest
    empty = Checkpoint(origin="axis.test", size=0, root=EMPTY_ROOT)
    assert sender.check_growth(empty) == newest
    proof = sender.consistency(first.size)
    verify_consistency(1, 5, proof.hashes, first.root, newest.root)


def test_rewritten_journal_is_found_out(
    axis: ScriptedAxis, sender: Client, document: Document
) -> None:
    for _ in range(3):
        sender.send(document, [FILE], [RECIPIENT])
    seen = sender.checkpoint()
    signer = axis.journal.signer
    for count in (2, 3, 4):
        axis.journal = MemoryJournal("axis.test", signer=signer, clock=lambda: axis.pki.now)
        axis.packages.clear()
        for _ in range(count):
            sender.send(document, [FILE], [RECIPIENT])
        with pytest.raises(ProofInvalid):
            sender.check_growth(seen)


def test_unary_calls_are_repeated(axis: ScriptedAxis, sender: Client) -> None:
    axis.faults.unary.extend(
        [
            grpc.StatusCode.UNAVAILABLE,
            LimitReached(limit="calls a second", retry_after=0.01),
            grpc.StatusCode.DEADLINE_EXCEEDED,
        ]
    )
    assert str(sender.organisation(RECIPIENT).organ_id) == RECIPIENT
    assert axis.calls == ["GetOrganisation"] * 4


@pytest.mark.parametrize(
    ("failure", "expected", "tries"),
    [
        (grpc.StatusCode.UNAVAILABLE, ConnectionFailed, 4),
        (grpc.StatusCode.INTERNAL, RemoteError, 1),
        (NotFound(what="it"), NotFound, 1),
        (LimitReached(limit="x", retry_after=0), LimitReached, 4),
    ],
)
def test_failures_of_unary_calls(
    axis: ScriptedAxis,
    sender: Client,
    failure: grpc.StatusCode | Exception,
    expected: type[Exception],
    tries: int,
) -> None:
    axis.faults.unary.extend([failure] * 9)  # type: ignore[list-item]
    with pytest.raises(expected):
        sender.organisation(RECIPIENT)
    assert len(axis.calls) == tries
