"""Signed and hashed bytes to model values and back.

Loading is strict: what this version does not know is refused, and every failure is a
LienthongError. ``load(dump(value)) == value`` for every value; the reverse does not hold, because
other writers may order fields differently, so nobody may write loaded bytes anew.
"""

from __future__ import annotations

from lienthong.codec.entries import (
    MAX_RECEIPT_BYTES,
    dump_entry,
    dump_receipt,
    load_entry,
    load_receipt,
    receipt_from_message,
    receipt_to_message,
)
from lienthong.codec.envelopes import (
    MAX_ENVELOPE_BYTES,
    dump_envelope,
    envelope_from_message,
    envelope_to_message,
    load_envelope,
)
from lienthong.codec.manifests import dump_manifest, load_manifest
from lienthong.codec.statements import dump_statement, dump_statement_content, load_statement

__all__ = [
    "MAX_ENVELOPE_BYTES",
    "MAX_RECEIPT_BYTES",
    "dump_entry",
    "dump_envelope",
    "dump_manifest",
    "dump_receipt",
    "dump_statement",
    "dump_statement_content",
    "envelope_from_message",
    "envelope_to_message",
    "load_entry",
    "load_envelope",
    "load_manifest",
    "load_receipt",
    "load_statement",
    "receipt_from_message",
    "receipt_to_message",
]
