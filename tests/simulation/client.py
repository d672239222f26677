"""A client of the simulation: an organisation's system with the SDK's parts in it.

What it must not forget (its outbox, its cursor and what it has read) survives its restarts; what
the SDK remembers (receipts of its own, opened checkpoints) does not.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, cast

from attrs import define, field, frozen
from google.protobuf.message import Message

from lienthong.client.compose import Composer
from lienthong.client.connection import Connection
from lienthong.client.faults import from_fault
from lienthong.client.feed import FeedReader, FeedRequest
from lienthong.client.verify import VerifiedReceipt, Verifier
from lienthong.codec.signed import (
    dump_manifest,
    dump_receipt,
    dump_statement,
    envelope_to_message,
    receipt_from_message,
)
from lienthong.errors import LienthongError
from lienthong.evidence.checkpoint import Checkpoint
from lienthong.evidence.merkle import verify_consistency
from lienthong.model.delivery import DeliveryState
from lienthong.model.ids import OrganId, PackageId
from lienthong.model.journal import FeedItem, PackageRecord, StatementRecord
from lienthong.model.package import Manifest
from lienthong.model.report import Statement
from lienthong.model.signing import MANIFEST_TYPE, STATEMENT_TYPE, Envelope
from lienthong.pki.envelope import sign_envelope
from lienthong_proto.axis.v1 import error_pb2, evidence_pb2, exchange_pb2, journal_pb2
from tests.simulation import keys
from tests.simulation.network import Packet

CHUNK: Final = 16
"""Bytes of one message of a simulated upload."""

WAITS: Final = 0.7
"""Chance that a client goes on waiting for the answer to an earlier question."""

PAGES: Final = (1, 2, 3, 100)


@frozen(kw_only=True)
class Item:
    """A package or report that waits for its receipt."""

    id: str
    content: Manifest | Statement
    envelope: Envelope
    request: bytes = field(repr=False)
    """The message, the same bytes each time."""

    files: tuple[bytes, ...] = ()
    """Contents that are uploaded before."""

    honest: bool = True
    """False: an attack, which is to be refused."""

    @property
    def method(self) -> str:
        return "Submit" if isinstance(self.content, Manifest) else "Report"

    @property
    def payload(self) -> bytes:
        return hashlib.sha256(self.envelope.payload).digest()


@frozen(kw_only=True)
class Call:
    """What a client waits for."""

    method: str
    item: Item | None = None
    file: bytes = b""
    cursor: int = 0
    asked: bytes = b""
    """Package that was asked for."""


@define(eq=False, kw_only=True)
class SimClient:
    """One organisation."""

    code: str
    time: Callable[[], datetime]
    chance: random.Random
    numbers: Callable[[], int]
    send: Callable[[Packet], None]
    skew: timedelta = timedelta()
    checks_consistency: bool = True
    """False: a planted fault."""

    outbox: dict[str, Item] = field(factory=dict)
    calls: dict[int, Call] = field(factory=dict)
    cursor: int = 0
    head: Checkpoint = Checkpoint(origin=keys.AXIS, size=0, root=hashlib.sha256().digest())
    contents: dict[bytes, bytes] = field(factory=dict)
    states: dict[tuple[PackageId, OrganId], DeliveryState] = field(factory=dict)
    """Of deliveries, as the last entry that was read says."""

    verifier: Verifier = field(init=False)
    composer: Composer = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.restart()
        self.composer = Composer(
            axis=keys.AXIS,
            organ=OrganId(self.code),
            clock=lambda: self.time() + self.skew,
            randomness=self.chance.randbytes,
        )

    def restart(self) -> None:
        """Forget what is only in memory; calls under way are broken off."""
        self.verifier = Verifier(key=keys.KEY, axis=keys.AXIS, anchors=keys.anchors())
        self.give_up()

    def give_up(self) -> None:
        """Wait for no answer any more."""
        self.calls = {}

    # making

    def package(
        self, manifest: Manifest, contents: tuple[bytes, ...], uploads: bool, honest: bool = True
    ) -> Item:
        """Sign a package; *contents* travel with it or are uploaded before."""
        envelope = sign_envelope(keys.signer(self.code), MANIFEST_TYPE, dump_manifest(manifest))
        self.verifier.signed(envelope, manifest)
        return self.signed_package(manifest, envelope, contents, uploads=uploads, honest=honest)

    def signed_package(
        self,
        manifest: Manifest,
        envelope: Envelope,
        contents: tuple[bytes, ...],
        *,
        uploads: bool = False,
        honest: bool = True,
    ) -> Item:
        """A package that was signed before, by whomever."""
        message = exchange_pb2.Submission(
            tag=1,
            envelope=envelope_to_message(envelope),
            inline_files=() if uploads else contents,
        )
        return Item(
            id=str(manifest.package_id),
            content=manifest,
            envelope=envelope,
            request=exchange_pb2.SubmitRequest(submissions=[message]).SerializeToString(),
            files=contents if uploads else (),
            honest=honest,
        )

    def report(self, statement: Statement, honest: bool = True) -> Item:
        """Sign a report."""
        envelope = sign_envelope(keys.signer(self.code), STATEMENT_TYPE, dump_statement(statement))
        self.verifier.signed(envelope, statement)
        message = exchange_pb2.ReportItem(tag=1, envelope=envelope_to_message(envelope))
        return Item(
            id=str(statement.statement_id),
            content=statement,
            envelope=envelope,
            request=exchange_pb2.ReportRequest(items=[message]).SerializeToString(),
            honest=honest,
        )

    # asking

    def hand_over(self, item: Item) -> None:
        """Send an item, the same bytes each time; larger files first."""
        self.outbox[item.id] = item
        missing = [one for one in item.files if self.contents.get(_sha256(one)) is None]
        if missing:
            self.begin_upload(missing[0])
        else:
            self._call(Call(method=item.method, item=item), item.request)

    def begin_upload(self, content: bytes) -> None:
        request = exchange_pb2.BeginUploadRequest(sha256=_sha256(content), size=len(content))
        self._call(Call(method="BeginUpload", file=content), request)

    def read(self, chance: random.Random) -> None:
        """Ask for the next page of the feed."""
        if not self._may_ask("Subscribe", chance):
            return
        request = FeedRequest(
            after=self.cursor,
            follow=False,
            inline_limit=65536,
            page_size=chance.choice(PAGES),
            wait=0,
        )
        self._call(Call(method="Subscribe", cursor=self.cursor), request.at(self.cursor))

    def ask_head(self, chance: random.Random) -> None:
        """Ask for the newest checkpoint, and that it continues the one that is known."""
        if not self._may_ask("ProveConsistency", chance):
            return
        request = evidence_pb2.ProveConsistencyRequest(old_size=self.head.size)
        self._call(Call(method="ProveConsistency"), request)

    def ask_package(self, package_id: bytes) -> None:
        request = exchange_pb2.GetPackageRequest(package_id=package_id)
        self._call(Call(method="GetPackage", asked=package_id), request)

    def _may_ask(self, method: str, chance: random.Random) -> bool:
        """Whether to ask now: an earlier question is waited for, or given up."""
        if any(call.method == method for call in self.calls.values()):
            if chance.random() < WAITS:
                return False
            self.calls = {n: call for n, call in self.calls.items() if call.method != method}
        return True

    def _call(self, call: Call, request: Message | bytes) -> None:
        number = self.numbers()
        self.calls[number] = call
        data = request if isinstance(request, bytes) else request.SerializeToString()
        self.send(Packet(client=self.code, call=number, method=call.method, data=data))

    # hearing

    def receipt(self, item: Item, message: journal_pb2.Receipt) -> tuple[VerifiedReceipt, bytes]:
        """Check a receipt as the SDK does; returns it with its bytes."""
        verified = self.verifier.receipt_for(message, item.envelope, item.content)
        record = verified.entry.body
        assert isinstance(record, PackageRecord | StatementRecord)
        self._learn(record)
        return verified, dump_receipt(receipt_from_message(message))

    def page(self, call: Call, data: bytes) -> list[FeedItem]:
        """Check a page of the feed as the SDK does, and take its items over."""
        page = exchange_pb2.SubscribeResponse.FromString(data)
        reader = self._reader(call.cursor)
        items = []
        for message in page.items:
            reader._check_order(message.receipt.index)
            item = self.verifier.item(message)
            items.append(item)
            reader._cursor = message.receipt.index + 1
            if isinstance(item.entry.body, PackageRecord | StatementRecord):
                self._learn(item.entry.body)
        reader._advance(page)
        self.cursor = reader._cursor
        return items

    def _learn(self, record: PackageRecord | StatementRecord) -> None:
        for one in record.effects:
            self.states[one.package_id, one.recipient] = one.to_state

    def _reader(self, cursor: int) -> FeedReader:
        """The SDK's own keeping of the cursor; its connection takes no part."""
        request = FeedRequest(after=cursor, follow=False, inline_limit=0, page_size=1, wait=0)
        return FeedReader(cast("Connection", None), request)

    def checkpoint(self, data: bytes) -> Checkpoint:
        """Check that a newer head continues the known one.

        Raises:
            CheckpointInvalid, ProofInvalid: it does not; the journal was rewritten.
        """
        message = evidence_pb2.ProveConsistencyResponse.FromString(data)
        newest = self.verifier.checkpoint(message.checkpoint)
        old = self.head
        if self.checks_consistency and old.size:
            verify_consistency(old.size, newest.size, message.proof, old.root, newest.root)
        self.head = newest
        return newest

    def keep(self, content: bytes) -> None:
        """Remember that the axis has a file."""
        self.contents[_sha256(content)] = content

    def next_chunk(self, content: bytes, upload_id: str, offset: int) -> None:
        """Go on with an upload."""
        chunk = content[offset : offset + CHUNK]
        request = exchange_pb2.UploadRequest(upload_id=upload_id, offset=offset, chunk=chunk)
        self._call(Call(method="Upload", file=content, asked=upload_id.encode()), request)


def fault_of(data: bytes) -> LienthongError:
    """The typed error that an answer carries."""
    return from_fault(error_pb2.Fault.FromString(data))


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
