"""load(dump(value)) == value for every message that is signed or hashed."""

from __future__ import annotations

import attrs
from hypothesis import given

from lienthong.codec.signed import (
    dump_entry,
    dump_envelope,
    dump_manifest,
    dump_receipt,
    dump_statement,
    dump_statement_content,
    envelope_from_message,
    envelope_to_message,
    load_entry,
    load_envelope,
    load_manifest,
    load_receipt,
    load_statement,
    receipt_from_message,
    receipt_to_message,
)
from lienthong.model.journal import JournalEntry, Receipt
from lienthong.model.package import Manifest
from lienthong.model.report import Statement
from lienthong.model.signing import Envelope
from lienthong.testing.strategies import entries, envelopes, manifests, receipts, statements
from lienthong.testing.values import NOW, a_document, a_manifest, statement_id


@given(manifests())
def test_manifests(value: Manifest) -> None:
    data = dump_manifest(value)
    assert load_manifest(data) == value
    assert dump_manifest(load_manifest(data)) == data


@given(statements())
def test_statements(value: Statement) -> None:
    data = dump_statement(value)
    assert load_statement(data) == value
    assert dump_statement(load_statement(data)) == data


@given(entries())
def test_entries(value: JournalEntry) -> None:
    data = dump_entry(value)
    assert load_entry(data) == value
    assert dump_entry(load_entry(data)) == data


@given(envelopes())
def test_envelopes(value: Envelope) -> None:
    assert load_envelope(dump_envelope(value)) == value
    assert envelope_from_message(envelope_to_message(value)) == value


@given(receipts())
def test_receipts(value: Receipt) -> None:
    assert load_receipt(dump_receipt(value)) == value
    assert receipt_from_message(receipt_to_message(value)) == value


@given(statements())
def test_the_content_of_a_statement_is_without_its_id_and_time(value: Statement) -> None:
    again = attrs.evolve(value, statement_id=statement_id(7), created_at=NOW)
    assert dump_statement_content(again) == dump_statement_content(value)
    other = attrs.evolve(value, note=value.note[:400] + "khác")
    assert dump_statement_content(other) != dump_statement_content(value)


def test_bytes_do_not_depend_on_the_order_of_a_mapping() -> None:
    first = a_manifest(document=a_document(extra={"a": "1", "b": "2", "c": "3"}))
    second = a_manifest(document=a_document(extra={"c": "3", "b": "2", "a": "1"}))
    assert dump_manifest(first) == dump_manifest(second)
