from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from lienthong.client import Client, FileSource
from lienthong.client.loop import shared_loop
from lienthong.errors import (
    ChainUntrusted,
    CheckpointInvalid,
    ConnectionFailed,
    FileUndeclared,
    LienthongError,
    ProofInvalid,
    ReceiptInvalid,
    SignatureInvalid,
)
from lienthong.model.document import Document
from lienthong.model.journal import FeedItem, PackageRecord
from lienthong.testing.signer import MemorySigner

if TYPE_CHECKING:
    from sdk.tests.client.scripted import ScriptedAxis

SENDER, RECIPIENT = "000.00.00.H53", "000.00.13.H53"
FILE = FileSource.of_bytes("a.pdf", b"content")


class CarelessSigner(MemorySigner):
    """Signs other bytes than it was given."""

    def sign(self, message: bytes) -> bytes:
        return super().sign(message + b"?")


def fill(sender: Client, document: Document, count: int) -> None:
    for number in range(count):
        file = FileSource.of_bytes("a.pdf", b"%d" % number)
        sender.send(document, [file], [RECIPIENT])


def other_payload(item: Any) -> None:
    item.envelope.payload = item.envelope.payload.replace(b"000.00.13.H53", b"000.00.14.H53")


def other_signature(item: Any) -> None:
    value = item.envelope.signatures[0].value
    item.envelope.signatures[0].value = value[:-1] + bytes([value[-1] ^ 1])


def no_envelope(item: Any) -> None:
    item.ClearField("envelope")


def other_entry(item: Any) -> None:
    item.receipt.entry = item.receipt.entry[:-1] + bytes([item.receipt.entry[-1] ^ 1])


def other_proof(item: Any) -> None:
    item.receipt.inclusion_proof.append(bytes(32))


def other_checkpoint(item: Any) -> None:
    item.receipt.checkpoint = item.receipt.checkpoint.replace("axis.test\n", "axis.tset\n", 1)


def other_file(item: Any) -> None:
    item.inline_files[0] += b"?"


@pytest.mark.parametrize("reader", [RECIPIENT, SENDER])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (other_payload, ReceiptInvalid),
        (other_signature, ReceiptInvalid),
        (no_envelope, ReceiptInvalid),
        (other_entry, ProofInvalid),
        (other_proof, ProofInvalid),
        (other_checkpoint, CheckpointInvalid),
        (other_file, FileUndeclared),
    ],
)
def test_altered_item_is_refused(
    axis: ScriptedAxis,
    sender: Client,
    recipient: Client,
    document: Document,
    reader: str,
    change: Callable[[Any], None],
    expected: type[LienthongError],
) -> None:
    fill(sender, document, 1)
    reading = {RECIPIENT: recipient, SENDER: sender}[reader]
    axis.faults.change_item = change
    with pytest.raises(expected) as caught:
        list(reading.feed())
    assert caught.value.facts["index"] == 0
    axis.faults.change_item = None
    assert len(list(reading.feed())) == 1


def test_what_was_sent_comes_back_as_others_see_it(
    sender: Client, recipient: Client, document: Document
) -> None:
    fill(sender, document, 2)
    item = next(iter(recipient.feed()))
    assert item.manifest is not None
    recipient.arrived(item.manifest.package_id)
    assert list(sender.feed()) == list(recipient.feed()) == list(sender.feed())


def test_the_feed_of_others_has_what_they_said_and_nothing_else(
    sender: Client, recipient: Client, document: Document
) -> None:
    fill(sender, document, 2)
    [first, second] = recipient.feed(others_only=True)
    assert first.manifest is not None
    recipient.arrived(first.manifest.package_id)
    whole = list(sender.feed())
    assert whole[:2] == [first, second]
    assert list(recipient.feed(others_only=True)) == [first, second]
    assert list(sender.feed(others_only=True)) == whole[2:]


def test_reading_goes_on_after_an_item_that_does_not_verify(
    axis: ScriptedAxis, sender: Client, recipient: Client, document: Document
) -> None:
    fill(sender, document, 4)

    def change(item: Any) -> None:
        if item.receipt.index == 2:
            other_proof(item)

    axis.faults.change_item = change
    seen: list[int] = []
    with pytest.raises(ProofInvalid) as caught:
        seen.extend(item.entry.index for item in recipient.feed())
    index = caught.value.facts["index"]
    assert index == 2
    assert isinstance(index, int)
    assert [item.entry.index for item in recipient.feed(after=index + 1)] == [3]


def test_package_that_nobody_signed_rightly_is_refused(
    axis: ScriptedAxis, recipient: Client, document: Document
) -> None:
    forger_identity = axis.pki.organisation("forger")
    careless = CarelessSigner(forger_identity.key, forger_identity.chain)
    for signer, expected in (
        (axis.pki.foreign().signer(), ChainUntrusted),
        (careless, SignatureInvalid),
    ):
        with Client(axis.profile(SENDER), signer=signer, clock=lambda: axis.pki.now) as forger:
            before = len(axis.records)
            forger.send(document, [FILE], [RECIPIENT])
        with pytest.raises(expected):
            list(recipient.feed(before))


def test_feed_is_neither_skipped_nor_repeated_over_cuts(
    axis: ScriptedAxis, sender: Client, recipient: Client, document: Document
) -> None:
    fill(sender, document, 30)
    axis.faults.feed_cuts.extend([3, 1, 7, 2])
    seen = [item.entry.index for item in recipient.feed(page_size=4)]
    assert seen == list(range(30))


def test_cursor_goes_on_after_the_last_item(
    axis: ScriptedAxis, sender: Client, recipient: Client, document: Document
) -> None:
    fill(sender, document, 5)
    items = list(recipient.feed())
    assert [item.next_index for item in items] == [1, 2, 3, 4, 5]
    assert [item.entry.index for item in recipient.feed(items[2].next_index)] == [3, 4]
    assert list(recipient.feed(5)) == []


def test_item_brings_document_and_small_files(
    sender: Client, recipient: Client, document: Document
) -> None:
    sender.send(document, [FILE], [RECIPIENT])
    (item,) = recipient.feed()
    assert item.manifest is not None
    assert item.manifest.document == document
    assert item.inline_files[item.manifest.files[0].sha256] == b"content"
    (bare,) = recipient.feed(inline_limit=0)
    assert not bare.inline_files


def test_reports_come_with_their_statement(
    sender: Client, recipient: Client, document: Document
) -> None:
    sender.send(document, [FILE], [RECIPIENT])
    (item,) = recipient.feed()
    assert isinstance(item.entry.body, PackageRecord)
    recipient.arrived(item.entry.body.package_id)
    last = list(sender.feed())[-1]
    assert last.statement is not None
    assert last.statement.package_id == item.entry.body.package_id
    assert last.manifest is None


def test_entry_that_comes_again_is_refused(
    axis: ScriptedAxis,
    sender: Client,
    recipient: Client,
    document: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(sender, document, 2)
    monkeypatch.setattr(axis, "_visible", lambda *_: axis.records[:1] * 2)
    with pytest.raises(ReceiptInvalid, match="again or out of order"):
        list(recipient.feed())


def test_following_survives_a_restart_of_the_axis(
    axis: ScriptedAxis, sender: Client, recipient: Client, document: Document
) -> None:
    fill(sender, document, 2)
    seen: list[FeedItem] = []
    enough = threading.Event()

    def follow() -> None:
        for item in recipient.feed(follow=True):
            seen.append(item)
            if len(seen) == 4:
                break
        enough.set()

    reader = threading.Thread(target=follow, daemon=True)
    reader.start()
    shared_loop().run(axis.stop())
    shared_loop().run(axis.start())
    fill(sender, document, 2)
    assert enough.wait(20)
    reader.join()
    assert [item.entry.index for item in seen] == [0, 1, 2, 3]


def test_unreachable_axis_ends_a_bounded_feed(axis: ScriptedAxis, recipient: Client) -> None:
    shared_loop().run(axis.stop())
    with pytest.raises(ConnectionFailed):
        list(recipient.feed())


def test_reader_may_stop_early(
    axis: ScriptedAxis, sender: Client, recipient: Client, document: Document
) -> None:
    fill(sender, document, 3)
    feed = recipient.feed(page_size=1)
    assert next(feed).entry.index == 0
    feed.close()
    assert [item.entry.index for item in recipient.feed(1)] == [1, 2]


def test_forgotten_feed_is_cleaned_up(
    axis: ScriptedAxis, sender: Client, recipient: Client, document: Document
) -> None:
    fill(sender, document, 3)
    feed = recipient.feed(page_size=1)
    next(feed)
    loop = shared_loop()

    async def collect() -> None:
        nonlocal feed
        feed.close()

    loop.run(collect())
    assert len(list(recipient.feed())) == 3
