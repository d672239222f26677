"""A document is issued once, however often it is sent."""

from __future__ import annotations

import pytest

from lienthong.model.ids import DocumentCode
from lienthong.reports.counting import Measure, tally
from lienthong.reports.counts import Counts
from lienthong.reports.period import Period
from sdk.tests.reports.book import Book
from sdk.tests.reports.cast import UBND
from sdk.tests.reports.test_projection import AT, HOUR, package


def test_what_is_sent_again_is_no_other_document() -> None:
    """Issuer, number and date tell documents apart, not packages."""
    first, again = package(), package(at=AT + HOUR)
    other = package(at=AT + HOUR, number=2)
    book = Book.of([first, again, other])
    documents = book.documents
    assert [documents[one.record.package_id].resent for one in (first, again, other)] == [
        False,
        True,
        False,
    ]
    counts = tally(book.deliveries.values(), documents.values(), as_of=AT + 2 * HOUR)
    by_measure = Counts.of(counts, [UBND], Period.parse("2026-11"))
    assert by_measure[Measure.ISSUED] == by_measure[Measure.E_ONLY] == 2
    assert by_measure[Measure.SENT_INSIDE] == 3, "each time it was sent"


@pytest.mark.parametrize(
    ("codes", "other_number", "resent"),
    [
        (("H53.2026.7", "H53.2026.8"), False, False),
        (("H53.2026.7", "H53.2026.7"), True, True),
        (("H53.2026.7", None), False, True),
        ((None, "H53.2026.7"), False, True),
        ((None, "H53.2026.7"), True, False),
    ],
)
def test_a_code_tells_documents_apart_better_than_their_number(
    codes: tuple[str | None, str | None], other_number: bool, resent: bool
) -> None:
    first, again = (
        package(
            at=AT + place * HOUR,
            number=1 + (place and other_number),
            document_code=None if code is None else DocumentCode.parse(code),
        )
        for place, code in enumerate(codes)
    )
    assert Book.of([first, again]).documents[again.record.package_id].resent is resent
