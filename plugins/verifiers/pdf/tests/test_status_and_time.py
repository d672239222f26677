"""Status of certificates, times and the evidence of both."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from lienthong.model.file_signature import (
    Certificates,
    LegalValue,
    SignatureKind,
)
from lienthong.model.ids import Sha256
from lienthong.model.trust import NO_EVIDENCE, StatusEvidence
from lienthong.pki.revocation import StatusCache
from lienthong.pki.status_list import RevocationList
from lienthong.rules.signature_facts import signatures_found
from lienthong.spi import FileReport, Outcome
from lienthong.testing.pki import DAY, Authority, TestPKI, key_usage, signing_extensions
from lienthong.testing.status import Revoked, make_list
from lienthong.testing.tsa import TestTSA
from lienthong_verifier_pdf.case import Case
from lienthong_verifier_pdf.judge import Judge
from lienthong_verifier_pdf.media import PDF
from plugins.verifiers.pdf.tests.judged import (
    AN,
    BAD,
    GOOD,
    HOUR,
    NOW,
    OFFICE,
    SIGNER,
    UNKNOWN,
    both,
    checked,
    look,
    told,
    value,
)
from plugins.verifiers.pdf.tests.signed import (
    Office,
    plain_pdf,
)


def revoked_at(instant: datetime, made: datetime = NOW - timedelta(minutes=10)) -> StatusEvidence:
    return OFFICE.evidence(made, {AN.certificate: instant})


def certificates(report: FileReport) -> Certificates:
    return signatures_found(report, report=Sha256.of(b"")).certificates


def test_without_status_it_waits() -> None:
    report = look(both(), evidence=NO_EVIDENCE)
    assert (checked(report).revocation, value(report)) == (UNKNOWN, LegalValue.PENDING_CHECK)


def test_stale_status_is_no_status() -> None:
    report = look(both(), evidence=OFFICE.evidence(NOW - 30 * DAY))
    assert value(report) is LegalValue.PENDING_CHECK


def test_revoked_before_it_signed_is_refused() -> None:
    report = look(both(), evidence=revoked_at(NOW - HOUR))
    assert (checked(report).revocation, value(report)) == (BAD, LegalValue.REFUSE)


def test_revoked_since_without_proof_of_time_is_reviewed() -> None:
    data = both(when=NOW - 2 * HOUR)
    report = look(data, evidence=revoked_at(NOW - HOUR))
    assert certificates(report) is Certificates.TIME_UNPROVABLE
    assert value(report) is LegalValue.REVIEW


def test_revoked_since_a_time_stamp_still_counts() -> None:
    data = both(when=NOW - 2 * HOUR, stamped=NOW - 2 * HOUR)
    report = look(data, evidence=revoked_at(NOW - HOUR))
    assert checked(report).revocation is GOOD
    assert value(report) is LegalValue.ORIGINAL_EQUIVALENT


def test_revoked_between_claim_and_time_stamp_is_refused() -> None:
    data = both(when=NOW - 3 * HOUR, stamped=NOW - HOUR)
    report = look(data, evidence=revoked_at(NOW - 2 * HOUR))
    assert checked(report).revocation is BAD


YEARS = 400 * DAY
"""After which signers' certificates have ended, and those of authorities have not."""


def renewing(at: datetime) -> Office:
    """The same authorities, with a time-stamper whose certificate begins at *at*."""
    later = TestPKI(at)
    later.root = OFFICE.pki.root
    later.intermediate = evolve(OFFICE.pki.intermediate, now=at)
    return Office(pki=later, tsa=TestTSA(later))


def test_expired_since_without_proof_is_reviewed() -> None:
    later = NOW + YEARS
    report = look(both(), at=later, evidence=OFFICE.evidence(later))
    assert checked(report).time is UNKNOWN
    assert value(report) is LegalValue.REVIEW


def test_forged_certificate_below_an_expired_authority_has_no_path() -> None:
    """A validator that stops at the expired one has not looked at what follows."""
    ended = Authority.root("Test Root CA", now=NOW).authority("Ended CA")
    period = (NOW - 3000 * DAY, NOW - 30 * DAY)
    true = OFFICE.pki.root.authority("Ended CA", period=period)
    forged = ended.issue("forged", extensions=signing_extensions())
    forged = evolve(forged, chain=(forged.certificate, true.certificate))
    for stamped in (None, NOW):
        report = look(OFFICE.sign(plain_pdf(), forged, SIGNER, stamped=stamped))
        assert checked(report).chain is not GOOD
        assert {one.kind for one in report.signatures} == {SignatureKind.CONG_CONG}


def test_proof_whose_own_authority_has_ended_proves_nothing() -> None:
    later = NOW + YEARS
    report = look(both(stamped=NOW), at=later, evidence=OFFICE.evidence(later))
    assert told(report, "signature.timestamp") == [Outcome.INDETERMINATE] * 2
    assert value(report) is LegalValue.REVIEW


@pytest.mark.parametrize("since", [-DAY, HOUR], ids=["before it stamped", "after"])
def test_proof_of_an_authority_that_was_revoked_proves_nothing(since: timedelta) -> None:
    """L-06, revoked at genTime; and since then, as nothing later vouches for the token."""
    stamped = NOW - 2 * HOUR
    [own, *_] = OFFICE.tsa.identity.chain
    revoked = OFFICE.evidence(revoked={own: stamped + since})
    report = look(both(when=stamped, stamped=stamped), evidence=revoked)
    assert told(report, "signature.timestamp") == [Outcome.INDETERMINATE] * 2
    assert all(not one.timestamp_token for one in report.signatures)


def test_evidence_and_time_stamps_outlive_certificates() -> None:
    """B-LTA: renewed by a time-stamp while the first authority still counts."""
    signed = OFFICE.archived(OFFICE.with_store(both(stamped=NOW), OFFICE.evidence()), NOW)
    renewed_at = NOW + 300 * DAY
    kept = OFFICE.with_store(signed, OFFICE.evidence(renewed_at))
    data = renewing(renewed_at).archived(kept, renewed_at)
    later = NOW + YEARS
    report = look(data, at=later, evidence=OFFICE.evidence(later))
    assert certificates(report) is Certificates.EXPIRED_SINCE
    assert value(report) is LegalValue.ORIGINAL_EQUIVALENT


def test_claimed_time_after_the_time_stamp_is_false() -> None:
    report = look(OFFICE.sign(plain_pdf(), AN, SIGNER, when=NOW, stamped=NOW - HOUR))
    assert checked(report).time is BAD


def test_claimed_time_outside_the_certificate_is_false() -> None:
    report = look(OFFICE.sign(plain_pdf(), AN, SIGNER, when=NOW - 30 * DAY))
    assert checked(report).time is BAD


def test_claimed_time_to_come_is_undecided() -> None:
    report = look(OFFICE.sign(plain_pdf(), AN, SIGNER, when=NOW + DAY))
    assert checked(report).time is UNKNOWN


@pytest.mark.parametrize("level", ["stored", "archived"])
def test_evidence_inside_the_file_is_enough(level: str) -> None:
    data = OFFICE.with_store(both(stamped=NOW), OFFICE.evidence())
    if level == "archived":
        data = OFFICE.archived(data, NOW)
    report = look(data, evidence=NO_EVIDENCE)
    assert report.outcome is Outcome.PASSED, report.checks
    assert report.evidence.lists


def test_evidence_is_what_the_verdict_rests_on_and_no_more() -> None:
    other = Office.at(NOW).evidence()
    mixed = StatusEvidence(lists=(*other.lists, *OFFICE.evidence().lists))
    report = look(both(), evidence=mixed)
    assert set(report.evidence.lists) <= set(OFFICE.evidence().lists) | set(mixed.lists)
    assert not set(other.lists) & set(report.evidence.lists)
    assert look(both(), evidence=report.evidence).outcome is Outcome.PASSED


def by_another_key(root: Authority) -> StatusEvidence:
    """Lists as an authority publishes them that signs them with a key for lists alone."""
    issuing, usage = OFFICE.pki.intermediate, (key_usage(key_cert_sign=True), True)
    key = root.issue(issuing.name, extensions=[usage])
    made = NOW - timedelta(minutes=10)
    lists = [make_list(root, at=made), make_list(issuing, at=made, key=key.key)]
    return StatusEvidence(certificates=[key.certificate], lists=lists)


def test_certificate_of_the_key_for_lists_is_kept_with_the_verdict() -> None:
    evidence = by_another_key(OFFICE.pki.root)
    report = look(both(), evidence=evidence)
    assert report.outcome is Outcome.PASSED, report.checks
    assert set(evidence.certificates) <= set(report.evidence.certificates)
    assert look(both(), evidence=report.evidence).outcome is Outcome.PASSED
    without = evolve(report.evidence, certificates=())
    assert value(look(both(), evidence=without)) is LegalValue.PENDING_CHECK


def test_lists_of_a_stranger_with_the_authority_s_name_say_nothing() -> None:
    evidence = by_another_key(Authority.root(OFFICE.pki.root.name, now=NOW))
    own = OFFICE.evidence().lists[:1]
    mixed = evolve(evidence, lists=(*evidence.lists, *own))
    assert value(look(both(), evidence=mixed)) is LegalValue.PENDING_CHECK


def test_list_is_read_once_for_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    load = RevocationList.load

    def counted(der: bytes) -> RevocationList:
        read.append(len(der))
        return load(der)

    monkeypatch.setattr(RevocationList, "load", counted)
    entries = {number: Revoked(at=NOW - DAY) for number in range(1, 2_000)}
    large = make_list(OFFICE.pki.intermediate, entries, at=NOW - HOUR)
    evidence = StatusEvidence(lists=(OFFICE.evidence().lists[0], large))
    judge, data = Judge(trust=OFFICE.trust, cache=StatusCache()), both()
    for _ in range(3):
        case = Case(data=data, media_type=PDF, at=NOW, evidence=evidence)
        assert judge.judge(case).outcome is Outcome.PASSED
    assert sorted(read) == sorted(map(len, evidence.lists))
