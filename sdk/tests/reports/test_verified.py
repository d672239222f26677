"""M3 and M11: what recipients have verified, and who has looked at the interconnection."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from lienthong.model.delivery import DeliveryEvent, DeliveryState
from lienthong.model.file_signature import Certificates, Finding
from lienthong.model.journal import CheckResult, InterconnectionRecord
from lienthong.model.time import vietnam_date
from lienthong.reports.counting import Key, Measure, tally
from lienthong.reports.facts import CheckFacts
from lienthong.reports.projection import project_check
from lienthong.testing.values import signatures
from sdk.tests.reports.book import NOW, Book
from sdk.tests.reports.cast import UBND
from sdk.tests.reports.generated import acceptance
from sdk.tests.reports.test_projection import AT, HOUR, package, say

_E, _S = DeliveryEvent, DeliveryState


@pytest.mark.parametrize(
    ("changes", "signer", "agency"),
    [
        ({}, True, True),
        ({"agency": Finding.BAD}, True, False),
        ({"integrity": Finding.BAD}, False, False),
        ({"certificates": Certificates.EXPIRED_SINCE}, True, True),
        ({"certificates": Certificates.REVOKED_BEFORE}, False, False),
        ({"certificates": Certificates.UNAVAILABLE}, None, None),
        ({"certificates": Certificates.TIME_UNPROVABLE}, None, None),
        ({"signer": Finding.UNKNOWN}, None, None),
    ],
)
def test_whether_a_document_is_signed_is_known_by_verification(
    changes: dict[str, Any], signer: bool | None, agency: bool | None
) -> None:
    """M3: the first recipient that could tell says it, nobody's file name."""
    sent = package()
    book = Book.of([sent])
    say(book, sent, _E.ACCEPT, _S.ACCEPTED, **examined(**changes))
    found = book.documents[sent.record.package_id]
    assert (found.signer_valid, found.agency_valid) == (signer, agency)


def test_whoever_verifies_later_changes_nothing() -> None:
    sent = package()
    book = Book.of([sent])
    say(book, sent, _E.ACCEPT, _S.ACCEPTED, **examined(agency=Finding.BAD))
    say(book, sent, _E.ACCEPT, _S.ACCEPTED, AT + 2 * HOUR, **examined())
    assert book.documents[sent.record.package_id].agency_valid is False


def examined(**changes: Any) -> dict[str, Any]:
    """The parts of an acceptance that tells what was found of the signatures."""
    parts = acceptance(1, AT)
    return parts | {"check": evolve(parts["check"], signatures=signatures(**changes))}


def test_a_check_counts_when_it_was_recorded_and_a_missed_one_when_it_was_due() -> None:
    made = InterconnectionRecord(organ_id=UBND, results=(CheckResult(name="feed", passed=False),))
    [check] = project_check(made, AT).checks
    assert check == CheckFacts(organ_id=UBND, checked_at=AT)
    missed = InterconnectionRecord(organ_id=UBND, missed_at=AT - 20 * HOUR)
    [other] = project_check(missed, AT).checks
    assert other == CheckFacts(organ_id=UBND, checked_at=AT - 20 * HOUR, missed=True)
    day, before = vietnam_date(AT), vietnam_date(AT) - timedelta(days=1)
    assert tally(checks=[check, other], as_of=NOW) == {
        Key(UBND, day, Measure.CHECKS, day.isoformat()): 1,
        Key(UBND, before, Measure.CHECKS_MISSED, before.isoformat()): 1,
    }
