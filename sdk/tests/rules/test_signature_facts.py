"""From reports to legal value: every row of §13e is reached, and nothing undecided becomes good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from lienthong.model.file_signature import (
    Certificates,
    FileSignature,
    Finding,
    LegalValue,
    SignatureCheck,
    SignatureKind,
    SignatureRole,
)
from lienthong.model.ids import Sha256
from lienthong.model.words import CopyForm, Origin
from lienthong.rules.legal_facts import Channel, Ending, Facts
from lienthong.rules.legal_value import judge
from lienthong.rules.signature_facts import signatures_found
from lienthong.spi import HAS_SIGNATURES, FileCheck, FileReport, Outcome

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
DAY = timedelta(days=1)
STORED = Sha256.of(b"the reports as they were stored")
GOOD, BAD, UNKNOWN = Finding.GOOD, Finding.BAD, Finding.UNKNOWN
SIGNER, AGENCY, COPY = SignatureRole.SIGNER, SignatureRole.AGENCY, SignatureRole.COPY_AGENCY


def signature(role: SignatureRole, *, ended: bool = False, **findings: Any) -> FileSignature:
    kind = findings.pop("kind", SignatureKind.CONG_VU)
    every = dict.fromkeys(("integrity", "chain", "revocation", "time", "order"), GOOD)
    return FileSignature(
        role=role,
        kind=kind,
        subject="CN=somebody",
        issuer="CN=some authority",
        serial="1f",
        not_before=NOW - 100 * DAY,
        not_after=NOW - DAY if ended else NOW + 100 * DAY,
        signed_at=NOW - 2 * DAY,
        check=SignatureCheck(checked_at=NOW, **{**every, **findings}),
    )


def report(*signatures: FileSignature, **outcomes: Outcome) -> FileReport:
    checks = [FileCheck(name="file.structure", outcome=Outcome.PASSED)]
    checks += [
        FileCheck(name=f"file.{name}", outcome=outcome, reason="because")
        for name, outcome in outcomes.items()
    ]
    return FileReport(
        media_type="application/pdf",
        at=NOW,
        sha256=STORED,
        verifier="test 1",
        checks=checks,
        signatures=signatures,
    )


BOTH = report(signature(SIGNER), signature(AGENCY))
UNSIGNED = report(signatures=Outcome.INDETERMINATE)


def of_both(**findings: Any) -> FileReport:
    return report(signature(SIGNER, **findings), signature(AGENCY, **findings))


def judged(main: FileReport, attachments: dict[str, FileReport], known: dict[str, Any]) -> Any:
    package = {name: known.pop(name) for name in ("copy_form", "origin") if name in known}
    found = signatures_found(main, report=STORED, attachments=attachments, **package)
    return judge(Facts.of(found, **known))


REVOKED = {"revocation": BAD}
ROWS: list[tuple[int, LegalValue, FileReport, dict[str, Any]]] = [
    (1, LegalValue.ORIGINAL_EQUIVALENT, BOTH, {}),
    (2, LegalValue.INFORMATION_ONLY, report(signature(SIGNER)), {}),
    (3, LegalValue.INFORMATION_ONLY, report(signature(AGENCY)), {}),
    (
        3,
        LegalValue.COPY_EQUIVALENT_TO_BAN_CHINH,
        report(signature(AGENCY)),
        {"origin": Origin.DIGITISED},
    ),
    (4, LegalValue.INFORMATION_ONLY, UNSIGNED, {}),
    (5, LegalValue.REFUSE, of_both(integrity=BAD), {}),
    (5, LegalValue.REFUSE, report(signature(SIGNER), coverage=Outcome.FAILED), {}),
    (
        6,
        LegalValue.COPY_EQUIVALENT_TO_BAN_CHINH,
        report(signature(COPY)),
        {"copy_form": CopyForm.SAO_Y},
    ),
    (7, LegalValue.INFORMATION_ONLY, UNSIGNED, {"copy_form": CopyForm.SAO_LUC}),
    (8, LegalValue.INFORMATION_ONLY, of_both(kind=SignatureKind.CONG_CONG), {}),
    (9, LegalValue.ORIGINAL_EQUIVALENT, of_both(ended=True), {}),
    (10, LegalValue.REFUSE, of_both(**REVOKED), {}),
    (10, LegalValue.REVIEW, of_both(time=UNKNOWN, revocation=UNKNOWN), {}),
    (11, LegalValue.PENDING_CHECK, of_both(revocation=UNKNOWN), {}),
    (11, LegalValue.PENDING_CHECK, of_both(chain=UNKNOWN), {}),
    (11, LegalValue.PENDING_CHECK, report(structure=Outcome.INDETERMINATE), {}),
    (12, LegalValue.ORIGINAL_EQUIVALENT, BOTH, {"channel": Channel.EMAIL}),
    (14, LegalValue.INFORMATION_ONLY, UNSIGNED, {"from_agency": False}),
    (14, LegalValue.REVIEW, report(signature(SIGNER)), {"from_agency": False}),
    (15, LegalValue.ORIGINAL_EQUIVALENT, BOTH, {"form_complete": False}),
    (16, LegalValue.REVIEW, of_both(order=BAD), {}),
    (17, LegalValue.NO_EFFECT, BOTH, {"ending": Ending.RECALLED}),
]


@pytest.mark.parametrize(("row", "value", "main", "known"), ROWS)
def test_row_is_reached_from_a_report(
    row: int, value: LegalValue, main: FileReport, known: dict[str, Any]
) -> None:
    found = judged(main, {}, dict(known))
    assert found.value is value
    assert row in {one.number for one in found.reasons}


def test_row_13_names_attachments_that_the_agency_has_not_signed() -> None:
    signed = report(signature(SignatureRole.ATTACHMENT_AGENCY))
    found = judged(BOTH, {"one.pdf": signed, "two.pdf": UNSIGNED}, {})
    assert 13 in {one.number for one in found.reasons}
    assert found.facts.unsigned_attachments == ("two.pdf",)


def test_all_rows_are_reached() -> None:
    assert {row for row, *_ in ROWS} | {13} == set(range(1, 18))


def test_altered_attachment_spoils_the_document() -> None:
    altered = report(signature(SignatureRole.ATTACHMENT_AGENCY, integrity=BAD))
    assert judged(BOTH, {"one.pdf": altered}, {}).value is LegalValue.REFUSE


@pytest.mark.parametrize("name", ["integrity", "chain", "revocation", "time", "order"])
@pytest.mark.parametrize("finding", [BAD, UNKNOWN])
@pytest.mark.parametrize("role", [SIGNER, AGENCY])
def test_one_finding_that_is_not_good_never_makes_an_original(
    name: str, finding: Finding, role: SignatureRole
) -> None:
    found: dict[str, Any] = {name: finding}
    both = [signature(one, **(found if one is role else {})) for one in (SIGNER, AGENCY)]
    assert judged(report(*both), {}, {}).value is not LegalValue.ORIGINAL_EQUIVALENT


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.INDETERMINATE])
def test_a_check_of_the_whole_file_never_goes_under(outcome: Outcome) -> None:
    main = report(signature(SIGNER), signature(AGENCY), anything=outcome)
    assert judged(main, {}, {}).value is not LegalValue.ORIGINAL_EQUIVALENT


def test_unchecked_signature_is_undecided() -> None:
    unchecked = FileSignature(
        role=SIGNER,
        kind=SignatureKind.CONG_VU,
        subject="CN=x",
        issuer="CN=y",
        serial="1",
        not_before=NOW - DAY,
        not_after=NOW + DAY,
        signed_at=NOW,
    )
    found = signatures_found(report(unchecked, signature(AGENCY)), report=STORED)
    assert (found.integrity, found.signer) == (UNKNOWN, UNKNOWN)


def test_unsigned_file_may_be_sound() -> None:
    assert HAS_SIGNATURES == "file.signatures"
    found = signatures_found(UNSIGNED, report=STORED)
    assert (found.integrity, found.signer, found.agency) == (GOOD, BAD, BAD)


def test_file_in_which_nothing_was_checked_is_undecided() -> None:
    found = signatures_found(evolve(UNSIGNED, checks=()), report=STORED)
    assert found.integrity is UNKNOWN


def test_of_a_further_report_the_integrity_alone_counts() -> None:
    altered = report(signature(AGENCY, integrity=BAD))
    found = signatures_found(BOTH, report=STORED, beside=[altered])
    assert (found.integrity, found.signer, found.agency) == (BAD, GOOD, GOOD)


def test_certificate_of_a_signature_that_leads_nowhere_says_nothing() -> None:
    main = report(signature(SIGNER, chain=BAD, revocation=UNKNOWN), signature(AGENCY))
    found = signatures_found(main, report=STORED)
    assert (found.certificates, found.signer) == (Certificates.GOOD, BAD)


def test_unofficial_signature_beside_an_official_one_counts_as_unofficial() -> None:
    main = report(signature(SIGNER, kind=SignatureKind.CHUYEN_DUNG), signature(AGENCY))
    assert signatures_found(main, report=STORED).kind is SignatureKind.CHUYEN_DUNG


@pytest.mark.parametrize("false", [{"chain": BAD}, {"time": BAD}])
def test_false_signature_beside_good_ones_is_of_no_official_kind(false: dict[str, Any]) -> None:
    main = report(signature(SIGNER), signature(AGENCY), signature(SIGNER, **false))
    assert signatures_found(main, report=STORED).kind is SignatureKind.CONG_CONG
    assert judged(main, {}, {}).value is LegalValue.INFORMATION_ONLY


def test_later_signature_of_whoever_it_is_counts() -> None:
    public = signature(SignatureRole.ATTACHMENT_AGENCY, kind=SignatureKind.CONG_CONG)
    revoked = signature(SignatureRole.ATTACHMENT_AGENCY, revocation=BAD)
    values = [
        judged(report(signature(SIGNER), signature(AGENCY), one), {}, {}).value
        for one in (public, revoked)
    ]
    assert values == [LegalValue.INFORMATION_ONLY, LegalValue.REFUSE]
