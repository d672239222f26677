"""Signatures that an update has taken out of the form are told, not forgotten."""

from __future__ import annotations

import io

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from lienthong.model.file_signature import LegalValue
from lienthong.spi import Outcome
from lienthong_verifier_pdf.unnamed import count_unnamed
from plugins.verifiers.pdf.tests.judged import AN, OFFICE, SIGNER, both, look, told, value
from plugins.verifiers.pdf.tests.signed import plain_pdf

HOLE = b"%PDF <3000> rest"
RANGE = b"/ByteRange [0 5 11 5]"


def without_form(data: bytes) -> bytes:
    """The same file after an update that takes the form out of the catalog."""
    writer, out = IncrementalPdfFileWriter(io.BytesIO(data)), io.BytesIO()
    del writer.root["/AcroForm"]
    writer.update_root()
    writer.write(out)
    return out.getvalue()


def test_document_whose_signatures_were_taken_away_waits_for_somebody() -> None:
    report = look(without_form(both()))
    assert report.signatures == ()
    assert told(report, "file.form") == [Outcome.INDETERMINATE]
    assert value(report) is LegalValue.PENDING_CHECK


def test_document_that_nobody_has_signed_says_so_still() -> None:
    report = look(plain_pdf())
    assert told(report, "file.form") == [Outcome.PASSED]
    assert value(report) is LegalValue.INFORMATION_ONLY


def test_every_signature_of_a_sound_file_is_named() -> None:
    data = OFFICE.archived(OFFICE.with_store(both(), OFFICE.evidence()), OFFICE.now)
    for one in (OFFICE.sign(plain_pdf(), AN, SIGNER), both(), data):
        assert told(look(one), "file.form") == [Outcome.PASSED]


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (HOLE + RANGE, 1),
        (HOLE + RANGE + RANGE, 1),
        (HOLE + RANGE.replace(b" ", b"\n  "), 1),
        (HOLE + b"/ByteRange [0 6 11 5]", 0),
        (HOLE + b"/ByteRange [0 5 5 5]", 0),
        (HOLE + b"/ByteRange [0 99999 100000 5]", 0),
        (b"words on a /ByteRange and no numbers", 0),
    ],
)
def test_only_holes_count(data: bytes, count: int) -> None:
    assert count_unnamed(data, []) == count
    assert count_unnamed(data, [(5, 11)]) == 0
