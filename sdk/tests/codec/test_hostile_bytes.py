"""Malformed bytes get an error of ours, whatever they are (P8); what is unknown is refused."""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from lienthong.codec.signed import (
    MAX_ENVELOPE_BYTES,
    dump_entry,
    dump_envelope,
    dump_manifest,
    dump_receipt,
    dump_statement,
    load_entry,
    load_envelope,
    load_manifest,
    load_receipt,
    load_statement,
)
from lienthong.codec.strict import parse
from lienthong.errors import (
    LienthongError,
    Malformed,
    MissingField,
    TooLarge,
    UnknownField,
)
from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.document import Relation
from lienthong.model.ids import DocumentCode, Sha256
from lienthong.model.journal import DirectoryRecord, Effect, JournalEntry, PackageRecord, Receipt
from lienthong.model.package import PackageKind
from lienthong.model.signing import MANIFEST_TYPE, Envelope, Signature, SignatureAlgorithm
from lienthong.model.words import RelationKind
from lienthong.testing.strategies import entries, manifests, statements
from lienthong.testing.values import (
    NOW,
    RECIPIENT,
    SENDER,
    a_document,
    a_manifest,
    a_reference,
    a_statement,
    package_id,
)
from lienthong_proto.axis.v1 import journal_pb2, package_pb2

HASH = Sha256.of(b"x")
FULL_MANIFEST = a_manifest(
    kind=PackageKind.REPLACE,
    document=a_document(
        document_code=DocumentCode(SENDER, 2026, 5),
        keywords=["a", "b"],
        to_places=["c"],
        response_for=[a_reference()],
        relations=[Relation(kind=RelationKind.REPLACES, document=a_reference())],
        signed_at=NOW,
        issued_at=NOW,
        extra={"k": "v"},
    ),
)
ENTRY = JournalEntry(
    index=5,
    nonce=b"n" * 32,
    recorded_at=NOW,
    axis="axis",
    body=PackageRecord(
        package_id=package_id(),
        kind=PackageKind.NEW,
        sender=SENDER,
        recipients=[RECIPIENT],
        payload_sha256=HASH,
        envelope_sha256=HASH,
        effects=[Effect(package_id=package_id(), recipient=RECIPIENT, to_state=DeliveryState.SENT)],
    ),
)
ENVELOPE = Envelope(
    payload=b"payload",
    payload_type=MANIFEST_TYPE,
    signatures=[Signature(algorithm=SignatureAlgorithm.ED25519, value=b"s" * 64, chain=[b"c"])],
)
RECEIPT = Receipt(entry=b"entry", index=5, inclusion_proof=[b"h" * 32], checkpoint="a\n1\nb\n")

Load = Callable[[bytes], object]
CASES: dict[str, tuple[Load, bytes, type[Message]]] = {
    "manifest": (load_manifest, dump_manifest(FULL_MANIFEST), package_pb2.Manifest),
    "accept": (
        load_statement,
        dump_statement(a_statement(DeliveryEvent.ACCEPT)),
        package_pb2.Statement,
    ),
    "forward": (
        load_statement,
        dump_statement(a_statement(DeliveryEvent.FORWARD)),
        package_pb2.Statement,
    ),
    "complete": (
        load_statement,
        dump_statement(a_statement(DeliveryEvent.COMPLETE, reply=a_reference())),
        package_pb2.Statement,
    ),
    "refuse": (
        load_statement,
        dump_statement(a_statement(DeliveryEvent.REFUSE)),
        package_pb2.Statement,
    ),
    "entry": (load_entry, dump_entry(ENTRY), journal_pb2.JournalEntry),
    "envelope": (load_envelope, dump_envelope(ENVELOPE), package_pb2.Envelope),
    "receipt": (load_receipt, dump_receipt(RECEIPT), journal_pb2.Receipt),
}
every_case = pytest.mark.parametrize("case", CASES)


def _refused_or_read(load: Load, data: bytes) -> None:
    """Anything but an error of ours fails the test."""
    with contextlib.suppress(LienthongError):
        load(data)


@every_case
@given(data=st.binary(max_size=300))
def test_random_bytes(case: str, data: bytes) -> None:
    _refused_or_read(CASES[case][0], data)


@every_case
def test_every_truncation(case: str) -> None:
    load, whole, _ = CASES[case]
    for length in range(len(whole)):
        _refused_or_read(load, whole[:length])


@every_case
def test_every_bit_flipped(case: str) -> None:
    load, whole, _ = CASES[case]
    for place in range(len(whole)):
        for bit in range(8):
            changed = bytearray(whole)
            changed[place] ^= 1 << bit
            _refused_or_read(load, bytes(changed))


@every_case
def test_many_random_mutations(case: str) -> None:
    load, whole, _ = CASES[case]
    chance = random.Random(case)
    for _ in range(2000):
        changed = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(changed))
            piece = chance.randbytes(chance.randint(0, 4))
            changed[place : place + chance.randint(0, 4)] = piece or b"\0"
        _refused_or_read(load, bytes(changed))


@given(st.one_of(manifests(), statements(), entries()), st.data())
def test_mutations_of_any_value(value: Any, data: st.DataObject) -> None:
    codecs: dict[str, tuple[Any, Load]] = {
        "Manifest": (dump_manifest, load_manifest),
        "Statement": (dump_statement, load_statement),
        "JournalEntry": (dump_entry, load_entry),
    }
    dump, load = codecs[type(value).__name__]
    whole = dump(value)
    place = data.draw(st.integers(0, len(whole)))
    piece = data.draw(st.binary(max_size=5))
    cut = data.draw(st.integers(0, 5))
    _refused_or_read(load, whole[:place] + piece + whole[place + cut :])


def _messages(message: Message, path: str = "") -> Iterator[tuple[str, Message]]:
    """The message and every message inside it."""
    yield path, message
    for field, value in message.ListFields():
        inside = field.message_type
        if inside is None or inside.GetOptions().map_entry:
            continue
        for inner in value if field.is_repeated else [value]:
            yield from _messages(inner, f"{path}.{field.name}")


UNKNOWN = {
    "varint": b"\xf8\x3f\x01",
    "fixed64": b"\xf9\x3f" + b"\0" * 8,
    "length": b"\xfa\x3f\x01x",
    "fixed32": b"\xfd\x3f" + b"\0" * 4,
    "group": b"\xfb\x3f\xfc\x3f",
}


@every_case
@pytest.mark.parametrize("form", UNKNOWN)
def test_an_unknown_field_is_refused_at_every_depth(case: str, form: str) -> None:
    load, whole, kind = CASES[case]
    places = [path for path, _ in _messages(kind.FromString(whole))]
    for place, path in enumerate(places):
        message = kind.FromString(whole)
        inner = [found for _, found in _messages(message)][place]
        inner.MergeFromString(UNKNOWN[form])
        with pytest.raises(UnknownField) as caught:
            load(message.SerializeToString())
        assert caught.value.facts["field"] == "number 1023", path


def test_an_unknown_field_inside_a_map_entry_is_refused() -> None:
    entry = b"\x0a\x01k\x12\x01v\x1a\x01x"
    document = b"\x8a\x02" + bytes([len(entry)]) + entry
    with pytest.raises(UnknownField, match="document extra holds the unknown field number 3"):
        parse(package_pb2.Document, document, what="document", limit=100)


def _with_room(entries: list[bytes], extra: bytes) -> bytes:
    """A manifest with *extra* in the bytes that shortened entries of its map set free."""
    message = package_pb2.Manifest.FromString(dump_manifest(a_manifest()))
    message.audience = "ab"
    document = message.document.SerializeToString()
    for entry in entries:
        document += b"\x8a\x02" + bytes([len(entry)]) + entry
    message.ClearField("document")
    length = bytes([len(document) & 0x7F | 0x80, len(document) >> 7])
    return message.SerializeToString() + b"\x32" + length + document + extra


@pytest.mark.parametrize("entry", [b"\x0a\x01k", b"\x12\x01v"])
def test_a_map_entry_without_key_or_value_makes_no_room_for_an_unknown_field(entry: bytes) -> None:
    data = _with_room([entry], b"\x78\x01")
    with pytest.raises(UnknownField, match="number 15"):
        parse(package_pb2.Manifest, data, what="manifest", limit=1000)


def test_map_entries_without_values_make_no_room_for_a_repeated_field() -> None:
    data = _with_room([b"\x0a\x01k", b"\x0a\x01l"], b"\x1a\x02xy")
    with pytest.raises(Malformed, match="audience stands twice"):
        parse(package_pb2.Manifest, data, what="manifest", limit=1000)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"\x08\x01", UnknownField),
        (b"\x0d\0\0\0\0", UnknownField),
        (b"\x0a\x01A\x0a\x01B", Malformed),
        (b"\x0a\x01A\x0a\x01A", Malformed),
        (b"\x0a\x01\xff", Malformed),
        (b"\x0a\x05A", Malformed),
        (b"\x0a", Malformed),
        (b"\x00", Malformed),
        (b"\xff" * 11, Malformed),
        (b"\x0a\x00\x0a\x00", Malformed),
    ],
)
def test_mistyped_and_repeated_fields_are_refused(data: bytes, error: type[LienthongError]) -> None:
    with pytest.raises(error):
        parse(package_pb2.Reason, data, what="reason", limit=100)


@pytest.mark.parametrize("data", [b"\x0a\x81\x00A", b"\x0a\x01A\x12\x00", b"\x12\x01T\x0a\x01A"])
def test_other_ways_of_writing_are_read(data: bytes) -> None:
    assert parse(package_pb2.Reason, data, what="reason", limit=100).code == "A"


def test_two_bodies_in_one_entry_are_refused() -> None:
    other = JournalEntry(
        index=5,
        nonce=b"n" * 32,
        recorded_at=NOW,
        axis="axis",
        body=DirectoryRecord(
            version=1, subject="organisation", organ_id=SENDER, change_sha256=HASH
        ),
    )
    body = journal_pb2.JournalEntry.FromString(dump_entry(other)).directory.SerializeToString()
    with pytest.raises(Malformed, match="body stands twice"):
        load_entry(dump_entry(ENTRY) + b"\x3a" + bytes([len(body)]) + body)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("deadline", "DeadlineRecord.due_at"),
        ("verification", "VerificationRecord.found"),
        ("expiry", "ExpiryRecord.not_after"),
    ],
)
def test_what_an_entry_of_the_axis_must_say(body: str, name: str) -> None:
    message = journal_pb2.JournalEntry.FromString(dump_entry(ENTRY))
    getattr(message, body).SetInParent()  # and with it the body that was there is gone
    with pytest.raises(MissingField, match=re.escape(name)):
        load_entry(message.SerializeToString())


@every_case
@pytest.mark.parametrize("wrong", [None, "text", bytearray(b"\x0a"), memoryview(b"\x0a"), 5])
def test_what_is_no_bytes_is_refused(case: str, wrong: Any) -> None:
    with pytest.raises(Malformed, match="is not bytes"):
        CASES[case][0](wrong)


@every_case
def test_too_many_bytes_are_refused_unread(case: str) -> None:
    limit = MAX_ENVELOPE_BYTES if case == "envelope" else 2 * 1024 * 1024
    with pytest.raises(TooLarge):
        CASES[case][0](b"\xff" * (limit + 1))


def test_a_manifest_has_at_most_one_mebibyte() -> None:
    with pytest.raises(TooLarge, match="the limit is 1048576 bytes"):
        load_manifest(b"\0" * (1024 * 1024 + 1))
    with pytest.raises(Malformed):
        load_manifest(b"\0" * (1024 * 1024))


@pytest.mark.parametrize(
    ("load", "tag"),
    [
        (load_manifest, b"\x2a\x00"),
        (load_manifest, b"\x3a\x00"),
        (load_statement, b"\x5a\x00"),
        (load_envelope, b"\x1a\x00"),
        (load_receipt, b"\x1a\x00"),
    ],
)
def test_long_lists_are_refused_before_they_are_read(load: Load, tag: bytes) -> None:
    with pytest.raises(TooLarge, match="items"):
        load(tag * 100_000)


@every_case
def test_empty_bytes_lack_everything(case: str) -> None:
    with pytest.raises(LienthongError):
        CASES[case][0](b"")


def test_the_samples_are_valid() -> None:
    assert load_manifest(dump_manifest(FULL_MANIFEST)) == FULL_MANIFEST
    assert load_entry(dump_entry(ENTRY)) == ENTRY
