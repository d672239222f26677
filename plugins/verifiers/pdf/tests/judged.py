"""Judging files as a worker would, in the process of the test."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from lienthong.model.file_signature import (
    Finding,
    LegalValue,
    SignatureRole,
)
from lienthong.model.ids import Sha256
from lienthong.model.trust import StatusEvidence, Trust
from lienthong.pki.revocation import StatusCache
from lienthong.rules.legal_facts import Facts
from lienthong.rules.legal_value import judge
from lienthong.rules.signature_facts import signatures_found
from lienthong.spi import FileReport, Outcome
from lienthong.testing.pki import Authority, TestPKI
from lienthong_verifier_pdf.case import Case
from lienthong_verifier_pdf.fields import field_name
from lienthong_verifier_pdf.judge import Judge
from lienthong_verifier_pdf.media import PDF
from plugins.verifiers.pdf.tests.signed import (
    Office,
    agency,
    person,
    plain_pdf,
)

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
OFFICE = Office.at(NOW)
AN, SEAL = person(OFFICE.pki, "An"), agency(OFFICE.pki, "UBND tỉnh")
SIGNER, AGENCY = (field_name(one, 1) for one in (SignatureRole.SIGNER, SignatureRole.AGENCY))
GOOD, BAD, UNKNOWN = Finding.GOOD, Finding.BAD, Finding.UNKNOWN


def strangers() -> TestPKI:
    """Authorities of other names, whom nobody trusts."""
    made = TestPKI(NOW)
    made.root = Authority.root("Strangers' Root", now=NOW)
    made.intermediate = made.root.authority("Strangers' CA", path_length=0)
    return made


STRANGERS = strangers()


def look(
    data: bytes,
    *,
    at: datetime = NOW,
    evidence: StatusEvidence | None = None,
    trust: Trust = OFFICE.trust,
    media_type: str = PDF,
    content: bytes | None = None,
) -> FileReport:
    known = OFFICE.evidence() if evidence is None else evidence
    case = Case(data=data, media_type=media_type, at=at, evidence=known, content=content)
    report = Judge(trust=trust, cache=StatusCache()).judge(case)
    assert [one.reason_vi for one in report.checks if english_in(one.reason_vi)] == []
    return report


def english_in(reason: str) -> bool:
    """Whether a Vietnamese reason has English words beside those that it quotes."""
    return _ENGLISH.search(_QUOTED.sub("", reason)) is not None


_QUOTED = re.compile(r"“[^”]*”")
_ENGLISH = re.compile(r"\b(the|it|its|is|was|are|of|by|not|than|has)\b")


def told(report: FileReport, name: str) -> list[Outcome]:
    return [one.outcome for one in report.checks if one.name == name]


def checked(report: FileReport, number: int = 0) -> Any:
    found = report.signatures[number].check
    assert found is not None
    return found


def value(report: FileReport) -> LegalValue:
    return judge(Facts.of(signatures_found(report, report=Sha256.of(b"")))).value


def both(**rest: Any) -> bytes:
    return OFFICE.sign(OFFICE.sign(plain_pdf(), AN, SIGNER, **rest), SEAL, AGENCY, **rest)
