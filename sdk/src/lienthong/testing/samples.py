"""Rows for tests of record stores; every field can be replaced by name."""

from __future__ import annotations

import hashlib
from typing import Any

from attrs import evolve

from lienthong.spi.records import (
    DeliveryRow,
    FileRow,
    JournalRow,
    OrganisationRow,
    PackageRow,
    StampRow,
    StatementRow,
)

SENDER = "G22.99.01"
RECIPIENT = "G22.99.02"


def sha256(content: bytes | str) -> bytes:
    """The hash of bytes, or of a text in UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).digest()


def package_id(number: int) -> bytes:
    """An identifier of 16 bytes; higher numbers sort later."""
    return number.to_bytes(16)


def journal_row(index: int, /, **changes: Any) -> JournalRow:
    """A journal entry about a package of its own."""
    row = JournalRow(
        index=index,
        entry=b"entry %d" % index,
        leaf_hash=sha256(b"\0entry %d" % index),
        proof=(sha256("left"), sha256("right"), sha256("above")),
        checkpoint_size=index + 1,
        recorded_us=1_772_415_000_000_000 + index,
        subject_id=package_id(index),
        package_id=package_id(index),
        envelope=b"envelope %d" % index,
        parties=(SENDER, RECIPIENT),
    )
    return evolve(row, **changes)


def package_row(number: int, /, **changes: Any) -> PackageRow:
    """A package with a main file and an attachment."""
    row = PackageRow(
        package_id=package_id(number),
        kind="NEW",
        sender=SENDER,
        payload_sha256=sha256(f"payload {number}"),
        index=number,
        target_package_id=b"",
        reply_requested=False,
        files=(
            FileRow(sha256=sha256("main"), size=4, name="Công văn 12.pdf", role="MAIN"),
            FileRow(sha256=sha256("annex"), size=5, name="Phụ lục.pdf", role="ATTACHMENT"),
        ),
    )
    return evolve(row, **changes)


def delivery_row(number: int, /, **changes: Any) -> DeliveryRow:
    """A package on its way."""
    row = DeliveryRow(
        package_id=package_id(number),
        recipient=RECIPIENT,
        sender=SENDER,
        kind="NEW",
        state="SENT",
        resume_state="",
        has_lead=False,
        pending_package_id=b"",
        sent_us=1_772_415_000_000_000,
        updated_us=1_772_415_000_000_000 + number,
        updated_index=number,
        subject="V/v rà soát văn bản quy phạm pháp luật",
        number="12/UBND-VX",
        urgency="THUONG",
    )
    return evolve(row, **changes)


def statement_row(number: int, /, **changes: Any) -> StatementRow:
    """A report of arrival about the package with the same number."""
    row = StatementRow(
        statement_id=(1 << 64 | number).to_bytes(16),
        package_id=package_id(number),
        recipient=RECIPIENT,
        event="ARRIVE",
        payload_sha256=sha256(f"statement {number}"),
        content_sha256=sha256("arrived"),
        index=number,
    )
    return evolve(row, **changes)


def organisation_row(organ_id: str, version: int, body: bytes = b"{}") -> OrganisationRow:
    """An organisation of a directory version."""
    return OrganisationRow(organ_id=organ_id, version=version, body=body)


def stamp_row(number: int, /, **changes: Any) -> StampRow:
    """A time-stamp of a checkpoint."""
    row = StampRow(
        number=number,
        kind="checkpoint",
        size=number,
        text=f"axis.test\n{number}\nroot\n",
        algorithm="SHA-512",
        token=b"token %d" % number,
        stamped_us=1_772_415_000_000_000 + number,
        until_us=1_930_181_400_000_000,
    )
    return evolve(row, **changes)
