"""S-13: the NIST path-validation suite in our configuration for organisations' signatures.

Path rules and status together: no invalid path is accepted, and each valid one that is refused has
its reason here. A path is accepted only when the status of every certificate on it is known.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve, frozen
from cryptography import x509

from lienthong.errors import LienthongError
from lienthong.model.file_signature import Finding
from lienthong.model.trust import StatusEvidence
from lienthong.pki import revocation
from lienthong.pki.chain import Purpose, TrustAnchors, validate_chain
from lienthong.pki.revocation import Revocation, RevocationIndex, path_status, worst
from sdk.tests.pki.conftest import vectors  # noqa: F401 - a fixture
from tests.conftest import Figure

AT: Final = datetime(2020, 1, 1, tzinfo=UTC)
ABOUT_STATUS: Final = {"InsufficientRevinfoError", "RevokedError", "StaleRevinfoError"}

REFUSED: Final[Mapping[str, str]] = {
    "401": "DSA and SHA-1 are not accepted: 04 05",
    "403": "names are compared as they are written: 03 04 05 10 11",
    "404": "an authority has one certificate for all it does: 19",
    "405": "authorities do not certify themselves anew: 01 04 06",
    "406": "authorities sign no documents, nor certify themselves anew: 08 14 15 17",
    "408": "policies that restrict a path are not understood: 06 10 11 13 14",
    "409": "policies that restrict a path are not understood: 01 02 04 06",
    "410": "policies that restrict a path are not understood: 01 03 05 06 09 11 13 14",
    "411": "policies that restrict a path are not understood: 02 04 07",
    "412": "policies that restrict a path are not understood: 02 03 07 09",
    "413": "names that restrict a path are not understood: "
    "01 04 05 06 11 14 18 19 21 23 25 27 30 32 34 36",
    "414": "authorities sign no documents; whom an authority names to publish its lists shows "
    "in no chain: 13 24 25 28 29 30 33",
}
"""Valid paths that are refused, by section of the suite: why, and which tests."""

NOT_ASKED: Final = frozenset({"40801", "40802", "40803"})
"""Valid but for policies that the caller demands: there is no such setting for organisations."""


@frozen(kw_only=True)
class Case:
    id: str
    valid: bool
    about_status: bool
    chain: tuple[bytes, ...]
    """Leaf first, without the anchor."""

    evidence: StatusEvidence

    @property
    def excused(self) -> bool:
        return self.id[3:] in REFUSED.get(self.id[:3], "").rpartition(":")[2].split()


class Suite:
    def __init__(self, folder: Path) -> None:
        self.root = (folder / "certs" / "TrustAnchorRootCertificate.crt").read_bytes()
        self.anchors = TrustAnchors([self.root])
        rows = json.loads((folder / "pkits.json").read_bytes())
        self.cases = [self._case(folder, row) for row in rows]

    @staticmethod
    def _case(folder: Path, row: dict[str, Any]) -> Case:
        error, lists = row.get("error"), ["TrustAnchorRootCRL.crl", *row.get("crls", [])]
        asked = not ("params" in row and row["id"] in NOT_ASKED)
        names = [row["cert"], *reversed(row.get("other_certs", []))]
        return Case(
            id=row["id"],
            valid=error is None or not asked,
            about_status=error is not None and error["class"] in ABOUT_STATUS,
            chain=tuple((folder / "certs" / name).read_bytes() for name in names),
            evidence=StatusEvidence(
                certificates=[(folder / "certs" / name).read_bytes() for name in names[1:]],
                lists=[(folder / "crls" / name).read_bytes() for name in lists],
            ),
        )

    def accepts(self, case: Case) -> bool:
        """Whether the path rules and the status of each certificate let it pass."""
        try:
            path = validate_chain(case.chain, self.anchors, AT, Purpose.SIGNING).path
        except LienthongError:
            return False
        return self.is_good(path, case)

    def is_good(self, path: Sequence[bytes], case: Case) -> bool:
        found = path_status(path, AT, RevocationIndex(case.evidence))
        return worst(found).finding is Finding.GOOD

    def status_accepts(self, case: Case) -> bool:
        """Whether the status alone lets it pass, on any path that the signatures allow."""
        return any(self.is_good(path, case) for path in self._paths(case.chain[:1], case))

    def _paths(self, path: Sequence[bytes], case: Case) -> Iterator[Sequence[bytes]]:
        last = x509.load_der_x509_certificate(path[-1])
        for der in (self.root, *case.chain):
            if der in path or not _signed(last, x509.load_der_x509_certificate(der)):
                continue
            if der == self.root:
                yield [*path, der]
            else:
                yield from self._paths([*path, der], case)


def _signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - whatever the parser finds, it is no valid signature
        return False
    return True


@pytest.fixture
def suite(vectors: Path) -> Iterator[Suite]:  # noqa: F811 - the fixture
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # negative serial numbers are part of the suite
        yield Suite(vectors / "nist_pkits")


def accepted_wrongly(suite: Suite) -> list[str]:
    return [
        case.id
        for case in suite.cases
        if not case.valid
        and (suite.accepts(case) or (case.about_status and suite.status_accepts(case)))
    ]


def test_no_invalid_path_is_accepted(suite: Suite, figure: Figure) -> None:
    wrong = accepted_wrongly(suite)
    refused = [case for case in suite.cases if case.valid and not suite.accepts(case)]
    unexplained = [case.id for case in refused if not case.excused]
    figure(
        "S-13",
        wanted="0 of 246 accepted wrongly, valid ones refused only as listed",
        found=f"{len(wrong)} of {len(suite.cases)} accepted wrongly, {len(refused)} refused as "
        f"listed, {len(unexplained)} otherwise",
    )
    assert wrong == []
    assert unexplained == []
    assert len(suite.cases) == 246
    assert sum(case.about_status for case in suite.cases) == 46


def test_the_list_of_refusals_excuses_nothing_that_is_accepted(suite: Suite) -> None:
    assert [case.id for case in suite.cases if case.excused and suite.accepts(case)] == []


@pytest.mark.planted("missing status taken for good")
def test_status_that_is_asked_only_where_a_certificate_names_a_place_is_noticed(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The "hard-fail" of other programs: who names no place to ask is taken for good."""
    judged = revocation._status

    def hard_fail(path: tuple[bytes, ...], *given: Any) -> Revocation:
        found = judged(path, *given)
        extensions = x509.load_der_x509_certificate(path[0]).extensions
        named = any(isinstance(one.value, x509.CRLDistributionPoints) for one in extensions)
        lenient = found.finding is Finding.UNKNOWN and not named
        return evolve(found, finding=Finding.GOOD) if lenient else found

    monkeypatch.setattr(revocation, "_status", hard_fail)
    assert len(accepted_wrongly(suite)) > 5
